"""Reads the diffs of commits from one long-running ``git diff-tree``."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from miner.collect import git
from miner.collect.gitblobs import BlobReader
from miner.errors import GitKilledError, RepositoryError

# What a merge commit changed is what it brought into its first parent, as GitHub shows it.
_FIRST_PARENT = "--diff-merges=first-parent"
_DIFF_OPTIONS = (
    _FIRST_PARENT,
    *("--root", "-r", "--raw", "-z", "--full-index", "-p", "-U3", "-M50%", "-l1000"),
    *("--diff-algorithm=myers", "--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
)
_ASKED_AHEAD = 32
_MOST_UNREADABLE = 200
_NO_BLOB_MODES = frozenset({"000000", "160000"})


@dataclass(frozen=True, slots=True)
class RawDiff:
    """What git printed for one commit, without the last line's end: raw records and patch; or why there is none.

    ``unreadable`` are the raw records, each followed by its path, of files that it lacks: git could not read them.
    """

    sha: str
    data: bytes
    problem: str = ""
    too_large: bool = False
    unreadable: tuple[bytes, ...] = ()


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
        self._buffer = bytearray(b"\n")

    def diffs(self, shas: Iterable[str]) -> Iterator[RawDiff]:
        """Give the diff of each commit against its first parent, in the order given."""
        waiting = deque(shas)
        asked: deque[str] = deque()
        while waiting or asked:
            if len(asked) <= _ASKED_AHEAD // 2:
                # Many at a time: each question wakes git up.
                more = [waiting.popleft() for _ in range(min(len(waiting), _ASKED_AHEAD - len(asked)))]
                asked += more
                self._ask(more)
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
        self._buffer = bytearray(b"\n")

    def _ask(self, shas: Sequence[str]) -> None:
        if not shas:
            return
        if self._conversation is None:
            self._conversation = git.Conversation(self._command, self._git_dir, timeout=self._timeout)
        # diff-tree repeats a line that is not an object id: it marks where the answer ends.
        self._conversation.ask("".join(f"{sha}\n{_end(sha)}\n" for sha in shas).encode())

    def _read(self, sha: str) -> RawDiff:
        if self._conversation is None:
            raise ValueError("nothing was asked")
        self._conversation.expect()
        mark = f"\n{_end(sha)}\n".encode()
        # No line of a diff starts with the mark's first character, so the mark cannot occur inside one.
        buffer = self._buffer
        searched, dropped = 0, 0
        while (end := buffer.find(mark, searched)) < 0:
            searched = max(0, len(buffer) - len(mark))
            if len(buffer) > self._max_commit_bytes:
                dropped += searched
                del buffer[:searched]
                searched = 0
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
        with memoryview(buffer) as whole, whole[1:end] as diff:
            data = bytes(diff)
        # The mark's last line end stands before the next diff.
        del buffer[: end + len(mark) - 1]
        if dropped or end > self._max_commit_bytes:
            return RawDiff(sha, b"", f"its diff has {dropped + end:,} bytes", too_large=True)
        return RawDiff(sha, data)

    def _salvaged(self, diff: RawDiff) -> RawDiff:
        """Try once more, without the files that cannot be read if there are any; else the problem stays."""
        try:
            bad = self._unreadable(diff.sha)
        except GitKilledError:
            raise
        except RepositoryError:
            return diff
        if len(bad) > 2 * _MOST_UNREADABLE:
            return diff
        alone = DiffReader(
            self._git_dir,
            timeout=self._timeout,
            max_file_bytes=self._max_file_bytes,
            max_commit_bytes=self._max_commit_bytes,
            exclude=[path.decode("utf-8", "surrogateescape") for path in bad[1::2]],
        )
        try:
            alone._ask([diff.sha])
            again = alone._read(diff.sha)
        finally:
            alone.close()
        return replace(again, unreadable=tuple(bad)) if bad and not again.problem else again

    def _unreadable(self, sha: str) -> list[bytes]:
        command = ["diff-tree", "-r", "--root", "--raw", "-z", "--full-index", "--no-renames", _FIRST_PARENT, sha]
        listed = git.run(command, item=sha, timeout=self._timeout, git_dir=self._git_dir)
        _, *fields = listed.split(b"\0")
        reader = BlobReader(self._git_dir, timeout=self._timeout, max_bytes=self._max_file_bytes)
        bad: list[bytes] = []
        try:
            for record, path in zip(fields[::2], fields[1::2], strict=False):
                modes_and_ids = record[1:].decode("ascii").split(" ")
                wanted = [(mode, blob) for mode, blob in zip(modes_and_ids[:2], modes_and_ids[2:4], strict=True)]
                if not all(mode in _NO_BLOB_MODES or reader.is_readable(blob) for mode, blob in wanted):
                    bad += [record, path]
        finally:
            reader.close()
        return bad


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "git was killed over it, probably for want of memory"
    return "git could not read it: a damaged or missing object"


def _end(sha: str) -> str:
    return f"#end {sha}"
