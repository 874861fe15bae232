"""The recall of a cluster sample: slices are drawn, and all items of a slice are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from miner.evaluation.figures import Figure, share_interval

WILSON = "Wilson interval, its n divided by the design effect of slices (ratio estimator)"
ALL = "all slices were asked: no other draw could give another figure"
NOTHING = "nothing to measure: the slices that were asked hold no item"
WHOLE = "Wilson interval with n = slices that have items: no slice differs, so one may stand or fall as a whole"


def recall(counts: Sequence[tuple[int, int]], population: int) -> tuple[Figure | None, str]:
    """Estimate the share of items that are accounted for, with its 95 % interval, and name the method.

    What is lost is lost in slices (a page, a day), so items of one slice tell less than as many from several. The
    design effect is the variance of the ratio estimator (Cochran, Sampling Techniques, 1977, chapter 6) over that of a
    simple sample, never below 1. Of a finite population, n grows as the share of slices that were not asked shrinks.

    :param population: how many slices there are.
    :param counts: of each slice that was asked: its items, and how many of them are accounted for.
    """
    filled = [(items, accounted) for items, accounted in counts if items]
    n, successes, clusters = sum(items for items, _ in filled), sum(found for _, found in filled), len(filled)
    if not n:
        return None, NOTHING
    share = successes / n
    if len(counts) >= population:
        return Figure(share, share, share), ALL
    unseen = 1 - len(counts) / population
    if share in (0.0, 1.0) or clusters == 1:
        return share_interval(share, clusters / unseen), WHOLE
    residuals = sum((accounted - share * items) ** 2 for items, accounted in filled)
    variance = clusters / (clusters - 1) * residuals / n**2
    effect = max(1.0, variance / (share * (1 - share) / n))
    return share_interval(share, max(n / effect, 1.0) / unseen), WILSON
