"""What a plan tells of a run that has nothing yet: over real HTTP, from the messages of real repositories."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers.github_data import Hub
from servers.github_generator import generate
from support.asking import Asker, Project

from miner import forecast
from miner.job import CollectRequest, PlanRow
from miner.plan import plan

FIX = "Fix crash of the model"
BOTH = ("github", "git")


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def asker(hub: Hub, tmp_path: Path) -> Iterator[Asker]:
    made = Asker(hub, f"sqlite:///{tmp_path / 'miner.db'}", tmp_path)
    with made.server:
        yield made
    assert made.server.violations == []


def planned(asker: Asker, **request: object) -> PlanRow:
    """Give what a plan says of issues and pull requests."""
    (row,) = [one for one in rows(asker, **request) if one.item == "issues and pull requests"]
    return row


def rows(asker: Asker, **request: object) -> tuple[PlanRow, ...]:
    asker._use()
    asked = CollectRequest(**{"sources": BOTH, "libraries": ("keras",), **request})  # type: ignore[arg-type]
    return plan(asker.runner.settings(), asked, asker.runner.recorder, asker.clock)


def requests(found: tuple[PlanRow, ...]) -> int:
    return sum(row.requests or 0 for row in found if row.source == "github")


def test_a_first_run_sends_what_its_plan_said(tmp_path: Path) -> None:
    """From an empty database, with issues, in one step: searches and GraphQL alike, and nothing is left behind."""
    asker = Asker(generate(12, tmp_path / "hub"), f"sqlite:///{tmp_path / 'miner.db'}", tmp_path)
    asker.settings |= {"searches": {"keras": ["keras in:name,description"], "torch": ["torch in:name,description"]}}
    with asker.server:
        found = rows(asker, libraries=("keras", "torch"), since=datetime(2019, 1, 1, tzinfo=UTC))
        queries = asker.queries()
        assert not (tmp_path / "data").exists()
        assert not (tmp_path / "miner.db").exists()
        summary = asker.collect(libraries=("keras", "torch"), since=datetime(2019, 1, 1, tzinfo=UTC))
    issues = next(row for row in found if row.item == "issues and pull requests")
    assert queries == 0
    assert summary.commits_asked > 20
    assert abs(requests(found) - summary.github_requests) <= 0.2 * summary.github_requests
    assert issues.items == summary.commits_asked
    assert issues.requests == summary.graphql_requests
    assert (issues.requests_low, issues.requests_high) == (None, None)
    assert "by the messages of 5 repositories" in issues.cost


@pytest.fixture
def many(hub: Hub, tmp_path: Path) -> Hub:
    """Give the hub eight repositories that have from 1 to 8 fixes."""
    for number in range(8):
        project = Project(hub, tmp_path, f"keras-{number}", 600 + number)
        for fix in range(number + 1):
            project.commit(f"fix{fix}", f"{FIX} {number} {fix}, see #{fix + 1}")
        project.push()
        hub.repositories[600 + number].stars = 10 * number
    return hub


@pytest.mark.usefixtures("many")
def test_of_many_repositories_some_tell_of_the_rest(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same ones each time; the plan says how many, and between what the truth may be."""
    monkeypatch.setattr(forecast, "MOST_HISTORIES", 4)
    asker.settings["evidence_commits"] = 1
    row = planned(asker)
    assert planned(asker) == row
    assert "estimated from the messages of 4 of 8 repositories" in row.cost
    summary = asker.collect()
    assert summary.graphql_requests == summary.commits_asked == 36
    assert row.requests_low is not None
    assert row.requests_high is not None
    assert row.requests_low <= 36 <= row.requests_high
    assert row.requests == pytest.approx(36, rel=0.2)


def test_what_is_stored_and_what_comes_are_added(asker: Asker, hub: Hub, tmp_path: Path) -> None:
    """A stored commit is counted once, whether or not its repository has new ones."""
    old, new = Project(hub, tmp_path), Project(hub, tmp_path, "keras-new", 501)
    for number in range(3):
        old.commit(f"old{number}", f"{FIX} {number}")
    old.push()
    asker.settings |= {"evidence": False, "evidence_commits": 2}
    asker.collect()
    old.commit("later", f"{FIX} again")
    old.push()
    new.commit("new", f"{FIX} here")
    new.push()
    asker.settings["evidence"] = True
    row = planned(asker)
    assert (row.items, row.requests) == (5, 3)
    summary = asker.collect()
    assert (summary.commits_asked, summary.graphql_requests) == (5, 3)
    assert (planned(asker).items, planned(asker).requests) == (0, 0)


@pytest.mark.usefixtures("many")
def test_a_repository_that_cannot_be_read_is_said(asker: Asker, hub: Hub) -> None:
    """The others tell of it."""
    path = hub.repositories[603].path
    assert path is not None
    path.rename(path.with_name("away"))
    row = planned(asker)
    assert "estimated from the messages of 7 of 8 repositories" in row.cost
    assert [item for item, text in asker.runner.recorder.warnings if "its messages are not read" in text] == [
        "ann/keras-3"
    ]


@pytest.mark.usefixtures("many")
def test_where_the_rest_cannot_be_read_it_is_not_taken_for_empty(
    asker: Asker, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read tells of it, too: the count of a part is not that of all."""
    monkeypatch.setattr(forecast, "MOST_HISTORIES", 4)
    asker.settings["evidence_commits"] = 1
    for number, repository in hub.repositories.items():
        if number < 606 and repository.path is not None:
            repository.path.rename(repository.path.with_name(f"away-{repository.path.name}"))
    row = planned(asker)
    assert "estimated from the messages of 2 of 8 repositories" in row.cost
    assert row.requests == (7 + 8) * 4
    assert (row.requests_low or 0) < (row.requests_high or 0)


@pytest.mark.usefixtures("many")
def test_where_no_repository_can_be_read_nothing_is_told(asker: Asker, hub: Hub) -> None:
    """Not known is no nought."""
    for repository in hub.repositories.values():
        assert repository.path is not None
        repository.path.rename(repository.path.with_name(f"away-{repository.path.name}"))
    row = planned(asker)
    assert (row.state, row.items, row.requests) == ("unreachable", None, None)


@pytest.mark.usefixtures("many")
def test_only_what_the_run_mines_counts(asker: Asker, tmp_path: Path) -> None:
    """By the window, the limit and the opt-out list; and nothing where no flow mines."""
    assert planned(asker, sources=("github",)).items == 0
    assert planned(asker, since=datetime(2030, 1, 1, tzinfo=UTC)).items == 0
    assert planned(asker, limit=1).items == asker.collect(limit=1).commits_asked == 8
    listed = tmp_path / "opt-out.txt"
    listed.write_text("repository: ann/keras-7\n", encoding="utf-8")
    asker._use()
    asker.runner.flags = {**asker.runner.flags, "collect": {"opt_out_file": str(listed)}}
    request = CollectRequest(sources=BOTH, libraries=("keras",))
    found = plan(asker.runner.settings(), request, asker.runner.recorder, asker.clock)
    assert found[-2].cost.endswith("of 7 repositories")


@pytest.mark.usefixtures("many")
def test_found_commits_are_judged_by_their_message(asker: Asker) -> None:
    """A search for commits tells it; their repositories are not read."""
    asker.settings |= {"strategies": ["commits"], "commit_searches": {"keras": ["crash merge:false"]}}
    row = planned(asker)
    summary = asker.collect()
    assert row.items == summary.commits_asked == 36
    assert row.requests == summary.graphql_requests == math.ceil(36 / 50)
    assert "of 36 commits that were found" in row.cost


@pytest.mark.usefixtures("many")
def test_what_only_code_names_is_looked_at(asker: Asker) -> None:
    """One with too few stars is not mined."""
    asker.settings |= {
        "strategies": ["code"],
        "code_searches": {"keras": ['"import keras" language:python']},
        "code_min_stars": 35,
    }
    row = planned(asker)
    summary = asker.collect()
    assert row.items == summary.commits_asked == 5 + 6 + 7 + 8


def test_commits_that_forks_share_count_once(asker: Asker, hub: Hub, tmp_path: Path) -> None:
    """As a run asks about each commit once."""
    project = Project(hub, tmp_path)
    project.commit("fix", FIX)
    project.push()
    fork = tmp_path / "fork.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", tmp_path / "keras-app.git", fork], check=True)
    hub.add_repository("bob", "keras-fork", path=fork, id=777)
    row = planned(asker)
    assert row.items == asker.collect().commits_asked == 1
