"""Makes what strangers wrote harmless where a program would act on it: a spreadsheet, a page.

For a terminal there is :func:`miner.console.printable`. JSON and Parquet need nothing: nobody acts on their texts.
"""

from __future__ import annotations

import html
import unicodedata

_STARTS_FORMULA = frozenset("=+-@")
_MARK = "'"
_SKIPPED = "".join(map(chr, range(33))) + "\x7f\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"
"""What a spreadsheet passes over, or nobody sees, before a formula."""
_KEPT_CONTROLS = frozenset("\t\n")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def safe_cell(text: str) -> str:
    """Give a text as a cell of a CSV that no spreadsheet takes for a formula.

    One that could be is given an apostrophe in front, https://owasp.org/www-community/attacks/CSV_Injection. So is one
    that begins with an apostrophe already: :func:`cell_text` gives every text back as it was.
    """
    # Full-width signs count as the others do, and spaces and controls before a formula are passed over.
    first = unicodedata.normalize("NFKC", text.lstrip(_SKIPPED))[:1]
    if first in _STARTS_FORMULA or (text and text[0] in ("\t", "\r", "\n", _MARK)):
        return _MARK + text
    return text


def cell_text(cell: str) -> str:
    """Give the text back that :func:`safe_cell` was given."""
    return cell.removeprefix(_MARK)


def safe_html(text: str) -> str:
    """Give a text for a page, in an element or a quoted attribute: no tag, no control, nothing that turns lines round.

    A character that cannot be seen, such as one that reorders what follows, becomes U+FFFD.
    """
    seen = (c if c in _KEPT_CONTROLS or unicodedata.category(c) not in _INVISIBLE else "\ufffd" for c in text)
    return html.escape("".join(seen), quote=True)
