"""SIGKILL at any step of any source, and a rerun gives the tables of a run that was never stopped."""

from __future__ import annotations

import random

import pytest
from support.disturbed import STEPS
from support.jobs import ROUNDS, SOURCES, Job


@pytest.mark.parametrize("source", SOURCES)
def test_a_kill_at_any_step_leaves_no_trace(job: Job, source: str, database_url: str) -> None:
    """Kill after kill in one database: before statements, at commits, between requests, files and git commands."""
    chance = random.Random(f"{source} {database_url[:6]}")  # noqa: S311 - moments, not a secret
    # What is there already is not done again: the later of its steps may never come.
    killed = sum(job.kill(database_url, job.place(chance, STEPS)) for _ in range(ROUNDS))
    assert killed
    job.finish(database_url)
