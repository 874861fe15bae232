"""How far the database is behind the sources, of what the daemon's jobs ask for."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from miner.collect.locators import locate
from miner.daemon.jobs import request_of
from miner.errors import RepositoryError, SettingsError
from miner.job import CollectRequest, activity_query, tags, targets
from miner.settings import Settings
from miner.store import github as githubstore
from miner.store.readings import looked_at_since, proved_until
from miner.store.repository import active_repositories


def lags(connection: Connection, settings: Settings, now: datetime) -> dict[str, float]:
    """Give the seconds by source; infinite for what was never brought at all.

    Of Stack Overflow and of GitHub's searches, since the moment up to which everything is at hand, for the tag and the
    search that are furthest behind. Of git, since the repository that was left alone for longest was looked at.
    """
    found: dict[str, float] = {}
    for job in settings.daemon.jobs.values():
        request = request_of(job)
        if request is None or job.run == "reobserve":
            continue
        source = {"questions": "stackoverflow", "discover": "github", "fetch": "git"}[job.run]
        # A search that GitHub would not take fails its job, and is behind for good: it is no fault of the database.
        behind = math.inf
        with suppress(SettingsError):
            behind = _lag(connection, settings, request, source, now)
        found[source] = max(found.get(source, 0.0), behind)
    return found


def _lag(connection: Connection, settings: Settings, request: CollectRequest, source: str, now: datetime) -> float:
    if source == "git":
        since = looked_at_since(connection, _repositories(connection, settings, request))
        return math.inf if since is None else max((now - since).total_seconds(), 0.0)
    queries = _queries(settings, request, source)
    until = proved_until(connection, source, queries)
    if not queries:
        return 0.0
    return max(max(now.timestamp() - until.get(query, -math.inf), 0.0) for query in queries)


def _queries(settings: Settings, request: CollectRequest, source: str) -> list[str]:
    if source == "github":
        from miner.githubsearches import searches

        return [search.query for search in searches(settings, request)]
    return [activity_query(settings.stackoverflow.site, tag) for tag in tags(request, settings)]


def _repositories(connection: Connection, settings: Settings, request: CollectRequest) -> list[str]:
    least = settings.github.code_min_stars
    found = githubstore.discovered(connection, request.libraries, code_min_stars=least)
    names = [*targets(settings, request), *found, *(active_repositories(connection, ()) if request.known else ())]
    keys = []
    for name in names if not request.repositories else request.repositories:
        with suppress(RepositoryError):
            keys.append(locate(name, settings.github, settings.git).key)
    return keys
