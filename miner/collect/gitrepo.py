"""A repository as a cached bare clone: one ``ls-remote`` tells whether anything is new, one fetch brings it."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from miner.collect import git, gitcommits, tape
from miner.collect.locators import Locator
from miner.errors import RepositoryCorruptError, RepositoryError, RepositoryTooLargeError
from miner.model import RawResponse
from miner.settings import Settings

_HEADS = "refs/miner/heads/"
_DEFAULT = "refs/miner/default"
_BORROWED = "refs/miner/borrowed/"
_SINGLE = "refs/miner/single/"
_SHA = re.compile(r"[0-9a-f]{7,40}")
_FULL_SHA = 40
_NOT_THERE = re.compile(r"not our ref|find remote ref|unadvertised object|bad object|no such remote ref", re.IGNORECASE)
_PROBED = 20


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a repository's branches stood when it was asked.

    ``shas`` are the commits that the wanted branches point at; none: the repository is empty. ``identity`` is one text
    for all of them: equal tips have equal histories. ``every``: all branches are wanted, not the default one alone.
    ``head``: the default branch has a commit. ``response`` is what ``git ls-remote`` printed.
    """

    shas: tuple[str, ...]
    identity: str
    default_branch: str | None
    every: bool
    head: bool
    response: RawResponse


class GitRepository:
    """One repository of the git source."""

    def __init__(self, locator: Locator, settings: Settings) -> None:
        self.locator = locator
        self._git = settings.git
        self._tape = tape.current()
        self.git_dir = self._tape.clone(settings.storage.data_dir.absolute() / "repositories" / locator.folder)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.locator.name

    def probe(self, now: datetime | None = None) -> Tip:
        """Ask the source where its branches stand: one ``git ls-remote``.

        :raises RepositoryError: (a child of) if the source does not answer.
        """
        told = self._tape.git("ls-remote", self.locator.key, lambda: self._asked(now))
        moment = datetime.fromisoformat(told["at"])
        response = RawResponse("git", self.locator.public_url, 200, "text/plain", moment, told["body"])
        return read_tip(response, every=self._git.branches == "all")

    def _asked(self, now: datetime | None) -> dict[str, Any]:
        every = self._git.branches == "all"
        arguments = ["ls-remote", "--symref", "--", self.locator.url, "HEAD", *(["refs/heads/*"] if every else [])]
        body = git.run(
            arguments, item=self.name, timeout=self._git.command_timeout_seconds, transports=[self.locator.transport]
        )
        return {"body": body, "at": (now or datetime.now(UTC)).isoformat()}

    def sync(
        self, tip: Tip, on_progress: Callable[[int, int], None], stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Bring the clone to ``tip``, if it is not there yet.

        :raises RepositoryError: (a child of) if the transfer fails, takes too long, or grows too large.
        :raises Interrupted: once ``stopped`` holds; what came is thrown away.
        """
        self._tape.git("fetch", self.locator.key, lambda: self._synced(tip, on_progress, stopped))
        lost = [sha for sha in tip.shas if not self.has_commit(sha)] if self._tape.plays else []
        if lost:
            raise RepositoryError(
                f"{self.name}: its clone below storage.data_dir does not have commit {lost[0]} any more, at which a "
                "branch was: fetch it into the clone and rebuild again"
            )

    def _synced(self, tip: Tip, on_progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> None:
        try:
            self._sync(tip, on_progress, stopped)
        except OSError as error:
            raise RepositoryError(
                f"{self.name}: cannot write its clone {self.git_dir} ({error.strerror}); name another storage.data_dir"
            ) from None

    def _sync(self, tip: Tip, on_progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> None:
        self.git_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.has(tip) and not self._cut_off() and not self._alternates.exists():
                return
            self._clean()
            self._check_room()
            new = not (self.git_dir / "HEAD").exists()
            git.run(["init", "--quiet", "--bare", str(self.git_dir)], item=self.name, timeout=60)
            # A source that lacked objects may have been repaired.
            self._alternates.unlink(missing_ok=True)
            try:
                self._fetch(tip, on_progress, stopped)
            except RepositoryCorruptError:
                if not self._borrow(tip):
                    raise
            except RepositoryTooLargeError:
                if new:
                    shutil.rmtree(self.git_dir)
                raise
            finally:
                self._clean()
            if not all(self.has_commit(sha) for sha in tip.shas):
                raise RepositoryError(f"{self.name}: its history was rewritten while it was fetched; run again")

    def history(self, tip: Tip) -> list[gitcommits.ListedCommit]:
        """List every commit of the wanted branches."""
        return gitcommits.list_history(
            self.git_dir, tip.shas, item=self.name, timeout=self._git.command_timeout_seconds
        )

    def reachable(self, tip: Tip) -> list[gitcommits.ListedCommit]:
        """List all commits that could be reached from an earlier tip, as far as the clone still has it."""
        kept = [sha for sha in tip.shas if self.has_commit(sha)]
        if not kept:
            return []
        return gitcommits.list_history(self.git_dir, kept, item=self.name, timeout=self._git.command_timeout_seconds)

    def find_commit(self, name: str, tip: Tip) -> str | None:
        """Give the sha of a commit that is named by its sha, by a part of it, or by a branch or tag; None: by nothing.

        What no wanted branch holds is asked for: a host keeps what a pull request or an old branch had.

        :raises RepositoryError: (a child of) if the source cannot be asked.
        """
        sha = self._tape.git("find", f"{self.locator.key} {name}", lambda: self._found(name, tip))
        return sha if sha is None or not self._tape.plays else self._resolved(sha)

    def _found(self, name: str, tip: Tip) -> str | None:
        if not (self.git_dir / "HEAD").exists():
            return None
        if name == tip.default_branch and tip.head:
            return self._resolved(_DEFAULT)
        sha = name.lower()
        if _SHA.fullmatch(sha):
            return self._resolved(sha) or (self._bring(sha, sha) if len(sha) == _FULL_SHA else None)
        known = self._resolved(f"{_HEADS}{name}")
        return known or self._bring(f"refs/heads/{name}", name) or self._bring(f"refs/tags/{name}", name)

    def is_shallow(self) -> bool:
        """Whether the source gave a history that is cut off."""
        return bool(self.shallow_boundary())

    def shallow_boundary(self) -> frozenset[str]:
        """Give the commits whose parents the source does not have: their diffs cannot be known."""
        return frozenset(self._tape.git("shallow", self.locator.key, self._cut_off))

    def _cut_off(self) -> list[str]:
        path = self.git_dir / "shallow"
        return sorted(path.read_text(encoding="ascii").split()) if path.exists() else []

    def _fetch(self, tip: Tip, on_progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> None:
        refspecs = [f"+HEAD:{_DEFAULT}"] if tip.head else []
        if self._git.branches == "all":
            refspecs.append(f"+refs/heads/*:{_HEADS}*")
        deepen = ["--unshallow"] if self._cut_off() else []
        options = ["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--prune", "--progress"]
        git.transfer(
            ["fetch", *options, "--update-shallow", *deepen, "--", self.locator.url, *refspecs],
            item=self.name,
            git_dir=self.git_dir,
            transports=[self.locator.transport],
            timeout=self._git.clone_timeout_seconds,
            max_bytes=self._git.max_repository_bytes,
            on_progress=on_progress,
            stopped=stopped,
        )

    def borrows(self) -> bool:
        """Whether the clone reads its objects from a damaged source, which git refuses to copy."""
        return bool(self._tape.git("borrows", self.locator.key, self._alternates.exists))

    @property
    def _alternates(self) -> Path:
        return self.git_dir / "objects" / "info" / "alternates"

    def _borrow(self, tip: Tip) -> bool:
        """Read the objects of a local source where they are: what it lacks then costs the commits that need it alone.

        A clone is refused as a whole where a single object is missing, and mirrors without their largest files exist.
        """
        if self.locator.transport != "file":
            return False
        source = Path(unquote(urlsplit(self.locator.url).path))
        found = next((path for path in (source / "objects", source / ".git" / "objects") if path.is_dir()), None)
        if found is None:
            return False
        self._alternates.write_text(f"{found}\n", encoding="utf-8")
        if not all(self.has_commit(sha) for sha in tip.shas):
            return False
        for sha in tip.shas:
            git.run(["update-ref", f"{_BORROWED}{sha}", sha], item=self.name, timeout=60, git_dir=self.git_dir)
        return True

    def has(self, tip: Tip) -> bool:
        """Whether a finished fetch brought the tip: an object alone may come from one that was broken off."""
        if not (self.git_dir / "HEAD").exists():
            return False
        refs = git.run(
            ["for-each-ref", "--format=%(objectname)", _DEFAULT, _HEADS, _BORROWED],
            item=self.name,
            timeout=self._git.command_timeout_seconds,
            git_dir=self.git_dir,
        )
        return set(tip.shas) <= set(refs.decode("ascii").split()) and all(map(self.has_commit, tip.shas[:_PROBED]))

    def _resolved(self, name: str) -> str | None:
        arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
        try:
            return git.run(arguments, item=self.name, timeout=60, git_dir=self.git_dir).decode("ascii").strip()
        except RepositoryError:
            return None

    def _bring(self, source: str, name: str) -> str | None:
        """Fetch one commit, branch or tag; None: the source has it not, or does not give it."""
        options = ["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--progress"]
        try:
            with self._locked():
                git.transfer(
                    ["fetch", *options, "--", self.locator.url, f"+{source}:{_SINGLE}{name}"],
                    item=self.name,
                    git_dir=self.git_dir,
                    transports=[self.locator.transport],
                    timeout=self._git.clone_timeout_seconds,
                    max_bytes=self._git.max_repository_bytes,
                    on_progress=lambda _done, _total: None,
                )
        except OSError as error:
            raise RepositoryError(f"{self.name}: cannot write its clone {self.git_dir} ({error.strerror})") from None
        except RepositoryError as error:
            if not _NOT_THERE.search(str(error)):
                raise
            return None
        return self._resolved(f"{_SINGLE}{name}")

    def has_commit(self, sha: str) -> bool:
        """Whether the clone has a commit, whether or not a branch holds it."""
        try:
            git.run(["cat-file", "-e", f"{sha}^{{commit}}"], item=self.name, timeout=60, git_dir=self.git_dir)
        except RepositoryError:
            return False
        return True

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.git_dir).free
        if free < self._git.min_free_disk_bytes:
            raise RepositoryTooLargeError(
                f"{self.name}: only {free:,} bytes are free below {self.git_dir.parent}; free some space, name another "
                "storage.data_dir, or lower git.min_free_disk_bytes"
            )

    def _clean(self) -> None:
        """Remove what a fetch that was killed leaves behind: part-written packs, and locks that nobody holds."""
        for pattern in ("objects/pack/tmp_*", "objects/??/tmp_obj_*", "*.lock", "refs/**/*.lock"):
            for path in self.git_dir.glob(pattern):
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep two processes from fetching into one clone. A dead process's lock is free."""
        with (self.git_dir.parent / f"{self.git_dir.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def read_tip(response: RawResponse, *, every: bool) -> Tip:
    """Read what ``git ls-remote --symref`` printed."""
    branch, shas = None, dict[str, str]()
    for line in response.body.decode("utf-8", "replace").splitlines():
        what, _, name = line.partition("\t")
        if what.startswith("ref: ") and name == "HEAD":
            branch = what.removeprefix("ref: refs/heads/")
        elif name == "HEAD" or (every and name.startswith("refs/heads/")):
            shas[name] = what
    distinct = tuple(sorted(set(shas.values())))
    if every:
        heads = "\n".join(f"{sha} {name}" for name, sha in sorted(shas.items()))
        return Tip(
            distinct, "all:" + hashlib.sha256(heads.encode()).hexdigest(), branch, every, "HEAD" in shas, response
        )
    return Tip(distinct, shas.get("HEAD", ""), branch, every, "HEAD" in shas, response)
