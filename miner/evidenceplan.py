"""Says what it would cost to ask GitHub about the pull requests and issues of commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miner.evidenceflow import due_pages
from miner.githubflow import SOURCE, tokens
from miner.job import CollectRequest, PlanRow
from miner.settings import Settings
from miner.store.session import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine


def plan_evidence(settings: Settings, request: CollectRequest, engine: Engine | None) -> Iterator[PlanRow]:
    """Say how many requests the stored commits take. Those that the same run mines come on top, and are not known yet.

    :param engine: the database; None where there is none yet.
    """
    if not settings.github.evidence:
        return
    pages = []
    if engine is not None:
        with reading(engine) as connection:
            pages = due_pages(connection, settings, request)
    if pages and not tokens(settings):
        yield PlanRow(SOURCE, "issues and pull requests", "wants a token", sum(len(p.commits) for p in pages), "", 0)
        return
    more = f"and 1 for {settings.github.evidence_commits} near-fix commits that the run mines"
    commits = sum(len(page.commits) for page in pages)
    yield PlanRow(SOURCE, "issues and pull requests", "ask", commits, f"{len(pages)} requests, {more}", len(pages))
