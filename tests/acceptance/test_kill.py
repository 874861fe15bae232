"""``kill -9`` at any moment, and a rerun, give the tables of a run that was never stopped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from support.repositories import keras_history

from miner.store.session import open_engine

KILLS = 10


def test_ten_kills_leave_no_trace(
    database_url: str, tmp_path: Path, contents: Callable[[Engine], dict[str, list[tuple[Any, ...]]]]
) -> None:
    """Killed while it starts, clones, mines and writes: a whole run's time tells which moments those are."""
    builder = keras_history(tmp_path / "r.git", 300)
    chance = random.Random(7)  # noqa: S311 - moments, not a secret

    def start(url: str, data: str) -> subprocess.Popen[bytes]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
        environ = clean | {"MINER_STORAGE__DATA_DIR": str(tmp_path / data), "MINER_COLLECT__PAGE_COMMITS": "1"}
        command = [sys.executable, "-m", "miner", "collect", "--quiet", "--repo", str(builder.path)]
        return subprocess.Popen([*command, "--database-url", url], env=environ, start_new_session=True)

    def run(url: str, data: str) -> float:
        begun = time.monotonic()
        assert start(url, data).wait() == 0
        return time.monotonic() - begun

    whole = f"sqlite:///{tmp_path / 'whole.db'}"
    all_seconds = run(whole, "other")
    idle_seconds = run(whole, "other")
    share = max(all_seconds - idle_seconds, 0.1) / KILLS
    killed = 0
    for attempt in range(KILLS * 3):
        early = attempt % 3 == 0
        process = start(database_url, "data")
        try:
            process.wait(timeout=idle_seconds * chance.random() if early else idle_seconds + share * chance.random())
            break
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        if killed == KILLS:
            break
    run(database_url, "data")
    broken, unbroken = open_engine(database_url), open_engine(whole)
    ours, theirs = contents(broken), contents(unbroken)
    broken.dispose()
    unbroken.dispose()
    assert killed == KILLS
    assert {name: len(rows) for name, rows in ours.items()} == {name: len(rows) for name, rows in theirs.items()}
    assert ours == theirs
