"""Figures of a yes-or-no judgement, each with its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054
"""The normal distribution's 97.5 % quantile: 2.5 % on either side make 95 %."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A share and its 95 % interval, all from 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often a judgement and the labels agree: positive is what the judgement says, true that it is right."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def n(self) -> int:
        """All that was judged."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    @property
    def precision(self) -> Figure | None:
        """The share of what was called positive that is; None where nothing was."""
        return wilson(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Figure | None:
        """The share of what is positive that was called so; None where nothing is."""
        return wilson(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def accuracy(self) -> Figure | None:
        """The share of right judgements; None where there is none."""
        return wilson(self.true_positives + self.true_negatives, self.n)

    @property
    def f1(self) -> Figure | None:
        """The harmonic mean of precision and recall; None where neither calls anything positive.

        It is 2 s / (1 + s) with s the share of the true positives in all but the true negatives, and grows with s: the
        ends of the share's interval are those of its own.
        """
        share = wilson(self.true_positives, self.n - self.true_negatives)
        return share and Figure(*(2 * s / (1 + s) for s in (share.value, share.low, share.high)))


def wilson(successes: int, trials: int) -> Figure | None:
    """Give a share with its Wilson score interval, which holds for small counts and near 0 and 1; None of no trials."""
    return share_interval(successes / trials, trials) if trials else None


def share_interval(share: float, trials: float) -> Figure:
    """Give a share with its Wilson score interval; ``trials`` may be an effective sample size, no whole number."""
    spread = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    centre = share + _Z**2 / (2 * trials)
    scale = 1 + _Z**2 / trials
    # At 0 and 1 rounding would put the share just outside.
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return Figure(share, max(0.0, min(share, low)), min(1.0, max(share, high)))
