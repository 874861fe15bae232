"""A search gives all that it has, slice by slice; what it did not give is never said to be complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clocks import START, PretendClock
from support.scripted import Handler, Script, said

from miner.collect.github import GitHubClient, GitHubLimits
from miner.collect.githubsearch import GITHUB_EPOCH, SearchPage, dated, split, validate_query, walk
from miner.collect.githubtokens import TokenPool
from miner.errors import HttpError
from miner.model import RawResponse
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH, Interval, merge

NOW = int(START.timestamp())
SINCE = 1_546_300_800
ALWAYS = Interval(MIN_EPOCH, MAX_EPOCH)
_BOUND = re.compile(r" created:(>=|<=)?(\S+?)(?:\.\.(\S+))?$")


@dataclass(frozen=True)
class Reply:
    """An answer of the index."""

    data: Any
    response: RawResponse


class Index:
    """A search index that holds items by id and moment, and is as strict as GitHub's about what it gives."""

    def __init__(self, moments: Iterable[int], *, cap: int = 10, page_size: int = 3) -> None:
        self.items = dict(enumerate(moments, start=1))
        self.cap = cap
        self.page_size = page_size
        self.asked: list[tuple[str, int]] = []
        self.before: Callable[[int], None] = lambda _: None
        self.incomplete: Callable[[int], bool] = lambda _: False

    def __call__(self, query: str, page: int) -> Reply:
        """Answer a query."""
        self.asked.append((query, page))
        self.before(len(self.asked))
        if page > 1 and (page - 1) * self.page_size >= self.cap:
            raise HttpError("Only the first 1000 search results are available")
        since, until = bounds(query)
        found = [{"id": key} for key, moment in sorted(self.items.items()) if since <= moment <= until]
        shown = found[: self.cap][(page - 1) * self.page_size : page * self.page_size]
        data = {"total_count": len(found), "incomplete_results": self.incomplete(len(self.asked)), "items": shown}
        return Reply(data, RawResponse("github", f"http://x/?q={query}", 200, "application/json", START, b"{}"))

    def walk(self, interval: Interval = ALWAYS, now: int = NOW, **options: Any) -> list[SearchPage]:
        """Walk a query through an interval."""
        pages = walk(self, "fix", "created", interval, now=now, page_size=self.page_size, cap=self.cap, **options)
        return list(pages)


def bounds(query: str) -> tuple[float, float]:
    found = _BOUND.search(query)
    if found is None:
        return float("-inf"), float("inf")
    sign, first, second = found.groups()
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (first, second) if text]
    if sign == ">=":
        return moments[0], float("inf")
    return (float("-inf"), moments[0]) if sign else (moments[0], moments[1])


def ids(pages: Iterable[SearchPage]) -> list[int]:
    return [item["id"] for page in pages for item in page.items]


def proved(pages: Iterable[SearchPage]) -> list[Interval]:
    return merge(page.proved for page in pages if page.proved)


@pytest.mark.parametrize(
    ("interval", "query"),
    [
        (ALWAYS, "fix"),
        (Interval(SINCE, MAX_EPOCH), "fix created:>=2019-01-01T00:00:00Z"),
        (Interval(MIN_EPOCH, SINCE), "fix created:<=2018-12-31T23:59:59Z"),
        (Interval(SINCE, SINCE + 60), "fix created:2019-01-01T00:00:00Z..2019-01-01T00:00:59Z"),
        (Interval(SINCE, SINCE + 1), "fix created:2019-01-01T00:00:00Z..2019-01-01T00:00:00Z"),
        (Interval(-(2**60), 2**60), "fix created:0001-01-01T00:00:00Z..9999-12-31T23:59:59Z"),
    ],
)
def test_bounds_are_inclusive_seconds(interval: Interval, query: str) -> None:
    """A half-open interval is written with its last second; an open end is not written, so it is the same each day."""
    assert dated("fix", "created", interval) == query


def test_slice_that_fits() -> None:
    """What fits is one slice: its pages come one by one, and the last one proves it."""
    index = Index([SINCE + 5, SINCE + 6, SINCE + 7, SINCE + 8])
    pages = index.walk(Interval(SINCE, SINCE + 100))
    assert [len(page.items) for page in pages] == [3, 1]
    assert [page.proved for page in pages] == [None, Interval(SINCE, SINCE + 100)]
    assert [page.fetched_so_far for page in pages] == [3, 4]
    assert {(page.total, page.short) for page in pages} == {(4, "")}


def test_nothing_found_is_proved() -> None:
    """An empty slice costs one request and is proved."""
    index = Index([])
    assert proved(index.walk(Interval(SINCE, SINCE + 9))) == [Interval(SINCE, SINCE + 9)]
    assert len(index.asked) == 1


def test_future_is_never_proved() -> None:
    """What has no end is proved up to now; what begins later is looked at and not proved."""
    assert proved(Index([]).walk(Interval(SINCE, MAX_EPOCH))) == [Interval(SINCE, NOW)]
    pages = Index([NOW + 50]).walk(Interval(NOW + 10, NOW + 100))
    assert (ids(pages), proved(pages), pages[0].short) == ([1], [], "")


def test_slices_are_the_same_when_asked_later() -> None:
    """The queries of a later run are those of an earlier one, so that conditional requests find their answers."""
    moments = [SINCE + 400_000 * number for number in range(100)]
    earlier, later = Index(moments), Index(moments)
    earlier.walk(Interval(SINCE, MAX_EPOCH), now=NOW)
    later.walk(Interval(SINCE, MAX_EPOCH), now=NOW + 90_000)
    assert earlier.asked == later.asked
    assert earlier.asked[-1][0].startswith("fix created:>=")


def test_one_second_over_the_cap() -> None:
    """A second that has too much gives what can be had and is not proved; the time around it is."""
    index = Index([SINCE + 5] * 25 + [SINCE + 9])
    pages = index.walk(Interval(SINCE, SINCE + 16))
    assert len(ids(pages)) == 11
    assert proved(pages) == [Interval(SINCE, SINCE + 5), Interval(SINCE + 6, SINCE + 16)]
    assert [page.short for page in pages if page.short] == ["more than 10 in one second"]


def test_dates_that_are_no_dates() -> None:
    """Commits may be dated before GitHub or in the future: an open interval finds them, too."""
    moments = [5, 6, GITHUB_EPOCH - 1, NOW + 10**6, NOW + 10**7, *range(SINCE, SINCE + 30)]
    pages = Index(moments).walk(ALWAYS)
    assert sorted(ids(pages)) == list(range(1, len(moments) + 1))
    assert proved(pages) == [Interval(MIN_EPOCH, NOW)]
    ancient = Index([7] * 12 + [8])
    assert len(ids(ancient.walk(Interval(MIN_EPOCH, 100)))) == 11


def test_incomplete_results_are_asked_for_again() -> None:
    """An answer that is incomplete is asked for again; once it is complete the slice is proved."""
    index = Index([SINCE])
    index.incomplete = lambda number: number < 4
    pages = index.walk(Interval(SINCE, SINCE + 9))
    assert (len(index.asked), len(pages)) == (4, 1)
    assert proved(pages) == [Interval(SINCE, SINCE + 9)]


def test_results_that_stay_incomplete() -> None:
    """A slice whose answers stay incomplete gives what came, and says why it is not proved."""
    index = Index([SINCE, SINCE + 1])
    index.incomplete = lambda _: True
    (page,) = index.walk(Interval(SINCE, SINCE + 9), retries=2)
    assert len(index.asked) == 3
    assert (page.proved, page.short, page.incomplete, len(page.items)) == (None, "incomplete_results", True, 2)


def test_results_that_shift_under_the_pages() -> None:
    """When a result vanished between two pages another moved over the edge: the slice is walked again, and proved."""
    index = Index(range(SINCE, SINCE + 6))

    def vanish(number: int) -> None:
        if number == 2:
            del index.items[1]

    index.before = vanish
    pages = index.walk(Interval(SINCE, SINCE + 9))
    assert sorted(ids(pages)) == [1, 2, 3, 4, 5, 6]
    assert [bool(page.proved) for page in pages] == [False, False, False, True]
    assert pages[-1].total == 5


def test_results_that_never_add_up() -> None:
    """When the count is never met the slice is not proved, and the counts are told."""
    index = Index(range(SINCE, SINCE + 4))

    def answer(query: str, page: int) -> Reply:
        reply = index(query, page)
        return Reply(reply.data | {"total_count": 5}, reply.response)

    pages = list(walk(answer, "fix", "created", Interval(SINCE, SINCE + 9), now=NOW, page_size=3, cap=10))
    assert ids(pages) == [1, 2, 3, 4]
    assert (len(pages), pages[-1].short, proved(pages)) == (6, "4 of 5 came", [])


def test_slice_that_grows_over_the_cap() -> None:
    """A slice that has too much by the time its last page comes is split after all."""
    index = Index(range(SINCE, SINCE + 10))

    def grow(number: int) -> None:
        if number == 2:
            index.items |= {100 + number: SINCE + number for number in range(20)}

    index.before = grow
    pages = index.walk(Interval(SINCE, SINCE + 32))
    assert set(ids(pages)) == set(index.items)
    assert proved(pages) == [Interval(SINCE, SINCE + 32)]


def test_commits_of_two_repositories_are_two() -> None:
    """A commit is found once in each repository that holds it; the same one on two pages is one."""
    items = [{"sha": "a", "repository": {"id": 1}}, {"sha": "a", "repository": {"id": 2}}, "?", "?"]
    data = {"total_count": 3, "incomplete_results": False, "items": items}
    response = RawResponse("github", "http://x/", 200, "application/json", START, b"{}")
    (page,) = walk(lambda *_: Reply(data, response), "fix", "author-date", Interval(0, 9), now=NOW)
    assert page.items == (*items[:2], "?")
    assert page.proved == Interval(0, 9)


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"total_count": True, "incomplete_results": False, "items": []}, {"total_count": 1, "items": []}],
)
def test_answer_that_is_no_search_result(data: object) -> None:
    """An answer of another form ends the walk with an error."""
    response = RawResponse("github", "http://x/", 200, "application/json", START, b"{}")
    with pytest.raises(HttpError, match="no search result"):
        list(walk(lambda *_: Reply(data, response), "fix", "created", ALWAYS, now=NOW))


@settings(deadline=None, max_examples=60)
@given(
    moments=st.lists(st.integers(SINCE - 40, SINCE + 40) | st.integers(0, NOW - 1) | st.just(SINCE + 3), max_size=60),
    since=st.just(MIN_EPOCH) | st.integers(SINCE - 50, SINCE),
    until=st.just(MAX_EPOCH) | st.integers(SINCE + 1, SINCE + 10**8),
)
def test_all_comes_once_and_all_time_is_accounted_for(moments: list[int], since: int, until: int) -> None:
    """Whatever there is: each result comes once, oldest slices first, and slices are either proved or told short."""
    window = Interval(since, until)
    pages = Index(moments).walk(window)
    short = [page.slice for page in pages if page.short]
    wanted = {key for key, moment in enumerate(moments, start=1) if since <= moment < until}
    cut = {key for key in wanted for part in short if part.since <= moments[key - 1] < part.until}
    found = ids(pages)
    assert len(found) == len(set(found))
    assert wanted - cut <= set(found) <= wanted
    slices = [page.slice for page in pages]
    assert slices == sorted(slices)
    assert merge(slices) == [window]
    assert merge([*proved(pages), *short])[0].since == since
    assert all(part.until - part.since == 1 for part in short)


@given(st.integers(-(10**6), 10**11), st.integers(1, 10**10))
def test_split_is_inside_and_round(since: int, length: int) -> None:
    """A cut lies inside; halves of an aligned slice are equal; a single second is not cut."""
    halves = split(Interval(since, since + length), NOW)
    if length == 1:
        assert halves is None
    else:
        assert halves is not None
        assert (halves[0].since, halves[1].until) == (since, since + length)
        assert halves[0].until == halves[1].since
    aligned = split(Interval(2**30, 2**30 + 2**20), NOW)
    assert aligned == (Interval(2**30, 2**30 + 2**19), Interval(2**30 + 2**19, 2**30 + 2**20))


def test_few_requests_are_spent_on_splits() -> None:
    """Half of the requests at least bring results: a slice is not cut much smaller than it must be."""
    index = Index([SINCE + 1000 * number for number in range(5000)], cap=1000, page_size=100)
    pages = index.walk(Interval(SINCE, MAX_EPOCH))
    assert len(ids(pages)) == 5000
    assert len(index.asked) <= 80


@pytest.mark.parametrize(
    "query",
    [
        "keras fix merge:false",
        "topic:keras stars:>=5 language:python",
        'a OR b AND c NOT "x OR y" OR d OR e',
        "x" * 198,
    ],
)
def test_queries_that_can_be_asked(query: str) -> None:
    """A query within the limits passes, quoted words are no operators."""
    validate_query(query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "blank"),
        ("a\nb", "one line"),
        ("x" * 199, "257 characters"),
        ("a OR b OR c OR d AND e AND f NOT g", "6 times"),
        ("a committer-date:>2019-01-01", "names committer-date"),
        ("a -committer-date:>2019-01-01", "names committer-date"),
    ],
)
def test_queries_that_cannot_be_asked(query: str, reason: str) -> None:
    """A query over GitHub's limits, with its dates, is refused before it is sent, and the reason is told."""
    with pytest.raises(ValueError, match=reason):
        validate_query(query)


def test_over_http(clock: PretendClock) -> None:
    """The walk works through the client: pages over HTTP, a limit in the midst, the slices' dates in the address."""

    def answer(request: Handler) -> None:
        asked = parse_qs(urlsplit(request.path).query)
        reply = index(asked["q"][0], int(asked["page"][0]))
        said(reply.data)(request)

    index = Index(range(SINCE, SINCE + 20))
    with Script(answer, said({"message": "secondary rate limit"}, 429, retry_after=5), answer) as server:
        client = GitHubClient(server.url, TokenPool(["aaa"], clock), GitHubLimits(), clock)
        pages = list(
            walk(
                lambda query, page: client.get("/search/repositories", {"q": query, "page": page, "per_page": 3}),
                "fix",
                "created",
                Interval(SINCE, SINCE + 32),
                now=NOW,
                page_size=3,
                cap=10,
            )
        )
        client.close()
    assert sorted(ids(pages)) == list(range(1, 21))
    assert proved(pages) == [Interval(SINCE, SINCE + 32)]
    assert clock.slept == [5]
    assert client.requests == len(index.asked) + 1
