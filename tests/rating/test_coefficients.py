"""The coefficients of agreement, beside worked examples that were published."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.rating.coefficients import cohen_kappa, fleiss_kappa, krippendorff_alpha

# Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), section C: four observers, twelve units, nominal.
KRIPPENDORFF = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
# The same, section A: two observers, ten units, binary; alpha = .095.
BINARY = ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
# The same, section B: two observers, twelve units, nominal; alpha = .692.
NOMINAL = ("a a b b d c c c e d d a", "b a b b b c c c e d d d")

# Fleiss (1971), table 1: 30 patients, six psychiatrists each, how many said depression, personality disorder,
# schizophrenia, neurosis, other. Kappa = .430.
FLEISS = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)


def units(*observers: str) -> list[list[str]]:
    return [[value for value in unit if value != "."] for unit in zip(*(row.split() for row in observers), strict=True)]


def counted(rows: str) -> list[list[str]]:
    return [[str(no) for no, count in enumerate(row) for _ in range(int(count))] for row in rows.split()]


def table(*cells: tuple[str, str, int]) -> list[tuple[str, str]]:
    return [(first, second) for first, second, count in cells for _ in range(count)]


@pytest.mark.parametrize(("observers", "alpha"), [(KRIPPENDORFF, 0.743), (BINARY, 0.095), (NOMINAL, 0.692)])
def test_alpha_is_that_of_krippendorffs_examples(observers: tuple[str, ...], alpha: float) -> None:
    found = krippendorff_alpha(units(*observers))
    assert found is not None
    assert found.value == pytest.approx(alpha, abs=0.0005)
    assert -1 <= found.low < found.value < found.high <= 1


def test_fleiss_kappa_is_that_of_his_example() -> None:
    found = fleiss_kappa(counted(FLEISS))
    assert found is not None
    assert found.value == pytest.approx(0.430, abs=0.0005)


def test_cohens_kappa_is_that_of_his_example() -> None:
    """Cohen (1960), table 1: agreement .70 where chance gives .41."""
    cells = (
        ("1", "1", 88), ("1", "2", 14), ("1", "3", 18),
        ("2", "1", 10), ("2", "2", 40), ("2", "3", 10),
        ("3", "1", 2), ("3", "2", 6), ("3", "3", 12),
    )  # fmt: skip
    found = cohen_kappa(table(*cells))
    assert found is not None
    assert found.value == pytest.approx((0.70 - 0.41) / (1 - 0.41))


def test_the_interval_is_close_to_the_analytic_one() -> None:
    """Fleiss, Cohen, Everitt (1969), equation 13, on the same table: the large-sample standard error of kappa."""
    cells = (
        ("1", "1", 88), ("1", "2", 14), ("1", "3", 18),
        ("2", "1", 10), ("2", "2", 40), ("2", "3", 10),
        ("3", "1", 2), ("3", "2", 6), ("3", "3", 12),
    )  # fmt: skip
    n = sum(count for *_, count in cells)
    share = {(a, b): count / n for a, b, count in cells}
    first = {a: sum(share[a, b] for b in "123") for a in "123"}
    second = {b: sum(share[a, b] for a in "123") for b in "123"}
    agreed, chance = sum(share[a, a] for a in "123"), sum(first[a] * second[a] for a in "123")
    kappa = (agreed - chance) / (1 - chance)
    diagonal = sum(share[a, a] * ((1 - chance) - (second[a] + first[a]) * (1 - agreed)) ** 2 for a in "123")
    others = sum(share[a, b] * (second[a] + first[b]) ** 2 for a in "123" for b in "123" if a != b)
    variance = diagonal + (1 - agreed) ** 2 * others - (agreed * chance - 2 * chance + agreed) ** 2
    error = math.sqrt(variance / (n * (1 - chance) ** 4))
    found = cohen_kappa(table(*cells))
    assert found is not None
    assert found.low == pytest.approx(kappa - 1.96 * error, abs=0.005)
    assert found.high == pytest.approx(kappa + 1.96 * error, abs=0.005)


def test_without_items_or_another_value_nothing_is_told() -> None:
    """Chance alone would make all agree."""
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a")] * 3) is None
    assert fleiss_kappa([]) is None
    assert fleiss_kappa([["a", "a", "a"]] * 3) is None
    assert krippendorff_alpha([["a"], []]) is None
    assert krippendorff_alpha([["a", "a"]] * 3) is None


def test_two_raters_who_never_agree_are_below_chance() -> None:
    found = cohen_kappa([("a", "b"), ("b", "a")])
    assert found is not None
    assert found.value == -1


def test_where_one_item_decides_whether_there_is_a_figure_the_interval_is_all() -> None:
    """Without the one item that differs, chance alone would make both agree."""
    found = cohen_kappa([("a", "a")] * 5 + [("b", "b")])
    assert found is not None
    assert (found.value, found.low, found.high) == (1.0, -1.0, 1.0)


def test_fleiss_needs_equally_many_raters() -> None:
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa([["a", "b"], ["a", "b", "b"]])
    with pytest.raises(ValueError, match="at least two"):
        fleiss_kappa([["a"]])


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=30)


@given(PAIRS)
def test_the_order_of_raters_and_items_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    for coefficient in (cohen_kappa, fleiss_kappa, krippendorff_alpha):
        found = coefficient(pairs)
        turned = coefficient([(second, first) for first, second in reversed(pairs)])
        assert (found is None) == (turned is None)
        if found is not None and turned is not None:
            assert found.value == pytest.approx(turned.value)
            assert -1 - 1e-9 <= found.low <= found.value <= found.high <= 1


@given(PAIRS)
def test_of_two_raters_fleiss_and_alpha_differ_by_the_size_of_the_sample(pairs: list[tuple[str, str]]) -> None:
    """1 - alpha is (1 - kappa) (2n - 1) / 2n, as Krippendorff's chance does not put a value back."""
    kappa, alpha = fleiss_kappa(pairs), krippendorff_alpha(pairs)
    assert (kappa is None) == (alpha is None)
    if kappa is not None and alpha is not None:
        values = 2 * len(pairs)
        assert 1 - alpha.value == pytest.approx((1 - kappa.value) * (values - 1) / values)


@given(PAIRS)
def test_cohen_by_definition(pairs: list[tuple[str, str]]) -> None:
    found = cohen_kappa(pairs)
    if found is not None:
        n = len(pairs)
        first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
        agreed = sum(a == b for a, b in pairs) / n
        chance = sum(first[value] * second[value] for value in first) / n**2
        assert found.value == pytest.approx((agreed - chance) / (1 - chance))
