"""Recorded times and failures, as a run meets them when it is played back."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import requests

from miner.collect.archive import Line
from miner.errors import HttpError, Interrupted
from miner.secrets import without_secrets

_FAILURES = frozenset({"builtins", "http", "requests", "socket", "ssl", "urllib3", "zlib"})
"""Packages whose errors end an exchange."""


class PlayedClock:
    """A clock of recorded times. It never waits."""

    def __init__(self, now: Callable[[], datetime], stopped: Callable[[], bool]) -> None:
        self._now = now
        self._stopped = stopped
        self._first: datetime | None = None
        self._passed = 0.0

    def now(self) -> datetime:
        """Give the next recorded time."""
        moment = self._now()
        self._first = self._first or moment
        self._passed = max(self._passed, (moment - self._first).total_seconds())
        return moment

    def monotonic(self) -> float:
        """Give the seconds between the recorded times, and those that were not waited for."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Let the seconds have passed.

        :raises Interrupted: if the run was stopped.
        """
        if self._stopped():
            raise Interrupted
        self._passed += seconds


def failure_of(line: Line) -> BaseException:
    """Make the error anew that ended an exchange: its type is all that is told of it."""
    module, _, name = str(line["kind"]).rpartition(".")
    package = module.partition(".")[0]
    if package == "miner":
        return HttpError(line["message"])
    with suppress(ImportError):
        found = getattr(importlib.import_module(module), name, None) if package in _FAILURES else None
        if isinstance(found, type) and issubclass(found, Exception):
            return found.__new__(found)
    return requests.ConnectionError(without_secrets(name))
