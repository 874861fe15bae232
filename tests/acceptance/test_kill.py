"""``kill -9`` at any moment, and a rerun, give the tables of a run that was never stopped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.github import GitHub
from servers.github_generator import generate as make_hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import Engine
from support.comparing import Contents, comparable
from support.exports import export
from support.repositories import RepositoryBuilder, keras_history

from miner.store.session import open_engine

KILLS = max(3, int(os.environ.get("DURABILITY_ROUNDS", "0")))
"""How often each job is killed, at any moment; tests/durability kills at chosen steps. Each kill is a run."""

Job = tuple[list[str], dict[str, str]]


@pytest.fixture
def git_job(tmp_path: Path) -> Job:
    """Mine a repository, a commit a page."""
    builder = keras_history(tmp_path / "r.git", 300)
    return ["--repo", str(builder.path)], {"MINER_COLLECT__PAGE_COMMITS": "1"}


@pytest.fixture
def api_job() -> Iterator[Job]:
    """Ask a site, a hundred questions a page."""
    with StackExchange(Site(generate(2500, tags=("caffe", "theano"))), keys=["known"]) as server:
        settings = {"API_URL": server.url, "KEY": "known"}
        environ = {f"MINER_STACKOVERFLOW__{name}": text for name, text in settings.items()}
        yield ["--source", "stackoverflow", "--library", "theano"], environ
        assert server.violations == []


@pytest.fixture
def dump_job(tmp_path: Path) -> Job:
    """Read a dump, some hundred rows a block."""
    folder = export(Site(generate(900)), tmp_path / "stackoverflow.com")
    sizes = {"MINER_DUMP__BLOCK_BYTES": "8000", "MINER_DUMP__PAGE_QUESTIONS": "4"}
    return ["--dump", str(folder)], sizes


@pytest.fixture
def github_job(tmp_path: Path) -> Iterator[Job]:
    """Search for repositories, mine what is found, a commit a page, and ask for issues, two commits a page."""
    nothing = RepositoryBuilder(tmp_path / "nothing.git").build()
    with GitHub(make_hub(6, tmp_path / "hub"), tokens={"known": "someone"}) as server:
        settings = {
            "GITHUB__API_URL": server.url,
            "GITHUB__CLONE_URL": server.clone_url,
            "GITHUB__TOKENS": "known",
            "GITHUB__SEARCHES": '{caffe = ["deep in:description"], keras = ["keras in:name"]}',
            "GIT__REPOSITORIES": f'["{nothing}"]',
            "GITHUB__EVIDENCE_COMMITS": "2",
            "COLLECT__PAGE_COMMITS": "1",
        }
        flags = ["--source", "github", "--source", "git", "--library", "caffe", "--library", "keras"]
        yield flags, {f"MINER_{name}": text for name, text in settings.items()}


@pytest.mark.parametrize("job", ["git_job", "api_job", "dump_job", "github_job"])
def test_kills_at_any_moment_leave_no_trace(
    request: pytest.FixtureRequest,
    job: str,
    database_url: str,
    tmp_path: Path,
    contents: Callable[[Engine], Contents],
) -> None:
    """Killed while it starts, fetches, mines and writes: a whole run's time tells which moments those are."""
    flags, settings = request.getfixturevalue(job)
    chance = random.Random(7)  # noqa: S311 - moments, not a secret

    def start(url: str, data: str) -> subprocess.Popen[bytes]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
        environ = clean | {"MINER_STORAGE__DATA_DIR": str(tmp_path / data)} | settings
        command = [sys.executable, "-m", "miner", "collect", "--quiet", *flags, "--database-url", url]
        return subprocess.Popen(command, env=environ, start_new_session=True)

    def run(url: str, data: str) -> float:
        begun = time.monotonic()
        assert start(url, data).wait() == 0
        return time.monotonic() - begun

    whole = f"sqlite:///{tmp_path / 'whole.db'}"
    all_seconds = run(whole, "other")
    idle_seconds = run(whole, "other")
    share = max(all_seconds - idle_seconds, 0.1) / KILLS
    killed = 0
    for attempt in range(KILLS * 3):
        early = attempt % 3 == 0
        process = start(database_url, "data")
        try:
            process.wait(timeout=idle_seconds * chance.random() if early else idle_seconds + share * chance.random())
            break
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        if killed == KILLS:
            break
    run(database_url, "data")
    broken, unbroken = open_engine(database_url), open_engine(whole)
    ours, theirs = comparable(contents(broken)), comparable(contents(unbroken))
    for engine in (broken, unbroken):
        engine.dispose()
    # A run may be quicker than the one that was timed, and end before its last kill.
    assert killed > KILLS // 2
    assert ours == theirs
    assert len(ours["fix"]) > 20
