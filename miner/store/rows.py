"""Turns the stage types into rows: plain tuples in the order of the tables' columns.

Worker processes make them, so nothing here knows a database; only the writer does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from miner.extract.references import Reference
from miner.model import (
    BugFixVerdict,
    Commit,
    Evidence,
    FileChange,
    Fix,
    Hunk,
    Label,
    Omission,
    RawResponse,
)
from miner.store.values import clean, epoch, key, small, stamp

EVIDENCE_FROM = {"path": 1_000, "issue": 2_000, "commit": 3_000}
"""The first number of a commit's evidence by where it is from: each of these judges by itself, and may judge again.

What the message says has the numbers from 0. No place gives a thousand pieces of evidence: each rule gives one.
"""

PageRows = dict[str, list[tuple[Any, ...]]]
"""A page: the rows of each table, by the table's name."""


class PageBuilder:
    """Collects the rows of one page.

    :param source: the source that the page is of.
    :param run_id: the run that writes it.
    :param repository_id: the repository that its commits are of, if they are of one.
    :param bug_fix_rater: the rules that judge whether a commit is a bug fix, with their version.
    """

    def __init__(self, source: str, run_id: int, repository_id: int | None = None, bug_fix_rater: str = "") -> None:
        self.rows: PageRows = defaultdict(list)
        self._source = source
        self._run_id = run_id
        self._repository_id = repository_id
        self._bug_fix_rater = bug_fix_rater

    def commit(self, commit: Commit, verdict: BugFixVerdict) -> None:
        """Add a commit, the repository's hold on it, and the evidence of its verdict."""
        self.rows["git_commit"].append((*_commit(commit), verdict.score, self._bug_fix_rater))
        if self._repository_id is not None:
            self.rows["repository_commit"].append((commit.sha, self._repository_id))
        self.rows["bug_fix_evidence"] += evidence_rows(commit.sha, verdict.evidence)

    def files(self, sha: str, files: Iterable[FileChange]) -> None:
        """Add what a commit changed, with the hunks."""
        for file in files:
            self.rows["file_change"].append(_file_change(sha, file))
            self.rows["hunk"] += [_hunk(sha, file.no, hunk) for hunk in file.hunks]

    def links(self, source_kind: str, source_id: str, references: Iterable[Reference]) -> None:
        """Add what a commit or a post refers to."""
        self.rows["link"] += [
            (source_kind, source_id, one.target_kind, key(one.target), one.kind.value) for one in references
        ]

    def cluster(self, fix_id: str, cluster_id: str) -> None:
        """Add what a fix has in common with its cherry-picks and copies."""
        self.rows["fix_cluster"].append((fix_id, cluster_id))

    def fix(self, fix: Fix, fixed_at: datetime | None) -> None:
        """Add a fix, its hunks and its labels."""
        self.rows["fix"].append((
            fix.fix_id, self._source, fix.sha, fix.library, _stamp(fixed_at), None, None, None, None,
        ))  # fmt: skip
        self.rows["fix_hunk"] += [(fix.fix_id, file_no, hunk_no) for file_no, hunk_no in fix.hunks]
        self.labels(fix.fix_id, fix.labels)

    def labels(self, fix_id: str, labels: Iterable[Label]) -> None:
        """Add judgements on a fix, with their evidence."""
        for label in labels:
            place = (fix_id, label.scheme, label.rater, label.rank)
            self.rows["label"].append((*place, label.value, label.confidence, self._run_id))
            self.rows["label_evidence"] += [(*place, no, *_evidence(e)) for no, e in enumerate(label.evidence)]

    def omissions(self, omissions: Iterable[Omission]) -> None:
        """Add what was left out."""
        self.rows["omission"] += [
            omission_row(self._source, omission, self._repository_id, self._run_id) for omission in omissions
        ]

    def response(self, response: RawResponse) -> str:
        """Add what the source sent, and give its SHA-256."""
        row = response_row(response)
        self.rows["raw_response"].append(row)
        return str(row[0])


def evidence_rows(sha: str, evidence: Iterable[Evidence]) -> list[tuple[Any, ...]]:
    """Give the rows of evidence for or against a commit's being a bug fix; what one place says is numbered in order."""
    following: Counter[int] = Counter()
    rows = []
    for e in evidence:
        first = EVIDENCE_FROM.get(e.side, 0)
        rows.append((sha, first + following[first], e.rule, e.weight, e.side, e.start, e.end, clean(e.text)))
        following[first] += 1
    return rows


def omission_row(source: str, omission: Omission, repository_id: int | None, run_id: int) -> tuple[Any, ...]:
    """Give an omission's row."""
    return (
        source,
        key(omission.subject),
        omission.reason.value,
        clean(omission.detail),
        omission.sha,
        repository_id,
        run_id,
        None,
    )


def response_row(response: RawResponse) -> tuple[Any, ...]:
    """Give a response's row; its key is the SHA-256 of the body, which is in it as it came."""
    return (
        sha256(response.body).hexdigest(),
        response.source,
        clean(response.url),
        response.status,
        clean(response.content_type),
        stamp(response.fetched_at),
        response.body,
        len(response.body),
    )


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def _text(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _commit(commit: Commit) -> tuple[Any, ...]:
    return (
        commit.sha,
        clean(commit.author_name),
        clean(commit.author_email),
        _stamp(commit.authored_at),
        small(commit.authored_offset),
        clean(commit.committer_name),
        clean(commit.committer_email),
        _stamp(commit.committed_at),
        small(commit.committed_offset),
        epoch(commit.committed_epoch),
        " ".join(commit.parents),
        clean(commit.message),
        commit.message_raw,
    )


def _file_change(sha: str, file: FileChange) -> tuple[Any, ...]:
    return (
        sha,
        file.no,
        file.change_type,
        file.kind.value,
        file.language,
        _text(file.old_path),
        _text(file.new_path),
        file.old_mode,
        file.new_mode,
        file.old_blob,
        file.new_blob,
        file.similarity,
        file.added_lines,
        file.deleted_lines,
    )


def _hunk(sha: str, file_no: int, hunk: Hunk) -> tuple[Any, ...]:
    return (
        sha,
        file_no,
        hunk.no,
        hunk.old_start,
        hunk.old_lines,
        hunk.new_start,
        hunk.new_lines,
        clean(hunk.heading),
        clean(hunk.body),
        hunk.body_raw,
    )


def _evidence(e: Evidence) -> tuple[Any, ...]:
    return (e.rule, e.weight, e.side, e.file_no, e.hunk_no, e.line, e.start, e.end, clean(e.text))
