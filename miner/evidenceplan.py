"""Says what it would cost to ask GitHub about the pull requests and issues of commits."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from miner.githubflow import SOURCE, tokens
from miner.issueflow import MOST_REFERENCES, askable, due_commits
from miner.job import CollectRequest, PlanRow
from miner.settings import Settings
from miner.store.issuework import due_references
from miner.store.session import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

ITEM = "issues and pull requests"


def plan_evidence(settings: Settings, request: CollectRequest, engine: Engine | None) -> Iterator[PlanRow]:
    """Say how many requests the stored commits take. Those that the same run mines come on top, and are not known yet.

    :param engine: the database; None where there is none yet.
    """
    if not settings.github.evidence:
        return
    commits, requests = (0, 0) if engine is None else _due(settings, request, engine)
    if requests and not tokens(settings):
        yield PlanRow(SOURCE, ITEM, "wants a token", commits, "", 0)
        return
    more = f"and 1 for {settings.github.evidence_commits} near-fix commits that the run mines"
    yield PlanRow(SOURCE, ITEM, "ask", commits, f"{requests} requests, {more}", requests)


def _due(settings: Settings, request: CollectRequest, engine: Engine) -> tuple[int, int]:
    """Give how many stored commits are due, and in how many requests."""
    with reading(engine) as connection:
        commits = due_commits(connection, settings, request)
        of_commits = due_references(connection, [one.sha for one in commits])
        left = set(askable(due_references(connection)))
    size = settings.github.evidence_commits
    met: set[str] = set()
    for start in range(0, len(commits), size):
        part = {one.sha: of_commits.get(one.sha, []) for one in commits[start : start + size]}
        named = [name for name in askable(part) if name not in met]
        met.update(named[:MOST_REFERENCES])
        left.update(named[MOST_REFERENCES:])
    return len(commits), ceil(len(commits) / size) + ceil(len(left - met) / MOST_REFERENCES)
