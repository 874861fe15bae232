"""Reads what became of the fixes: comments of the asker below an answer, and later fixes of the same lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, and_, or_, select

from miner.store.posttables import comment, post
from miner.store.relabel import is_current
from miner.store.tables import (
    coverage,
    file_change,
    fix,
    fix_hunk,
    git_commit,
    hunk,
    repository,
    repository_commit,
)
from miner.study.aftermath import NEW_BUG
from miner.study.choice import Choice
from miner.study.complaints import Complaint, judge
from miner.study.counts import Cell
from miner.study.later import ChangedAgain, FixedHunk, changed_again
from miner.study.material import Aftermath, NewBug
from miner.study.queries import judged_cells, labels_of

_ROWS = 1_000
"""Rows that are fetched at once."""


def aftermath(connection: Connection, choice: Choice) -> Aftermath:
    """Give how many judged fixes could be followed, and which of them brought a new bug or did not repair."""
    judged = judged_cells(connection, choice)
    there = {*_answers_with_comments(connection), *_watched_commits(connection)}
    cells = {fix_id: cell for fix_id, cell in judged.items() if fix_id in there}
    followed = Counter((cell.source, cell.library, cell.pattern or "") for cell in cells.values())
    bugs = (*_from_comments(connection, cells), *_from_later_fixes(connection, choice, cells))
    return Aftermath(followed, tuple(sorted(bugs, key=lambda bug: bug.fix_id)))


def _answers_with_comments(connection: Connection) -> Iterator[str]:
    """Give the fixes of sites whose comments were collected: where none is stored, none was asked for."""
    collected = select(comment.c.site).distinct()
    yield from connection.scalars(select(fix.c.fix_id).where(fix.c.site.in_(collected), is_current()))


def _watched_commits(connection: Connection) -> Iterator[str]:
    """Give the fixes of commits in a stretch of history that the ledger calls complete: a later fix would be here.

    A commit that was collected alone, because a list or a search named it, is not followed.
    """
    watched = _watched_intervals(connection)
    columns = (fix.c.fix_id, git_commit.c.committed_epoch, repository_commit.c.repository_id)
    statement = (
        select(*columns)
        .join_from(fix, git_commit, git_commit.c.sha == fix.c.sha)
        .join(repository_commit, repository_commit.c.sha == fix.c.sha)
        .where(is_current())
    )
    for fix_id, epoch, repository_id in connection.execute(statement, execution_options={"yield_per": _ROWS}):
        if any(since <= epoch < until for since, until in watched.get(repository_id, ())):
            yield fix_id


def _watched_intervals(connection: Connection) -> dict[int, list[tuple[int, int]]]:
    """Give the complete intervals of each repository; the ledger names it by its address."""
    complete = and_(coverage.c.source == "git", coverage.c.complete)
    intervals: dict[str, list[tuple[int, int]]] = {}
    for query, since, until in connection.execute(
        select(coverage.c.query, coverage.c.since_epoch, coverage.c.until_epoch).where(complete)
    ):
        intervals.setdefault(query.partition(" branches=")[0], []).append((since, until))
    columns = (repository.c.repository_id, repository.c.host, repository.c.name, repository.c.clone_url)
    return {
        number: intervals.get(_address(host, name, clone_url), [])
        for number, host, name, clone_url in connection.execute(select(*columns))
    }


def _address(host: str, name: str, clone_url: str) -> str:
    """Give the key of a repository in the ledger, as :class:`miner.collect.locators.Locator` makes it."""
    if host == "github.com":
        return f"github.com/{name}".lower()
    return f"{clone_url.partition('://')[0]}://{name}"


def _from_comments(connection: Connection, cells: dict[str, Cell]) -> Iterator[NewBug]:
    """Give the first complaint below each answer; one of a new bug, if there is any, wins."""
    found: dict[str, Complaint] = {}
    for fix_id, text in _comments_of_askers(connection):
        if fix_id in cells:
            complaint = judge(text)
            if complaint and (fix_id not in found or (complaint.kind == NEW_BUG != found[fix_id].kind)):
                found[fix_id] = complaint
    for fix_id, complaint in found.items():
        old = cells[fix_id]
        new = Cell(old.source, old.library, impact=complaint.impact)
        yield NewBug(fix_id, complaint.kind, old, new, complaint.words)


def _comments_of_askers(connection: Connection) -> Iterator[tuple[str, str]]:
    answer, question = post.alias("answer"), post.alias("question")
    same_author = or_(
        comment.c.author_id == question.c.author_id,
        and_(
            comment.c.author_id.is_(None),
            question.c.author_id.is_(None),
            comment.c.author_name == question.c.author_name,
            comment.c.author_name != "",
        ),
    )
    joined = (
        fix.join(answer, and_(answer.c.site == fix.c.site, answer.c.post_id == fix.c.answer_id))
        .join(question, and_(question.c.site == fix.c.site, question.c.post_id == fix.c.question_id))
        .join(comment, and_(comment.c.site == fix.c.site, comment.c.post_id == fix.c.answer_id))
    )
    statement = (
        select(fix.c.fix_id, comment.c.text)
        .select_from(joined)
        .where(same_author, comment.c.created_at >= answer.c.created_at, is_current())
        .order_by(fix.c.fix_id, comment.c.created_at, comment.c.comment_id)
    )
    for row in connection.execute(statement, execution_options={"yield_per": _ROWS}):
        yield row[0], row[1]


def _from_later_fixes(connection: Connection, choice: Choice, cells: dict[str, Cell]) -> Iterator[NewBug]:
    first: dict[str, ChangedAgain] = {}
    for again in changed_again(_hunks(connection)):
        # A commit in several repositories is followed in each.
        known = first.get(again.fix_id)
        if again.fix_id in cells and (
            known is None or (again.days, again.later_fix_id) < (known.days, known.later_fix_id)
        ):
            first[again.fix_id] = again
    later = labels_of(connection, choice, sorted({again.later_fix_id for again in first.values()}))
    for fix_id, again in first.items():
        old = cells[fix_id]
        new = later.get(again.later_fix_id, Cell(old.source, old.library))
        yield NewBug(fix_id, NEW_BUG, old, new, again.line[:200], again.later_fix_id, again.days)


def _hunks(connection: Connection) -> Iterable[FixedHunk]:
    of_file = and_(file_change.c.sha == fix.c.sha, file_change.c.file_no == fix_hunk.c.file_no)
    of_hunk = and_(hunk.c.sha == fix.c.sha, hunk.c.file_no == fix_hunk.c.file_no, hunk.c.hunk_no == fix_hunk.c.hunk_no)
    statement = (
        select(
            repository_commit.c.repository_id,
            fix.c.sha,
            git_commit.c.committed_epoch,
            fix.c.fix_id,
            file_change.c.old_path,
            file_change.c.new_path,
            hunk.c.body,
        )
        .join_from(fix, fix_hunk, fix_hunk.c.fix_id == fix.c.fix_id)
        .join(file_change, of_file)
        .join(hunk, of_hunk)
        .join(git_commit, git_commit.c.sha == fix.c.sha)
        .join(repository_commit, repository_commit.c.sha == fix.c.sha)
        .where(is_current())
        .order_by(
            repository_commit.c.repository_id,
            git_commit.c.committed_epoch,
            fix.c.sha,
            fix_hunk.c.file_no,
            fix_hunk.c.hunk_no,
            fix.c.fix_id,
        )
    )
    for row in connection.execute(statement, execution_options={"yield_per": _ROWS}):
        yield FixedHunk(*row)
