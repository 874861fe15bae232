"""The commits of a repository without its files, for who wants to read messages alone: megabytes instead of gigabytes.

``--filter=tree:0`` (https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---filterltfilter-specgt)
leaves out trees and files. A server that does not know it sends all; the bound on bytes ends that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from miner.collect import git
from miner.collect.gitrepo import GitRepository, Tip
from miner.errors import RepositoryError
from miner.settings import GitSettings

MOST_BYTES = 1_000_000_000
"""A history that is larger than this is not brought."""

_REMOTE = "history"
# By a path, and by protocol 2 over HTTP, where the server's own words do not come.
_NOTHING_SINCE = ("no commits selected for shallow requests", "error processing shallow info")


@contextmanager
def history(
    repo: GitRepository,
    tip: Tip,
    settings: GitSettings,
    *,
    since: datetime | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Path | None]:
    """Give a git directory with the commits of a tip: the clone if it has them, else one that is removed at the end.

    :param since: commits before it are not wanted; a few may come, and a few with dates out of order may not.
    :returns: None where the source says that it has no commit since then.
    :raises RepositoryError: (a child of) if the source does not give them.
    :raises Interrupted: once ``stopped`` holds.
    """
    if repo.has(tip):
        yield repo.git_dir
        return
    with tempfile.TemporaryDirectory(prefix="miner-history-") as name:
        folder = Path(name) / "history.git"
        git.run(["init", "--quiet", "--bare", str(folder)], item=repo.name, timeout=60)
        yield folder if _fetched(repo, tip, settings, folder, since, stopped) else None


def _fetched(
    repo: GitRepository,
    tip: Tip,
    settings: GitSettings,
    folder: Path,
    since: datetime | None,
    stopped: Callable[[], bool],
) -> bool:
    """Fetch, and tell whether there is anything."""
    # Given with the command, the address, which may hold a secret, is in no file.
    remote = {"url": repo.locator.url, "promisor": "true", "partialclonefilter": "tree:0"}
    given = [part for key, value in remote.items() for part in ("-c", f"remote.{_REMOTE}.{key}={value}")]
    options = ["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--progress", "--filter=tree:0"]
    cut = [] if since is None else [f"--shallow-since={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"]
    try:
        git.transfer(
            [*given, "fetch", *options, *cut, _REMOTE, *(f"+{source}" for source in _refspecs(tip))],
            item=repo.name,
            git_dir=folder,
            transports=[repo.locator.transport],
            timeout=settings.clone_timeout_seconds,
            max_bytes=min(MOST_BYTES, settings.max_repository_bytes),
            on_progress=lambda _done, _total: None,
            stopped=stopped,
        )
    except RepositoryError as error:
        if since is None or not any(words in str(error) for words in _NOTHING_SINCE):
            raise
        return False
    return True


def _refspecs(tip: Tip) -> list[str]:
    head = ["HEAD:refs/history/default"] if tip.head else []
    return [*head, "refs/heads/*:refs/history/heads/*"] if tip.every else head
