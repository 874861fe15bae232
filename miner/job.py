"""What a collect is asked for, what it tells on the way, and what it gives in the end."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, Protocol

from miner.collect.git import without_secrets
from miner.collect.interface import MinedPage
from miner.collect.locators import Locator
from miner.settings import Settings, libraries_of
from miner.store.coverage import Interval
from miner.store.values import MAX_EPOCH, MIN_EPOCH

SOURCE = "git"
PLAN_ATTEMPTS = 2
"""How often a plan tries a request: a plan costs nothing to make again, so without a network it ends at once."""
_ROWS = 3
"""Raised when a commit gives rows that it did not give before: what is stored is then mined once more."""


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
    """What to collect. Empty tuples mean: what the settings say.

    ``limit`` is commits of a repository, or questions of a tag. ``questions`` is what of a site: what is new or
    changed, looks again at what votes may have changed, or both. ``dump`` is the path of a data dump; ``site`` and
    ``dump_date`` say what its name and files do not. ``seeds`` is the path of a list of posts and links. ``known`` adds
    every repository that the database holds and that is not gone. ``evidence`` asks GitHub about the issues of commits
    though it is not among the sources.
    """

    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    limit: int | None = None
    workers: int | None = None
    classify: bool = True
    dump: str | None = None
    site: str | None = None
    dump_date: datetime | None = None
    seeds: str | None = None
    questions: Literal["all", "new", "again"] = "all"
    known: bool = False
    evidence: bool = False

    @property
    def window(self) -> Interval:
        """The half-open interval of committer dates, or of creation dates of questions, that is asked for."""
        since = MIN_EPOCH if self.since is None else math.ceil(self.since.timestamp())
        until = MAX_EPOCH if self.until is None else math.ceil(self.until.timestamp())
        return Interval(since, until)

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, without secrets."""
        return {**asdict(self), "repositories": [without_secrets(text) for text in self.repositories]}


@dataclass(slots=True)
class Summary:
    """What a run did. ``failed`` maps what was asked for to what happened; counts are of this run alone.

    ``requests`` are those sent to the Stack Exchange API, ``quota_remaining`` what the day's quota has left, if it
    said.
    ``github_requests`` are those sent to GitHub's API, ``not_modified`` those among them that cost no budget since
    nothing had changed. ``found`` are the repositories that searches named, ``renamed`` and ``gone`` those among the
    known ones. ``commits_asked`` are the commits for which it was asked about issues, in ``graphql_requests`` of the
    requests, which cost ``graphql_points``; ``issues`` is what came, ``raised`` the commits that it had mined.
    ``pages`` are transactions, by source; ``sent`` the requests by source, account and resource; ``budgets`` what each
    source said last of theirs.
    """

    run_id: int = 0
    repositories: int = 0
    up_to_date: int = 0
    seen: int = 0
    merges: int = 0
    candidates: int = 0
    tags: int = 0
    dumps: int = 0
    seeds: int = 0
    searches: int = 0
    found: int = 0
    renamed: int = 0
    gone: int = 0
    questions: int = 0
    qualified: int = 0
    reobserved: int = 0
    requests: int = 0
    quota_remaining: int | None = None
    github_requests: int = 0
    not_modified: int = 0
    commits_asked: int = 0
    issues: int = 0
    graphql_requests: int = 0
    graphql_points: int = 0
    raised: int = 0
    fixes: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)
    budgets: list[dict[str, Any]] = field(default_factory=list)
    pages: Counter[str] = field(default_factory=Counter)
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
        came = self.seen or self.questions or self.asked > len(self.failed)
        return "partial" if came else "failed"

    @property
    def asked(self) -> int:
        """How many repositories, tags, dumps and searches were asked for."""
        return self.repositories + self.tags + self.dumps + self.searches

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    def count(self, page: MinedPage) -> None:
        """Add a page of commits that is in the database."""
        self.seen += page.seen
        self.candidates += page.candidates
        self.pages[SOURCE] += 1
        self._count(page)

    def count_questions(self, page: MinedPage) -> None:
        """Add a page of questions that is in the database."""
        self.questions += page.seen
        self.qualified += page.candidates
        self.pages["stackoverflow"] += 1
        self._count(page)

    def _count(self, page: MinedPage) -> None:
        self.fixes += page.fixes
        self.omissions += page.omissions
        self.patterns += page.patterns
        self.libraries += page.libraries


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a run would do for one repository, tag or dump: ``state`` is clone, update, mine, ask, read, ... .

    ``items`` are commits or questions; ``requests`` those to the API, None for another source, or where they are not
    known. Where they are estimated from a part, ``requests_low`` to ``requests_high`` holds the truth 9 times of 10.
    """

    source: str
    item: str
    state: str
    items: int | None
    cost: str
    requests: int | None = None
    requests_low: int | None = None
    requests_high: int | None = None


def counted(requests: int) -> str:
    """Write a number of requests."""
    return f"{requests:,} request{'s' if requests != 1 else ''}"


def flows(settings: Settings, request: CollectRequest) -> tuple[str, ...]:
    """Give what runs, in order. Naming a repository, a dump or a list of seeds leaves out the rest."""
    wanted = set(request.sources)
    if request.repositories:
        wanted.add("git")
    if request.dump is not None:
        wanted.add("dump")
    if request.seeds is not None:
        wanted.add("seeds")
    wanted = wanted or set(settings.collect.sources)
    return tuple(name for name in ("github", "git", "seeds", "dump", "stackoverflow") if name in wanted)


def tags(request: CollectRequest, settings: Settings) -> tuple[str, ...]:
    """Give the tags of the libraries that are asked for, each once, in the order of the file of libraries."""
    wanted = [one for one in libraries_of(settings) if not request.libraries or one.name in request.libraries]
    return tuple(dict.fromkeys(tag for library in wanted for tag in library.tags))


def creation_query(site: str, tag: str) -> str:
    """Name, for the ledger, the questions of a tag by the time at which they were created."""
    return f"{site} tag={tag} by=creation"


def activity_query(site: str, tag: str) -> str:
    """Name, for the ledger, the questions of a tag by the time of their last activity."""
    return f"{site} tag={tag} by=activity"


def targets(settings: Settings, request: CollectRequest) -> tuple[str, ...]:
    """Give the repositories to mine, each once, in a fixed order."""
    if request.repositories:
        named = request.repositories
    elif SOURCE not in flows(settings, request):
        named = ()
    elif settings.git.repositories:
        named = settings.git.repositories
    else:
        wanted = [one for one in libraries_of(settings) if not request.libraries or one.name in request.libraries]
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
        f"limits={digest} rows={_ROWS}"
    )


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
