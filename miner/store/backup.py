"""Writes all that the database holds into one file, as it was at one moment, while others go on writing.

A file whose name ends with .db or .sqlite is a copy of an SQLite database, page by page; any other an archive, which
can be restored into either kind of database. Only the miner's tables are in an archive.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, LargeBinary, Table, inspect, select

from miner import __version__
from miner.errors import BackupError, SchemaError, StoreError
from miner.job import Reporter
from miner.store import schema
from miner.store.archivefile import ArchiveReader, ArchiveWriter, Kind, Manifest
from miner.store.columns import UtcDateTime
from miner.store.session import masked, translated
from miner.store.tables import metadata
from miner.store.values import stamp

COPY_SUFFIXES = (".db", ".sqlite", ".sqlite3")
_ROWS = 1000


def backup(engine: Engine, target: Path, reporter: Reporter, *, force: bool = False) -> Manifest:
    """Back a database up, of this version or an older one, read the backup once, and put it in its place.

    :param force: whether a file of that name is replaced.
    :raises BackupError: if there is one, or the file cannot be written or is not right.
    :raises StoreError: if the database cannot be read.
    """
    if target.exists() and not force:
        raise BackupError(f"{target} is there already: name another file, or say --force")
    revision = schema.current(engine)
    if revision is None:
        raise SchemaError(f"the database {masked(engine.url)} has no tables: there is nothing to back up")
    is_copy = target.suffix in COPY_SUFFIXES
    if is_copy and engine.dialect.name != "sqlite":
        raise BackupError(f"{target}: only an SQLite database can be copied as a file: name it {target.stem}.zip")
    if is_copy and target.exists() and target.stat().st_size:
        claim(target)
    manifest = Manifest(revision, __version__, stamp(datetime.now(UTC)))
    with part_of(target) as part:
        if is_copy:
            _copy(engine, part, reporter)
            check_copy(part)
        else:
            _archive(engine, part, manifest, reporter)
            reader = ArchiveReader(part)
            try:
                reader.verify()
            finally:
                reader.close()
    return manifest


@contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """Give a file beside another, which takes its place when all went well: whole, on the disk, for its owner alone.

    :raises BackupError: if it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        _unlink(part)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield part
        for path in (part, part.parent):
            _settle(path)
        if not target.exists():
            # The log of a database that was deleted would be taken for one of this.
            _unlink(target)
        part.replace(target)
        _settle(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            _unlink(part)


def claim(path: Path) -> None:
    """Let an SQLite file be replaced only if nobody has it open; its log is then in it.

    :raises BackupError: if somebody has, or it is no database.
    """
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        try:
            # SQLite ends its log only for who is alone with the file.
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.DatabaseError as error:
            said = f"{path} cannot be replaced: {error}; stop whatever uses it, or name another file"
            raise BackupError(said) from None


def check_copy(path: Path) -> str:
    """Have SQLite look through a database, and give its revision.

    :raises BackupError: if it is damaged, or not the miner's.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
            loose = connection.execute("PRAGMA foreign_key_check").fetchone()
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise BackupError(f"{path} is damaged, or no database of the miner: {error}") from None
    if found != "ok" or loose is not None or revision is None:
        raise BackupError(f"{path} is damaged: {found}")
    return str(revision[0])


def present(connection: Connection) -> list[tuple[Table, list[Column[Any]]]]:
    """Give the miner's tables that a database has, and of each the columns: an older schema has fewer.

    :raises SchemaError: if one has a column that this version does not know.
    """
    inspector = inspect(connection)
    tables = []
    for table in metadata.sorted_tables:
        if inspector.has_table(table.name):
            names = [column["name"] for column in inspector.get_columns(table.name)]
            unknown = sorted(set(names) - set(table.c.keys()))
            if unknown:
                raise SchemaError(f"the table {table.name} has the columns {', '.join(unknown)}, which are not ours")
            tables.append((table, [column for column in table.columns if column.name in names]))
    return tables


def kind_of(column: Column[Any]) -> Kind:
    """Say how a column's values are written."""
    if isinstance(column.type, UtcDateTime):
        return "time"
    return "bytes" if isinstance(column.type, LargeBinary) else "plain"


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one moment of the database, however long it reads. Writers do not wait for it."""
    with translated(engine.url), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _archive(engine: Engine, part: Path, manifest: Manifest, reporter: Reporter) -> None:
    writer = ArchiveWriter(part, manifest)
    try:
        with snapshot(engine) as connection:
            for table, columns in present(connection):
                rows = connection.execution_options(yield_per=_ROWS).execute(select(*columns))
                reporter.start("back up", table.name, None, "rows")
                for done in writer.add(table.name, [(column.name, kind_of(column)) for column in columns], rows):
                    reporter.advance("back up", table.name, done)
                reporter.finish("back up", table.name)
        writer.close()
    finally:
        writer.give_up()


def _copy(engine: Engine, part: Path, reporter: Reporter) -> None:
    """Copy by https://www.sqlite.org/backup.html: in one step, since it would begin anew after each write."""
    name = Path(engine.url.database or "").name
    reporter.start("back up", name, None, "pages")
    with translated(engine.url), engine.connect() as connection:
        source: Any = connection.connection.driver_connection
        target = sqlite3.connect(part)
        try:
            # All pages in one step: a reader of a log is not disturbed by writers, and disturbs none.
            source.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise StoreError(f"the database {masked(engine.url)} cannot be copied: {error}") from None
        finally:
            target.close()
    reporter.finish("back up", name)


def _unlink(path: Path) -> None:
    """Delete a file, and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Have the system write a file, or a folder's names, to the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
