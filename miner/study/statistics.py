"""Tests of whether two distributions of fixes over patterns differ.

The paper compares libraries by t-tests on the patterns' counts. That asks whether the mean number of fixes a pattern
differs, that is how many fixes there are, not how they are distributed; on shares it would be 1 always. Beside it is a
test of homogeneity: Pearson's chi-square with a p-value by permutation, since most expected counts are small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, stdev
from typing import Final

import numpy as np
from scipy import stats

LEVEL: Final = 0.05
"""Below it two distributions count as different: the paper's 95 %."""
_BLOCK: Final = 2_000
"""Tables that are drawn at once."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How two vectors of counts differ; a figure that is not defined is None.

    ``independent`` and ``paired`` are p-values of t-tests on the counts, ``homogeneity`` that of the permutation test,
    ``v`` Cramer's V corrected for bias, 0 to 1.
    """

    independent: float | None
    paired: float | None
    homogeneity: float | None
    v: float | None


def difference(a: Sequence[int], b: Sequence[int], seed: int, permutations: int) -> Difference:
    """Compare two vectors of counts over the same categories."""
    homogeneity, v = homogeneous(a, b, seed, permutations)
    return Difference(_independent(a, b), _paired(a, b), homogeneity, v)


def homogeneous(a: Sequence[int], b: Sequence[int], seed: int, permutations: int) -> tuple[float | None, float | None]:
    """Give the p-value of the chi-square test by permutation, and the bias-corrected V (Bergsma 2013)."""
    table = np.array([a, b], dtype=np.int64)
    table = table[:, table.sum(axis=0) > 0]
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    if (rows == 0).any() or len(columns) < 2:
        return None, None
    expected = np.outer(rows, columns) / table.sum()
    observed = float(((table - expected) ** 2 / expected).sum())
    rng = np.random.default_rng(seed)
    beyond = 0
    for start in range(0, permutations, _BLOCK):
        drawn = stats.random_table.rvs(rows, columns, size=min(_BLOCK, permutations - start), random_state=rng)
        statistic = ((drawn - expected) ** 2 / expected).sum(axis=(-2, -1))
        beyond += int((statistic >= observed * (1 - 1e-12)).sum())
    return (beyond + 1) / (permutations + 1), _corrected_v(observed, int(table.sum()), len(columns))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for being several, by Holm's method; None stays None."""
    known = sorted((p, no) for no, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, no) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        adjusted[no] = largest
    return adjusted


def groups(names: Sequence[str], p_values: Mapping[tuple[str, str], float | None]) -> list[tuple[str, ...]]:
    """Give the largest groups of which no two differ at 95 %; they may overlap: "no difference" is not transitive."""
    alike = {pair for pair, p in p_values.items() if p is not None and p >= LEVEL}
    found: list[tuple[str, ...]] = []
    for size in range(len(names), 0, -1):
        for group in combinations(names, size):
            same = all((a, b) in alike or (b, a) in alike for a, b in combinations(group, 2))
            if same and not any(set(group) <= set(larger) for larger in found):
                found.append(group)
    return found


def _independent(a: Sequence[int], b: Sequence[int]) -> float | None:
    if len(set(a)) == 1 and len(set(b)) == 1:
        return None
    # By means and deviations: of the counts themselves SciPy warns where all of one are equal.
    known = [figure for counts in (a, b) for figure in (fmean(counts), stdev(counts), len(counts))]
    return _finite(stats.ttest_ind_from_stats(*known).pvalue)


def _paired(a: Sequence[int], b: Sequence[int]) -> float | None:
    if len({x - y for x, y in zip(a, b, strict=True)}) == 1:
        return None
    return _finite(stats.ttest_rel(a, b).pvalue)


def _corrected_v(chi_square: float, n: int, columns: int) -> float | None:
    # Two rows: the smaller corrected dimension less 1 is that of the rows, if there are two columns or more.
    if n < 2:
        return None
    phi = max(0.0, chi_square / n - (columns - 1) / (n - 1))
    rows_, columns_ = 2 - 1 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)
    smaller = min(rows_, columns_) - 1
    return min(1.0, math.sqrt(phi / smaller)) if smaller > 0 else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
