"""What the Stack Exchange API allows: the day's quota, ``backoff``, and what its errors mean.

https://api.stackexchange.com/docs/throttle and https://api.stackexchange.com/docs/error-handling.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

from miner.clock import Clock
from miner.collect.http import LONGEST_WAIT_SECONDS, Transient
from miner.errors import HttpError, QuotaExhaustedError

# Users of the API report violations when they come back to the second (meta.stackexchange.com/questions/377674).
BACKOFF_MARGIN_SECONDS = 2

_KEY_ADVICE = "check MINER_STACKOVERFLOW__KEY, the key from stackapps.com"
_ADVICE = {
    400: "check the tags, stackoverflow.site and MINER_STACKOVERFLOW__KEY",
    401: _KEY_ADVICE,
    402: _KEY_ADVICE,
    403: _KEY_ADVICE,
    404: "check stackoverflow.api_url",
    405: _KEY_ADVICE,
    406: _KEY_ADVICE,
}
_INTERNAL_ERROR, _THROTTLE_VIOLATION, _TEMPORARILY_UNAVAILABLE = 500, 502, 503
_SECONDS = re.compile(r"(\d{1,9}) seconds?\b")


class ApiBudget:
    """Keeps within what the API allows. ``remaining`` and ``maximum`` are requests of the day's quota, if known."""

    def __init__(self, clock: Clock, *, reserve: int, max_wait_seconds: float) -> None:
        self._clock = clock
        self._reserve = reserve
        self._max_wait = max_wait_seconds
        self._free_at: dict[str, float] = {}
        self._noted_on = clock.now().date()
        self.remaining: int | None = None
        self.maximum: int | None = None

    def note(self, method: str, wrapper: dict[str, Any]) -> None:
        """Take in what a response, also an error, says of quota and backoff of its method."""
        remaining, maximum = wrapper.get("quota_remaining"), wrapper.get("quota_max")
        if type(remaining) is int:
            self.remaining, self._noted_on = remaining, self._clock.now().date()
        elif self.remaining is not None:
            self.remaining -= 1
        if type(maximum) is int:
            self.maximum = maximum
        backoff = wrapper.get("backoff")
        if type(backoff) is int and backoff > 0:
            wait = min(backoff, LONGEST_WAIT_SECONDS) + BACKOFF_MARGIN_SECONDS
            self._free_at[method] = self._clock.monotonic() + wait

    def ready(self, method: str) -> None:
        """Wait until the method may be called.

        :raises QuotaExhaustedError: when no more than the reserve is left of the quota.
        :raises HttpError: when the wait would be too long.
        :raises Interrupted: when a stop is asked for meanwhile.
        """
        self._check_quota()
        wait = self._free_at.get(method, float("-inf")) - self._clock.monotonic()
        if wait > self._max_wait + BACKOFF_MARGIN_SECONDS:
            raise HttpError(
                f"Stack Exchange API: {method} wants to be left alone (backoff): run the same command again after "
                f"{shown(self._clock.now() + timedelta(seconds=wait))}"
            )
        if wait > 0:
            self._clock.sleep(wait)

    def _check_quota(self) -> None:
        today = self._clock.now().date()
        if today != self._noted_on:
            self.remaining, self._noted_on = None, today
        if self.remaining is not None and self.remaining <= self._reserve:
            midnight = datetime.combine(today + timedelta(days=1), time(), UTC)
            raise QuotaExhaustedError(
                f"Stack Exchange API: {self.remaining} requests are left of today's quota, and "
                f"stackoverflow.quota_reserve is {self._reserve}: run the same command again after {shown(midnight)}, "
                "which goes on where it was"
            )


def check_error(wrapper: dict[str, Any], quoted: str, clock: Clock, max_wait_seconds: float) -> None:
    """Raise what an error of the API means; nothing for a response without one.

    :param quoted: the error's message, fit to be shown.
    :raises Transient: for one that may be over soon.
    :raises QuotaExhaustedError: when the API throttles for longer than ``max_wait_seconds``.
    :raises HttpError: for one that has to be set right.
    """
    error_id = wrapper.get("error_id")
    if error_id is None:
        return
    said = f"error {error_id if type(error_id) is int else '?'}, {quoted}"
    if error_id == _THROTTLE_VIOLATION:
        found = _SECONDS.search(quoted)
        wait = int(found[1]) if found else None
        if wait is not None and wait > max_wait_seconds:
            moment = clock.now() + timedelta(seconds=wait)
            raise QuotaExhaustedError(
                f"Stack Exchange API: {said}: run the same command again after {shown(moment)}, "
                "which goes on where it was"
            )
        raise Transient(said, wait)
    if error_id in (_INTERNAL_ERROR, _TEMPORARILY_UNAVAILABLE):
        raise Transient(said)
    advice = _ADVICE.get(error_id) if isinstance(error_id, int) else None
    raise HttpError(f"Stack Exchange API: {said}; {advice or 'see https://api.stackexchange.com/docs/error-handling'}")


def shown(moment: datetime) -> str:
    """Write a time for a message, to the minute above."""
    return f"{moment + timedelta(seconds=59):%Y-%m-%d %H:%M} UTC"
