"""Keeps the clone of a repository whose name leads to another one now: under a name of its own, which nobody fetches.

The clone of the name has both histories from then on, so that a rebuild finds there what each run found.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from miner.collect import git, tape
from miner.collect.gitrepo import GitRepository
from miner.collect.locators import Locator
from miner.errors import RepositoryError

_FORMER = "refs/miner/former/"


def former(locator: Locator, shas: Sequence[str]) -> Locator:
    """Give where a repository is that had an address while its branches were at some commits.

    It is the same for every database, so two that share their clones mean the same by it.
    """
    sha = min(shas)
    return replace(locator, name=f"{locator.name}@{sha[:12]}", key=f"{locator.key}@{sha}")


def keep(repo: GitRepository, shas: Sequence[str]) -> None:
    """Keep what some commits reach, in the clone and in a copy that is the former repository's.

    :raises RepositoryError: if the copy cannot be written.
    """
    tape.current().git("keep", repo.locator.key, lambda: _keep(repo, shas))


def _keep(repo: GitRepository, shas: Sequence[str]) -> None:
    place = repo.git_dir.parent / former(repo.locator, shas).folder
    try:
        for sha in filter(repo.has_commit, shas):
            git.run(["update-ref", f"{_FORMER}{sha}", sha], item=repo.name, timeout=60, git_dir=repo.git_dir)
        if not place.exists():
            _copy(repo.git_dir, place)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or "not all of it can be copied"
        raise RepositoryError(
            f"{repo.name}: another repository has its name now, and the clone of the former one cannot be kept as "
            f"{place} ({reason}); free some space there, or name another storage.data_dir"
        ) from None


def _copy(clone: Path, place: Path) -> None:
    """Copy a clone as a whole or not at all; objects, which never change, take no space."""
    made = Path(mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        shutil.copytree(clone, made, copy_function=_link, dirs_exist_ok=True)
        made.chmod(clone.stat().st_mode)
        made.rename(place)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _link(source: str, target: str) -> None:
    at = Path(source)
    if at.parent.parent.name == "objects" and at.parent.name != "info":
        # Not every file system has links.
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)
