"""Where raters differ, and what is decided."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine
from support.labels import SITE, collect, rate, rows, write_csv
from support.pages import sha

from miner.errors import LabelsError
from miner.rating.reconciling import Conflict, Reconciled, agree, conflict_sheet, conflicts, decide
from miner.store.session import reading

RECONCILED = "SELECT item_id, round, value, said, note FROM rating WHERE rater = 'reconciled' ORDER BY item_id, round"


def item(number: int) -> str:
    return f"git:{sha(number)}"


def opened(engine: Engine, **asked: object) -> list[Conflict]:
    with reading(engine) as connection:
        return conflicts(connection, **asked)  # type: ignore[arg-type]


def decided(engine: Engine, path: Path, *decisions: tuple[object, ...]) -> Reconciled:
    header = ("item_id", "scheme", "decision", "note")
    return decide(engine, write_csv(path, header, *decisions), "dora", SITE)


@pytest.fixture
def rated(engine: Engine, tmp_path: Path) -> Engine:
    """Ada and Ben agree on commit 0 and differ on 1; Cleo judges 0 and 2 alone differently from nobody."""
    collect(engine, [("keras", "activation", 0.5, 0.0)] * 2)
    rate(engine, tmp_path, "ada", (0, "monitor"), (1, "data_type"))
    rate(engine, tmp_path, "ben", (0, "monitor"), (1, "optimizer"))
    rate(engine, tmp_path, "cleo", (0, "monitor"), (2, "optimizer"))
    return engine


def test_a_conflict_is_what_people_say_differently(rated: Engine) -> None:
    """The rules, who say activation, are no party."""
    (found,) = opened(rated)
    assert (found.item.item_id, found.scheme) == (item(1), "pattern")
    assert [(voice.rater, voice.value) for voice in found.voices] == [("ada", "data_type"), ("ben", "optimizer")]
    query = "SELECT item_id, scheme, raters, judgements FROM label_conflict"
    assert rows(rated, query) == [(item(1), "pattern", 2, 2)]
    assert opened(rated, schemes=["impact"]) == []


def test_the_moderators_sheet_shows_who_says_what(rated: Engine) -> None:
    with reading(rated) as connection:
        data = conflict_sheet(connection, conflicts(connection), "xlsx")
        assert data == conflict_sheet(connection, conflicts(connection), "xlsx")
        listed = conflict_sheet(connection, conflicts(connection), "csv")
    page = openpyxl.load_workbook(io.BytesIO(data))["labels"]
    header, row = page.iter_rows(values_only=True)
    told = dict(zip(header, row, strict=True))
    assert told["judgements"] == "ada: data_type\nben: optimizer"
    assert (told["about"], told["decision"]) == ("Fix 1", None)
    (choice,) = page.data_validations.dataValidation
    assert (str(choice.sqref), choice.formula1) == ("I2", "values!$A$2:$A$17")
    (same,) = csv.DictReader(io.StringIO(listed.decode("utf-8-sig")))
    assert (same["item_id"], same["judgements"]) == (item(1), told["judgements"])


def test_a_filled_sheet_is_decisions(rated: Engine, tmp_path: Path) -> None:
    """They are labels of a rater of their own, with the moderator in the note; what raters said stays."""
    with reading(rated) as connection:
        data = conflict_sheet(connection, conflicts(connection), "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(data))
    book["labels"]["I2"], book["labels"]["J2"] = "Data type", "see line 3"
    book.save(tmp_path / "decided.xlsx")
    done = decide(rated, tmp_path / "decided.xlsx", "dora", SITE)
    assert (done.added, done.unchanged, done.blank, done.rejections) == (1, 0, 0, ())
    assert rows(rated, RECONCILED) == [(item(1), 1, "data_type", "Data type", "dora: see line 3")]
    assert rows(rated, "SELECT COUNT(*) FROM rating WHERE rater <> 'reconciled'") == [(6,)]
    assert opened(rated) == []
    assert rows(rated, "SELECT COUNT(*) FROM label_conflict") == [(0,)]


def test_the_same_decisions_again_add_nothing(rated: Engine, tmp_path: Path) -> None:
    """Also where a newer decision was made since."""
    first = (item(1), "pattern", "Data type", "")
    decided(rated, tmp_path / "a.csv", first)
    assert decided(rated, tmp_path / "a.csv", first).unchanged == 1
    decided(rated, tmp_path / "b.csv", (item(1), "pattern", "Monitor", "on second thoughts"))
    assert decided(rated, tmp_path / "a.csv", first).added == 0
    assert [row[1:3] for row in rows(rated, RECONCILED)] == [(1, "data_type"), (2, "monitor")]


def test_a_rater_who_speaks_after_a_decision_opens_it_again(rated: Engine, tmp_path: Path) -> None:
    """A decision that says the same once more closes it."""
    decided(rated, tmp_path / "a.csv", (item(1), "pattern", "Data type", ""))
    rate(rated, tmp_path, "zoe", (1, "monitor"))
    assert [one.item.item_id for one in opened(rated)] == [item(1)]
    assert rows(rated, "SELECT item_id FROM label_conflict") == [(item(1),)]
    decided(rated, tmp_path / "b.csv", (item(1), "pattern", "Data type", "still"))
    assert opened(rated) == []
    assert [row[1:3] for row in rows(rated, RECONCILED)] == [(1, "data_type"), (2, "data_type")]


def test_what_all_agree_on_needs_no_moderator(rated: Engine) -> None:
    """Of two raters or more: what one says alone is not agreed."""
    assert agree(rated).added == 1
    assert agree(rated).added == 0
    assert rows(rated, RECONCILED) == [(item(0), 1, "monitor", "monitor", "all raters agree")]


def test_agreement_does_not_undo_a_decision(rated: Engine, tmp_path: Path) -> None:
    """Unless the raters spoke after it."""
    decided(rated, tmp_path / "a.csv", (item(0), "pattern", "Activation", ""))
    assert agree(rated).added == 0
    rate(rated, tmp_path, "zoe", (0, "monitor"))
    assert agree(rated).added == 1
    assert [row[1:3] for row in rows(rated, RECONCILED)] == [(1, "activation"), (2, "monitor")]


def test_decisions_that_cannot_be_read_are_told(rated: Engine, tmp_path: Path) -> None:
    done = decided(
        rated,
        tmp_path / "a.csv",
        (item(1), "pattern", "Witchcraft", ""),
        (item(1), "colour", "Monitor", ""),
        ("git:0000000", "pattern", "Monitor", ""),
        (item(1), "pattern", "", ""),
    )
    assert (done.added, done.unchanged, done.blank) == (0, 0, 1)
    assert [(one.place, one.field) for one in done.rejections] == [("2", "pattern"), ("3", "scheme"), ("4", "item_id")]
    assert rows(rated, "SELECT place FROM rating_rejection ORDER BY place") == [("2",), ("3",), ("4",)]


def test_a_moderator_is_a_person(rated: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", ("item_id", "scheme", "decision"), (item(1), "pattern", "Monitor"))
    with pytest.raises(LabelsError, match="reconciled is no rater"):
        decide(rated, path, "reconciled", SITE)
