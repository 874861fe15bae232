"""What searches on GitHub name now, and how much a part of it tells of the whole: what a plan estimates from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import floor, sqrt
from typing import Any, TypeVar

from miner.collect import githubsearch
from miner.collect.github import GitHubClient
from miner.collect.githubitems import FoundCommit, FoundFile, Repository, read_commit, read_file, read_repository
from miner.collect.githubsearch import SearchAnswer
from miner.githubsearches import Search

MOST_PAGES = {"repositories": 100, "commits": 10, "code": 10}
"""Requests of a plan for each search of a strategy: GitHub allows 30 a minute, of code 10."""

_DEVIATIONS = 3.0
"""Standard errors on either side of an estimate: of skewed counts, about nine intervals in ten hold the truth then."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """A repository that a search names. ``stars`` are None where only searches of code named it: they do not tell."""

    github_id: int
    full_name: str
    stars: int | None = None


@dataclass(slots=True)
class Frame:
    """What the searches name now: of ``reported`` results ``came`` were read; those beyond are taken to be alike."""

    repositories: dict[int, Named] = field(default_factory=dict)
    commits: dict[str, FoundCommit] = field(default_factory=dict)
    reported: int = 0
    came: int = 0

    @property
    def beyond(self) -> float:
        """How many times as many results there are as were read."""
        return self.reported / self.came if self.came else 1.0

    def read(self, client: GitHubClient, search: Search, now: int, advance: Callable[[int], None]) -> tuple[int, int]:
        """Read what a search names; give how many results it has and how many requests they take, 0: not known.

        :param advance: is told how many results came.
        :raises HttpError: when GitHub does not answer.
        """
        totals: list[int] = []

        def ask(query: str, page: int) -> SearchAnswer:
            answer = client.get(search.path, search.parameters(query, page))
            total = answer.data.get("total_count") if isinstance(answer.data, dict) else None
            totals.append(total if type(total) is int else 0)
            return answer

        came, whole = 0, True
        for page in githubsearch.walk(ask, search.text, search.qualifier, search.interval, now=now):
            for item in page.items:
                self._enter(search, item)
            came += len(page.items)
            advance(came)
            if len(totals) >= MOST_PAGES[search.strategy]:
                whole = came >= totals[0]
                break
        self.reported += max(totals[0], came)
        self.came += came
        return totals[0], len(totals) if whole else 0

    def add(self, found: Repository) -> None:
        """Add a repository, unless it is private, which is not mined."""
        if not found.private:
            self.repositories[found.github_id] = Named(found.github_id, found.full_name, found.stars)

    def _enter(self, search: Search, item: Any) -> None:
        if search.strategy == "commits":
            commit = read_commit(item)
            if isinstance(commit, FoundCommit):
                self.commits.setdefault(commit.sha, commit)
            return
        read = read_file(item) if search.strategy == "code" else read_repository(item)
        if isinstance(read, Repository):
            self.add(read)
        elif isinstance(read, FoundFile) and not read.private:
            self.repositories.setdefault(read.github_id, Named(read.github_id, read.full_name))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A sum over a whole, from the values of a part: about nine in ten of ``low`` to ``high`` hold it."""

    value: float
    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether nothing was estimated."""
        return self.low == self.value == self.high

    def plus(self, other: Estimate | float) -> Estimate:
        """Add what is known, or another sum; the intervals are added, too, which is wider than need be."""
        known = other if isinstance(other, Estimate) else Estimate(other, other, other)
        return Estimate(self.value + known.value, self.low + known.low, self.high + known.high)

    def times(self, factor: float) -> Estimate:
        """Take it for so many times as much; what was seen is the least then still."""
        return self if factor == 1 else replace(self, value=self.value * factor, high=self.high * factor)


def spread(ordered: Sequence[T], most: int) -> list[T]:
    """Choose at most so many of an ordered whole, evenly, and the same each time."""
    step = max(1.0, len(ordered) / most)
    return [ordered[floor((number + 0.5) * step)] for number in range(min(len(ordered), most))]


def surely(ordered: Sequence[T], most: int) -> int:
    """Tell how many of the first of an ordered whole are to be read for sure, if so many may be read in all.

    A few repositories have most of the commits: one that is left to chance is either missed or counted many times.
    """
    return len(ordered) if len(ordered) <= most else most // 2


def estimate(values: Sequence[float], whole: int) -> Estimate:
    """Estimate a sum over so many things from the values of some of them, chosen by :func:`spread`, in order.

    The variance is that of successive differences: what is alike stands together, so that a systematic sample tells
    more than one by lot (Wolter, Introduction to Variance Estimation, 2nd edition, 8.2).
    """
    if not values or len(values) >= whole:
        return Estimate(sum(values), sum(values), sum(values))
    count, value = len(values), sum(values) / len(values) * whole
    squares = sum((b - a) ** 2 for a, b in pairwise(values)) / (2 * (count - 1)) if count > 1 else value**2
    error = _DEVIATIONS * whole * sqrt((1 - count / whole) / count * squares)
    return Estimate(value, max(sum(values), value - error), value + error)
