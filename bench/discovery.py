"""Shows a whole collect from GitHub and Stack Exchange on loopback, and prints what each run cost.

    python bench/discovery.py [--repositories 50] [--questions 2000] [--kills 10]

The servers are those of the tests, as strict as the real ones. Runs: a plan and a collect from an empty database, with
all that is asked about issues; again, with nothing new; after a repository was renamed, one deleted and one
force-pushed; and into another database, killed at random moments until it is complete. How far the plan was off what
the first run sent is printed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TOKEN = "known"  # noqa: S105 - the loopback server's
LIBRARIES = ("caffe", "keras", "tensorflow", "theano", "torch")
SINCE = "2019-01-01"
_APART = ("crawl_run", "raw_response", "coverage")
"""Tables that tell of requests, and of the seconds at which runs began."""


def main() -> None:
    """Run it, and print a line a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=int, default=50)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=10)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    # The tests' servers are no package of ours.
    github_server, make_hub = _from("servers.github", "GitHub"), _from("servers.github_generator", "generate")
    site_server, site_of = _from("servers.stackexchange", "StackExchange"), _from("servers.stackexchange_data", "Site")
    make_questions = _from("servers.stackexchange_generator", "generate")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub = make_hub(arguments.repositories, folder / "hub")
        site = site_of(make_questions(arguments.questions, tags=LIBRARIES))
        with (
            github_server(hub, tokens={TOKEN: "someone"}) as github,
            site_server(site, keys=["known"]) as stackexchange,
        ):
            show = Show(folder, github, stackexchange)
            planned = show.plan("miner")
            sent = show.collect("from an empty database")
            for source, number in planned.items():
                print(f"plan against sent, {source}: {number} to {sent[source]}, {number / sent[source] - 1:+.1%}")
            show.plan("miner")
            show.collect("again, nothing new")
            show.change(hub)
            show.collect("one renamed, one deleted, one force-pushed")
            show.kill(arguments.kills)
            print(
                f"rules broken: {len(github.violations)} of GitHub, {len(stackexchange.violations)} of Stack Exchange"
            )


def _from(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


class Show:
    """The miner as a command, and the two servers that it asks."""

    def __init__(self, folder: Path, github: Any, stackexchange: Any) -> None:
        self._folder = folder
        self._github = github
        self._stackexchange = stackexchange

    def plan(self, database: str) -> dict[str, int]:
        """Print what a plan says of the requests, and give it by source."""
        begun = time.monotonic()
        done = self._run("--plan", "--json", database=database).communicate()[0]
        seconds = time.monotonic() - begun
        rows = [row for row in json.loads(done) if row["requests"] is not None]
        github = sum(row["requests"] for row in rows if row["source"] == "github")
        issues = next(row for row in rows if row["item"] == "issues and pull requests")
        others = next(row["requests"] for row in rows if row["item"] == "all tags")
        print(
            f"plan, {seconds:.1f} s: {github} requests to GitHub, {issues['requests']} of them about the issues of "
            f"{issues['items']} commits ({issues['cost']}); to Stack Exchange {others}"
        )
        return {"GitHub": github, "GitHub, issues alone": issues["requests"], "Stack Exchange": others}

    def collect(self, what: str, database: str = "miner") -> dict[str, int]:
        """Run a collect to its end, print what it cost, and give the requests that it sent by source."""
        self._github.requests.clear()
        begun = time.monotonic()
        printed = self._run("--json", database=database).communicate()[0]
        seconds = time.monotonic() - begun
        found = json.loads(printed)
        api = [request for request in self._github.requests if request.resource in ("core", "search", "graphql")]
        fresh = sum(request.status == 200 for request in api)
        per_repository = found["github_requests"] / max(found["found"], 1)
        stored = self._one(database, "SELECT COUNT(*) FROM fix")
        print(
            f"{what}: {found['status']}, {seconds:.1f} s; repositories found {found['found']}, renamed "
            f"{found['renamed']}, gone {found['gone']}, up to date {found['up_to_date']}; commits {found['seen']}, "
            f"questions {found['questions']}, fixes new {found['fixes']} of {stored}; requests to GitHub "
            f"{found['github_requests']} ({fresh} answered anew, {found['not_modified']} not modified, "
            f"{found['graphql_requests']} about the issues of {found['commits_asked']} commits; "
            f"{per_repository:.2f} a repository), to Stack Exchange {found['requests']}; "
            f"{1000 * (found['github_requests'] + found['requests']) / max(stored, 1):.0f} for 1,000 fixes"
        )
        requests = found["github_requests"], found["graphql_requests"], found["requests"]
        return dict(zip(("GitHub", "GitHub, issues alone", "Stack Exchange"), requests, strict=True))

    def change(self, hub: Any) -> None:
        """Rename a repository, delete one, and rewrite the history of one."""
        first, second, third = list(hub.repositories)[:3]
        hub.rename(first, "renamed")
        hub.delete(second)
        path = hub.repositories[third].path
        subprocess.run(["git", "--git-dir", path, "update-ref", "HEAD", "HEAD~2"], check=True)
        hub.refresh(third)

    def kill(self, times: int) -> None:
        """Collect into another database and kill it, then compare it with one that was never stopped."""
        chance = random.Random(3)  # noqa: S311 - moments, not a secret
        self.collect("into a new database", "whole")
        begun = time.monotonic()
        self.collect("again", "whole")
        idle = time.monotonic() - begun
        for _ in range(times):
            process = self._run("--quiet", database="killed")
            time.sleep(chance.uniform(0.3, idle + 2))
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.collect(f"after {times} kills", "killed")
        whole, killed = self._contents("whole"), self._contents("killed")
        different = [name for name in whole if whole[name] != killed[name]]
        print(f"tables that differ between the killed runs and the whole one: {', '.join(different) or 'none'}")

    def _run(self, *flags: str, database: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
        nothing = self._folder / "nothing.git"
        if not nothing.exists():
            subprocess.run(["git", "init", "--quiet", "--bare", str(nothing)], check=True)
        searches = ", ".join(f'{name} = ["{name} in:name,description"]' for name in LIBRARIES)
        settings = {
            "DATABASE__URL": f"sqlite:///{self._folder / database}.db",
            "STORAGE__DATA_DIR": str(self._folder / database),
            "GITHUB__API_URL": self._github.url,
            "GITHUB__CLONE_URL": self._github.clone_url,
            "GITHUB__TOKENS": TOKEN,
            "GITHUB__SEARCHES": f"{{{searches}}}",
            "GIT__REPOSITORIES": f'["{nothing}"]',
            "STACKOVERFLOW__API_URL": self._stackexchange.url,
            "STACKOVERFLOW__KEY": "known",
        }
        environ = clean | {f"MINER_{name}": text for name, text in settings.items()}
        command = [sys.executable, "-m", "miner", "collect", "--since", SINCE, *flags]
        return subprocess.Popen(
            command,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd=self._folder,
        )

    def _one(self, database: str, sql: str) -> int:
        connection = sqlite3.connect(self._folder / f"{database}.db")
        try:
            return int(connection.execute(sql).fetchone()[0])
        finally:
            connection.close()

    def _contents(self, database: str) -> dict[str, list[tuple[Any, ...]]]:
        """Give all rows without what tells which run wrote them, or when."""
        from miner.store.tables import metadata

        connection = sqlite3.connect(self._folder / f"{database}.db")
        try:
            return {
                table.name: sorted(
                    connection.execute(
                        f"SELECT {', '.join(c.name for c in table.columns if not c.info.get('provenance'))} "  # noqa: S608
                        f'FROM "{table.name}"'
                    ),
                    key=repr,
                )
                for table in metadata.sorted_tables
                if table.name not in _APART
            }
        finally:
            connection.close()


if __name__ == "__main__":
    main()
