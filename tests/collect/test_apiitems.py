"""Items of the API become threads, or say why they cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import stackexchange_filters

from miner.collect.apiitems import FIELDS, read_item
from miner.model import Author, OmissionReason, PostKind

SITE = "stackoverflow.com"
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)

NAMES = sorted(field.rpartition(".")[2] for field in FIELDS.split(";"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=12,
)


def comment(number: int = 30, post_id: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "comment_id": number,
        "post_id": post_id,
        "score": 1,
        "creation_date": 1_600_000_100,
        "body_markdown": "is `a &lt; b`?",
        "owner": {"user_type": "registered", "user_id": 8, "display_name": "Ben &amp; Co"},
        **changed,
    }


def answer(number: int = 11, **changed: Any) -> dict[str, Any]:
    return {
        "answer_id": number,
        "question_id": 1,
        "body": "<p>so: a &lt; b</p>",
        "score": -2,
        "creation_date": 1_600_000_010,
        "last_activity_date": 1_600_000_020,
        "content_license": "CC BY-SA 4.0",
        **changed,
    }


def question(**changed: Any) -> dict[str, Any]:
    item = {
        "question_id": 1,
        "title": "Why is a &lt; b?",
        "body": "<p>a &lt; b</p>",
        "score": 3,
        "tags": ["keras", "python"],
        "answer_count": 1,
        "view_count": 9,
        "creation_date": 1_600_000_000,
        "last_activity_date": 1_600_000_020,
        "last_edit_date": 1_600_000_005,
        "closed_date": 1_600_000_006,
        "accepted_answer_id": 11,
        "owner": {"user_type": "does_not_exist", "display_name": "user7"},
        "answers": [answer()],
        **changed,
    }
    return {name: value for name, value in item.items() if value != "absent"}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1_600_000_000 + seconds, UTC)


def reasons(item: Any) -> dict[str, str]:
    omissions = read_item(item, SITE, NOON).omissions
    assert all(omission.reason is OmissionReason.POST_UNREADABLE for omission in omissions)
    return {omission.subject: omission.detail for omission in omissions}


def test_every_field_of_a_thread_is_read() -> None:
    """What a safe filter escapes is unescaped; bodies stay HTML."""
    item = read_item(question(comments=[comment()]), SITE, NOON)
    thread = item.thread
    assert thread is not None
    assert (item.question_id, item.created, item.active, item.omissions) == (1, 1_600_000_000, 1_600_000_020, ())
    assert (thread.site, thread.observed_at) == (SITE, NOON)
    post = thread.question
    assert (post.post_id, post.kind, post.question_id, post.title) == (1, PostKind.QUESTION, 1, "Why is a < b?")
    assert (post.body, post.score, post.author) == ("<p>a &lt; b</p>", 3, Author(None, "user7"))
    assert (post.created_at, post.last_edited_at, post.last_activity_at) == (at(0), at(5), at(20))
    assert (post.closed_at, post.tags, post.accepted_answer_id) == (at(6), ("keras", "python"), 11)
    assert (post.answer_count, post.view_count) == (1, 9)
    assert [(one.post_id, one.kind, one.title, one.score) for one in thread.answers] == [(11, "answer", "", -2)]
    said = thread.comments[0]
    assert (said.comment_id, said.post_id, said.text, said.score) == (30, 1, "is `a < b`?", 1)
    assert (said.author, said.created_at) == (Author(8, "Ben & Co"), at(100))


def test_the_filter_asks_for_fields_that_exist() -> None:
    """And for each that is read."""
    assert set(FIELDS.split(";")) <= set(stackexchange_filters.FIELDS)


@pytest.mark.parametrize(
    ("changed", "licence"),
    [
        pytest.param({"content_license": "CC BY-SA 9"}, "CC BY-SA 9", id="as it says"),
        pytest.param({"last_edit_date": 1_300_000_000}, "CC BY-SA 2.5", id="of the last edit"),
        pytest.param(
            {"last_edit_date": "absent", "creation_date": 1_500_000_000}, "CC BY-SA 3.0", id="of the creation"
        ),
    ],
)
def test_a_licence_that_did_not_come_is_that_of_the_time(changed: dict[str, Any], licence: str) -> None:
    thread = read_item(question(**changed), SITE, NOON).thread
    assert thread is not None
    assert thread.question.licence == licence


@pytest.mark.parametrize(
    ("owner", "author"),
    [
        ("absent", Author(None, "")),
        (None, Author(None, "")),
        ({}, Author(None, "")),
        ({"user_type": "does_not_exist"}, Author(None, "")),
        ({"user_type": "does_not_exist", "user_id": 5, "display_name": "gone"}, Author(None, "gone")),
        ({"user_type": "moderator", "user_id": -1, "display_name": "Community"}, Author(-1, "Community")),
    ],
)
def test_an_author_may_be_gone(owner: Any, author: Author) -> None:
    thread = read_item(question(owner=owner), SITE, NOON).thread
    assert thread is not None
    assert thread.question.author == author


def test_answers_and_comments_are_sorted_and_come_once() -> None:
    answers = [answer(13), answer(11, comments=[comment(32, 11), comment(31, 11)]), answer(13), answer(11)]
    thread = read_item(question(answers=answers, comments=[comment(40), comment(40)]), SITE, NOON).thread
    assert thread is not None
    assert [post.post_id for post in thread.answers] == [11, 13]
    assert [(one.comment_id, one.post_id) for one in thread.comments] == [(31, 11), (32, 11), (40, 1)]


def test_a_question_may_have_fewer_answers_than_it_counts() -> None:
    """What came is kept, and so is the number of the accepted answer that did not."""
    thread = read_item(question(answer_count=5, accepted_answer_id=15), SITE, NOON).thread
    assert thread is not None
    assert len(thread.answers) == 1
    assert (thread.question.answer_count, thread.question.accepted_answer_id) == (5, 15)


def test_a_list_of_answers_may_be_empty() -> None:
    """The API does not send one, but it is kept in stored responses: nothing but what came is missing."""
    thread = read_item(question(answers=[]), SITE, NOON).thread
    assert thread is not None
    assert (thread.answers, thread.question.answer_count) == ((), 1)


def test_a_question_without_answers_has_none() -> None:
    """The API leaves an empty list out."""
    thread = read_item(question(answers="absent", answer_count=0, accepted_answer_id="absent"), SITE, NOON).thread
    assert thread is not None
    assert thread.answers == ()


@pytest.mark.parametrize("answers", ["absent", None, {}, "x"])
def test_answers_that_did_not_come_are_not_taken_for_none(answers: Any) -> None:
    assert list(reasons(question(answers=answers))) == ["question:stackoverflow.com:1"]


@pytest.mark.parametrize("item", [None, 7, "x", [], {}, question(question_id="1"), question(question_id=0)])
def test_an_item_without_a_number_is_an_omission(item: Any) -> None:
    assert list(reasons(item)) == ["post:stackoverflow.com:?"]
    assert read_item(item, SITE, NOON).thread is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", None),
        ("title", 5),
        ("body", ["x"]),
        ("score", "3"),
        ("score", True),
        ("score", 3.0),
        ("score", 2**31),
        ("tags", "keras"),
        ("tags", "absent"),
        ("tags", ["keras", 1]),
        ("answer_count", None),
        ("answer_count", -1),
        ("view_count", "9"),
        ("creation_date", "absent"),
        ("creation_date", -1),
        ("creation_date", 253_402_300_800),
        ("last_activity_date", 10**30),
        ("last_edit_date", []),
        ("closed_date", "soon"),
        ("accepted_answer_id", "11"),
        ("content_license", 4),
        ("owner", []),
        ("owner", {"user_id": "5"}),
        ("owner", {"display_name": 5}),
        ("owner", {"user_type": None, "user_id": 2**70}),
    ],
)
def test_a_wrong_field_costs_the_question(name: str, value: Any) -> None:
    """The reason names the field."""
    found = reasons(question(**{name: value}))
    assert list(found) == ["question:stackoverflow.com:1"]
    assert read_item(question(**{name: value}), SITE, NOON).thread is None


@pytest.mark.parametrize(
    ("broken", "subject"),
    [
        (None, "post:stackoverflow.com:?"),
        (answer(12, score=None), "post:stackoverflow.com:12"),
        (answer(12, question_id=2), "post:stackoverflow.com:12"),
        (answer("12"), "post:stackoverflow.com:?"),
    ],
)
def test_a_wrong_answer_costs_itself(broken: Any, subject: str) -> None:
    item = read_item(question(answers=[broken, answer()]), SITE, NOON)
    assert item.thread is not None
    assert [post.post_id for post in item.thread.answers] == [11]
    assert [omission.subject for omission in item.omissions] == [subject]


@pytest.mark.parametrize(
    "comments", [7, [None, comment()], [comment(31, score="x"), comment()], [comment(31, post_id=2), comment()]]
)
def test_a_wrong_comment_costs_itself(comments: Any) -> None:
    """The omission is of the post that it is on."""
    item = read_item(question(comments=comments), SITE, NOON)
    assert item.thread is not None
    assert [one.comment_id for one in item.thread.comments] == ([] if comments == 7 else [30])
    assert [omission.subject for omission in item.omissions] == ["post:stackoverflow.com:1"]


@given(JSON | st.dictionaries(st.sampled_from(NAMES), JSON).map(lambda changed: question(**changed)))
def test_whatever_comes_is_a_thread_or_an_omission(item: Any) -> None:
    """Nothing raises, and nothing is dropped silently."""
    found = read_item(item, SITE, NOON)
    assert found.thread is not None or found.omissions
    if found.thread is not None:
        assert found.thread.question.post_id == found.question_id
        assert found.created is not None
        assert found.active is not None


@given(JSON, st.sampled_from(["answers", "comments", "owner"]))
def test_whatever_hangs_on_a_question_does_not_raise(value: Any, name: str) -> None:
    found = read_item(question(**{name: value}), SITE, NOON)
    assert found.thread is not None or found.omissions
    nested = read_item(question(answers=[answer(**{name: value})]), SITE, NOON)
    assert nested.thread is not None
