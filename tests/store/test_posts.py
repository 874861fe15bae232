"""Queries on questions and answers: of a post the newest version stays, of what looks showed every change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Engine, select
from support.threads import ASKED, LOOKED, SITE, answer, comment, origin, question, thread

from miner.model import Author, Omission, OmissionReason, SelectionRule, Thread
from miner.store import posts, repository
from miner.store.coverage import Interval
from miner.store.postrows import PostPage, question_subject
from miner.store.posttables import comment as comments
from miner.store.posttables import post, post_edit, post_observation, post_tag
from miner.store.session import reading, writing
from miner.store.tables import omission
from miner.store.threads import threads

LATER = LOOKED + timedelta(days=30)
Read = Callable[[Engine], dict[str, list[tuple[object, ...]]]]


@pytest.fixture
def run_id(engine: Engine) -> int:
    with writing(engine) as connection:
        return repository.start_run(connection, "collect", {}, "0.1.0", "heuristic/1")


def write(engine: Engine, run_id: int, *seen: Thread, rules: dict[int, SelectionRule] | None = None) -> None:
    for one in seen:
        page = PostPage(run_id)
        page.thread(one, origin(run_id, one.observed_at), "judged")
        page.observed(one, rules or {}, 5)
        with writing(engine) as connection:
            repository.write_page(connection, page.rows, run_id=run_id)


def column(engine: Engine, *columns: Any) -> list[Any]:
    with reading(engine) as connection:
        found = [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]
    return [row[0] for row in found] if len(columns) == 1 else found


def test_a_thread_comes_back_as_it_went_in(engine: Engine, run_id: int) -> None:
    """But for its comments, which nothing that judges reads."""
    odd = question(title="a\x00b", tags=("keras", "c++", "keras"), last_edited_at=LOOKED, accepted_answer_id=3)
    one = thread(odd, [answer(2), answer(3)], [comment(4, 1), comment(5, 3)])
    write(engine, run_id, one)
    with reading(engine) as connection:
        (found,) = threads(connection, SITE, [1, 99])
    asked = replace(odd, title="a\ufffdb", tags=("keras", "c++"))
    assert found == replace(one, question=asked, comments=())
    assert column(engine, comments.c.comment_id, comments.c.post_id) == [(4, 1), (5, 3)]
    assert column(engine, post_edit.c.post_id, post_edit.c.edited_at) == [(1, LOOKED)]


VERSIONS = (
    thread(question(title="first", tags=("keras",)), [answer(2, score=1)], [comment(4, 2, "ok")], LOOKED),
    thread(question(title="second", tags=("torch", "keras")), [answer(2, score=4)], [comment(4, 2, "OK")], LATER),
    thread(
        question(title="third", tags=("torch",)),
        [answer(2, score=9)],
        [comment(4, 2, "Ok!"), comment(6, 1)],
        LATER + timedelta(days=1),
    ),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_version_stays_in_whatever_order_they_come(
    engine: Engine, run_id: int, order: Iterable[int]
) -> None:
    """An older dump read after newer answers of the API changes nothing of what is newer."""
    write(engine, run_id, *(VERSIONS[no] for no in order))
    assert column(engine, post.c.post_id, post.c.title, post.c.score) == [(1, "third", 2), (2, "", 9)]
    assert column(engine, post_tag.c.tag) == ["torch"]
    assert column(engine, comments.c.comment_id, comments.c.text) == [(4, "Ok!"), (6, "Thanks, it works")]
    of_answer = [row for row in column(engine, *post_observation.c) if row[1] == 2]
    assert [row[4] for row in sorted(of_answer, key=lambda row: row[3])] == [1, 4, 9]


def test_writing_a_page_again_changes_nothing(engine: Engine, run_id: int, contents: Read) -> None:
    write(engine, run_id, *VERSIONS)
    before = contents(engine)
    write(engine, run_id, *VERSIONS)
    assert contents(engine) == before


def test_an_observation_is_added_when_something_changed(engine: Engine, run_id: int) -> None:
    """Score, acceptance or rule: so that the state of any day can be asked for."""
    seen = [
        (0, 3, None, {}),
        (1, 3, None, {}),
        (2, 5, None, {2: SelectionRule.SCORE}),
        (3, 5, 2, {2: SelectionRule.ACCEPTED_WITH_CODE}),
        (4, 5, 2, {2: SelectionRule.ACCEPTED_WITH_CODE}),
    ]
    for day, score, accepted, rules in seen:
        at = LOOKED + timedelta(days=day)
        write(
            engine, run_id, thread(question(accepted_answer_id=accepted), [answer(2, score=score)], at=at), rules=rules
        )
    shown = [
        (row.observed_at, row.score, row.accepted, row.selection_rule)
        for row in sorted(rows(engine, post_observation), key=lambda row: row.observed_at)
        if row.post_id == 2
    ]
    assert shown == [
        (LOOKED, 3, False, None),
        (LOOKED + timedelta(days=2), 5, False, "score"),
        (LOOKED + timedelta(days=3), 5, True, "accepted_with_code"),
    ]
    as_of = LOOKED + timedelta(days=2, hours=5)
    assert score_as_of(engine, 2, as_of) == 5
    assert score_as_of(engine, 2, LOOKED + timedelta(days=1)) == 3
    assert score_as_of(engine, 2, LOOKED - timedelta(days=1)) is None


def rows(engine: Engine, table: Any) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(table)))


def score_as_of(engine: Engine, post_id: int, moment: datetime) -> int | None:
    columns = post_observation.c
    latest = (
        select(columns.score)
        .where(columns.post_id == post_id, columns.observed_at <= moment)
        .order_by(columns.observed_at.desc())
        .limit(1)
    )
    with reading(engine) as connection:
        return connection.scalar(latest)


def test_the_name_of_an_author_survives_a_dump_that_has_ids_alone(engine: Engine, run_id: int) -> None:
    nameless = question(author=Author(7, ""))
    other = question(author=Author(9, ""))
    write(engine, run_id, VERSIONS[0], thread(nameless, [], [comment(4, 2, author=Author(7, ""))], LATER))
    assert column(engine, post.c.author_name)[0] == "Ada"
    assert column(engine, comments.c.author_name) == ["Ada"]
    write(engine, run_id, thread(other, at=LATER + timedelta(days=1)))
    assert "Ada" not in column(engine, post.c.author_name)


def test_omissions_end_when_they_no_longer_hold_and_begin_again(engine: Engine, run_id: int) -> None:
    subject = question_subject(SITE, 1)
    reasons = (OmissionReason.QUESTION_UNANSWERED, OmissionReason.QUESTION_BELOW_SCORE)

    def judged(reason: OmissionReason | None) -> dict[str, bool]:
        page = PostPage(run_id)
        left_out = [Omission(reason, subject, "why")] if reason else []
        page.omissions(left_out)
        with writing(engine) as connection:
            repository.write_page(connection, page.rows, run_id=run_id)
            keys = {(subject, one.reason.value) for one in left_out}
            posts.settle(connection, run_id, SITE, [1], keys, reasons)
        return {row.reason: row.resolved_run_id is None for row in rows(engine, omission)}

    assert judged(OmissionReason.QUESTION_UNANSWERED) == {"question_unanswered": True}
    assert judged(OmissionReason.QUESTION_BELOW_SCORE) == {"question_unanswered": False, "question_below_score": True}
    assert judged(None) == {"question_unanswered": False, "question_below_score": False}
    assert judged(OmissionReason.QUESTION_UNANSWERED) == {"question_unanswered": True, "question_below_score": False}


def test_answers_whose_question_never_came_are_taken_out(engine: Engine, run_id: int) -> None:
    page = PostPage(run_id)
    page.post(SITE, answer(2, of=99, last_edited_at=LOOKED), origin(run_id))
    page.post(SITE, answer(3, of=1), origin(run_id))
    page.post(SITE, question(1), origin(run_id))
    page.post("other.example", question(99), origin(run_id))
    with writing(engine) as connection:
        repository.write_page(connection, page.rows, run_id=run_id)
        assert posts.drop_loose_answers(connection, SITE) == 1
    assert column(engine, post.c.site, post.c.post_id) == [("other.example", 99), (SITE, 1), (SITE, 3)]


def test_questions_judged_otherwise_are_found_in_order_and_page_by_page(engine: Engine, run_id: int) -> None:
    write(engine, run_id, *(thread(question(number), [answer(100 + number, of=number)]) for number in range(1, 8)))
    with writing(engine) as connection:
        posts.mark_judged(connection, SITE, [2, 3], "otherwise")
        tags = ["keras", "torch"]
        assert posts.unjudged(connection, SITE, tags, "otherwise") == 5
        assert posts.unjudged(connection, SITE, ["torch"], "otherwise") == 0
        assert posts.unjudged_ids(connection, SITE, tags, "otherwise", -1, 3) == [1, 4, 5]
        assert posts.unjudged_ids(connection, SITE, tags, "otherwise", 5, 3) == [6, 7]
        assert posts.unjudged_ids(connection, SITE, tags, "judged", -1, 9) == [2, 3]
        posts.mark_deleted(connection, run_id, SITE, [3], LATER)
        assert posts.unjudged_ids(connection, SITE, tags, "judged", -1, 9) == [2]
        assert list(posts.question_ids(connection, SITE)) == list(range(1, 8))
        assert len(list(posts.post_ids(connection, SITE))) == 14


def test_a_deleted_question_is_not_looked_at_again_and_keeps_its_rows(engine: Engine, run_id: int) -> None:
    write(engine, run_id, thread(question(1), [answer(2)]), thread(question(3)))
    with writing(engine) as connection:
        assert [row.post_id for row in posts.looks(connection, SITE, ["keras"], LATER)] == [1, 3]
        assert posts.looks(connection, SITE, ["keras"], LOOKED) == []
        posts.mark_deleted(connection, run_id, SITE, [1], LATER)
        assert [
            row.post_id for row in posts.looks(connection, SITE, ["keras", "torch"], LATER + timedelta(days=1))
        ] == [3]
    assert column(engine, post.c.post_id, post.c.availability) == [(1, "gone"), (2, "gone"), (3, "there")]
    write(engine, run_id, thread(question(1), [answer(2)], at=LATER + timedelta(days=2)))
    assert set(column(engine, post.c.availability)) == {"there"}


def test_an_answer_that_vanished_is_gone_and_judged_no_more(engine: Engine, run_id: int) -> None:
    write(engine, run_id, thread(question(1), [answer(2), answer(3)]), thread(question(5), [answer(6, of=5)]))
    with writing(engine) as connection:
        posts.mark_vanished(connection, run_id, SITE, {1: {3}, 5: {6}}, LATER)
        (one,) = threads(connection, SITE, [1])
    assert [post.post_id for post in one.answers] == [3]
    assert column(engine, post.c.post_id, post.c.availability) == [
        (1, "there"),
        (2, "gone"),
        (3, "there"),
        (5, "there"),
        (6, "there"),
    ]


def test_questions_of_a_tag_are_counted_by_their_creation(engine: Engine, run_id: int) -> None:
    write(engine, run_id, thread(question(1)), thread(question(3, created_at=ASKED + timedelta(days=1))))
    start = int(ASKED.timestamp())
    with reading(engine) as connection:
        assert posts.count_tagged(connection, SITE, "keras", Interval()) == 2
        assert posts.count_tagged(connection, SITE, "keras", Interval(start, start + 1)) == 1
        assert posts.count_tagged(connection, SITE, "keras", Interval(start + 1)) == 1
        assert posts.count_tagged(connection, SITE, "torch", Interval()) == 0
