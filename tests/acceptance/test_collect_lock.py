"""No two collects of one source at once: ``miner collect`` beside another one, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.holders import holding
from support.repositories import RepositoryBuilder
from support.runs import Runner

Miner = Callable[..., subprocess.CompletedProcess[str]]


def test_the_second_collect_of_a_source_gives_up(miner: Miner, database_url: str, tmp_path: Path) -> None:
    """Exit code 4 and one line that says who is at it and what to do; no run is entered. Another source runs."""
    path = RepositoryBuilder(tmp_path / "r.git").build()
    runner = Runner(database_url, tmp_path / "data")
    runner.collect(path)
    with holding(database_url, "git") as other:
        done = miner("collect", "--repo", str(path), "--database-url", database_url)
        assert (done.returncode, done.stdout) == (4, "")
        assert f"error: git is in use by 'miner collect' (process {other.pid} on " in done.stderr
        assert "--wait" in done.stderr
        assert done.stderr.count("\n") == 1
        assert runner.one("SELECT COUNT(*) FROM crawl_run") == 1
        assert miner("status", "--database-url", database_url).returncode == 0
    with holding(database_url, "stackoverflow"):
        assert miner("collect", "--repo", str(path), "--database-url", database_url).returncode == 0


def test_wait_waits(database_url: str, tmp_path: Path) -> None:
    """It says who is waited for, and collects as soon as the other has ended, here by kill -9."""
    path = RepositoryBuilder(tmp_path / "r.git").build()
    Runner(database_url, tmp_path / "data").collect(path)
    command = [sys.executable, "-m", "miner", "collect", "--wait", "--repo", path, "--database-url", database_url]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
    with (
        holding(database_url, "git") as other,
        subprocess.Popen(command, cwd=tmp_path, env=clean, stderr=subprocess.PIPE, text=True) as waiting,
    ):
        assert waiting.stderr is not None
        assert "git is in use by" in (said := waiting.stderr.readline())
        assert "waiting until that ends" in said
        assert waiting.poll() is None
        other.kill()
        waiting.stderr.read()
        assert waiting.wait() == 0
