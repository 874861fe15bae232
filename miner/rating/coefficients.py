"""Agreement beyond chance: Cohen's kappa, Fleiss' kappa, Krippendorff's alpha for nominal values.

Each is a function of sums over items, so that leaving one item out is a subtraction: the 95 % intervals are those of
the jackknife over items, with the normal distribution's quantile, cut to -1 and 1. They take items for independent, and
are too narrow for few items. Where all agree, they say nothing: an interval without width.

Sources: Cohen, Educational and Psychological Measurement 20 (1960); Fleiss, Psychological Bulletin 76 (1971);
Krippendorff, "Computing Krippendorff's alpha-reliability" (2011); Efron and Tibshirani, "An introduction to the
bootstrap" (1993), chapter 11.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final

from miner.evaluation.figures import Figure

_Z: Final = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""

Sums = Mapping[Hashable, float]
Item = Sequence[str]
"""What the raters say of one item; who did not judge it is not in it."""

_N: Final = "n"
_SAME: Final = "same"


def cohen_kappa(pairs: Iterable[tuple[str, str]]) -> Figure | None:
    """Give Cohen's kappa of two raters who judged the same items.

    None without items, and where chance alone makes both agree on all: both always say the same one value.
    """
    return _jackknifed(pairs, _pair, _cohen)


def fleiss_kappa(items: Iterable[Item]) -> Figure | None:
    """Give Fleiss' kappa of items that equally many raters judged, two or more.

    None without items, or where all say the same one value.

    :raises ValueError: if the numbers of raters differ, or there is but one.
    """
    rows = [tuple(sorted(row)) for row in items]
    raters = {len(row) for row in rows}
    if len(raters) > 1 or raters & {0, 1}:
        raise ValueError("Fleiss' kappa needs the same number of raters for each item, and at least two")
    return _jackknifed(rows, _fleiss_item, _fleiss)


def krippendorff_alpha(items: Iterable[Item]) -> Figure | None:
    """Give Krippendorff's alpha for nominal values. Items that fewer than two raters judged do not count.

    None where no item counts, or all say the same one value.
    """
    return _jackknifed([tuple(sorted(row)) for row in items if len(row) > 1], _alpha_item, _alpha)


def observed(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Give the part of items on which two raters say the same; None without items."""
    return sum(first == second for first, second in pairs) / len(pairs) if pairs else None


def _jackknifed(
    items: Iterable[tuple[str, ...]],
    part: Callable[[tuple[str, ...]], Sums],
    value: Callable[[Sums], float | None],
) -> Figure | None:
    """Give a function of sums over items with its interval: all that can be, where one item decides if it is defined.

    Items on which the same was said are alike, so that as many are left out as there are different ones.
    """
    alike = Counter(items)
    n = alike.total()
    parts = {item: part(item) for item in alike}
    total: Counter[Hashable] = Counter()
    for item, times in alike.items():
        _add(total, parts[item], times)
    whole = value(total)
    if whole is None:
        return None
    without = {item: _without(total, parts[item], value) for item in alike}
    known = [(one, alike[item]) for item, one in without.items() if one is not None]
    if len(known) < len(alike) or n < 2:
        return Figure(whole, -1.0, 1.0)
    mean = math.fsum(one * times for one, times in known) / n
    variance = (n - 1) / n * math.fsum(times * (one - mean) ** 2 for one, times in known)
    spread = _Z * math.sqrt(variance)
    return Figure(whole, max(-1.0, whole - spread), min(1.0, whole + spread))


def _without(total: Counter[Hashable], part: Sums, value: Callable[[Sums], float | None]) -> float | None:
    _add(total, part, -1)
    result = value(total)
    _add(total, part, 1)
    return result


def _add(total: Counter[Hashable], part: Sums, times: int) -> None:
    for name, count in part.items():
        total[name] += times * count  # type: ignore[assignment]


def _pair(said: tuple[str, ...]) -> Sums:
    first, second = said
    return {_N: 1, _SAME: int(first == second), ("first", first): 1, ("second", second): 1}


def _cohen(sums: Sums) -> float | None:
    n = sums.get(_N, 0)
    products = sum(count * sums.get(("second", name[1]), 0) for name, count in _of(sums, "first"))
    # Whole numbers: that all agree by chance alone must not be hidden by rounding.
    return None if not n or products == n * n else (n * sums[_SAME] - products) / (n * n - products)


def _fleiss_item(item: Item) -> Sums:
    counts = Counter(item)
    same = sum(count * (count - 1) for count in counts.values())
    return {_N: 1, "ratings": len(item), _SAME: same, **{("value", name): count for name, count in counts.items()}}


def _fleiss(sums: Sums) -> float | None:
    n, ratings = sums.get(_N, 0), sums.get("ratings", 0)
    squares = sum(count * count for _, count in _of(sums, "value"))
    if not n or squares == ratings * ratings:
        return None
    raters = ratings / n
    agreed = sums[_SAME] / (n * raters * (raters - 1))
    chance = squares / (ratings * ratings)
    return (agreed - chance) / (1 - chance)


def _alpha_item(item: Item) -> Sums:
    counts = Counter(item)
    same = sum(count * (count - 1) for count in counts.values()) / (len(item) - 1)
    return {"ratings": len(item), _SAME: same, **{("value", name): count for name, count in counts.items()}}


def _alpha(sums: Sums) -> float | None:
    ratings = sums.get("ratings", 0)
    squares = sum(count * count for _, count in _of(sums, "value"))
    if not ratings or squares == ratings * ratings:
        return None
    return 1 - (ratings - 1) * (ratings - sums[_SAME]) / (ratings * ratings - squares)


def _of(sums: Sums, kind: str) -> list[tuple[tuple[str, str], float]]:
    return [(name, count) for name, count in sums.items() if isinstance(name, tuple) and name[0] == kind]
