"""Reads files of labels: the paper's xlsx layout, filled sheets, and exports, as xlsx, CSV, TSV or JSON lines.

A row names an item by its link or its id. It says either one judgement, in the columns scheme and value, or one in each
column that is named like a scheme. Content tells the format, not the file's name. What cannot be read is kept out, with
its row and the reason; the rest of the row stays.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from miner.collect.seedfiles import MAX_CELL_CHARACTERS, MAX_FILE_BYTES, Table, read_tables
from miner.errors import LabelsError, SeedsError
from miner.rating.cells import unescaped
from miner.store.values import key

HELPER_SHEETS: Final = ("values", "about")
"""Sheets of our own files that hold no labels."""

_NAMES: Final = {
    "link": ("bug", "post#", "post", "link", "url", "seed"),
    "item_id": ("item_id", "item", "fix_id"),
    "library": ("library", "libraries"),
    "pattern": ("bug fix pattern", "fix pattern", "pattern"),
    "sub_pattern": ("sub pattern", "sub-pattern", "subpattern"),
    "prior_pattern": ("bug fix pattern from prior study", "prior pattern"),
    "bug_type": ("bug type",),
    "root_cause": ("root cause",),
    "impact": ("impact", "effect"),
    "scheme": ("scheme",),
    "value": ("value", "label", "decision"),
    "said": ("said",),
    "rater": ("rater", "moderator"),
    "note": ("note", "notes", "comment"),
    "rated_at": ("rated_at", "rated at", "date"),
    "batch": ("batch",),
    "round": ("round",),
    "set": ("set", "set_name"),
    "position": ("position",),
}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row: where it stands, its ordinal in the file from 1, and what its named columns hold, or its problem."""

    place: str
    ordinal: int
    fields: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RawFile:
    """The rows of a file of labels, and its content; ``fields`` are the columns that any of its tables has."""

    name: str
    digest: str
    rows: tuple[RawRow, ...]
    fields: frozenset[str]
    unread: tuple[str, ...]
    """Sheets that have no column for what is rated."""
    content: bytes = field(default=b"", repr=False)


def read_file(path: Path) -> RawFile:
    """Read the rows of a file of labels.

    :raises LabelsError: if it is missing, too large, damaged, or has no column for what is rated.
    """
    data = _bytes(path)
    _require_utf8(path, data)
    tables = _json_tables(data) if data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{" else _tables(path)
    rows: list[RawRow] = []
    fields: set[str] = set()
    unread: list[str] = []
    for name, named, found in tables:
        if not named & {"link", "item_id"}:
            unread += [name] if name not in HELPER_SHEETS else []
            continue
        fields |= named
        rows += [RawRow(place, len(rows) + no, values, problem) for no, (place, values, problem) in enumerate(found, 1)]
    if not fields:
        raise LabelsError(f"{path} has no column that names what is rated: call one Bug, Post#, link or item_id")
    if not rows:
        raise LabelsError(f"{path} has no rows: give a file with at least one label")
    return RawFile(path.name, sha256(data).hexdigest(), tuple(rows), frozenset(fields), tuple(unread), data)


_Found = tuple[str, dict[str, str], str]
_NamedTable = tuple[str, set[str], list[_Found]]


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LabelsError(f"{path}: {reason}: name a file of labels (xlsx, CSV or JSON lines)") from None
    if len(data) > MAX_FILE_BYTES:
        raise LabelsError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes: split it")
    return data


def _require_utf8(path: Path, data: bytes) -> None:
    # Excel writes CSV in its country's encoding unless told otherwise: notes and names would be damaged in silence.
    if data.startswith((b"PK\x03\x04", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise LabelsError(f"{path} is not UTF-8 (byte {error.start}): save it as xlsx or as CSV UTF-8") from None


def _tables(path: Path) -> Iterator[_NamedTable]:
    try:
        tables = list(read_tables(path, lambda _text: False))
        for table in tables:
            yield _of_table(table, table.name if len(tables) > 1 or path.suffix.lower() == ".xlsx" else "")
    except SeedsError as error:
        raise LabelsError(str(error)) from None


def _of_table(table: Table, sheet: str) -> _NamedTable:
    header = next(table.rows, None)
    columns = _columns(header.cells if header else ())
    found: list[_Found] = []
    for row in table.rows:
        place = key(f"{sheet}:{row.no}") if sheet else str(row.no)
        cells = {name: unescaped(row.cells[no]) for name, no in columns.items() if no < len(row.cells)}
        found.append((place, cells, row.problem or _too_long(cells)))
    return table.name, set(columns), found


def _columns(header: tuple[str, ...]) -> dict[str, int]:
    names = [" ".join(cell.casefold().replace("_", " ").split()) for cell in header]
    found: dict[str, int] = {}
    for name, known in _NAMES.items():
        place = next((names.index(one.replace("_", " ")) for one in known if one.replace("_", " ") in names), None)
        if place is not None:
            found[name] = place
    return found


def _json_tables(data: bytes) -> list[_NamedTable]:
    found: list[_Found] = []
    named: set[str] = set()
    for no, line in enumerate(data.decode("utf-8-sig").split("\n"), 1):
        if line.strip():
            values, problem = _of_json(line)
            named |= set(values)
            found.append((str(no), values, problem))
    return [("", named, found)]


def _of_json(line: str) -> tuple[dict[str, str], str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}, "is not JSON"
    if not isinstance(value, dict):
        return {}, "is not a JSON object"
    texts = {str(name): "" if kept is None else str(kept).strip() for name, kept in value.items()}
    columns = _columns(tuple(texts))
    cells = {field: list(texts.values())[no] for field, no in columns.items()}
    return cells, _too_long(cells)


def _too_long(cells: Mapping[str, str]) -> str:
    # A longer cell was cut when it was read: a note must not lose its end in silence.
    long = [name for name, text in cells.items() if len(text) > MAX_CELL_CHARACTERS]
    return f"is longer than {MAX_CELL_CHARACTERS:,} characters in the column {long[0]}" if long else ""
