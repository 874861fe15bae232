"""Reads what is to be labelled anew in pages of work."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine

from miner.classify.rulesource import RuleSource
from miner.collect.interface import Page
from miner.collect.locators import folder_of_number, locate
from miner.collect.tape import current
from miner.errors import RepositoryRefusedError
from miner.mining import GitTask
from miner.questions import Judge, QuestionTask
from miner.relabelling import CommitTask, PostTask
from miner.settings import Settings
from miner.store import relabel as store
from miner.store import relabelposts
from miner.store.candidates import candidates
from miner.store.relabel import Holder, Scope, Size
from miner.store.session import reading
from miner.store.threads import threads

MOST_CHARACTERS = 16_000_000
"""Of the hunks of a page: as much as a collect holds at a time."""


class RelabelPages:
    """What of a database is in a scope."""

    def __init__(self, engine: Engine, settings: Settings, scope: Scope) -> None:
        self.engine = engine
        self.scope = scope
        self._settings = settings
        self._rules = RuleSource.of(settings)
        self._folder = settings.storage.data_dir.absolute() / "repositories"
        self._there: list[int] = []

    def clones(self) -> tuple[list[tuple[Holder, Path]], dict[str, int]]:
        """Give the repositories whose clone is at hand, and how many commits of which others are in the scope."""
        with reading(self.engine) as connection:
            holders = store.holders(connection)
            told = current().git("clones", "of all repositories", lambda: self._folders(holders))
            named = [(one, told.get(str(one.repository_id))) for one in holders]
            found = [(one, current().clone(self._folder / name)) for one, name in named if name]
            # A rebuild may find one gone that was there.
            there = [(one, clone) for one, clone in found if (clone / "HEAD").exists()]
            self._there = [one.repository_id for one, _ in there]
            return there, store.without_clone(connection, self.scope, self._there)

    def is_done(self, sources: Collection[str]) -> bool:
        """Tell whether nothing is left to label, and the labels in force are of these rules already."""
        left = 0
        if "git" in sources:
            left += sum(self.commits_left(holder) for holder, _ in self.clones()[0])
        if "stackoverflow" in sources and not left:
            left += self.fixes_left() + sum(self.questions_left().values())
        with reading(self.engine) as connection:
            return not left and store.newest_rater(connection) == self.scope.rater

    def advice(self, name: str) -> str:
        """Say how the user gets the clone of a repository back, or why not; empty if it is not told where it was."""
        try:
            locator = locate(name, self._settings.github, self._settings.git)
        except RepositoryRefusedError:
            return ""
        if locator.host == "github.com" and self._is_former(name, locator.key):
            return f": another repository is called {name} now, and what this one is called is not known"
        return f": 'git clone --bare {locator.public_url} {self._folder / locator.folder}' brings it"

    def _is_former(self, name: str, address: str) -> bool:
        """Tell whether a repository without a clone has this name no more: by it, the clone of another one came."""
        with reading(self.engine) as connection:
            lost = [one for one in store.holders(connection) if one.repository_id not in self._there]
        return any(one.name == name and address not in one.aliases for one in lost)

    def commits_left(self, holder: Holder) -> int:
        """Count the commits of a repository, less those that another one before it brings."""
        with reading(self.engine) as connection:
            return store.commits_left(connection, self.scope, holder.repository_id, self._there)

    def commits(self, run_id: int, holder: Holder, clone: Path, most: int) -> Iterator[Page]:
        """Give them in pages."""
        after, left = "", most
        while left > 0:
            with reading(self.engine) as connection:
                number = min(left, self._settings.collect.page_commits)
                found = store.next_commits(connection, self.scope, holder.repository_id, self._there, after, number)
                sizes = _within_bounds(found)
                shas = [sha for sha, _ in sizes]
                page = candidates(connection, shas)
                chosen = store.chosen(connection, shas)
            if not sizes:
                return
            after, left = shas[-1], left - len(shas)
            damaged = (clone / "objects" / "info" / "alternates").exists()
            yield Page(CommitTask(self._task(run_id, holder, clone), page, chosen, damaged, sizes), None, len(shas))

    def fixes_left(self) -> int:
        """Count the fixes from posts."""
        with reading(self.engine) as connection:
            return relabelposts.fixes_left(connection, self.scope)

    def fixes(self, run_id: int, most: int) -> Iterator[Page]:
        """Give them in pages."""
        after, left = "", most
        while left > 0:
            with reading(self.engine) as connection:
                number = min(left, self._settings.dump.page_questions)
                found = relabelposts.next_fixes(connection, self.scope, after, number)
            if not found:
                return
            after, left = found[-1].fix_id, left - len(found)
            yield Page(PostTask(tuple(found), run_id, self._rules), None, len(found))

    def questions_left(self) -> dict[tuple[str, str], int]:
        """Count the questions without a fix, by site and the settings that they were judged with."""
        with reading(self.engine) as connection:
            return relabelposts.questions_left(connection, self.scope)

    def questions(self, run_id: int, site: str, judged_as: str, most: int) -> Iterator[Page]:
        """Give those of a site and of some settings in pages."""
        judge = Judge.read(judged_as, self._settings.stackoverflow.min_score, self._rules)
        after, left = -1, most
        while left > 0:
            with reading(self.engine) as connection:
                number = min(left, self._settings.dump.page_questions)
                numbers = relabelposts.next_questions(connection, self.scope, site, judged_as, after, number)
                found = threads(connection, site, numbers)
            if not numbers:
                return
            after, left = numbers[-1], left - len(numbers)
            yield Page(QuestionTask(found, judge, run_id), None, len(numbers))

    def _task(self, run_id: int, holder: Holder, clone: Path) -> GitTask:
        return GitTask(
            git_dir=clone,
            name=holder.name,
            repository_id=holder.repository_id,
            run_id=run_id,
            shas=(),
            boundary=frozenset(),
            git=self._settings.git,
            threshold=self._settings.classify.bug_fix_threshold,
            libraries=(),
            classify=True,
            full_name=None,
            rules=self._rules,
        )

    def _folders(self, holders: Sequence[Holder]) -> dict[str, str]:
        """Give the folders of the clones that are at hand, by the repositories' numbers."""
        found = ((holder.repository_id, self._clone(holder)) for holder in holders)
        return {str(number): clone.name for number, clone in found if clone is not None}

    def _clone(self, holder: Holder) -> Path | None:
        """Find the clone of a repository, whichever of its names it was made by."""
        for alias in holder.aliases:
            digest = hashlib.sha256(alias.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            for clone in sorted(self._folder.glob(f"*-{digest}.git")):
                if (clone / "HEAD").exists():
                    return clone
        waiting = None if holder.github_id is None else self._folder / folder_of_number(holder.github_id)
        return waiting if waiting is not None and (waiting / "HEAD").exists() else None


def _within_bounds(found: dict[str, Size]) -> tuple[tuple[str, Size], ...]:
    """Give the first commits, at least one, whose hunks can be held in memory together."""
    kept: list[tuple[str, Size]] = []
    held = 0
    for sha, size in found.items():
        held += size.characters
        if kept and held > MOST_CHARACTERS:
            break
        kept.append((sha, size))
    return tuple(kept)
