"""The audit of git: the commits that a repository had when it was last mined, listed once more.

A sha is the digest of a commit and of all before it: whichever clone lists the history of one, it is the source's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from sqlalchemy import Connection

from miner.audit.model import Asked, Difference, Slice
from miner.audit.sample import cut
from miner.collect.gitcommits import ListedCommit
from miner.collect.gitrepo import GitRepository, read_tip
from miner.collect.locators import locate
from miner.errors import RepositoryError
from miner.job import SOURCE
from miner.settings import Settings
from miner.store import audit as store
from miner.store import repository as ledger
from miner.store.coverage import Interval

_QUERY = re.compile(r"(.+?) branches=(\w+) libraries=.*")


class GitAudit:
    """Asks the repositories where their branches are, fetches what a clone lacks, and lists."""

    source = SOURCE
    unit = "repositories"

    def __init__(self, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
        self._settings = settings
        self._stopped = stopped
        self._listed: dict[tuple[str, str], list[ListedCommit]] = {}

    @property
    def requests(self) -> int:
        """How many repositories were asked."""
        return len(self._listed)

    def population(self, connection: Connection, window: Interval) -> Iterator[Slice]:
        """Give the slices of the covered committer dates of each repository, once for all settings."""
        seen = set()
        for row in store.covered_rows(connection, SOURCE):
            asked = _QUERY.fullmatch(row.query)
            same = asked and (asked[1], asked[2], row.interval)
            if asked is None or same in seen:
                continue
            seen.add(same)
            found = store.repository_of(connection, asked[1])
            dates = store.commit_dates(connection, found[0]) if found else ()
            yield from cut(row, window, dates)

    def cost(self, drawn: list[Slice]) -> int:
        """Count the repositories: each is asked once, and cloned if its clone is not there."""
        return len({(one.query, one.tip) for one in drawn})

    def ask(self, connection: Connection, drawn: Slice) -> Asked:
        """List the commits of a slice, and look for all that are no merges."""
        asked = _QUERY.fullmatch(drawn.query)
        found = store.repository_of(connection, asked[1]) if asked else None
        if asked is None or found is None:
            raise RepositoryError(f"{drawn.query}: no repository has this name any more")
        number, name, host = found
        commits = self._history(connection, drawn, name if host == "github.com" else asked[1], asked[2])
        within = drawn.interval
        there = {one.sha for one in commits if one.parents < 2 and within.since <= one.epoch < within.until}
        stored = store.commits(connection, number, within)
        missing = there - stored
        missing -= store.left_out_commits(connection, missing)
        merges = {one.sha for one in commits if one.parents > 1}
        differences = (
            *(_difference("missing", drawn, name, sha, "in the history, not in the tables") for sha in sorted(missing)),
            *(
                _difference("gone", drawn, name, sha, "of another branch, or the history was rewritten")
                for sha in sorted(stored - there - merges)
            ),
        )
        return Asked(drawn, len(there), len(there) - len(missing), differences)

    def close(self) -> None:
        """Forget what was listed."""
        self._listed.clear()

    def _history(self, connection: Connection, drawn: Slice, address: str, branches: str) -> list[ListedCommit]:
        known = self._listed.get((drawn.query, drawn.tip))
        if known is None:
            known = self._ask(connection, drawn, address.removeprefix("file://"), branches)
            self._listed[drawn.query, drawn.tip] = known
        return known

    def _ask(self, connection: Connection, drawn: Slice, address: str, branches: str) -> list[ListedCommit]:
        git = self._settings.git.model_copy(update={"branches": branches})
        settings = self._settings.model_copy(update={"git": git})
        repo = GitRepository(locate(address, settings.github, git), settings)
        tip = repo.probe()
        repo.sync(tip, lambda _done, _total: None, self._stopped)
        body = ledger.response_of(connection, SOURCE, drawn.query, drawn.tip)
        if body is None:
            raise RepositoryError(f"{repo.name}: what it said when it was mined is not stored: collect it again")
        before = read_tip(replace(tip.response, body=body), every=tip.every)
        listed = repo.reachable(before)
        if not listed and before.shas:
            raise RepositoryError(f"{repo.name}: it does not give the commits any more that it had: collect it again")
        return listed


def _difference(kind: str, drawn: Slice, name: str, sha: str, detail: str) -> Difference:
    return Difference(kind, SOURCE, drawn.query, f"{name}@{sha}", detail)  # type: ignore[arg-type]
