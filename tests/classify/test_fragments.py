"""Where the docstrings of a file begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.classify.fragments import docstring_toggles

_PIECES = st.lists(st.sampled_from(['"""', "'''", '"', "'", "\n", "a = 1\n", "é\n"]), max_size=30)


def toggles_a_character_at_a_time(source: str) -> list[int]:
    """Read a file as a person does: within one kind of triple quotes the other is text."""
    found: list[int] = []
    opened, at = "", 0
    while at < len(source):
        mark = source[at : at + 3]
        if mark in ('"""', "'''"):
            if opened in ("", mark):
                opened = "" if opened else mark
                found.append(source.count("\n", 0, at) + 1)
            at += 3
        else:
            at += 1
    return found


@given(_PIECES, st.integers(1, 20))
def test_toggles_before_a_line_are_those_of_the_file(pieces: list[str], end: int) -> None:
    """Whatever kinds of quotes a file has, the toggles are those that reading it from its start gives."""
    source = "".join(pieces)

    expected = [line for line in toggles_a_character_at_a_time(source) if line < end]

    assert docstring_toggles(source, end) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param('"""a\n"""\n', [1, 2], id="one kind: every mark is one"),
        pytest.param("'''a\n\"\"\"\n'''\n", [1, 3], id="of two kinds the inner is text"),
        pytest.param("a = 1\n", [], id="no quotes, no toggles"),
    ],
)
def test_toggles(source: str, expected: list[int]) -> None:
    """Each line on which a docstring begins or ends is given once a mark."""
    assert docstring_toggles(source, 100) == expected
