"""The queries of samples: from what raters' items are drawn, and what a rater is shown of an item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, exists, func, select

from miner.store.githubtables import fix_cluster
from miner.store.posttables import pair, post
from miner.store.ratingtables import rating, rating_item
from miner.store.relabel import is_current
from miner.store.relabeltables import superseded_fix
from miner.store.tables import (
    file_change,
    fix,
    fix_hunk,
    git_commit,
    hunk,
    label,
    repository,
    repository_commit,
)

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be drawn: an item that is known, or a fix (``item_id`` is its id), with what the rules say of it.

    ``confidence`` and ``margin`` (to the second choice) are 0 to 1; None where the rules said nothing of its pattern.
    """

    item_id: str
    source: str
    library: str
    pattern: str
    confidence: float | None
    margin: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a rater is shown of a fix: where to read it, what its commit or question is about, and the change."""

    link: str
    about: str
    change: str


def candidate_fixes(connection: Connection, rater: str) -> list[Candidate]:
    """Give every fix in force, of those that make the same change the first alone, in the order of their ids.

    :param rater: the version of the rules that says patterns.
    """
    query = select(fix.c.fix_id, fix.c.sha, fix.c.library, fix_cluster.c.cluster_id).outerjoin(
        fix_cluster, fix_cluster.c.fix_id == fix.c.fix_id
    )
    query = query.where(is_current())
    said = _said_by(connection, rater)
    found: list[Candidate] = []
    clusters: set[str] = set()
    # Databases order texts differently, so that their MIN would choose different fixes.
    for row in sorted(connection.execute(query), key=lambda row: str(row.fix_id)):
        if row.cluster_id is None or row.cluster_id not in clusters:
            ours = said.get(row.fix_id, ("", None, None))
            found.append(Candidate(row.fix_id, _source(row.sha), row.library, *ours))
            clusters.add(row.cluster_id or row.fix_id)
    return found


def candidate_items(connection: Connection, sets: Collection[str], rater: str) -> list[Candidate]:
    """Give the items of some label sets, in the order of their ids; of a fix that is superseded rules say nothing."""
    query = select(rating_item).where(rating_item.c.set_name.in_(sets))
    said = _said_by(connection, rater)
    rows = [(row.item_id, row.source, row.library, row.fix_id) for row in connection.execute(query)]
    return [Candidate(*row[:3], *said.get(row[3] or "", ("", None, None))) for row in sorted(rows)]


def rated(connection: Connection) -> set[str]:
    """Give the items that anybody judged, and the fixes that they are."""
    query = select(rating_item.c.item_id, rating_item.c.fix_id).where(
        rating_item.c.item_id.in_(select(rating.c.item_id))
    )
    return {name for row in connection.execute(query) for name in row if name is not None}


def shown(connection: Connection, fix_ids: Collection[str], limit: int) -> dict[str, Shown]:
    """Give what a rater is shown of some fixes; texts and changes are cut to ``limit`` characters."""
    found: dict[str, Shown] = {}
    for ids in _chunks(fix_ids):
        hunks = _grouped(connection.execute(_hunks(ids)))
        pairs = select(pair.c.fix_id, pair.c.diff).where(pair.c.fix_id.in_(ids))
        diffs = _grouped(connection.execute(pairs.order_by(pair.c.fix_id, pair.c.pair_no)))
        for row in connection.execute(_described(ids)):
            of_fix = hunks.get(row.fix_id, [])
            parts = [_hunk_text(one) for one in of_fix] or [one.diff for one in diffs.get(row.fix_id, [])]
            about = (row.title if row.sha is None else row.message) or ""
            link = _link(row) + (_anchor(of_fix[0]) if of_fix and row.host == "github.com" else "")
            found[row.fix_id] = Shown(link, _cut(about.strip(), limit), _cut("\n".join(parts), limit))
    return found


def _said_by(connection: Connection, rater: str) -> dict[str, tuple[str, float | None, float | None]]:
    """Give a rater's first pattern of each fix, its confidence, and how far that is above the second's."""
    of = label.c
    query = select(of.fix_id, of.rank, of.value, of.confidence).where(
        of.scheme == "pattern", of.rater == rater, of.rank <= 2, ~exists().where(superseded_fix.c.fix_id == of.fix_id)
    )
    found: dict[str, tuple[str, float | None, float | None]] = {}
    for row in connection.execute(query.order_by(of.fix_id, of.rank)):
        if row.rank == 1:
            found[row.fix_id] = (row.value, row.confidence or 0.0, row.confidence or 0.0)
        elif row.fix_id in found:
            value, confidence, _ = found[row.fix_id]
            found[row.fix_id] = (value, confidence, (confidence or 0.0) - (row.confidence or 0.0))
    return found


def _described(ids: Sequence[str]) -> Select[Any]:
    first = select(func.min(repository_commit.c.repository_id)).where(repository_commit.c.sha == fix.c.sha)
    return (
        select(
            fix.c.fix_id, fix.c.sha, fix.c.site, fix.c.answer_id, git_commit.c.message, post.c.title,
            repository.c.host, repository.c.name,
        )
        .outerjoin(git_commit, git_commit.c.sha == fix.c.sha)
        .outerjoin(repository, repository.c.repository_id == first.scalar_subquery())
        .outerjoin(post, (post.c.site == fix.c.site) & (post.c.post_id == fix.c.question_id))
        .where(fix.c.fix_id.in_(ids))
    )  # fmt: skip


def _link(row: Row[Any]) -> str:
    if row.sha is None:
        return f"https://{row.site}/a/{row.answer_id}"
    return f"https://github.com/{row.name}/commit/{row.sha}" if row.host == "github.com" else f"{row.name} {row.sha}"


def _anchor(row: Row[Any]) -> str:
    """Give GitHub's anchor of a hunk, so that a rater sees the fix first, and the link means no other of the commit."""
    digest = sha256((row.new_path or row.old_path or "").encode("utf-8", "replace")).hexdigest()
    return f"#diff-{digest}R{row.new_start}" if row.new_lines else f"#diff-{digest}L{row.old_start}"


def _hunk_text(row: Row[Any]) -> str:
    head = f"--- {row.old_path or '/dev/null'}\n+++ {row.new_path or '/dev/null'}\n"
    place = f"@@ -{row.old_start},{row.old_lines} +{row.new_start},{row.new_lines} @@ {row.heading}\n"
    return f"{head}{place}{row.body}"


def _grouped(rows: Iterable[Any]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.fix_id, []).append(row)
    return found


def _hunks(ids: Sequence[str]) -> Select[Any]:
    of = hunk.c
    same_hunk = (of.sha == fix.c.sha) & (of.file_no == fix_hunk.c.file_no) & (of.hunk_no == fix_hunk.c.hunk_no)
    same_file = (file_change.c.sha == of.sha) & (file_change.c.file_no == of.file_no)
    columns = (of.old_start, of.old_lines, of.new_start, of.new_lines, of.heading, of.body)
    return (
        select(fix.c.fix_id, file_change.c.old_path, file_change.c.new_path, *columns)
        .join(fix_hunk, fix_hunk.c.fix_id == fix.c.fix_id)
        .join(hunk, same_hunk)
        .join(file_change, same_file)
        .where(fix.c.fix_id.in_(ids))
        .order_by(fix.c.fix_id, of.file_no, of.hunk_no)
    )


def _source(sha: str | None) -> str:
    return "stackoverflow" if sha is None else "github"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
