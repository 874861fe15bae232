"""The Stack Exchange API is asked by its rules, and where it gives nothing of use the error says what to do."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from servers import faults
from servers.stackexchange import StackExchange as Server
from support.api import FIRST, KEY, asked_at, fill, numbers, settings_for
from support.clocks import PretendClock
from support.scripted import Script, said

from miner.collect import httpwatch
from miner.collect.stackoverflow import StackExchange
from miner.errors import HttpError, Interrupted, QuotaExhaustedError
from miner.store.coverage import Interval

ALWAYS = Interval()

Connect = Callable[..., StackExchange]


def test_a_backoff_holds_for_its_method_alone(server: Server, connect: Connect, clock: PretendClock) -> None:
    """Whoever comes earlier breaks a rule."""
    fill(server, asked_at(FIRST))
    client = connect()
    server.back_off("/questions", 100)
    list(client.created("keras", ALWAYS))
    client.by_id([1])
    assert clock.monotonic() < 100
    list(client.created("keras", ALWAYS))
    assert clock.monotonic() >= 100
    assert server.violations == []


def test_a_backoff_that_is_too_long_ends_in_order(server: Server, connect: Connect, clock: PretendClock) -> None:
    """The page that it came with counts; the next call says when, and waits for nothing."""
    fill(server, asked_at(FIRST))
    client = connect(max_wait_seconds=50)
    server.back_off("/questions", 51)
    assert numbers(list(client.created("keras", ALWAYS))) == [1]
    with pytest.raises(HttpError, match=r"/questions wants to be left alone.*after 2024-03-01 12:0"):
        client.total("keras", ALWAYS)
    assert clock.monotonic() < 2
    assert server.requests[-1].query["filter"] != "total"


def test_the_quota_ends_a_run_before_it_is_used_up(server: Server, connect: Connect, clock: PretendClock) -> None:
    """The page that it ended with counts; tomorrow it goes on."""
    fill(server, asked_at(FIRST))
    client = connect(quota_reserve=5)
    assert (client.quota_remaining, client.quota_max) == (9_999, 10_000)
    server.leave_quota(6)
    assert numbers(list(client.created("keras", ALWAYS))) == [1]
    assert client.quota_remaining == 5
    sent = client.requests
    with pytest.raises(QuotaExhaustedError, match=r"5 requests are left.*after 2024-03-02 00:00 UTC"):
        client.by_id([1])
    assert client.requests == sent
    clock.advance(13 * 3_600)
    server.new_day()
    assert numbers([client.by_id([1])]) == [1]


def test_counting_uses_up_quota_too(server: Server, connect: Connect) -> None:
    """Though the answer does not say so."""
    client = connect()
    before = client.quota_remaining
    client.total("keras", ALWAYS)
    assert before is not None
    assert client.quota_remaining == before - 1


def test_a_short_throttle_is_waited_for(server: Server, connect: Connect, clock: PretendClock) -> None:
    fill(server, asked_at(FIRST))
    client = connect()
    server.faults = faults.sequence("", "throttled")
    assert numbers(list(client.created("keras", ALWAYS))) == [1]
    assert clock.monotonic() >= faults.THROTTLE_SECONDS
    assert server.violations == []


def test_a_long_throttle_ends_in_order(server: Server, connect: Connect, clock: PretendClock) -> None:
    """As when another program used up the quota of this address."""
    client = connect()
    server.leave_quota(0)
    with pytest.raises(QuotaExhaustedError, match="run the same command again after 2024-03-02 12:0"):
        list(client.created("keras", ALWAYS))
    assert clock.monotonic() < 2


@pytest.mark.parametrize("kind", sorted(set(faults.QUICK) - {"redirect"}))
def test_what_may_be_over_soon_costs_a_request(server: Server, connect: Connect, kind: str) -> None:
    """And nothing else."""
    fill(server, asked_at(*range(FIRST, FIRST + 150)))
    client = connect()
    server.faults = faults.sequence("", kind, "", kind)
    pages = list(client.created("keras", ALWAYS))
    assert numbers(pages) == list(range(1, 151))
    assert client.requests == 5
    assert all(page.omissions == () for page in pages)
    assert server.violations == []


@pytest.mark.parametrize("kind", sorted(faults.KINDS))
def test_what_does_not_end_is_an_error_and_no_secret_is_told(
    server: Server, connect: Connect, clock: PretendClock, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Not by its text, nor by what it came from, nor in the log, nor by the client."""

    def spoil(_number: int) -> str:
        if kind in faults.SLOW:
            clock.advance(60)
        return kind

    caplog.set_level(logging.DEBUG)
    fill(server, asked_at(FIRST))
    client = connect(timeout_seconds=1, attempts=2, max_response_bytes=100_000)
    server.faults = spoil
    with pytest.raises(HttpError) as caught:
        list(client.created("keras", ALWAYS))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = f"{caught.value!r} {''.join(traceback.format_exception(caught.value))} {caplog.text} {client!r}"
    assert "/questions" in told
    assert not any(written in told for written in ("S3CRET", "key/", "key%2F"))
    assert server.violations == []


def test_a_key_that_is_wrong_is_told_of_but_not_told(server: Server, connect: Connect) -> None:
    """Once: trying again is of no use."""
    client = connect(prepare=False, key="An0therS3CRET")
    with pytest.raises(HttpError, match="MINER_STACKOVERFLOW__KEY") as caught:
        client.prepare()
    assert "S3CRET" not in str(caught.value)
    assert client.requests == 1


@pytest.mark.parametrize(
    ("changed", "advice"),
    [({"site": "no.such.site"}, "stackoverflow.site"), ({"api_url": "{url}/nowhere"}, "check stackoverflow.api_url")],
)
def test_what_has_to_be_set_right_is_not_tried_again(
    server: Server, connect: Connect, changed: dict[str, str], advice: str
) -> None:
    """The error says which setting."""
    client = connect(prepare=False, **{name: value.format(url=server.url) for name, value in changed.items()})
    with pytest.raises(HttpError, match=advice):
        client.total("keras", ALWAYS)
    assert client.requests == 1


@pytest.mark.parametrize("error_id", [400, 401, 402, 403, 404, 405, 406, 407, 999, "403", None, [], 10**30])
def test_an_error_is_quoted_without_the_key(clock: PretendClock, error_id: Any) -> None:
    """Though the API repeats it, in whatever form."""
    message = f"bad {KEY} S3CRET%2Bkey%2F%28 http://u:S3CRET@h/?key=S3CRET \x1b[0m"
    with Script(said({"error_id": error_id, "error_message": message}, 400)) as api:
        client = StackExchange(settings_for(api.url, attempts=2), clock)
        with pytest.raises(HttpError) as caught:
            client.total("keras", ALWAYS)
    assert "S3CRET" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def page_of(*items: object, has_more: object = False, total: object = None) -> dict[str, object]:
    return {"items": items, "has_more": has_more, "total": len(items) if total is None else total}


def item(number: int, date: int = FIRST) -> dict[str, object]:
    return {"question_id": number, "creation_date": date}


@pytest.mark.parametrize(
    ("wrapper", "reason"),
    [
        pytest.param(page_of(item(1, FIRST + 1), item(2, FIRST)), "another order", id="order"),
        pytest.param(page_of(item(1, FIRST - 1)), "other dates", id="before the window"),
        pytest.param(page_of(item(1, FIRST + 60)), "other dates", id="after the window"),
        pytest.param(page_of(has_more=True), "an empty page", id="empty, with more"),
        pytest.param(page_of(total=5), "an empty page", id="empty, with a total"),
        pytest.param(page_of(total="5"), "without items, has_more or total", id="total as text"),
        pytest.param(page_of(total=-1), "without items, has_more or total", id="total below 0"),
        pytest.param(page_of(has_more=0), "without items, has_more or total", id="has_more as a number"),
        pytest.param({"items": {}, "has_more": False, "total": 0}, "without items", id="items as an object"),
        pytest.param([], "no answer of the API", id="a list"),
    ],
)
def test_a_page_that_contradicts_itself_is_not_believed(clock: PretendClock, wrapper: object, reason: str) -> None:
    """It is asked for again, and then an error."""
    made = said({"items": [{"filter": "!x", "filter_type": "safe"}]})
    with Script(made, said(wrapper)) as api:
        client = StackExchange(settings_for(api.url, attempts=3), clock)
        client.prepare()
        with pytest.raises(HttpError, match=f"{reason}.*tried 3 times"):
            list(client.created("keras", Interval(FIRST, FIRST + 60)))
    assert client.requests == 4


def test_items_that_cannot_be_read_are_omissions(clock: PretendClock) -> None:
    """They are counted, and cost nothing of the proof."""
    made = said({"items": [{"filter": "!x", "filter_type": "safe"}]})
    with Script(made, said(page_of(None, item(7), {"question_id": 8}))) as api:
        client = StackExchange(settings_for(api.url), clock)
        client.prepare()
        (page,) = client.created("keras", ALWAYS)
    subjects = [omission.subject for omission in page.omissions]
    assert subjects == ["post:stackoverflow.com:?", "question:stackoverflow.com:7", "question:stackoverflow.com:8"]
    assert (page.threads, page.proved, page.reported, page.fetched) == ((), ALWAYS, 3, 3)


@pytest.mark.parametrize("by", ["unasked", "more"])
def test_an_answer_by_id_is_of_those_asked_for(clock: PretendClock, by: str) -> None:
    """Only then is one that is absent deleted."""
    made = said({"items": [{"filter": "!x", "filter_type": "safe"}]})
    answer = page_of(item(2)) if by == "unasked" else page_of(item(1), has_more=True)
    with Script(made, said(answer)) as api:
        client = StackExchange(settings_for(api.url, attempts=2), clock)
        client.prepare()
        with pytest.raises(HttpError, match="other questions"):
            client.by_id([1])


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b"\xff\xfe", b"", b"NaN"])
def test_a_body_that_no_parser_takes_is_an_error(clock: PretendClock, body: bytes) -> None:
    with Script(lambda request: request.reply(body)) as api:
        client = StackExchange(settings_for(api.url, attempts=2), clock)
        with pytest.raises(HttpError, match="status 200 with content type 'application/json'"):
            client.total("keras", ALWAYS)


@pytest.mark.parametrize(
    "odd", [{"backoff": "x"}, {"backoff": 10**40}, {"backoff": -1}, {"quota_remaining": "x"}, {"quota_max": None}]
)
def test_odd_limits_do_no_harm(clock: PretendClock, odd: dict[str, object]) -> None:
    """A backoff beyond all measure ends in order."""
    with Script(said({"total": 7, **odd})) as api:
        client = StackExchange(settings_for(api.url), clock)
        assert client.total("keras", ALWAYS) == 7
        if odd == {"backoff": 10**40}:
            with pytest.raises(HttpError, match="left alone"):
                client.total("keras", ALWAYS)
        else:
            assert client.total("keras", ALWAYS) == 7


def test_a_stop_ends_a_request_that_hangs(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpwatch, "_SLICE_SECONDS", 0.01)
    server.faults = faults.sequence("", "hang")
    client = connect(stopped=lambda: len(server.requests) > 1)
    with pytest.raises(Interrupted):
        list(client.created("keras", ALWAYS))
