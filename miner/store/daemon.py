"""The queries of the daemon: how its jobs ended, and when they are due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from miner.store.daemontables import daemon_job, daemon_outcome
from miner.store.values import clean


class JobState(NamedTuple):
    """How a job ended last, and when it is due; None where it never ran, never succeeded, or is not scheduled."""

    job: str
    kind: str | None
    outcome: str | None
    message: str | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    next_at: datetime | None


def put_outcome(
    connection: Connection,
    job: str,
    kind: str,
    outcome: str,
    message: str,
    started_at: datetime,
    finished_at: datetime | None,
) -> None:
    """Enter that a job runs, or how it ended: one that succeeded has no failures any more."""
    known = connection.execute(select(daemon_outcome).where(daemon_outcome.c.job == job)).one_or_none()
    succeeded_at, failures = (known.succeeded_at, known.failures) if known else (None, 0)
    if outcome in ("complete", "partial"):
        succeeded_at, failures = finished_at, 0
    elif outcome == "failed":
        failures += 1
    values: dict[str, Any] = {
        "kind": kind,
        "outcome": outcome,
        "message": clean(message),
        "started_at": started_at,
        "finished_at": finished_at,
        "succeeded_at": succeeded_at,
        "failures": failures,
    }
    if known:
        connection.execute(update(daemon_outcome).where(daemon_outcome.c.job == job).values(values))
    else:
        connection.execute(insert(daemon_outcome).values(job=job, **values))


def forget_outcomes(connection: Connection, jobs: set[str]) -> None:
    """Keep only what is known of the jobs that there are: nobody waits for the others to succeed."""
    connection.execute(delete(daemon_outcome).where(daemon_outcome.c.job.not_in(sorted(jobs))))


def job_states(connection: Connection) -> list[JobState]:
    """Give all jobs that are scheduled or ran once, by name."""
    scheduled = connection.execute(select(daemon_job.c.id, daemon_job.c.next_run_time))
    due = {row.id: row.next_run_time for row in scheduled}
    ended = {row.job: row for row in connection.execute(select(daemon_outcome))}
    states = []
    for name in sorted(due.keys() | ended.keys()):
        last, epoch = ended.get(name), due.get(name)
        next_at = None if epoch is None else datetime.fromtimestamp(epoch, UTC)
        if last is None:
            states.append(JobState(name, None, None, None, None, None, 0, next_at))
        else:
            told = last.kind, last.outcome, last.message, last.finished_at, last.succeeded_at, last.failures
            states.append(JobState(name, *told, next_at))
    return states


def with_jobs(states: Sequence[JobState], jobs: Iterable[str]) -> list[JobState]:
    """Add the jobs that a database does not know yet, in order of their names."""
    known = {state.job for state in states}
    new = [JobState(job, None, None, None, None, None, 0, None) for job in jobs if job not in known]
    return sorted([*states, *new], key=lambda state: state.job)
