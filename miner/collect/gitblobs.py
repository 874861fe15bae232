"""Reads blobs and their sizes from two long-running ``git cat-file``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from miner.collect import git
from miner.errors import GitKilledError


class BlobReader:
    """Reads blobs by id, or as ``commit:path``, from one ``git cat-file``; sizes from a second one."""

    def __init__(self, git_dir: Path, *, timeout: float, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._contents = _Answers(["cat-file", "--batch"], git_dir, timeout)
        self._sizes = _Answers(["cat-file", "--batch-check"], git_dir, timeout)

    def size(self, name: str) -> int | None:
        """Give a blob's size in bytes, or None if it is not there.

        :raises GitKilledError: if git is ended or killed over it.
        """
        self._sizes.ask([name])
        try:
            kind, size = _kind_and_size(self._sizes.line())
        except _DiedError as died:
            died.raise_unless_damaged(name)
            return None
        return size if kind == b"blob" else None

    def is_readable(self, name: str) -> bool:
        """Tell whether a blob is there and, unless it is over the size limit, whole."""
        size = self.size(name)
        return size is not None and (size > self._max_bytes or self.read(name) is not None)

    def read(self, name: str) -> bytes | None:
        """Give a blob's bytes, or None if it is not there, damaged, or over the size limit."""
        return next(self.read_all([name]))

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Give what :meth:`read` gives for each of a few names, asked for together. Take all that it gives.

        A git that dies over one of them is asked for that one alone and then for the rest.

        :raises GitKilledError: if git is ended, or twice killed over one.
        """
        left = deque(name for name in names if "\n" not in name)
        self._contents.ask(left)
        for name in names:
            if "\n" in name:
                yield None
                continue
            left.popleft()
            try:
                found = self._take()
            except _DiedError:
                found = self._alone(name)
                self._contents.ask(left)
            yield found

    def _take(self) -> bytes | None:
        kind, size = _kind_and_size(self._contents.line())
        return self._contents.take(size, keep=kind == b"blob" and size <= self._max_bytes) if kind else None

    def _alone(self, name: str) -> bytes | None:
        self._contents.ask([name])
        try:
            return self._take()
        except _DiedError as died:
            died.raise_unless_damaged(name)
            return None

    def close(self) -> None:
        """End the commands."""
        self._contents.close()
        self._sizes.close()


def _kind_and_size(header: bytes) -> tuple[bytes, int]:
    """Read an answer's header; what is not there has no kind and, behind the header, no body."""
    fields = header.split(b" ")
    return (fields[1], int(fields[2])) if len(fields) == 3 else (b"", 0)


class _DiedError(Exception):
    """Git ended before it had answered; ``code`` as of a process, None for want of time."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code

    def raise_unless_damaged(self, name: str) -> None:
        """Let pass what git itself said of a damaged object; a git that was killed said nothing of it."""
        if self.code is None or self.code < 0:
            raise GitKilledError(
                f"git was killed or too slow while it read {name}: run the same command again"
            ) from None


class _Answers:
    """What a ``git cat-file`` says, read line by line and by size. One that died is started again when asked."""

    def __init__(self, arguments: list[str], git_dir: Path, timeout: float) -> None:
        self._arguments = arguments
        self._git_dir = git_dir
        self._timeout = timeout
        self._conversation: git.Conversation | None = None
        self._buffer = b""

    def ask(self, names: Iterable[str]) -> None:
        question = "".join(f"{name}\n" for name in names)
        if not question:
            return
        if self._conversation is None:
            self._conversation = git.Conversation(self._arguments, self._git_dir, timeout=self._timeout)
        self._conversation.ask(question.encode("utf-8", "replace"))

    def line(self) -> bytes:
        """Give the next line without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill()
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line

    def take(self, size: int, *, keep: bool) -> bytes | None:
        """Take ``size`` bytes and the line end behind them; give them if they are to be kept."""
        parts, left = [], size + 1
        while left > 0:
            if not self._buffer:
                self._fill()
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

    def _fill(self) -> None:
        if self._conversation is None:
            raise _DiedError(None)
        try:
            chunk = self._conversation.read()
        except TimeoutError:
            self.close()
            raise _DiedError(None) from None
        if not chunk:
            conversation, self._conversation = self._conversation, None
            self._buffer = b""
            raise _DiedError(conversation.outcome())
        self._buffer += chunk
