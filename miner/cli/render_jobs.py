"""Prints the daemon's jobs: when each is due, and how it ended last."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from miner.cli.render import print_table
from miner.console import print_hint

if TYPE_CHECKING:
    from miner.store.daemon import JobState

_AT_START = "when a daemon starts"
_GONE = "never: not in the settings"


def print_jobs(states: Sequence[JobState], jobs: Collection[str], now: datetime, *, as_json: bool) -> None:
    """Print the jobs of the settings, and those that a database knows besides.

    :param jobs: the names of those of the settings.
    """
    if as_json:
        marked = [{**one._asdict(), "in_settings": one.job in jobs, "overdue": _is_late(one, now)} for one in states]
        typer.echo(json.dumps(marked, default=str))
        return
    rows = [
        (one.job, due(one, jobs, now), one.outcome or "-", str(one.finished_at or "-")[:19], one.message or "")
        for one in states
    ]
    print_table(("job", "next run (UTC)", "last", "ended (UTC)", "message"), rows)
    if any(one.job in jobs and _is_late(one, now) for one in states):
        print_hint("what is overdue waits for a daemon, or for other jobs to end: 'miner daemon' starts one")


def due(one: JobState, jobs: Collection[str], now: datetime) -> str:
    """Say when a job is due; a time that is over is not one to come."""
    if one.job not in jobs:
        return _GONE
    if one.next_at is None:
        return _AT_START
    return (
        f"overdue since {one.next_at:%Y-%m-%d %H:%M:%S}" if _is_late(one, now) else f"{one.next_at:%Y-%m-%d %H:%M:%S}"
    )


def _is_late(one: JobState, now: datetime) -> bool:
    return one.next_at is not None and one.next_at < now
