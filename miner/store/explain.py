"""Everything that is stored of one fix: what it changed, what was said of it, and why."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, column, or_, select, table

from miner.errors import FixNotFoundError
from miner.model import Evidence, Hunk
from miner.store.github import files_of
from miner.store.posttables import pair
from miner.store.relabelposts import hunks_of
from miner.store.relabeltables import superseded_fix
from miner.store.tables import bug_fix_evidence, fix, fix_hunk, git_commit, label, label_evidence, omission

_COMMIT: Final = re.compile(r"(?:git:)?(?P<sha>[0-9a-f]{4,40})(?::(?P<no>\d+))?")
_LINK: Final = re.compile(
    r"https?://(?:github\.com/[^/]+/[^/]+/commit/(?P<sha>\w+)|(?P<site>[^/]+)/(?:a|q|questions)/(?P<id>\d+))\S*"
)
_NEAR: Final = 3
_FEWEST: Final = 4
_SHARED: Final = 6
"""Characters, but for "git:", that an id must share with another one to be near it."""

_SCHEMES: Final = ("library", "pattern", "sub_pattern", "bug_type", "root_cause", "impact", "prior_pattern", "question")
"""The schemes as they are read: what was repaired, how, of which kind the bug was. Others, of people, come after."""

_OVERVIEW = table(
    "fix_overview", *(column(name) for name in ("fix_id", "commit_url", "answer_url", "title", "repository"))
)
_CURRENT = table("current_label", *(column(name) for name in ("fix_id", "scheme", "rater", "rank")))


class ChangedPart(NamedTuple):
    """A file of a commit, or a pair of code before and after, with the fix's hunks of it; evidence names its ``no``."""

    no: int
    path: str
    hunks: tuple[Hunk, ...]


class StoredLabel(NamedTuple):
    """A judgement with its reasons."""

    scheme: str
    rater: str
    rank: int
    value: str
    confidence: float | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A fix. ``message`` and ``bug_fix`` are of its commit, ``title`` of its question; ``superseded_by`` are rules."""

    fix_id: str
    source: str
    library: str
    fixed_at: datetime | None
    sha: str | None
    repository: str | None
    urls: tuple[str, ...]
    title: str | None
    selection_rule: str | None
    message: str | None
    bug_fix_score: float | None
    bug_fix: tuple[Evidence, ...]
    parts: tuple[ChangedPart, ...]
    labels: tuple[StoredLabel, ...]
    superseded_by: str | None


def find(connection: Connection, text: str, site: str) -> list[str]:
    """Give the fixes that a user means: by id, its start, a commit's sha or its start, a number of a post, or a link.

    Of a commit, all that are not superseded are meant, and else all.

    :param site: the site that bare numbers are posts of, if it has such; else the only one that has.
    :raises FixNotFoundError: if nothing, or more than one thing, is meant; it names what is near.
    """
    text = text.strip()
    if connection.scalar(select(fix.c.fix_id).where(fix.c.fix_id == text)) is not None:
        return [text]
    link = _LINK.fullmatch(text)
    if link is not None:
        text = link["sha"] or f"{link['site']}:{link['id']}"
    elif text.isdecimal() and (found := _of_post(connection, site, int(text))):
        return found
    commit = _COMMIT.fullmatch(text.lower())
    if commit is not None:
        if text.isdecimal() and not _commits(connection, text) and (found := _of_post(connection, None, int(text))):
            return found
        return _of_commit(connection, commit["sha"], commit["no"])
    place, _, number = text.rpartition(":")
    if number.isdecimal() and (found := _of_post(connection, place, int(number))):
        return found
    started = _started(connection, text) if len(text) >= _FEWEST else []
    if len(started) == 1:
        return started
    if started:
        raise FixNotFoundError(f"{text!r} is the start of several fixes: {_listed(started)}")
    raise FixNotFoundError(f"there is no fix {text!r}{_near(connection, text)}")


def explain(connection: Connection, fix_id: str, *, every: bool = False) -> Explanation:
    """Give all that is stored of a fix.

    :param every: also the labels of rules that newer ones took the place of.
    """
    row = connection.execute(select(fix).where(fix.c.fix_id == fix_id)).one()
    seen = connection.execute(select(_OVERVIEW).where(_OVERVIEW.c.fix_id == fix_id)).first()
    commit = connection.execute(select(git_commit).where(git_commit.c.sha == row.sha)).first() if row.sha else None
    urls = (seen.commit_url, seen.answer_url) if seen else ()
    return Explanation(
        fix_id=fix_id,
        source=row.source,
        library=row.library,
        fixed_at=row.fixed_at,
        sha=row.sha,
        repository=seen.repository if seen else None,
        urls=tuple(url for url in urls if url),
        title=seen.title if seen else None,
        selection_rule=row.selection_rule,
        message=commit.message if commit else None,
        bug_fix_score=commit.bug_fix_score if commit else None,
        bug_fix=_bug_fix(connection, row.sha) if commit else (),
        parts=_of_hunks(connection, fix_id, row.sha) if row.sha else _of_pairs(connection, fix_id),
        labels=_labels(connection, fix_id, every=every),
        superseded_by=connection.scalar(select(superseded_fix.c.rater).where(superseded_fix.c.fix_id == fix_id)),
    )


def _of_commit(connection: Connection, start: str, no: str | None) -> list[str]:
    shas = _commits(connection, start)
    if len(shas) > 1:
        raise FixNotFoundError(f"{start!r} is the start of several commits: {_listed(shas)}")
    if not shas:
        post = ", nor a post of that number with a fix," if start.isdecimal() else ""
        raise FixNotFoundError(f"there is no commit {start!r}{post} in the database{_near(connection, f'git:{start}')}")
    rows = connection.execute(
        select(fix.c.fix_id, superseded_fix.c.rater).outerjoin(superseded_fix).where(fix.c.sha == shas[0])
    ).all()
    found = sorted((row.fix_id for row in rows), key=lambda fix_id: int(fix_id.rpartition(":")[2]))
    if no is not None:
        found = [fix_id for fix_id in found if fix_id.endswith(f":{no}")]
    else:
        gone = {row.fix_id for row in rows if row.rater is not None}
        found = [fix_id for fix_id in found if fix_id not in gone] or found
    if not found:
        known = _listed([row.fix_id for row in rows]) if rows else ""
        raise FixNotFoundError(f"the commit {shas[0]} has no such fix{_why_none(connection, shas[0], known)}")
    return found


def _commits(connection: Connection, start: str) -> list[str]:
    # Not LIKE: this uses the index on either database. "g" comes after every hexadecimal digit.
    between = (git_commit.c.sha >= start) & (git_commit.c.sha < f"{start}g")
    return list(connection.scalars(select(git_commit.c.sha).where(between).order_by(git_commit.c.sha).limit(_NEAR + 1)))


def _why_none(connection: Connection, sha: str, known: str) -> str:
    if known:
        return f": it has {known}"
    left_out = select(omission.c.reason, omission.c.detail).where(
        omission.c.subject == f"commit:{sha}", omission.c.resolved_run_id.is_(None)
    )
    row = connection.execute(left_out).first()
    return f": {row.reason}, {row.detail}" if row else ": its message does not say that it repairs a bug"


def _of_post(connection: Connection, site: str | None, number: int) -> list[str]:
    """Give the fixes of a post; without a site, those of the only site that has fixes of a post of that number."""
    if number >= 2**63:
        return []
    posts = or_(fix.c.answer_id == number, fix.c.question_id == number)
    if site is not None:
        posts = posts & (fix.c.site == site)
    rows = connection.execute(select(fix.c.fix_id, fix.c.site).where(posts).order_by(fix.c.site, fix.c.answer_id)).all()
    if len({row.site for row in rows}) > 1:
        raise FixNotFoundError(f"{number} is a post of several sites: {_listed([row.fix_id for row in rows])}")
    return [row.fix_id for row in rows]


def _started(connection: Connection, text: str) -> list[str]:
    started = fix.c.fix_id.startswith(text, autoescape=True)
    return list(connection.scalars(select(fix.c.fix_id).where(started).order_by(fix.c.fix_id).limit(_NEAR + 1)))


def _near(connection: Connection, text: str) -> str:
    own = len("git:") if text.startswith("git:") else 0
    for end in range(len(text) - 1, own + _SHARED - 1, -1):
        found = _started(connection, text[:end])
        if found:
            return f"; near it are {_listed(found)}"
    if connection.scalar(select(fix.c.fix_id).limit(1)) is None:
        return ": the database holds no fix yet; run 'miner collect'"
    return '; some are given by: miner sql "SELECT fix_id FROM fix_overview LIMIT 5"'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NEAR]) + (", ..." if len(names) > _NEAR else "")


def _bug_fix(connection: Connection, sha: str) -> tuple[Evidence, ...]:
    rows = connection.execute(
        select(bug_fix_evidence).where(bug_fix_evidence.c.sha == sha).order_by(bug_fix_evidence.c.evidence_no)
    )
    return tuple(Evidence(row.rule, row.weight, row.text, row.side, row.start_offset, row.end_offset) for row in rows)


def _of_hunks(connection: Connection, fix_id: str, sha: str) -> tuple[ChangedPart, ...]:
    held = {
        (row.file_no, row.hunk_no) for row in connection.execute(select(fix_hunk).where(fix_hunk.c.fix_id == fix_id))
    }
    files = files_of(connection, sha)
    parts = (
        ChangedPart(file.no, file.path, tuple(hunk for hunk in file.hunks if (file.no, hunk.no) in held))
        for file in files
    )
    return tuple(part for part in parts if part.hunks)


def _of_pairs(connection: Connection, fix_id: str) -> tuple[ChangedPart, ...]:
    rows = connection.execute(select(pair).where(pair.c.fix_id == fix_id).order_by(pair.c.pair_no))
    return tuple(
        ChangedPart(row.pair_no, f"pair {row.pair_no} ({row.method}, {row.confidence:.2f})", hunks_of(row.diff))
        for row in rows
    )


def _labels(connection: Connection, fix_id: str, *, every: bool) -> tuple[StoredLabel, ...]:
    evidence: dict[tuple[str, str, int], list[Evidence]] = defaultdict(list)
    of = label_evidence.c
    for row in connection.execute(select(label_evidence).where(of.fix_id == fix_id).order_by(of.evidence_no)):
        evidence[row.scheme, row.rater, row.rank].append(_evidence(row))
    in_force = {
        (row.scheme, row.rater) for row in connection.execute(select(_CURRENT).where(_CURRENT.c.fix_id == fix_id))
    }
    query = select(label).where(label.c.fix_id == fix_id).order_by(label.c.scheme, label.c.rater, label.c.rank)
    rows = sorted(
        connection.execute(query),
        key=lambda row: _SCHEMES.index(row.scheme) if row.scheme in _SCHEMES else len(_SCHEMES),
    )
    return tuple(
        StoredLabel(row.scheme, row.rater, row.rank, row.value, row.confidence, tuple(evidence[row[1:4]]))
        for row in rows
        if every or not in_force or (row.scheme, row.rater) in in_force
    )


def _evidence(row: Any) -> Evidence:
    place = (row.file_no, row.hunk_no, row.line)
    return Evidence(row.rule, row.weight, row.text, row.side, row.start_column, row.end_column, *place)
