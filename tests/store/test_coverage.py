"""The coverage ledger's arithmetic."""

import itertools
from functools import reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.store.coverage import MAX_EPOCH, MIN_EPOCH, Coverage, Interval, add, gaps, merge

SMALL = st.integers(0, 30)
INTERVALS = st.tuples(SMALL, SMALL).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Interval(*pair))


def seconds(intervals: list[Interval]) -> set[int]:
    return {second for interval in intervals for second in range(interval.since, interval.until)}


def row(since: int, until: int, complete: bool = True, run_id: int = 1, fetched: int | None = None) -> Coverage:
    number = until - since if fetched is None else fetched
    reason = "" if complete else "stopped"
    return Coverage("git", "q", "t", Interval(since, until), run_id, number, number, number, 0, complete, reason)


ROWS = st.builds(lambda interval, complete: row(interval.since, interval.until, complete), INTERVALS, st.booleans())


@pytest.mark.parametrize("until", [3, 4])
def test_an_interval_is_never_empty(until: int) -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        Interval(4, until)


@given(st.lists(INTERVALS))
def test_merged_intervals_hold_the_same_seconds_and_neither_overlap_nor_touch(intervals: list[Interval]) -> None:
    merged = merge(intervals)
    assert seconds(merged) == seconds(intervals)
    assert all(one.until < following.since for one, following in itertools.pairwise(merged))


@given(INTERVALS, st.lists(INTERVALS))
def test_gaps_are_what_the_window_lacks(window: Interval, covered: list[Interval]) -> None:
    found = gaps(window, covered)
    assert seconds(found) == seconds([window]) - seconds(covered)
    assert found == merge(found)


def test_without_coverage_everything_is_a_gap() -> None:
    assert gaps(Interval(), []) == [Interval(MIN_EPOCH, MAX_EPOCH)]


@given(st.sets(st.integers(1, 99), max_size=8), st.randoms())
def test_the_ledger_of_a_complete_crawl_is_one_row_however_it_was_split(cuts: set[int], random: Random) -> None:
    bounds = [0, *sorted(cuts), 100]
    pages = [row(since, until) for since, until in itertools.pairwise(bounds)]
    random.shuffle(pages)
    assert reduce(add, pages, []) == [row(0, 100)]  # type: ignore[arg-type]


@given(st.lists(ROWS), ROWS)
def test_the_ledger_stays_canonical_and_never_forgets_what_is_complete(rows: list[Coverage], new: Coverage) -> None:
    before = reduce(add, rows, [])  # type: ignore[var-annotated,arg-type]
    after = add(before, new)
    complete = [r.interval for r in after if r.complete]
    incomplete = [r.interval for r in after if not r.complete]
    assert complete == merge(complete)
    assert len(seconds(complete)) + len(seconds(incomplete)) == sum(r.interval.until - r.interval.since for r in after)
    expected = seconds([r.interval for r in before if r.complete]) | (
        seconds([new.interval]) if new.complete else set()
    )
    assert seconds(complete) == expected
    assert seconds(complete + incomplete) == seconds([r.interval for r in before] + [new.interval])


@given(st.lists(ROWS), ROWS)
def test_adding_a_row_again_changes_nothing(rows: list[Coverage], new: Coverage) -> None:
    once = add(reduce(add, rows, []), new)  # type: ignore[arg-type]
    assert add(once, new) == once


def test_a_complete_interval_swallows_the_incomplete_ones_in_it() -> None:
    assert add([row(2, 4, complete=False), row(4, 6, complete=False)], row(0, 6)) == [row(0, 6)]


def test_a_complete_interval_leaves_the_rest_of_an_incomplete_one() -> None:
    kept = row(5, 9, complete=False, fetched=9)
    assert add([row(0, 9, complete=False)], row(0, 5)) == [row(0, 5), kept]


def test_an_incomplete_interval_is_never_joined_to_a_complete_one() -> None:
    assert add([row(0, 5)], row(5, 9, complete=False)) == [row(0, 5), row(5, 9, complete=False)]


def test_a_failed_attempt_does_not_undo_what_is_complete() -> None:
    assert add([row(0, 9)], row(2, 4, complete=False)) == [row(0, 9)]


def test_a_sum_is_not_known_if_a_part_is_not() -> None:
    unknown = Coverage("git", "q", "t", Interval(5, 9), 2, None, 4, 4)
    (joined,) = add([row(0, 5)], unknown)
    assert (joined.reported, joined.fetched, joined.run_id) == (None, 9, 2)
