"""A collect that can be disturbed, and the tables of one that nobody disturbed. ``DURABILITY_ROUNDS=100`` runs long."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from miner.store.session import open_engine, reading
from support import disturbed
from support.comparing import Contents, comparable, differences

ROUNDS = int(os.environ.get("DURABILITY_ROUNDS", "2"))
"""How often a job is disturbed at a place that chance chooses, on each kind of database."""
SOURCES = ("git", "stackoverflow", "github", "dump", "seeds")


@dataclass
class Job:
    """A collect: its flags and settings, the tables that it gives, and how many steps of each kind it takes."""

    flags: list[str]
    settings: dict[str, str]
    folder: Path
    read: Callable[[Engine], Contents]
    servers: dict[str, Any] = field(default_factory=dict)
    expected: Contents = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    wholes: int = 0

    def start(self, url: str, data: str = "data", order: dict[str, Any] | None = None) -> subprocess.Popen[str]:
        """Begin it in a process of its own."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
        environ = {
            **clean,
            "MINER_STORAGE__DATA_DIR": str(self.folder / data),
            "DISTURB": json.dumps(order or {}),
            "DISTURB_TOTALS": str(self.folder / "totals.json"),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), clean.get("PYTHONPATH", "")]),
            **self.settings,
        }
        command = [sys.executable, disturbed.__file__, "collect", "--quiet", *self.flags, "--database-url", url]
        return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)

    def run(self, url: str, data: str = "data", order: dict[str, Any] | None = None) -> tuple[int, str]:
        """Run it, and give its exit code and what it said."""
        process = self.start(url, data, order)
        said = process.communicate(timeout=120)[1]
        return process.returncode, said

    def disturb(self, url: str, order: dict[str, Any], codes: tuple[int, ...] = (1, 3)) -> int:
        """Run it, disturb it, and give its exit code: one of those, or 0 where the step did not come any more."""
        code, said = self.run(url, order=order)
        assert code in (0, *codes), (order, code, said)
        assert "Traceback" not in said, (order, said)
        return code

    def kill(self, url: str, order: dict[str, Any]) -> bool:
        """Run it and kill it, and tell whether its step came."""
        return self.disturb(url, {**order, "action": "kill"}, (-signal.SIGKILL,)) != 0

    def finish(self, url: str) -> None:
        """Run it again, and see that the database is that of an undisturbed run."""
        code, said = self.run(url)
        assert code == 0, said
        assert differences(self.tables(url), self.expected) == {}

    def whole(self) -> None:
        """Run it undisturbed, and keep what it gives."""
        self.wholes += 1
        url = f"sqlite:///{self.folder}/whole{self.wholes}.db"
        code, said = self.run(url, f"other{self.wholes}")
        assert code == 0, said
        self.steps = json.loads((self.folder / "totals.json").read_text())
        self.expected = self.tables(url)
        assert len(self.expected["fix"]) >= 5

    def tables(self, url: str) -> Contents:
        """Give what has to be equal of a database."""
        engine = open_engine(url)
        try:
            return comparable(self.read(engine))
        finally:
            engine.dispose()

    def ask(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        """Ask a database; the rows come sorted."""
        engine = open_engine(url)
        try:
            with reading(engine) as connection:
                return sorted(tuple(row) for row in connection.execute(text(sql)))
        finally:
            engine.dispose()

    def place(self, chance: random.Random, kinds: tuple[str, ...]) -> dict[str, Any]:
        """Choose a step of some kinds that the job has."""
        step = chance.choice([kind for kind in kinds if self.steps.get(kind)])
        return {"step": step, "at": chance.randint(1, self.steps[step])}
