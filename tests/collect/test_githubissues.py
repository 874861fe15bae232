"""Asking GraphQL for the pull requests and issues of commits: a query that GitHub takes, and any answer is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.github_graphql import SCHEMA, Query

from miner.collect.githubanswers import Answer, QueryError
from miner.collect.githubissues import (
    AskedCommit,
    CommitAnswer,
    can_be_asked,
    cost_of,
    query_of,
    read_answer,
)
from miner.model import RawResponse

SHA = "a" * 40
COMMIT = AskedCommit(SHA, "ann/app", 5)
TARGET = "github.com/ann/app#7"
RESPONSE = RawResponse("github", "https://api.github.com/graphql", 200, "application/json", datetime.now(UTC), b"{}")


def answer(data: dict[str, Any], *errors: QueryError) -> Answer:
    return Answer(RESPONSE, data, errors=errors)


def node(number: int = 7, **changes: Any) -> dict[str, Any]:
    """Give an issue as GitHub does; a pull request has the field pullState."""
    found = {
        "__typename": "Issue",
        "number": number,
        "title": "It fails",
        "url": f"https://github.com/ann/app/issues/{number}",
        "issueState": "CLOSED",
        "createdAt": "2020-01-01T00:00:00Z",
        "closedAt": None,
        "repository": {"databaseId": 5, "nameWithOwner": "Ann/App"},
        "labels": connection({"name": "bug"}),
    }
    return {**found, **changes}


def pull(number: int = 8, *closes: Any, **changes: Any) -> dict[str, Any]:
    more = {"__typename": "PullRequest", "pullState": "MERGED", "closingIssuesReferences": connection(*closes)}
    return node(number, **{**more, **changes})


def connection(*nodes: Any, total: int | None = None) -> dict[str, Any]:
    return {"totalCount": len(nodes) if total is None else total, "nodes": list(nodes)}


def commit_of(*pulls: Any) -> dict[str, Any]:
    return {f"c_{SHA}": {"databaseId": 5, "object": {"oid": SHA, "associatedPullRequests": connection(*pulls)}}}


def read(data: dict[str, Any], *errors: QueryError) -> CommitAnswer:
    (found,), _ = read_answer(answer(data, *errors), [COMMIT], [])
    return found


@pytest.mark.parametrize(
    ("commits", "references"),
    [
        pytest.param([COMMIT], [TARGET, "github.com/a/b.c#1"], id="both"),
        pytest.param([COMMIT], [], id="commits"),
        pytest.param([], [TARGET], id="references"),
        pytest.param([AskedCommit("b" * 64, 'o"dd/na\\me', 1)], ['github.com/o"x/y\\z#1'], id="quoted"),
    ],
)
def test_the_query_is_one_that_github_takes(commits: list[AskedCommit], references: list[str]) -> None:
    """Valid by the schema, each part under its own alias, whatever the names hold."""
    text = query_of(commits, references)
    assert validate(SCHEMA, parse(text)) == []
    assert Query({"query": text}).errors == []


def test_the_largest_query_is_within_github_s_limits() -> None:
    """A hundred commits and references: fewer than 500,000 nodes, and few points."""
    commits = [AskedCommit(f"{number:040x}", "ann/app", 5) for number in range(100)]
    query = Query({"query": query_of(commits, [f"github.com/ann/app#{number}" for number in range(1, 101)])})
    assert query.errors == []
    assert query.price.nodes < 500_000
    assert query.price.cost <= 30


def test_merged_pull_requests_and_what_they_close_are_read() -> None:
    """One that is only open did not bring the commit."""
    found = read(commit_of(pull(8, node(7)), pull(9, pullState="OPEN")))
    assert (found.outcome, found.problems) == ("found", ())
    (brought,), (closed,) = found.pulls, found.closed
    assert (brought.kind, brought.state, brought.target_id) == ("pull_request", "merged", "github.com/ann/app#8")
    assert (closed.kind, closed.labels, closed.closed_at) == ("issue", ("bug",), None)


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        pytest.param({}, "unknown", id="nothing"),
        pytest.param({f"c_{SHA}": None}, "unknown", id="no-repository"),
        pytest.param({f"c_{SHA}": {"databaseId": 6, "object": None}}, "unknown", id="another-repository"),
        pytest.param({f"c_{SHA}": {"databaseId": 5, "object": None}}, "missing", id="no-commit"),
        pytest.param({f"c_{SHA}": {"databaseId": 5, "object": {"oid": "b" * 40}}}, "unknown", id="another-commit"),
        pytest.param({f"c_{SHA}": {"databaseId": 5, "object": {"oid": SHA}}}, "unknown", id="no-connection"),
        pytest.param(commit_of(None), "found", id="null-in-a-list"),
        pytest.param(commit_of(pull(title=None)), "found", id="odd-pull-request"),
        pytest.param(commit_of(pull(__typename="Issue")), "found", id="no-pull-request"),
        pytest.param(commit_of(pull(labels=connection(None))), "found", id="null-among-the-labels"),
        pytest.param(commit_of(pull(8, node(labels=None))), "found", id="odd-issue"),
        pytest.param(commit_of(pull(closingIssuesReferences=None)), "found", id="no-list-of-issues"),
        pytest.param(commit_of(pull(8, node(0))), "found", id="no-number"),
        pytest.param(commit_of(pull(createdAt="yesterday")), "found", id="no-date"),
    ],
)
def test_what_did_not_come_is_a_problem(data: dict[str, Any], outcome: str) -> None:
    """Never a commit of which nothing is said."""
    found = read(data)
    assert found.outcome == outcome
    assert found.problems


def test_an_error_within_a_part_is_told() -> None:
    """GitHub's type and message."""
    found = read({f"c_{SHA}": None}, QueryError(f"c_{SHA}", "NOT_FOUND", "no such repository"))
    assert found == CommitAnswer(SHA, "unknown", problems=("NOT_FOUND: no such repository",))


@pytest.mark.parametrize(
    ("raw", "kind", "availability"),
    [
        pytest.param({"issueOrPullRequest": node()}, "", "there", id="there"),
        pytest.param({"issueOrPullRequest": None}, "NOT_FOUND", "gone", id="deleted"),
        pytest.param(None, "NOT_FOUND", "gone", id="no-repository"),
        pytest.param(None, "FORBIDDEN", "unknown", id="forbidden"),
        pytest.param({"issueOrPullRequest": None}, "", "unknown", id="no-reason"),
        pytest.param({"issueOrPullRequest": node(url="nowhere")}, "", "unknown", id="odd"),
    ],
)
def test_a_reference_is_there_gone_or_unknown(raw: Any, kind: str, availability: str) -> None:
    """Only "not found" says that it is gone."""
    errors = [QueryError("r_7_0", kind, "said so")] if kind else []
    _, (found,) = read_answer(answer({"r_7_0": raw}, *errors), [], [TARGET])
    assert found.availability == availability
    assert bool(found.problem) is (availability != "there")


@pytest.mark.parametrize(
    ("target", "can"),
    [(TARGET, True), ("github.com/a/b#2147483647", True), ("github.com/a/b#2147483648", False), ("x/a/b#1", False)],
)
def test_a_number_that_would_fail_the_query_is_not_asked(target: str, can: bool) -> None:
    """GraphQL's integers have 32 bits."""
    assert can_be_asked(target) is can


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """Give an answer of which one value anywhere is something else."""
    data: dict[str, Any] = {**commit_of(pull(8, node(7)), pull(9)), "r_7_0": {"issueOrPullRequest": node()}}
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            walk(value[key])

    walk(data)
    holder, key = draw(st.sampled_from(range(len(places))).map(places.__getitem__))
    holder[key] = draw(JSON)
    return data


@settings(deadline=None)
@given(spoilt())
def test_any_answer_is_read(data: dict[str, Any]) -> None:
    """What is not of GitHub's form is a problem in words, and never an exception."""
    (commit,), (reference,) = read_answer(answer(data), [COMMIT], [TARGET])
    assert commit.outcome in ("found", "missing", "unknown")
    whole = len(commit.pulls) == 2 and len(commit.closed) == 1
    assert whole or commit.problems or any(one.get("pullState") != "MERGED" for one in pulls_of(data))
    assert (reference.issue is None) == bool(reference.problem)
    assert cost_of(answer(data)) == 0


def pulls_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    nodes: list[Any] = data[f"c_{SHA}"]["object"]["associatedPullRequests"]["nodes"]
    return [one for one in nodes if isinstance(one, dict)]


@settings(deadline=None)
@given(JSON)
def test_a_cost_is_a_number(cost: Any) -> None:
    """Or nothing is known of it."""
    found = cost_of(answer({"rateLimit": {"cost": cost}}))
    assert found == (cost if type(cost) is int and 0 <= cost < 2**31 else 0)
