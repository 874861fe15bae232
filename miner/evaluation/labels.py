"""Reads label sets: CSV files in which people said whether a commit is a bug fix."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from miner.errors import LabelsError

COLUMNS: Final = ("repository", "sha", "message", "is_bug_fix")
_VALUES: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """A commit's message, and whether people say that the commit is a bug fix."""

    repository: str
    sha: str
    message: str
    is_bug_fix: bool


def read(data: bytes, name: str) -> list[LabelledMessage]:
    """Read a label set; ``name`` is what errors call it.

    :raises LabelsError: where it is not UTF-8, not CSV, has no rows, or lacks a column or a value.
    """
    rows = csv.DictReader(io.StringIO(_text(data, name), newline=""), strict=True)
    limit = csv.field_size_limit(len(data) + 1)
    try:
        _require_columns(rows.fieldnames, name)
        found = list(_messages(rows, name))
    except csv.Error as error:
        raise LabelsError(f"{name}, line {rows.line_num}: is not CSV: {error}") from None
    finally:
        csv.field_size_limit(limit)
    if not found:
        raise LabelsError(f"{name} has no rows: give a file with at least one labelled commit")
    return found


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelsError(f"{name} is not UTF-8 (byte {error.start}): save it as UTF-8") from None


def _require_columns(header: object, name: str) -> None:
    there = header if isinstance(header, list) else []
    missing = [column for column in COLUMNS if column not in there]
    if missing:
        raise LabelsError(f"{name} lacks the column {', '.join(missing)}: its first line must be {','.join(COLUMNS)}")


def _messages(rows: csv.DictReader[str], name: str) -> Iterator[LabelledMessage]:
    for row in rows:
        where = f"{name}, line {rows.line_num}"
        if None in row or None in row.values():
            raise LabelsError(f"{where}: has not as many cells as the first line")
        yield LabelledMessage(row["repository"], row["sha"], row["message"], _truth(row, where))


def _truth(row: Mapping[str, str], where: str) -> bool:
    value = row["is_bug_fix"].strip().lower()
    if value not in _VALUES:
        raise LabelsError(f"{where}: is_bug_fix is {row['is_bug_fix'][:40]!r}: write True or False")
    return _VALUES[value]
