from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.evaluation.figures import Confusion, wilson

COUNTS = st.integers(0, 10_000)


def test_figures_of_known_counts() -> None:
    """As the definitions give them."""
    confusion = Confusion(8, 2, 4, 86)
    assert confusion.n == 100
    assert confusion.precision is not None
    assert confusion.precision.value == pytest.approx(0.8)
    assert confusion.recall is not None
    assert confusion.recall.value == pytest.approx(8 / 12)
    assert confusion.accuracy is not None
    assert confusion.accuracy.value == pytest.approx(0.94)
    assert confusion.f1 is not None
    assert confusion.f1.value == pytest.approx(2 * 8 / (2 * 8 + 2 + 4))


def test_the_interval_is_wilsons() -> None:
    """Ten of twenty: 0.299 to 0.701 (Wilson 1927); none of ten: up to 0.278."""
    half, none = wilson(10, 20), wilson(0, 10)
    assert half is not None
    assert (half.low, half.high) == (pytest.approx(0.2993, abs=1e-4), pytest.approx(0.7007, abs=1e-4))
    assert none is not None
    assert (none.low, none.high) == (0.0, pytest.approx(0.2775, abs=1e-4))


def test_a_share_of_nothing_is_not_defined() -> None:
    """Precision where nothing was called positive, recall where nothing is, F1 where neither."""
    assert wilson(0, 0) is None
    assert Confusion(0, 0, 3, 5).precision is None
    assert Confusion(0, 3, 0, 5).recall is None
    assert Confusion(0, 0, 0, 5).f1 is None
    assert Confusion(0, 0, 0, 0).accuracy is None


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_figure_lies_in_its_interval(a: int, b: int, c: int, d: int) -> None:
    """And both in [0, 1]."""
    confusion = Confusion(a, b, c, d)
    for figure in (confusion.precision, confusion.recall, confusion.f1, confusion.accuracy):
        if figure is not None:
            assert 0 <= figure.low <= figure.value <= figure.high <= 1
