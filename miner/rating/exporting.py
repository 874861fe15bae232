"""Gives people's labels as CSV, JSON lines or xlsx: one judgement a row, byte for byte the same when made twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row

from miner.errors import LabelsError
from miner.rating.schemes import values
from miner.rating.sheets import WIDTHS, csv_bytes
from miner.rating.xlsx import SheetData, book
from miner.store import ratings as store

COLUMNS: Final = (
    "item_id", "source", "library", "link", "set", "position", "fix_id", "scheme", "rater", "round", "value", "said",
    "note", "rated_at", "batch",
)  # fmt: skip

_PAPER: Final = ("prior_pattern", "pattern", "bug_type", "root_cause", "impact", "sub_pattern")
_PAPER_NAMES: Final = (
    *("Bug Fix Pattern from Prior Study", "Bug Fix Pattern"),
    *("Bug Type", "Root Cause", "Impact", "Sub-pattern"),
)

_Rows = Sequence[tuple[str | int | None, ...]]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Which labels to give; an empty choice is all. ``history`` gives earlier rounds, too.

    ``layout`` "paper" gives an xlsx file in the layout of the paper's, of one rater: an item a row, a scheme a column.
    """

    raters: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    history: bool = False
    layout: str = "long"


def form_of(path: Path) -> str:
    """Give the format that a file's name asks for: csv, jsonl or xlsx.

    :raises LabelsError: for another ending.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in _FORMS:
        raise LabelsError(f"{path}: the name of an export ends with .{', .'.join(_FORMS)}")
    return form


def export(connection: Connection, request: ExportRequest, form: str) -> tuple[bytes, int]:
    """Give a file of labels, and how many it holds.

    :raises LabelsError: if the paper's layout is asked for in another format, of several raters, or with history.
    """
    wide = request.layout == "paper"
    if wide and (form != "xlsx" or len(request.raters) != 1 or request.history):
        raise LabelsError("the paper's layout is an xlsx file of one --rater, without --history")
    found = store.exported(
        connection, raters=request.raters, schemes=request.schemes, sets=request.sets, history=request.history
    )
    if wide:
        return _paper(found), len(found)
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


def _paper(rows: Sequence[Row[Any]]) -> bytes:
    """Give the sheets GitHub and StackOverflow, with the paper's names of columns and the names of values."""
    items: dict[str, dict[str, str]] = {}
    first = {row.item_id: row for row in reversed(rows)}
    for row in rows:
        items.setdefault(row.item_id, {})[row.scheme] = _name(row.scheme, row.value)
    pages = []
    for source, name, link in (("github", "GitHub", "Bug"), ("stackoverflow", "StackOverflow", "Post#")):
        of_source = [(first[item_id], said) for item_id, said in items.items() if first[item_id].source == source]
        listed = [
            (row.link, *_said(said, _PAPER[:2]), row.library, *_said(said, _PAPER[2:])) for row, said in of_source
        ]
        header = (link, *_PAPER_NAMES[:2], "Library", *_PAPER_NAMES[2:])
        pages.append(SheetData(name, header, listed, dict.fromkeys(header, 30) | {link: 60}))
    return book(pages)


def _said(said: Mapping[str, str], schemes: Sequence[str]) -> list[str]:
    return [said.get(scheme, "") for scheme in schemes]


def _name(scheme: str, value: str) -> str:
    return next((known.name for known in values(scheme) if known.id == value), value)


_FORMS: Final[dict[str, Callable[[_Rows], bytes]]] = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}
