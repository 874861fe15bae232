"""The coverage ledger's arithmetic: which half-open time intervals ``[since, until)`` of a query are at hand.

Pure functions. The ledger's form is canonical: its intervals are disjoint, no two complete ones touch, and a complete
crawl gives one row however it was split into pages and however often it was stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from miner.store.values import MAX_EPOCH, MIN_EPOCH

__all__ = ["MAX_EPOCH", "MIN_EPOCH", "Coverage", "Interval", "add", "gaps", "merge", "overlaps"]


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The seconds since 1970-01-01 from ``since`` up to but without ``until``. Never empty."""

    since: int = MIN_EPOCH
    until: int = MAX_EPOCH

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise ValueError(f"an interval must end after it starts: [{self.since}, {self.until})")


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row of the ledger: what a source gave for an interval of a query.

    ``tip`` is the state of the source that was read (git: the head's sha), empty where a source has none.
    ``reported`` is how many results the source said there are, None if it did not say. ``reason`` says why an
    interval is not complete.
    """

    source: str
    query: str
    tip: str
    interval: Interval
    run_id: int
    reported: int | None = None
    fetched: int = 0
    stored: int = 0
    skipped: int = 0
    complete: bool = True
    reason: str = ""
    response_sha256: str | None = None


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Join the intervals that overlap or touch; the result is sorted and disjoint."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.since <= merged[-1].until:
            merged[-1] = Interval(merged[-1].since, max(merged[-1].until, interval.until))
        else:
            merged.append(interval)
    return merged


def gaps(window: Interval, covered: Iterable[Interval]) -> list[Interval]:
    """Give the parts of ``window`` that no interval of ``covered`` holds, in order."""
    found: list[Interval] = []
    start = window.since
    for interval in merge(covered):
        if start < min(interval.since, window.until):
            found.append(Interval(start, min(interval.since, window.until)))
        start = max(start, interval.until)
    if start < window.until:
        found.append(Interval(start, window.until))
    return found


def overlaps(one: Interval, other: Interval) -> Interval | None:
    """Give the part that two intervals share; None if they share none."""
    since, until = max(one.since, other.since), min(one.until, other.until)
    return Interval(since, until) if since < until else None


def add(ledger: Iterable[Coverage], new: Coverage) -> list[Coverage]:
    """Give the ledger of one (source, query, tip) with ``new`` in it, sorted.

    A complete row joins the complete rows that it touches, with their counts added; one that tells nothing new
    changes nothing. It takes its interval from incomplete rows. An incomplete row takes the place of earlier
    incomplete ones, but never of complete ones; where a row is cut, each part keeps the counts of the attempt.
    """
    rows = list(ledger)
    complete = [row for row in rows if row.complete]
    incomplete = [row for row in rows if not row.complete]
    if new.complete:
        complete = _joined(complete, new)
        left = [part for row in incomplete for part in _outside(row, complete)]
    else:
        left = [part for row in incomplete for part in _outside(row, [new])] + _outside(new, complete)
    return sorted(complete + left, key=lambda row: row.interval)


def _outside(row: Coverage, others: Iterable[Coverage]) -> list[Coverage]:
    return [replace(row, interval=part) for part in gaps(row.interval, (other.interval for other in others))]


def _joined(complete: list[Coverage], new: Coverage) -> list[Coverage]:
    if not gaps(new.interval, (row.interval for row in complete)):
        return complete
    apart = []
    for row in complete:
        if row.interval.until < new.interval.since or new.interval.until < row.interval.since:
            apart.append(row)
        else:
            new = _sum(row, new)
    return [*apart, new]


def _sum(old: Coverage, new: Coverage) -> Coverage:
    known = old.reported is not None and new.reported is not None
    return replace(
        new,
        interval=merge([old.interval, new.interval])[0],
        run_id=max(old.run_id, new.run_id),
        reported=(old.reported or 0) + (new.reported or 0) if known else None,
        fetched=old.fetched + new.fetched,
        stored=old.stored + new.stored,
        skipped=old.skipped + new.skipped,
        reason=old.reason if old.reason == new.reason else "",
        response_sha256=old.response_sha256 if old.response_sha256 == new.response_sha256 else None,
    )
