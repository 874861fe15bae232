"""An audit against real servers and git: it finds what was lost, whatever took it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers.github import GitHub
from servers.github_generator import generate as make_hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import Engine
from support.clocks import PretendClock
from support.repositories import keras_history
from support.runs import Recorder, Runner

from miner.audit.flow import audit, plan
from miner.audit.model import Audit, AuditRequest
from miner.errors import AuditError
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval
from miner.store.session import open_engine, writing
from miner.store.tables import metadata

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
EVERYTHING = 10_000


@dataclass
class Audited:
    """A database that was filled from a source, and the source."""

    runner: Runner
    server: Any = None

    def audit(self, **request: Any) -> Audit:
        """Audit everything, if nothing else is asked for."""
        asked = AuditRequest(**{"sample": EVERYTHING, **request})
        return audit(self.runner.settings(), asked, Recorder(), self.runner.clock)

    def lose(self, *lost: tuple[str, str, Any]) -> None:
        """Take the rows with a value in a column of a table away, behind the miner's back."""
        engine = open_engine(self.runner.database_url)
        with writing(engine) as connection:
            for table, column, value in lost:
                connection.execute(metadata.tables[table].delete().where(metadata.tables[table].c[column] == value))
        engine.dispose()


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """The URL of a database: of SQLite, where nothing else is asked for."""
    return str(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))


@pytest.fixture
def asked(place: str, tmp_path: Path) -> Iterator[Audited]:
    """A database with all questions of a site."""
    clock = PretendClock(NOW)
    with StackExchange(
        Site(generate(320, tags=("keras", "tf.keras"))), clock=clock.monotonic, keys=["known"]
    ) as server:
        server.date = lambda: clock.now().timestamp()
        flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
        runner = Runner(place, tmp_path / "data", flags, clock=clock)
        assert runner.collect(sources=("stackoverflow",), libraries=("keras",)).status == "complete"
        yield Audited(runner, server)
        assert server.violations == []


@pytest.fixture
def mined(place: str, tmp_path: Path) -> Audited:
    """A database with all commits of a repository."""
    runner = Runner(place, tmp_path / "data", clock=PretendClock(NOW))
    runner.collect(keras_history(tmp_path / "r.git", 160).path)
    return Audited(runner)


@pytest.fixture
def searched(place: str, tmp_path: Path) -> Iterator[Audited]:
    """A database with what searches on a GitHub find."""
    clock = PretendClock(NOW)
    with GitHub(make_hub(8, tmp_path / "hub", commits=6), clock=clock, tokens={"known": "someone"}) as server:
        github = {"api_url": server.url, "clone_url": server.clone_url, "tokens": "known"}
        searches = {"keras": ["deep in:description"], "torch": [], "caffe": [], "tensorflow": [], "theano": []}
        flags: dict[str, dict[str, Any]] = {"github": {**github, "searches": searches}}
        runner = Runner(place, tmp_path / "data", flags, clock=clock)
        assert runner.collect(sources=("github",)).status == "complete"
        yield Audited(runner, server)
        assert server.violations == []


BOTH = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


@BOTH
@pytest.mark.parametrize("name", ["asked", "mined", "searched"])
def test_of_a_whole_database_nothing_is_missing(request: pytest.FixtureRequest, name: str, place: str) -> None:
    """Its recall is 1, of all items, and it is not changed by the audit."""
    audited: Audited = request.getfixturevalue(name)
    before = audited.runner.rows("SELECT * FROM crawl_run ORDER BY run_id")
    found = audited.audit()
    assert found.complete
    assert found.gaps == ()
    for source in found.sources:
        assert source.recall is not None
        assert (source.recall.low, source.recall.value) == (1.0, 1.0)
        assert source.asked == source.sampled == source.slices
        assert source.items == source.accounted > 5
        assert source.differences == ()
    assert audited.runner.rows("SELECT * FROM crawl_run ORDER BY run_id") == before


@BOTH
def test_lost_questions_and_answers_are_named(asked: Audited) -> None:
    """As many as were lost; the recall is the share that is left."""
    unique = "SELECT MIN(post_id) FROM post WHERE kind = 'question' AND judged_as <> '' AND answer_count = 0"
    lost = asked.runner.one(unique)
    tables = ("post_observation", "post_tag", "comment", "post")
    asked.lose(
        ("omission", "subject", f"question:stackoverflow.com:{lost}"), *((name, "post_id", lost) for name in tables)
    )
    found = asked.audit()
    (source,) = found.sources
    assert not found.complete
    assert {(one.kind, one.item) for one in source.differences} == {("missing", f"https://stackoverflow.com/q/{lost}")}
    assert source.recall is not None
    assert source.items - source.accounted == len(source.differences)
    assert source.recall.value == source.accounted / source.items < 1


def test_what_was_asked_later_is_not_missing(asked: Audited) -> None:
    """An edit after the last run brings a question in view again, with an answer that no run can have seen."""
    number = asked.runner.one("SELECT MIN(question_id) FROM post WHERE kind = 'question'")
    asked.server.sites["stackoverflow"].answer(number, "<p>Late</p>", at=int(NOW.timestamp()) + 10)
    assert isinstance(asked.runner.clock, PretendClock)
    asked.runner.clock.advance(days=1)
    found = asked.audit()
    assert found.complete
    assert {one.kind for source in found.sources for one in source.differences} == {"later"}


def test_a_row_that_the_source_lost_is_no_missing_one(asked: Audited) -> None:
    """A deleted question is said to be gone; the recall is of what the source has."""
    number = asked.runner.one("SELECT MIN(question_id) FROM post WHERE kind = 'question'")
    asked.server.sites["stackoverflow"].delete(number)
    found = asked.audit()
    assert found.complete
    assert {(one.kind, one.item.rpartition("/")[2]) for source in found.sources for one in source.differences} == {
        ("gone", str(number))
    }


@BOTH
def test_lost_commits_are_named(mined: Audited) -> None:
    """Also one at the very start of the history, before everything that is stored."""
    first, other = (row[0] for row in mined.runner.rows(_LOOSE))
    tables = ("repository_commit", "bug_fix_evidence", "git_commit")
    mined.lose(*((name, "sha", sha) for name in tables for sha in (first, other)))
    (source,) = mined.audit().sources
    assert {one.item.partition("@")[2] for one in source.differences} == {first, other}
    assert {one.kind for one in source.differences} == {"missing"}
    assert source.accounted == source.items - 2


_LOOSE = (
    "SELECT sha FROM git_commit WHERE sha NOT IN (SELECT sha FROM file_change) AND sha NOT IN "
    "(SELECT COALESCE(sha, '') FROM omission) ORDER BY committed_epoch LIMIT 2"
)


@BOTH
def test_a_lost_repository_is_named(searched: Audited) -> None:
    """What a search found, and no row says so."""
    number = searched.runner.one("SELECT MAX(repository_id) FROM discovery")
    name = searched.runner.one("SELECT name FROM repository WHERE repository_id = :number", number=number)
    searched.lose(("discovery", "repository_id", number))
    (source,) = searched.audit().sources
    assert [(one.kind, one.item) for one in source.differences] == [("missing", name)]


@BOTH
def test_a_gap_of_the_ledger_is_told(asked: Audited) -> None:
    """Even where nothing of it is sampled."""
    query = "stackoverflow.com tag=torch by=creation"
    gap = Coverage("stackoverflow", query, "", Interval(0, 9), 1, complete=False, reason="site_unreachable")
    engine = open_engine(asked.runner.database_url)
    with writing(engine) as connection:
        store.add_coverage(connection, gap)
    engine.dispose()
    found = asked.audit()
    assert not found.complete
    assert [(gap.since_epoch, gap.until_epoch, gap.reason) for gap in found.gaps] == [(0, 9, "site_unreachable")]


def test_the_seed_chooses_the_sample(asked: Audited) -> None:
    """The same seed asks the same, another asks something else."""
    first = asked.audit(sample=2, seed=5)
    asked.server.requests.clear()
    assert asked.audit(sample=2, seed=5).sources == first.sources
    windows = [request.query for request in asked.server.requests if request.method == "/questions"]
    asked.server.requests.clear()
    asked.audit(sample=2, seed=6)
    assert windows != [request.query for request in asked.server.requests if request.method == "/questions"]


def test_a_plan_asks_nothing_and_says_what_is_asked(asked: Audited) -> None:
    """Requests are as many as the plan says."""
    asked.server.requests.clear()
    request = AuditRequest(sample=3, sources=("stackoverflow",))
    (row,) = plan(asked.runner.settings(), request, Recorder(), asked.runner.clock)
    assert asked.server.requests == []
    assert row.sampled == 3
    asked.audit(sample=3, sources=("stackoverflow",))
    assert len(asked.server.requests) == row.requests


def test_a_spent_budget_is_said_and_makes_the_audit_partial(asked: Audited) -> None:
    """The figures are those of what was asked."""
    found = asked.audit(budget=2)
    (source,) = found.sources
    assert not found.complete
    assert source.asked < source.sampled
    assert "budget" in source.failures[0]


@BOTH
def test_a_window_narrows_down_what_is_asked(mined: Audited) -> None:
    """Only slices of the window are drawn."""
    found = mined.audit(since=datetime(2017, 8, 1, tzinfo=UTC), until=datetime(2017, 9, 1, tzinfo=UTC))
    assert found.sources[0].items == mined.runner.one(
        "SELECT COUNT(*) FROM git_commit WHERE committed_at >= '2017-08-01' AND committed_at < '2017-09-01'"
    )


def test_a_source_that_does_not_answer_is_said(asked: Audited) -> None:
    """Nothing is estimated of what could not be asked."""
    asked.server.faults = lambda _number: "closed"
    (source,) = asked.audit().sources
    assert source.asked == 0
    assert source.recall is None
    assert source.failures


def test_an_empty_ledger_cannot_be_audited(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """There is nothing that could be compared."""
    runner = Runner(database_url, tmp_path / "data")
    with pytest.raises(AuditError):
        audit(runner.settings(), AuditRequest(), Recorder(), PretendClock(NOW))
