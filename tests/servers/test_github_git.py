"""The server that stands for GitHub serves real git repositories to real git."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from support.clocks import PretendClock
from support.repositories import ENVIRONMENT, RepositoryBuilder, git

from servers.github import GitHub
from servers.github_client import Client
from servers.github_data import Hub
from servers.github_generator import generate


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git as a user without a terminal does."""
    environment = {**ENVIRONMENT, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return subprocess.run(["git", *arguments], capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return generate(2, tmp_path / "origin", commits=8)


@pytest.fixture
def server(hub: Hub) -> Iterator[GitHub]:
    with GitHub(hub, clock=PretendClock(), tokens={"one": "ada"}, validate=True) as server:
        yield server


def address(server: GitHub, hub: Hub, number: int = 10_000) -> str:
    repository = hub.repositories[number]
    return server.clone_url.format(owner=repository.owner, name=repository.name)


def test_a_repository_can_be_listed_cloned_and_fetched(server: GitHub, hub: Hub, tmp_path: Path) -> None:
    """The clone has the same commits, and a fetch brings the one that was pushed since."""
    path = hub.repositories[10_000].path
    assert path is not None
    head = git(path, "rev-parse", "HEAD")
    assert run("ls-remote", address(server, hub), "HEAD").stdout == f"{head}\tHEAD\n"
    clone = tmp_path / "clone.git"
    assert run("clone", "-q", "--mirror", address(server, hub), str(clone)).returncode == 0
    assert git(clone, "rev-list", "HEAD") == git(path, "rev-list", "HEAD")
    tree = git(path, "rev-parse", "HEAD^{tree}")
    pushed = git(path, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit-tree", tree, "-p", head, "-m", "More")
    git(path, "update-ref", "refs/heads/main", pushed)
    assert run("--git-dir", str(clone), "fetch", "-q").returncode == 0
    assert git(clone, "rev-parse", "HEAD") == pushed
    assert {request.resource for request in server.requests} == {"git"}
    assert server.violations == []


def test_a_clone_may_leave_blobs_out(server: GitHub, hub: Hub, tmp_path: Path) -> None:
    """GitHub allows filters, and gives the objects that are asked for later."""
    clone = tmp_path / "clone.git"
    done = run("clone", "-q", "--bare", "--filter=blob:none", address(server, hub), str(clone))
    assert (done.returncode, done.stderr) == (0, "")
    assert "?" in git(clone, "rev-list", "--objects", "--missing=print", "HEAD")
    assert run("--git-dir", str(clone), "show", "HEAD:train.py").stdout.startswith('"""Trains')


def test_a_work_tree_is_served_and_a_long_request_comes_in_chunks(tmp_path: Path) -> None:
    """The git directory of a work tree is found; git sends in chunks what does not fit its buffer."""
    builder = RepositoryBuilder(tmp_path / "work" / ".git")
    builder.path.parent.mkdir()
    for number in range(1_500):
        builder.commit(f"Commit {number}", {"a.py": f"{number}\n"}, parents=[], branch=f"b{number}")
    builder.commit("Main", {"a.py": "main\n"})
    builder.build()
    hub = Hub()
    hub.add_repository("ada", "vision", path=tmp_path / "work")
    clone = tmp_path / "clone.git"
    with GitHub(hub) as server:
        url = server.clone_url.format(owner="ada", name="vision")
        done = run("-c", "http.postBuffer=66000", "clone", "-q", "--mirror", url, str(clone))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(git(clone, "for-each-ref").splitlines()) == 1_501


def test_git_follows_a_rename_and_sees_what_is_gone(server: GitHub, hub: Hub, tmp_path: Path) -> None:
    """A former name redirects, a deleted repository is not found, or asks for a password, a blocked one is refused."""
    old = address(server, hub)
    hub.rename(10_000, "another")
    assert run("ls-remote", old, "HEAD").returncode == 0
    assert [request.status for request in server.requests[:2]] == [301, 200]
    hub.delete(10_000)
    assert "not found" in run("ls-remote", old).stderr
    server.git_asks = True
    assert "could not read Username" in run("ls-remote", old).stderr
    hub.block(10_001)
    assert "451" in run("ls-remote", address(server, hub, 10_001)).stderr


def test_nothing_can_be_pushed(server: GitHub, hub: Hub) -> None:
    """To write is refused."""
    path = hub.repositories[10_000].path
    assert "403" in run("--git-dir", str(path), "push", address(server, hub), "HEAD:refs/heads/x").stderr


def test_the_same_seed_makes_the_same_repositories(tmp_path: Path) -> None:
    """Commits, issues and pull requests are the same in another folder; all five libraries are there."""
    first, second = (generate(5, tmp_path / name, commits=10) for name in ("a", "b"))
    told = [
        [
            (one.full_name, [entry.sha for entry in one.commits], one.issues, one.pulls)
            for one in hub.repositories.values()
        ]
        for hub in (first, second)
    ]
    assert told[0] == told[1]
    assert {one.name.partition("-")[0] for one in first.repositories.values()} == {
        *("keras", "tensorflow", "torch", "theano", "caffe")
    }
    entries = [entry for one in first.repositories.values() for entry in one.commits]
    dates = [entry.author.date for entry in entries]
    assert datetime(2018, 1, 1, tzinfo=UTC) <= min(dates) <= max(dates) < datetime(2022, 1, 1, tzinfo=UTC)
    assert any("fix" in entry.message.lower() for entry in entries)


def test_commits_on_disk_are_found_and_read_again_after_a_force_push(server: GitHub, hub: Hub) -> None:
    """The search knows the default branch as it was when it was last read."""
    repository = hub.repositories[10_000]
    assert repository.path is not None
    with requests.Session() as session:
        client = Client(server, session, "one")
        total = client.get("/search/commits", q=f"repo:{repository.full_name}")["total_count"]
        assert total == len(repository.commits) == int(git(repository.path, "rev-list", "--count", "HEAD"))
        git(repository.path, "update-ref", "refs/heads/main", "main~2")
        hub.refresh(repository.id)
        assert client.get("/search/commits", q=f"repo:{repository.full_name}")["total_count"] == total - 2
        pushed = client.get(f"/repos/{repository.full_name}")["pushed_at"]
    assert datetime.fromisoformat(pushed) == max(one.committer.date for one in repository.commits)
    assert server.violations == []
