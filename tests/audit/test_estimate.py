"""The recall's interval is wide where slices differ as wholes, and never narrower than a simple sample's."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.audit.estimate import ALL, WHOLE, WILSON, recall
from miner.evaluation.figures import Figure, wilson

COUNTS = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=40
)


@given(COUNTS)
def test_an_interval_holds_its_estimate_and_is_no_narrower_than_a_simple_samples(counts: list[tuple[int, int]]) -> None:
    """A cluster sample tells at most as much as a simple one of as many items."""
    items, accounted = (sum(column) for column in zip(*counts, strict=True))
    figure, _ = recall(counts, 10**9)
    simple = wilson(accounted, items)
    assert (figure is None) == (simple is None)
    if figure is not None and simple is not None:
        assert 0 <= figure.low <= figure.value == accounted / items <= figure.high <= 1
        assert figure.high - figure.low >= simple.high - simple.low - 1e-9


def test_perfect_slices_count_as_wholes() -> None:
    """Twenty slices without a loss are twenty observations, however many items they hold."""
    figure, method = recall([(50, 50)] * 20 + [(0, 0)] * 5, 10**9)
    simple = wilson(20, 20)
    assert method == WHOLE
    assert figure is not None
    assert simple is not None
    assert figure.low == pytest.approx(simple.low, rel=1e-6)


def test_the_interval_covers_the_truth_where_whole_slices_are_lost() -> None:
    """In 95 of 100 audits, about: here one slice in ten is lost as a whole, and the audit sees 60 of 300."""
    chance = random.Random(1)  # noqa: S311 - made up data
    slices = [(n := chance.randint(1, 50), 0 if chance.random() < 0.1 else n) for _ in range(300)]
    truth = sum(found for _, found in slices) / sum(n for n, _ in slices)
    figures = [recall(chance.sample(slices, 60), len(slices)) for _ in range(400)]
    assert WILSON in {method for _, method in figures}
    covered = sum(figure is not None and figure.low <= truth <= figure.high for figure, _ in figures)
    assert covered >= 0.93 * 400


def test_where_all_slices_were_asked_nothing_is_estimated() -> None:
    """A census has no interval, and half of one a narrower interval than the same sample of many."""
    counts = [(50, 50), (10, 9)]
    assert recall(counts, 2) == (Figure(59 / 60, 59 / 60, 59 / 60), ALL)
    half, _ = recall(counts, 4)
    few, _ = recall(counts, 10**6)
    assert half is not None
    assert few is not None
    assert half.high - half.low < few.high - few.low
