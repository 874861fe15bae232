"""The Stack Exchange API is asked for little, and gives all that a site holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.stackexchange import Request, Site
from servers.stackexchange import StackExchange as Server
from servers.stackexchange_generator import generate
from support.api import FIRST, asked_at, fill, numbers, tagged
from support.clocks import START, PretendClock

from miner.collect import apiwalk, stackoverflow
from miner.collect.stackoverflow import ApiPage, StackExchange
from miner.errors import HttpError
from miner.store.coverage import Interval, merge

ALWAYS = Interval()

Connect = Callable[..., StackExchange]


def test_a_thousand_questions_cost_ten_requests(server: Server, connect: Connect) -> None:
    """With all answers and comments; the filter costs one more, once."""
    site = fill(server, Site(generate(1_000, tags=["keras"])))
    client = connect()
    pages = list(client.created("keras", ALWAYS))
    assert client.requests == 1 + 10
    assert sorted(numbers(pages)) == sorted(tagged(site))
    assert sum(len(thread.answers) for page in pages for thread in page.threads) == len(site.answers())
    again = client.requests
    looked_at = [client.by_id(range(20 * start, 20 * start + 2_000, 20)) for start in range(1, 1_000, 100)]
    assert client.requests - again == 10
    assert sorted(numbers(looked_at)) == sorted(tagged(site))
    assert server.violations == []


def test_all_that_a_site_holds_of_a_thread_comes(server: Server, connect: Connect) -> None:
    """Compared field by field with what the site holds."""
    site = fill(server, Site(generate(300)))
    for page in connect().created("tensorflow", ALWAYS):
        assert page.omissions == ()
        for thread in page.threads:
            held = site.full(site.question(thread.question.post_id))
            check_post(thread.question, held)
            assert thread.question.title == held["title"]
            assert thread.question.tags == tuple(held["tags"])
            assert thread.question.accepted_answer_id == held.get("accepted_answer_id")
            assert thread.question.answer_count == len(thread.answers) == len(held["answers"])
            assert thread.question.closed_at == when(held.get("closed_date"))
            for post, answer in zip(thread.answers, sorted(held["answers"], key=answer_id), strict=True):
                check_post(post, answer)
            said = [comment for post in (held, *held["answers"]) for comment in post["comments"]]
            wanted = sorted((one["comment_id"], one["post_id"], one["body_markdown"]) for one in said)
            assert [(one.comment_id, one.post_id, one.text) for one in thread.comments] == wanted
            assert (thread.site, thread.observed_at) == ("stackoverflow.com", to_the_second(page))


def check_post(post: Any, held: dict[str, Any]) -> None:
    assert (post.body, post.score, post.licence) == (held["body"], held["score"], held["content_license"])
    assert (post.created_at, post.last_edited_at) == (when(held["creation_date"]), when(held.get("last_edit_date")))
    assert post.last_activity_at == when(held["last_activity_date"])
    owner = held.get("owner") or {}
    assert (post.author.user_id, post.author.name) == (owner.get("user_id"), owner.get("display_name", ""))


def when(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def to_the_second(page: ApiPage) -> datetime:
    return page.response.fetched_at.replace(microsecond=0)


def answer_id(answer: dict[str, Any]) -> int:
    return int(answer["answer_id"])


def test_a_response_is_kept_as_it_came_without_the_key(server: Server, connect: Connect) -> None:
    """Its URL leads back to it."""
    fill(server, asked_at(FIRST))
    (page,) = connect().created("keras", Interval(FIRST, FIRST + 9))
    response = page.response
    assert json.loads(response.body)["items"][0]["question_id"] == 1
    assert (response.source, response.status) == ("stackoverflow", 200)
    assert response.url.startswith(f"{server.url}/questions?tagged=keras&sort=creation&order=asc&fromdate=1600000000")
    assert "key" not in response.url
    assert server.requests[-1].keyed
    assert server.requests[-1].query["todate"] == str(FIRST + 8)


def test_a_known_filter_is_not_asked_for_again(server: Server, connect: Connect) -> None:
    """It never expires; one that cannot be read is replaced."""
    first = connect(prepare=False)
    made = first.prepare()
    assert made is not None
    assert made.url == first.filter_url
    fill(server, asked_at(FIRST))
    second = connect(prepare=False)
    assert second.prepare(made.body) is None
    assert second.requests == 0
    assert numbers(list(second.created("keras", ALWAYS))) == [1]
    assert second.prepare(b"{}") is not None


def test_without_a_filter_nothing_is_asked(connect: Connect) -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        next(connect(prepare=False).created("keras", ALWAYS))


def test_a_window_bounds_what_comes(server: Server, connect: Connect) -> None:
    """Half-open; it may reach beyond every date that the API knows."""
    fill(server, asked_at(0, FIRST, FIRST + 1, FIRST + 2))
    client = connect()
    assert numbers(list(client.created("keras", Interval(FIRST, FIRST + 2)))) == [2, 3]
    assert numbers(list(client.created("keras", Interval(-5, 10**15)))) == [1, 2, 3, 4]
    assert [page.proved for page in client.created("keras", ALWAYS)] == [ALWAYS]
    assert client.total("keras", Interval(FIRST, FIRST + 2)) == 2
    assert client.total("keras", ALWAYS) == 4
    server.sites["stackoverflow"].edit(1, at=FIRST + 9, title="new")
    assert client.total("keras", Interval(FIRST + 2, FIRST + 10), by="activity") == 2
    assert server.violations == []


def test_a_tag_may_have_any_character(server: Server, connect: Connect) -> None:
    fill(server, asked_at(FIRST, tags=["c++", "c#"]))
    assert numbers(list(connect().created("c++", ALWAYS))) == [1]


def test_no_page_beyond_the_25th_is_asked_for(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those need a key; so a second with more questions is an error, and nothing else is."""
    monkeypatch.setattr(stackoverflow, "PAGE_SIZE", 2)
    monkeypatch.setattr(apiwalk, "PAGE_SIZE", 2)
    site = fill(server, asked_at(*[FIRST] * 50, *range(FIRST + 1, FIRST + 60)))
    client = connect(key="")
    pages = list(client.created("keras", ALWAYS))
    assert set(numbers(pages)) == tagged(site)
    site.add({"title": "one more", "tags": ["keras"], "creation_date": FIRST})
    with pytest.raises(HttpError, match="has more than 50 questions"):
        list(client.created("keras", ALWAYS))
    assert {int(request.query.get("page", 1)) for request in server.requests} == set(range(1, 26))
    assert server.violations == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(FIRST, FIRST + 9), max_size=25), st.lists(st.integers(0, 30), max_size=6), st.booleans())
def test_nothing_is_missed_while_questions_are_deleted(
    server: Server,
    connect: Connect,
    clock: PretendClock,
    dates: list[int],
    deletions: list[int],
    by_creation: bool,
) -> None:
    """Whatever is deleted between two pages, and however the dates tie; the intervals tile what was asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stackoverflow, "PAGE_SIZE", 3)
        site = fill(server, asked_at(*dates))
        left = list(deletions)
        clock.advance(1)
        client = connect()

        def delete(_: Request) -> None:
            if left and site.questions():
                site.delete(sorted(tagged(site))[left.pop() % len(site.questions())])

        server.before = delete
        window = Interval(FIRST, FIRST + 10)
        walk = client.created("keras", window) if by_creation else client.active("keras", FIRST, FIRST + 10)
        pages = list(walk)
    assert tagged(site) <= set(numbers(pages))
    proved = [page.proved for page in pages if page.proved]
    assert merge(proved) == [window]
    assert sum(one.until - one.since for one in proved) == 10
    assert server.violations == []


def test_activity_comes_from_its_second_on(server: Server, connect: Connect) -> None:
    """What was answered, edited or asked since; up to the second of the call."""
    site = fill(server, asked_at(FIRST, FIRST + 10, FIRST + 20))
    site.answer(1, "<p>so</p>", at=FIRST + 50)
    site.edit(2, at=FIRST + 30, title="other")
    pages = list(connect().active("keras", FIRST + 30))
    assert numbers(pages) == [1, 2]
    assert [page.proved for page in pages] == [Interval(FIRST + 30, int(START.timestamp()))]
    assert len(pages[0].threads[0].answers) == 1


def test_a_question_that_is_active_meanwhile_comes_again(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves to the end; the others come once, though each page starts with the last second of the one before."""
    monkeypatch.setattr(stackoverflow, "PAGE_SIZE", 2)
    site = fill(server, asked_at(*range(FIRST, FIRST + 6)))

    def touch(request: Request) -> None:
        if request.number == 3:
            site.edit(1, at=FIRST + 100, title="new")

    server.before = touch
    pages = list(connect().active("keras", FIRST, FIRST + 100))
    assert numbers(pages) == [1, 2, 3, 4, 5, 6, 1]
    assert merge(page.proved for page in pages if page.proved) == [Interval(FIRST, FIRST + 100)]
    assert pages[-1].threads[-1].question.title == "new"


def test_a_deleted_question_is_absent(server: Server, connect: Connect) -> None:
    """A hundred can be asked for at a time."""
    site = fill(server, asked_at(*range(FIRST, FIRST + 5)))
    site.delete(2)
    client = connect()
    page = client.by_id([5, 4, 3, 2, 1, 1])
    assert numbers([page]) == [1, 3, 4, 5]
    assert (page.proved, page.reported, page.fetched, page.total) == (None, 0, 0, None)
    for ids in ([], range(1, 102)):
        with pytest.raises(ValueError, match="1 to 100"):
            client.by_id(ids)
