"""What the metrics read of a database: totals of runs, each counted once; how far what is proved."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from support.clocks import START
from support.repositories import keras_history
from support.runs import Runner

from miner.daemon.lag import lags
from miner.job import CollectRequest, activity_query, tags
from miner.settings import load
from miner.store import readings
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval
from miner.store.readings import Budget, Totals
from miner.store.session import open_engine, reading, writing

BUDGET = {"source": "github", "account": "token 1", "resource": "core", "limit": 5000, "reset_epoch": 9}


def begin(engine: Engine) -> int:
    with writing(engine) as connection:
        return store.start_run(connection, "collect", {}, "0")


def end(engine: Engine, run_id: int, **summary: Any) -> None:
    with writing(engine) as connection:
        store.finish_run(connection, run_id, "complete", summary)


def read(engine: Engine, totals: Totals) -> Totals:
    with reading(engine) as connection:
        totals.read(connection)
    return totals


def test_runs_count_once_when_they_have_ended(engine: Engine) -> None:
    """Those from before the first reading do not count, unless they end after it; killed ones never do."""
    end(engine, begin(engine), questions=1000, pages={"git": 1000})
    killed, slow = begin(engine), begin(engine)
    totals = read(engine, Totals())
    assert totals.items["stackoverflow"] == 0
    quick = begin(engine)
    end(engine, quick, seen=7, questions=11, found=13, fixes=17, pages={"git": 19})
    assert read(engine, totals).items == {"git": 7, "stackoverflow": 11, "github": 13}
    end(engine, slow, questions=100, pages={"git": 1, "github": 2})
    for _ in range(2):
        read(engine, totals)
    assert (totals.items["stackoverflow"], totals.fixes) == (111, 17)
    assert (totals.pages, totals.runs) == ({"git": 20, "github": 2}, {"complete": 2})
    end(engine, killed)
    assert read(engine, totals).runs == {"complete": 3}


def test_requests_count_for_the_account_that_they_used(engine: Engine) -> None:
    """One that is known from before has 0, so that what comes is an increase."""
    one, other = ("github", "token 1", "core"), ("stackoverflow", "key", "day")
    sent = [dict(zip(("source", "account", "resource"), key, strict=True), requests=3) for key in (one, other)]
    end(engine, begin(engine), budgets=[{**BUDGET, "remaining": 4000}], sent=sent)
    totals = read(engine, Totals())
    assert totals.requests == {one: 0}
    for _ in range(2):
        end(engine, begin(engine), sent=sent)
    assert read(engine, totals).requests == {one: 6, other: 6}


def test_questions_that_are_looked_at_again_are_nothing_new(engine: Engine) -> None:
    """They come every day, whether or not any new one does: an alert on nothing new would never fire."""
    totals = read(engine, Totals())
    end(engine, begin(engine), questions=100, reobserved=100)
    assert read(engine, totals).items["stackoverflow"] == 0
    end(engine, begin(engine), questions=103, reobserved=100)
    assert read(engine, totals).items["stackoverflow"] == 3


def test_budgets_are_what_was_said_last(engine: Engine) -> None:
    """Also before this daemon started."""
    end(engine, begin(engine), budgets=[{**BUDGET, "remaining": 4000}])
    end(engine, begin(engine), budgets=[{**BUDGET, "remaining": 3000}])
    totals = read(engine, Totals())
    assert totals.budgets == {("github", "token 1", "core"): Budget(3000, 5000, 9)}
    end(engine, begin(engine), budgets=[{**BUDGET, "remaining": 2000}])
    assert read(engine, totals).budgets[("github", "token 1", "core")].remaining == 2000


def test_a_reading_is_what_the_views_say(database_url: str, tmp_path: Path) -> None:
    """On both databases: fixes, omissions, gaps, label shares and sizes."""
    runner = Runner(database_url, tmp_path / "data")
    runner.collect(keras_history(tmp_path / "r.git", 30).path)
    runner.collect(tmp_path / "nothing.git")
    engine = open_engine(database_url)
    with reading(engine) as connection:
        found = readings.read(connection)
        status = dict(connection.execute(text("SELECT library, COUNT(*) FROM fix GROUP BY library")).all())
    engine.dispose()
    assert {library: count for (_, library), count in found.fixes.items()} == status
    assert found.omissions["git", "repository_missing"] == 1
    assert sum(found.labels.values()) == pytest.approx(1)
    assert found.database_bytes > 100_000


def test_the_lag_is_that_of_the_tag_furthest_behind(engine: Engine) -> None:
    """Since the moment up to which everything is at hand; infinite while a tag has never been asked for."""
    jobs = {"questions": {"run": "questions", "every": "1h", "libraries": ["theano", "caffe"]}}
    settings = load(environ={}, flags={"daemon": {"jobs": jobs}})
    run_id, now = begin(engine), int(START.timestamp())

    def cover(tag: str, until: int, complete: bool = True) -> None:
        row = Coverage(
            "stackoverflow", activity_query("stackoverflow.com", tag), "", Interval(0, until), run_id, complete=complete
        )
        with writing(engine) as connection:
            store.add_coverage(connection, row)

    def lag() -> dict[str, float]:
        with reading(engine) as connection:
            return lags(connection, settings, START)

    cover("caffe", now - 60)
    assert lag() == {"stackoverflow": math.inf}
    for tag in tags(CollectRequest(libraries=("theano", "caffe")), settings):
        cover(tag, now - (3600 if tag == "theano" else 60))
    assert lag() == {"stackoverflow": 3600}
    cover("theano", now - 30, complete=False)
    assert lag() == {"stackoverflow": 3600}


def test_the_lag_of_git_is_that_of_the_repository_left_alone_for_longest(database_url: str, tmp_path: Path) -> None:
    """Of those that the daemon fetches and that are there."""
    old, new = (keras_history(tmp_path / f"{name}.git", 2).path for name in ("old", "new"))
    runner = Runner(database_url, tmp_path / "data")
    runner.collect(old, new)
    engine = open_engine(database_url)
    jobs = {"fetch": {"run": "fetch", "every": "1h"}}
    flags = {"daemon": {"jobs": jobs}, "git": {"repositories": [str(old), str(new), str(tmp_path / "none.git")]}}
    settings = load(environ={}, flags=flags)
    with writing(engine) as connection:
        connection.execute(
            text("UPDATE repository SET checked_at = '2024-03-01 10:00:00+00:00' WHERE repository_id = 1")
        )
    with reading(engine) as connection:
        newer = connection.execute(text("SELECT MAX(checked_at) FROM repository")).scalar()
        assert newer is not None
        assert lags(connection, settings, START) == {"git": timedelta(hours=2).total_seconds()}
    with writing(engine) as connection:
        connection.execute(text("UPDATE repository SET availability = 'gone'"))
    with reading(engine) as connection:
        assert lags(connection, settings, START) == {"git": math.inf}
    engine.dispose()
