"""What is asked of GitHub to find what to mine: the searches of each library, by the client that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Literal

from miner.clock import Clock
from miner.collect import githubsearch, tape
from miner.collect.github import GitHubClient, GitHubLimits
from miner.collect.githubtokens import TokenPool, read_token_file, read_tokens
from miner.errors import SettingsError
from miner.job import PLAN_ATTEMPTS, CollectRequest, Reporter
from miner.settings import Settings, libraries_of
from miner.store import github as githubstore
from miner.store.coverage import Interval

SOURCE = "github"
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Search:
    """A search for what uses a library, in GitHub's syntax, and the time that its results are wanted of.

    A search of code has no time; it is sliced by the size of the files.
    """

    library: str
    strategy: Literal["repositories", "commits", "code"]
    text: str
    interval: Interval

    @property
    def path(self) -> str:
        """The path of the API that answers it."""
        return f"/search/{self.strategy}"

    @property
    def qualifier(self) -> str:
        """What its results are sliced by."""
        return {"repositories": "created", "commits": "committer-date", "code": githubsearch.SIZE}[self.strategy]

    @property
    def query(self) -> str:
        """Name it for the ledger."""
        return f"{self.strategy}: {self.text} by={self.qualifier}"

    def parameters(self, query: str, page: int) -> dict[str, str | int]:
        """Give the parameters of a request: in an order that does not change while pages are turned."""
        order: dict[str, dict[str, str | int]] = {
            "repositories": {"sort": "stars", "order": "desc"},
            "commits": {"sort": "committer-date"},
            "code": {},
        }
        return {"q": query, **order[self.strategy], "per_page": PAGE_SIZE, "page": page}

    @property
    def row(self) -> tuple[str, str]:
        """The query and the strategy that what it finds is entered with: what has the code is mined as a whole."""
        if self.strategy == "code":
            return f"{githubstore.CODE}{self.text}", "repositories"
        return self.text, self.strategy


def searches(settings: Settings, request: CollectRequest) -> tuple[Search, ...]:
    """Give the searches of the wanted libraries, each once.

    :raises SettingsError: for one that GitHub does not take.
    """
    since = request.since
    pushed = f" pushed:>={since.astimezone(UTC):%Y-%m-%d}" if since else ""
    wanted = [one for one in libraries_of(settings) if not request.libraries or one.name in request.libraries]
    found: dict[tuple[str, str, str], Search] = {}
    for library in wanted:
        if "repositories" in settings.github.strategies:
            for text in settings.github.searches.get(library.name, library.searches):
                # A repository that nobody pushed to since has no commit of the window.
                one = Search(library.name, "repositories", text + pushed, Interval())
                found.setdefault((one.strategy, one.text, one.library), one)
        if "commits" in settings.github.strategies:
            for text in settings.github.commit_searches.get(library.name, library.commit_searches):
                one = Search(library.name, "commits", text, request.window)
                found.setdefault((one.strategy, one.text, one.library), one)
        if "code" in settings.github.strategies:
            for text in settings.github.code_searches.get(library.name, library.code_searches):
                one = Search(library.name, "code", text, Interval())
                found.setdefault((one.strategy, one.text, one.library), one)
    for one in found.values():
        try:
            githubsearch.validate_query(one.text, one.qualifier)
        except ValueError as error:
            raise SettingsError(f"the search {one.text!r} for {one.library}: {error}") from None
    return tuple(found.values())


def tokens(settings: Settings) -> tuple[str, ...]:
    """Give the tokens of the settings and of the file that they name.

    :raises SettingsError: for what is no token, and a file that others may read.
    """
    given = read_tokens(settings.github.tokens.get_secret_value())
    path = settings.github.token_file
    return tuple(dict.fromkeys((*given, *(read_token_file(Path(path)) if path else ()))))


def client_of(
    settings: Settings, reporter: Reporter, clock: Clock, stopped: Callable[[], bool] = lambda: False
) -> GitHubClient:
    """Make the client of the API that the settings name.

    :raises SettingsError: for tokens that are none.
    """
    github = settings.github
    limits = GitHubLimits(github.timeout_seconds, github.attempts, github.max_wait_seconds, github.max_response_bytes)
    pool = TokenPool(tape.current().tokens(tokens(settings)), clock, lambda text: reporter.warn("github", text))
    return GitHubClient(github.api_url, pool, limits, clock, stopped)


def planning_client(settings: Settings, reporter: Reporter, clock: Clock) -> GitHubClient:
    """Make a client for a plan, which somebody waits for: what fails is tried once more, and not for minutes.

    :raises SettingsError: for tokens that are none.
    """
    hasty = settings.github.model_copy(update={"attempts": min(PLAN_ATTEMPTS, settings.github.attempts)})
    return client_of(settings.model_copy(update={"github": hasty}), reporter, clock)
