"""Where all time comes from that decides something, so that a test can pretend to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from miner.errors import Interrupted

_SLEEP_SLICE_SECONDS = 0.2


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
