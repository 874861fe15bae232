"""Reads commits, diffs and blobs of a bare clone from a few long-running git commands."""

from __future__ import annotations

import re
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from miner.collect import git
from miner.errors import GitKilledError, RepositoryError
from miner.model import Commit

_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%B")
_DIFF_OPTIONS = (
    *("--root", "-r", "--raw", "-z", "--full-index", "-p", "-U3", "-M50%", "-l1000"),
    *("--diff-algorithm=myers", "--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
)
_LOG_OPTIONS = ("--no-walk=unsorted", "--stdin", "--date=raw", "-z", "--no-show-signature", "--no-notes")
_ASKED_AHEAD = 16
_MOST_UNREADABLE = 200
_NO_BLOB_MODES = frozenset({"000000", "160000"})


@dataclass(frozen=True, slots=True)
class ListedCommit:
    """A commit as the history lists it: enough to choose by date and to tell merges."""

    sha: str
    epoch: int
    parents: int


@dataclass(frozen=True, slots=True)
class RawDiff:
    """What git printed for one commit, without the last line's end: raw records and patch; or why there is none.

    ``unreadable`` are files that it lacks, because git could not read them.
    """

    sha: str
    data: bytes
    problem: str = ""
    too_large: bool = False
    unreadable: tuple[str, ...] = ()


def list_history(git_dir: Path, tips: Iterable[str], *, item: str, timeout: float) -> list[ListedCommit]:
    """List every commit that can be reached from ``tips``, each once.

    The dates are not left to ``git log --since``: it stops at the first older commit, and dates can be out of order.

    :raises RepositoryError: (a child of) if git fails.
    """
    out = git.run(
        ["log", "--stdin", "--format=%H %ct %p", "--no-show-signature"],
        item=item,
        timeout=timeout,
        git_dir=git_dir,
        input="\n".join(tips).encode(),
    )
    listed = []
    for line in out.decode("ascii").splitlines():
        sha, epoch, *parents = line.split(" ")
        listed.append(ListedCommit(sha, int(epoch or 0), sum(map(bool, parents))))
    return listed


def read_commits(git_dir: Path, shas: Iterable[str], *, item: str, timeout: float) -> list[Commit]:
    """Read the metadata of commits, in the order given.

    :raises RepositoryError: (a child of) if git fails.
    """
    out = git.run(
        ["log", *_LOG_OPTIONS, "--encoding=UTF-8", "--format=tformat:" + "%x00".join(_FIELDS)],
        item=item,
        timeout=timeout,
        git_dir=git_dir,
        input="\n".join(shas).encode(),
    )
    fields = out.split(b"\0")
    width = len(_FIELDS)
    return [_commit(fields[at : at + width]) for at in range(0, len(fields) - width + 1, width)]


def _commit(fields: list[bytes]) -> Commit:
    sha, parents, author, author_email, authored, committer, committer_email, committed, message = fields
    text, raw = decode(message.rstrip(b"\n"))
    authored_epoch, authored_offset = _raw_date(authored)
    committed_epoch, committed_offset = _raw_date(committed)
    return Commit(
        sha=sha.decode("ascii"),
        parents=tuple(parents.decode("ascii").split()),
        author_name=decode(author)[0],
        author_email=decode(author_email)[0],
        authored_at=_moment(authored_epoch),
        authored_offset=authored_offset,
        committer_name=decode(committer)[0],
        committer_email=decode(committer_email)[0],
        committed_at=_moment(committed_epoch),
        committed_offset=committed_offset,
        committed_epoch=committed_epoch,
        message=text,
        message_raw=raw,
    )


def decode(data: bytes) -> tuple[str, bytes | None]:
    """Give bytes as text, and the bytes again where the text does not say all that they held.

    Bytes that are not UTF-8 are read as Windows-1252 (what most old commits mean), the rest of them as Latin-1.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252"), data
        except UnicodeDecodeError:
            return data.decode("latin-1"), data
    return text, (data if "\0" in text else None)


def _raw_date(text: bytes) -> tuple[int, int | None]:
    found = re.match(rb"(-?\d+) ([+-])(\d\d)(\d\d)", text)
    if not found:
        return 0, None
    minutes = int(found[3]) * 60 + int(found[4])
    return int(found[1]), -minutes if found[2] == b"-" else minutes


def _moment(epoch: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, ValueError, OSError):
        return None


class DiffReader:
    """Gives the diffs of commits from one ``git diff-tree``, which is started again if it dies of a damaged object."""

    def __init__(
        self,
        git_dir: Path,
        *,
        timeout: float,
        max_file_bytes: int,
        max_commit_bytes: int,
        exclude: Sequence[str] = (),
    ) -> None:
        self._git_dir = git_dir
        # A file above core.bigFileThreshold is never loaded: git calls it binary.
        limit = ["-c", f"core.bigFileThreshold={max_file_bytes}"]
        excluded = ["--", *(f":(exclude,literal){path}" for path in exclude)] if exclude else []
        self._command = [*limit, "diff-tree", "--stdin", *_DIFF_OPTIONS, *excluded]
        self._timeout = timeout
        self._max_file_bytes = max_file_bytes
        self._max_commit_bytes = max_commit_bytes
        self._conversation: git.Conversation | None = None
        self._buffer = b""

    def diffs(self, shas: Iterable[str]) -> Iterator[RawDiff]:
        """Give the diff of each commit against its first parent, in the order given."""
        waiting = deque(shas)
        asked: deque[str] = deque()
        while waiting or asked:
            while waiting and len(asked) < _ASKED_AHEAD:
                asked.append(waiting.popleft())
                self._ask(asked[-1])
            diff = self._read(asked.popleft())
            if diff.problem and self._conversation is None:
                waiting.extendleft(reversed(asked))
                asked.clear()
            yield self._salvaged(diff) if diff.problem and not diff.too_large else diff

    def close(self) -> None:
        """End the command."""
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = None
        self._buffer = b""

    def _ask(self, sha: str) -> None:
        if self._conversation is None:
            self._conversation = git.Conversation(self._command, self._git_dir, timeout=self._timeout)
        # diff-tree repeats a line that is not an object id: it marks where the answer ends.
        self._conversation.ask(f"{sha}\n{_end(sha)}\n".encode())

    def _read(self, sha: str) -> RawDiff:
        if self._conversation is None:
            raise ValueError("nothing was asked")
        mark = f"\n{_end(sha)}\n".encode()
        # No line of a diff starts with the mark's first character, so the mark cannot occur inside one.
        buffer = bytearray(b"\n" + self._buffer)
        searched, dropped = 0, 0
        while (end := buffer.find(mark, searched)) < 0:
            searched = max(0, len(buffer) - len(mark))
            if len(buffer) > self._max_commit_bytes:
                dropped += searched
                buffer, searched = buffer[searched:], 0
            try:
                chunk = self._conversation.read()
            except TimeoutError:
                self.close()
                return RawDiff(sha, b"", f"git took more than {self._timeout:.0f} s", too_large=True)
            if not chunk:
                code = self._conversation.outcome()
                self.close()
                return RawDiff(sha, b"", _death(code))
            buffer += chunk
        self._buffer = bytes(buffer[end + len(mark) :])
        if dropped or end > self._max_commit_bytes:
            return RawDiff(sha, b"", f"its diff has {dropped + end:,} bytes", too_large=True)
        return RawDiff(sha, bytes(buffer[1:end]))

    def _salvaged(self, diff: RawDiff) -> RawDiff:
        """Try once more, without the files that cannot be read if there are any; else the problem stays."""
        try:
            bad = self._unreadable(diff.sha)
        except GitKilledError:
            raise
        except RepositoryError:
            return diff
        if len(bad) > _MOST_UNREADABLE:
            return diff
        alone = DiffReader(
            self._git_dir,
            timeout=self._timeout,
            max_file_bytes=self._max_file_bytes,
            max_commit_bytes=self._max_commit_bytes,
            exclude=bad,
        )
        try:
            alone._ask(diff.sha)
            again = alone._read(diff.sha)
        finally:
            alone.close()
        return replace(again, unreadable=tuple(bad)) if bad and not again.problem else again

    def _unreadable(self, sha: str) -> list[str]:
        command = ["diff-tree", "-r", "--root", "--raw", "-z", "--full-index", "--no-renames", sha]
        listed = git.run(command, item=sha, timeout=self._timeout, git_dir=self._git_dir)
        _, *fields = listed.split(b"\0")
        reader = BlobReader(self._git_dir, timeout=self._timeout, max_bytes=self._max_file_bytes)
        bad = []
        try:
            for record, path in zip(fields[::2], fields[1::2], strict=False):
                modes_and_ids = record[1:].decode("ascii").split(" ")
                wanted = [(mode, blob) for mode, blob in zip(modes_and_ids[:2], modes_and_ids[2:4], strict=True)]
                if not all(mode in _NO_BLOB_MODES or reader.is_readable(blob) for mode, blob in wanted):
                    bad.append(path.decode("utf-8", "surrogateescape"))
        finally:
            reader.close()
        return bad


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "git was killed over it, probably for want of memory"
    return "git could not read it: a damaged or missing object"


def _end(sha: str) -> str:
    return f"#end {sha}"


class BlobReader:
    """Reads blobs by id, or as ``commit:path``, from one ``git cat-file``; sizes from a second one."""

    def __init__(self, git_dir: Path, *, timeout: float, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._contents = _Answers(["cat-file", "--batch"], git_dir, timeout)
        self._sizes = _Answers(["cat-file", "--batch-check"], git_dir, timeout)

    def size(self, name: str) -> int | None:
        """Give a blob's size in bytes, or None if it is not there."""
        self._sizes.ask([name])
        kind, size = _kind_and_size(self._sizes.line())
        return size if kind == b"blob" else None

    def is_readable(self, name: str) -> bool:
        """Tell whether a blob is there and, unless it is over the size limit, whole."""
        size = self.size(name)
        return size is not None and (size > self._max_bytes or self.read(name) is not None)

    def read(self, name: str) -> bytes | None:
        """Give a blob's bytes, or None if it is not there, damaged, or over the size limit."""
        return next(self.read_all([name]))

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Give what :meth:`read` gives for each of a few names, asked for together."""
        askable = [name for name in names if "\n" not in name]
        self._contents.ask(askable)
        for name in names:
            kind, size = _kind_and_size(self._contents.line()) if name in askable else (b"", 0)
            wanted = kind == b"blob" and size <= self._max_bytes
            yield self._contents.take(size, keep=wanted) if kind else None

    def close(self) -> None:
        """End the commands."""
        self._contents.close()
        self._sizes.close()


def _kind_and_size(header: bytes) -> tuple[bytes, int]:
    """Read an answer's header; what is not there has no kind and, behind the header, no body."""
    fields = header.split(b" ")
    return (fields[1], int(fields[2])) if len(fields) == 3 else (b"", 0)


class _Answers:
    """What a ``git cat-file`` says, read line by line and by size. One that dies is started again when asked."""

    def __init__(self, arguments: list[str], git_dir: Path, timeout: float) -> None:
        self._arguments = arguments
        self._git_dir = git_dir
        self._timeout = timeout
        self._conversation: git.Conversation | None = None
        self._buffer = b""

    def ask(self, names: Sequence[str]) -> None:
        if self._conversation is None:
            self._conversation = git.Conversation(self._arguments, self._git_dir, timeout=self._timeout)
        self._conversation.ask("".join(f"{name}\n" for name in names).encode("utf-8", "replace"))

    def line(self) -> bytes:
        """Give the next line without its end; an empty one when the command has died."""
        while (end := self._buffer.find(b"\n")) < 0:
            if not self._fill():
                return b""
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line

    def take(self, size: int, *, keep: bool) -> bytes | None:
        """Take ``size`` bytes and the line end behind them; give them if they are to be kept and all came."""
        parts, left = [], size + 1
        while left > 0:
            if not self._buffer and not self._fill():
                return None
            part, self._buffer = self._buffer[:left], self._buffer[left:]
            left -= len(part)
            if keep:
                parts.append(part)
        return b"".join(parts)[:size] if keep else None

    def close(self) -> None:
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = None
        self._buffer = b""

    def _fill(self) -> bool:
        if self._conversation is None:
            return False
        try:
            chunk = self._conversation.read()
        except TimeoutError:
            self.close()
            return False
        if not chunk:
            conversation, self._conversation = self._conversation, None
            conversation.outcome()
            self.close()
            return False
        self._buffer += chunk
        return True
