"""Takes out of the database what is on the opt-out list, wherever it hangs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select, update

from miner.model import Omission, OmissionReason
from miner.optout import OptOut
from miner.store import repository as store
from miner.store.githubtables import link
from miner.store.optoutratings import remove_items
from miner.store.posttables import comment, post
from miner.store.tables import fix, git_commit, metadata, repository, repository_commit

_CHUNK = 400
_DETAIL = "it, its author or its repository is on the opt-out list; what was stored of it is removed"
# What is known of them says no more than that they were left out, or what somebody asked for.
_KEPT = frozenset({"omission", "seed", "discovery"})


def held(connection: Connection, opt_out: OptOut) -> int:
    """Count the commits and posts in the database that are on the list."""
    return len(_commits(connection, opt_out)) + len(_posts(connection, opt_out)) + len(_comments(connection, opt_out))


def remove(connection: Connection, run_id: int, opt_out: OptOut) -> int:
    """Remove what the list names, and enter an omission for each commit and post. Give how many there were.

    Of what came from a source as it came, the archive is not touched.
    """
    shas, posts = _commits(connection, opt_out), _posts(connection, opt_out)
    comments = _comments(connection, opt_out)
    for chunk in _chunks(sorted(shas)):
        _remove_fixes(connection, fix.c.sha.in_(chunk))
        _remove_rows(connection, "sha", chunk)
        connection.execute(delete(link).where(link.c.source_kind == "commit", link.c.source_id.in_(chunk)))
    for site, numbers in _by_site(posts):
        for some in _chunks(numbers):
            of_posts = or_(fix.c.question_id.in_(some), fix.c.answer_id.in_(some))
            _remove_fixes(connection, and_(fix.c.site == site, of_posts))
            sources = [f"{site}/{number}" for number in some]
            connection.execute(delete(link).where(link.c.source_kind == "post", link.c.source_id.in_(sources)))
            for table in _referring("post_id"):
                connection.execute(delete(table).where(table.c.site == site, table.c.post_id.in_(some)))
    for site, numbers in _by_site(comments):
        for some in _chunks(numbers):
            connection.execute(delete(comment).where(comment.c.site == site, comment.c.comment_id.in_(some)))
    _note(connection, run_id, shas, posts)
    remove_items(connection, opt_out)
    return len(shas) + len(posts) + len(comments)


def _note(connection: Connection, run_id: int, shas: set[str], posts: set[tuple[str, int]]) -> None:
    for sha in sorted(shas):
        left_out = Omission(OmissionReason.OPTED_OUT, f"commit:{sha}", _DETAIL, sha)
        store.record_omission(connection, run_id, "git", left_out)
    for site, number in sorted(posts):
        left_out = Omission(OmissionReason.OPTED_OUT, f"post:{site}:{number}", _DETAIL)
        store.record_omission(connection, run_id, "stackoverflow", left_out)


def _commits(connection: Connection, opt_out: OptOut) -> set[str]:
    """Give the commits of an author on the list, and those that only repositories on the list hold."""
    # What letters are the same, the list knows: SQLite's lower() knows those of English alone.
    authors = connection.execute(select(git_commit.c.sha, git_commit.c.author_name, git_commit.c.author_email))
    found = {row.sha for row in authors if opt_out.author(row.author_name, row.author_email)}
    names = connection.execute(select(repository.c.repository_id, repository.c.name))
    listed = [row.repository_id for row in names if opt_out.repository(row.name)]
    if listed:
        elsewhere = select(repository_commit.c.sha).where(repository_commit.c.repository_id.not_in(listed))
        alone = select(repository_commit.c.sha).where(
            repository_commit.c.repository_id.in_(listed), repository_commit.c.sha.not_in(elsewhere)
        )
        found |= set(connection.scalars(alone))
    return found


def _posts(connection: Connection, opt_out: OptOut) -> set[tuple[str, int]]:
    rows = connection.execute(select(post.c.site, post.c.post_id, post.c.author_name))
    found = {
        (row.site, row.post_id)
        for row in rows
        if opt_out.post(row.site, row.post_id) or opt_out.author(row.author_name)
    }
    for site, numbers in _by_site(found):
        for some in _chunks(numbers):
            below = select(post.c.post_id).where(post.c.site == site, post.c.question_id.in_(some))
            found |= {(site, number) for number in connection.scalars(below)}
    return found


def _comments(connection: Connection, opt_out: OptOut) -> set[tuple[str, int]]:
    rows = connection.execute(select(comment.c.site, comment.c.comment_id, comment.c.author_name))
    return {(row.site, row.comment_id) for row in rows if opt_out.author(row.author_name)}


def _remove_fixes(connection: Connection, condition: ColumnElement[bool]) -> None:
    ids = list(connection.scalars(select(fix.c.fix_id).where(condition)))
    for some in _chunks(ids):
        for table in reversed(metadata.sorted_tables):
            if "fix_id" not in table.c:
                continue
            if table.c.fix_id.nullable:
                # What people rated stays theirs; it leads nowhere now, and what nobody did goes below.
                connection.execute(update(table).where(table.c.fix_id.in_(some)).values(fix_id=None))
            else:
                connection.execute(delete(table).where(table.c.fix_id.in_(some)))


def _remove_rows(connection: Connection, name: str, values: Collection[Any]) -> None:
    for table in _referring(name):
        connection.execute(delete(table).where(table.c[name].in_(values)))


def _referring(name: str) -> Iterator[Table]:
    """Give the tables with a column, those that refer to others first."""
    for table in reversed(metadata.sorted_tables):
        if name in table.c and table.name not in _KEPT and table.name != "fix":
            yield table


def _by_site(found: set[tuple[str, int]]) -> list[tuple[str, list[int]]]:
    groups: dict[str, list[int]] = {}
    for site, number in sorted(found):
        groups.setdefault(site, []).append(number)
    return list(groups.items())


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    ordered = list(values)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
