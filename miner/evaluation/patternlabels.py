"""Reads label sets of fix patterns: an xlsx file with a sheet of commits and one of posts, as the paper published them.

A row is one labelled fix. People spell patterns differently: "Data Wrangling", "data-wrangling", "Change Neural Arch".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from miner.classify.taxonomies import taxonomy
from miner.collect.seedfiles import MAX_FILE_BYTES, Row, Table, read_tables
from miner.errors import LabelsError, SeedsError

PATTERN: Final = "Bug Fix Pattern"
LIBRARY: Final = "Library"
_ABBREVIATION: Final = 3
"""Letters that a word must keep to stand for a longer one."""


class Sheet(StrEnum):
    """A sheet of a label set, by its name."""

    GITHUB = "GitHub"
    STACKOVERFLOW = "StackOverflow"


LINK: Final = {Sheet.GITHUB: "Bug", Sheet.STACKOVERFLOW: "Post#"}
"""The column that names the fix, on each sheet."""


@dataclass(frozen=True, slots=True)
class LabelledFix:
    """A link to a fix and the pattern that people gave it: an id of the taxonomy. ``row`` is the sheet's, from 1."""

    sheet: Sheet
    row: int
    link: str
    pattern: str
    library: str


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that says nothing that can be compared; ``text`` is the cell at fault, ``reason`` says why."""

    sheet: Sheet
    row: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class PatternLabels:
    """The rows of a label set, in its order; what is listed twice is here twice."""

    rows: tuple[LabelledFix, ...]
    unreadable: tuple[UnreadableRow, ...]


def read(path: Path, sheets: Collection[Sheet]) -> PatternLabels:
    """Read some sheets of a label set.

    :raises LabelsError: where it is missing, not xlsx, or lacks a sheet, a column, or any row.
    """
    _require_xlsx(path)
    found: dict[Sheet, PatternLabels] = {}
    try:
        for table in read_tables(path, lambda _text: False):
            sheet = next((sheet for sheet in sheets if _letters(sheet) == _letters(table.name)), None)
            if sheet is not None and sheet not in found:
                found[sheet] = _of_sheet(path, sheet, table)
    except SeedsError:
        raise LabelsError(
            f"{path} is no xlsx file that can be read, or is over {MAX_FILE_BYTES:,} bytes: save it again as .xlsx"
        ) from None
    missing = [sheet for sheet in sheets if sheet not in found]
    if missing:
        raise LabelsError(f"{path} has no sheet {', '.join(missing)}: name a file that has it, or another --source")
    ordered = [found[sheet] for sheet in sheets]
    rows = tuple(row for part in ordered for row in part.rows)
    unreadable = tuple(row for part in ordered for row in part.unreadable)
    if not rows and not unreadable:
        raise LabelsError(f"{path} has no rows: give a file with at least one labelled fix")
    return PatternLabels(rows, unreadable)


def pattern_id(text: str) -> str | None:
    """Give the id of the fix pattern that a text names; None if it names none, or could mean several.

    Case, spaces, punctuation and plurals do not matter, and a word may be abbreviated by its first letters.
    """
    ids = [entry.id for entry in taxonomy("fix_patterns")]
    same = [name for name in ids if _letters(name) == _letters(text)]
    close = same or [name for name in ids if _is_abbreviated(_words(text), _words(name))]
    return close[0] if len(close) == 1 else None


def _require_xlsx(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LabelsError(f"{path}: {reason}: name an xlsx file with --labels") from None
    if start != b"PK\x03\x04":
        raise LabelsError(f"{path} is no xlsx file: save it as .xlsx")


def _of_sheet(path: Path, sheet: Sheet, table: Table) -> PatternLabels:
    header = next(table.rows, None)
    columns = _columns(path, sheet, header.cells if header else ())
    read_rows = list(_read_rows(sheet, table.rows, columns))
    return PatternLabels(
        tuple(row for row in read_rows if isinstance(row, LabelledFix)),
        tuple(row for row in read_rows if isinstance(row, UnreadableRow)),
    )


def _columns(path: Path, sheet: Sheet, header: Sequence[str]) -> tuple[int, int, int]:
    """Give the places of the columns of link, pattern and library."""
    names = [name.casefold().split() for name in header]
    wanted = (LINK[sheet], PATTERN, LIBRARY)
    missing = [name for name in wanted if name.casefold().split() not in names]
    if missing:
        raise LabelsError(f"{path}, sheet {sheet}: lacks the column {', '.join(missing)}: name it in the first row")
    link, pattern, library = (names.index(name.casefold().split()) for name in wanted)
    return link, pattern, library


def _read_rows(
    sheet: Sheet, rows: Iterator[Row], columns: tuple[int, int, int]
) -> Iterator[LabelledFix | UnreadableRow]:
    for row in rows:
        link, said, library = (row.cells[no] if no < len(row.cells) else "" for no in columns)
        pattern = pattern_id(said)
        if not link:
            yield UnreadableRow(sheet, row.no, link, "there is no link")
        elif pattern is None:
            yield UnreadableRow(sheet, row.no, said, "it is no known fix pattern")
        else:
            yield LabelledFix(sheet, row.no, link, pattern, " ".join(library.lower().split()))


def _letters(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    """Give the words of a text in lower case and the singular."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return [word[:-1] if word.endswith("s") and not word.endswith("ss") else word for word in words]


def _is_abbreviated(words: Sequence[str], full: Sequence[str]) -> bool:
    return len(words) == len(full) and all(
        long.startswith(short) and len(short) >= min(_ABBREVIATION, len(long))
        for short, long in zip(words, full, strict=True)
    )
