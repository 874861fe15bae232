"""Counts from the database, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert
from support.pages import sha
from support.studies import add_commits, add_posts, add_rating

from miner.classify.version import RATER
from miner.errors import LabelsError
from miner.store import repository
from miner.store.ratingtables import rating_rejection
from miner.store.session import reading, writing
from miner.study import queries
from miner.study.basis import Basis
from miner.study.choice import Choice, LabelTable
from miner.study.counts import Cell


@pytest.fixture
def mined(engine: Engine) -> Engine:
    """Three fixes of commits, labelled by the rules."""
    add_commits(engine)
    return engine


@pytest.fixture
def rated(engine: Engine) -> Engine:
    """Three items of a label set, none of them collected, labelled by Ada; one of them again; one by Ben."""
    with writing(engine) as connection:
        repository.start_run(connection, "label import", {}, "0")
        add_rating(
            connection, "git:a#1", "ada", {"pattern": "monitor", "bug_type": "data"}, link="https://x/commit/a#1"
        )
        add_rating(connection, "git:a#2", "ada", {"pattern": "optimizer"}, link="https://x/commit/a#2")
        add_rating(connection, "git:a#2", "ada", {"pattern": "monitor"}, 2, new=False)
        add_rating(connection, "s:1", "ada", {"pattern": "unknown"}, source="stackoverflow", library="torch", link="1")
        add_rating(connection, "git:a#1", "ben", {"pattern": "versioning"}, new=False)
        add_rating(connection, "git:a#1", "reconciled", {"pattern": "monitor"}, new=False)
    return engine


def cells(engine: Engine, labels: str = "heuristic", least: float = 0.0, copies: bool = True) -> set[Cell]:
    with reading(engine) as connection:
        return set(queries.counts(connection, queries.choose(connection, labels, least, copies)).cells)


def test_fixes_are_counted_by_their_first_labels(mined: Engine) -> None:
    """Of every scheme; what the rules did not judge is None."""
    assert cells(mined) == {
        Cell("github", "keras", "versioning", bug_type="api", impact="crash"),
        Cell("github", "keras", "versioning"),
        Cell("github", "tensorflow", "data_type", bug_type="data"),
    }


def test_below_the_confidence_a_label_is_unknown(mined: Engine) -> None:
    """It is not left out: the fix still counts."""
    assert {(cell.library, cell.pattern) for cell in cells(mined, least=0.85)} == {
        ("keras", "versioning"),
        ("tensorflow", "unknown"),
    }
    assert {cell.bug_type for cell in cells(mined, least=0.85)} == {"unknown", None}


def test_copies_of_a_fix_can_count_once(mined: Engine) -> None:
    """Of the two in a cluster the one with the smaller id counts."""
    assert sum(cell.fixes for cell in cells(mined, copies=False)) == 2
    with reading(mined) as connection:
        choice = queries.choose(connection, "heuristic", copies=False)
        assert queries.basis(connection, choice) == Basis(judged=2, collected=2)
        assert sum(queries.bugs(connection, choice).values()) == 2


def test_posts_are_counted_beside_commits(mined: Engine) -> None:
    """As fixes of Stack Overflow."""
    add_posts(mined, {})
    with reading(mined) as connection:
        choice = queries.choose(connection, "heuristic")
        counts = queries.counts(connection, choice)
        assert counts.by("source", "library", "pattern")["stackoverflow", "keras", "optimizer"] == 3
        assert queries.basis(connection, choice) == Basis(judged=6, collected=6)
        assert queries.bugs(connection, choice) == {
            ("github", "keras"): 2,
            ("github", "tensorflow"): 1,
            ("stackoverflow", "keras"): 3,
        }


def test_a_persons_labels_count_without_collected_fixes(rated: Engine) -> None:
    """The last round of each item; lines of one commit are one bug."""
    assert cells(rated, "rater:ada") == {
        Cell("github", "keras", "monitor", bug_type="data"),
        Cell("github", "keras", "monitor"),
        Cell("stackoverflow", "torch", "unknown"),
    }
    with reading(rated) as connection:
        choice = queries.choose(connection, "rater:ada")
        assert queries.bugs(connection, choice) == {("github", "keras"): 1, ("stackoverflow", "torch"): 1}
        assert queries.basis(connection, choice) == Basis(judged=3, items=3)


@pytest.mark.parametrize("written", ["reshape", "data_dimension.reshape", "data_dimension/reshape"])
def test_a_sub_pattern_is_told_without_its_pattern(rated: Engine, written: str) -> None:
    """Which has a field of its own."""
    with writing(rated) as connection:
        add_rating(connection, "x", "eve", {"pattern": "data_dimension", "sub_pattern": written})
    assert cells(rated, "rater:eve") == {Cell("github", "keras", "data_dimension", "reshape")}


def test_reconciled_labels_count_alone(rated: Engine) -> None:
    """What nobody reconciled is not judged."""
    assert cells(rated, "reconciled") == {Cell("github", "keras", "monitor")}


def test_the_choice_says_whose_labels_count(rated: Engine) -> None:
    """In words for every page."""
    with reading(rated) as connection:
        assert str(queries.choose(connection, "reconciled")) == (
            "reconciled labels (agreed by all raters, or decided by a moderator)"
        )
        assert str(queries.choose(connection, "rater:ada")) == "labels of ada"
        assert "there are none in this database" in str(queries.choose(connection, "heuristic"))
    sure = Choice(LabelTable.LABEL, "heuristic/1", 0.5, copies=False)
    assert str(sure) == (
        "labels of heuristic/1; below a confidence of 0.5 they count as unknown; copies of one fix count once"
    )


def test_the_rules_can_be_named_by_their_version(mined: Engine) -> None:
    """An older version's labels count as those of any rater."""
    assert cells(mined, f"rater:{RATER}") == cells(mined)


@pytest.mark.parametrize("labels", ["rater:eve", "reconciled"])
def test_a_rater_without_labels_is_an_error(mined: Engine, labels: str) -> None:
    """It says who has some, and what to do."""
    with (
        reading(mined) as connection,
        pytest.raises(LabelsError, match=r"the database has heuristic/.*--labels rater:NAME"),
    ):
        queries.choose(connection, labels)


def test_labels_of_collected_fixes_are_found_by_their_ids(mined: Engine) -> None:
    """A rated item that is a collected fix is found by it, too."""
    with writing(mined) as connection:
        add_rating(connection, "i", "ada", {"pattern": "monitor"}, fix_id=f"git:{sha(0)}:1")
    with reading(mined) as connection:
        choice = queries.choose(connection, "rater:ada")
        assert queries.judged_cells(connection, choice) == {f"git:{sha(0)}:1": Cell("github", "keras", "monitor")}
        assert queries.labels_of(connection, choice, [f"git:{sha(1)}:1"]) == {}


def test_cells_that_could_not_be_read_are_counted_for_people_alone(rated: Engine) -> None:
    """The rules read no label file."""
    with writing(rated) as connection:
        columns = {
            "file_sha256": "0",
            "place": "GitHub:2",
            "field": "bug_type",
            "text": "?",
            "reason": "r",
            "run_id": 1,
        }
        connection.execute(insert(rating_rejection).values(**columns))
    with reading(rated) as connection:
        assert queries.unread(connection, queries.choose(connection, "rater:ada")) == 1
        assert queries.unread(connection, queries.choose(connection, "heuristic")) == 0
