"""The audit of searches on GitHub: what a search has in a slice of time, once more.

Stars, topics and texts change: what matches today may not have matched then. What GitHub says was changed after the
last run counts as changed since; what it does not say so of counts as missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import Connection

from miner.audit.model import Asked, Difference, Slice
from miner.audit.sample import cut
from miner.clock import Clock
from miner.collect import githubsearch
from miner.collect.githubitems import FoundCommit, Repository, Unreadable, read_commit, read_repository
from miner.errors import HttpError
from miner.githubsearches import PAGE_SIZE, SOURCE, Search, client_of
from miner.job import Reporter
from miner.settings import Settings
from miner.store import audit as store
from miner.store.coverage import Interval

_QUERY = re.compile(r"(repositories|commits): (.+) by=(created|committer-date)")


class GitHubAudit:
    """Asks GitHub's search, without what is at hand: an unchanged answer would only be compared with itself."""

    source = SOURCE
    unit = "requests"

    def __init__(self, settings: Settings, reporter: Reporter, clock: Clock) -> None:
        self._client = client_of(settings, reporter, clock)
        self._clock = clock

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._client.requests

    def population(self, connection: Connection, window: Interval) -> Iterator[Slice]:
        """Give the slices of the covered dates of each search. A search for commits is cut nowhere."""
        for row in store.covered_rows(connection, SOURCE):
            asked = _QUERY.fullmatch(row.query)
            if asked is not None:
                of_repositories = asked[1] == "repositories"
                yield from cut(row, window, store.found_dates(connection, asked[2]) if of_repositories else ())

    def cost(self, drawn: list[Slice]) -> int:
        """Count a page for each hundred stored results."""
        return sum(max(1, ceil(one.stored / PAGE_SIZE)) for one in drawn)

    def ask(self, connection: Connection, drawn: Slice) -> Asked:
        """Send the search of a slice, and look for all results."""
        asked = _QUERY.fullmatch(drawn.query)
        if asked is None:
            raise HttpError(f"{drawn.query}: this is no search")
        search = Search("", "repositories" if asked[1] == "repositories" else "commits", asked[2], drawn.interval)
        stored = store.found(connection, search.text)
        since = store.started(connection, drawn.run_id)
        items = [_read(search, item) for item in self._results(search)]
        new = [(key, name) for key, name, changed in items if key not in stored and changed <= since]
        refused = store.refused(connection, [name for _, name in new])
        missing = [(key, name) for key, name in new if name not in refused]
        later = [name for key, name, changed in items if key not in stored and changed > since]
        differences = (
            *(_difference("missing", drawn, name, "the search finds it") for _, name in missing),
            *(_difference("later", drawn, name, "the search finds it; it was changed since") for name in later),
        )
        counted = len(items) - len(later)
        return Asked(drawn, counted, counted - len(missing), differences)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _results(self, search: Search) -> Iterator[Any]:
        now = int(self._clock.now().timestamp())

        def ask(query: str, page: int) -> Any:
            return self._client.get(search.path, search.parameters(query, page))

        for page in githubsearch.walk(ask, search.text, search.qualifier, search.interval, now=now):
            if page.short:
                raise HttpError(f"{search.text}: not all results came: {page.short}")
            yield from page.items


def _read(search: Search, item: Any) -> tuple[tuple[int, str], str, datetime]:
    """Give the key of a result, its name, and when it was last changed as far as GitHub says."""
    read: Repository | FoundCommit | Unreadable
    read = read_repository(item) if search.strategy == "repositories" else read_commit(item)
    if isinstance(read, Unreadable):
        raise HttpError(f"{search.text}: a result is not of GitHub's form: {read.reason}")
    if isinstance(read, FoundCommit):
        return (read.github_id, read.sha), f"{read.full_name}@{read.sha}", read.committed_at or _EVER
    return (read.github_id, ""), read.full_name, _updated(item) or read.created_at or _EVER


_EVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _updated(item: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(item["updated_at"])
    except (KeyError, TypeError, ValueError):
        return None


def _difference(kind: str, drawn: Slice, name: str, detail: str) -> Difference:
    return Difference(kind, SOURCE, drawn.query, name, detail)  # type: ignore[arg-type]
