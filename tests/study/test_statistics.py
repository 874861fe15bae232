"""Tests of difference, beside figures that are worked out by hand or printed elsewhere."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.study.statistics import difference, groups, holm, homogeneous

VECTORS = st.lists(st.integers(0, 40), min_size=3, max_size=15)


def test_t_tests_on_counts() -> None:
    """Of 1, 2, 3 and 3, 4, 5: t = 2 / sqrt(2/3) = 2.449 with 4 degrees of freedom; all pairs differ by 2."""
    found = difference([1, 2, 3], [3, 4, 5], 0, 99)
    assert found.independent == pytest.approx(0.0705, abs=5e-5)
    assert found.paired is None


def test_the_paired_t_test() -> None:
    """Differences 1, 2, 3 have the mean 2 and the standard error 1 / sqrt(3): t = 3.464 with 2 degrees of freedom."""
    assert difference([1, 2, 3], [0, 0, 0], 0, 99).paired == pytest.approx(0.0742, abs=5e-5)


def test_the_permutation_test_is_fishers_where_there_are_two_categories() -> None:
    """Lady tasting tea: 4 of 4 right has the probability 2 / C(8, 4), both sides counted."""
    exact = float(Fraction(2, comb(8, 4)))
    p, _ = homogeneous([4, 0], [0, 4], 0, 20_000)
    assert p == pytest.approx(exact, abs=0.004)


def test_cramers_v_corrected_for_bias() -> None:
    """Chi-square 8 of 8 in a table of 2 x 2: phi2 = 1 - 1/7, both dimensions 2 - 1/7, so V = sqrt(6/7 / (6/7)) = 1."""
    assert homogeneous([4, 0], [0, 4], 0, 9)[1] == pytest.approx(1)
    assert homogeneous([4, 4], [4, 4], 0, 9)[1] == 0


def test_it_asks_how_fixes_are_distributed_and_not_how_many_they_are() -> None:
    """Ten times as many of the same: the t-test says different, the permutation test says the same."""
    few = [2, 3, 1, 2, 3, 2, 1, 3]
    found = difference(few, [10 * number for number in few], 0, 999)
    assert found.independent is not None
    assert found.independent < 0.001
    assert found.homogeneity == 1
    assert found.v == 0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param([0, 0, 0], [1, 2, 3], id="one-has-none"),
        pytest.param([3, 0, 0], [4, 0, 0], id="one-category"),
        pytest.param([0, 0, 0], [0, 0, 0], id="none-at-all"),
    ],
)
def test_what_is_not_defined_is_none(a: list[int], b: list[int]) -> None:
    """Nothing to compare is no p-value of 1."""
    assert homogeneous(a, b, 0, 9) == (None, None)


@given(VECTORS, st.integers(0, 5))
def test_any_counts_give_probabilities(a: list[int], seed: int) -> None:
    """Between 0 and 1, and the same again with the same seed."""
    b = a[::-1]
    found = difference(a, b, seed, 19)
    assert all(p is None or 0 <= p <= 1 for p in (found.independent, found.paired, found.homogeneity, found.v))
    assert difference(a, b, seed, 19) == found


def test_holm_by_hand() -> None:
    """.01 x 3, then .03 x 2, then .04 which may not be less than what stands before it."""
    assert holm([0.04, 0.01, 0.03, None]) == pytest.approx([0.06, 0.03, 0.06, None])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_groups_are_the_largest_sets_without_a_difference() -> None:
    """As in the paper: Caffe, Theano and Torch, and Keras with TensorFlow."""
    alike = {("caffe", "theano"): 0.4, ("caffe", "torch"): 0.3, ("theano", "torch"): 0.2, ("keras", "tensorflow"): 0.84}
    names = ["caffe", "keras", "tensorflow", "theano", "torch"]
    every = {(a, b): alike.get((a, b), 0.01) for no, a in enumerate(names) for b in names[no + 1 :]}
    assert groups(names, every) == [("caffe", "theano", "torch"), ("keras", "tensorflow")]


def test_groups_overlap_where_likeness_is_not_transitive() -> None:
    """A is like B and B like C, but A is not like C; what is not defined is no likeness."""
    assert groups("abc", {("a", "b"): 0.5, ("b", "c"): 0.5, ("a", "c"): 0.01}) == [("a", "b"), ("b", "c")]
    assert groups("ab", {("a", "b"): None}) == [("a",), ("b",)]
