"""Cells that no spreadsheet program may calculate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miner.rating.cells import MAX_CELL, escaped, fitting, unescaped


@given(st.text(alphabet="=+-@\t\r'a", max_size=6))
def test_what_looks_like_a_formula_is_marked_and_read_back(text: str) -> None:
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    if text[:1] != "'":
        assert unescaped(escaped(text)) == text


def test_what_a_sheet_cannot_hold_is_replaced_or_cut() -> None:
    assert fitting("a\x00b\x1b") == "a\ufffdb\ufffd"
    assert len(fitting("x" * 40_000)) == MAX_CELL == 32_767
