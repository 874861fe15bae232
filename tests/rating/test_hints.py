"""What to do next, at each step of the protocol."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.labels import collect, link, rate, read, write_csv

from miner.errors import LabelsError
from miner.rating import hints
from miner.rating.agreement import AgreementRequest, agreement
from miner.rating.moderating import enter_agreed, hand_over
from miner.rating.reconciling import Reconciled, decide
from miner.rating.sampling import SampleRequest, sample
from miner.rating.sheets import hand_out
from miner.store.session import reading


def compared(engine: Engine, batch: str | None = None) -> str:
    with reading(engine) as connection:
        found = agreement(connection, AgreementRequest(batch=batch, rules=False))
        return hints.after_agreement(connection, found, 2, batch)


def test_without_labels_the_way_from_the_start_is_told(engine: Engine) -> None:
    """A sheet, and that it is read when it is filled."""
    told = compared(engine)
    assert "miner label sample BATCH --rater NAME" in told
    assert "miner label import SHEET" in told
    assert "nobody has labelled anything" in hand_over(engine, (), None)[1]


def test_one_rater_needs_another(engine: Engine, tmp_path: Path) -> None:
    """Of no fix that the rules labelled; two who share no scheme are told so, by name."""
    rate(engine, tmp_path, "ada", (0, "monitor"))
    assert compared(engine).startswith("ada alone has labels")
    read(engine, write_csv(tmp_path / "b.csv", ("link", "impact"), (link(0), "Crash")), "ben")
    assert compared(engine).startswith("no two of ada, ben judged in a scheme of what you chose")


def test_where_raters_differ_a_moderator_is_next(engine: Engine, tmp_path: Path) -> None:
    """If nobody decided yet."""
    rate(engine, tmp_path, "ada", (0, "monitor"))
    rate(engine, tmp_path, "ben", (0, "data_type"))
    assert compared(engine).startswith("raters differ on 2 judgements that nobody decided")
    with reading(engine) as connection:
        assert hints.after_agreement(connection, agreement(connection, AgreementRequest()), 0) == ""


def test_a_sheet_that_nobody_filled_is_told(engine: Engine, tmp_path: Path) -> None:
    """One with a label is no such sheet, nor is one whose rows were all left out."""
    rows = ((link(0), ""), (link(1), ""))
    empty = read(engine, write_csv(tmp_path / "a.csv", ("link", "pattern"), *rows), "ada")
    assert hints.after_import(empty).startswith("no row of it has a label: choose values")
    some = read(engine, write_csv(tmp_path / "b.csv", ("link", "pattern"), rows[0], (link(1), "Monitor")), "ada")
    wrong = read(engine, write_csv(tmp_path / "c.csv", ("link", "pattern"), (link(1), "Monitro")), "ada")
    assert hints.after_import(some) == hints.after_import(wrong) == ""


def test_a_batch_gets_sheets_and_then_labels(engine: Engine) -> None:
    """The columns to fill, and the commands that read and compare them."""
    collect(engine, [("keras", "monitor", 0.5, 0.0)])
    drawn = sample(engine, SampleRequest("b", schemes=("pattern", "impact")))
    assert "miner label sample b --rater NAME" in hints.after_sample(drawn, ())
    told = hints.after_sample(drawn, (Path("b.ada.xlsx"),))
    assert "(pattern, impact)" in told
    assert "'miner label import SHEET' reads it, then 'miner label agreement --batch b'" in told


def test_a_batch_waits_for_the_sheets_that_were_handed_out(engine: Engine, tmp_path: Path) -> None:
    """By name; who has labels elsewhere, or judged its items without a sheet, is not waited for."""
    rate(engine, tmp_path, "ada", (0, "monitor"))
    collect(engine, [("keras", "monitor", 0.5, 0.0)])
    drawn = sample(engine, SampleRequest("b"))
    assert compared(engine, "b").startswith("ada alone has labels")
    sheets = hand_out(engine, drawn, ["ben", "ada"], tmp_path, "csv")
    assert compared(engine, "b") == (
        "ada, ben got a sheet of the batch b, and no label is in yet: fill and save the sheet, and 'miner label import "
        "SHEET --rater NAME' reads it"
    )
    head, *rows = csv.reader(sheets[0].read_text(encoding="utf-8-sig").splitlines())
    filled = [["Monitor" if name == "pattern" else cell for name, cell in zip(head, row, strict=True)] for row in rows]
    read(engine, write_csv(tmp_path / "filled.csv", head, *filled), "ben")
    assert compared(engine, "b").startswith("ada got a sheet")


def test_raters_without_a_common_item_are_not_compared(engine: Engine, tmp_path: Path) -> None:
    """A pair of them is no reason to speak of conflicts."""
    rate(engine, tmp_path, "ada", (0, "monitor"))
    rate(engine, tmp_path, "ben", (1, "data_type"))
    assert compared(engine).startswith("no two of ada, ben judged in a scheme")


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        pytest.param(Reconciled(1, 0, 0, 3, ()), "no row of it has a decision", id="empty-sheet"),
        pytest.param(Reconciled(1, 2, 0, 3, ()), "rows without a decision stay open", id="some-open"),
        pytest.param(Reconciled(1, 2, 1, 0, ()), "", id="all-decided"),
    ],
)
def test_what_a_moderator_left_open_is_told(done: Reconciled, expected: str) -> None:
    """An empty sheet above all."""
    assert hints.after_decisions(done).partition(":")[0] == expected


def test_conflicts_go_to_a_moderator_and_back(engine: Engine, tmp_path: Path) -> None:
    """With the command that reads the sheet; where no conflict is open no sheet is written."""
    rate(engine, tmp_path, "ada", (0, "monitor"), (1, "monitor"), (2, "monitor"))
    rate(engine, tmp_path, "ben", (0, "data_type"), (1, "monitor"))
    to = tmp_path / "some conflicts.csv"
    found, told = hand_over(engine, (), None)
    assert (len(found), "--to conflicts.xlsx" in told) == (1, True)
    assert f"--from '{to}' --moderator NAME" in hand_over(engine, (), None, to)[1]
    done, told = enter_agreed(engine, (), None)
    assert (done.added, done.alone) == (1, 1)
    assert told == (
        "raters differ on 1 judgement: 'miner label reconcile --to conflicts.xlsx' writes them; "
        "1 has one rater alone, and is not reconciled"
    )
    decided = write_csv(
        tmp_path / "decided.csv", ("item_id", "scheme", "decision"), (found[0].item.item_id, "pattern", "Monitor")
    )
    assert decide(engine, decided, "dora", "stackoverflow.com").added == 1
    again = tmp_path / "again.csv"
    found, told = hand_over(engine, (), None, again)
    assert (found, again.exists()) == ([], False)
    assert told.startswith(f"no conflict is open; {again} was not written: 'miner label reconcile --agreed' enters")


def test_a_batch_is_reconciled_alone(engine: Engine, tmp_path: Path) -> None:
    """What both say alike of other items stays as it was; a batch that is none is an error."""
    for rater in ("ada", "ben"):
        rate(engine, tmp_path, rater, (0, "monitor"), (1, "monitor"))
    assert len(sample(engine, SampleRequest("b", size=1, sets=("ada-0monitor-1monitor",))).items) == 1
    assert enter_agreed(engine, (), "b")[0].added == 1
    assert enter_agreed(engine, (), None)[0].added == 1
    for ask in (enter_agreed, hand_over):
        with pytest.raises(LabelsError, match="there is no batch 'c'"):
            ask(engine, (), "c")
