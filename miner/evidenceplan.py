"""Says what it would cost to ask GitHub about the pull requests and issues of commits.

Of stored commits it is counted. Of those that the same run mines, and that nobody has read yet, it is told by the
messages of the repositories that the searches name now (:mod:`miner.forecast`).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from miner.clock import Clock
from miner.forecast import Asked, Forecast, forecast, in_pages
from miner.githubsearches import SOURCE, tokens
from miner.issueflow import MOST_REFERENCES, askable, due_commits
from miner.job import CollectRequest, PlanRow, Reporter, counted
from miner.planframe import Frame
from miner.settings import Settings
from miner.store.issuework import due_references
from miner.store.session import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

ITEM = "issues and pull requests"


def frame_of(settings: Settings) -> Frame | None:
    """Give the frame for what searches name; None if a plan need not know, as GitHub is asked nothing of commits."""
    return Frame() if settings.github.evidence and tokens(settings) else None


def plan_evidence(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    clock: Clock,
    engine: Engine | None,
    frame: Frame | None,
) -> Iterator[PlanRow]:
    """Say how many requests the stored commits take, and those that the same run mines.

    :param engine: the database; None where there is none yet.
    :param frame: what the searches name; None where the run mines nothing.
    """
    if not settings.github.evidence:
        return
    have = Asked(0, 0) if engine is None else _stored(settings, request, engine)
    if not tokens(settings):
        yield PlanRow(SOURCE, ITEM, "wants a token", have.commits, "", 0)
        return
    new = None if frame is None else forecast(settings, request, reporter, clock, engine, frame)
    yield _row(have, new, settings.github.evidence_commits)


def _stored(settings: Settings, request: CollectRequest, engine: Engine) -> Asked:
    """Count what is due of the stored commits."""
    with reading(engine) as connection:
        commits = [one.sha for one in due_commits(connection, settings, request)]
        of_commits = due_references(connection, commits)
        left = askable(due_references(connection))
    return in_pages(commits, of_commits, settings.github.evidence_commits, left)


def _row(have: Asked, new: Forecast | None, size: int) -> PlanRow:
    if new is None:
        requests = ceil(have.commits / size) + ceil(have.beyond / MOST_REFERENCES)
        return PlanRow(SOURCE, ITEM, "ask", have.commits, counted(requests), requests)
    if not new.known:
        return PlanRow(SOURCE, ITEM, "unreachable", None, new.told)
    commits = new.commits.plus(have.commits)
    beyond = ceil((have.beyond + new.beyond) / MOST_REFERENCES)
    # A sum of fractions may be a hair over the whole number that it is.
    low, value, high = (ceil(round(part, 6) / size) + beyond for part in (commits.low, commits.value, commits.high))
    if commits.exact:
        return PlanRow(SOURCE, ITEM, "ask", round(commits.value), f"{counted(value)}, {new.told}", value)
    cost = f"{counted(value)} ({low:,} to {high:,}), {new.told}"
    return PlanRow(SOURCE, ITEM, "ask", round(commits.value), cost, value, low, high)
