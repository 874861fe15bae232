"""What a run meets when it is played back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import urllib3

from miner.collect.played import PlayedClock, failure_of
from miner.errors import HttpError, Interrupted

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("urllib3.exceptions.ReadTimeoutError", urllib3.exceptions.ReadTimeoutError),
        ("requests.exceptions.SSLError", requests.exceptions.SSLError),
        ("builtins.TimeoutError", TimeoutError),
        ("builtins.print", requests.ConnectionError),
        ("os.system", requests.ConnectionError),
        ("requests.no_such_module.Error", requests.ConnectionError),
        ("requests.exceptions.NoSuchError", requests.ConnectionError),
    ],
)
def test_a_failure_is_of_the_type_that_it_had(kind: str, expected: type[BaseException]) -> None:
    """What is no error of an exchange, or is none any more, is a connection that failed."""
    assert type(failure_of({"kind": kind, "message": ""})) is expected


def test_our_own_error_has_its_words() -> None:
    error = failure_of({"kind": "miner.errors.HttpError", "message": "too long"})
    assert isinstance(error, HttpError)
    assert str(error) == "too long"


def test_a_clock_of_recorded_times_does_not_wait() -> None:
    """Sleeping passes time of its own; what was read later counts if it is more."""
    times = iter([NOON, NOON + timedelta(seconds=5), NOON + timedelta(seconds=100)])
    clock = PlayedClock(lambda: next(times), lambda: False)
    assert (clock.now(), clock.monotonic()) == (NOON, 0)
    clock.sleep(10)
    clock.now()
    assert clock.monotonic() == 10
    clock.now()
    assert clock.monotonic() == 100


def test_a_clock_of_a_stopped_run_does_not_sleep() -> None:
    def now() -> Any:
        return NOON

    with pytest.raises(Interrupted):
        PlayedClock(now, lambda: True).sleep(1)
