"""A client of the Stack Exchange API 2.3, https://api.stackexchange.com/docs: questions with all that hangs on them.

One custom filter brings a question with its answers and the comments of all of them, so that 100 threads cost one
request. It knows no SQL and keeps nothing: it gives values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import quote, quote_plus, urlencode

from miner.clock import Clock
from miner.collect.apiitems import FIELDS, Item, read_item
from miner.collect.apilimits import ApiBudget, check_error
from miner.collect.apiwalk import PAGE_SIZE, ApiPage, Sheet, by_activity, by_creation
from miner.collect.http import HttpClient, HttpLimits, Reply, Transient
from miner.errors import HttpError
from miner.model import RawResponse
from miner.secrets import MASK, without_secrets
from miner.settings import StackOverflowSettings
from miner.store.coverage import Interval

__all__ = ["ApiPage", "StackExchange"]

SOURCE = "stackoverflow"

_QUESTIONS, _QUESTIONS_BY_ID, _CREATE_FILTER = "/questions", "/questions/{ids}", "/filters/create"
_ANSWERS_BY_ID = "/answers/{ids}"
_FILTER_PARAMETERS = {"base": "none", "include": FIELDS, "unsafe": "false"}
_FILTER_NAME = re.compile(r"[!-~]{1,200}")
_LAST_DATE = 253_402_300_799
_MOST_QUOTED = 200
_MOST_SECONDS_AHEAD = 100

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Order:
    """A date that questions are sorted by: the parameters of its bounds, and where an item has it."""

    sort: str
    first: str
    last: str
    date: Callable[[Item], int | None]


_CREATION = _Order("creation", "fromdate", "todate", lambda item: item.created)
_ACTIVITY = _Order("activity", "min", "max", lambda item: item.active)


class StackExchange:
    """The API, as one site's questions are asked for.

    Every method raises :class:`~miner.errors.QuotaExhaustedError` before it sends a request for which the day's quota
    has no room, :class:`~miner.errors.HttpError` where the API gives nothing of use or wants to be left alone for too
    long, and :class:`~miner.errors.Interrupted` when a stop is asked for.
    """

    def __init__(
        self, settings: StackOverflowSettings, clock: Clock, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._key = settings.key.get_secret_value()
        self._filter = ""
        self._budget = ApiBudget(clock, reserve=settings.quota_reserve, max_wait_seconds=settings.max_wait_seconds)
        limits = HttpLimits(
            timeout_seconds=settings.timeout_seconds,
            max_bytes=settings.max_response_bytes,
            attempts=settings.attempts,
            max_wait_seconds=settings.max_wait_seconds,
            requests_per_second=settings.requests_per_second,
        )
        self._http = HttpClient(limits, clock, stopped)

    @property
    def requests(self) -> int:
        """How many requests were sent, retries included."""
        return self._http.requests

    @property
    def has_key(self) -> bool:
        """Whether it asks with a key, which has a budget of its own."""
        return bool(self._key)

    @property
    def quota_remaining(self) -> int | None:
        """How many requests are left today (UTC); None before the first response."""
        return self._budget.remaining

    @property
    def quota_max(self) -> int | None:
        """How many requests a day has; None before the first response."""
        return self._budget.maximum

    @property
    def filter_url(self) -> str:
        """The URL, without the key, of the response that :meth:`prepare` asks for: look for a stored one by it."""
        return f"{self._settings.api_url}{_CREATE_FILTER}?{urlencode(_FILTER_PARAMETERS)}"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def prepare(self, known_filter: bytes | None = None) -> RawResponse | None:
        """Have the custom filter at hand, https://api.stackexchange.com/docs/create-filter.

        Filters are immutable and never expire: one of another run is as good.

        :param known_filter: the body of a stored response from :attr:`filter_url`.
        :returns: the response to store; None where the known filter serves.
        """
        name = _filter_name(_parsed(known_filter)) if known_filter else None
        if name is not None:
            self._filter = name
            return None
        self._filter, response = self._call(_CREATE_FILTER, _CREATE_FILTER, _FILTER_PARAMETERS, _read_filter)
        return response

    def created(self, tag: str, window: Interval) -> Iterator[ApiPage]:
        """Give the questions that have a tag, by creation date; the proved intervals are of that date.

        They tile the window. They are right for what the site showed at the time: whoever calls must not let the
        window reach into the future.
        """
        return by_creation(partial(self._questions, tag, _CREATION), window)

    def active(self, tag: str, since: int, until: int | None = None) -> Iterator[ApiPage]:
        """Give the questions that have a tag and activity at or after ``since`` (epoch seconds), by that date.

        The proved intervals are of the last activity and tile [since, until); ``until`` is the second of this call by
        default. What is active later may come, too; a question that is active meanwhile comes again.
        """
        end = int(self._clock.now().timestamp()) if until is None else until
        return by_activity(partial(self._questions, tag, _ACTIVITY), since, end)

    def by_id(self, ids: Sequence[int]) -> ApiPage:
        """Give up to 100 questions in one request, https://api.stackexchange.com/docs/questions-by-ids.

        One that is not among the threads (nor, unreadable, among the omissions) is deleted.

        :raises ValueError: for no id, or more than 100.
        """
        asked = sorted(set(ids))
        if not 0 < len(asked) <= PAGE_SIZE:
            raise ValueError(f"from 1 to {PAGE_SIZE} ids can be asked for at a time, not {len(asked)}")
        path = f"/questions/{quote(';'.join(map(str, asked)), safe=';')}"

        def check(sheet: Sheet) -> None:
            unasked = any(item.question_id not in (None, *asked) for _, item in sheet.items)
            if unasked or sheet.has_more or sheet.total > len(sheet.items):
                raise Transient("the API sent other questions than those asked for")

        parameters = {"pagesize": str(PAGE_SIZE), **self._common()}
        sheet = self._sheet(_QUESTIONS_BY_ID, path, parameters, _ACTIVITY, check)
        return ApiPage.of_items(sheet.response, [item for _, item in sheet.items])

    def questions_of(self, answers: Sequence[int]) -> tuple[dict[int, int], RawResponse]:
        """Give the question of each of up to 100 answers, https://api.stackexchange.com/docs/answers-by-ids.

        An id that is missing is no answer, or a deleted one.

        :raises ValueError: for no id, or more than 100.
        """
        asked = sorted(set(answers))
        if not 0 < len(asked) <= PAGE_SIZE:
            raise ValueError(f"from 1 to {PAGE_SIZE} ids can be asked for at a time, not {len(asked)}")

        def read(wrapper: Json, reply: Reply) -> tuple[dict[int, int], RawResponse]:
            items, _, _ = _page_of(wrapper)
            return dict(filter(None, map(_answer, items))), _raw(reply)

        path = f"/answers/{quote(';'.join(map(str, asked)), safe=';')}"
        return self._call(_ANSWERS_BY_ID, path, {"pagesize": str(PAGE_SIZE), **self._common()}, read)

    def total(self, tag: str, window: Interval, by: Literal["creation", "activity"] = "creation") -> int:
        """Count the questions that have a tag and a date in a window, in one request that brings none of them.

        The answer does not tell the quota: what is known of it is counted on.
        """
        order = _ACTIVITY if by == "activity" else _CREATION
        bounds = _bounds(order, window.since, window.until - 1)
        parameters = {"tagged": tag, "sort": by, **bounds, "site": self._settings.site, "filter": "total"}
        return self._call(_QUESTIONS, _QUESTIONS, parameters, _read_total)

    def _common(self) -> dict[str, str]:
        if not self._filter:
            raise RuntimeError("prepare() has to be called first")
        return {"site": self._settings.site, "filter": self._filter}

    def _questions(self, tag: str, order: _Order, first: int, last: int | None, page: int) -> Sheet:
        parameters = {
            "tagged": tag,
            "sort": order.sort,
            "order": "asc",
            **_bounds(order, first, last),
            "pagesize": str(PAGE_SIZE),
            "page": str(page),
            **self._common(),
        }

        def check(sheet: Sheet) -> None:
            bounds = [max(first, 0), *sheet.dates, _LAST_DATE if last is None else max(last, 0)]
            if bounds != sorted(bounds):
                raise Transient("the API sent questions in another order than asked for, or of other dates")
            if page == 1 and not sheet.items and (sheet.has_more or sheet.total):
                raise Transient("the API sent an empty page, and says that there are more")

        return self._sheet(_QUESTIONS, _QUESTIONS, parameters, order, check)

    def _sheet(
        self, method: str, path: str, parameters: Mapping[str, str], order: _Order, check: Callable[[Sheet], None]
    ) -> Sheet:
        def read(wrapper: Json, reply: Reply) -> Sheet:
            raw_items, has_more, total = _page_of(wrapper)
            observed_at = reply.fetched_at.replace(microsecond=0)
            items = [read_item(raw, self._settings.site, observed_at) for raw in raw_items]
            sheet = Sheet(_raw(reply), tuple((order.date(item), item) for item in items), has_more, total)
            check(sheet)
            return sheet

        return self._call(method, path, parameters, read)

    def _call(self, method: str, path: str, parameters: Mapping[str, str], read: Callable[[Json, Reply], T]) -> T:
        return self._http.get(
            self._settings.api_url + path,
            parameters,
            lambda reply: read(self._wrapper(method, reply), reply),
            secret={"key": self._key} if self._key else {},
            ready=lambda: self._budget.ready(method),
        )

    def _wrapper(self, method: str, reply: Reply) -> Json:
        """Read the common wrapper, https://api.stackexchange.com/docs/wrapper."""
        ahead = 0.0 if reply.date is None else (reply.fetched_at - reply.date).total_seconds()
        if ahead > _MOST_SECONDS_AHEAD:
            # Questions would be taken for asked for that are still to be written.
            raise HttpError(f"this machine's clock is {ahead:.0f} seconds ahead of the API's: set it right")
        wrapper = _parsed(reply.body)
        if wrapper is not None:
            self._budget.note(method, wrapper)
            quoted = self._quoted(wrapper.get("error_message"))
            check_error(wrapper, quoted, self._clock, self._settings.max_wait_seconds)
        content_type = reply.content_type.partition(";")[0].strip().lower()
        if wrapper is None or reply.status != 200 or content_type != "application/json":
            kind = ascii(content_type[:60])
            raise Transient(f"no answer of the API came, but status {reply.status} with content type {kind}")
        return wrapper

    def _quoted(self, message: object) -> str:
        text = message if isinstance(message, str) else "no message"
        for secret in {self._key, quote_plus(self._key)} - {""}:
            text = text.replace(secret, MASK)
        return ascii(without_secrets(text)[:_MOST_QUOTED])


def _parsed(body: bytes) -> Json | None:
    """Give the JSON object of a body, None if it holds none. JSON may nest more deeply than can be followed."""
    try:
        wrapper = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return wrapper if isinstance(wrapper, dict) else None


def _page_of(wrapper: Json) -> tuple[list[object], bool, int]:
    items, has_more, total = wrapper.get("items"), wrapper.get("has_more"), wrapper.get("total")
    if not isinstance(items, list) or not isinstance(has_more, bool) or type(total) is not int or total < 0:
        raise Transient("the API sent an answer without items, has_more or total")
    return items, has_more, total


def _answer(item: object) -> tuple[int, int] | None:
    found = (item.get("answer_id"), item.get("question_id")) if isinstance(item, dict) else (None, None)
    return (found[0], found[1]) if type(found[0]) is int and type(found[1]) is int else None


def _read_total(wrapper: Json, _: Reply) -> int:
    total = wrapper.get("total")
    if type(total) is not int or total < 0:
        raise Transient("the API sent an answer without total")
    return total


def _read_filter(wrapper: Json, reply: Reply) -> tuple[str, RawResponse]:
    name = _filter_name(wrapper)
    if name is None:
        raise Transient("the API sent no filter")
    return name, _raw(reply)


def _filter_name(wrapper: Json | None) -> str | None:
    """Give the name of a safe filter, https://api.stackexchange.com/docs/types/filter; None if there is none."""
    items = wrapper.get("items") if wrapper else None
    item = items[0] if isinstance(items, list) and items else None
    if not isinstance(item, dict) or item.get("filter_type") != "safe":
        return None
    name = item.get("filter")
    return name if isinstance(name, str) and _FILTER_NAME.fullmatch(name) else None


def _bounds(order: _Order, first: int, last: int | None) -> dict[str, str]:
    """Give the parameters of two dates, both included. One beyond every date that the API knows is left out."""
    bounds = {}
    if first > 0:
        bounds[order.first] = str(min(first, _LAST_DATE))
    if last is not None and last < _LAST_DATE:
        bounds[order.last] = str(max(last, 0))
    return bounds


def _raw(reply: Reply) -> RawResponse:
    return RawResponse(SOURCE, reply.url, reply.status, reply.content_type, reply.fetched_at, reply.body)
