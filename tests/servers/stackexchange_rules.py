"""The API's limits, and who breaks them: quota, backoff, thirty requests a second.

Every time is one of the clock that the server was given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

NAMES = {
    400: "bad_parameter",
    403: "access_denied",
    404: "no_method",
    500: "internal_error",
    502: "throttle_violation",
    503: "temporarily_unavailable",
}
PER_SECOND = 30
BAN_SECONDS = 30
DAY_SECONDS = 86_400
# Sums of floating-point seconds may come out this much too short.
SLACK_SECONDS = 0.001


class ApiError(Exception):
    """What the API says instead of an answer; the HTTP status is 400 whatever the error."""

    def __init__(self, error_id: int, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message

    @property
    def body(self) -> dict[str, object]:
        """The wrapper's fields. An error has no others, whatever the filter."""
        return {"error_id": self.error_id, "error_name": NAMES[self.error_id], "error_message": self.message}


def bad(parameter: str) -> ApiError:
    """Give the error for a parameter's value: its message is the parameter's name."""
    return ApiError(400, parameter)


@dataclass
class Limits:
    """What one address may do. Not safe to use from several threads at once: the server has a lock."""

    clock: Callable[[], float]
    keys: Collection[str] = ()
    keyed_quota: int = 10_000
    anonymous_quota: int = 300
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._recent: deque[float] = deque()
        self._banned_until = self._held_until = float("-inf")
        self._backoffs: dict[str, float] = {}
        self._planned: dict[str, list[int]] = {}
        self._answers = self._step = self._step_seconds = 0
        self.new_day()

    def new_day(self) -> None:
        """Give everyone the whole quota again."""
        self._day_began = self.clock()
        self._used = 0
        self._key_seen = False

    @property
    def quota_max(self) -> int:
        """The largest quota of those who asked today: an address has one quota for all that runs there."""
        return self.keyed_quota if self._key_seen else self.anonymous_quota

    @property
    def quota_remaining(self) -> int:
        """What is left of it."""
        return max(self.quota_max - self._used, 0)

    def leave(self, requests: int) -> None:
        """Use the quota up but for so many requests."""
        self._used = self.quota_max - requests

    def admit(self, method: str, key: str | None) -> None:
        """Count a request; an ApiError says that it may not be answered."""
        now = self.clock()
        self._check_rate(method, now)
        if now < self._held_until - SLACK_SECONDS:
            self._violated(f"{method} came {self._held_until - now:g} s before Retry-After ran out")
        self._count(now, key)
        until = self._backoffs.get(method, float("-inf"))
        if now < until - SLACK_SECONDS:
            self.violations.append(f"{method} came {until - now:g} s before its backoff ran out")
            raise ApiError(502, "Violation of backoff parameter")

    def plan_backoff(self, method: str, seconds: int, times: int = 1) -> None:
        """Send ``backoff`` with the next answers of a method."""
        self._planned.setdefault(method, []).extend([seconds] * times)

    def plan_backoffs(self, step: int, seconds: int) -> None:
        """Send ``backoff`` with each ``step``-th answer, of whatever method; 0 is never."""
        self._step, self._step_seconds = step, seconds

    def take_backoff(self, method: str) -> dict[str, int]:
        """Give the wrapper's field that was planned for this answer, if any; from now on it holds."""
        self._answers += 1
        planned = self._planned.get(method)
        if planned:
            return self.back_off(method, planned.pop(0))
        due = self._step and self._answers % self._step == 0
        return self.back_off(method, self._step_seconds) if due else {}

    def back_off(self, method: str, seconds: int) -> dict[str, int]:
        """Give the wrapper's field; from now on the method is to be let alone for so long."""
        self._backoffs[method] = self.clock() + seconds
        return {"backoff": seconds}

    def hold(self, seconds: int) -> None:
        """Take any request before so many seconds for a violation: ``Retry-After`` said so."""
        self._held_until = self.clock() + seconds

    def _check_rate(self, method: str, now: float) -> None:
        if now < self._banned_until - SLACK_SECONDS:
            self._violated(f"{method} was asked for during a ban")
        self._recent.append(now)
        while self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) > PER_SECOND:
            self._banned_until = now + BAN_SECONDS
            self._violated(f"{method} was request {len(self._recent)} within one second")

    def _violated(self, what: str) -> None:
        self.violations.append(what)
        raise _too_many(BAN_SECONDS)

    def _count(self, now: float, key: str | None) -> None:
        if now >= self._day_began + DAY_SECONDS - SLACK_SECONDS:
            self.new_day()
        if key is not None and key not in self.keys:
            raise ApiError(400, "`key` doesn't match a known application")
        self._key_seen = self._key_seen or key is not None
        if not self.quota_remaining:
            raise _too_many(int(self._day_began + DAY_SECONDS - now) + 1)
        self._used += 1


def _too_many(seconds: int) -> ApiError:
    return ApiError(502, f"too many requests from this IP, more requests available in {seconds} seconds")
