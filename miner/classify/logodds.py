"""One score from all evidence that a commit is a bug fix, wherever it comes from: the weights are added in log-odds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from miner.classify.taxonomies import bugfix_weights

BIAS: Final = bugfix_weights().bias
"""The sum that a commit without evidence has."""


def score_of(weights: Iterable[float]) -> float:
    """Give the score, 0 to 1, of the evidence with these weights; their order does not matter."""
    return round(1 / (1 + math.exp(-math.fsum((BIAS, *weights)))), 4)


def sum_at(score: float) -> float:
    """Give the sum of weights that has a score: the inverse of :func:`score_of`. 0 and 1 have no bound."""
    if score <= 0:
        return -math.inf
    return math.inf if score >= 1 else math.log(score / (1 - score)) - BIAS
