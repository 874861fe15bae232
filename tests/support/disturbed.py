"""Runs the command line in a process of its own, and disturbs it at its n-th step: where, is chosen, not a race.

``DISTURB`` is a JSON object with the keys ``step``, ``at`` (from 1), ``action`` and, for some actions, ``argument``.
``DISTURB_TOTALS`` names a file for how many steps of each kind a run had.

Steps: ``statement`` before an SQL statement, ``commit`` before a COMMIT, ``committed`` after a transaction, ``request``
before bytes go to an HTTP server, ``process`` before git starts, ``file`` before a file is opened to be written,
``work`` as ``process``, in each worker. Actions: ``kill`` (SIGKILL), ``disconnect`` (the server ends our connections),
``run`` a command, ``limit`` the size of files to some bytes.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

STEPS = ("statement", "commit", "committed", "request", "process", "file")
AUDITED = {"http.client.send": "request", "subprocess.Popen": "process"}


class Disturber:
    """Counts steps, and acts once."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.totals: Counter[str] = Counter()
        self.main = os.getpid()
        self.acting = False

    def install(self) -> None:
        """Watch SQLAlchemy, and what Python tells its audit hooks."""
        event.listen(Engine, "before_cursor_execute", lambda *_: self.step("statement"))
        event.listen(Engine, "commit", lambda *_: self.step("commit"))
        event.listen(Pool, "checkin", lambda *_: self.step("committed"))
        sys.addaudithook(self.audit)

    def audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event for a step, if it is one."""
        if name in AUDITED:
            self.step(AUDITED[name])
        elif name == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            self.step("file")

    def step(self, kind: str) -> None:
        """Count a step, and act if it is the one."""
        if self.acting:
            return
        if os.getpid() != self.main:
            kind = "work" if kind == "process" else f"other {kind}"
        self.totals[kind] += 1
        if kind == self.order.get("step") and self.totals[kind] == self.order["at"]:
            self.acting = True
            ACTIONS[self.order["action"]](self.order.get("argument"))
            self.acting = False

    def write_totals(self, path: Path) -> None:
        """Say how many steps there were."""
        if os.getpid() == self.main:
            self.acting = True
            path.write_text(json.dumps(self.totals), encoding="utf-8")


def _kill(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _disconnect(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'miner'"
        )


def _run(command: str) -> None:
    subprocess.run(shlex.split(command), check=True, stdout=subprocess.DEVNULL)


def _limit(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


ACTIONS: dict[str, Callable[[Any], None]] = {
    "kill": _kill,
    "disconnect": _disconnect,
    "run": _run,
    "limit": _limit,
}


def main() -> None:
    """Run ``miner`` with the arguments of this process."""
    disturber = Disturber(json.loads(os.environ.get("DISTURB", "{}")))
    disturber.install()
    if "DISTURB_TOTALS" in os.environ:
        atexit.register(disturber.write_totals, Path(os.environ["DISTURB_TOTALS"]))

    from miner.cli import main as miner

    miner()


if __name__ == "__main__":
    main()
