"""What a spreadsheet must not take for more than text: a cell that begins like a formula."""

from __future__ import annotations

from typing import Final

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

MAX_CELL: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def escaped(text: str) -> str:
    """Give a cell of a CSV file that no spreadsheet program calculates: an apostrophe stands before what it might."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def unescaped(text: str) -> str:
    """Give back what :func:`escaped` was given."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def fitting(text: str) -> str:
    """Replace what an xlsx file cannot hold by U+FFFD, and cut what is longer than a cell."""
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:MAX_CELL]
