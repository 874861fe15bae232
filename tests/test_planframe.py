"""What a part tells of a whole: which part is chosen, and how far off the estimate may be."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.github import GitHub
from servers.github_data import Hub
from support.clocks import PretendClock
from support.runs import Recorder

from miner import planframe
from miner.githubsearches import client_of, searches
from miner.job import CollectRequest
from miner.planframe import Estimate, Frame, estimate, spread, surely
from miner.settings import load


@given(whole=st.integers(0, 500), most=st.integers(1, 60))
def test_the_chosen_are_spread_over_the_whole(whole: int, most: int) -> None:
    """Each once, in order, as many as allowed, and no two further apart than one step."""
    chosen = spread(range(whole), most)
    assert len(chosen) == min(whole, most)
    assert chosen == sorted(set(chosen))
    gaps = [b - a for a, b in pairwise(chosen)]
    assert all(gap <= whole // most + 1 for gap in gaps)


@given(values=st.lists(st.integers(0, 10_000), max_size=50))
def test_a_whole_that_was_read_is_exact(values: list[int]) -> None:
    """Nothing is estimated then."""
    found = estimate(values, len(values))
    assert found.exact
    assert found.value == sum(values)


@given(values=st.lists(st.integers(0, 10_000), min_size=1, max_size=50), more=st.integers(1, 5_000))
def test_an_interval_holds_its_estimate_and_what_was_seen(values: list[int], more: int) -> None:
    """There are never fewer than were counted."""
    found = estimate(values, len(values) + more)
    assert sum(values) <= found.low <= found.value <= found.high


@pytest.mark.parametrize("spreading", [1.2, 2.0], ids=["skewed", "a few have most"])
def test_intervals_hold_the_truth_most_of_the_time(spreading: float) -> None:
    """With skewed counts, as those of commits are, roughly in order of size, as stars give it."""
    chance = random.Random(5)  # noqa: S311 - made up data, not a secret
    held = 0
    for _ in range(200):
        whole = [int(chance.lognormvariate(4, spreading)) for _ in range(1200)]
        whole.sort(key=lambda count: -count * chance.lognormvariate(0, 0.7))
        sure = surely(whole, 100)
        rest = estimate(spread(whole[sure:], 100 - sure), len(whole) - sure)
        found = estimate(whole[:sure], sure).plus(rest)
        held += found.low <= sum(whole) <= found.high
    assert held >= 160


def test_what_lies_beyond_the_results_that_came_is_taken_to_be_alike() -> None:
    """What was seen stays the least."""
    assert Estimate(10, 10, 10).times(2) == Estimate(20, 10, 20)
    assert Estimate(10, 8, 12).plus(5) == Estimate(15, 13, 17)


def test_a_long_search_is_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came of how much is known, and what a whole search takes is what was sent for it."""
    hub = Hub()
    for number in range(250):
        day = datetime(2012, 1 + number % 12, 1, tzinfo=UTC)
        hub.add_repository("many", f"keras-{number}", created_at=day, description="keras", stars=number)
    clock = PretendClock(datetime(2022, 6, 1, 12, tzinfo=UTC))
    with GitHub(hub, clock=clock, tokens={"known": "someone"}) as server:
        github = {"api_url": server.url, "tokens": "known", "searches": {"keras": ["keras in:name"]}}
        settings = load(environ={}, flags={"github": github})
        (search,) = searches(settings, CollectRequest(libraries=("keras",)))
        client = client_of(settings, Recorder(), clock)
        whole, part, came = Frame(), Frame(), list[int]()
        now = int(clock.now().timestamp())
        assert whole.read(client, search, now, came.append) == (250, 3)
        monkeypatch.setitem(planframe.MOST_PAGES, "repositories", 1)
        assert part.read(client, search, now, came.append) == (250, 0)
        client.close()
    assert came == [100, 200, 250, 100]
    assert (len(whole.repositories), whole.beyond) == (250, 1.0)
    assert (len(part.repositories), part.beyond) == (100, 2.5)
    assert {one.stars for one in part.repositories.values()} == set(range(150, 250))
