"""What every source gives the pipeline: targets, and of each target pages of work.

A page is a unit of work: a function of what to mine alone, idempotent, and small enough to sit in memory. Its rows and
the interval that it proves are committed together. A source raises only children of
:class:`~miner.errors.SourceError`; one target that fails does not stop the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, Self

from miner.model import Label

Rows = dict[str, list[tuple[object, ...]]]


@dataclass(slots=True)
class MinedPage:
    """What a page's work gives: rows by table, and counts for the summary.

    ``rest`` are commits that it left for another page, so as not to hold too much in memory at once.
    """

    rows: Rows
    rest: tuple[str, ...] = ()
    seen: int = 0
    candidates: int = 0
    fixes: int = 0
    omissions: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    libraries: Counter[str] = field(default_factory=Counter)

    def count_fix(self, library: str, labels: Iterable[Label]) -> None:
        """Count a fix of a library, with the first choice of its pattern."""
        self.fixes += 1
        self.libraries[library] += 1
        self.patterns.update(label.value for label in labels if label.scheme == "pattern" and label.rank == 1)


class Task(Protocol):
    """A page's work. It is sent to a worker process, so it must be picklable."""

    def run(self) -> MinedPage:
        """Do the work. Called again with the same task it gives the same rows."""

    def only(self, shas: tuple[str, ...]) -> Self:
        """Give the same work on some of its commits."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The interval that a page proves, half-open, in epoch seconds, and what was in it.

    ``reported`` is how many items the source has there, ``skipped`` how many of them are never fetched (merges).
    """

    since: int
    until: int
    reported: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Page:
    """A unit of work and the interval that is proved once it, and all pages before it, are in the database."""

    task: Task
    claim: Claim | None
    items: int
