"""Fills a database from a backup: all of it or nothing, whichever kind of database it came from.

An SQLite file is made beside the one that is there, and takes its place when it is right; on PostgreSQL everything
happens in one transaction. A backup of an older schema is restored as it was, and then upgraded.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import DBAPIError

from miner.errors import BackupError, SchemaError
from miner.job import Reporter
from miner.store import schema
from miner.store.archivefile import ArchiveReader, Entry, Manifest
from miner.store.backup import COPY_SUFFIXES, check_copy, claim, kind_of, part_of, present, snapshot
from miner.store.session import masked, open_engine, parse_url, reading
from miner.store.tables import metadata
from miner.store.values import stamp

_ROWS = 1000
_LOCK_SECONDS = 30


RowsOf = Callable[[str], Iterable[Any]]
"""Gives the rows of a table."""


def restore(source: Path, url: str, reporter: Reporter, *, force: bool = False) -> Manifest:
    """Fill a database from a backup.

    :param url: of the database; an SQLite file need not be there, on PostgreSQL it must.
    :param force: whether what the database holds is thrown away.
    :raises BackupError: if it holds something and that is not forced, or the backup is damaged: it is as it was.
    :raises SchemaError: if the backup is of a newer version.
    :raises StoreError: what the database could not do.
    """
    with _opened(source) as (known, rows_of):
        _refuse_newer(known.revision, source)
        target = parse_url(url)
        if target.drivername == "sqlite":
            _into_file(Path(target.database or ""), known, rows_of, reporter, force=force)
        else:
            _into_server(open_engine(url), known, rows_of, reporter, force=force)
    return known


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Manifest, RowsOf]]:
    if not source.is_file():
        raise BackupError(f"there is no file {source}")
    if source.suffix not in COPY_SUFFIXES:
        reader = ArchiveReader(source)
        with closing(reader):
            yield reader.manifest, reader.rows
        return
    revision = check_copy(source)
    engine = open_engine(f"sqlite:///{source.absolute()}", create=False)
    try:
        with snapshot(engine) as connection:
            columns = {table.name: found for table, found in present(connection)}
            entries = {
                table.name: Entry(
                    tuple((column.name, kind_of(column)) for column in found),
                    connection.scalar(select(func.count()).select_from(table)) or 0,
                    "",
                )
                for table, found in present(connection)
            }
            yield (
                Manifest(revision, "", "", entries),
                lambda name: connection.execution_options(yield_per=_ROWS).execute(select(*columns[name])),
            )
    finally:
        engine.dispose()


def _into_file(target: Path, known: Manifest, rows_of: RowsOf, reporter: Reporter, *, force: bool) -> None:
    if target.exists():
        _claim(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    with part_of(target) as part:
        engine = open_engine(f"sqlite:///{part.absolute()}")
        try:
            _fill(engine, known, rows_of, reporter, force=True)
        finally:
            engine.dispose()
        with closing(sqlite3.connect(part)) as connection:
            # What is in the log goes into the file, which then stands alone.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")
        check_copy(part)
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")


def _claim(target: Path, *, force: bool) -> None:
    """Let a file be replaced only if it is empty or that is forced, and nobody has it open."""
    if target.stat().st_size == 0:
        return
    if not force:
        with closing_engine(open_engine(f"sqlite:///{target.absolute()}", create=False)) as engine:
            _refuse_full(engine)
    claim(target)


@contextmanager
def closing_engine(engine: Engine) -> Iterator[Engine]:
    """Give an engine, and close its connections in the end."""
    try:
        yield engine
    finally:
        engine.dispose()


def _refuse_full(engine: Engine) -> None:
    with reading(engine) as connection:
        full = [table.name for table, _ in present(connection) if connection.execute(select(table).limit(1)).first()]
    if full:
        raise BackupError(f"the database {masked(engine.url)} is not empty: name another, or say --force to replace it")


def _into_server(engine: Engine, known: Manifest, rows_of: RowsOf, reporter: Reporter, *, force: bool) -> None:
    with closing_engine(engine):
        if not force:
            _refuse_full(engine)
        _fill(engine, known, rows_of, reporter, force=force)


def _fill(engine: Engine, known: Manifest, rows_of: RowsOf, reporter: Reporter, *, force: bool) -> None:
    with schema.altering(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
        _empty(connection, force=force)
        schema.make(connection, known.revision, masked(engine.url))
        for name, entry in known.tables.items():
            reporter.start("restore", name, entry.rows, "rows")
            _load(connection, name, entry, rows_of(name), reporter)
            reporter.finish("restore", name)
        if known.revision != schema.HEAD:
            schema.migrate(connection)
    schema.settle(engine)


def _empty(connection: Connection, *, force: bool) -> None:
    """Drop the miner's tables, which are empty if nothing is forced; they are made anew as the backup has them."""
    tables = [table for table, _ in present(connection)]
    if not force and any(connection.execute(select(table).limit(1)).first() for table in tables):
        raise BackupError("the database was filled meanwhile: name another, or say --force to replace it")
    schema.drop(connection)


def _load(connection: Connection, name: str, entry: Entry, rows: Iterable[Any], reporter: Reporter) -> None:
    columns = [column for column, _ in entry.columns]
    unknown = name not in metadata.tables or set(columns) - {c["name"] for c in inspect(connection).get_columns(name)}
    if unknown:
        raise BackupError(f"the backup has the table {name} in a form that this version does not know")
    put = _copy_in if connection.dialect.name == "postgresql" else _insert
    done = 0
    for part in _parts(rows):
        put(connection, name, columns, part)
        done += len(part)
        reporter.advance("restore", name, done)
    found = connection.scalar(select(func.count()).select_from(metadata.tables[name]))
    if not done == found == entry.rows:
        raise BackupError(f"the table {name} has {found} rows, and the backup says {entry.rows}: use another copy")


def _insert(connection: Connection, name: str, columns: list[str], rows: Iterable[Any]) -> None:
    marks = ", ".join("?" * len(columns))
    quoted = ", ".join(f'"{column}"' for column in columns)
    plain = [tuple(stamp(value) if isinstance(value, datetime) else value for value in row) for row in rows]
    connection.exec_driver_sql(f'INSERT INTO "{name}" ({quoted}) VALUES ({marks})', plain)  # noqa: S608 - our own names


def _copy_in(connection: Connection, name: str, columns: list[str], rows: Iterable[Any]) -> None:
    import psycopg

    driver: Any = connection.connection.driver_connection
    quoted = ", ".join(f'"{column}"' for column in columns)
    statement = f'COPY "{name}" ({quoted}) FROM STDIN'
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def _parts(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, _ROWS)):
        yield part


def _refuse_newer(revision: str, source: Path) -> None:
    if revision not in schema.revisions():
        raise SchemaError(f"{source} has the schema {revision}, which this version does not know: install a newer one")
