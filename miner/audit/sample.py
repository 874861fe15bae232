"""Which slices there are, and which of them are asked."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

from miner.audit.model import Slice
from miner.store.coverage import Coverage, Interval, overlaps

ITEMS = 50
"""Stored items of a slice: two of them fit into a page, so that one with more than we know of costs little."""


def cut(row: Coverage, window: Interval, dates: Iterable[int]) -> Iterator[Slice]:
    """Cut the part of a covered interval that is in the window, at the date of each 50th stored item.

    Slices tile the part, with its open ends: whatever the source has there is in exactly one of them.

    :param dates: of the stored items in the window, in order, in epoch seconds.
    """
    part = overlaps(row.interval, window)
    if part is None:
        return
    start, count = part.since, 0
    for date in dates:
        if not part.since <= date < part.until:
            continue
        if count >= ITEMS and date > start:
            yield Slice(row.source, row.query, row.tip, Interval(start, date), count, row.run_id)
            start, count = date, 0
        count += 1
    yield Slice(row.source, row.query, row.tip, Interval(start, part.until), count, row.run_id)


def draw(slices: Sequence[Slice], size: int, seed: int) -> list[Slice]:
    """Draw slices without replacement, each equally likely; the same seed draws the same."""
    ordered = sorted(slices, key=lambda one: (one.query, one.tip, one.interval))
    chance = random.Random(f"{seed}")  # noqa: S311 - a sample that can be drawn again, not a secret
    return chance.sample(ordered, min(size, len(ordered)))
