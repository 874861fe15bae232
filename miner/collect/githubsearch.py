"""Gets out of GitHub's search what a query has, although it gives no more than 1,000 results: by slices of time.

Code has no dates: a search of code is sliced by the size of the files, in bytes, in the same way.

https://docs.github.com/en/rest/search/search. Pure of HTTP. A slice that has too many results is split at the roundest
moment in it (a multiple of the largest power of two of seconds), not in its middle: so the slices are the same in each
run, whenever it starts and however it was stopped, and so are the addresses that conditional requests need.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from miner.errors import HttpError
from miner.model import RawResponse
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH, Interval

GITHUB_EPOCH = 1_191_196_800
"""2007-10-01: no repository on GitHub is older. Dates of commits may be."""

LARGEST_FILE = 384 * 1024
"""Larger files are in no search of code, in bytes."""

SIZE = "size"
"""The qualifier by which a search of code is sliced."""

MAX_QUERY_CHARACTERS = 256
MAX_OPERATORS = 5

_BOUNDS_CHARACTERS = len("2007-10-01T00:00:00Z..2007-10-01T00:00:00Z")
_START_OF_DATES, _END_OF_DATES = -62_135_596_800, 253_402_300_800
_PASSES = 3


class SearchAnswer(Protocol):
    """What a search's request gives: the JSON of its body, and the body itself."""

    @property
    def response(self) -> RawResponse:
        """The answer as it came."""

    @property
    def data(self) -> Any:
        """Its JSON: for a 304 that of the answer at hand."""


Ask = Callable[[str, int], SearchAnswer]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What one request brought of a slice.

    ``items`` are those that no earlier page of the slice had; ``total`` is what GitHub says the slice has, and
    ``fetched_so_far`` counts what came of it. On the slice's last page, ``proved`` is the time of which everything
    came, which never reaches beyond now; or ``short`` says why the slice is not complete.
    """

    slice: Interval
    items: tuple[Any, ...]
    total: int
    incomplete: bool
    fetched_so_far: int
    response: RawResponse
    proved: Interval | None = None
    short: str = ""


def walk(
    ask: Ask,
    query: str,
    qualifier: str,
    interval: Interval,
    *,
    now: int,
    page_size: int = 100,
    cap: int = 1000,
    retries: int = 3,
) -> Iterator[SearchPage]:
    """Give the results of a query page by page, oldest slices first.

    :param ask: sends a query's page (from 1) with ``page_size`` results a page. What it raises ends the walk. An
        incomplete answer is asked for again: it should not come from a store.
    :param qualifier: what to slice by: "created" of repositories, "author-date" or "committer-date" of commits,
        :data:`SIZE` of code. Of sizes an interval proves nothing alone: ``proved`` says that the slice is whole.
    :param now: the time in epoch seconds before the first request.
    :param retries: how often an incomplete answer is asked for again.
    :raises HttpError: when an answer is no search result.
    """
    yield from _Walk(ask, query, qualifier, now, page_size, cap, retries).walk(interval)


def dated(query: str, qualifier: str, interval: Interval) -> str:
    """Write the query for an interval: bounds are inclusive, whole seconds, UTC, or bytes; an open end has none."""
    written = str if qualifier == SIZE else _written
    since = written(interval.since) if interval.since > MIN_EPOCH else ""
    until = written(interval.until - 1) if interval.until < MAX_EPOCH else ""
    if since and until:
        return f"{query} {qualifier}:{since}..{until}"
    if since:
        return f"{query} {qualifier}:>={since}"
    return f"{query} {qualifier}:<={until}" if until else query


def validate_query(query: str, qualifier: str = "committer-date") -> None:
    """Check a query against GitHub's limits, with the dates that a walk adds.

    https://docs.github.com/en/rest/search/search#limitations-on-query-length: whether qualifiers count is not sure, so
    they do.

    :raises ValueError: with the reason why it cannot be asked.
    """
    if not query.strip() or not query.isprintable():
        raise ValueError("a search is one line that is not blank")
    longest = len(query) + len(f" {qualifier}:") + _BOUNDS_CHARACTERS
    if longest > MAX_QUERY_CHARACTERS:
        raise ValueError(f"with its dates the search has {longest} characters, and GitHub takes {MAX_QUERY_CHARACTERS}")
    words = re.sub(r'"[^"]*"', '""', query).split()
    if qualifier == SIZE and all(re.match(r"-?[a-z]+:", word) for word in words):
        raise ValueError("a search of code needs a word besides its qualifiers")
    operators = sum(word.strip("()") in ("AND", "OR", "NOT") for word in words)
    if operators > MAX_OPERATORS:
        raise ValueError(f"the search has {operators} times AND, OR or NOT, and GitHub takes {MAX_OPERATORS}")
    if any(word.lstrip("-(").startswith(f"{qualifier}:") for word in words):
        raise ValueError(f"the search names {qualifier}, by which its results are split")


def split(interval: Interval, now: int) -> tuple[Interval, Interval] | None:
    """Cut an interval at the roundest second in it; None where there is none.

    An open end is taken for the time within which results are likely, then for that within which they are possible.
    """
    return _split(interval, ((GITHUB_EPOCH, now + 1), (0, now + 1), (GITHUB_EPOCH, _END_OF_DATES), (0, _END_OF_DATES)))


def split_sizes(interval: Interval) -> tuple[Interval, Interval] | None:
    """Cut an interval of sizes in bytes at the roundest number in it; None where there is none."""
    return _split(interval, ((0, LARGEST_FILE + 1),))


def _split(interval: Interval, bounds: Iterable[tuple[int, int]]) -> tuple[Interval, Interval] | None:
    for low, high in bounds:
        since = max(interval.since, low) if interval.since == MIN_EPOCH else interval.since
        until = min(interval.until, high) if interval.until == MAX_EPOCH else interval.until
        moment = _roundest(since, until)
        if moment is not None:
            return Interval(interval.since, moment), Interval(moment, interval.until)
    return None


def _roundest(since: int, until: int) -> int | None:
    """Give the number strictly between two that the largest power of two divides; of several the first."""
    if until - since < 2:
        return None
    first, last = since + 1, until - 1
    shift = max(last, 1).bit_length()
    while (moment := -(-first >> shift) << shift) > last:
        shift -= 1
    return moment


@dataclass(frozen=True, slots=True)
class _Result:
    total: int
    incomplete: bool
    items: list[Any]
    response: RawResponse


class _Walk:
    def __init__(self, ask: Ask, query: str, qualifier: str, now: int, page_size: int, cap: int, retries: int) -> None:
        self._ask = ask
        self._query = query
        self._qualifier = qualifier
        self._now = now
        self._page_size = page_size
        self._cap = cap
        self._retries = retries

    def walk(self, part: Interval) -> Iterator[SearchPage]:
        yield from self._from(part, self._result(part, 1))

    def _from(self, part: Interval, first: _Result) -> Iterator[SearchPage]:
        halves = split_sizes(part) if self._qualifier == SIZE else split(part, self._now)
        if first.total <= self._cap or halves is None:
            yield from self._slice(part, first, splittable=halves is not None)
        else:
            for half in halves:
                yield from self.walk(half)

    def _slice(self, part: Interval, first: _Result, *, splittable: bool) -> Iterator[SearchPage]:
        seen: set[str] = set()
        for left in reversed(range(_PASSES)):
            judged = _Pass(self._cap, self._qualifier, splittable=splittable)
            last = yield from self._pass(part, first, seen, judged)
            if not judged.short or not judged.may_change or not left:
                proved = None if judged.short else self._provable(part)
                yield replace(last, proved=proved, short=judged.short)
                return
            yield last
            first = self._result(part, 1)
            if first.total > self._cap and splittable:
                # It grew while it was walked.
                yield from self._from(part, first)
                return

    def _pass(
        self, part: Interval, first: _Result, seen: set[str], judged: _Pass
    ) -> Generator[SearchPage, None, SearchPage]:
        """Give the pages of a slice but for the last one, which it returns."""
        last = self._page(part, first, seen, judged)
        for number in range(2, -(-min(first.total, self._cap) // self._page_size) + 1):
            yield last
            result = self._result(part, number)
            last = self._page(part, result, seen, judged)
            if not result.items:
                break
        return last

    def _result(self, part: Interval, number: int) -> _Result:
        query = dated(self._query, self._qualifier, part)
        for left in reversed(range(self._retries + 1)):
            result = _read(self._ask(query, number))
            if not result.incomplete or not left:
                break
        return result

    def _page(self, part: Interval, result: _Result, seen: set[str], judged: _Pass) -> SearchPage:
        keyed = {_key(item): item for item in result.items}
        new = tuple(item for key, item in keyed.items() if key not in seen)
        seen.update(keyed)
        judged.add(result, set(keyed))
        return SearchPage(part, new, result.total, result.incomplete, len(seen), result.response)

    def _provable(self, part: Interval) -> Interval | None:
        if self._qualifier == SIZE:
            return part
        # What will be there tomorrow is not proved by its absence today.
        until = min(part.until, self._now)
        return Interval(part.since, until) if part.since < until else None


class _Pass:
    """Judges one walk through a slice's pages, under which results may move while it is walked."""

    def __init__(self, cap: int, qualifier: str, *, splittable: bool) -> None:
        self._cap = cap
        self._smallest = "of one size" if qualifier == SIZE else "in one second"
        self._splittable = splittable
        self._keys: set[str] = set()
        self._totals: list[int] = []
        self._incomplete = False

    def add(self, result: _Result, keys: set[str]) -> None:
        self._keys |= keys
        self._totals.append(result.total)
        self._incomplete = self._incomplete or result.incomplete

    @property
    def may_change(self) -> bool:
        """Whether another walk may bring what this one did not: incomplete answers were asked for again already."""
        return not self._incomplete and (self._splittable or max(self._totals) <= self._cap)

    @property
    def short(self) -> str:
        """Why the slice is not complete; empty if it is."""
        if not self._splittable and max(self._totals) > self._cap:
            return f"more than {self._cap} {self._smallest}"
        if self._incomplete:
            return "incomplete_results"
        if min(self._totals) != max(self._totals):
            # What vanished from a page moved another result to it, unseen: the number may be right by chance.
            return f"from {min(self._totals)} to {max(self._totals)} were there while {len(self._keys)} came"
        return "" if len(self._keys) == self._totals[0] else f"{len(self._keys)} of {self._totals[0]} came"


def _read(answer: SearchAnswer) -> _Result:
    data = answer.data
    if isinstance(data, dict):
        total, incomplete, items = (data.get(name) for name in ("total_count", "incomplete_results", "items"))
        if type(total) is int and total >= 0 and isinstance(incomplete, bool) and isinstance(items, list):
            return _Result(total, incomplete, items, answer.response)
    raise HttpError(f"{answer.response.url}: the answer is no search result; try again later, and check github.api_url")


def _key(item: object) -> str:
    """Tell items apart: repositories by id, commits and files by sha, repository and path, others by all they hold."""
    if isinstance(item, dict):
        repository = item.get("repository")
        if isinstance(item.get("sha"), str) and isinstance(repository, dict):
            return f"{item['sha']} {repository.get('id')} {item.get('path', '')}"
        if type(item.get("id")) is int:
            return str(item["id"])
    try:
        return json.dumps(item, sort_keys=True)
    except RecursionError:
        return "nested too deeply"


def _written(moment: int) -> str:
    within = min(max(moment, _START_OF_DATES), _END_OF_DATES - 1)
    return datetime.fromtimestamp(within, UTC).isoformat().replace("+00:00", "Z")
