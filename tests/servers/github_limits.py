"""GitHub's limits, and who breaks its rules: a budget by account and resource, secondary limits, one request at a time.

From the documentation: 5,000 requests an hour (60 without a token, by address), 30 searches a minute (10), 5,000 points
of GraphQL an hour; all tokens of an account share its budgets; a request that is answered 304 is free to who has a
token, and ``/rate_limit`` is to all; requests of an account come one after the other; after ``Retry-After``, or a
minute if there is none.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

HOUR, MINUTE = 3600, 60
RESOURCES = ("core", "search", "code_search", "graphql")
ANONYMOUS = ""
# How long to stay away after a secondary limit that says nothing.
SILENT_SECONDS = 60


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """Give the time."""
        raise NotImplementedError


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Allowance:
    """So many requests, or points, in so many seconds."""

    limit: int
    seconds: int


WITH_TOKEN = {
    "core": Allowance(5000, HOUR),
    "search": Allowance(30, MINUTE),
    "code_search": Allowance(10, MINUTE),
    "graphql": Allowance(5000, HOUR),
}
WITHOUT_TOKEN = {
    "core": Allowance(60, HOUR),
    "search": Allowance(10, MINUTE),
    "code_search": Allowance(0, MINUTE),
    "graphql": Allowance(0, HOUR),
}


@dataclass
class Window:
    """What was used of an allowance, until ``reset`` in seconds since 1970."""

    limit: int
    reset: int
    used: int = 0
    refused: bool = False

    @property
    def remaining(self) -> int:
        """What is left."""
        return max(self.limit - self.used, 0)


@dataclass(frozen=True)
class Hold:
    """A secondary limit: its status, and the seconds of ``Retry-After``, None to leave the header out."""

    status: int = 403
    retry_after: int | None = 60


@dataclass
class Limits:
    """The budgets of all accounts; the one without a token is ``ANONYMOUS``."""

    clock: Clock
    with_token: Mapping[str, Allowance] = field(default_factory=lambda: dict(WITH_TOKEN))
    without_token: Mapping[str, Allowance] = field(default_factory=lambda: dict(WITHOUT_TOKEN))
    # Points a minute of one account above which the secondary limit strikes; None for never.
    per_minute: int | None = None
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._windows: dict[tuple[str, str], Window] = {}
        self._held: dict[str, tuple[float, Hold]] = {}
        self._planned: list[tuple[str | None, Hold]] = []
        self._recent: dict[str, deque[float]] = {}
        self._running: Counter[str] = Counter()
        self._lock = Lock()

    def renew(self) -> None:
        """Forget what was used, and what is planned."""
        with self._lock:
            for known in (self._windows, self._held, self._planned, self._recent):
                known.clear()

    def enter(self, account: str) -> None:
        """Note that a request of an account begins: a second one at a time breaks a rule."""
        with self._lock:
            self._running[account] += 1
            if self._running[account] > 1:
                self.violations.append(f"{self._running[account]} requests of {account or 'nobody'} at a time")

    def leave(self, account: str) -> None:
        """Note that a request is about to be answered."""
        with self._lock:
            self._running[account] -= 1

    def window(self, account: str, resource: str) -> Window:
        """Give the present window of a budget."""
        now = self.clock.now().timestamp()
        window = self._windows.get((account, resource))
        if window is None or now >= window.reset:
            allowed = (self.with_token if account else self.without_token)[resource]
            window = Window(allowed.limit, int(now) + allowed.seconds)
            self._windows[account, resource] = window
        return window

    def set_remaining(self, account: str, resource: str, remaining: int) -> None:
        """Leave so much of a budget."""
        window = self.window(account, resource)
        window.used = window.limit - remaining

    def plan(self, hold: Hold, times: int = 1, account: str | None = None) -> None:
        """Have the next requests, of one account or of any, meet a secondary limit."""
        self._planned += [(account, hold)] * times

    def hold(self, account: str, hold: Hold) -> None:
        """From now on an account is to stay away for so long."""
        seconds = SILENT_SECONDS if hold.retry_after is None else hold.retry_after
        self._held[account] = (self.clock.now().timestamp() + seconds, hold)

    def secondary(self, account: str) -> Hold | None:
        """Give the secondary limit that a request meets, if any; to ask again too early breaks a rule."""
        now = self.clock.now().timestamp()
        until, held = self._held.get(account, (now, None))
        if held and now < until:
            self.violations.append(f"{account or 'nobody'} came {until - now:g} s before a secondary limit ended")
            return held if held.retry_after is None else Hold(held.status, int(until - now) + 1)
        hold = self._due(account) or self._too_fast(account, now)
        if hold:
            self.hold(account, hold)
        return hold

    def exhausted(self, account: str, resource: str) -> bool:
        """Say whether a budget is used up; to ask again before it is reset breaks a rule."""
        window = self.window(account, resource)
        if window.remaining:
            return False
        if window.refused:
            self.violations.append(f"{account or 'nobody'} asked for {resource} again before the reset")
        window.refused = True
        return True

    def use(self, account: str, resource: str, points: int = 1) -> None:
        """Count a request."""
        self.window(account, resource).used += points

    def headers(self, account: str, resource: str) -> dict[str, str]:
        """Give the headers that every answer has."""
        window = self.window(account, resource)
        return {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.remaining),
            "X-RateLimit-Reset": str(window.reset),
            "X-RateLimit-Used": str(min(window.used, window.limit)),
            "X-RateLimit-Resource": resource,
        }

    def overview(self, account: str) -> dict[str, object]:
        """Give the body of ``/rate_limit``."""
        resources = {}
        for name in RESOURCES:
            window = self.window(account, name)
            used = min(window.used, window.limit)
            counts = {"limit": window.limit, "used": used, "remaining": window.remaining, "reset": window.reset}
            resources[name] = counts
        return {"resources": resources, "rate": resources["core"]}

    def _due(self, account: str) -> Hold | None:
        for place, (planned, hold) in enumerate(self._planned):
            if planned in (None, account):
                del self._planned[place]
                return hold
        return None

    def _too_fast(self, account: str, now: float) -> Hold | None:
        if self.per_minute is None:
            return None
        recent = self._recent.setdefault(account, deque())
        recent.append(now)
        while recent[0] <= now - MINUTE:
            recent.popleft()
        return Hold() if len(recent) > self.per_minute else None
