"""Gives people's labels as CSV, JSON lines or xlsx: one judgement a row, byte for byte the same when made twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row

from miner.errors import LabelsError
from miner.rating.sheets import WIDTHS, csv_bytes
from miner.rating.xlsx import SheetData, book
from miner.store import ratings as store

COLUMNS: Final = (
    "item_id", "source", "library", "link", "set", "position", "fix_id", "scheme", "rater", "round", "value", "said",
    "note", "rated_at", "batch",
)  # fmt: skip

_Rows = Sequence[tuple[str | int | None, ...]]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Which labels to give; an empty choice is all. ``history`` gives earlier rounds, too."""

    raters: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    history: bool = False


def form_of(path: Path) -> str:
    """Give the format that a file's name asks for: csv, jsonl or xlsx.

    :raises LabelsError: for another ending.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in _FORMS:
        raise LabelsError(f"{path}: the name of an export ends with .{', .'.join(_FORMS)}")
    return form


def export(connection: Connection, request: ExportRequest, form: str) -> tuple[bytes, int]:
    """Give a file of labels, and how many it holds."""
    found = store.exported(
        connection, raters=request.raters, schemes=request.schemes, sets=request.sets, history=request.history
    )
    rows = [_cells(row) for row in found]
    return _FORMS[form](rows), len(rows)


def _cells(row: Row[Any]) -> tuple[str | int | None, ...]:
    cells = tuple(row)
    rated_at = COLUMNS.index("rated_at")
    stamp = cells[rated_at] and cells[rated_at].isoformat()
    return (*cells[:rated_at], stamp, *cells[rated_at + 1 :])


def _csv(rows: _Rows) -> bytes:
    return csv_bytes(COLUMNS, rows)


def _jsonl(rows: _Rows) -> bytes:
    lines = (json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _xlsx(rows: _Rows) -> bytes:
    return book([SheetData("labels", COLUMNS, rows, WIDTHS)])


_FORMS: Final[dict[str, Callable[[_Rows], bytes]]] = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}
