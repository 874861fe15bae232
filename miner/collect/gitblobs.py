"""Reads blobs and their sizes from two long-running ``git cat-file``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from miner.collect import git


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
