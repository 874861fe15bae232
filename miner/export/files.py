"""Writes rows into files: JSON lines, CSV or Parquet, with their digests. The same rows give the same bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from miner.errors import ExportError
from miner.export.values import cell, plain

ROWS_AT_ONCE = 10_000
"""Rows of a Parquet row group: as many are held in memory."""

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Made once: ``json.dumps`` makes one a call, which costs as much as a short row does."""

Rows = Callable[[], Iterable[Sequence[Any]]]
"""Gives the rows from the first: Parquet reads them twice, since it must know a column's type before it writes."""


@dataclass(slots=True)
class Written:
    """What was written: name of the file, number of rows, bytes and SHA-256."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(slots=True)
class Digest:
    """A file that counts and digests what is written into it."""

    file: BinaryIO
    size: int = 0
    rows: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)
    told: Callable[[int], None] = lambda _rows: None
    """Is told the number of rows each :data:`ROWS_AT_ONCE`."""

    def count(self, rows: int = 1) -> None:
        """Count rows that are written."""
        self.rows += rows
        if self.rows // ROWS_AT_ONCE > (self.rows - rows) // ROWS_AT_ONCE:
            self.told(self.rows)

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self.sha256.update(data)
        self.size += len(data)
        return self.file.write(data)

    @property
    def closed(self) -> bool:
        """Whether the file is closed: what writes Parquet asks."""
        return self.file.closed

    def flush(self) -> None:
        """Write what is buffered."""
        self.file.flush()

    def line(self, value: Any) -> None:
        """Write a value as a line of JSON."""
        self.count()
        self.write(_JSON.encode(value).encode("utf-8", "replace") + b"\n")


@contextmanager
def opened(folder: Path, name: str, done: list[Written]) -> Iterator[Digest]:
    """Open a file of an export, and enter what was written when it is closed.

    :raises ExportError: if it cannot be written.
    """
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            digest = Digest(file)
            yield digest
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror}; free some room, or name another folder"
        ) from None
    done.append(Written(name, digest.rows, digest.size, digest.sha256.hexdigest()))


def write_jsonl(digest: Digest, columns: Sequence[str], rows: Rows) -> None:
    """Write an object a row."""
    for row in rows():
        digest.line({name: plain(value) for name, value in zip(columns, row, strict=True)})


def write_csv(digest: Digest, columns: Sequence[str], rows: Rows) -> None:
    """Write a header and a line a row; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")

    def flush() -> None:
        digest.write(text.getvalue().encode("utf-8", "replace"))
        text.seek(0)
        text.truncate()

    writer.writerow(columns)
    for row in rows():
        writer.writerow([cell(value) for value in row])
        digest.count()
        if text.tell() > 1 << 16:
            flush()
    flush()


def write_parquet(digest: Digest, columns: Sequence[str], rows: Rows) -> None:
    """Write a Parquet file, whose columns have the types that their values have.

    :raises ExportError: if pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise ExportError(
            "Parquet needs pyarrow: pip install 'bug-fix-miner[parquet]', or choose another format"
        ) from None
    schema = pa.schema([(name, _arrow(pa, kinds)) for name, kinds in zip(columns, _kinds(columns, rows), strict=True)])
    read = iter(rows())
    with parquet.ParquetWriter(pa.PythonFile(digest, mode="w"), schema, compression="zstd") as writer:
        while part := list(islice(read, ROWS_AT_ONCE)):
            columnwise = zip(*part, strict=True)
            arrays = [
                pa.array([_typed(value, kind.type) for value in values], kind.type)
                for values, kind in zip(columnwise, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            digest.count(len(part))


FORMATS: dict[str, Callable[[Digest, Sequence[str], Rows], None]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
}


def _kinds(columns: Sequence[str], rows: Rows) -> list[set[type]]:
    kinds: list[set[type]] = [set() for _ in columns]
    for row in rows():
        for known, value in zip(kinds, row, strict=True):
            if value is not None:
                known.add(type(plain(value)) if not isinstance(value, bytes) else bytes)
    return kinds


def _arrow(pa: Any, kinds: set[type]) -> Any:
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.binary() if kinds == {bytes} else pa.string()


def _typed(value: Any, kind: Any) -> Any:
    if value is None or isinstance(value, bytes):
        return value
    known = plain(value)
    if str(kind) == "string":
        return str(known).encode("utf-8", "replace").decode("utf-8")
    return float(known) if str(kind) == "double" else known
