"""What a spreadsheet must not take for more than text: a cell that begins like a formula."""

from __future__ import annotations

from typing import Final

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from miner.export.safe import safe_cell

MAX_CELL: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""


def unescaped(text: str) -> str:
    """Give back what :func:`miner.export.safe.safe_cell` was given; a cell that somebody else wrote stays as it is."""
    return text[1:] if text[:1] == "'" and safe_cell(text[1:]) == text else text


def fitting(text: str) -> str:
    """Replace what an xlsx file cannot hold by U+FFFD, and cut what is longer than a cell."""
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:MAX_CELL]
