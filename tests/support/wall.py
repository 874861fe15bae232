"""A clock that tells a date, and that waits without waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from servers.clock import FakeClock

from miner.errors import Interrupted


class WallClock:
    """A :class:`miner.clock.Clock` over a clock that a server shares; it stands still but for ``sleep`` and ``pass_``.

    It starts at noon of ``start``. Once ``stopped`` holds, a sleep is interrupted.
    """

    def __init__(self, start: datetime = datetime(2022, 6, 1, 12, tzinfo=UTC)) -> None:
        self.ticks = FakeClock()
        self.stopped = False
        self._start = start - timedelta(seconds=self.ticks.now)

    def now(self) -> datetime:
        """Give the time in UTC."""
        return self._start + timedelta(seconds=self.ticks.now)

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return self.ticks.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, unless a stop was asked for."""
        if self.stopped:
            raise Interrupted
        self.ticks.sleep(seconds)

    def pass_(self, **units: float) -> None:
        """Let time pass while nobody waits: ``pass_(days=1)``."""
        self.ticks.now += timedelta(**units).total_seconds()
