"""Locks that a dead holder frees, so that no two processes, on whichever hosts, work on one source of a database.

PostgreSQL: advisory locks of one connection that does nothing else; the server frees them when the connection ends, or
when its host has not answered for a minute. SQLite: locks of the operating system on files beside the database, which
is on one host anyway; they end with the process. Neither can be left behind, so there is nothing to clean up, and no
lease whose time could be wrong. A database in memory is its process' own: nothing is locked.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from miner.clock import Clock
from miner.errors import BusyError, StoreError, StoreReadOnlyError
from miner.store.session import reading, translated

CHECK_SECONDS = 5.0
"""How often a holder makes sure that it still is one."""

_RETRY_SECONDS = 1.0
_CLASS_ID = 0x6D696E65
_MOST_NOTE_BYTES = 63
_HELD_BY_OTHERS = (errno.EACCES, errno.EAGAIN)
_KEEPALIVE = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds locks: ``what`` is the command. Written so that it fits into PostgreSQL's 63 bytes of a name."""

    what: str
    host: str
    pid: int
    since: str

    @classmethod
    def here(cls, what: str, now: datetime) -> Holder:
        """Describe this process."""
        return cls(what, socket.gethostname()[:24] or "?", os.getpid(), f"{now:%Y-%m-%dT%H:%MZ}")

    def note(self) -> str:
        """Write it on one line."""
        return f"miner {self.what.partition(' ')[0][:10]} {self.host} {self.pid} {self.since}"


def told(note: str) -> str:
    """Say in words who wrote a note; one that is not ours is given as it is."""
    words = note.split()
    if len(words) == 5 and words[0] == "miner":
        _, what, host, pid, since = words
        return f"'miner {what}' (process {pid} on {host}, since {since.replace('T', ' ').replace('Z', ' UTC')})"
    return f"another process ({note})" if note else "another process"


class _Backend(Protocol):
    def take(self, name: str, note: str) -> str | None: ...

    def release(self, name: str) -> None: ...

    def alive(self) -> bool: ...

    def close(self) -> None: ...


class Locks:
    """The locks that one piece of work holds on a database. A context manager; leaving it frees all.

    :param what: the command, to tell others who holds them.
    """

    def __init__(self, engine: Engine, what: str, clock: Clock) -> None:
        self._engine = engine
        self._what = what
        self._clock = clock
        self._backend: _Backend | None = None
        self._names: list[str] = []
        self._lost = False
        self._checked = 0.0

    def take(self, names: Iterable[str], wait_seconds: float = 0.0, say: Callable[[str], None] | None = None) -> None:
        """Take all of the locks, or none.

        :param wait_seconds: how long to wait for others.
        :param say: is told once who is waited for.
        :raises BusyError: if another holds one for longer; it says who, and since when.
        :raises Interrupted: when a stop is asked for meanwhile.
        :raises StoreError: if the database cannot be used.
        """
        wanted = sorted(set(names))
        until = self._clock.monotonic() + wait_seconds
        while (busy := self._try(wanted)) is not None:
            if self._clock.monotonic() >= until:
                # Who waited already may have no flag for more.
                more = f"; {wait_seconds:.0f} s were not enough" if wait_seconds else ", or wait for it with --wait"
                raise BusyError(f"{busy}: run the command again when that has ended{more}")
            if say is not None:
                say(f"{busy}; waiting until that ends")
                say = None
            self._clock.sleep(_RETRY_SECONDS)

    def release(self, names: Iterable[str]) -> None:
        """Free some of the locks; those that are not held do not matter."""
        for name in names:
            if self._backend is not None and name in self._names:
                self._names.remove(name)
                self._backend.release(name)

    def lost(self) -> bool:
        """Tell whether the locks are ours no more, which only a server that went away can bring about."""
        if not self._lost and self._names and time.monotonic() - self._checked >= CHECK_SECONDS:
            self._checked = time.monotonic()
            self._lost = self._backend is not None and not self._backend.alive()
        return self._lost

    def require(self) -> None:
        """Let pass only if the locks were held all the time.

        :raises StoreError: if they were lost.
        """
        if self._lost:
            raise StoreError(
                "the database server ended the connection that held the lock, so the run stopped before another could "
                "begin the same: run the same command again, which goes on where it was"
            )

    def close(self) -> None:
        """Free all. They can be taken again."""
        self.release(list(self._names))
        if self._backend is not None:
            self._backend.close()
        self._backend, self._lost = None, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _try(self, wanted: list[str]) -> str | None:
        """Take all; if another holds one, none, and say so."""
        if self._backend is None:
            self._backend = _backend(self._engine)
        note = Holder.here(self._what, self._clock.now()).note()
        for number, name in enumerate(wanted):
            holder = self._backend.take(name, note)
            if holder is not None:
                self.release(wanted[:number])
                return f"{name} is in use by {told(holder)}"
            self._names.append(name)
        self._checked = time.monotonic()
        return None


def _backend(engine: Engine) -> _Backend:
    if engine.dialect.name != "sqlite":
        return _Advisory(engine)
    with reading(engine) as connection:
        # The driver's own answer: names of files may be written as URIs, and are none for a database in memory.
        file = connection.exec_driver_sql("PRAGMA database_list").one()[2]
    return _Files(Path(file)) if file else _Nothing()


class _Nothing:
    def take(self, name: str, note: str) -> None:
        """There is nobody else."""

    def release(self, name: str) -> None:
        """There is nothing to free."""

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        """There is nothing to close."""


class _Files:
    """POSIX locks. They belong to a process, not to a file that is open: forked workers hold none of them."""

    # Within a process they exclude nobody, and closing the file a second time would free them: so it is open once.
    _notes: dict[str, str] = {}  # noqa: RUF012 - shared on purpose
    _guard = threading.Lock()

    def __init__(self, database: Path) -> None:
        self._database = database
        self._open: dict[str, int] = {}

    def take(self, name: str, note: str) -> str | None:
        path = self._path(name)
        with self._guard:
            if path in self._notes:
                return self._notes[path]
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError as error:
                raise StoreReadOnlyError(
                    f"the lock {path} beside the database cannot be made: {error.strerror}"
                ) from None
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                holder = os.read(file, _MOST_NOTE_BYTES).decode(errors="replace")
                os.close(file)
                if error.errno not in _HELD_BY_OTHERS:
                    raise StoreError(f"the lock {path} cannot be taken: {error.strerror}") from None
                return holder
            # On a full disk the lock holds all the same; who holds it is then not to be read.
            with suppress(OSError):
                os.ftruncate(file, 0)
                os.write(file, note.encode()[:_MOST_NOTE_BYTES])
            self._open[name], self._notes[path] = file, note
            return None

    def release(self, name: str) -> None:
        with self._guard:
            # The file stays: whoever waits for it may have it open already.
            os.close(self._open.pop(name))
            del self._notes[self._path(name)]

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        """Each lock closes its file."""

    def _path(self, name: str) -> str:
        return f"{os.path.realpath(self._database)}-lock-{name}"


class _Advisory:
    """Advisory locks of PostgreSQL, on a connection that no pool hands out to anybody else."""

    def __init__(self, engine: Engine) -> None:
        self._url = engine.url
        with translated(self._url):
            self._connection: Connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.detach()
            for name, value in _KEEPALIVE.items():
                self._ask("SELECT set_config(%s, %s, false)", name, str(value))

    def take(self, name: str, note: str) -> str | None:
        with translated(self._url):
            self._ask("SELECT set_config('application_name', %s, false)", note.encode("ascii", "replace").decode())
            if self._ask("SELECT pg_try_advisory_lock(%s, %s)", _CLASS_ID, _number(name)):
                return None
            return str(
                self._ask(
                    "SELECT COALESCE(MAX(application_name), '') FROM pg_locks JOIN pg_stat_activity USING (pid) "
                    "WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = %s AND objid = %s "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                    _CLASS_ID,
                    _number(name),
                )
            )

    def release(self, name: str) -> None:
        # A connection that is lost holds no locks.
        if self._usable():
            try:
                self._ask("SELECT pg_advisory_unlock(%s, %s)", _CLASS_ID, _number(name))
            except DBAPIError:
                self._connection.invalidate()

    def alive(self) -> bool:
        try:
            return self._usable() and self._ask("SELECT 1") == 1
        except DBAPIError:
            return False

    def close(self) -> None:
        try:
            self._connection.close()
        except DBAPIError:
            self._connection.invalidate()

    def _usable(self) -> bool:
        return not self._connection.closed and not self._connection.invalidated

    def _ask(self, sql: str, *values: object) -> object:
        return self._connection.exec_driver_sql(sql, values).scalar()


def _number(name: str) -> int:
    # Two keys of 31 bits: the locks are then told apart from those of other programs, too.
    return zlib.crc32(name.encode()) & 0x7FFFFFFF
