"""A client of the Stack Exchange API, a server for it, and the clock that both go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from servers.stackexchange import Site
from servers.stackexchange import StackExchange as Server
from support.api import KEY, settings_for
from support.clocks import PretendClock

from miner.collect.stackoverflow import StackExchange

Connect = Callable[..., StackExchange]


@pytest.fixture
def clock() -> PretendClock:
    """A clock that only pretends to wait."""
    return PretendClock()


@pytest.fixture
def server(clock: PretendClock) -> Iterator[Server]:
    """The API of a site without questions."""
    with Server(Site(), clock=clock.monotonic, keys=[KEY], patience=5) as running:
        yield running


@pytest.fixture
def connect(clock: PretendClock, server: Server) -> Iterator[Connect]:
    """A function that gives a prepared client; its arguments are settings."""
    made: list[StackExchange] = []

    def give(*, prepare: bool = True, stopped: Callable[[], bool] = lambda: False, **changed: Any) -> StackExchange:
        client = StackExchange(settings_for(server.url, **changed), clock, stopped)
        made.append(client)
        if prepare:
            client.prepare()
        return client

    yield give
    for client in made:
        client.close()
