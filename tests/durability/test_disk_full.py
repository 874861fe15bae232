"""The disk fills up at any step of any source: nothing half is kept, and with room a rerun ends as usual."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from support.disturbed import STEPS
from support.jobs import ROUNDS, SOURCES, Job

MIB = 1 << 20


@pytest.mark.parametrize("source", SOURCES)
def test_a_file_that_cannot_grow_leaves_no_trace(job: Job, source: str, sqlite_url: str) -> None:
    """The database, its log, a clone or what is sorted meets a limit, which is another one each time."""
    chance = random.Random(source)  # noqa: S311 - moments, not a secret
    for _ in range(ROUNDS):
        order = {"action": "limit", "argument": chance.randint(1, 400_000)}
        job.disturb(sqlite_url, {**job.place(chance, STEPS), **order})
    job.finish(sqlite_url)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for nothing much; only the system's administrator can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def grow(place: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


@pytest.mark.parametrize("source", SOURCES)
def test_a_full_disk_is_said_and_leaves_no_trace(job: Job, source: str, small_disk: Path) -> None:
    """It has a little more room each time, until everything has."""
    url = f"sqlite:///{small_disk / 'miner.db'}"
    sizes = [MIB // 4 * step for step in range(1, 3 + ROUNDS)]
    ended = []
    for before, size in pairwise([0, *sizes]):
        assert before < size
        grow(small_disk, size)
        code, said = job.run(url)
        ended.append(code)
        assert code in (0, 1, 3)
        assert "Traceback" not in said
        assert code != 1 or "no room" in said, said
    assert ended[0] == 1
    grow(small_disk, 64 * MIB)
    job.finish(url)


@pytest.fixture
def small_tablespace(small_disk: Path, postgresql_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database on a small disk."""
    grow(small_disk, 64 * MIB)
    folder = small_disk / "space"
    folder.mkdir()
    for path in (small_disk, *small_disk.parents):
        if path != Path(path.root):
            path.chmod(path.stat().st_mode | 0o055)
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        data = connection.execute("SHOW data_directory").fetchone()
        assert data is not None
        status = Path(data[0]).stat()
        os.chown(folder, status.st_uid, status.st_gid)
        connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        connection.execute("CREATE DATABASE small TABLESPACE small")
    yield postgresql_server.replace("/postgres?", "/small?")
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE small WITH (FORCE)")
        connection.execute("DROP TABLESPACE small")


@pytest.mark.parametrize("source", ["git", "stackoverflow"])
def test_a_servers_full_disk_is_said_and_leaves_no_trace(
    job: Job, source: str, small_disk: Path, small_tablespace: str
) -> None:
    """The server refuses what it has no room for: first a table, then rows."""
    used = shutil.disk_usage(small_disk).used
    ended = []
    for more in (MIB // 4, *(MIB * step for step in range(1, 2 + ROUNDS))):
        grow(small_disk, used + more)
        code, said = job.run(small_tablespace)
        ended.append(code)
        assert code in (0, 1, 3)
        assert "Traceback" not in said
        assert code != 1 or "no room" in said, said
    assert ended[:2] == [1, 1]
    grow(small_disk, used + 64 * MIB)
    job.finish(small_tablespace)
