"""Reads the rows of a list of seeds: lines of text, CSV or TSV, or sheets of an xlsx. Content tells which, not name.

Such a file comes from anywhere: one that is damaged, binary or blown up is refused in words.
"""

from __future__ import annotations

import codecs
import csv
import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from miner.errors import SeedsError

MAX_FILE_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_ROWS = 1_000_000
MAX_COLUMNS = 256
MAX_CELL_CHARACTERS = 2_000
"""A link is never longer; of a longer cell one character more than this is kept, so that it is seen to be too long."""

_DELIMITERS = "\t,;"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file or sheet, from 1, and its cells; or the ``problem`` that it has instead."""

    no: int
    cells: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file or a sheet, blank ones left out; ``name`` says which. They can be gone through once."""

    name: str
    rows: Iterator[Row]


def read_tables(path: Path, is_seed: Callable[[str], bool]) -> Iterator[Table]:
    """Give the tables of a file; lines of text are a table of one column.

    :param is_seed: tells a line that is one seed as a whole from one that is to be cut into cells.
    :raises SeedsError: if the file is missing, too large, damaged, or neither text nor xlsx.
    """
    data = _read(path)
    if data.startswith(b"PK\x03\x04"):
        return _sheets(path, data)
    if data.startswith(_OLD_EXCEL):
        raise SeedsError(f"{path} is a file of old Excel: save it as .xlsx or CSV")
    text = _decoded(path, data)
    delimiter = _delimiter(text, is_seed)
    rows = _delimited(text, delimiter) if delimiter else _lines(text)
    return iter([Table(path.name, _limited(path, rows))])


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise SeedsError(f"{path} is no file: name a text, CSV or xlsx file of links or ids")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SeedsError(f"cannot read the seeds in {path}: {reason}") from None
    if len(data) > MAX_FILE_BYTES:
        raise SeedsError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes: split it")
    return data


def _decoded(path: Path, data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    # A spreadsheet program may write another encoding: ids and most links are ASCII, so only what is not is lost.
    text = data.decode(encoding, "replace")
    if "\0" in text:
        raise SeedsError(f"{path} is neither text nor xlsx: it holds NUL bytes")
    return text


def _lines(text: str) -> Iterator[Row]:
    for no, line in enumerate(io.StringIO(text, newline=None), start=1):
        kept = line.strip()
        if kept and not kept.startswith("#"):
            yield Row(no, (kept[: MAX_CELL_CHARACTERS + 1],))


def _delimiter(text: str, is_seed: Callable[[str], bool]) -> str:
    """Give what separates cells: what is most frequent in the first line; "" if that line is one cell."""
    first = next(_lines(text), None)
    if first is None or is_seed(first.cells[0]):
        return ""
    found = max(_DELIMITERS, key=first.cells[0].count)
    return found if found in first.cells[0] else ""


def _delimited(text: str, delimiter: str) -> Iterator[Row]:
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        no = reader.line_num + 1
        comment = no <= len(lines) and lines[no - 1].startswith("#")
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if not comment:
                yield Row(no, (), f"cannot be read as CSV ({error})")
            continue
        if not comment:
            yield Row(no, tuple(cell.strip()[: MAX_CELL_CHARACTERS + 1] for cell in cells[:MAX_COLUMNS]))


def _sheets(path: Path, data: bytes) -> Iterator[Table]:
    with _told_in_words(path):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise SeedsError(f"{path} unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED_BYTES:,} are read")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = list(book.worksheets)
    for sheet in sheets:
        yield Table(sheet.title, _limited(path, _sheet_rows(path, sheet)))


def _sheet_rows(path: Path, sheet: Any) -> Iterator[Row]:
    with _told_in_words(path):
        # The size that a sheet states may be wrong either way.
        sheet.reset_dimensions()
        rows = enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1)
    while True:
        with _told_in_words(path):
            no, values = next(rows, (0, ()))
        if not no:
            return
        yield Row(no, tuple(_cell(value) for value in values))


@contextmanager
def _told_in_words(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # What the library leaves out (styles, charts, checks of input) holds no seeds.
            warnings.simplefilter("ignore")
            yield
    except SeedsError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises whatever a damaged part makes it stumble over
        said = f"{type(error).__name__}: {str(error)[:200]}"
        raise SeedsError(f"{path} is no xlsx that can be read ({said}): save it again, or as CSV") from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[: MAX_CELL_CHARACTERS + 1].strip()


def _limited(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows):
        if count >= MAX_ROWS:
            raise SeedsError(f"{path} has more than {MAX_ROWS:,} rows: split it")
        if any(row.cells) or row.problem:
            yield row
