"""How jobs ended, as the database keeps it; and the upkeep of the database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.clocks import START

from miner.errors import StoreError
from miner.store import schema
from miner.store.daemon import forget_outcomes, job_states, put_outcome
from miner.store.maintenance import maintain, size
from miner.store.session import open_engine, reading, writing

PAGE_BYTES = 8192


def put(engine: Engine, job: str, outcome: str, hours: int) -> None:
    started = START + timedelta(hours=hours)
    ended = None if outcome == "running" else started + timedelta(minutes=1)
    with writing(engine) as connection:
        put_outcome(connection, job, "fetch", outcome, f"m{hours}", started, ended)


def test_failures_are_counted_until_a_success(engine: Engine) -> None:
    """A stop and a busy source are neither; a partial run has done its work."""
    seen = []
    told = ("complete", "failed", "running", "busy", "failed", "interrupted", "partial", "failed")
    for hours, outcome in enumerate(told):
        put(engine, "fetch", outcome, hours)
        with reading(engine) as connection:
            (state,) = job_states(connection)
        seen.append((state.failures, state.succeeded_at))
    first, second = START + timedelta(minutes=1), START + timedelta(hours=6, minutes=1)
    assert seen == [(0, first), *[(n, first) for n in (1, 1, 1, 2, 2)], (0, second), (1, second)]
    assert (state.job, state.kind, state.outcome, state.message) == ("fetch", "fetch", "failed", "m7")


def test_jobs_that_are_no_more_are_forgotten(engine: Engine) -> None:
    """Nobody waits for them to succeed."""
    put(engine, "old", "failed", 1)
    put(engine, "fetch", "running", 1)
    with writing(engine) as connection:
        forget_outcomes(connection, {"fetch", "new"})
    with reading(engine) as connection:
        assert [(state.job, state.finished_at) for state in job_states(connection)] == [("fetch", None)]


def test_upkeep_keeps_every_row(engine: Engine) -> None:
    """On both databases; it tells the size that the database says."""
    put(engine, "fetch", "failed", 1)
    told = maintain(engine)
    with reading(engine) as connection:
        assert told["database_bytes"] == pytest.approx(size(connection), rel=0.5)
        assert len(job_states(connection)) == 1


def test_upkeep_notices_a_damaged_file(sqlite_url: str) -> None:
    """Before somebody publishes a number from it: the job fails, and says so."""
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    assert maintain(engine)["log_emptied"]
    with reading(engine) as connection:
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'label'").scalar_one()
    engine.dispose()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = b"\x55" * PAGE_BYTES
    path.write_bytes(content)
    engine = open_engine(sqlite_url)
    with pytest.raises(StoreError, match="is damaged"):
        maintain(engine)
    engine.dispose()
