"""Blind sheets for raters, and back."""

from __future__ import annotations

import csv
import io
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine
from support.labels import collect, rate, read, rows
from support.pages import sha

from miner.errors import LabelsError
from miner.rating.sampling import Drawn, SampleRequest, sample
from miner.rating.sheets import file_name, hand_out, sheet, write_new
from miner.store.session import reading

DIGEST = sha256(b"a.py").hexdigest()
FIXES = [("keras", "loss_function", 0.5, 0.25), ("torch", "optimizer", 0.5, 0.25), ("keras", "unknown", None, 0.0)]


@pytest.fixture
def drawn(engine: Engine, tmp_path: Path) -> Drawn:
    """A batch of three fixes that the rules and Zoe judged already."""
    collect(engine, FIXES)
    rate(engine, tmp_path, "zoe", (0, "activation"), (1, "activation"))
    return sample(engine, SampleRequest("b", "stratified", "pattern", schemes=("pattern", "impact")))


def made(engine: Engine, drawn: Drawn, form: str = "xlsx") -> bytes:
    with reading(engine) as connection:
        return sheet(connection, drawn, "ada", form)


def cells(data: bytes) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(data))["labels"].iter_rows(values_only=True))


def test_a_sheet_shows_what_there_is_to_see(engine: Engine, drawn: Drawn) -> None:
    header, *found = cells(made(engine, drawn))
    assert header == (
        *(
            "item_id",
            "batch",
            "rater",
            "no",
            "source",
            "library",
            "link",
            "about",
            "change",
            "pattern",
            "impact",
            "note",
        ),
    )
    assert [row[0] for row in found] == [item.item_id for item in drawn.items]
    first = next(row for row in found if row[0] == f"git:{sha(0)}:1")
    assert first[1:3] + first[4:] == (
        *("b", "ada", "github", "keras", f"https://github.com/o/n/commit/{sha(0)}#diff-{DIGEST}R1", "Fix 0"),
        *("--- a.py\n+++ a.py\n@@ -1,1 +1,1 @@ def f():\n-a\n+b\n", None, None, None),
    )


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_sheet_tells_nothing_of_what_anybody_said(engine: Engine, drawn: Drawn, form: str) -> None:
    """Neither the rules' pattern, though the batch is stratified by it, nor another rater."""
    data = made(engine, drawn, form)
    told = str(cells(data)) if form == "xlsx" else data.decode()
    for secret in ("loss_function", "Loss function", "optimizer", "activation", "zoe", "heuristic"):
        assert secret not in told


def test_a_column_of_labels_offers_the_values_of_its_scheme(engine: Engine, drawn: Drawn) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made(engine, drawn)))
    found = {str(one.sqref): one.formula1 for one in book["labels"].data_validations.dataValidation}
    assert found == {"J2:J4": "values!$A$2:$A$17", "K2:K4": "values!$B$2:$B$8"}
    assert [book["values"][cell].value for cell in ("A2", "A17", "B2", "B8")] == [
        *("Loss function", "unknown", "Bad performance", "unknown"),
    ]
    assert "about" in book.sheetnames


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_two_sheets_of_a_rater_are_byte_for_byte_the_same(engine: Engine, drawn: Drawn, form: str) -> None:
    assert made(engine, drawn, form) == made(engine, drawn, form)


def test_a_filled_sheet_is_read_without_further_words(engine: Engine, drawn: Drawn, tmp_path: Path) -> None:
    """Its columns tell the rater, the batch and the items; what is blank is no label."""
    (path,) = hand_out(engine, drawn, ["ada"], tmp_path, "xlsx")
    book = openpyxl.load_workbook(path)
    page = book["labels"]
    page["J2"], page["L2"], page["K3"] = "Loss function", "=1+1 says it", "Crash"
    page["L2"].data_type = "s"
    book.save(tmp_path / "filled.xlsx")
    done = read(engine, tmp_path / "filled.xlsx")
    assert (done.rows, done.blank, done.added, done.items_new, done.rejections) == (3, 1, 2, 0, ())
    query = "SELECT item_id, scheme, rater, value, note, batch FROM rating WHERE rater = 'ada' ORDER BY row_no"
    assert rows(engine, query) == [
        (drawn.items[0].item_id, "pattern", "ada", "loss_function", "=1+1 says it", "b"),
        (drawn.items[1].item_id, "impact", "ada", "crash", "", "b"),
    ]


def test_a_csv_sheet_holds_nothing_that_is_calculated(engine: Engine, drawn: Drawn, tmp_path: Path) -> None:
    """A diff begins with a dash, which a spreadsheet program takes for a formula; it is read back as it was."""
    (path,) = hand_out(engine, drawn, ["ada"], tmp_path, "csv")
    with path.open(newline="", encoding="utf-8-sig") as file:
        found = list(csv.DictReader(file))
    assert all(row["change"].startswith("'--- a.py") for row in found)
    assert not any(str(cell).startswith(("=", "+", "-", "@")) for row in found for cell in row.values())


def test_who_was_given_a_batch_is_known(engine: Engine, drawn: Drawn, tmp_path: Path) -> None:
    hand_out(engine, drawn, ["ada", "ben"], tmp_path, "csv")
    hand_out(engine, drawn, ["cleo"], tmp_path, "csv")
    assert rows(engine, "SELECT batch, rater FROM rating_sheet ORDER BY rater") == [
        *(("b", "ada"), ("b", "ben"), ("b", "cleo")),
    ]


def test_a_sheet_that_may_be_filled_is_not_overwritten(engine: Engine, drawn: Drawn, tmp_path: Path) -> None:
    """One that is as it was is; and who is refused was not given the batch."""
    (path,) = hand_out(engine, drawn, ["ada"], tmp_path, "csv")
    assert hand_out(engine, drawn, ["ada"], tmp_path, "csv") == [path]
    (tmp_path / "b.ben.csv").write_text("filled", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"b\.ben\.csv is there already, and may be filled"):
        hand_out(engine, drawn, ["ben"], tmp_path, "csv")
    assert (tmp_path / "b.ben.csv").read_text(encoding="utf-8") == "filled"
    assert rows(engine, "SELECT rater FROM rating_sheet") == [("ada",)]


def test_names_make_names_of_files() -> None:
    assert file_name("b", "Ada L./../x", "csv") == "b.Ada_L._.._x.csv"


def test_raters_whose_names_make_one_file_are_refused(engine: Engine, drawn: Drawn, tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="make the same file name"):
        hand_out(engine, drawn, ["a b", "a/b"], tmp_path, "csv")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LabelsError, match="cannot write"):
        write_new(tmp_path / "file" / "sheet.csv", b"")
