"""Slices tile what is covered: whatever the source has there is in exactly one of them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from miner.audit.sample import ITEMS, cut, draw
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH, Coverage, Interval, overlaps

BOUNDS = st.one_of(st.integers(-100, 3000), st.sampled_from([MIN_EPOCH, MAX_EPOCH]))
INTERVALS = st.tuples(BOUNDS, BOUNDS).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Interval(*pair))


@given(INTERVALS, INTERVALS, st.lists(st.integers(0, 2000), max_size=400).map(sorted))
def test_slices_tile_the_covered_part_of_the_window(covered: Interval, window: Interval, dates: list[int]) -> None:
    """In order, without a hole, with all that is stored; only items of one second make one larger."""
    slices = list(cut(Coverage("git", "q", "tip", covered, 1), window, dates))
    part = overlaps(covered, window)
    assert (part is None) == (not slices)
    if part is not None:
        assert (slices[0].interval.since, slices[-1].interval.until) == (part.since, part.until)
        assert all(one.interval.until == other.interval.since for one, other in pairwise(slices))
        held = [sum(one.interval.since <= date < one.interval.until for date in dates) for one in slices]
        assert [one.stored for one in slices] == held
        assert all(one.stored >= ITEMS for one in slices[:-1])


@given(st.integers(), st.integers(1, 30))
def test_a_draw_can_be_repeated_and_takes_each_slice_once(seed: int, size: int) -> None:
    """Whatever order the slices are given in."""
    slices = list(cut(Coverage("git", "q", "", Interval(0, 5000), 1), Interval(), range(1000)))
    drawn = draw(slices, size, seed)
    assert drawn == draw(slices[::-1], size, seed)
    assert len(set(drawn)) == min(size, len(slices))
