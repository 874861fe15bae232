"""What there is on the loopback GitHub: accounts, repositories under their names and former names, commits, pull
requests, issues.

A repository is its number. A name leads to one: the present name, or a former one until another repository takes it.
The commits that a search finds are those of the default branch of the git repository on disk, or given by hand.
"""

from __future__ import annotations

import io
import subprocess
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from support.repositories import ENVIRONMENT

FIRST_DAY = datetime(2019, 1, 1, tzinfo=UTC)
LOG_FORMAT = "%x1f".join(("%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"))


@dataclass(frozen=True)
class Person:
    """Who made a commit, and when; the date keeps its offset."""

    name: str
    email: str
    date: datetime


@dataclass(frozen=True)
class Commit:
    """A commit as the search knows it."""

    sha: str
    message: str
    author: Person
    committer: Person
    tree: str = "0" * 40
    parents: tuple[str, ...] = ()


@dataclass
class Issue:
    """An issue: ``state`` is OPEN or CLOSED; one that is closed was so at once, unless ``closed_at`` tells."""

    number: int
    title: str
    labels: tuple[str, ...] = ()
    state: str = "CLOSED"
    body: str = ""
    created_at: datetime = FIRST_DAY
    closed_at: datetime | None = None


@dataclass
class Pull:
    """A pull request: the commits that it brought in, and the issues that it closes as (repository's id, number)."""

    number: int
    title: str
    commits: tuple[str, ...] = ()
    merged_at: datetime | None = None
    labels: tuple[str, ...] = ()
    closes: tuple[tuple[int, int], ...] = ()
    body: str = ""
    created_at: datetime = FIRST_DAY

    @property
    def state(self) -> str:
        """MERGED or OPEN."""
        return "MERGED" if self.merged_at else "OPEN"


@dataclass(frozen=True)
class File:
    """A file of a default branch; ``size`` is in bytes."""

    path: str
    sha: str
    size: int
    text: str


@dataclass
class Repository:
    """A repository. ``path`` is the git directory on disk; without one nothing can be cloned."""

    id: int
    owner: str
    name: str
    path: Path | None = None
    description: str | None = None
    topics: tuple[str, ...] = ()
    language: str | None = "Python"
    stars: int = 0
    forks: int = 0
    created_at: datetime = FIRST_DAY
    pushed_at: datetime = FIRST_DAY
    updated_at: datetime = FIRST_DAY
    fork: bool = False
    archived: bool = False
    private: bool = False
    # Private, and the accounts of all tokens may see it.
    shared: bool = False
    mirror_url: str | None = None
    default_branch: str = "main"
    license: str | None = None
    size: int = 1
    # Why nobody may see it: "dmca" (status 451), "tos" or "sso" (403), or nothing.
    blocked: str = ""
    commits: list[Commit] = field(default_factory=list)
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The present name, with the owner's."""
        return f"{self.owner}/{self.name}"

    @property
    def public(self) -> bool:
        """Whether everybody may see it."""
        return (not self.private or self.shared) and not self.blocked

    def files(self) -> list[File]:
        """Give the files of the default branch, of the git directory on disk."""
        if self.path is None:
            return []
        return read_files(self.path, _git(self.path, "rev-parse", self.default_branch).decode().strip())


class Hub:
    """Everything that there is. A test changes it as it likes, also between two requests."""

    def __init__(self) -> None:
        self.repositories: dict[int, Repository] = {}
        self._present: dict[str, int] = {}
        self._former: dict[str, int] = {}
        self._next_id = 1000

    def add_repository(
        self,
        owner: str,
        name: str,
        *,
        path: Path | None = None,
        id: int | None = None,  # noqa: A002 - GitHub's name for it
        commits: Iterable[Commit] = (),
        **more: object,
    ) -> Repository:
        """Add a repository, and give it; ``more`` are its other fields. A name that is in use is a ValueError.

        A former name that it takes leads to the new repository from now on.
        """
        number = self._next_id if id is None else id
        self._next_id = max(self._next_id, number) + 1
        made = Repository(number, owner, name, git_directory(path), commits=list(commits), **more)  # type: ignore[arg-type]
        self._take(made)
        self.repositories[number] = made
        if path is not None:
            self.refresh(number, keep_dates="pushed_at" in more)
        return made

    def rename(self, number: int, name: str, *, owner: str | None = None) -> None:
        """Give a repository a new name, and maybe owner; the old one leads there."""
        repository = self.repositories[number]
        old = repository.full_name.lower()
        renamed = replace(repository, name=name, owner=owner or repository.owner)
        self._take(renamed)
        del self._present[old]
        self._former[old] = number
        repository.name, repository.owner = renamed.name, renamed.owner

    def delete(self, number: int) -> None:
        """Remove a repository; its names lead nowhere."""
        del self._present[self.repositories.pop(number).full_name.lower()]
        self._former = {name: former for name, former in self._former.items() if former != number}

    def block(self, number: int, reason: str = "dmca") -> None:
        """Have nobody see a repository: "dmca" gives status 451, "tos" and "sso" 403."""
        self.repositories[number].blocked = reason

    def recreate(self, full_name: str, **more: object) -> Repository:
        """Add another repository under a name that one had or has; the one that has it is deleted."""
        present = self._present.get(full_name.lower())
        if present is not None:
            self.delete(present)
        owner, _, name = full_name.partition("/")
        return self.add_repository(owner, name, **more)  # type: ignore[arg-type]

    def find(self, full_name: str) -> tuple[Repository | None, bool]:
        """Give the repository that a name leads to, and whether the name is a former one."""
        key = full_name.lower()
        number = self._present.get(key)
        if number is not None:
            return self.repositories[number], False
        number = self._former.get(key)
        return (None, False) if number is None else (self.repositories[number], True)

    def add_issue(self, number: int, issue: Issue) -> Issue:
        """Add an issue to the repository ``number``."""
        return self.repositories[number].issues.setdefault(issue.number, issue)

    def add_pull(self, number: int, pull: Pull) -> Pull:
        """Add a pull request to the repository ``number``."""
        return self.repositories[number].pulls.setdefault(pull.number, pull)

    def refresh(self, number: int, *, keep_dates: bool = False) -> None:
        """Read the commits of a repository's default branch again, as after a push."""
        repository = self.repositories[number]
        if repository.path is None:
            return
        repository.default_branch = _git(repository.path, "symbolic-ref", "--short", "HEAD").decode().strip()
        repository.commits = read_commits(repository.path)
        if repository.commits and not keep_dates:
            newest = max(commit.committer.date for commit in repository.commits)
            repository.pushed_at = repository.updated_at = newest.astimezone(UTC)

    def _take(self, repository: Repository) -> None:
        """Let a repository have its name."""
        key = repository.full_name.lower()
        if self._present.get(key, repository.id) != repository.id:
            raise ValueError(f"there is a repository {repository.full_name} already")
        self._former.pop(key, None)
        self._present[key] = repository.id


def account_id(login: str) -> int:
    """Give the number of an account: always the same for a login."""
    return zlib.crc32(login.lower().encode())


@lru_cache
def read_files(path: Path, sha: str) -> list[File]:
    """Read the files of a commit from a git directory."""
    listed = [entry.partition(b"\t") for entry in _git(path, "ls-tree", "-r", "-l", "-z", sha).split(b"\0") if entry]
    entries = [(*about.decode().split(), name.decode("utf-8", "replace")) for about, _, name in listed]
    blobs = [(blob, int(size), name) for _, kind, blob, size, name in entries if kind == "blob"]
    asked = "".join(f"{blob}\n" for blob, _, _ in blobs).encode()
    told = io.BytesIO(_git(path, "cat-file", "--batch", data=asked))
    found = []
    for blob, size, name in blobs:
        told.readline()
        text = told.read(size).decode("utf-8", "replace")
        told.read(1)
        found.append(File(name, blob, size, text))
    return found


def git_directory(path: Path | None) -> Path | None:
    """Give the git directory of a bare repository or of a work tree."""
    return path / ".git" if path is not None and (path / ".git").is_dir() else path


def commit(sha: str, message: str, date: datetime, *, parents: Sequence[str] = ()) -> Commit:
    """Give a commit by hand, whose author is its committer."""
    person = Person("A U Thor", "author@example.org", date)
    return Commit(sha, message, person, person, parents=tuple(parents))


def read_commits(path: Path) -> list[Commit]:
    """Read the commits of the default branch from a git directory; none if it is empty."""
    if not _git(path, "for-each-ref", "--count=1"):
        return []
    log = _git(path, "log", "-z", f"--format={LOG_FORMAT}", "HEAD").decode("utf-8", "replace")
    return [_commit(entry) for entry in log.split("\0") if entry]


def _commit(entry: str) -> Commit:
    sha, tree, parents, name, email, date, by, by_email, by_date, message = entry.split("\x1f", 9)
    author = Person(name, email, datetime.fromisoformat(date))
    committer = Person(by, by_email, datetime.fromisoformat(by_date))
    return Commit(sha, message.rstrip("\n"), author, committer, tree, tuple(parents.split()))


def _git(path: Path, *arguments: str, data: bytes | None = None) -> bytes:
    command = ["git", "-c", "safe.directory=*", "--git-dir", str(path), *arguments]
    return subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT, input=data).stdout
