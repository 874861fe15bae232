"""Reads questions with all that hangs on them back from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from miner.model import Author, Post, PostKind, Thread
from miner.store.posttables import post, post_tag


def threads(connection: Connection, site: str, questions: Sequence[int]) -> tuple[Thread, ...]:
    """Give questions of a site, at most some hundred, with their answers, in the order of their ids.

    Comments are left out: nothing that judges a question reads them. So are answers that are gone.
    """
    columns = post.c
    found = connection.execute(
        select(post).where(columns.site == site, columns.question_id.in_(questions)).order_by(columns.post_id)
    ).all()
    tags = _tags(connection, site, questions)
    answers: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in found:
        if row.kind == "answer" and row.availability != "gone":
            answers[row.question_id].append(row)
    return tuple(_thread(row, tags[row.post_id], answers[row.post_id]) for row in found if row.kind == "question")


def _thread(row: Row[Any], tags: tuple[str, ...], answers: list[Row[Any]]) -> Thread:
    return Thread(
        row.site,
        row.observed_at,
        _post(row, tags),
        tuple(_post(answer, ()) for answer in answers),
        moments=tuple(
            (answer.post_id, answer.observed_at) for answer in answers if answer.observed_at != row.observed_at
        ),
    )


def _tags(connection: Connection, site: str, questions: Sequence[int]) -> dict[int, tuple[str, ...]]:
    columns = post_tag.c
    statement = select(columns.post_id, columns.tag).where(columns.site == site, columns.post_id.in_(questions))
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for row in connection.execute(statement.order_by(columns.post_id, columns.tag_no)):
        found[row.post_id] += (row.tag,)
    return found


def _post(row: Row[Any], tags: tuple[str, ...]) -> Post:
    return Post(
        post_id=row.post_id,
        kind=PostKind(row.kind),
        question_id=row.question_id,
        title=row.title,
        body=row.body,
        score=row.score,
        author=Author(row.author_id, row.author_name),
        created_at=row.created_at,
        last_edited_at=row.last_edited_at,
        last_activity_at=row.last_activity_at,
        closed_at=row.closed_at,
        licence=row.licence,
        tags=tags,
        accepted_answer_id=row.accepted_answer_id,
        answer_count=row.answer_count,
        view_count=row.view_count,
    )
