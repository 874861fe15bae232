"""A clock that a client and a server share, and that waits without waiting."""

from __future__ import annotations


class FakeClock:
    """Stands still but for ``sleep``; ``slept`` lists how long each was."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Give the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds
