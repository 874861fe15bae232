"""Queries on questions and answers. Each works in its caller's transaction.

Of a post the newest version seen is kept, whatever the order in which versions come; of what a look at it showed, every
one that differs from the one before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, delete, exists, func, select, update

from miner.model import OmissionReason
from miner.store.bulk import replace_rows
from miner.store.coverage import Interval
from miner.store.postrows import SOURCE, question_subject
from miner.store.posttables import comment, post, post_observation, post_tag
from miner.store.rows import PageRows
from miner.store.tables import fix, omission
from miner.store.values import key, stamp

_CHUNK = 500
_POST = {column.name: at for at, column in enumerate(post.columns)}
_COMMENT = {column.name: at for at, column in enumerate(comment.columns)}


def newest(connection: Connection, rows: PageRows) -> PageRows:
    """Give the rows of a page to insert, after writing those of its posts over the older versions that are there."""
    if not rows.get("post") and not rows.get("comment") and not rows.get("post_observation"):
        return rows
    kept = dict(rows)
    kept["post"], stale = _newest_posts(connection, rows.get("post", ()))
    _judge_again(connection, rows.get("post", ()), stale)
    kept["post_tag"] = [row for row in rows.get("post_tag", ()) if row[:2] not in stale]
    kept["comment"] = _newest_comments(connection, rows.get("comment", ()))
    kept["post_observation"] = _changed(connection, rows.get("post_observation", ()))
    return kept


def settle(
    connection: Connection,
    run_id: int,
    site: str,
    questions: Collection[int],
    left_out: Collection[tuple[str, str]],
    reasons: Iterable[OmissionReason],
) -> None:
    """Enter that questions were judged: of their omissions for the given reasons only ``left_out`` still hold.

    :param left_out: subject and reason of what the page leaves out.
    """
    subjects = {key(question_subject(site, number)) for number in questions}
    wanted = [reason.value for reason in reasons]
    columns = (omission.c.subject, omission.c.reason, omission.c.resolved_run_id)
    for chunk in _chunks(sorted(subjects)):
        same = (omission.c.source == SOURCE, omission.c.subject.in_(chunk), omission.c.reason.in_(wanted))
        for row in connection.execute(select(*columns).where(*same)).all():
            holds = (row.subject, row.reason) in left_out
            if holds == (row.resolved_run_id is None):
                continue
            one = (omission.c.source == SOURCE, omission.c.subject == row.subject, omission.c.reason == row.reason)
            changed = update(omission).where(*one).values(resolved_run_id=None if holds else run_id)
            connection.execute(changed)


def mark_judged(connection: Connection, site: str, questions: Iterable[int], judged_as: str) -> None:
    """Enter with which settings questions were searched for a fix."""
    for chunk in _chunks(sorted(questions)):
        connection.execute(
            update(post).where(post.c.site == site, post.c.post_id.in_(chunk)).values(judged_as=judged_as)
        )


def mark_deleted(connection: Connection, run_id: int, site: str, questions: Sequence[int], moment: datetime) -> None:
    """Enter that questions are gone; what they brought is kept."""
    values = {"availability": "gone", "observed_at": moment, "run_id": run_id}
    for chunk in _chunks(sorted(questions)):
        connection.execute(update(post).where(post.c.site == site, post.c.question_id.in_(chunk)).values(values))


def mark_vanished(
    connection: Connection, run_id: int, site: str, seen: Mapping[int, Collection[int]], moment: datetime
) -> None:
    """Enter that answers are gone which their question does not have any more; what they brought is kept.

    :param seen: for each question the answers that came with it, at the moment.
    """
    for chunk in _chunks(sorted(seen)):
        there = (post.c.site == site, post.c.kind == "answer", post.c.availability == "there")
        stored = select(post.c.post_id, post.c.question_id).where(*there, post.c.question_id.in_(chunk))
        gone = [row.post_id for row in connection.execute(stored) if row.post_id not in seen[row.question_id]]
        if gone:
            same = (post.c.site == site, post.c.post_id.in_(gone))
            connection.execute(update(post).where(*same).values(availability="gone", observed_at=moment, run_id=run_id))


def mark_not_in_dump(connection: Connection, run_id: int, site: str, dump_id: str, as_of: datetime) -> None:
    """Enter that answers are gone which a dump, read to its end, does not have though it has their question."""
    question = post.alias("question")
    same = (question.c.site == post.c.site, question.c.post_id == post.c.question_id, question.c.dump_id == dump_id)
    connection.execute(
        update(post)
        .where(post.c.site == site, post.c.kind == "answer", post.c.availability == "there")
        .where(post.c.observed_at < as_of, exists().where(*same))
        .values(availability="gone", observed_at=as_of, run_id=run_id)
    )


def newest_of_dump(connection: Connection, dump_id: str) -> datetime | None:
    """Give when the newest post that a dump brought was written; None if it brought none."""
    of_dump = select(post.c.created_at).where(post.c.dump_id == dump_id)
    found: datetime | None = connection.scalar(of_dump.order_by(post.c.created_at.desc()).limit(1))
    return found


def with_fix(connection: Connection, site: str, questions: Collection[int]) -> set[int]:
    """Give those of the questions that have a fix."""
    found: set[int] = set()
    for chunk in _chunks(sorted(questions)):
        of_chunk = select(fix.c.question_id).where(fix.c.site == site, fix.c.question_id.in_(chunk))
        found.update(connection.scalars(of_chunk))
    return found


def question_ids(connection: Connection, site: str) -> Iterator[int]:
    """Give the ids of the questions of a site, in order."""
    return _ids(connection, select(post.c.post_id).where(post.c.site == site, post.c.kind == "question"))


def post_ids(connection: Connection, site: str) -> Iterator[int]:
    """Give the ids of all posts of a site, in order."""
    return _ids(connection, select(post.c.post_id).where(post.c.site == site))


def unjudged(connection: Connection, site: str, tags: Sequence[str], judged_as: str) -> int:
    """Count the questions of a site that have one of the tags and were not searched for a fix with these settings.

    Those that are gone stay as they were judged.
    """
    return connection.scalar(select(func.count()).select_from(post).where(*_unjudged(site, tags, judged_as))) or 0


def unjudged_ids(
    connection: Connection, site: str, tags: Sequence[str], judged_as: str, after: int, limit: int
) -> list[int]:
    """Give the next such questions behind an id, in order."""
    statement = select(post.c.post_id).where(*_unjudged(site, tags, judged_as), post.c.post_id > after)
    return list(connection.scalars(statement.order_by(post.c.post_id).limit(limit)))


def count_tagged(connection: Connection, site: str, tag: str, created: Interval) -> int:
    """Count the stored questions of a tag that were created in an interval."""
    statement = select(post.c.created_at).join_from(
        post_tag, post, (post.c.site == post_tag.c.site) & (post.c.post_id == post_tag.c.post_id)
    )
    found = connection.scalars(statement.where(post_tag.c.site == site, post_tag.c.tag == key(tag)))
    return sum(created.since <= moment.timestamp() < created.until for moment in found)


def looks(connection: Connection, site: str, tags: Sequence[str], before: datetime) -> list[Row[Any]]:
    """Give the questions of the tags last looked at before a moment: their dates, and whether they have a fix.

    Those that are gone are not looked at again. The longest not looked at come first.
    """
    repaired = exists().where(fix.c.site == post.c.site, fix.c.question_id == post.c.post_id)
    statement = (
        select(post.c.post_id, post.c.created_at, post.c.observed_at, repaired.label("repaired"))
        .where(post.c.site == site, post.c.kind == "question", post.c.availability == "there")
        .where(post.c.observed_at < before, _is_tagged(tags))
        .order_by(post.c.observed_at, post.c.post_id)
    )
    return list(connection.execute(statement))


def drop_loose_answers(connection: Connection, site: str) -> int:
    """Take out the answers whose question never came, and give how many there were."""
    question = post.alias("question")
    same = (question.c.site == post.c.site, question.c.post_id == post.c.question_id, question.c.kind == "question")
    loose = select(post.c.post_id).where(post.c.site == site, post.c.kind == "answer", ~exists().where(*same))
    numbers = list(connection.scalars(loose))
    for chunk in _chunks(numbers):
        for table in ("post_edit", "post_observation", "comment", "vote", "post_link"):
            of = post.metadata.tables[table]
            connection.execute(delete(of).where(of.c.site == site, of.c.post_id.in_(chunk)))
        connection.execute(delete(post).where(post.c.site == site, post.c.post_id.in_(chunk)))
    return len(numbers)


def _unjudged(site: str, tags: Sequence[str], judged_as: str) -> tuple[Any, ...]:
    there = (post.c.kind == "question", post.c.site == site, post.c.availability == "there")
    return (*there, post.c.judged_as != judged_as, _is_tagged(tags))


def _is_tagged(tags: Sequence[str]) -> Any:
    same = (post_tag.c.site == post.c.site, post_tag.c.post_id == post.c.post_id)
    return exists().where(*same, post_tag.c.tag.in_([key(tag) for tag in tags]))


def _ids(connection: Connection, statement: Any) -> Iterator[int]:
    yield from connection.execution_options(yield_per=10_000).scalars(statement.order_by(post.c.post_id))


def _newest_posts(
    connection: Connection, rows: Iterable[tuple[Any, ...]]
) -> tuple[list[tuple[Any, ...]], set[tuple[str, int]]]:
    """Write newer versions over those that are there; give the posts that are new, and the keys of older versions."""
    rows = list(rows)
    known = _known(connection, post, post.c.post_id, rows, ("observed_at", "author_id", "author_name"))
    new, newer, stale = [], [], set()
    for row in rows:
        before = known.get(row[:2])
        if before is None:
            new.append(row)
        elif row[_POST["observed_at"]] >= stamp(before.observed_at):
            newer.append(_with_name(row, _POST, before))
        else:
            stale.add(row[:2])
    for row in newer:
        connection.execute(delete(post_tag).where(post_tag.c.site == row[0], post_tag.c.post_id == row[1]))
    replace_rows(connection, post, newer)
    return new, stale


def _judge_again(connection: Connection, rows: Iterable[tuple[Any, ...]], stale: set[tuple[str, int]]) -> None:
    """Let questions be judged anew that got an answer, or another version of one, without coming themselves."""
    came = [row for row in rows if row[:2] not in stale]
    asked = {(row[0], row[_POST["question_id"]]) for row in came if row[_POST["kind"]] == "answer"}
    asked -= {row[:2] for row in came}
    for site, numbers in _by_site(asked):
        for chunk in _chunks(numbers):
            connection.execute(update(post).where(post.c.site == site, post.c.post_id.in_(chunk)).values(judged_as=""))


def _newest_comments(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    rows = list(rows)
    known = _known(connection, comment, comment.c.comment_id, rows, ("observed_at", "author_id", "author_name"))
    at = _COMMENT["observed_at"]
    newer = [row for row in rows if row[:2] in known and row[at] >= stamp(known[row[:2]].observed_at)]
    replace_rows(connection, comment, [_with_name(row, _COMMENT, known[row[:2]]) for row in newer])
    return [row for row in rows if row[:2] not in known]


def _with_name(row: tuple[Any, ...], columns: dict[str, int], before: Row[Any]) -> tuple[Any, ...]:
    """Keep the author's name where the newer version does not tell it: a dump has ids alone."""
    at = columns["author_name"]
    if row[at] or row[columns["author_id"]] != before.author_id:
        return row
    return (*row[:at], before.author_name, *row[at + 1 :])


def _changed(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Give the observations that differ from the one before them in time."""
    rows = list(rows)
    earlier: dict[tuple[Any, ...], list[tuple[str, tuple[Any, ...]]]] = {}
    columns = post_observation.c
    for site, numbers in _by_site(rows):
        for chunk in _chunks(numbers):
            of_posts = select(post_observation).where(columns.site == site, columns.post_id.in_(chunk))
            for row in connection.execute(of_posts):
                shown = (row.score, row.accepted, row.selection_rule)
                earlier.setdefault((row.site, row.post_id, row.min_score), []).append((stamp(row.observed_at), shown))
    return [row for row in rows if _differs(row, earlier.get(row[:3], []))]


def _differs(row: tuple[Any, ...], looks: list[tuple[str, tuple[Any, ...]]]) -> bool:
    before = [look for look in looks if look[0] <= row[3]]
    return not before or max(before)[1] != row[4:]


def _known(
    connection: Connection,
    table: Table,
    number: Column[Any],
    rows: Sequence[tuple[Any, ...]],
    names: Sequence[str],
) -> dict[tuple[str, int], Row[Any]]:
    columns = [table.c.site, number, *(table.c[name] for name in names)]
    return {
        (row[0], row[1]): row
        for site, numbers in _by_site(rows)
        for chunk in _chunks(numbers)
        for row in connection.execute(select(*columns).where(table.c.site == site, number.in_(chunk)))
    }


def _by_site(rows: Iterable[tuple[Any, ...]]) -> list[tuple[str, list[int]]]:
    """Give the sites of rows and, for each, the numbers in the second column, in order."""
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row[0], set()).add(row[1])
    return [(site, sorted(numbers)) for site, numbers in sorted(found.items())]


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
