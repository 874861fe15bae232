"""Reads 7z archives through the ``7z`` program: lists what is in one, and streams one file of it.

The archive may come from anywhere. 7z gets no terminal, no password to ask for, no wildcard and no shell, runs in a
session of its own, and is ended with whatever it started as soon as nobody reads on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from miner.errors import DumpError, Interrupted

PROGRAMS = ("7z", "7zz", "7za")

_LISTING_SECONDS = 120
_LOOK_EVERY_MILLISECONDS = 500
_LAST_BREATH_SECONDS = 10
_PIPE_BYTES = 1 << 20
# A password that 7z is given is one that it does not ask for.
_NO_PASSWORD = "-p-"  # noqa: S105 - it is there to be wrong
_OF_NO_FAULT = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL})


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its path there, its size unpacked in bytes, its CRC ("" if not known), and its date."""

    name: str
    size: int | None
    crc: str
    modified_at: datetime | None

    @property
    def base(self) -> str:
        """The name without folders."""
        return re.split(r"[/\\]", self.name)[-1]


def members(archive: Path) -> tuple[Member, ...]:
    """List the files of an archive.

    :raises DumpError: if there is no 7z, or the archive cannot be read, is damaged, or asks for a password.
    """
    command = [_program(archive), "l", "-slt", "-spd", _NO_PASSWORD, "--", str(archive)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LISTING_SECONDS,
            env=_environment(),
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise DumpError(f"{archive}: listing it took more than {_LISTING_SECONDS} s") from None
    _raise_if_failed(archive, done.returncode, done.stderr)
    return tuple(_members(archive, done.stdout.decode("utf-8", "replace")))


@contextlib.contextmanager
def extraction(archive: Path, member: str, stopped: Callable[[], bool]) -> Iterator[Extraction]:
    """Start to unpack one file of an archive into memory, and end 7z when the block is left.

    :raises DumpError: if there is no 7z.
    """
    command = [_program(archive), "x", "-so", "-spd", _NO_PASSWORD, "--", str(archive), member]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            start_new_session=True,
        )
        try:
            yield Extraction(archive, process, errors, stopped)
        finally:
            _end(process)


class Extraction:
    """The bytes of one file of an archive, in order. Made by :func:`extraction`."""

    def __init__(
        self, archive: Path, process: subprocess.Popen[bytes], errors: IO[bytes], stopped: Callable[[], bool]
    ) -> None:
        self._archive = archive
        self._process = process
        self._errors = errors
        self._stopped = stopped
        self._out = _output(process)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # 7z can unpack ahead while rows are looked at.
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._readable = select.poll()
        self._readable.register(self._out, select.POLLIN)

    def read_into(self, free: memoryview) -> int:
        """Put the next bytes into a buffer and give how many; 0 at the end, and only if 7z says that all is well.

        :raises DumpError: if 7z found the archive damaged, or was ended from outside.
        :raises Interrupted: once ``stopped`` holds.
        """
        while not self._readable.poll(_LOOK_EVERY_MILLISECONDS):
            if self._stopped():
                raise Interrupted
        count = os.readv(self._out, [free])
        if not count:
            self._finish()
        return count

    def skip(self, count: int) -> None:
        """Leave out the next ``count`` bytes. An archive has to be unpacked up to there all the same.

        :raises DumpError: as :meth:`read_into`.
        :raises Interrupted: once ``stopped`` holds.
        """
        unwanted = memoryview(bytearray(_PIPE_BYTES))
        while count and (skipped := self.read_into(unwanted[:count])):
            count -= skipped
            if self._stopped():
                raise Interrupted

    def _finish(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_LAST_BREATH_SECONDS)
        code = self._process.poll()
        self._errors.seek(0)
        _raise_if_failed(self._archive, code, self._errors.read(65536))


def _program(archive: Path) -> str:
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        raise DumpError(
            f"{archive}: the program 7z is not installed. Debian, Ubuntu: apt install p7zip-full (or 7zip). "
            "macOS: brew install sevenzip. Or unpack the archive and give the folder"
        )
    return found


def _environment() -> dict[str, str]:
    # 7z prints dates in local time; names in an archive are UTF-8.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _output(process: subprocess.Popen[bytes]) -> int:
    if process.stdout is None:
        raise ValueError("not a pipe")
    return process.stdout.fileno()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout:
        process.stdout.close()
    process.wait()


def _raise_if_failed(archive: Path, code: int | None, stderr: bytes) -> None:
    if code == 0:
        return
    if code is not None and -code in _OF_NO_FAULT:
        raise DumpError(f"{archive}: 7z was ended by {signal.Signals(-code).name}: run the same command again")
    lines = (line.strip() for line in stderr.decode("utf-8", "replace").splitlines())
    said = "; ".join(dict.fromkeys(filter(None, lines)))
    raise DumpError(_explain(archive, said[:500] or f"nothing, and ended with exit code {code}"))


def _explain(archive: Path, said: str) -> str:
    if re.search(r"encrypted|password", said, re.IGNORECASE):
        return _protected(archive) + f" (7z says: {said})"
    return f"{archive}: 7z cannot read it; download the archive again (7z says: {said})"


def _protected(archive: Path) -> str:
    return f"{archive} asks for a password, as no Stack Exchange dump does: unpack it, and give the folder"


def _members(archive: Path, listing: str) -> Iterator[Member]:
    _, _, entries = listing.partition("\n----------\n")
    for entry in entries.split("\n\n"):
        fields = dict(line.partition(" = ")[::2] for line in entry.splitlines())
        if not fields.get("Path") or fields.get("Attributes", "").startswith("D"):
            continue
        if fields.get("Encrypted") == "+":
            raise DumpError(_protected(archive))
        size = fields.get("Size", "")
        modified = _moment(fields.get("Modified", ""))
        yield Member(fields["Path"], int(size) if size.isdigit() else None, fields.get("CRC", ""), modified)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
