"""Paging misses nothing that was there all the time, and each page proves no more than what came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.collect import apiwalk
from miner.collect.apiitems import Item
from miner.collect.apiwalk import ApiPage, Sheet, by_activity, by_creation
from miner.errors import HttpError
from miner.model import Author, Post, PostKind, RawResponse, Thread
from miner.store.coverage import Interval, merge

SIZE = 3
WINDOW = Interval(0, 20)
RESPONSE = RawResponse("stackoverflow", "http://x/", 200, "application/json", datetime(2024, 1, 1, tzinfo=UTC), b"")

DATES = st.lists(st.integers(-2, 22), max_size=30)
# What happens after a request: nothing, or something to the n-th question.
EVENTS = st.lists(st.none() | st.integers(0, 40), max_size=12)


def thread(number: int) -> Thread:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    post = Post(number, PostKind.QUESTION, number, "", "", 0, Author(None, ""), moment, None, moment, None, "")
    return Thread("x", moment, post, ())


class Site:
    """Questions by number, with a date; after each request something may happen."""

    def __init__(self, dates: list[int], happen: Callable[[Site, int], None], events: list[int | None]) -> None:
        self.dates = dict(enumerate(dates, 1))
        self.gone: set[int] = set()
        self.moved: set[int] = set()
        self.happen = happen
        self.events = list(events)
        self.requests = 0

    def ask(self, first: int, last: int | None, page: int) -> Sheet:
        """Answer as the API does."""
        assert last is None or first <= last
        assert page <= apiwalk.LAST_PAGE
        self.requests += 1
        found = [n for n, date in self.dates.items() if first <= date and (last is None or date <= last)]
        # Ties are in an order that nobody knows.
        found.sort(key=lambda n: (self.dates[n], n * 7919 % 101))
        shown = found[(page - 1) * SIZE : page * SIZE]
        items = tuple((self.dates[n], Item(n, self.dates[n], self.dates[n], thread(n), ())) for n in shown)
        sheet = Sheet(RESPONSE, items, page * SIZE < len(found), len(found))
        event = self.events.pop(0) if self.events else None
        if event is not None and self.dates:
            self.happen(self, sorted(self.dates)[event % len(self.dates)])
        return sheet

    def delete(self, number: int) -> None:
        """Take a question away."""
        self.gone.add(number)
        del self.dates[number]

    def add(self, number: int) -> None:
        """Undelete a question."""
        new = max(self.dates) + 1
        self.dates[new] = number % WINDOW.until
        self.gone.add(new)

    def delete_and_add(self, number: int) -> None:
        """Do the one now, and the other the next time."""
        (self.add if len(self.gone) % 2 else self.delete)(number)

    def touch(self, number: int) -> None:
        """Let a question be active, which is later than the window."""
        self.moved.add(number)
        self.dates[number] = max(*self.dates.values(), WINDOW.until) + 1


def numbers(pages: list[ApiPage]) -> list[int]:
    return [thread.question.post_id for page in pages for thread in page.threads]


def proved(pages: list[ApiPage]) -> list[Interval]:
    return [page.proved for page in pages if page.proved is not None]


def check_tiles(pages: list[ApiPage], window: Interval) -> None:
    """The intervals cover the window, and no two overlap."""
    found = proved(pages)
    assert merge(found) == [window]
    assert sum(one.until - one.since for one in found) == window.until - window.since


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apiwalk, "PAGE_SIZE", SIZE)


def quiet(_site: Site, _number: int) -> None:
    """Nothing happens."""


@given(DATES)
def test_a_site_at_rest_gives_each_question_once(dates: list[int]) -> None:
    """The counts of the pages add up, too."""
    site = Site(dates, quiet, [])
    pages = list(by_creation(site.ask, WINDOW))
    wanted = sorted(n for n, date in site.dates.items() if WINDOW.since <= date < WINDOW.until)
    assert sorted(numbers(pages)) == wanted
    check_tiles(pages, WINDOW)
    assert sum(page.reported for page in pages) == sum(page.fetched for page in pages) == len(wanted)
    assert {page.total for page in pages} == {len(wanted)}


@given(DATES)
def test_each_page_counts_what_its_interval_holds(dates: list[int]) -> None:
    site = Site(dates, quiet, [])
    for page in by_creation(site.ask, WINDOW):
        inside = [d for d in dates if page.proved is not None and page.proved.since <= d < page.proved.until]
        assert page.reported == len(inside)


@given(DATES, EVENTS, st.sampled_from([Site.delete, Site.delete_and_add]), st.booleans())
def test_no_question_is_missed_while_others_are_deleted(
    dates: list[int], events: list[int | None], happen: Callable[[Site, int], None], by: bool
) -> None:
    """Nor are pages trusted that shifted: at each point all of what is proved came, if it was there all the time."""
    site = Site(dates, happen, events)
    walk = by_creation(site.ask, WINDOW) if by else by_activity(site.ask, WINDOW.since, WINDOW.until)
    pages: list[ApiPage] = []
    for page in walk:
        pages.append(page)
        came = set(numbers(pages))
        for interval in proved(pages):
            there = {n for n, date in site.dates.items() if interval.since <= date < interval.until}
            assert there - site.gone <= came
    check_tiles(pages, WINDOW)


@given(DATES, EVENTS)
def test_no_question_is_missed_while_others_appear(dates: list[int], events: list[int | None]) -> None:
    """As undeleted questions do, and those that get the tag."""
    site = Site(dates, Site.add, events)
    pages = list(by_creation(site.ask, WINDOW))
    inside = {n for n, date in site.dates.items() if WINDOW.since <= date < WINDOW.until}
    assert inside - site.gone <= set(numbers(pages))
    check_tiles(pages, WINDOW)


@given(DATES, EVENTS)
def test_no_activity_is_missed_while_there_is_more(dates: list[int], events: list[int | None]) -> None:
    """A question that is active meanwhile moves out of the interval; the others all come."""
    site = Site(dates, Site.touch, events)
    pages = list(by_activity(site.ask, WINDOW.since, WINDOW.until))
    at_rest = {n for n, date in site.dates.items() if WINDOW.since <= date < WINDOW.until}
    assert at_rest <= set(numbers(pages))
    check_tiles(pages, WINDOW)
    came = [n for n in numbers(pages) if n not in site.moved]
    assert len(came) == len(set(came))


@pytest.mark.parametrize("ties", [1, 2, 5, 20])
def test_full_pages_cost_no_request_more(ties: int) -> None:
    """A hundred questions a request, also where dates tie and the last page is full."""
    site = Site([number // ties for number in range(18)], quiet, [])
    assert len(list(by_creation(site.ask, WINDOW))) == site.requests == 18 // SIZE


def test_an_empty_window_is_proved() -> None:
    site = Site([], quiet, [])
    (page,) = by_creation(site.ask, WINDOW)
    assert (page.proved, page.reported, page.total) == (WINDOW, 0, 0)


def test_activity_up_to_now_proves_nothing_when_it_starts_now() -> None:
    site = Site([5], quiet, [])
    (page,) = by_activity(site.ask, 5, 5)
    assert page.proved is None
    assert numbers([page]) == [1]


@pytest.mark.parametrize("last", [False, True])
def test_a_second_with_more_than_a_page_is_read_through(last: bool) -> None:
    """Also where it is the last of the window."""
    date = WINDOW.until - 1 if last else 4
    site = Site([date] * 10 + [1, 2], quiet, [])
    pages = list(by_creation(site.ask, WINDOW))
    assert sorted(numbers(pages)) == list(range(1, 13))
    check_tiles(pages, WINDOW)


@pytest.mark.parametrize("walk", [lambda ask: by_creation(ask, WINDOW), lambda ask: by_activity(ask, 0, 20)])
def test_a_second_with_too_many_questions_is_an_error(walk: Callable[..., list[ApiPage]]) -> None:
    """Page 26 is never asked for; what is before and behind that second is proved all the same."""
    site = Site([1, 2, *[4] * (SIZE * apiwalk.LAST_PAGE + 1), 5, 5, 6, 7], quiet, [])
    pages: list[ApiPage] = []
    with pytest.raises(HttpError, match="the second 1970-01-01 00:00:04 UTC has more than 75 questions"):
        pages.extend(walk(site.ask))
    assert merge(proved(pages)) == [Interval(0, 4), Interval(5, 20)]
    full = Site([4] * SIZE * apiwalk.LAST_PAGE, quiet, [])
    assert len(numbers(list(walk(full.ask)))) == SIZE * apiwalk.LAST_PAGE


def test_a_second_that_never_rests_is_an_error() -> None:
    """There is no endless loop."""
    site = Site([4] * 60, Site.delete, list(range(40)))
    with pytest.raises(HttpError, match="changes faster"):
        list(by_creation(site.ask, WINDOW))
    assert site.requests <= 40


def test_what_came_is_given_before_more_is_asked_for() -> None:
    """A quota that ends with a page does not cost the page."""
    site = Site([1, 2, 3, 3, 4, 5, 6], quiet, [])
    walk = by_creation(site.ask, WINDOW)
    for requests, page in enumerate(walk, 1):
        assert site.requests == requests
        assert page.threads


def unreadable() -> Item:
    return Item(None, None, None, None, ())


def test_items_without_a_date_are_counted_where_they_stand() -> None:
    """They cost nothing of the proof."""
    sheets = {0: Sheet(RESPONSE, ((3, Item(1, 3, 3, thread(1), ())), (None, unreadable())), False, 2)}
    (page,) = by_creation(lambda first, _last, _page: sheets[first], WINDOW)
    assert (page.proved, page.reported, len(page.threads)) == (WINDOW, 2, 1)


def test_a_page_without_any_date_is_an_error() -> None:
    """There is no way on from it."""
    sheet = Sheet(RESPONSE, ((None, unreadable()),) * SIZE, True, 9)
    with pytest.raises(HttpError, match="none of the dates"):
        list(by_creation(lambda *_: sheet, WINDOW))


def test_an_api_that_hides_that_there_is_more_is_not_believed() -> None:
    """It counts more than it sent."""
    site = Site([1, 2, 3, 4, 5], quiet, [])

    def ask(first: int, last: int | None, page: int) -> Sheet:
        sheet = site.ask(first, last, page)
        return Sheet(sheet.response, sheet.items, False, sheet.total)

    pages = list(by_creation(ask, WINDOW))
    assert sorted(numbers(pages)) == [1, 2, 3, 4, 5]
    check_tiles(pages, WINDOW)
