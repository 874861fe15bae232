"""The bytes of a dump's table, wherever they lie, and the same bytes cut into whole lines."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from miner.collect.dumparchive import extraction
from miner.errors import DumpError, Interrupted

# What fits into a processor's cache is scanned at twice the speed of what does not.
_READ_BYTES = 1 << 19


class ByteStream(Protocol):
    """Bytes in order."""

    def read_into(self, free: memoryview) -> int:
        """Put the next bytes into a buffer and give how many; 0 at the end.

        :raises DumpError: if they cannot be read, or the end is not the right one.
        """

    def skip(self, count: int) -> None:
        """Leave out the next ``count`` bytes."""


class Location(Protocol):
    """Where a table's bytes lie; its text is what to name in a message."""

    def open(self, stopped: Callable[[], bool]) -> contextlib.AbstractContextManager[ByteStream]:
        """Open the bytes from their beginning; a stream that waits for something looks at ``stopped``."""


@dataclass(frozen=True, slots=True)
class FileLocation:
    """A file as it is."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def open(self, stopped: Callable[[], bool]) -> Iterator[ByteStream]:  # noqa: ARG002 - a file does not keep waiting
        """Open it.

        :raises DumpError: if that fails.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DumpError(f"cannot read {self}: {error.strerror}") from None
        try:
            yield _PlainFile(self.path, descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class MemberLocation:
    """A file in a 7z archive."""

    archive: Path
    member: str

    def __str__(self) -> str:
        return f"{self.archive} ({self.member})"

    def open(self, stopped: Callable[[], bool]) -> contextlib.AbstractContextManager[ByteStream]:
        """Begin to unpack it.

        :raises DumpError: if there is no 7z.
        """
        return extraction(self.archive, self.member, stopped)


class _PlainFile:
    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def read_into(self, free: memoryview) -> int:
        try:
            return os.readv(self._descriptor, [free])
        except OSError as error:
            raise DumpError(f"cannot read {self._path}: {error.strerror}") from None

    def skip(self, count: int) -> None:
        os.lseek(self._descriptor, count, os.SEEK_CUR)


class LineReader:
    """Cuts a stream into pieces of many whole lines. They lie in one buffer, which each piece overwrites.

    :param item: what to name in an error.
    :param begun: bytes that were read from the stream already, but not looked at; ``offset`` is that of the first.
    """

    def __init__(
        self,
        item: str,
        stream: ByteStream,
        begun: bytes,
        offset: int,
        *,
        max_row_bytes: int,
        stopped: Callable[[], bool],
    ) -> None:
        self._item = item
        self._stream = stream
        self._buffer = bytearray(begun).ljust(_READ_BYTES, b"\0")
        self._filled = len(begun)
        self._offset = offset
        self._max_row_bytes = max_row_bytes
        self._stopped = stopped

    def pieces(self) -> Iterator[tuple[int, bytearray, int]]:
        r"""Give the offset of a piece in the stream, the buffer, and how far the piece goes in it, from 0 on.

        Each ends with ``\n``; only the end of a last line without one comes alone.

        :raises DumpError: for a line that is too long or a NUL byte, once all that lies before was given.
        :raises Interrupted: once ``stopped`` holds.
        """
        new, at_end = 0, False
        while not at_end:
            if self._stopped():
                raise Interrupted
            at_end = not self._fill()
            good, fault = self._good_part(new)
            if good:
                yield self._offset, self._buffer, good
                self._buffer[: self._filled - good] = self._buffer[good : self._filled]
                self._filled -= good
                self._offset += good
            if fault:
                raise fault
            new = self._filled
        if self._filled:
            yield self._offset, self._buffer, self._filled

    def _fill(self) -> int:
        if self._filled == len(self._buffer):
            self._buffer += bytes(len(self._buffer))
        with memoryview(self._buffer) as whole, whole[self._filled :] as free:
            count = self._stream.read_into(free)
        self._filled += count
        return count

    def _good_part(self, new: int) -> tuple[int, DumpError | None]:
        """Give how many bytes are whole lines with nothing wrong, and what is wrong behind them."""
        nul = self._buffer.find(b"\0", new, self._filled)
        usable = self._filled if nul < 0 else nul
        good = 0
        while usable - good > self._max_row_bytes:
            # The last end of a line within reach: a line that is too long has none.
            end = self._buffer.rfind(b"\n", good, good + self._max_row_bytes + 1) + 1
            if not end:
                return good, self._fault(good, f"there is a row over dump.max_row_bytes ({self._max_row_bytes:,})")
            good = end
        good = max(good, self._buffer.rfind(b"\n", 0, usable) + 1)
        return good, None if nul < 0 else self._fault(nul, "there is a NUL byte: it is damaged, or not UTF-8")

    def _fault(self, at: int, what: str) -> DumpError:
        return DumpError(f"{self._item}: at byte {self._offset + at:,} {what}")
