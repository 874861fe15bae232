"""Decides what of a page is written when a commit of it is there already: a commit is stored whole, of one version.

It is mined again from a fork, after a limit changed, with a newer classifier, or from a complete copy after a damaged
one. Rows of two such versions beside each other would number different files alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, delete, select, update

from miner.model import OmissionReason
from miner.store import splits
from miner.store.judgements import rejudge
from miner.store.rows import PageRows
from miner.store.tables import file_change, fix, fix_hunk, git_commit, hunk, label, omission

COMMIT_LEFT_OUT = (OmissionReason.NO_LIBRARY_CODE, OmissionReason.LIBRARY_NOT_SELECTED, OmissionReason.NOT_A_FIX)
"""Why a commit whose files are stored has no fix."""

_SOURCE = "git"
_JUDGEMENT = ("git_commit", "bug_fix_evidence")
_CHUNK = 500
_COMMIT = (OmissionReason.COMMIT_UNREADABLE, OmissionReason.COMMIT_TOO_LARGE, OmissionReason.COMMIT_FAILED)
_INCOMPLETE = (*_COMMIT, *(reason for reason in OmissionReason if reason.name.startswith(("FILE_", "DIFF_"))))

_OmissionKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a page is in the database before it: commits, those with files, and those whose files it replaces."""

    commits: set[str]
    with_files: set[str]
    replaced: set[str]


def merge(connection: Connection, rows: PageRows, run_id: int | None) -> PageRows:
    """Give the rows of a page to insert, after deleting those of the versions that it knows more of.

    The first fix and label stay, and the first judgement, but for that of a commit whose files were not looked at. A
    commit's files are replaced if the page brings something of them that was left out, which resolves that omission. If
    they stay, what the page leaves out of them is there, and no omission.

    :param run_id: the run that resolves; without it, nothing is resolved.
    """
    commits = {row[0] for row in rows.get("git_commit", ())}
    files = {row[0] for row in rows.get("file_change", ())}
    left_out = {row[4] for row in rows.get("omission", ()) if row[2] in _INCOMPLETE and row[4] is not None}
    known = _present(connection, git_commit.c.sha, commits | files | left_out)
    stored = _present(connection, file_change.c.sha, known)
    page = {row[:3] for row in rows.get("omission", ())}
    more = [
        (key, sha) for key, sha in _open(connection, omission.c.sha, stored & files, _INCOMPLETE) if key not in page
    ]
    replaced = {sha for _, sha in more}
    reached = {row[4] for row in rows.get("omission", ()) if row[2] in (*_COMMIT, *COMMIT_LEFT_OUT)}
    subjects = {f"commit:{sha}" for sha in ((commits - known) | files | reached) - stored}
    brought = [key for key, _ in _open(connection, omission.c.subject, subjects, _COMMIT) if key not in page]
    _delete_files(connection, replaced)
    looked_at = (commits & known & files) - (stored - replaced)
    if looked_at:
        rejudge(connection, *([row for row in rows.get(name, ()) if row[0] in looked_at] for name in _JUDGEMENT))
    if run_id is not None:
        _resolve(connection, [*(key for key, _ in more), *brought], run_id)
        _resolve(connection, [row[:3] for row in rows.get("omission", ()) if row[4] in replaced], None)
    # Commits whose files are replaced have their hunks numbered anew: nothing tells which fix is which.
    split = ({row[2] for row in rows.get("fix", ())} & known) - replaced
    return _chosen(connection, splits.fit(connection, rows, split), _Known(known, stored, replaced))


def _chosen(connection: Connection, rows: PageRows, known: _Known) -> PageRows:
    stay = known.with_files - known.replaced
    sha_of = {row[0]: row[2] for row in rows.get("fix", ())}
    new = {fix_id for fix_id, sha in sha_of.items() if sha is not None and sha not in known.commits}
    judged = {row[0] for name in ("fix", "label") for row in rows.get(name, ())} - new
    fixes = _present(connection, fix.c.fix_id, judged)
    labels = _labels(connection, fixes)
    # The evidence of a post's labels names its pairs, and those of the fix that is there stay.
    paired = {row[0] for row in rows.get("fix", ()) if row[2] is None and row[0] in fixes}
    dropped: dict[str, Callable[[tuple[Any, ...]], bool]] = {
        "git_commit": lambda row: row[0] in known.commits,
        "bug_fix_evidence": lambda row: row[0] in known.commits,
        "file_change": lambda row: row[0] in stay,
        "hunk": lambda row: row[0] in stay,
        "omission": lambda row: row[4] in stay and row[2] in _INCOMPLETE,
        "fix": lambda row: row[0] in fixes,
        "snippet": lambda row: row[0] in fixes,
        "pair": lambda row: row[0] in fixes,
        "fix_hunk": lambda row: row[0] in fixes and sha_of.get(row[0]) not in known.replaced,
        "label": lambda row: row[:3] in labels or row[0] in paired,
        "label_evidence": lambda row: row[:3] in labels or row[0] in paired,
    }
    if not known.commits and not fixes:
        return rows
    return {
        name: [row for row in page if not dropped[name](row)] if name in dropped else page
        for name, page in rows.items()
    }


def _delete_files(connection: Connection, shas: set[str]) -> None:
    for chunk in _chunks(shas):
        of_commits = select(fix.c.fix_id).where(fix.c.sha.in_(chunk))
        connection.execute(delete(fix_hunk).where(fix_hunk.c.fix_id.in_(of_commits)))
        connection.execute(delete(hunk).where(hunk.c.sha.in_(chunk)))
        connection.execute(delete(file_change).where(file_change.c.sha.in_(chunk)))


def _resolve(connection: Connection, keys: Collection[_OmissionKey], run_id: int | None) -> None:
    """Enter the run that resolved omissions; None opens them again."""
    for source, reason in sorted({(source, reason) for source, _, reason in keys}):
        for chunk in _chunks({subject for s, subject, r in keys if (s, r) == (source, reason)}):
            same = (omission.c.source == source, omission.c.reason == reason, omission.c.subject.in_(chunk))
            connection.execute(update(omission).where(*same).values(resolved_run_id=run_id))


def _open(
    connection: Connection, column: Column[Any], values: set[str], reasons: Collection[OmissionReason]
) -> list[tuple[_OmissionKey, str]]:
    """Give the unresolved omissions whose column has one of the values: their keys and commits."""
    columns = omission.c
    statement = select(columns.source, columns.subject, columns.reason, columns.sha).where(
        columns.source == _SOURCE, columns.reason.in_(reasons), columns.resolved_run_id.is_(None)
    )
    return [
        ((row.source, row.subject, row.reason), row.sha)
        for chunk in _chunks(values)
        for row in connection.execute(statement.where(column.in_(chunk)))
    ]


def _labels(connection: Connection, fixes: set[str]) -> set[tuple[str, str, str]]:
    """Give the fix, scheme and rater of every label that the fixes have."""
    statement = select(label.c.fix_id, label.c.scheme, label.c.rater).distinct()
    return {
        (row.fix_id, row.scheme, row.rater)
        for chunk in _chunks(fixes)
        for row in connection.execute(statement.where(label.c.fix_id.in_(chunk)))
    }


def _present(connection: Connection, column: Column[Any], values: set[str]) -> set[str]:
    return {
        value
        for chunk in _chunks(values)
        for value in connection.scalars(select(column).where(column.in_(chunk)).distinct())
    }


def _chunks(values: set[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
