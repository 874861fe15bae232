"""What strangers wrote does nothing in a spreadsheet or a page, and is not lost."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.export.safe import cell_text, safe_cell, safe_html

DANGEROUS = st.sampled_from(
    ["=", "+", "-", "@", "\uff1d", "\t=", "\r", "\n=1", " =", "\u202e=", "\ufeff@", "'", "|", "%"]
)
TEXTS = st.one_of(st.text(), st.builds(str.__add__, DANGEROUS, st.text()))


@given(TEXTS)
def test_a_cell_is_no_formula_and_gives_its_text_back(text: str) -> None:
    """Through a CSV file and back."""
    cell = safe_cell(text)
    assert cell_text(cell) == text
    assert cell == text or cell == "'" + text
    assert not cell.strip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert not cell.startswith(("\t", "\r", "\n"))
    if "\0" not in text and "\r" not in text:
        file = io.StringIO(newline="")
        csv.writer(file).writerow([cell, "next"])
        file.seek(0)
        assert next(csv.reader(file)) == [cell, "next"]


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://x")', "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", " =1", "\u202e=1", "\uff1d1", "\t=1"]
)
def test_a_formula_is_marked(text: str) -> None:
    """Also where it hides behind spaces and signs that nobody sees."""
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Fix a = b", "loss is NaN", "a-b", "x\n=1", "1e-3"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    """Most cells are what they were."""
    assert safe_cell(text) == text


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(
    st.one_of(
        st.text(), st.sampled_from(["<script>x</script>", "\" onload='x'", "\u202e\u2066a", "</b><img src=x>", "]]>"])
    )
)
def test_in_a_page_a_text_is_text(text: str) -> None:
    """In an element and in an attribute."""
    page = _Seen()
    page.feed(f'<b title="{safe_html(text)}">{safe_html(text)}</b>')
    page.close()
    ((tag, attributes),) = page.tags
    assert (tag, [name for name, _ in attributes]) == ("b", ["title"])
    assert len(page.text) == len(text)
    assert not set(page.text) & set("\x1b\x9b\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200f")
