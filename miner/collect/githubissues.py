"""Asks GitHub's GraphQL API which pull requests brought commits, which issues these close, and what references are.

One query has many parts, each under an alias of its own: a commit (``c_SHA``) or a reference (``r_NUMBER_PLACE``), so
that what is not there costs its own part alone. https://docs.github.com/en/graphql/reference/objects#commit and, for
what a query costs, https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api.
Nothing is taken on trust: a part is whatever JSON may hold. A reason never quotes a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from miner.collect import jsonfields
from miner.collect.githubanswers import Answer
from miner.collect.githubitems import FULL_NAME, INT32, INT64, URL
from miner.collect.jsonfields import Json, UnreadableError

MOST_PULLS: Final = 3
"""Pull requests of a commit that are asked for: one that was merged has one, as a rule."""

MOST_CLOSED: Final = 5
"""Issues that a pull request closes that are asked for."""

MOST_LABELS: Final = 100
"""An issue has no more."""

_ISSUE = "Issue"
_PULL = "PullRequest"
_TARGET = re.compile(r"github\.com/([^/#\s]{1,100})/([^/#\s]{1,100})#([1-9]\d{0,9})")
_FRAGMENTS: Final = f"""
fragment Labels on LabelConnection {{ totalCount nodes {{ name }} }}
fragment Home on Repository {{ databaseId nameWithOwner }}
fragment OneIssue on Issue {{
  __typename number title url issueState: state createdAt closedAt
  repository {{ ...Home }} labels(first: {MOST_LABELS}) {{ ...Labels }}
}}
fragment OnePull on PullRequest {{
  __typename number title url pullState: state createdAt closedAt
  repository {{ ...Home }} labels(first: {MOST_LABELS}) {{ ...Labels }}
}}
fragment OneCommit on Commit {{
  oid
  associatedPullRequests(first: {MOST_PULLS}) {{
    totalCount
    nodes {{
      ...OnePull
      closingIssuesReferences(first: {MOST_CLOSED}) {{ totalCount nodes {{ ...OneIssue }} }}
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or a pull request as GitHub showed it; ``full_name`` is that of its repository."""

    github_id: int
    full_name: str
    number: int
    kind: Literal["issue", "pull_request"]
    title: str
    state: str
    created_at: datetime
    closed_at: datetime | None
    url: str
    labels: tuple[str, ...]

    @property
    def target_id(self) -> str:
        """Name it as a link does."""
        return f"github.com/{self.full_name.lower()}#{self.number}"


@dataclass(frozen=True, slots=True)
class AskedCommit:
    """A commit to ask for, in a repository by its name, which has GitHub's number ``github_id``."""

    sha: str
    full_name: str
    github_id: int


@dataclass(frozen=True, slots=True)
class CommitAnswer:
    """What GitHub says of a commit: the pull requests that were merged with it, and the issues that these close.

    ``outcome`` is found; missing, where the repository is there without it; or unknown. ``problems`` say what of it
    did not come.
    """

    sha: str
    outcome: Literal["found", "missing", "unknown"]
    pulls: tuple[Issue, ...] = ()
    closed: tuple[Issue, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceAnswer:
    """What a reference leads to. ``availability`` is there, gone (or it never was there, or is private) or unknown."""

    target_id: str
    availability: Literal["there", "gone", "unknown"]
    issue: Issue | None = None
    problem: str = ""


def can_be_asked(target_id: str) -> bool:
    """Tell whether a reference can be one of GitHub's: a number that GraphQL cannot hold would fail the whole query."""
    found = _TARGET.fullmatch(target_id)
    return found is not None and int(found[3]) <= INT32


def query_of(commits: Sequence[AskedCommit], references: Sequence[str]) -> str:
    """Write the query for commits, and for references that :func:`can_be_asked`."""
    parts = [
        f"  c_{one.sha}: {_named(*one.full_name.split('/', 1))} "
        f"{{ databaseId object(oid: {json.dumps(one.sha)}) {{ ...OneCommit }} }}"
        for one in commits
    ]
    for alias, target_id in _aliases(references).items():
        owner, name, number = _parts(target_id)
        found = f"issueOrPullRequest(number: {number}) {{ ...OneIssue ...OnePull }}"
        parts.append(f"  {alias}: {_named(owner, name)} {{ {found} }}")
    # A fragment that is not used is an error.
    used = _FRAGMENTS if commits else _FRAGMENTS.partition("fragment OneCommit")[0]
    return "query {\n  rateLimit { cost }\n" + "\n".join(parts) + f"\n}}\n{used}"


def read_answer(
    answer: Answer, commits: Sequence[AskedCommit], references: Sequence[str]
) -> tuple[list[CommitAnswer], list[ReferenceAnswer]]:
    """Read the answer to :func:`query_of` with the same arguments."""
    errors = {error.alias: error for error in reversed(answer.errors)}

    def problem(alias: str) -> str:
        error = errors.get(alias)
        return "" if error is None else f"{error.kind or 'error'}: {error.message}"

    def is_gone(alias: str) -> bool:
        return alias in errors and errors[alias].kind == "NOT_FOUND"

    read = [_commit(one, answer.data.get(f"c_{one.sha}"), problem(f"c_{one.sha}")) for one in commits]
    return read, [
        _reference(target_id, answer.data.get(alias), problem(alias), gone=is_gone(alias))
        for alias, target_id in _aliases(references).items()
    ]


def cost_of(answer: Answer) -> int:
    """Give the points that a query cost, as GitHub says; 0 where it does not."""
    limit = answer.data.get("rateLimit")
    cost = limit.get("cost") if isinstance(limit, dict) else None
    return cost if type(cost) is int and 0 <= cost <= INT32 else 0


def _aliases(references: Sequence[str]) -> dict[str, str]:
    return {f"r_{_parts(target_id)[2]}_{place}": target_id for place, target_id in enumerate(references)}


def _parts(target_id: str) -> tuple[str, str, int]:
    found = _TARGET.fullmatch(target_id)
    if found is None:
        raise ValueError(f"not a reference on GitHub: {target_id!r}")
    return found[1], found[2], int(found[3])


def _named(owner: str, name: str) -> str:
    return f"repository(owner: {json.dumps(owner)}, name: {json.dumps(name)})"


def _commit(asked: AskedCommit, raw: object, error: str) -> CommitAnswer:
    try:
        if raw is None:
            return CommitAnswer(asked.sha, "unknown", problems=(error or "the repository did not come",))
        repository = jsonfields.json_object(raw, "the repository")
        if jsonfields.whole(repository, "databaseId", 1, INT64) != asked.github_id:
            return CommitAnswer(asked.sha, "unknown", problems=("the name leads to another repository now",))
        if repository.get("object") is None:
            return CommitAnswer(asked.sha, "unknown" if error else "missing", problems=(error or "it is not there",))
        commit = jsonfields.json_object(repository["object"], "the commit")
        if commit.get("oid") != asked.sha:
            raise UnreadableError("oid is not the one that was asked for")
        problems = [error] if error else []
        pulls, closed = _pulls(commit, problems)
    except UnreadableError as unreadable:
        return CommitAnswer(asked.sha, "unknown", problems=(f"the answer is not of GitHub's form: {unreadable}",))
    return CommitAnswer(asked.sha, "found", tuple(pulls), tuple(closed), tuple(dict.fromkeys(problems)))


def _pulls(commit: Json, problems: list[str]) -> tuple[list[Issue], list[Issue]]:
    """Read the merged pull requests of a commit and what they close; note what did not come."""
    pulls, closed = [], []
    for raw in _nodes(commit, "associatedPullRequests", problems):
        try:
            pull = _issue(raw, _PULL)
            if pull.state != "merged":
                continue
            pulls.append(pull)
            closing = list(_nodes(raw, "closingIssuesReferences", problems))
        except UnreadableError as unreadable:
            problems.append(f"a pull request is not of GitHub's form: {unreadable}")
            continue
        closed += _readable(closing, problems)
    return pulls, closed


def _readable(nodes: Iterable[Json], problems: list[str]) -> list[Issue]:
    found = []
    for raw in nodes:
        try:
            found.append(_issue(raw, _ISSUE))
        except UnreadableError as unreadable:
            problems.append(f"an issue is not of GitHub's form: {unreadable}")
    return found


def _nodes(parent: Json, name: str, problems: list[str]) -> list[Json]:
    """Give the nodes of a connection; note those that are null, and those that it has beyond the page.

    :raises UnreadableError: if it is no connection.
    """
    connection = jsonfields.json_object(parent.get(name), name)
    nodes = connection.get("nodes")
    if not isinstance(nodes, list):
        raise UnreadableError(f"{name}.nodes is no list")
    there = [node for node in nodes if isinstance(node, dict)]
    total = jsonfields.whole(connection, "totalCount", 0, INT32)
    if total > len(there):
        problems.append(f"of {total} {name}, {len(there)} came")
    return there


def _reference(target_id: str, raw: object, error: str, *, gone: bool) -> ReferenceAnswer:
    found = raw.get("issueOrPullRequest") if isinstance(raw, dict) else None
    if found is None:
        return ReferenceAnswer(target_id, "gone" if gone else "unknown", None, error or "it did not come")
    try:
        return ReferenceAnswer(target_id, "there", _issue(jsonfields.json_object(found, "the issue"), _ISSUE, _PULL))
    except UnreadableError as unreadable:
        return ReferenceAnswer(target_id, "unknown", None, f"the answer is not of GitHub's form: {unreadable}")


def _issue(raw: Json, *kinds: str) -> Issue:
    """Read an issue or a pull request, if it is of one of these types."""
    if raw.get("__typename") not in kinds:
        raise UnreadableError(f"__typename is none of {', '.join(kinds)}")
    is_pull = raw["__typename"] == _PULL
    home = jsonfields.json_object(raw.get("repository"), "repository")
    return Issue(
        github_id=jsonfields.whole(home, "databaseId", 1, INT64),
        full_name=jsonfields.matching(home, "nameWithOwner", FULL_NAME),
        number=jsonfields.whole(raw, "number", 1, INT32),
        kind="pull_request" if is_pull else "issue",
        title=jsonfields.text(raw, "title"),
        state=_state(raw, "pullState" if is_pull else "issueState"),
        created_at=jsonfields.moment(raw, "createdAt"),
        closed_at=jsonfields.optional(jsonfields.moment, raw, "closedAt"),
        url=jsonfields.matching(raw, "url", URL),
        labels=_labels(raw),
    )


def _state(raw: Json, name: str) -> str:
    state = jsonfields.text(raw, name)
    if state not in ("OPEN", "CLOSED", "MERGED"):
        raise UnreadableError(f"{name} is none of OPEN, CLOSED and MERGED")
    return state.lower()


def _labels(raw: Json) -> tuple[str, ...]:
    problems: list[str] = []
    nodes = _nodes(raw, "labels", problems)
    if problems:
        raise UnreadableError(f"labels are not whole: {problems[0]}")
    return tuple(dict.fromkeys(jsonfields.text(node, "name") for node in nodes))
