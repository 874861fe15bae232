"""Tells about how many commits a run would ask GitHub that nobody has read yet: by the messages of their repositories.

::

    what searches name now       planframe     and what earlier searches named
            |
    spread                       at most 100 repositories: the most starred, and some of the others
            |
    nearfixes                    the commits of each that are near a fix, without its files
            |
    estimate                     exact where all were read, else with an interval
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from miner.classify.logodds import sum_at
from miner.clock import Clock
from miner.collect.github import GitHubClient
from miner.collect.locators import locate
from miner.errors import HttpError, RepositoryError
from miner.githubsearches import planning_client
from miner.issueflow import MOST_REFERENCES, askable
from miner.job import CollectRequest, Reporter, targets
from miner.nearfixes import Histories, History, NearFix, near_fix
from miner.optout import OptOut, read_opt_out
from miner.planframe import Estimate, Frame, Named, estimate, spread, surely
from miner.settings import Settings
from miner.store import github as githubstore
from miner.store import issuework
from miner.store.session import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

MOST_HISTORIES = 100
"""Repositories whose messages are read: the commits without their files, some seconds and megabytes each."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How many commits are asked about, and how many references do not fit into their pages."""

    commits: int
    beyond: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many commits there will be to ask about, and references beyond their pages. ``told`` says what from."""

    commits: Estimate
    beyond: float
    known: bool
    told: str


def in_pages(
    commits: Sequence[str], references: Mapping[str, Sequence[str]], size: int, left: Iterable[str] = ()
) -> Asked:
    """Count what is asked about commits that come so many in a request, in their order.

    :param left: references that are due besides.
    """
    met: set[str] = set()
    beyond = set(left)
    for start in range(0, len(commits), size):
        part = {sha: references.get(sha, ()) for sha in commits[start : start + size]}
        named = [name for name in askable(part) if name not in met]
        met.update(named[:MOST_REFERENCES])
        beyond.update(named[MOST_REFERENCES:])
    return Asked(len(commits), len(beyond - met))


def forecast(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    clock: Clock,
    engine: Engine | None,
    frame: Frame,
) -> Forecast:
    """Read what a run would mine of some repositories, and tell from it what there is in all.

    :param frame: what the searches of the run name.
    """
    work = _Work(settings, request, reporter, clock, engine, frame)
    homes = work.homes()
    sure = surely(homes, MOST_HISTORIES)
    chosen = [*homes[:sure], *spread(homes[sure:], MOST_HISTORIES - sure)]
    histories = work.read(chosen)
    first: dict[str, tuple[int, NearFix]] = {}
    counts: tuple[list[int], list[int]] = [], []
    for place, (one, history) in enumerate(zip(chosen, histories, strict=True)):
        fresh = [near for near in history.near if near.sha not in first]
        first.update((near.sha, (one.github_id, near)) for near in fresh)
        if not history.problem:
            counts[place >= sure].append(len(fresh))
    searched = [(home, near) for home, near in work.searched() if near.sha not in first]
    # Where none of either can be read, the rest tells of both: nothing that is read is not nothing that is there.
    apart = all(part or not whole for part, whole in zip(counts, (sure, len(homes) - sure), strict=True))
    found = (
        estimate(counts[0], sure).plus(estimate(counts[1], len(homes) - sure))
        if apart
        else estimate([*counts[0], *counts[1]], len(homes))
    )
    commits = found.plus(len(searched)).times(frame.beyond)
    read = len(counts[0]) + len(counts[1])
    ordered = sorted([*first.values(), *searched], key=lambda item: (item[0], item[1].sha))
    asked = in_pages(
        [near.sha for _, near in ordered],
        {near.sha: near.references for _, near in ordered},
        settings.github.evidence_commits,
    )
    more = asked.beyond * commits.value / max(asked.commits, 1)
    return Forecast(commits, more, bool(read) or not homes, _told(read, len(homes), len(searched), frame))


def _told(read: int, homes: int, searched: int, frame: Frame) -> str:
    commits = [f"of {searched:,} commits that were found"] if searched else []
    of = f"{read:,}" if read == homes else f"{read:,} of {homes:,}"
    told = " and ".join([f"of {of} repositories", *commits] if homes or not commits else commits)
    part = "" if frame.beyond == 1 else f", which {frame.came:,} of {frame.reported:,} results name"
    estimated = "by" if read == homes and not part else "estimated from"
    return f"{estimated} the messages {told}{part}"


class _Work:
    """Reads what a plan needs to know of repositories."""

    def __init__(
        self,
        settings: Settings,
        request: CollectRequest,
        reporter: Reporter,
        clock: Clock,
        engine: Engine | None,
        frame: Frame,
    ) -> None:
        self._settings = settings
        self._request = request
        self._reporter = reporter
        self._clock = clock
        self._engine = engine
        self._frame = frame
        self._least = sum_at(settings.github.evidence_min_score)

    def homes(self) -> list[Named]:
        """Give the repositories on GitHub that the run would mine as a whole, the most starred first."""
        found = {**({} if self._request.repositories else self._stored()), **self._frame.repositories}
        named = {one.full_name.lower(): one for one in self._frame.repositories.values()}
        for target in targets(self._settings, self._request):
            one = self._target(target, named)
            if one is not None:
                found.setdefault(one.github_id, one)
        listed = self._settings.collect.opt_out_file
        opt_out = read_opt_out(Path(listed)) if listed else OptOut()
        kept = (one for one in found.values() if not opt_out.repository(one.full_name))
        return sorted(kept, key=lambda one: (-(one.stars or 0), one.github_id))

    def read(self, chosen: Sequence[Named]) -> list[History]:
        """Read the histories of repositories, in their order; one that is not mined has none."""
        looked = self._looks(chosen)
        mined = [one.full_name for one in chosen if one.github_id not in looked]
        self._reporter.start("read", "messages", len(mined), "repositories")
        found: dict[str, History] = {}
        histories = Histories(self._settings, self._request, self._engine, self._least)
        for done, history in enumerate(histories.read(mined), start=1):
            found[history.name] = history
            if history.problem:
                self._reporter.warn(history.name, f"its messages are not read: {history.problem}")
            self._reporter.advance("read", "messages", done)
        self._reporter.finish("read", "messages")
        return [looked.get(one.github_id) or found[one.full_name] for one in chosen]

    def searched(self) -> list[tuple[int, NearFix]]:
        """Give the single commits that searches name, that are not stored, and that are near a fix."""
        commits = self._frame.commits
        known: set[str] = set()
        if self._engine is not None and commits:
            with reading(self._engine) as connection:
                known = issuework.stored(connection, commits)
        found = []
        for sha, commit in commits.items():
            near = None if sha in known else near_fix(sha, commit.message, commit.full_name, self._least)
            if near is not None:
                found.append((commit.github_id, near))
        return found

    def _stored(self) -> dict[int, Named]:
        """Give what earlier searches named."""
        if self._engine is None:
            return {}
        wanted, least = self._request.libraries, self._settings.github.code_min_stars
        with reading(self._engine) as connection:
            mined = set(githubstore.discovered(connection, wanted, code_min_stars=least))
            known = githubstore.known_repositories(connection, wanted)
        return {number: Named(number, name, least) for number, (_, name, _) in known.items() if name in mined}

    def _target(self, text: str, named: Mapping[str, Named]) -> Named | None:
        """Give a repository that the settings or the user name, if it is on GitHub under a number that is known."""
        try:
            locator = locate(text, self._settings.github, self._settings.git)
        except RepositoryError:
            return None
        found = named.get(locator.name.lower()) if locator.host == "github.com" else None
        if found is not None or self._engine is None:
            return found
        with reading(self._engine) as connection:
            number = githubstore.number_at(connection, locator.key)
        return None if number is None else Named(number, locator.name, 0)

    def _looks(self, chosen: Sequence[Named]) -> dict[int, History]:
        """Look at repositories that only searches of code name; give those of them that are not mined."""
        unknown = [one for one in chosen if one.stars is None]
        if not unknown:
            return {}
        client = planning_client(self._settings, self._reporter, self._clock)
        try:
            looked = ((one, self._look(client, one)) for one in unknown)
            return {one.github_id: history for one, history in looked if history is not None}
        except HttpError as error:
            return {one.github_id: History(one.full_name, problem=str(error)) for one in unknown}
        finally:
            client.close()

    def _look(self, client: GitHubClient, one: Named) -> History | None:
        state = client.repository(one.github_id)
        if state.repository is None:
            return History(one.full_name, problem=state.reason)
        return History(one.full_name) if state.repository.stars < self._settings.github.code_min_stars else None
