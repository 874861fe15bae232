"""Every query about commits that later commits revert."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, and_, select

from miner.store.githubtables import link
from miner.store.tables import bug_fix_evidence, repository_commit


def reverts(connection: Connection) -> dict[str, str]:
    """Give the commits that a later commit of the same repository reverts, each with the first such sha.

    A commit is named by its sha, as far as it is unambiguous there, or by the pull request that brought it. A revert
    that was itself reverted does not count.
    """
    by: dict[str, set[str]] = {}
    for sha, reverting in {*_reverted_by_sha(connection), *_reverted_by_pull(connection)}:
        by.setdefault(sha, set()).add(reverting)
    return standing(by)


def standing(by: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Give the commits that are reverted in the end, each with the first sha that reverts it.

    :param by: the commits that revert each commit. A circle, which abbreviated shas could make, decides nothing.
    """
    stands: dict[str, bool] = {}
    for start in sorted(by):
        path, on_path = [start], {start}
        while path:
            sha = path[-1]
            later = [other for other in sorted(by.get(sha, ())) if other not in stands and other not in on_path]
            if later:
                path.append(later[0])
                on_path.add(later[0])
                continue
            stands[sha] = not any(stands.get(other, False) for other in by.get(sha, ()))
            on_path.discard(path.pop())
    found = {sha: sorted(other for other in others if stands.get(other, False)) for sha, others in by.items()}
    return {sha: others[0] for sha, others in sorted(found.items()) if others}


def with_evidence_of(connection: Connection, side: str) -> set[str]:
    """Give the commits that have evidence of a side."""
    return set(connection.scalars(select(bug_fix_evidence.c.sha).where(bug_fix_evidence.c.side == side).distinct()))


def _reverted_by_sha(connection: Connection) -> set[tuple[str, str]]:
    """Give pairs of a reverted and a reverting commit, where the message names a sha or the beginning of one."""
    target, source = repository_commit.alias("target"), repository_commit.alias("source")
    names = link.c.source_kind == "commit", link.c.target_kind == "commit", link.c.kind == "reverts"
    rows = connection.execute(
        select(link.c.source_id, link.c.target_id, target.c.sha)
        .join(source, source.c.sha == link.c.source_id)
        .join(
            target,
            and_(
                target.c.repository_id == source.c.repository_id,
                target.c.sha >= link.c.target_id,
                # The digits of a sha end with f.
                target.c.sha < link.c.target_id.concat("g"),
            ),
        )
        .where(*names)
        .distinct()
    )
    meant: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        meant.setdefault((row.source_id, row.target_id), set()).add(row.sha)
    return {(min(shas), by) for (by, _), shas in meant.items() if len(shas) == 1 and by not in shas}


def _reverted_by_pull(connection: Connection) -> set[tuple[str, str]]:
    """Give pairs of a reverted and a reverting commit, where the message names the pull request."""
    brought, undone = link.alias("brought"), link.alias("undone")
    rows = connection.execute(
        select(brought.c.source_id, undone.c.source_id.label("reverting"))
        .join(undone, and_(undone.c.target_kind == "issue", undone.c.target_id == brought.c.target_id))
        .where(brought.c.source_kind == "commit", brought.c.target_kind == "issue", brought.c.kind == "merged_by")
        .where(undone.c.source_kind == "commit", undone.c.kind == "reverts")
    )
    return {(row.source_id, row.reverting) for row in rows if row.source_id != row.reverting}
