"""Reads stored commits back as what they were mined as."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from miner.collect.gitcommits import decode
from miner.model import BugFixVerdict, Candidate, Commit, FileChange, FileKind, Hunk, Omission, OmissionReason
from miner.store.tables import file_change, git_commit, hunk, omission

_CHUNK = 500


def candidates(connection: Connection, shas: Sequence[str]) -> tuple[Candidate, ...]:
    """Give stored commits as they were when they were mined, in their order, less the evidence of their score."""
    files = _files(connection, shas)
    left_out: dict[str, list[Omission]] = defaultdict(list)
    commits: dict[str, Any] = {}
    for chunk in _chunks(shas):
        of_commits = select(omission).where(omission.c.sha.in_(chunk), omission.c.resolved_run_id.is_(None))
        for row in connection.execute(of_commits.where(omission.c.subject.startswith("file:"))):
            left_out[row.sha].append(Omission(OmissionReason(row.reason), row.subject, row.detail, row.sha))
        for row in connection.execute(select(git_commit).where(git_commit.c.sha.in_(chunk))):
            commits[row.sha] = row
    return tuple(
        Candidate(
            _commit(commits[sha]),
            BugFixVerdict(commits[sha].bug_fix_score, ()),
            tuple(files[sha]),
            tuple(left_out[sha]),
        )
        for sha in shas
    )


def _files(connection: Connection, shas: Sequence[str]) -> dict[str, list[FileChange]]:
    hunks: dict[tuple[str, int], list[Hunk]] = defaultdict(list)
    files: dict[str, list[FileChange]] = defaultdict(list)
    for chunk in _chunks(shas):
        ordered = select(hunk).where(hunk.c.sha.in_(chunk)).order_by(hunk.c.sha, hunk.c.file_no, hunk.c.hunk_no)
        for sha, file_no, *values in connection.execute(ordered):
            hunks[sha, file_no].append(_hunk(values))
        of_files = select(file_change).where(file_change.c.sha.in_(chunk))
        for row in connection.execute(of_files.order_by(file_change.c.sha, file_change.c.file_no)):
            named = row._asdict()
            sha, number = named.pop("sha"), named.pop("file_no")
            named["kind"] = FileKind(named["kind"])
            files[sha].append(FileChange(no=number, hunks=tuple(hunks[sha, number]), **named))
    return files


def _hunk(values: Sequence[Any]) -> Hunk:
    found = Hunk(*values)
    if found.body_raw is None or b"\0" not in found.body_raw:
        return found
    # The database holds no NUL as text.
    return replace(found, body=decode(found.body_raw)[0])


def _commit(row: Any) -> Commit:
    return Commit(
        sha=row.sha,
        parents=tuple(row.parents.split()),
        author_name=row.author_name,
        author_email=row.author_email,
        authored_at=row.authored_at,
        authored_offset=row.authored_offset_minutes,
        committer_name=row.committer_name,
        committer_email=row.committer_email,
        committed_at=row.committed_at,
        committed_offset=row.committed_offset_minutes,
        committed_epoch=row.committed_epoch,
        message=row.message,
        message_raw=row.message_raw,
    )


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
