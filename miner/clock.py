"""Where all time comes from that decides something, so that a test can pretend to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

from miner.errors import Interrupted

_SLEEP_SLICE_SECONDS = 0.2


def _machine_time() -> datetime:
    return datetime.now(UTC)


WALL: ContextVar[Callable[[], datetime]] = ContextVar("WALL", default=_machine_time)
"""What tells the time at which rows are written. It decides nothing; a rebuild puts the recorded times in its place."""


def wall_time() -> datetime:
    """Give the time in UTC to enter into a row as that of its writing."""
    return WALL.get()()


class Clock(Protocol):
    """A clock that can be waited by."""

    def now(self) -> datetime:
        """Give the time in UTC."""

    def monotonic(self) -> float:
        """Give seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait.

        :raises Interrupted: when a stop is asked for meanwhile.
        """


class SystemClock:
    """The machine's clock; a sleep ends as soon as ``stopped()`` holds."""

    def __init__(self, stopped: Callable[[], bool] = lambda: False) -> None:
        self._stopped = stopped

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        :raises Interrupted: when a stop is asked for meanwhile.
        """
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if self._stopped():
                raise Interrupted
            time.sleep(min(left, _SLEEP_SLICE_SECONDS))
