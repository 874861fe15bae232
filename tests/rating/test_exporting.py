"""Labels as files, and back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.labels import collect, link, rate, read, rows, write_csv

from miner.errors import LabelsError
from miner.evaluation import patternlabels
from miner.rating.exporting import COLUMNS, ExportRequest, export, form_of
from miner.rating.reconciling import agree
from miner.store import schema
from miner.store.session import open_engine, reading

FORMS = ("csv", "jsonl", "xlsx")


def exported(engine: Engine, form: str = "csv", **asked: object) -> bytes:
    with reading(engine) as connection:
        return export(connection, ExportRequest(**asked), form)[0]  # type: ignore[arg-type]


def listed(data: bytes, *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in csv.DictReader(io.StringIO(data.decode()))]


@pytest.fixture
def rated(engine: Engine, tmp_path: Path) -> Engine:
    """Ada changed her mind, Ben did not, and adds a note; one item is a fix."""
    collect(engine, [("keras", "monitor", 0.5, 0.0)])
    rate(engine, tmp_path, "ada", (0, "monitor"), (1, "data_type"))
    rate(engine, tmp_path, "ada", (0, "optimizer"))
    path = write_csv(
        tmp_path / "ben.csv",
        ("link", "pattern", "note", "rated_at"),
        (link(0), "Optimizers", "=HYPERLINK(1)", "2020-01-02"),
    )
    read(engine, path, "ben")
    agree(engine)
    return engine


def test_a_row_is_a_judgement_with_its_item(rated: Engine) -> None:
    found = [json.loads(line) for line in exported(rated, "jsonl").decode().splitlines()]
    assert [tuple(row) for row in found] == [COLUMNS] * 4
    ben = next(row for row in found if row["rater"] == "ben")
    fix = ben["fix_id"]
    assert ben == {
        "item_id": fix.removesuffix(":1"),
        "source": "github",
        "library": "keras",
        "link": link(0),
        "set": "ada-0monitor-1data_type",
        "position": 1,
        "fix_id": fix,
        "scheme": "pattern",
        "rater": "ben",
        "round": 1,
        "value": "optimizer",
        "said": "Optimizers",
        "note": "=HYPERLINK(1)",
        "rated_at": "2020-01-02T00:00:00+00:00",
        "batch": None,
    }


@pytest.mark.parametrize("form", FORMS)
def test_two_exports_are_byte_for_byte_the_same(rated: Engine, form: str) -> None:
    assert exported(rated, form) == exported(rated, form)


@pytest.mark.parametrize("form", FORMS)
def test_an_export_can_be_read_into_another_database(rated: Engine, tmp_path: Path, form: str) -> None:
    """There it is exported as the same, less what was not collected there; read where it came from, nothing is new."""
    path = tmp_path / f"export.{form}"
    path.write_bytes(exported(rated, form))
    other = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    schema.prepare(other)
    assert read(other, path).added == 4
    names = [name for name in COLUMNS if name not in ("fix_id", "round")]
    assert listed(exported(other), *names) == listed(exported(rated), *names)
    back = read(rated, path)
    assert (back.added, back.items_new, back.unchanged) == (0, 0, 4)


def test_a_history_can_be_read_again_too(rated: Engine, tmp_path: Path) -> None:
    """Where it came from, earlier rounds are no changes of mind; elsewhere it is the same history."""
    path = tmp_path / "export.csv"
    path.write_bytes(exported(rated, history=True))
    assert len(listed(path.read_bytes(), "item_id")) == 5
    assert read(rated, path).added == 0
    other = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    schema.prepare(other)
    read(other, path)
    query = "SELECT rater, round, value FROM rating ORDER BY rater, item_id, round"
    assert rows(other, query) == rows(rated, query)


def test_a_cell_of_a_csv_file_is_no_formula(rated: Engine) -> None:
    assert ("'=HYPERLINK(1)",) in listed(exported(rated), "note")


def test_choices_narrow_an_export(rated: Engine) -> None:
    assert listed(exported(rated, raters=("ben", "reconciled")), "rater") == [("ben",), ("reconciled",)]
    assert listed(exported(rated, schemes=("impact",)), "rater") == []
    assert len(listed(exported(rated, sets=("ada-0monitor-1data_type",)), "rater")) == 4
    assert listed(exported(rated, raters=("ada",), history=True), "round", "value") == [
        *(("1", "monitor"), ("2", "optimizer"), ("1", "data_type")),
    ]


def test_a_file_name_tells_the_format() -> None:
    assert form_of(Path("a.CSV")) == "csv"
    with pytest.raises(LabelsError, match=r"ends with \.csv, \.jsonl, \.xlsx"):
        form_of(Path("a.pdf"))


def test_the_papers_layout_is_read_as_the_papers_file_is(rated: Engine, tmp_path: Path) -> None:
    """By this command, and by the one that evaluates patterns: the same items with the same values."""
    path = tmp_path / "export.xlsx"
    path.write_bytes(exported(rated, "xlsx", layout="paper", raters=("ada",)))
    assert path.read_bytes() == exported(rated, "xlsx", layout="paper", raters=("ada",))
    found = patternlabels.read(path, [patternlabels.Sheet.GITHUB])
    assert [(row.link, row.pattern, row.library) for row in found.rows] == [
        (link(0), "optimizer", "keras"),
        (link(1), "data_type", "keras"),
    ]
    assert read(rated, path, "zoe").items_new == 0
    query = "SELECT item_id, scheme, value FROM rating_current WHERE rater = '{}' ORDER BY item_id"
    assert rows(rated, query.format("zoe")) == rows(rated, query.format("ada"))


@pytest.mark.parametrize("asked", [{}, {"raters": ("a", "b")}, {"raters": ("a",), "history": True}])
def test_the_papers_layout_is_of_one_rater_now(rated: Engine, asked: dict[str, object]) -> None:
    with pytest.raises(LabelsError, match="an xlsx file of one --rater"):
        exported(rated, "xlsx", layout="paper", **asked)
