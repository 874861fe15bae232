"""Enters repositories under GitHub's own number: what they are called may change, and a name may get another owner.

A name leads to the repository that has it now. One that lost its name to another keeps its rows, its part of the
ledger and its clone: these wait under its number until it is met under its new name.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from miner.collect import tape
from miner.collect.githubitems import Repository
from miner.collect.locators import Locator, folder_of_number, locate
from miner.githubsearches import SOURCE
from miner.model import Omission, OmissionReason
from miner.run import Run
from miner.settings import Settings
from miner.store import github as githubstore
from miner.store import repository as store


class Names:
    """The names of repositories, as a run learns them."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def register(
        self,
        connection: Connection,
        github_id: int,
        full_name: str,
        more: Mapping[str, Any],
        *,
        asked: Locator | None = None,
    ) -> int:
        """Enter a repository under GitHub's own number; if it was renamed, its old names lead to it still.

        :param asked: the name by which GitHub was asked, where that may be a former one.
        :raises RepositoryRefusedError: for a name that no address can be made of.
        """
        run = self._run
        locator = locate(full_name, run.settings.github, run.settings.git)
        renamed = githubstore.name_of(connection, github_id)
        self._displace(connection, github_id, locator)
        asked = asked or locator
        former = asked.name if renamed is None and asked.key != locator.key else full_name
        old = self._place_of(connection, github_id, renamed or former)
        unnumbered = githubstore.unnumbered_at(connection, asked.key)
        number = store.register_repository(
            connection,
            run_id=run.run_id,
            name=full_name,
            host="github.com",
            clone_url=locator.public_url,
            asked=[locator.key, asked.key],
            github_id=github_id,
            **more,
        )
        run.numbered[locator.key] = "adopted" if number == unnumbered else "known"
        names = dict.fromkeys((full_name, locator.public_url, locator.key, asked.name, asked.public_url, asked.key))
        for name in names:
            githubstore.take_name(connection, run.run_id, number, name)
        run.summary.renamed += renamed is not None and renamed.lower() != full_name.lower()
        if old.key != locator.key:
            githubstore.rename(connection, old.key, locator.key)
            _move(run.settings, old.folder, locator.folder)
        subjects, reasons = [f"repository:{full_name}"], [OmissionReason.REPOSITORY_MISSING]
        store.resolve_omissions(connection, run.run_id, SOURCE, subjects, reasons)
        return number

    def _displace(self, connection: Connection, github_id: int, locator: Locator) -> None:
        """Put the ledger and the clone of another repository that had the name aside, until its new one is met."""
        other = githubstore.number_at(connection, locator.key)
        if other is not None and other != github_id:
            aside = _aside(other)
            githubstore.rename(connection, locator.key, aside.key)
            _move(self._run.settings, locator.folder, aside.folder)

    def _place_of(self, connection: Connection, github_id: int, name: str) -> _Place:
        """Give where the ledger and the clone of a repository are: under its name, or aside if another one has it."""
        locator = locate(name, self._run.settings.github, self._run.settings.git)
        if githubstore.number_at(connection, locator.key) in {None, github_id}:
            return _Place(locator.key, locator.folder)
        return _aside(github_id)

    def refuse(self, connection: Connection, full_name: str, detail: str) -> None:
        """Enter that a repository is not mined."""
        omission = Omission(OmissionReason.REPOSITORY_REFUSED, f"repository:{full_name}", detail)
        store.record_omission(connection, self._run.run_id, SOURCE, omission)
        self._run.summary.omissions[omission.reason.value] += 1


def facts_of(found: Repository, sha256: str) -> dict[str, Any]:
    """Give what is stored of what GitHub says of a repository."""
    return {
        "description": found.description,
        "topics": " ".join(sorted(found.topics)),
        "stars": found.stars,
        "fork": found.fork,
        "archived": found.archived,
        "licence": found.licence,
        "created_at": found.created_at,
        "pushed_at": found.pushed_at,
        "response_sha256": sha256,
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where what is known of a repository is kept: the key in the ledger of git, and the folder of its clone."""

    key: str
    folder: str


def _aside(github_id: int) -> _Place:
    """Give the place of a repository whose name another one has, and whose own new name is not known yet."""
    return _Place(f"github-number:{github_id}", folder_of_number(github_id))


def _move(settings: Settings, old: str, new: str) -> None:
    """Let a renamed repository keep its clone."""
    folder = settings.storage.data_dir.absolute() / "repositories"
    # A clone that stays where it is costs another one, and no row.
    with suppress(OSError):
        if not (folder / new).exists():
            (folder / old).rename(folder / new)
            tape.current().moved(old, new)
