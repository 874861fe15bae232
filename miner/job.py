"""What a collect is asked for, what it tells on the way, and what it gives in the end."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol

from miner.collect.git import without_secrets
from miner.collect.interface import MinedPage
from miner.collect.locators import Locator
from miner.settings import Settings, libraries
from miner.store.coverage import Interval
from miner.store.values import MAX_EPOCH, MIN_EPOCH

SOURCE = "git"


class Reporter(Protocol):
    """Is told how a run goes. Tasks are "clone" and "mine"; ``item`` is a repository's name."""

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """A task begins; ``total`` units of work are ahead, if known."""

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """``done`` units of the task are done since its start."""

    def finish(self, task: str, item: str) -> None:
        """A task ended."""

    def warn(self, item: str, message: str) -> None:
        """Something was left out or could not be reached; the message says what to do."""


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """What to collect. Empty tuples mean: what the settings say. ``limit`` is commits of a repository."""

    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    limit: int | None = None
    workers: int | None = None
    classify: bool = True

    @property
    def window(self) -> Interval:
        """The half-open interval of committer dates that is asked for."""
        since = MIN_EPOCH if self.since is None else math.ceil(self.since.timestamp())
        until = MAX_EPOCH if self.until is None else math.ceil(self.until.timestamp())
        return Interval(since, until)

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, without secrets."""
        return {**asdict(self), "repositories": [without_secrets(text) for text in self.repositories]}


@dataclass(slots=True)
class Summary:
    """What a run did. ``failed`` maps a repository to what happened; counts are of this run alone."""

    run_id: int = 0
    repositories: int = 0
    up_to_date: int = 0
    seen: int = 0
    merges: int = 0
    candidates: int = 0
    fixes: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    omissions: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    libraries: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The run's status, as ``crawl_run`` holds it."""
        if self.interrupted:
            return "interrupted"
        if not self.failed:
            return "complete"
        return "partial" if self.repositories > len(self.failed) else "failed"

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    def count(self, page: MinedPage) -> None:
        """Add a page that is in the database."""
        self.seen += page.seen
        self.candidates += page.candidates
        self.fixes += page.fixes
        self.omissions += page.omissions
        self.patterns += page.patterns
        self.libraries += page.libraries


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a run would do for one repository: ``state`` is clone, update, mine, "nothing new" or unreachable."""

    source: str
    item: str
    state: str
    commits: int | None
    cost: str


def targets(settings: Settings, request: CollectRequest) -> tuple[str, ...]:
    """Give the repositories to mine, each once, in a fixed order."""
    if request.repositories:
        named = request.repositories
    elif SOURCE not in (request.sources or settings.collect.sources):
        named = ()
    elif settings.git.repositories:
        named = settings.git.repositories
    else:
        wanted = [one for one in libraries() if not request.libraries or one.name in request.libraries]
        named = tuple(repository for library in wanted for repository in library.repositories)
    return tuple(dict.fromkeys(named))


def query(locator: Locator, settings: Settings, request: CollectRequest) -> str:
    """Name in one text all settings that decide which rows a commit gives: the ledger's intervals hold for them alone.

    The classifier's version is not among them: new rules relabel what is stored, and fetch nothing.
    """
    limits = settings.git.model_dump(
        include={"max_file_bytes", "max_diff_bytes", "max_commit_bytes", "max_commit_files"}
    )
    digest = hashlib.sha256(json.dumps(limits, sort_keys=True).encode()).hexdigest()[:8]
    wanted = ",".join(sorted(request.libraries)) or "*"
    return (
        f"{locator.key} branches={settings.git.branches} libraries={wanted} "
        f"threshold={settings.classify.bug_fix_threshold:g} labels={'yes' if request.classify else 'no'} "
        f"limits={digest}"
    )


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
