"""The archive: every body that a source sent, and for each run a journal of what was asked and what came.

::

    objects/ab/abcd....zst          a body by the SHA-256 of its bytes, compressed
    objects/ab/abcd....redacted.zst what is left of it without the texts of those who opted out
    runs/NAME/000001.jsonl.zst      a run's journal while it runs, or as far as it came when it was killed
    runs/NAME.jsonl.zst             the journal of a run that ended
    runs/NAME.pruned.json           what is left of a run that was pruned

It is a folder, or whatever else fsspec can write to. Nothing in it is ever changed: an object is there whole or not at
all, and is there before the row that names it. What a killed run leaves without a row is harmless.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import zstandard
from fsspec.implementations.local import LocalFileSystem

from miner.errors import ArchiveDamagedError, ArchiveError, ArchiveFullError, MinerError, SettingsError
from miner.secrets import masked
from miner.settings import Settings

Line = dict[str, Any]
"""One line of a journal: "event" says what it tells."""

JOURNAL = ".jsonl.zst"
PRUNED = ".pruned.json"
_OBJECT = ".zst"
_REDACTED = ".redacted.zst"
_LEVEL = 6
_MOST_KNOWN = 100_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Archive:
    """An archive at one place. It is made when something is first written to it."""

    def __init__(self, url: str) -> None:
        """Take the archive at a path, or at any URL that fsspec knows.

        :raises SettingsError: for a URL that no installed file system serves.
        """
        self.name = masked(url)
        try:
            self._files, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise SettingsError(f"archive.url {self.name} cannot be used: {error}") from None
        self._root = str(root).rstrip("/")
        self._local = isinstance(self._files, LocalFileSystem)
        self._known: set[str] = set()

    def put(self, body: bytes) -> str:
        """Keep a body, once, and give its SHA-256 in hex. When this returns, it is on disk.

        :raises ArchiveFullError: if there is no room left.
        :raises ArchiveError: if it cannot be written.
        """
        digest = sha256(body).hexdigest()
        if digest not in self._known:
            path = self._object(digest)
            with self._explained(f"objects/{digest}"):
                there = self._files.exists(path)
            if not there:
                self._write(path, zstandard.ZstdCompressor(_LEVEL).compress(body))
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known.add(digest)
        return digest

    def get(self, digest: str) -> bytes | None:
        """Give a body by its SHA-256; None if it is not there.

        :raises ArchiveDamagedError: if what is there is something else.
        """
        packed = self._read(self._object(digest))
        if packed is None:
            return self._redacted(digest)
        body = _unpacked(packed)
        if body is None or sha256(body).hexdigest() != digest:
            raise ArchiveDamagedError(
                f"{self._object(digest)} in the archive {self.name} is damaged: its content is not that of its "
                "SHA-256. Put a sound copy in its place, or delete it: what is not there is asked for anew"
            )
        return body

    def replace(self, digest: str, body: bytes) -> None:
        """Let something else be what is kept of a body: what had to be taken out of it is gone."""
        self._write(
            self._object(digest).removesuffix(_OBJECT) + _REDACTED, zstandard.ZstdCompressor(_LEVEL).compress(body)
        )
        self._known.discard(digest)
        self._delete(self._object(digest))

    def _redacted(self, digest: str) -> bytes | None:
        path = self._object(digest).removesuffix(_OBJECT) + _REDACTED
        packed = self._read(path)
        body = None if packed is None else _unpacked(packed)
        if packed is not None and body is None:
            raise ArchiveDamagedError(f"{path} in the archive {self.name} is damaged: put a sound copy in its place")
        return body

    def objects(self) -> dict[str, int]:
        """Give the compressed size of each object, by its SHA-256."""
        found = self._listed("objects")
        names = ((path.rpartition("/")[2], size) for path, size in found.items())
        return {name.partition(".")[0]: size for name, size in names if name.endswith(_OBJECT) and name[0] != "."}

    def size(self) -> int:
        """Give the bytes that all of it takes."""
        return sum(self._listed("").values())

    def forget(self, digest: str) -> None:
        """Delete an object, if it is there."""
        self._known.discard(digest)
        self._delete(self._object(digest))
        self._delete(self._object(digest).removesuffix(_OBJECT) + _REDACTED)

    def append(self, journal: str, number: int, lines: list[Line], *, durable: bool) -> None:
        """Add a part to a journal: whole, or not at all.

        :param number: of the part, from 1.
        :param durable: whether it has to outlive a crash of the machine, and not only of the miner.
        """
        self._write(f"{self._root}/runs/{journal}/{number:06d}{JOURNAL}", _packed(lines), durable=durable)

    def close(self, journal: str) -> None:
        """Put the parts of a journal together."""
        self._write(f"{self._root}/runs/{journal}{JOURNAL}", _packed(self.lines(journal)))
        self._delete(f"{self._root}/runs/{journal}")

    def journals(self) -> list[str]:
        """Give the names of all journals, the oldest first; those of pruned runs are not among them."""
        return sorted(self.journal_sizes())

    def journal_sizes(self) -> dict[str, int]:
        """Give the bytes that each journal takes, by its name."""
        found: dict[str, int] = {}
        for path, size in self._below_runs().items():
            if path.endswith(JOURNAL):
                name = path.split("/")[0].removesuffix(JOURNAL)
                found[name] = found.get(name, 0) + size
        return found

    def lines(self, journal: str) -> list[Line]:
        """Give a journal's lines.

        :raises ArchiveDamagedError: if one cannot be read.
        """
        whole = self._read(f"{self._root}/runs/{journal}{JOURNAL}")
        if whole is not None:
            return self._parsed(f"{journal}{JOURNAL}", whole)
        parts = [path for path in self._below_runs(journal) if path.endswith(JOURNAL)]
        return [line for path in parts for line in self._parsed(path, self._read(f"{self._root}/runs/{path}") or b"")]

    def entomb(self, journal: str, told: Line) -> None:
        """Enter that a journal was pruned, and what it was of."""
        self._write(f"{self._root}/runs/{journal}{PRUNED}", json.dumps(told).encode())

    def tombs(self) -> dict[str, Line]:
        """Give what is told of the journals that were pruned, by their names."""
        names = [path for path in self._below_runs() if path.endswith(PRUNED)]
        return {
            name.removesuffix(PRUNED): json.loads(self._read(f"{self._root}/runs/{name}") or b"{}") for name in names
        }

    def drop(self, journal: str) -> None:
        """Delete a journal."""
        for path in (f"{self._root}/runs/{journal}{JOURNAL}", f"{self._root}/runs/{journal}"):
            self._delete(path)

    def tidy(self, before: datetime) -> None:
        """Delete what writes that were broken off before a moment left behind. Others' may still go on."""
        if self._local:
            for path in Path(self._root).glob("*/**/.*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < before.timestamp():
                        path.unlink()

    def _object(self, digest: str) -> str:
        return f"{self._root}/objects/{digest[:2]}/{digest}{_OBJECT}"

    def _below_runs(self, journal: str = "") -> dict[str, int]:
        start, listed = f"{self._root}/runs/", sorted(self._listed(f"runs/{journal}").items())
        found = ((path[path.index(start) + len(start) :], size) for path, size in listed)
        return {path: size for path, size in found if not path.rpartition("/")[2].startswith(".")}

    def _listed(self, folder: str) -> dict[str, int]:
        with self._explained(folder or "it"):
            self._files.invalidate_cache()
            found = self._files.find(f"{self._root}/{folder}".rstrip("/"), detail=True)
            return {path: int(entry.get("size") or 0) for path, entry in found.items()}

    def _read(self, path: str) -> bytes | None:
        with self._explained(path):
            try:
                return bytes(self._files.cat_file(path))
            except FileNotFoundError:
                return None

    def _write(self, path: str, data: bytes, *, durable: bool = True) -> None:
        with self._explained(path):
            if self._local:
                _write_file(Path(path), data, durable=durable)
            else:
                self._files.pipe_file(path, data)

    def _delete(self, path: str) -> None:
        with self._explained(path), suppress(FileNotFoundError):
            self._files.rm(path, recursive=True)

    def _parsed(self, path: str, packed: bytes) -> list[Line]:
        text = _unpacked(packed)
        try:
            return [json.loads(line) for line in (text or b"x").splitlines()]
        except ValueError:
            raise ArchiveDamagedError(
                f"the journal runs/{path} in the archive {self.name} is damaged: put a sound copy in its place; "
                "without it the run cannot be rebuilt"
            ) from None

    @contextmanager
    def _explained(self, item: str) -> Iterator[None]:
        try:
            yield
        except MinerError:
            raise
        except Exception as error:  # noqa: BLE001 - each file system brings errors of its own
            problem = error
        else:
            return
        if isinstance(problem, OSError) and problem.errno in _FULL:
            raise ArchiveFullError(
                f"there is no room left for the archive {self.name}: free some, or name another place in archive.url; "
                "run the command again, which goes on where it was"
            )
        reason = "it is not there" if isinstance(problem, FileNotFoundError) else getattr(problem, "strerror", None)
        reason = reason or type(problem).__name__
        raise ArchiveError(f"{masked(item)} of the archive {self.name} cannot be used ({reason}): check archive.url")


def archive_of(settings: Settings, url: str | None = None) -> Archive:
    """Give the archive of the settings, or another one.

    :raises SettingsError: for a URL that cannot be used.
    """
    return Archive(url or settings.archive.url or str(settings.storage.data_dir.absolute() / "archive"))


def _write_file(path: Path, data: bytes, *, durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # The new name is on disk once its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _packed(lines: list[Line]) -> bytes:
    text = "".join(f"{json.dumps(line, separators=(',', ':'), default=str)}\n" for line in lines)
    return zstandard.ZstdCompressor(_LEVEL).compress(text.encode())


def _unpacked(packed: bytes) -> bytes | None:
    """Give what was compressed; None: it is damaged."""
    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    except zstandard.ZstdError:
        return None
