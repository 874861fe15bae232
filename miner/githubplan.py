"""Says what discovery on GitHub would cost: a request a search tells how many results it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

from miner.clock import Clock
from miner.collect import githubsearch
from miner.collect.github import GitHubClient, RepositoryState
from miner.collect.locators import locate
from miner.errors import HttpError, RepositoryRefusedError
from miner.githubsearches import PAGE_SIZE, Search, planning_client, searches
from miner.job import CollectRequest, PlanRow, Reporter, counted
from miner.settings import Settings
from miner.store import github as githubstore
from miner.store.session import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from miner.planframe import Frame

_CAP = 1000
_FILLED = 0.7
"""How full slices are that were halved until they held no more than the cap: between a half and whole, about evenly."""


def plan_github(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    clock: Clock,
    engine: Engine | None,
    frame: Frame | None = None,
) -> Iterator[PlanRow]:
    """Say what each search would bring and cost. A second run costs the same requests, and hardly any budget.

    :param engine: the database, if there is one: known repositories that the last runs had to look at are counted.
    :param frame: takes what the searches name; with it, whole searches are sent, and not one request each.
    """
    client = planning_client(settings, reporter, clock)
    reachable = True
    try:
        if request.repositories:
            yield from _named(settings, request, reporter, client, frame)
            return
        for search in searches(settings, request):
            row = _row(client, search, reporter, clock, frame) if reachable else _unreachable(search)
            # Where no request was answered at all, the other searches would only wait as long.
            reachable = row.requests is not None or bool(client.budgets())
            yield row
        looks = 0 if engine is None else _looks(engine, client, request)
        if looks and reachable:
            yield PlanRow("github", "known repositories", "look", looks, counted(looks), looks)
    finally:
        client.close()


def _named(
    settings: Settings, request: CollectRequest, reporter: Reporter, client: GitHubClient, frame: Frame | None
) -> Iterator[PlanRow]:
    """Look at the repositories that somebody named, as the run does."""
    for text in request.repositories:
        with suppress(RepositoryRefusedError):
            locator = locate(text, settings.github, settings.git)
            if locator.host != "github.com":
                continue
            try:
                state = client.named(locator.name)
            except HttpError as error:
                state = RepositoryState("unknown", reason=str(error))
            if state.repository is not None and frame is not None:
                frame.add(state.repository)
            if state.availability == "unknown":
                reporter.warn(f"github {locator.name}", state.reason)
                yield PlanRow("github", locator.name, "unreachable", None, "", None)
                continue
            yield PlanRow("github", locator.name, "look", 1, counted(1), 1)


def _looks(engine: Engine, client: GitHubClient, request: CollectRequest) -> int:
    """Count the known repositories that were looked at one by one before: no search names those any more."""
    with reading(engine) as connection:
        known = githubstore.known_repositories(connection, request.libraries)
        addresses = [client.url(f"/repositories/{number}") for number in known]
        return githubstore.asked_before(connection, addresses)


def _row(client: GitHubClient, search: Search, reporter: Reporter, clock: Clock, frame: Frame | None) -> PlanRow:
    try:
        if frame is None:
            total, exactly = _total(client, search), 0
        else:
            total, exactly = _read(client, search, reporter, clock, frame)
    except HttpError as error:
        reporter.warn(f"github {search.text}", str(error))
        return _unreachable(search)
    requests = exactly or expected_requests(total)
    more = ", and one for each repository that is not known yet" if search.strategy == "code" else ""
    return PlanRow("github", search.text, f"search {search.strategy}", total, f"{counted(requests)}{more}", requests)


def _read(client: GitHubClient, search: Search, reporter: Reporter, clock: Clock, frame: Frame) -> tuple[int, int]:
    reporter.start("search", search.text, None, "results")
    try:
        now = int(clock.now().timestamp())
        return frame.read(client, search, now, lambda done: reporter.advance("search", search.text, done))
    finally:
        reporter.finish("search", search.text)


def _total(client: GitHubClient, search: Search) -> int:
    """Ask how many results a search has."""
    query = githubsearch.dated(search.text, search.qualifier, search.interval)
    data = client.get(search.path, {**search.parameters(query, 1), "per_page": 1}).data
    total = data.get("total_count") if isinstance(data, dict) else None
    if type(total) is not int:
        raise HttpError(f"{client.url(search.path)}: the answer says no total_count")
    return total


def _unreachable(search: Search) -> PlanRow:
    return PlanRow("github", search.text, "unreachable", None, "", None)


def expected_requests(total: int) -> int:
    """Estimate the requests that a search of so many results takes: its pages, and a first page for each halving."""
    if total <= _CAP:
        return max(1, ceil(total / PAGE_SIZE))
    slices = ceil(total / (_CAP * _FILLED))
    # Half a page is wasted at the end of each slice.
    return ceil(total / PAGE_SIZE + slices / 2) + slices - 1
