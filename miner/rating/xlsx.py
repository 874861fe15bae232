"""Writes xlsx files that are the same, byte for byte, when they are written twice, and hold no formula."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from miner.rating.cells import fitting

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_STAMP: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_NO_STAMP: Final = rb"\g<1>1980-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class SheetData:
    """A sheet: its header, its rows as texts, the widths of columns in characters, and what columns may hold.

    ``choices`` leads from a column's name to the cells that list its values, such as ``values!$A$2:$A$9``; those of
    single rows, ordinals from 0, are in ``row_choices``.
    """

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[str | int | None]]
    widths: Mapping[str, int] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    row_choices: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    """Of a column: the ordinals of rows, from 0, by the cells that list their values."""


def book(sheets: Iterable[SheetData]) -> bytes:
    """Give the file of some sheets."""
    made = Workbook(write_only=True)
    for data in sheets:
        _write(made, data)
    stream = io.BytesIO()
    made.save(stream)
    return _without_time(stream.getvalue())


def _write(made: Workbook, data: SheetData) -> None:
    sheet: Any = made.create_sheet(data.name)
    sheet.freeze_panes = "A2"
    for no, name in enumerate(data.header, 1):
        sheet.column_dimensions[get_column_letter(no)].width = data.widths.get(name, 16)
    sheet.append([_cell(sheet, name, bold=True) for name in data.header])
    count = 0
    for row in data.rows:
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    for name, cells in data.choices.items():
        _choose(sheet, data.header, name, cells, range(count))
    for name, chosen in data.row_choices.items():
        for cells, rows in chosen.items():
            _choose(sheet, data.header, name, cells, rows)


def _cell(sheet: Any, value: str | int | None, *, bold: bool = False) -> Any:
    if value is None or isinstance(value, int):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, fitting(value))
    # Else a text that begins with "=" would be a formula.
    cell.data_type = "s"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell


def _choose(sheet: Any, header: Sequence[str], name: str, cells: str, rows: Sequence[int] | range) -> None:
    if not rows:
        return
    validation = DataValidation("list", formula1=cells, allow_blank=True, showErrorMessage=True)
    validation.errorTitle, validation.error = name, "Choose one of the list, or leave it empty."
    column = get_column_letter(list(header).index(name) + 1)
    for start, end in _runs(rows):
        validation.add(f"{column}{start + 2}:{column}{end + 2}")
    sheet.data_validations.append(validation)


def _runs(rows: Sequence[int] | range) -> Iterable[tuple[int, int]]:
    """Give first and last of each run of ordinals that follow one another."""
    start = end = rows[0]
    for no in rows[1:]:
        if no != end + 1:
            yield start, end
            start = no
        end = no
    yield start, end


def _without_time(data: bytes) -> bytes:
    """Give an xlsx file with one and the same time in place of that of its making."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in sorted(old.infolist(), key=lambda entry: entry.filename):
            body = old.read(entry)
            if entry.filename == "docProps/core.xml":
                body = _STAMP.sub(_NO_STAMP, body)
            info = zipfile.ZipInfo(entry.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, body)
    return stream.getvalue()
