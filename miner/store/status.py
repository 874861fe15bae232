"""What the database holds, in figures: for ``miner status``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Table, column, func, select, table

from miner.store.posttables import comment, post
from miner.store.relabeltables import superseded_fix
from miner.store.tables import crawl_run, fix, git_commit, label, omission, repository

GAPS = table("coverage_gaps", *(column(name) for name in ("source", "query", "since_epoch", "until_epoch", "reason")))
"""The view of what was asked for and is not at hand."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval of a query that was asked for and is not at hand completely, in seconds since 1970."""

    source: str
    query: str
    since_epoch: int
    until_epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the miner."""

    run_id: int
    command: str
    status: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """Totals of the database; each mapping has its largest figure first.

    ``patterns`` counts the first choices of the rater that labelled last. ``omissions`` counts what is still missing.
    """

    repositories: dict[str, int]
    commits: int
    questions: int
    answers: int
    comments: int
    fixes: int
    libraries: dict[str, int]
    rater: str
    patterns: dict[str, int]
    omissions: dict[str, int]
    gaps: tuple[Gap, ...]
    runs: tuple[Run, ...]


def status(connection: Connection, gaps: int = 20, runs: int = 5) -> Status:
    """Give the totals of the database, the first ``gaps`` gaps of its coverage and its last ``runs`` runs."""
    rater = last_rater(connection)
    first_choice = [label.c.scheme == "pattern", label.c.rank == 1, label.c.rater == rater]
    superseded = select(superseded_fix.c.fix_id)
    libraries = _counts(connection, fix, fix.c.library, fix.c.fix_id.not_in(superseded))
    kinds = _counts(connection, post, post.c.kind)
    return Status(
        repositories=_counts(connection, repository, repository.c.availability),
        commits=_count(connection, git_commit),
        questions=kinds.get("question", 0),
        answers=kinds.get("answer", 0),
        comments=_count(connection, comment),
        fixes=sum(libraries.values()),
        libraries=libraries,
        rater=rater,
        patterns=_counts(connection, label, label.c.value, *first_choice, label.c.fix_id.not_in(superseded)),
        omissions=_counts(connection, omission, omission.c.reason, omission.c.resolved_run_id.is_(None)),
        gaps=tuple(Gap(*row) for row in connection.execute(select(GAPS).order_by(*GAPS.c).limit(gaps))),
        runs=_last_runs(connection, runs),
    )


def last_rater(connection: Connection) -> str:
    """Give the rater that labelled last; empty if none did."""
    # From the runs: the labels are many and have no index by run.
    labelling = select(crawl_run.c.rater).where(crawl_run.c.rater != "").order_by(crawl_run.c.run_id.desc())
    return connection.scalar(labelling.limit(1)) or ""


def _last_runs(connection: Connection, number: int) -> tuple[Run, ...]:
    columns = [crawl_run.c[name] for name in ("run_id", "command", "status", "started_at", "finished_at")]
    newest = select(*columns).order_by(crawl_run.c.run_id.desc()).limit(number)
    return tuple(Run(*row) for row in connection.execute(newest))


def _count(connection: Connection, of: Table, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(of).where(*conditions)) or 0


def _counts(
    connection: Connection, of: FromClause, by: ColumnElement[Any], *conditions: ColumnElement[bool]
) -> dict[str, int]:
    number = func.count()
    statement = select(by, number).select_from(of).where(*conditions).group_by(by).order_by(number.desc(), by)
    return {row[0]: row[1] for row in connection.execute(statement)}
