"""Finds the commit that repaired a line that somebody linked: the first later one that changes or deletes it.

That is the method of Islam et al. (ICSE 2020) for links that show the buggy line and not its fix. What ``git blame
--reverse`` answers is another question, how long the line lived on any branch, so the history is walked here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from miner.collect import git
from miner.errors import LineNotFoundError, RepositoryCorruptError

_COMMITS_AHEAD = 4096
_BRANCHES = ("refs/miner/heads/", "refs/heads/", "refs/remotes/origin/", "refs/tags/")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LineChange:
    """A commit that changes a line; ``path`` and ``line`` are where its parent has it."""

    sha: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where the lines are in a commit: ``blob`` is what the commit has at ``path``."""

    path: str
    blob: str
    numbers: tuple[int, ...]


def first_change(
    git_dir: Path,
    revision: str,
    path: str,
    line: int,
    tip: str,
    *,
    item: str,
    timeout: float,
    last_line: int | None = None,
) -> LineChange | None:
    """Give the first later commit that changes or deletes a line, following the file where it is renamed.

    Later commits are the descendants of ``revision`` that ``tip`` reaches, parents before children, else by date. A
    merge is it only where no parent's line came through: it made the change, or brought it from a branch that is older.
    Lines that are inserted around it change nothing. None: no later commit changes it, or ``tip`` does not reach
    ``revision``.

    :param revision: a sha, or the name of a branch or tag.
    :param line: of the file at ``revision``, from 1.
    :param item: what to name in an error.
    :param timeout: seconds, for each git command.
    :param last_line: the last of a range, any line of which counts; ``line`` alone by default.
    :raises LineNotFoundError: if the repository has no such revision or tip, or the revision no such path or line.
    :raises RepositoryError: (a child of) if git fails or takes too long.
    """
    history = _History(git_dir, item, timeout)
    start = history.commit(revision)
    lines = history.lines(start, path, line, last_line or line)
    return _first_change(history, history.later(start, history.commit(tip)), start, lines)


def _first_change(history: _History, later: Sequence[Sequence[str]], start: str, lines: _Lines) -> LineChange | None:
    alive = {start: lines}
    for sha, *parents in later:
        # The others come from before the revision, or from elsewhere: they never had its line.
        known = [parent for parent in parents if parent in alive]
        for parent in known:
            now = history.carried(parent, sha, alive[parent])
            if now:
                alive[sha] = now
                break
        else:
            before = alive[known[0]]
            return LineChange(sha, before.path, before.numbers[0])
    return None


class _History:
    """One repository's commits and blobs, asked for in batches."""

    def __init__(self, git_dir: Path, item: str, timeout: float) -> None:
        self._git_dir = git_dir
        self._item = item
        self._timeout = timeout
        self._order: list[str] = []
        self._place: dict[str, int] = {}
        self._blobs: dict[tuple[str, str], str | None] = {}

    def commit(self, revision: str) -> str:
        """Give the full sha of a revision, be it a sha, a branch or a tag."""
        # A text with a colon or a bracket can mean a blob, or a search, to git.
        if not revision or re.search(r"^-|\.\.|@\{|[\x00-\x20\x7f~^:?*\[\\]", revision):
            raise LineNotFoundError(f"{self._item}: {revision!a} is no revision")
        names = [f"{name}^{{commit}}" for name in (revision, *(f"{prefix}{revision}" for prefix in _BRANCHES))]
        found = next((sha for sha in self._objects(names, "commit") if sha), None)
        if found is None:
            raise LineNotFoundError(
                f"{self._item}: it has no commit {revision!a}: the link may be cut off, or the history rewritten"
            )
        return found

    def lines(self, sha: str, path: str, first: int, last: int) -> _Lines:
        """Give the lines of a commit's file."""
        blob = None if _unaskable(path) else self._objects([f"{sha}:{path}"], "blob")[0]
        if blob is None:
            raise LineNotFoundError(f"{self._item}: there is no file {path!a} in {sha[:12]}")
        count = len(self._run(["cat-file", "blob", blob]).removesuffix(b"\n").split(b"\n"))
        if not 1 <= first <= last <= count:
            raise LineNotFoundError(f"{self._item}: {path!a} has {count:,} lines in {sha[:12]}, not line {last:,}")
        return _Lines(path, blob, tuple(range(first, last + 1)))

    def later(self, start: str, tip: str) -> list[list[str]]:
        """List the descendants of a commit that a tip reaches, each with its parents: parents first, else by date."""
        arguments = ["rev-list", "--ancestry-path", "--date-order", "--reverse", "--parents", f"{start}..{tip}", "--"]
        listed = [line.split() for line in self._run(arguments).decode("ascii").splitlines()]
        self._order = [sha for sha, *_ in listed]
        self._place = {sha: place for place, sha in enumerate(self._order)}
        return listed

    def carried(self, parent: str, sha: str, lines: _Lines) -> _Lines | None:
        """Give where a commit has the lines of its parent; None: it changes or deletes one of them."""
        path = lines.path
        blob = self._blob(sha, path)
        if blob is None:
            renamed = self._renamed(parent, sha, path)
            if renamed is None:
                return None
            path, blob = renamed
        if blob == lines.blob:
            return _Lines(path, blob, lines.numbers)
        numbers = self._mapped(lines, blob)
        return _Lines(path, blob, numbers) if numbers else None

    def _blob(self, sha: str, path: str) -> str | None:
        if (sha, path) not in self._blobs:
            place = self._place[sha]
            ahead = self._order[place : place + _COMMITS_AHEAD]
            found = self._objects([f"{commit}:{path}" for commit in ahead], "blob")
            self._blobs.update(zip(((commit, path) for commit in ahead), found, strict=True))
        return self._blobs[sha, path]

    def _renamed(self, parent: str, sha: str, path: str) -> tuple[str, str] | None:
        """Give the new path and blob of a file that a commit has no longer; None: the commit deletes it."""
        arguments = ["diff-tree", "-r", "-z", "--raw", "--full-index", "-M50%", "-l1000", "--no-ext-diff", parent, sha]
        fields = self._run([*arguments, "--"]).decode("utf-8", "surrogateescape").split("\0")
        while len(fields) > 1:
            head, old = fields.pop(0).split(" "), fields.pop(0)
            new = fields.pop(0) if head[4][0] in "RC" else old
            if old == path and head[4][0] in "RDT":
                return None if old == new or _unaskable(new) else (new, head[3])
        raise RepositoryCorruptError(
            f"{self._item}: the clone lacks what {sha[:12]} has at {path!a}; check the source with 'git fsck' there"
        )

    def _mapped(self, lines: _Lines, blob: str) -> tuple[int, ...]:
        """Give the lines' numbers in another blob; none: one of them is not there."""
        options = ["-U0", "--text", "--diff-algorithm=myers", "--no-color", "--no-ext-diff", "--no-textconv"]
        printed = self._run(["diff", *options, lines.blob, blob, "--"])
        shifts = dict.fromkeys(lines.numbers, 0)
        for hunk in _HUNK.finditer(printed):
            start, old, new = int(hunk[1]), int(hunk[2] or 1), int(hunk[4] or 1)
            for number in lines.numbers:
                if start <= number < start + old:
                    return ()
                if number > start:
                    shifts[number] += new - old
        return tuple(number + shift for number, shift in shifts.items())

    def _objects(self, names: Sequence[str], kind: str) -> list[str | None]:
        """Give the id of each object of a kind, None for one that is not there or of another kind."""
        question = "\n".join(names).encode("utf-8", "surrogateescape") + b"\n"
        arguments = ["cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer"]
        lines = self._run(arguments, question).decode("utf-8", "surrogateescape").split("\n")
        found = [line.split(" ") for line in lines[: len(names)]]
        return [words[0] if len(words) == 2 and words[1] == kind else None for words in found]

    def _run(self, arguments: Sequence[str], question: bytes | None = None) -> bytes:
        return git.run(arguments, item=self._item, timeout=self._timeout, git_dir=self._git_dir, input=question)


def _unaskable(path: str) -> bool:
    # Git is asked for one object a line, and takes a path that begins with a dot step for one of a work tree.
    return "\n" in path or "\0" in path or path.startswith(("./", "../")) or path in {".", ".."}
