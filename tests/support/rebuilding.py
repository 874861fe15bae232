"""Rebuilds what a runner collected, compares it with what was there, and kills runs at chosen moments."""

from __future__ import annotations

import os
from typing import Any

from miner.collect.archive import archive_of
from miner.rebuild import Rebuilt, rebuild
from support.runs import Recorder, Runner
from support.tables import differences, written

KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from miner.cli import main
from miner.store import repository

moment, left = sys.argv.pop(1), int(sys.argv.pop(1))

def count(connection):
    global left
    if connection.get_execution_options().get("writing"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

if moment == "begin":
    event.listen(Engine, "begin", count)
else:
    repository.count_commit = lambda connection, run_id, then=repository.count_commit: (
        then(connection, run_id), count(connection)
    )
main()
"""
"""Kills the miner when the n-th transaction begins that writes, or when all is ready to commit it but the database."""


def rebuilt(runner: Runner, target: str, **options: Any) -> Rebuilt:
    """Rebuild into an empty database."""
    settings = runner.settings()
    return rebuild(settings, archive_of(settings), target, Recorder(), **options)


def assert_same(runner: Runner, target: str) -> None:
    """Every row of every table, with the runs' numbers and times; nothing is left out of the comparison."""
    expected, found = written(runner.database_url), written(target)
    assert differences(expected, found) == ""
    assert expected == found


def environment(runner: Runner, **more: str) -> dict[str, str]:
    """Give the environment of a miner that collects as the runner does."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
    places = {"DATABASE__URL": runner.database_url, "STORAGE__DATA_DIR": str(runner.data_dir)}
    pages = {"COLLECT__PAGE_COMMITS": "7", "COLLECT__WORKERS": "1"}
    return clean | {f"MINER_{name}": text for name, text in (places | pages | more).items()}
