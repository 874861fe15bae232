"""Pages through questions in the order of a date, so that each page proves an interval and none is missed.

A question that is deleted, or gets or loses the tag, between two requests shifts all later pages. The two walks differ
in how they make sure of it:

- :func:`by_creation` takes page after page, and each must count as many questions in all as the first did, and start
  where the one before ended. Else it proves nothing, and paging starts again at the last second that is not proved.
  So N questions take N / 100 requests. It would be fooled only if, between two requests, as many questions appeared
  (undeleted, tag added) behind that place as went before it.
- :func:`by_activity` asks for page 1 only, from the last second of the page before on: that brings its questions
  again, so that nothing can be fooled. Questions that are active meanwhile move to the end, where they are met again.

A second that cannot be closed does not stop a walk: the error comes at the end, and its interval stays unproved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from miner.collect.apiitems import Item
from miner.errors import HttpError
from miner.model import Omission, RawResponse, Thread
from miner.store.coverage import Interval

LAST_PAGE = 25
PAGE_SIZE = 100

_RESTARTS = 5


@dataclass(frozen=True, slots=True)
class ApiPage:
    """What one request brought.

    ``response`` is as it came, its body decoded and its URL without the key. ``threads`` are sorted by question id;
    what could not be read is in ``omissions`` instead. ``proved`` is the interval, in epoch seconds of the date that
    was asked for, of which everything has come with this page and those before it; None if there is none. ``reported``
    is how many questions the source has there, ``fetched`` how many of them came, unreadable ones included. ``total``
    is how many questions the API counted in all at the start; None where that was not asked for.
    """

    response: RawResponse
    threads: tuple[Thread, ...]
    omissions: tuple[Omission, ...]
    proved: Interval | None
    reported: int
    fetched: int
    total: int | None

    @classmethod
    def of_items(
        cls,
        response: RawResponse,
        items: Sequence[Item],
        proved: Interval | None = None,
        reported: int = 0,
        total: int | None = None,
    ) -> ApiPage:
        """Make a page of what was read."""
        threads = {item.thread.question.post_id: item.thread for item in items if item.thread}
        omissions = {omission.subject: omission for item in items for omission in item.omissions}
        ordered = tuple(threads[number] for number in sorted(threads))
        return cls(response, ordered, tuple(omissions.values()), proved, reported, reported, total)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A response of the API: its items with the date (epoch seconds) that they are sorted by, if it can be read."""

    response: RawResponse
    items: tuple[tuple[int | None, Item], ...]
    has_more: bool
    total: int

    @property
    def dates(self) -> list[int]:
        """The dates that can be read."""
        return [date for date, _ in self.items if date is not None]


Ask = Callable[[int, int | None, int], Sheet]
"""Asks for the dates from the first to the second (None: no bound), both included, and a page number from 1."""


def by_creation(ask: Ask, window: Interval) -> Iterator[ApiPage]:
    """Page through the questions of a window; the intervals proved tile it.

    :raises HttpError: at the end, where a second could not be closed; at once, where there is no way on.
    """
    walk = _Walk(ask)
    low = window.since
    while low < window.until:
        end, _ = yield from walk.numbered(low, window.until)
        if end == low:
            yield from walk.second(low)
            end = low + 1
        low = end
    walk.finish()


def by_activity(ask: Ask, since: int, until: int) -> Iterator[ApiPage]:
    """Page through the questions with activity at or after ``since``; the intervals proved tile [since, until).

    :raises HttpError: at the end, where a second could not be closed; at once, where there is no way on.
    """
    walk = _Walk(ask)
    low, is_last = since, False
    while not is_last:
        sheet = ask(low, None, 1)
        is_partial = sheet.has_more or sheet.total > len(sheet.items)
        # What is active at or after `until` is the next call's: so this ends, however busy the site is.
        is_last = not is_partial or _end(sheet) >= until
        end = until if is_last else _end(sheet)
        yield walk.page(sheet, low, end)
        if end == low and not is_last:
            yield from walk.second(low)
            end = low + 1
        low = end
    walk.finish()


def _end(sheet: Sheet) -> int:
    if not sheet.dates:
        raise HttpError(f"{sheet.response.url}: none of the dates on this page can be read, so there is no way on")
    return sheet.dates[-1]


def _goes_on(sheet: Sheet, total: int, low: int) -> bool:
    """Tell whether a page is the one after a page that ended at ``low``, when the API counted ``total`` questions."""
    return bool(sheet.items) and sheet.total == total and all(date >= low for date in sheet.dates[:1])


class _Walk:
    """Makes pages of sheets: knows what came but is not yet in a proved interval, and what could not be closed."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._open: set[tuple[object, int]] = set()
        self._total: int | None = None
        self._failure: HttpError | None = None

    def page(self, sheet: Sheet, start: int, end: int) -> ApiPage:
        """Make the page of a sheet that proves [start, end), which may be empty."""
        fresh = self._take_in(sheet, start)
        settled = {(key, date) for key, date in self._open if start <= date < end}
        self._open -= settled
        if self._total is None:
            self._total = sheet.total
        proved = Interval(start, end) if start < end else None
        return ApiPage.of_items(sheet.response, fresh, proved, len(settled), self._total)

    def numbered(self, start: int, until: int) -> Generator[ApiPage, None, tuple[int, int]]:
        """Take the pages of [start, until) by number while nothing shifts them.

        Pages above 25 need a key, and are never asked for. Gives the end of what is proved, and how many questions the
        API counted.
        """
        low, total, came = start, 0, 0
        for number in range(1, LAST_PAGE + 1):
            sheet = self._ask(start, until - 1, number)
            came += len(sheet.items)
            if number == 1:
                total = sheet.total
            elif not _goes_on(sheet, total, low):
                yield self.page(sheet, low, low)
                break
            is_partial = sheet.has_more or total > came
            end = _end(sheet) if is_partial else until
            yield self.page(sheet, low, end)
            low = end
            if not is_partial:
                break
        return low, total

    def second(self, second: int) -> Iterator[ApiPage]:
        """Read all of one second, which has more questions than a page."""
        most = LAST_PAGE * PAGE_SIZE
        for _ in range(_RESTARTS):
            end, total = yield from self.numbered(second, second + 1)
            if end > second:
                return
            if total > most:
                break
        what = f"has more than {most:,} questions" if total > most else "changes faster than it can be read"
        moment = datetime.fromtimestamp(second, UTC)
        failure = HttpError(
            f"the second {moment:%Y-%m-%d %H:%M:%S} UTC {what}, so nothing proves that all of them came"
        )
        self._failure = self._failure or failure

    def finish(self) -> None:
        """Raise the error of the first second that could not be closed."""
        if self._failure is not None:
            raise self._failure

    def _take_in(self, sheet: Sheet, low: int) -> list[Item]:
        keys = _keys(sheet, low)
        fresh = [item for key, (_, item) in zip(keys, sheet.items, strict=True) if key not in self._open]
        self._open.update(keys)
        return fresh


def _keys(sheet: Sheet, low: int) -> list[tuple[object, int]]:
    """Give what tells each item apart, and its date: where that cannot be read it is that of the item before it."""
    found: list[tuple[object, int]] = []
    date = low
    for own_date, item in sheet.items:
        date = date if own_date is None else own_date
        found.append((item.question_id or item, date))
    return found
