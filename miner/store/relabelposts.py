"""As :mod:`miner.store.relabel`, for fixes from posts: a fix keeps its pairs, and gets labels of other rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, exists, func, or_, select, update

from miner.model import CodePair, Hunk, OmissionReason, Post, Snippet, SnippetKind
from miner.store import posts, splits
from miner.store import repository as store
from miner.store.postrows import SOURCE, question_subject
from miner.store.posttables import pair, post, snippet
from miner.store.relabel import Scope, has_label, insert_labels, is_current, judged_by, settle
from miner.store.relabeltables import superseded_fix
from miner.store.rows import PageRows
from miner.store.tables import fix, omission
from miner.store.threads import threads

_HUNK: Final = re.compile(r"^@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n", re.MULTILINE)
_REASONS: Final = (OmissionReason.NO_LIBRARY_CODE, OmissionReason.QUESTION_FAILED)
_SETTLED: Final = (*_REASONS, OmissionReason.RULE_FAILED)
_CHUNK = 500


class StoredFix(NamedTuple):
    """A fix from an answer as it is stored: what its labels are made from."""

    fix_id: str
    question: Post
    site: str
    pieces: tuple[Snippet, ...]
    pairs: tuple[CodePair, ...]


def fixes_left(connection: Connection, scope: Scope) -> int:
    """Count the fixes from posts that have no labels of the rules."""
    return connection.scalar(select(func.count()).select_from(fix).where(*_left(scope))) or 0


def next_fixes(connection: Connection, scope: Scope, after: str, most: int) -> list[StoredFix]:
    """Give the next such fixes behind an id, in order."""
    columns = (fix.c.fix_id, fix.c.site, fix.c.question_id)
    statement = select(*columns).where(*_left(scope), fix.c.fix_id > after).order_by(fix.c.fix_id).limit(most)
    rows = connection.execute(statement).all()
    ids = [row.fix_id for row in rows]
    pieces, pairs = _pieces(connection, ids), _pairs(connection, ids)
    by_site: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_site[row.site].append(row.question_id)
    questions = {
        (site, thread.question.post_id): thread.question
        for site, numbers in by_site.items()
        for chunk in _chunks(sorted(set(numbers)))
        for thread in threads(connection, site, chunk)
    }
    return [
        StoredFix(
            row.fix_id,
            questions[row.site, row.question_id],
            row.site,
            tuple(pieces[row.fix_id]),
            tuple(pairs[row.fix_id]),
        )
        for row in rows
    ]


def write_fixes(connection: Connection, scope: Scope, run_id: int, page: Sequence[StoredFix], rows: PageRows) -> None:
    """Write the labels of a page of fixes; one without labels is of no library any more, and superseded."""
    store.lock_posts(connection)
    insert_labels(connection, {name: rows.get(name, []) for name in ("label", "label_evidence")})
    libraries = {row[0]: row[4] for row in rows.get("label", ()) if (row[1], row[3]) == ("library", 1)}
    failed = {row[1] for row in rows.get("omission", ()) if row[2] == OmissionReason.QUESTION_FAILED.value}
    judged = [one for one in page if question_subject(one.site, one.question.post_id) not in failed]
    for chunk in _chunks([one.fix_id for one in judged if one.fix_id in libraries]):
        connection.execute(delete(superseded_fix).where(superseded_fix.c.fix_id.in_(chunk)))
    for fix_id, library in libraries.items():
        other = (fix.c.fix_id == fix_id, fix.c.library != library)
        connection.execute(update(fix).where(*other).values(library=library))
    gone = {one.fix_id for one in judged if one.fix_id not in libraries}
    for chunk in _chunks(sorted(gone)):
        connection.execute(delete(superseded_fix).where(superseded_fix.c.fix_id.in_(chunk)))
    splits.supersede(connection, gone, scope.rater, run_id)
    _settle(connection, run_id, [(one.site, one.question.post_id) for one in page], rows)


def _settle(connection: Connection, run_id: int, questions: Sequence[tuple[str, int]], rows: PageRows) -> None:
    """Enter why questions have no fix; one that has a fix, of this page or before, needs no reason."""
    repaired = {
        question_subject(site, number)
        for site in {site for site, _ in questions}
        for number in _with_current_fix(connection, site, [number for of, number in questions if of == site])
    }
    rule = OmissionReason.RULE_FAILED.value
    left_out = [row for row in rows.get("omission", ()) if row[1] not in repaired or row[2] == rule]
    subjects = sorted({question_subject(site, number) for site, number in questions})
    settle(connection, run_id, SOURCE, subjects, left_out, _SETTLED)


def questions_left(connection: Connection, scope: Scope) -> dict[tuple[str, str], int]:
    """Count the questions that rules may see a fix in, and were not searched with these, by site and how judged.

    They are those that were collected without labels, and those that no library, or a defect, left without a fix.
    """
    if scope.libraries:
        return {}
    counted = select(post.c.site, post.c.judged_as, func.count()).where(_is_left(scope))
    rows = connection.execute(counted.group_by(post.c.site, post.c.judged_as).order_by(post.c.site, post.c.judged_as))
    return {(row[0], row[1]): row[2] for row in rows}


def next_questions(connection: Connection, scope: Scope, site: str, judged_as: str, after: int, most: int) -> list[int]:
    """Give the next such questions of a site behind an id, in order."""
    same = (_is_left(scope), post.c.site == site, post.c.judged_as == judged_as, post.c.post_id > after)
    return list(connection.scalars(select(post.c.post_id).where(*same).order_by(post.c.post_id).limit(most)))


def write_questions(
    connection: Connection, run_id: int, site: str, numbers: Sequence[int], judged_as: str, rows: PageRows
) -> None:
    """Write what searching questions gave, and with which settings they were judged."""
    store.lock_posts(connection)
    left_out = list(rows.get("omission", ()))
    store.write_page(connection, {name: page for name, page in rows.items() if name != "omission"}, run_id=run_id)
    _settle(connection, run_id, [(site, number) for number in numbers], {"omission": left_out})
    posts.mark_judged(connection, site, numbers, judged_as)


def _left(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    by_others = exists().where(superseded_fix.c.fix_id == fix.c.fix_id, superseded_fix.c.rater != scope.rater)
    left = or_(and_(is_current(), ~has_label(scope.rater)), by_others)
    return (fix.c.source == SOURCE, left, *([fix.c.library.in_(scope.libraries)] if scope.libraries else []))


def _is_left(scope: Scope) -> ColumnElement[bool]:
    subject = "question:" + post.c.site + ":" + cast(post.c.post_id, Text)
    left_out = exists().where(
        omission.c.source == SOURCE,
        omission.c.subject == subject,
        omission.c.reason.in_(_REASONS),
        omission.c.resolved_run_id.is_(None),
        ~judged_by(scope.rater),
    )
    unlabelled = post.c.judged_as.endswith("labels=no")
    return and_(post.c.kind == "question", post.c.availability == "there", or_(unlabelled, left_out))


def _with_current_fix(connection: Connection, site: str, numbers: Collection[int]) -> set[int]:
    return {
        number
        for chunk in _chunks(sorted(set(numbers)))
        for number in connection.scalars(
            select(fix.c.question_id).where(fix.c.site == site, fix.c.question_id.in_(chunk), is_current())
        )
    }


def _pieces(connection: Connection, ids: Sequence[str]) -> dict[str, list[Snippet]]:
    found: dict[str, list[Snippet]] = defaultdict(list)
    for chunk in _chunks(ids):
        of_question = select(snippet).where(snippet.c.fix_id.in_(chunk), snippet.c.side == "question")
        for row in connection.execute(of_question.order_by(snippet.c.fix_id, snippet.c.snippet_no)):
            found[row.fix_id].append(Snippet(row.snippet_no, SnippetKind(row.kind), row.language, row.text))
    return found


def _pairs(connection: Connection, ids: Sequence[str]) -> dict[str, list[CodePair]]:
    found: dict[str, list[CodePair]] = defaultdict(list)
    for chunk in _chunks(ids):
        ordered = select(pair).where(pair.c.fix_id.in_(chunk)).order_by(pair.c.fix_id, pair.c.pair_no)
        for fix_id, *values in connection.execute(ordered):
            no, question_no, answer_no, language, before, after, diff, *found_by = values
            both = (before, after, hunks_of(diff))
            found[fix_id].append(CodePair(no, question_no, answer_no, language, *both, *found_by))
    return found


def hunks_of(diff: str) -> tuple[Hunk, ...]:
    """Read what :func:`miner.store.postrows.unified` wrote. No line of a hunk starts with @."""
    found: list[Hunk] = []
    headers = list(_HUNK.finditer(diff))
    for no, header in enumerate(headers):
        end = headers[no + 1].start() - 1 if no + 1 < len(headers) else len(diff)
        old_start, old_lines, new_start, new_lines = map(int, header.groups())
        found.append(Hunk(no, old_start, old_lines, new_start, new_lines, "", diff[header.end() : end]))
    return tuple(found)


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
