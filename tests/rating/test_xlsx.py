"""Files for spreadsheet programs."""

from __future__ import annotations

import io
import zipfile

import openpyxl

from miner.rating.xlsx import SheetData, book


def test_texts_stay_texts() -> None:
    """A formula, a number and a link as people write them."""
    data = book([SheetData("s", ("=a", "n"), [("=1+1", 5), ("007", None), ("https://x.org", 1)])])
    sheet = openpyxl.load_workbook(io.BytesIO(data))["s"]
    assert [(cell.value, cell.data_type) for cell in sheet["A"]] == [
        *(("=a", "s"), ("=1+1", "s"), ("007", "s"), ("https://x.org", "s")),
    ]
    assert [cell.value for cell in sheet["B"]] == ["n", 5, None, 1]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")


def test_the_time_of_making_is_in_no_byte() -> None:
    data = book([SheetData("s", ("a",), [("b",)])])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"1980-01-01T00:00:00Z") == 2


def test_rows_may_have_choices_of_their_own() -> None:
    """Runs of rows that follow one another are one range."""
    chosen = {"d": {"v!$A$2:$A$3": [0, 1, 3], "v!$B$2:$B$3": [2]}}
    data = book([SheetData("s", ("c", "d"), [("x", "")] * 4, row_choices=chosen)])
    found = openpyxl.load_workbook(io.BytesIO(data))["s"].data_validations.dataValidation
    assert {one.formula1: set(str(one.sqref).split()) for one in found} == {
        "v!$A$2:$A$3": {"B2:B3", "B5"},
        "v!$B$2:$B$3": {"B4"},
    }
