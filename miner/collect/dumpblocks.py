"""Reads a table of a dump block by block: its wanted rows, and what is wrong with those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from miner.collect.dumphead import Head, declares, read_head
from miner.collect.dumprows import DumpRowError, Row, parse_row
from miner.collect.dumpselect import Wanted
from miner.collect.dumpstream import ByteStream, LineReader, Location
from miner.errors import DumpError
from miner.model import Omission, OmissionReason
from miner.settings import DumpSettings

_LINE_END = 10
_ROW_BEGINS = (b"<row ", b"<row\t", b"<row/", b"<row>")
_DECLARES = "a document type or an entity is declared, as in no Stack Exchange dump"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a table: the wanted rows of the bytes from ``start`` to ``end``, which is where a row ends.

    ``seen`` is how many rows there were, ``omissions`` tells of those that cannot be read. ``last``: the table ends
    with this block. ``late``: see :class:`~miner.collect.dumpselect.PostsWanted`.
    """

    start: int
    end: int
    rows: tuple[Row, ...]
    seen: int
    omissions: tuple[Omission, ...]
    late: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table's name, the site that it is of, and where its bytes lie."""

    table: str
    site: str
    location: Location


def read_blocks(
    source: TableSource, wanted: Wanted, settings: DumpSettings, *, start: int, stopped: Callable[[], bool]
) -> Iterator[Block]:
    """Read a table; see :meth:`~miner.collect.dump.DumpTable.blocks`."""
    item = str(source.location)
    with source.location.open(stopped) as stream:
        head = read_head(item, source.table, stream)
        first = max(start, head.size)
        begun = _go_to(stream, head, first)
        reader = LineReader(item, stream, begun, first, max_row_bytes=settings.max_row_bytes, stopped=stopped)
        builder = _Builder(source, wanted, start, first)
        builder.closed = head.empty
        try:
            for offset, lines, size in reader.pieces():
                at = 0
                while at < size:
                    at = builder.take(lines, at, size, offset, settings.block_bytes)
                    if builder.is_full(settings.block_bytes):
                        yield builder.block()
            builder.raise_if_cut()
        except DumpError:
            if builder.has_something():
                yield builder.block()
            raise
        yield builder.block(last=True)


def _go_to(stream: ByteStream, head: Head, first: int) -> bytes:
    """Go to a byte behind the head, and give what was read of the stream from there on."""
    ahead = first - head.size
    if ahead > len(head.begun):
        stream.skip(ahead - len(head.begun))
    return head.begun[ahead:]


class _Builder:
    """Gathers a block, and knows how far the table was read."""

    def __init__(self, source: TableSource, wanted: Wanted, start: int, first: int) -> None:
        self.closed = False
        self._source = source
        self._wanted = wanted
        self._close = b"</%s>" % source.table.lower().encode()
        self._start = start
        self._end = first
        self._rows: list[Row] = []
        self._omissions: list[Omission] = []
        self._seen = 0

    def take(self, lines: bytearray, at: int, size: int, offset: int, block_bytes: int) -> int:
        """Look at lines from ``at`` on, up to the end of the block; give how far that is."""
        if self.closed or lines[size - 1] != _LINE_END:
            self._end_of_table(lines[at:size])
            return size
        enough = max(at, self._start + block_bytes - offset - 1)
        stop = lines.find(b"\n", enough, size) + 1 or size
        done, before = at, self._wanted.seen
        try:
            for begin, end in self._wanted.spans(lines, at, stop):
                done = begin
                if self._closes(lines[begin:end].strip(), offset + begin):
                    return end + 1
            done = stop
        except DumpError:
            self._seen -= 1
            raise
        finally:
            self._end = offset + done
            # Lines that are no rows are counted already, negatively.
            self._seen += self._wanted.seen - before
        return stop

    def is_full(self, block_bytes: int) -> bool:
        """Tell whether the block has its size."""
        return not self.closed and self._end - self._start >= block_bytes

    def has_something(self) -> bool:
        """Tell whether rows were seen since the last block."""
        return self._seen > 0

    def block(self, *, last: bool = False) -> Block:
        """Give the block, and begin the next one."""
        rows, omissions = tuple(self._rows), tuple(self._omissions)
        block = Block(self._start, self._end, rows, self._seen, omissions, self._wanted.late, last)
        self._start, self._seen = self._end, 0
        self._rows, self._omissions = [], []
        return block

    def raise_if_cut(self) -> None:
        """Tell of a file that does not end as a table does.

        :raises DumpError: if there was no closing tag.
        """
        if not self.closed:
            raise DumpError(
                f"{self._source.location} ends at byte {self._end:,} without {self._close.decode()}: "
                "it is not complete; get the dump again"
            )

    def _closes(self, text: bytearray, at: int) -> bool:
        """Take a line; tell whether it is the closing tag."""
        if not text.startswith(_ROW_BEGINS):
            return self._no_row(text, at)
        if text.find(b"<", 1) >= 0 and declares(text):
            raise self._refusal(at, _DECLARES)
        self._row(text, at)
        return False

    def _row(self, text: bytearray, at: int) -> None:
        try:
            row = parse_row(text)
            if self._wanted.accepts(row):
                self._rows.append(row)
        except DumpRowError as error:
            if text.count(b"<row ") > 1:
                raise self._refusal(at, "there are several rows in one line") from None
            subject = f"row:{self._source.table}:{self._source.site}:{at}"
            self._omissions.append(Omission(OmissionReason.POST_UNREADABLE, subject, f"row at byte {at:,}: {error}"))

    def _no_row(self, text: bytearray, at: int) -> bool:
        if text and text != self._close:
            if declares(text):
                raise self._refusal(at, _DECLARES)
            raise self._refusal(at, "there is a line that is no row: it is damaged, or no Stack Exchange dump")
        self._seen -= 1
        self.closed = text == self._close
        return self.closed

    def _end_of_table(self, rest: bytearray) -> None:
        text = rest.strip()
        if text == self._close and not self.closed:
            self.closed = True
        elif text and self.closed:
            raise self._refusal(self._end, f"it goes on after {self._close.decode()}")

    def _refusal(self, at: int, what: str) -> DumpError:
        return DumpError(f"{self._source.location}: at byte {at:,} {what}")
