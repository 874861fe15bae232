"""What those who watch a database want to know of it, in figures: for the daemon's metrics."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, column, func, or_, select, table

from miner.store.daemon import JobState, job_states
from miner.store.maintenance import size
from miner.store.relabel import is_current
from miner.store.status import last_rater
from miner.store.tables import coverage, crawl_run, fix, repository, repository_alias

READ_TIMEOUT_SECONDS = 30
"""PostgreSQL gives up on a query of a reading after so long."""

_MOST_OPEN = 100
_NEWEST_RUNS = 50
_CHUNK = 500
_omissions = table("omission_reasons", column("source"), column("reason"), column("unresolved"))
_gaps = table("coverage_gaps", column("source"))
_shares = table("pattern_share", column("rater"), column("pattern"), column("share"))


@dataclass(frozen=True, slots=True)
class Reading:
    """The database at one moment.

    ``fixes`` are by source and library, ``omissions`` by source and reason, without those that came after all,
    ``labels`` the share of each fix pattern of the rater that labelled last.
    """

    fixes: Mapping[tuple[str, str], int]
    omissions: Mapping[tuple[str, str], int]
    gaps: Mapping[str, int]
    labels: Mapping[str, float]
    database_bytes: int
    jobs: tuple[JobState, ...]


def read(connection: Connection) -> Reading:
    """Read it. The cost grows with the number of fixes, omissions and labels, not with that of commits or posts."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{READ_TIMEOUT_SECONDS}s'")
    number = func.count()
    of_source = select(fix.c.source, fix.c.library, number).where(is_current())
    fixes = connection.execute(of_source.group_by(fix.c.source, fix.c.library))
    shares = select(_shares.c.pattern, _shares.c.share).where(_shares.c.rater == last_rater(connection))
    return Reading(
        fixes={(row[0], row[1]): row[2] for row in fixes},
        omissions={(row[0], row[1]): row[2] for row in connection.execute(select(*_omissions.c))},
        gaps={row[0]: row[1] for row in connection.execute(select(_gaps.c.source, number).group_by(_gaps.c.source))},
        labels={row[0]: row[1] for row in connection.execute(shares)},
        database_bytes=size(connection),
        jobs=tuple(job_states(connection)),
    )


def proved_until(connection: Connection, source: str, queries: Iterable[str]) -> dict[str, int]:
    """Give up to which moment (seconds since 1970) each query is complete; one that never was is not among them."""
    found: dict[str, int] = {}
    for chunk in _chunks(queries):
        newest = select(coverage.c.query, func.max(coverage.c.until_epoch)).group_by(coverage.c.query)
        rows = connection.execute(
            newest.where(coverage.c.source == source, coverage.c.complete, coverage.c.query.in_(chunk))
        )
        found.update((query, until) for query, until in rows)
    return found


def looked_at_since(connection: Connection, names: Iterable[str]) -> datetime | None:
    """Give when the repository that was left alone for longest was last looked at, of those that are there."""
    oldest = []
    for chunk in _chunks(names):
        known = repository_alias.join(repository, repository.c.repository_id == repository_alias.c.repository_id)
        moment = connection.scalar(
            select(func.min(repository.c.checked_at, type_=repository.c.checked_at.type))
            .select_from(known)
            .where(repository_alias.c.name.in_(chunk), repository.c.availability == "there")
        )
        oldest += [moment] if moment is not None else []
    return min(oldest, default=None)


class Budget(NamedTuple):
    """What a source said last of an account's budget of requests; the limit is None where it did not say it."""

    remaining: int
    limit: int | None
    reset_epoch: int


@dataclass(slots=True)
class Totals:
    """What the runs brought since the first reading, by source: those of the daemon, and any other on the database.

    A run counts once, when it has ended. ``requests`` and ``budgets`` are by source, account and resource.
    """

    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    fixes: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    budgets: dict[tuple[str, str, str], Budget] = field(default_factory=dict)
    _newest: int | None = None
    _open: set[int] = field(default_factory=set)

    def read(self, connection: Connection) -> None:
        """Count the runs that ended since the last reading."""
        if self._newest is None:
            self._begin(connection)
            return
        new = or_(crawl_run.c.run_id > self._newest, crawl_run.c.run_id.in_(self._open))
        columns = [crawl_run.c[name] for name in ("run_id", "status", "summary", "finished_at")]
        for run_id, status, summary, finished_at in connection.execute(
            select(*columns).where(new).order_by(crawl_run.c.run_id)
        ):
            self._newest = max(self._newest, run_id)
            if finished_at is None:
                self._open.add(run_id)
                continue
            self._open.discard(run_id)
            self.runs[status] += 1
            self._count(_object(summary))
        # Those that were killed never end.
        self._open = set(sorted(self._open)[-_MOST_OPEN:])

    def _begin(self, connection: Connection) -> None:
        newest_first = select(crawl_run.c.run_id).order_by(crawl_run.c.run_id.desc())
        self._newest = connection.scalar(newest_first.limit(1)) or 0
        running = newest_first.where(crawl_run.c.finished_at.is_(None)).limit(_MOST_OPEN)
        self._open = set(connection.scalars(running))
        told = select(crawl_run.c.summary).where(crawl_run.c.summary.is_not(None)).order_by(crawl_run.c.run_id.desc())
        for summary in reversed(connection.scalars(told.limit(_NEWEST_RUNS)).all()):
            self._learn(_object(summary))

    def _count(self, summary: Mapping[str, Any]) -> None:
        for told in _objects(summary.get("sent")):
            self.requests[_key(told)] += _whole(told.get("requests"))
        self.items["git"] += _whole(summary.get("seen"))
        # What was looked at again would hide that nothing new comes.
        again = _whole(summary.get("reobserved"))
        self.items["stackoverflow"] += max(_whole(summary.get("questions")) - again, 0)
        self.items["github"] += _whole(summary.get("found"))
        self.fixes += _whole(summary.get("fixes"))
        pages = summary.get("pages")
        for source, number in pages.items() if isinstance(pages, dict) else ():
            self.pages[source] += _whole(number)
        self._learn(summary)

    def _learn(self, summary: Mapping[str, Any]) -> None:
        for told in _objects(summary.get("budgets")):
            self.budgets[_key(told)] = Budget(told["remaining"], told["limit"], told["reset_epoch"])
            # An account that is known has 0 from the start: what is counted later is an increase.
            self.requests[_key(told)] += 0


def _object(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _key(told: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(told["source"]), str(told["account"]), str(told["resource"])


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _chunks(values: Iterable[str]) -> list[list[str]]:
    kept = sorted(set(values))
    return [kept[start : start + _CHUNK] for start in range(0, len(kept), _CHUNK)]
