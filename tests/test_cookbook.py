"""Every query of the cookbook runs, on both databases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.pages import NOON, VERDICT, commit, fix, sha
from support.resplit import GONE, GONE_POST, add_resplit

from miner.classify.version import RATER
from miner.store import repository
from miner.store.query import asked
from miner.store.rows import PageBuilder
from miner.store.session import writing

TEXT = (Path(__file__).parents[1] / "docs" / "cookbook.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^## (\d+)\. ([^\n]+)\n\n```sql\n(.*?)```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Three fixes of one repository; one of them was taken back."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        number = repository.register_repository(
            connection, run_id=run_id, name="o/n", host="github.com", clone_url="https://github.com/o/n.git"
        )
        page = PageBuilder("git", run_id, number, "bugfix/1")
        for at, pattern in enumerate(("add_layer", "add_layer", "unknown")):
            page.commit(commit(at, f"Fix {at}"), VERDICT)
            page.fix(fix(sha(at), "keras", pattern), NOON)
        repository.write_page(connection, page.rows)
    return engine


def test_there_are_twenty_numbered_questions() -> None:
    """Also the check that the queries were found at all."""
    assert [int(number) for number, _, _ in RECIPES] == list(range(1, 21))
    assert TEXT.count("```sql") == len(RECIPES)


@pytest.mark.parametrize(("number", "title", "sql"), RECIPES, ids=[number for number, _, _ in RECIPES])
def test_a_recipe_runs(filled: Engine, number: str, title: str, sql: str) -> None:
    """As it is pasted, and read-only."""
    with asked(filled, sql) as answer:
        assert answer.columns
        assert all(len(row) == len(answer.columns) for row in answer.rows)


def answer_to(engine: Engine, number: int) -> list[tuple[object, ...]]:
    with asked(engine, RECIPES[number - 1][2]) as answer:
        return [tuple(row) for row in answer.rows]


def test_the_answers_are_those_of_the_rows(filled: Engine) -> None:
    """Counts, shares and bug fixes as they were put in."""
    assert [row[:3] for row in answer_to(filled, 1)] == [("git", "keras", 3)]
    shares = [(pattern, fixes, float(str(share))) for _, pattern, fixes, share in answer_to(filled, 2)]
    assert shares == [("add_layer", 2, 66.7), ("unknown", 1, 33.3)]
    assert answer_to(filled, 12) == [("o/n", 3, 3, 3)]
    assert [row[:2] for row in answer_to(filled, 13)] == [("o/n", 3)]
    assert [row[2:] for row in answer_to(filled, 6)] == [("add_layer", 2), ("unknown", 1)]


@pytest.mark.parametrize(("number", "title", "sql"), RECIPES, ids=[number for number, _, _ in RECIPES])
def test_no_recipe_tells_of_a_superseded_fix(resplit: Engine, number: str, title: str, sql: str) -> None:
    """Newer rules see others in its place."""
    with asked(resplit, sql) as answer:
        assert not {GONE, GONE_POST} & {value for row in answer.rows for value in row}


def test_counts_are_of_fixes_in_force_and_of_one_rater_each(resplit: Engine) -> None:
    """Four fixes, of which the rules in force alone have labels in force."""
    assert [row[:3] for row in answer_to(resplit, 1)] == [("git", "keras", 3), ("stackoverflow", "keras", 1)]
    by_rater = {number: answer_to(resplit, number) for number in (2, 5, 6, 10)}
    assert {row[0] for rows in by_rater.values() for row in rows} == {RATER}
    assert sum(int(str(row[2])) for row in by_rater[2]) == 4
    assert sum(int(str(row[2])) + int(str(row[3])) for row in by_rater[5]) == 4
    assert sum(int(str(row[3])) for row in by_rater[6]) == 4


@pytest.fixture
def resplit(engine: Engine) -> Engine:
    """Four fixes in force, two superseded."""
    add_resplit(engine)
    return engine
