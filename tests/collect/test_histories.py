"""The commits of a repository without its files, from real repositories, by a path and over HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers.github import GitHub
from servers.github_data import Hub
from support.repositories import DAY, RepositoryBuilder

from miner.collect import gitcommits, histories
from miner.collect.gitrepo import GitRepository, Tip
from miner.collect.locators import locate
from miner.errors import RepositoryTooLargeError
from miner.settings import Settings, load


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "--git-dir", folder, *words], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    hub = Hub()
    builder = RepositoryBuilder(tmp_path / "source.git")
    for number in range(5):
        parents = [number - 1] if number else []
        builder.commit(f"Change {number}", {"a.py": f"x = {number}\n" * 100}, parents=parents)
    builder.build()
    hub.add_repository("ann", "net", path=builder.path, id=7)
    return hub


@contextmanager
def opened(hub: Hub, tmp_path: Path, name: str) -> Iterator[tuple[GitRepository, Tip, Settings]]:
    with GitHub(hub) as server:
        flags = {"storage": {"data_dir": str(tmp_path / "data")}, "github": {"clone_url": server.clone_url}}
        settings = load(environ={}, flags=flags)
        repo = GitRepository(locate(name, settings.github, settings.git), settings)
        yield repo, repo.probe(), settings


@pytest.mark.parametrize("where", ["path", "http"])
def test_messages_come_and_files_do_not(hub: Hub, tmp_path: Path, where: str) -> None:
    """All commits can be listed and read; there is no tree, no file, no address on the disk, and no clone."""
    name = "ann/net" if where == "http" else str(tmp_path / "source.git")
    with opened(hub, tmp_path, name) as (repo, tip, settings), histories.history(repo, tip, settings.git) as folder:
        assert folder is not None
        listed = gitcommits.list_history(folder, tip.shas, item="x", timeout=60)
        read = gitcommits.read_commits(folder, [one.sha for one in listed], item="x", timeout=60)
        kinds = git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
        config = (folder / "config").read_text(encoding="utf-8")
    assert [one.message for one in read] == [f"Change {number}" for number in reversed(range(5))]
    assert kinds == ["commit"] * 5
    assert "url" not in config
    assert not folder.exists()
    assert not (tmp_path / "data").exists()


def test_a_clone_that_is_there_is_read(hub: Hub, tmp_path: Path) -> None:
    """Nothing is fetched then."""
    with opened(hub, tmp_path, "ann/net") as (repo, tip, settings):
        repo.sync(tip, lambda _done, _total: None)
        with histories.history(repo, tip, settings.git) as folder:
            assert folder == repo.git_dir


def test_a_date_leaves_the_older_commits_there(hub: Hub, tmp_path: Path) -> None:
    """And a date after all of them leaves nothing to read."""
    with opened(hub, tmp_path, "ann/net") as (repo, tip, settings):
        with histories.history(repo, tip, settings.git) as folder:
            assert folder is not None
            listed = gitcommits.list_history(folder, tip.shas, item="x", timeout=60)
        last = max(one.epoch for one in listed)
        since = datetime.fromtimestamp(last, UTC)
        with histories.history(repo, tip, settings.git, since=since) as folder:
            assert folder is not None
            (one,) = gitcommits.list_history(folder, tip.shas, item="x", timeout=60)
            assert one.epoch == last
        with histories.history(repo, tip, settings.git, since=datetime.fromtimestamp(last + DAY, UTC)) as folder:
            assert folder is None


def test_a_history_beyond_the_bound_is_not_brought(hub: Hub, tmp_path: Path) -> None:
    """What came is removed."""
    with opened(hub, tmp_path, "ann/net") as (repo, tip, settings):
        small = settings.git.model_copy(update={"max_repository_bytes": 10})
        with pytest.raises(RepositoryTooLargeError), histories.history(repo, tip, small):
            pass
