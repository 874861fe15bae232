"""Whose labels count."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert
from support.labels import collect
from support.pages import sha

from miner.classify.version import RATER
from miner.errors import LabelsError
from miner.evaluation.raters import counted_rater
from miner.store import repository
from miner.store.session import reading, writing
from miner.store.tables import label

OWN = "heuristic/0+own"


@pytest.fixture
def collected(engine: Engine) -> Engine:
    """A fix that the shipped rules labelled."""
    collect(engine, [("keras", "monitor", 0.5, 0.0)])
    return engine


def add_rater(engine: Engine, rater: str, *, in_run: bool = True) -> None:
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "classify", {}, "0", rater=rater if in_run else "")
        same = {"fix_id": f"git:{sha(0)}:1", "scheme": "pattern", "run_id": run_id}
        connection.execute(insert(label).values(rater=rater, rank=1, value="data_type", confidence=1.0, **same))


def counted(engine: Engine, asked: str | None = None, in_force: str = "") -> str:
    with reading(engine) as connection:
        return counted_rater(connection, asked, in_force=in_force)


def test_the_rules_that_labelled_last_count(collected: Engine) -> None:
    """Not the shipped ones where others came after them, and no person."""
    assert counted(collected) == RATER
    add_rater(collected, OWN)
    add_rater(collected, "ada", in_run=False)
    assert counted(collected) == OWN


def test_the_configured_rules_count_before_later_ones(collected: Engine) -> None:
    """If they labelled; what others did afterwards is theirs."""
    add_rater(collected, OWN)
    assert counted(collected, in_force=RATER) == RATER
    assert counted(collected, in_force="heuristic/9") == OWN


def test_a_run_that_labelled_nothing_does_not_count(collected: Engine) -> None:
    """It has a rater, but there is no label of it."""
    with writing(collected) as connection:
        repository.start_run(connection, "collect", {}, "0", rater="heuristic/9")
    assert counted(collected) == RATER


def test_a_rater_can_be_named(collected: Engine) -> None:
    """A person too; one who labelled nothing is an error that names those who did."""
    add_rater(collected, "ada", in_run=False)
    assert counted(collected, "ada", in_force=RATER) == "ada"
    with pytest.raises(LabelsError, match=r"rater 'ben': the database has ada, heuristic/.*; name one with --rater"):
        counted(collected, "ben")


def test_a_database_without_labels_has_no_rater(engine: Engine) -> None:
    """The name is empty."""
    assert counted(engine, in_force=RATER) == ""
