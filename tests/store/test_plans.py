"""How SQLite answers what must not cost more a row in a larger database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from miner.store import exports, schema
from miner.store.exports import Selection
from miner.store.session import open_engine, reading


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database: it has no statistics, as those of users have none."""
    opened = open_engine(f"sqlite:///{tmp_path / 'miner.db'}")
    schema.prepare(opened)
    yield opened
    opened.dispose()


def plan(engine: Engine, sql: str, parameters: tuple[object, ...] = ()) -> list[str]:
    with engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.mark.parametrize("order", ["1", "fix_id, rater", "commit_url, fixed_at", "confidence DESC, fix_id"])
def test_a_fix_of_the_overview_reads_no_table(engine: Engine, order: str) -> None:
    """All but the fixes is looked up by a key, in whichever order, and nothing is copied."""
    steps = plan(engine, f"SELECT * FROM fix_overview ORDER BY {order}")  # noqa: S608 - ours
    assert [step.split()[1] for step in steps if step.startswith("SCAN")] == ["fix"]
    assert not [step for step in steps if step.startswith("MATERIALIZE") or "scheme=? AND value=?" in step]


def test_one_fix_of_the_overview_is_found_by_its_id(engine: Engine) -> None:
    """So explaining one does not read them all."""
    assert not [step for step in plan(engine, "SELECT * FROM fix_overview WHERE fix_id = 'x'") if "SCAN" in step]


def test_linked_fixes_look_links_up(engine: Engine) -> None:
    """By what refers, or by what is referred to."""
    steps = [step for step in plan(engine, "SELECT * FROM linked_fixes") if " link " in step]
    assert len(steps) == 2
    assert all("source_id=?" in step or "target_id=?" in step for step in steps)


def test_raters_are_compared_by_items(engine: Engine) -> None:
    """Labels of the rules are those of the items' fixes: not all of them, once for each judgement."""
    steps = plan(engine, "SELECT * FROM agreement")
    assert not [step for step in steps if step.startswith("SCAN label")]
    assert [step for step in steps if step.startswith("SEARCH label") and "(fix_id=?" in step]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(libraries=("keras",)),
        Selection(patterns=("versioning",)),
        Selection(rater="ada", min_confidence=0.5),
    ],
    ids=["all", "library", "pattern", "rater"],
)
def test_a_page_of_an_export_goes_on_from_the_last_one(engine: Engine, selection: Selection) -> None:
    """By its key: nothing is sorted or read anew for each page, and labels are those of the fix."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, given, _x, _m: asked.append((sql, given)))
    with reading(engine) as connection:
        assert list(exports.pages(connection, selection)) == list(exports.commit_pages(connection, selection)) == []
        exports.posts(connection, [("example.org", 7)])
    for sql, given in [one for one in asked if one[0].startswith("SELECT")]:
        steps = plan(engine, sql, given)
        assert not [step for step in steps if step.startswith(("SCAN", "USE TEMP")) or "INDEX ix_fix_library" in step]
        assert not [step for step in steps if "(scheme=?" in step or step.endswith("(site=?)")]
