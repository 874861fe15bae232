"""A GitHub with one repository made by hand, its issues and pull requests, and a miner that asks about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from servers.github import GitHub
from servers.github_data import Hub, Issue, Pull

from miner.job import CollectRequest, PlanRow, Summary
from miner.plan import plan
from support.clocks import PretendClock
from support.repositories import RepositoryBuilder
from support.runs import Contents, Runner

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
MERGED = datetime(2019, 5, 1, tzinfo=UTC)
TOKEN = "ghp_Secret123"  # noqa: S105 - the loopback server's
HOME = 500
MODEL = "import keras\n\nmodel = keras.Sequential()\nmodel.add(keras.layers.Dense({}, input_shape=(784,)))\n"


class Project:
    """The repository ann/keras-app, number 500: its commits are named by what :meth:`commit` is told."""

    def __init__(self, hub: Hub, folder: Path, name: str = "keras-app", number: int = HOME) -> None:
        self.hub = hub
        self.number = number
        self._name = name
        self._builder = RepositoryBuilder(folder / f"{name}.git")
        self._places: dict[str, int] = {}
        self._files = 0
        self.commit("first", "Add a model")

    def commit(self, name: str, message: str, path: str = "a.py") -> None:
        """Add a commit that changes a file."""
        self._files += 1
        parents = [self._files - 2] if self._files > 1 else []
        self._places[name] = self._builder.commit(message, {path: MODEL.format(self._files)}, parents=parents)

    def push(self) -> None:
        """Have GitHub know all commits so far."""
        there = self.number in self.hub.repositories
        self._builder.build(extend=there)
        if there:
            self.hub.refresh(self.number)
        else:
            self.hub.add_repository("ann", self._name, path=self._builder.path, id=self.number)

    def __getitem__(self, name: str) -> str:
        """Give the sha of a commit."""
        return self._builder.shas[self._places[name]]

    def issue(self, number: int, *labels: str, **more: Any) -> None:
        """Open and close an issue."""
        self.hub.add_issue(self.number, Issue(number, "It does not work", labels, **more))

    def pull(self, number: int, title: str, *commits: str, closes: tuple[int, ...] = (), **more: Any) -> None:
        """Merge a pull request with commits."""
        brought = tuple(self[name] for name in commits)
        closed = tuple((self.number, issue) for issue in closes)
        self.hub.add_pull(self.number, Pull(number, title, brought, MERGED, closes=closed, **more))


class Asker:
    """A miner, and the GitHub that it asks; both go by one clock."""

    def __init__(self, hub: Hub, database_url: str, folder: Path, **server: Any) -> None:
        self.clock = PretendClock(NOW)
        self.server = GitHub(hub, clock=self.clock, tokens={TOKEN: "someone"}, **server)
        self.runner = Runner(database_url, folder / "data", clock=self.clock)
        self.settings: dict[str, Any] = {"tokens": TOKEN, "searches": {"keras": ["keras in:name"]}}
        self._nothing = folder / "nothing.git"
        if not self._nothing.exists():
            RepositoryBuilder(self._nothing).build()

    def _use(self) -> None:
        addresses = {"api_url": self.server.url, "clone_url": self.server.clone_url}
        self.runner.flags = {
            "github": {**addresses, **self.settings},
            "git": {"repositories": [str(self._nothing)]},
        }

    def collect(self, **request: Any) -> Summary:
        """Find, mine and ask."""
        self._use()
        return self.runner.collect(**{"sources": ("github", "git"), "libraries": ("keras",), **request})

    def plan(self) -> PlanRow:
        """Give what a plan says of issues and pull requests."""
        self._use()
        request = CollectRequest(sources=("github",), libraries=("keras",))
        rows = plan(self.runner.settings(), request, self.runner.recorder, self.clock)
        return next(row for row in rows if row.item == "issues and pull requests")

    def queries(self) -> int:
        """Give how many GraphQL queries were sent so far."""
        return self.server.count("graphql")

    def rules(self, sha: str, side: str = "issue") -> dict[str, float]:
        """Give the evidence that a side has of a commit."""
        asked = "SELECT rule, weight FROM bug_fix_evidence WHERE sha = :sha AND side = :side"
        return dict(self.runner.rows(asked, sha=sha, side=side))  # type: ignore[arg-type]

    def score(self, sha: str) -> float:
        """Give a commit's score."""
        return float(self.runner.one("SELECT bug_fix_score FROM git_commit WHERE sha = :sha", sha=sha))

    def fixed(self) -> set[str]:
        """Give the commits that have a fix."""
        return {row[0] for row in self.runner.rows("SELECT sha FROM fix")}

    def contents(self, read: Contents) -> dict[str, list[tuple[Any, ...]]]:
        """Give all rows but responses and ETags, and but the addresses that hold the server's port."""
        found = self.runner.tables(read)
        for name in ("raw_response", "http_validator", "repository_alias", "coverage"):
            del found[name]
        found["repository"] = [(*row[:4], *row[5:]) for row in found["repository"] if row[1] == "github.com"]
        return found
