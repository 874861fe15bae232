"""The file of a backup: a zip with one entry of JSON lines a table, and a manifest. The same for both databases.

A row is a JSON array in the order of the manifest's columns. A time is text as :func:`miner.store.values.stamp` writes
it, bytes are base64; the manifest says which columns are which, how many rows an entry has, and its SHA-256. Whatever
the size of a table, a row at a time is in memory.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from miner.errors import BackupError
from miner.store.values import stamp

FORMAT = 1
Kind = Literal["plain", "time", "bytes"]
Row = Sequence[Any]

_MANIFEST = "manifest.json"
_MOST_MANIFEST_BYTES = 10_000_000
_LEVEL = 3
# What the standard library raises of bytes that are no zip, or none that it can read.
_UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError),
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, OverflowError, RuntimeError),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A table in the file: its columns by name and kind, its rows, and the SHA-256 of its lines."""

    columns: tuple[tuple[str, Kind], ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file holds: the schema's revision, and the tables in the order in which they can be filled."""

    revision: str
    miner_version: str
    created_at: str
    tables: dict[str, Entry] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(entry.rows for entry in self.tables.values())


class ArchiveWriter:
    """Writes a file; :meth:`close` writes the manifest."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self.manifest = manifest

    def add(self, name: str, columns: Sequence[tuple[str, Kind]], rows: Iterable[Row]) -> Iterator[int]:
        """Add a table, and give how many rows are written so far, from time to time."""
        digest, count = hashlib.sha256(), 0
        kinds = [kind for _, kind in columns]
        with self._zip.open(_entry(name), "w", force_zip64=True) as file:
            for row in rows:
                values = [_plain(value, kind) for value, kind in zip(row, kinds, strict=True)]
                line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                file.write(line)
                count += 1
                if not count % 1000:
                    yield count
        self.manifest.tables[name] = Entry(tuple(columns), count, digest.hexdigest())
        yield count

    def close(self) -> None:
        """Write the manifest, and end the file."""
        self._zip.writestr(_MANIFEST, json.dumps({"format": FORMAT, **asdict(self.manifest)}, indent=1))
        self._zip.close()

    def give_up(self) -> None:
        """Close the file as it is."""
        self._zip.close()


class ArchiveReader:
    """Reads a file.

    :raises BackupError: (also later) if it is no backup, damaged, or of a newer miner.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except _UNREADABLE as error:
            reason = getattr(error, "strerror", None) or "it is no backup of the miner, or it is cut off"
            raise BackupError(f"{path} cannot be read: {reason}") from None
        try:
            self.manifest = self._read_manifest()
        except BackupError:
            self._zip.close()
            raise

    def rows(self, name: str) -> Iterator[list[Any]]:
        """Give the rows of a table; at the end it is certain that all came as they were written."""
        entry = self.manifest.tables[name]
        kinds = [kind for _, kind in entry.columns]
        digest, count = hashlib.sha256(), 0
        try:
            with self._zip.open(_entry(name)) as file:
                for line in io.BufferedReader(file):  # type: ignore[type-var]
                    digest.update(line)
                    count += 1
                    yield [_value(value, kind) for value, kind in zip(json.loads(line), kinds, strict=True)]
        except _UNREADABLE as error:
            raise self._damaged(f"the table {name} cannot be read ({type(error).__name__})") from None
        if (count, digest.hexdigest()) != (entry.rows, entry.sha256):
            raise self._damaged(f"the table {name} is not as it was written")

    def verify(self) -> None:
        """Read everything once.

        :raises BackupError: if something is not as it was written.
        """
        for name in self.manifest.tables:
            for _ in self.rows(name):
                pass

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _read_manifest(self) -> Manifest:
        try:
            if self._zip.getinfo(_MANIFEST).file_size > _MOST_MANIFEST_BYTES:
                raise self._damaged("its manifest is too long")
            values = json.loads(self._zip.read(_MANIFEST))
            if values.pop("format") != FORMAT:
                raise BackupError(f"{self._path} was written by a newer miner: install that version")
            tables = {
                str(name): Entry(
                    tuple((str(column), _kind(kind)) for column, kind in entry["columns"]),
                    int(entry["rows"]),
                    str(entry["sha256"]),
                )
                for name, entry in values.pop("tables").items()
            }
            return Manifest(**{name: str(value) for name, value in values.items()}, tables=tables)
        except _UNREADABLE:
            raise self._damaged("its manifest cannot be read") from None

    def _damaged(self, what: str) -> BackupError:
        return BackupError(f"{self._path} is damaged, or no backup of the miner: {what}; use another copy")


def _entry(name: str) -> str:
    return f"tables/{name}.jsonl"


def _kind(text: str) -> Kind:
    if text == "time" or text == "bytes" or text == "plain":
        return text  # type: ignore[return-value]
    raise ValueError(text)


def _plain(value: Any, kind: Kind) -> Any:
    if value is None or kind == "plain":
        return value
    return stamp(value) if kind == "time" else base64.b64encode(value).decode("ascii")


def _value(value: Any, kind: Kind) -> Any:
    if value is None or kind == "plain":
        return value
    return datetime.fromisoformat(value) if kind == "time" else base64.b64decode(value)
