"""Reads which commits of repositories a run would mine and then ask GitHub about, before it does: from messages alone.

::

    GitRepository.probe      where the branches stand              one ls-remote
            |
    histories.history        commits without files                 the clone, or a folder that is removed
            |
    paging.cut               the commits that a run would mine     as gitflow does
            |
    near_fix                 those that it would ask about         as issuework does
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from miner.classify import bugfix
from miner.collect import gitcommits, paging
from miner.collect.gitrepo import GitRepository
from miner.collect.histories import history
from miner.collect.locators import locate
from miner.errors import RepositoryError
from miner.extract import references
from miner.job import SOURCE, CollectRequest, query
from miner.model import Commit
from miner.settings import Settings
from miner.store import issuework
from miner.store import repository as store
from miner.store.coverage import Interval, gaps
from miner.store.session import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

_AT_ONCE = 4
"""Repositories that are read at a time: most of it is waiting for the network."""


@dataclass(frozen=True, slots=True)
class NearFix:
    """A commit that is near a fix by its message, and the issues that the message names."""

    sha: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What a run would mine of a repository: its commits near a fix; ``problem`` says why they are not known."""

    name: str
    near: tuple[NearFix, ...] = ()
    problem: str = ""


class Histories:
    """Reads the histories of repositories, for one run that is planned."""

    def __init__(self, settings: Settings, request: CollectRequest, engine: Engine | None, least: float) -> None:
        self._settings = settings
        self._request = request
        self._engine = engine
        self._least = least

    def read(self, names: Iterable[str]) -> Iterator[History]:
        """Read repositories, several at a time, and give them in their order."""
        stop = threading.Event()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                yield from pool.map(partial(self._read, stopped=stop.is_set), names)
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _read(self, name: str, stopped: Callable[[], bool]) -> History:
        try:
            commits = self._commits(name, stopped)
        except (RepositoryError, OSError) as error:
            # The folder for the moment may have no room.
            return History(name, problem=str(error).removeprefix(f"{name}: "))
        found = (near_fix(commit.sha, commit.message, name, self._least) for commit in commits)
        return History(name, tuple(one for one in found if one is not None))

    def _commits(self, name: str, stopped: Callable[[], bool]) -> list[Commit]:
        """Give the commits that are not stored and that the run would mine."""
        settings, request = self._settings, self._request
        repo = GitRepository(locate(name, settings.github, settings.git), settings)
        tip = repo.probe()
        ledger = query(repo.locator, settings, request)
        left = gaps(request.window, self._covered(ledger, tip.identity))
        if not tip.shas or not left:
            return []
        timeout = settings.git.command_timeout_seconds
        with history(repo, tip, settings.git, since=request.since, stopped=stopped) as folder:
            if folder is None:
                return []
            listed = gitcommits.list_history(folder, tip.shas, item=name, timeout=timeout)
            known = self._stored({one.sha for one in listed if any(g.since <= one.epoch < g.until for g in left)})
            slices = paging.cut(
                listed, left, known=known, page_commits=settings.collect.page_commits, limit=request.limit
            )
            shas = [sha for piece in slices for sha in piece.shas]
            return gitcommits.read_commits(folder, shas, item=name, timeout=timeout)

    def _covered(self, ledger: str, tip: str) -> list[Interval]:
        if self._engine is None:
            return []
        with reading(self._engine) as connection:
            return store.covered(connection, SOURCE, ledger, tip)

    def _stored(self, shas: Collection[str]) -> set[str]:
        if self._engine is None:
            return set()
        with reading(self._engine) as connection:
            return issuework.stored(connection, shas)


def near_fix(sha: str, message: str, full_name: str, least: float) -> NearFix | None:
    """Judge by its message whether a run would ask GitHub about a commit; None: it would not.

    :param full_name: of its repository on GitHub, to which "#12" belongs.
    :param least: the sum of the weights of what the message says.
    """
    weight = sum(evidence.weight for evidence in bugfix.judge(message).evidence)
    if weight < least - issuework.HAIR:
        return None
    named = (one.target for one in references.of_message(message, full_name) if one.target_kind == "issue")
    return NearFix(sha, tuple(sorted(set(named))))
