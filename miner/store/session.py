"""Opens the database, and turns what its driver raises into the miner's errors. No message holds a password."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from miner.errors import (
    SettingsError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreMissingError,
    StoreReadOnlyError,
)

BUSY_TIMEOUT_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 10

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SECRET_QUERY_KEYS = {"password", "sslpassword"}

# https://www.sqlite.org/rescode.html and https://www.postgresql.org/docs/current/errcodes-appendix.html
_FULL = {"SQLITE_FULL", "53100"}
_READ_ONLY = {"SQLITE_READONLY", "SQLITE_PERM", "25006", "42501"}
_EXPLAINED = {
    "SQLITE_NOTADB": "is not an SQLite database: name another file",
    "SQLITE_CORRUPT": "is damaged: restore it, or name another file and collect again",
    "SQLITE_CANTOPEN": "cannot be opened: check that its folder exists and can be written",
    "SQLITE_BUSY": "is in use by another process: run the command again when that has ended",
    "SQLITE_LOCKED": "is in use by another process: run the command again when that has ended",
    "28P01": "refused the user or the password",
    "28000": "refused the user or the password",
    "3D000": "does not exist on its server: create it",
    "40P01": "is written by another process at the same time: run the command again",
    "40001": "is written by another process at the same time: run the command again",
    "53300": "takes no more connections: run the command again later",
    "57P03": "is starting or stopping: run the command again later",
}
_DEFECTS = ("IntegrityError", "DataError", "ProgrammingError", "InterfaceError", "NotSupportedError")


def parse_url(text: str) -> URL:
    """Read a database URL: ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME`` (``postgres://`` is the same).

    :raises SettingsError: if it is not one, or names another database.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(
            "database.url is not a database URL: write sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from None
    if url.drivername not in _DRIVERS:
        raise SettingsError(f"database.url names {url.drivername}: only sqlite and postgresql are supported")
    return url.set(drivername=_DRIVERS[url.drivername])


def masked(url: URL) -> str:
    """Give a URL as text that may be shown: the password is ``***``, other secrets are left out."""
    shown = url.difference_update_query(_SECRET_QUERY_KEYS).set(drivername=url.drivername.partition("+")[0])
    return shown.render_as_string(hide_password=True)


def open_engine(text: str, create: bool = True) -> Engine:
    """Open the database and prove that it answers.

    :param text: the database URL; the folder of an SQLite file is made if it is missing.
    :param create: whether an SQLite file that does not exist is made.
    :raises StoreError: for what is not a database URL, a server that does not answer, a file that is not a database.
    :raises StoreReadOnlyError: if it cannot be written although its first use needs it.
    """
    url = parse_url(text)
    if url.drivername == "sqlite":
        _prepare_file(url, create)
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, connect_args=_postgresql_arguments(url))
    with reading(engine):
        return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that sees one state of the database.

    :raises StoreError: what the database could not do.
    """
    with translated(engine.url), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that is committed at the end, or rolled back if anything is raised.

    On SQLite it waits for its turn to write at the start, so that what it reads stays true until it has written.

    :raises StoreFullError: if there is no room left.
    :raises StoreReadOnlyError: if the database cannot be written.
    :raises StoreError: what else the database could not do.
    """
    with translated(engine.url), engine.connect() as connection:
        connection.execution_options(writing=True)
        with connection.begin():
            yield connection


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn what a driver raises about the database's state into a StoreError. Our own defects pass as they are."""
    try:
        yield
    except DBAPIError as error:
        translation = _translate(error, url)
        if translation is None:
            raise
        raise translation from None


def _translate(error: DBAPIError, url: URL) -> StoreError | None:
    code = _code(error.orig)
    if code in _FULL:
        return StoreFullError(f"there is no room left for the database {masked(url)}: free some and run it again")
    if code in _READ_ONLY:
        return StoreReadOnlyError(
            f"the database {masked(url)} cannot be written: give write permission, or name another with --database-url"
        )
    if code == "55P03":
        return StoreBusyError(f"the database {masked(url)} is in use by another process: run the command again later")
    if code in _EXPLAINED:
        return StoreError(f"the database {masked(url)} {_EXPLAINED[code]}")
    if type(error).__name__ in _DEFECTS:
        return None
    return StoreError(f"the database {masked(url)} does not answer: {_first_line(error, url)}")


def _code(error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "")
        return "_".join(name.split("_")[:2])
    return getattr(error, "sqlstate", None) or ""


def _first_line(error: DBAPIError, url: URL) -> str:
    line = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
    secrets = [url.password, *(url.query[key] for key in _SECRET_QUERY_KEYS if key in url.query)]
    for secret in secrets:
        if secret:
            line = line.replace(str(secret), "***")
    return line


def _prepare_file(url: URL, create: bool) -> None:
    if not url.database or url.database == ":memory:" or url.query.get("uri"):
        return
    path = Path(url.database)
    if not create and not path.exists():
        raise StoreMissingError(
            f"there is no database {path} yet: run 'miner collect', or name another with --database-url"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnlyError(f"the folder {path.parent} of the database cannot be made: {error.strerror}") from None


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not start transactions of its own: _begin_sqlite chooses how one starts.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Rows of 1-2 KB overflow the default pages of 4 KB, and a checkpoint each 4 MB costs a tenth of a long write.
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    # Nothing above looks into the file: this tells whether it is a database at all.
    connection.execute("PRAGMA schema_version").fetchone()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once, without waiting, if another one wrote in between.
    writes = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_arguments(url: URL) -> dict[str, Any]:
    options = url.query.get("options", "")
    arguments: dict[str, Any] = {"options": f"{options} -c TimeZone=UTC".strip(), "application_name": "miner"}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_TIMEOUT_SECONDS
    return arguments
