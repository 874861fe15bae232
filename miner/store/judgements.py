"""Every query that writes why a commit is a bug fix or not: whoever judges replaces its own evidence, and the score.

The score is always that of all evidence that is stored, so it does not depend on who judged first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from miner.classify.logodds import score_of
from miner.model import Evidence
from miner.store.bulk import insert_rows
from miner.store.rows import EVIDENCE_FROM, evidence_rows
from miner.store.tables import bug_fix_evidence, git_commit

_CHUNK = 500
_NUMBERS_EACH = 1_000
OWN_UNTIL = EVIDENCE_FROM["issue"]
"""What the commit says itself, in its message and by what it touches, has numbers below this."""


def rejudge(connection: Connection, commits: Sequence[tuple[Any, ...]], evidence: Sequence[tuple[Any, ...]]) -> None:
    """Put what commits say themselves in place of what was found when less of them was known.

    :param commits: rows of ``git_commit``; ``evidence``: rows of ``bug_fix_evidence`` of these commits.
    """
    raters = {row[0]: row[-1] for row in commits}
    for chunk in _chunks(raters):
        table = bug_fix_evidence.c
        connection.execute(delete(bug_fix_evidence).where(table.sha.in_(chunk), table.evidence_no < OWN_UNTIL))
    insert_rows(connection, bug_fix_evidence, evidence)
    for sha, rater in sorted(raters.items()):
        connection.execute(update(git_commit).where(git_commit.c.sha == sha).values(bug_fix_rater=rater))
    rescore(connection, raters)


def put_evidence(connection: Connection, side: str, found: Mapping[str, Iterable[Evidence]]) -> list[str]:
    """Put evidence of one side, issue or commit, in place of what that side said of these commits before.

    :return: the commits of which it says something else than before, sorted; their score is anew.
    """
    first = EVIDENCE_FROM[side]
    of_side = bug_fix_evidence.c.evidence_no.between(first, first + _NUMBERS_EACH - 1)
    changed = []
    for chunk in _chunks(found):
        before: dict[str, list[tuple[Any, ...]]] = {sha: [] for sha in chunk}
        asked = select(bug_fix_evidence).where(bug_fix_evidence.c.sha.in_(chunk), of_side)
        for row in connection.execute(asked.order_by(bug_fix_evidence.c.sha, bug_fix_evidence.c.evidence_no)):
            before[row.sha].append(tuple(row))
        for sha in chunk:
            rows = evidence_rows(sha, found[sha])
            if rows != before[sha]:
                connection.execute(delete(bug_fix_evidence).where(bug_fix_evidence.c.sha == sha, of_side))
                insert_rows(connection, bug_fix_evidence, rows)
                changed.append(sha)
    rescore(connection, changed)
    return changed


def rescore(connection: Connection, shas: Collection[str]) -> None:
    """Give commits the score of all their evidence."""
    for chunk in _chunks(shas):
        weights: dict[str, list[float]] = {sha: [] for sha in chunk}
        asked = select(bug_fix_evidence.c.sha, bug_fix_evidence.c.weight).where(bug_fix_evidence.c.sha.in_(chunk))
        for row in connection.execute(asked):
            weights[row.sha].append(row.weight)
        statement = update(git_commit).where(git_commit.c.sha == bindparam("its_sha"))
        values = [{"its_sha": sha, "score": score_of(some)} for sha, some in weights.items()]
        connection.execute(statement.values(bug_fix_score=bindparam("score")), values)


def _chunks(shas: Collection[str]) -> list[list[str]]:
    ordered = sorted(set(shas))
    return [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
