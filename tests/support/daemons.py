"""Runs ``miner daemon`` as a process, follows what it logs, and asks what it serves."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

PATIENCE_SECONDS = 120.0
_ENDS = {"job complete", "job partial", "job failed", "job interrupted", "job busy"}
Event = dict[str, Any]


def toml(jobs: Mapping[str, Mapping[str, Any]], **daemon: Any) -> str:
    """Write the settings of a daemon on a free port; JSON's texts, numbers and lists are TOML's."""
    lines = ["[daemon]", *(f"{key} = {json.dumps(value)}" for key, value in {"port": 0, **daemon}.items())]
    if not jobs:
        lines.append("jobs = {}")
    for name, keys in jobs.items():
        lines += [f"[daemon.jobs.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


class Daemon:
    """A daemon process; killed at the end if it still runs. ``events`` are all that was read of its log."""

    def __init__(self, folder: Path, url: str, environ: Mapping[str, str], *flags: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
        own = {"MINER_DATABASE__URL": url, "MINER_STORAGE__DATA_DIR": str(folder / "data")}
        command = [sys.executable, "-m", "miner", "daemon", "--config", str(folder / "daemon.toml"), *flags]
        self.process = subprocess.Popen(command, env=clean | own | dict(environ), stderr=subprocess.PIPE, text=True)
        self.events: list[Event] = []
        self._at_end = False
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._follow, daemon=True).start()

    def until(self, event: str, **fields: Any) -> Event:
        """Read the log up to an event that has these fields."""
        return self._first(lambda found: {"event": event, **fields}.items() <= found.items())

    def rest(self) -> list[Event]:
        """Read the log to its end."""
        while self._read() is not None:
            pass
        return self.events

    def ended(self, *jobs: str) -> dict[str, Event]:
        """Read the log until each of the jobs has ended once more; give how."""
        found: dict[str, Event] = {}
        while not found.keys() >= set(jobs):
            event = self._first(lambda read: read.get("event") in _ENDS)
            found[event["job"]] = event
        return found

    def get(self, path: str) -> tuple[int, str]:
        """Ask what it serves."""
        port = next(event["port"] for event in self.events if event.get("event") == "daemon started")
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, line: str) -> float:
        """Give the value of a metric with its labels."""
        found = [text for text in self.get("/metrics")[1].splitlines() if text.startswith(f"{line} ")]
        assert len(found) == 1, line
        return float(found[0].rpartition(" ")[2])

    def children(self) -> list[psutil.Process]:
        """Give the processes of the jobs that run."""
        found: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return found

    def stop(self) -> int:
        """Stop it in order, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def _first(self, suits: Callable[[Event], bool]) -> Event:
        while (found := self._read()) is not None:
            if suits(found):
                return found
        raise AssertionError(f"the daemon ended before that: {self.events}")

    def _read(self) -> Event | None:
        if self._at_end:
            return None
        line = self._lines.get(timeout=PATIENCE_SECONDS)
        if line is None:
            self._at_end = True
            return None
        self.events.append(json.loads(line) if line.startswith("{") else {"text": line})
        return self.events[-1]

    def _follow(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.rest()
        self.process.stderr.close()
