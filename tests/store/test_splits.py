"""What becomes of fixes when rules split their commit otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine
from support.pages import NOON, VERDICT, commit, file_change, sha

from miner.model import Fix, Label
from miner.store import repository
from miner.store.rows import PageBuilder
from miner.store.session import reading, writing

Split = Sequence[tuple[str, set[int]]]
"""A library and the hunks of each fix, in their order."""

A, B = "heuristic/1+a", "heuristic/1+b"


def collect(engine: Engine, rater: str, split: Split) -> None:
    """Write a page that collects one commit of three files, a hunk each, as a run of some rules."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", rater)
        builder = PageBuilder("git", run_id, None, "bugfix/1")
        builder.commit(commit(0), VERDICT)
        builder.files(sha(0), [file_change(no, path=f"{no}.py") for no in range(3)])
        for no, (library, files) in enumerate(split, 1):
            labels = (Label("library", library, 1, 1.0, rater, ()), Label("pattern", "monitor", 1, 0.5, rater, ()))
            places = tuple((file_no, 0) for file_no in sorted(files))
            builder.fix(Fix(f"git:{sha(0)}:{no}", sha(0), library, places, labels), NOON)
        repository.write_page(connection, builder.rows)


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def overview(engine: Engine) -> list[tuple[int, int, str]]:
    """Give number, hunks and rater of every fix that is in force."""
    found = rows(engine, "SELECT fix_id, hunks, rater FROM fix_overview ORDER BY fix_id, rater")
    return [(int(fix_id.rpartition(":")[2]), hunks, rater) for fix_id, hunks, rater in found]


def superseded(engine: Engine) -> list[tuple[int, str]]:
    found = rows(engine, "SELECT fix_id, rater FROM superseded_fix ORDER BY fix_id")
    return [(int(fix_id.rpartition(":")[2]), rater) for fix_id, rater in found]


def test_the_same_split_keeps_its_fixes(engine: Engine) -> None:
    """The newer rules' labels are in force, the older ones are kept."""
    collect(engine, A, [("keras", {0, 1}), ("keras", {2})])
    collect(engine, B, [("keras", {0, 1}), ("keras", {2})])
    assert overview(engine) == [(1, 2, B), (2, 1, B)]
    assert superseded(engine) == []
    assert rows(engine, "SELECT COUNT(*) FROM label WHERE scheme = 'pattern'") == [(4,)]


def test_the_order_of_fixes_is_not_their_identity(engine: Engine) -> None:
    """A fix keeps its id as long as it keeps its hunks."""
    collect(engine, A, [("keras", {0, 1}), ("keras", {2})])
    collect(engine, B, [("keras", {2}), ("keras", {0, 1})])
    assert overview(engine) == [(1, 2, B), (2, 1, B)]


def test_an_unsplit_fix_is_superseded_by_its_parts(engine: Engine) -> None:
    """As in a database that was filled before commits were split; each hunk is in one fix in force."""
    collect(engine, A, [("keras", {0, 1, 2})])
    collect(engine, B, [("keras", {0, 1}), ("keras", {2})])
    assert overview(engine) == [(2, 1, B), (3, 2, B)]
    assert superseded(engine) == [(1, B)]
    assert rows(engine, "SELECT pattern, fixes FROM pattern_share") == [("monitor", 2)]


def test_rules_that_come_back_have_their_fixes_back(engine: Engine) -> None:
    """The rules that ran last are in force, and no fix is there twice."""
    collect(engine, A, [("keras", {0, 1, 2})])
    collect(engine, B, [("keras", {0, 1}), ("keras", {2})])
    collect(engine, A, [("keras", {0, 1, 2})])
    assert overview(engine) == [(1, 3, A)]
    assert superseded(engine) == [(2, A), (3, A)]
    collect(engine, B, [("keras", {0, 1}), ("keras", {2})])
    assert overview(engine) == [(2, 1, B), (3, 2, B)]


def test_a_page_of_some_libraries_does_not_take_a_fix_apart(engine: Engine) -> None:
    """It does not tell of all hunks: what was there stays whole."""
    collect(engine, A, [("keras", {0, 1, 2})])
    collect(engine, B, [("torch", {2})])
    assert overview(engine) == [(1, 3, A)]
    assert superseded(engine) == []


def test_a_page_of_some_libraries_adds_its_fix(engine: Engine) -> None:
    """Beside those of other hunks."""
    collect(engine, A, [("keras", {0, 1})])
    collect(engine, B, [("torch", {2})])
    assert overview(engine) == [(1, 2, A), (2, 1, B)]


def test_the_library_is_the_one_that_newer_rules_see(engine: Engine) -> None:
    """An older rater that comes again changes nothing of it: it judged before."""
    collect(engine, A, [("keras", {0, 1, 2})])
    collect(engine, B, [("torch", {0, 1, 2})])
    assert rows(engine, "SELECT library FROM fix") == [("torch",)]
    collect(engine, B, [("keras", {0, 1, 2})])
    assert rows(engine, "SELECT library FROM fix") == [("torch",)]


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_page_again_changes_nothing(engine: Engine, times: int) -> None:
    """As a run that was killed and started again writes it."""
    collect(engine, A, [("keras", {0, 1, 2})])
    collect(engine, B, [("keras", {0}), ("keras", {1, 2})])
    before = overview(engine), superseded(engine)
    for _ in range(times):
        collect(engine, B, [("keras", {0}), ("keras", {1, 2})])
    assert (overview(engine), superseded(engine)) == before


def test_labels_of_people_stay_in_force(engine: Engine) -> None:
    """Beside those of the rules; with a superseded fix they go out of sight, since they are of its hunks."""
    collect(engine, A, [("keras", {0, 1, 2})])
    with writing(engine) as connection:
        builder = PageBuilder("git", 1)
        builder.labels(f"git:{sha(0)}:1", [Label("pattern", "optimizer", 1, None, "ada", ())])
        repository.write_page(connection, builder.rows)
    collect(engine, B, [("keras", {0, 1, 2})])
    assert overview(engine) == [(1, 3, "ada"), (1, 3, B)]
    collect(engine, A, [("keras", {0, 1}), ("keras", {2})])
    assert overview(engine) == [(2, 1, A), (3, 2, A)]
    assert ("ada",) in rows(engine, "SELECT rater FROM label")
