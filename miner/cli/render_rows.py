"""Rows of an analyst's query: a table where it fits the terminal, else a line a column, as psql's expanded format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells
from rich.text import Text

from miner.cli.render import print_table
from miner.console import in_place, mask_secrets, printable, stdout

_GAP = 2
"""Columns between two cells of a table."""


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of an answer."""
    console = stdout()
    safe = [[mask_secrets(printable(cell)) for cell in row] for row in rows]
    if not console.is_terminal or _width(columns, safe) <= console.width:
        print_table(columns, rows)
        return
    for line in upright(columns, rows, console.width):
        console.print(line, soft_wrap=True, no_wrap=True)


def upright(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[Text]:
    """Give each row as lines of a name and a value, which goes on below its start: code keeps its lines."""
    margin = max(map(cell_len, columns)) + _GAP
    room = max(1, width - margin)
    lines = []
    for number, row in enumerate(rows, 1):
        heading = f"-- row {number} "
        lines.append(Text(heading + "-" * max(0, min(width, 60) - len(heading)), style="dim"))
        for name, value in zip(columns, row, strict=True):
            label = f"{name}{' ' * (margin - cell_len(name))}"
            for part in _parts(value, room):
                lines.append(Text.assemble((label, "bold"), part))
                label = " " * margin
    return lines


def _parts(value: str, room: int) -> Iterator[str]:
    for line in mask_secrets(value).rstrip("\n").split("\n"):
        yield from chop_cells("".join(in_place(line.removesuffix("\r"))), room) or [""]


def _width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    return sum(widths) + _GAP * max(0, len(widths) - 1)
