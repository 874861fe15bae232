"""A clock that only pretends to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)


class PretendClock:
    """Stands still but for ``sleep`` and ``advance``; ``slept`` lists how long each sleep was."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Give the time in UTC."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Give the seconds that have passed."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Pretend to wait."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float = 0.0, **units: float) -> None:
        """Let time pass: ``advance(3)``, ``advance(days=1)``."""
        self._passed += seconds + timedelta(**units).total_seconds()
