"""Every query about what is due: commits to ask GitHub for, issues to look up, commits that issues made a fix."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from miner.model import OmissionReason
from miner.store.coverage import Interval
from miner.store.githubtables import discovery, github_repository, link
from miner.store.issuetables import evidence_request, issue_reference
from miner.store.judgements import OWN_UNTIL
from miner.store.rows import EVIDENCE_FROM
from miner.store.tables import (
    bug_fix_evidence,
    file_change,
    fix,
    git_commit,
    omission,
    repository,
    repository_commit,
)

_CHUNK = 500
HAIR = 1e-6
"""Weights have one decimal: a sum that is a hair below the bound for its order is not below it."""

_FINAL = (
    OmissionReason.NO_LIBRARY_CODE,
    OmissionReason.COMMIT_TOO_LARGE,
    OmissionReason.COMMIT_UNREADABLE,
    OmissionReason.COMMIT_FAILED,
    OmissionReason.COMMIT_MISSING,
    OmissionReason.HISTORY_SHALLOW,
)
# GitHub shows a pull request at the repository that it was made for, not at forks.
_BEST_FIRST = git_commit.c.sha, func.coalesce(github_repository.c.fork, False), repository.c.github_id


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which commits something is wanted.

    ``libraries`` are those for which searches found their repository, empty: any on GitHub; ``window`` is of committer
    dates.
    """

    libraries: tuple[str, ...] = ()
    window: Interval = field(default_factory=Interval)

    def conditions(self) -> list[ColumnElement[bool]]:
        """Give it for a query of commits and repositories."""
        found = [
            repository.c.github_id.is_not(None),
            repository.c.availability != "gone",
            git_commit.c.committed_epoch >= self.window.since,
            git_commit.c.committed_epoch < self.window.until,
        ]
        if self.libraries:
            wanted = select(discovery.c.repository_id).where(discovery.c.library.in_(sorted(self.libraries)))
            found.append(repository.c.repository_id.in_(wanted))
        return found


@dataclass(frozen=True, slots=True)
class DueCommit:
    """A commit to ask for, in the best of the repositories that hold it: no fork, if there is one."""

    sha: str
    repository_id: int
    github_id: int
    full_name: str


def due_commits(connection: Connection, scope: Scope, least: float) -> list[DueCommit]:
    """Give the commits for which nobody asked yet and whose message says enough, by repository and sha.

    The message alone decides: of some commits no diff was read yet, and which these are depends on what ran before.

    :param least: the sum of the weights of what the message says.
    """
    own = _message_sums()
    asked = exists().where(
        evidence_request.c.sha == git_commit.c.sha, evidence_request.c.repository_id == repository.c.repository_id
    )
    rows = connection.execute(
        _held(asked.label("asked"))
        .outerjoin(own, own.c.sha == git_commit.c.sha)
        .where(func.coalesce(own.c.own_sum, 0.0) >= least - HAIR, *scope.conditions())
        .order_by(*_BEST_FIRST)
    )
    best: dict[str, tuple[DueCommit, bool]] = {}
    for row in rows:
        best.setdefault(row.sha, (DueCommit(row.sha, row.repository_id, row.github_id, row.name), bool(row.asked)))
    return sorted((one for one, done in best.values() if not done), key=lambda one: (one.github_id, one.sha))


def stored(connection: Connection, shas: Collection[str]) -> set[str]:
    """Give those of some commits that are stored."""
    return {
        sha
        for chunk in _chunks(shas)
        for sha in connection.scalars(select(git_commit.c.sha).where(git_commit.c.sha.in_(chunk)))
    }


def due_references(connection: Connection, shas: Collection[str] | None = None) -> dict[str, list[str]]:
    """Give the issues that commits refer to and of which it is not known what they are, by commit.

    :param shas: the commits; None: all those for which GitHub was asked.
    """
    known = exists().where(
        issue_reference.c.target_id == link.c.target_id, issue_reference.c.availability.in_(("there", "gone"))
    )
    statement = (
        select(link.c.source_id, link.c.target_id)
        .where(link.c.source_kind == "commit", link.c.target_kind == "issue", ~known)
        .order_by(link.c.source_id, link.c.target_id)
    )
    found: dict[str, list[str]] = {}
    if shas is None:
        asked = select(evidence_request.c.sha)
        parts = [statement.where(link.c.source_id.in_(asked))]
    else:
        parts = [statement.where(link.c.source_id.in_(chunk)) for chunk in _chunks(shas)]
    for part in parts:
        for row in connection.execute(part):
            found.setdefault(row.source_id, []).append(row.target_id)
    return found


def raised(
    connection: Connection, scope: Scope, threshold: float, *, classified: bool
) -> list[tuple[str, dict[str, float]]]:
    """Give the commits that count as a fix by what issues say and are not mined, by their repository's current name.

    Each has the sum of the weights of what others say of it. ``classified`` tells whether one is mined only if it was
    searched for a fix; one that was, and had none for good, is not given again.
    """
    reasons = [*_FINAL, *([OmissionReason.LIBRARY_NOT_SELECTED] if scope.libraries else [])]
    final = exists().where(
        omission.c.source == "git",
        omission.c.sha == git_commit.c.sha,
        omission.c.reason.in_([reason.value for reason in reasons]),
        omission.c.resolved_run_id.is_(None),
    )
    mined = exists().where((fix if classified else file_change).c.sha == git_commit.c.sha)
    asked = exists().where(evidence_request.c.sha == git_commit.c.sha)
    rows = connection.execute(
        _held()
        .where(git_commit.c.bug_fix_score >= threshold, asked, ~mined, ~final, *scope.conditions())
        .order_by(*_BEST_FIRST)
    )
    homes: dict[str, tuple[int, str]] = {}
    for row in rows:
        homes.setdefault(row.sha, (row.repository_id, row.name))
    sums = _other_sums(connection, homes)
    by_home: dict[tuple[int, str], dict[str, float]] = {}
    for sha, home in homes.items():
        by_home.setdefault(home, {})[sha] = sums.get(sha, 0.0)
    return [(name, shas) for (_, name), shas in sorted(by_home.items())]


def _held(*more: ColumnElement[Any]) -> Select[Any]:
    """Ask for commits with each repository on GitHub that holds them."""
    columns = git_commit.c.sha, repository.c.repository_id, repository.c.github_id, repository.c.name
    return (
        select(*columns, *more)
        .join(repository_commit, repository_commit.c.sha == git_commit.c.sha)
        .join(repository, repository.c.repository_id == repository_commit.c.repository_id)
        .outerjoin(github_repository, github_repository.c.repository_id == repository.c.repository_id)
    )


def _message_sums() -> Any:
    evidence = bug_fix_evidence.c
    return (
        select(evidence.sha, func.sum(evidence.weight).label("own_sum"))
        .where(evidence.evidence_no < EVIDENCE_FROM["path"])
        .group_by(evidence.sha)
        .subquery()
    )


def _other_sums(connection: Connection, shas: Collection[str]) -> dict[str, float]:
    evidence = bug_fix_evidence.c
    found: dict[str, float] = {}
    for chunk in _chunks(shas):
        asked = select(evidence.sha, evidence.weight).where(evidence.sha.in_(chunk), evidence.evidence_no >= OWN_UNTIL)
        for row in connection.execute(asked.order_by(evidence.sha, evidence.evidence_no)):
            found[row.sha] = found.get(row.sha, 0.0) + row.weight
    return found


def _chunks(values: Collection[str]) -> list[list[str]]:
    ordered = sorted(set(values))
    return [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
