"""Makes the schema, brings an older one up to date, and proves that a database has the one of this version.

A new database is made straight from the tables; Alembic, which takes long to import, only migrates and checks.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import OperationalError

from miner.errors import SchemaError, StoreBusyError
from miner.resources import resource
from miner.store import settling
from miner.store.session import BUSY_TIMEOUT_SECONDS, masked, reading, translated, writing
from miner.store.tables import metadata
from miner.store.views import changed_views, create_views, drop_views

HEAD = "0010"
"""The newest revision in ``migrations/versions``."""

REBUILDING = "rebuilding"
"""What stands in place of the revision of a database that is not rebuilt to its end."""

LOCK_SECONDS = 2
"""An upgrade waits so long for a table that somebody uses, then lets others go first and tries again."""

_LOCK_TRIES = 15
_LOCK_ID = 0x6D696E6572
_LITERAL = re.compile(r"'([^']*)'")
_version = Table(
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)


def current(engine: Engine) -> str | None:
    """Give the revision that a database is at; None for one without the miner's tables.

    :raises StoreError: if the database cannot be read.
    """
    with reading(engine) as connection:
        return _current(connection)


def prepare(engine: Engine) -> None:
    """Make the schema in a new database; let any other pass only if it has this version's.

    :raises SchemaError: if the database is of an older or a newer version, or not the miner's.
    """
    if current(engine) is None:
        upgrade(engine)
    else:
        require(engine)


def require(engine: Engine) -> None:
    """Let a database pass only if it has this version's schema.

    :raises SchemaError: if it has not; it says what to do.
    """
    found = current(engine)
    name = masked(engine.url)
    if found is None:
        raise SchemaError(f"the database {name} has no tables yet: run 'miner db upgrade' or 'miner collect'")
    _refuse_newer(engine, found)
    if found != HEAD:
        raise SchemaError(f"the schema of the database {name} is at {found}, not at {HEAD}: run 'miner db upgrade'")


def mark(engine: Engine, *, whole: bool) -> None:
    """Let a database be used, or by nobody: one that is half rebuilt looks like a whole one."""
    with writing(engine) as connection:
        connection.execute(update(_version).values(version_num=HEAD if whole else REBUILDING))


def upgrade(engine: Engine) -> None:
    """Make the schema, or bring an older one to this version's, in one transaction. Safe to run twice at once.

    Views are made anew where they are not as this version has them, without a revision of their own. On PostgreSQL
    readers do not wait for long: a table that somebody reads is waited for with :data:`LOCK_SECONDS` of patience, since
    whoever comes later waits behind; and what needs no lock against readers is done after that transaction.

    :raises SchemaError: if the database is of a newer version, or holds tables of the same names that are not ours.
    :raises StoreBusyError: if a table is in use again and again.
    """
    for left in reversed(range(_LOCK_TRIES)):
        try:
            _upgrade(engine)
        except StoreBusyError:
            if not left:
                raise
            time.sleep(LOCK_SECONDS)
        else:
            break
    settle(engine)


def _upgrade(engine: Engine) -> None:
    with altering(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        found = _current(connection)
        if found is None:
            _create(connection, masked(engine.url))
        elif found != HEAD:
            _refuse_newer(engine, found)
            migrate(connection, settled=False)
            _refuse_loose_rows(connection)
        elif changed_views(connection):
            create_views(connection)


def settle(engine: Engine) -> None:
    """Finish what a migration leaves open on PostgreSQL: checks that old rows are not looked through for, comments.

    Each is a transaction of its own, and none keeps readers waiting.
    """
    if engine.dialect.name != "postgresql":
        return
    with reading(engine) as connection:
        left = settling.open_checks(connection)
        is_new = left or not settling.commented(connection)
    for table, name in left:
        with altering(engine) as connection:
            settling.validate_check(connection, table, name)
    if is_new:
        with altering(engine) as connection:
            settling.comment(connection)


def revisions() -> set[str]:
    """Give every revision that this version knows."""
    return {path.name.partition("_")[0] for path in (resource("migrations") / "versions").glob("*.py")}


def make(connection: Connection, revision: str, name: str) -> None:
    """Make the schema of a revision in a database, called ``name``, that has none of its tables."""
    if revision == HEAD:
        _create(connection, name)
    else:
        migrate(connection, revision)


def drop(connection: Connection) -> None:
    """Drop the miner's tables and views, and nothing else."""
    drop_views(connection)
    metadata.drop_all(connection)
    _version.drop(connection, checkfirst=True)


def migrate(connection: Connection, revision: str = "head", *, settled: bool = True) -> None:
    """Run the migrations that a database lacks, in the caller's transaction, and make the views anew.

    :param settled: whether comments are written and old rows looked through, too, and not later by :func:`settle`.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    drop_views(connection)
    command.upgrade(config, revision)
    if revision == "head":
        create_views(connection)
        if settled:
            settling.comment(connection)
            settling.validate(connection)


def check(engine: Engine) -> None:
    """Prove that the tables and views of a database are those of this version.

    :raises SchemaError: if one is not; it names the differences.
    """
    require(engine)
    with reading(engine) as connection:
        left = [f"check {name} of old rows" for _, name in settling.open_checks(connection)]
        found = left or [*_changed_tables(connection), *_changed_checks(connection)]
        found += [f"view {name}" for name in changed_views(connection)]
    if found:
        raise SchemaError(
            f"the schema of the database {masked(engine.url)} is not the one of revision {HEAD}: "
            f"{'; '.join(found)}. 'miner db upgrade' makes views anew; if a table was changed, restore a copy"
        )


@contextmanager
def altering(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that may change tables; no two do at once.

    :raises StoreError: what the database could not do.
    """
    if engine.dialect.name != "sqlite":
        with writing(engine) as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK_ID,))
            yield connection
        return
    # SQLite changes a table by making it anew, and drops the old one's rows with what refers to them. The switch
    # works outside a transaction only; the connection is thrown away so that none is ever reused without keys.
    with translated(engine.url), engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        _write_ahead(connection)
        connection.execution_options(writing=True)
        try:
            with connection.begin():
                yield connection
        finally:
            connection.invalidate()


def _write_ahead(connection: Connection) -> None:
    # A file keeps the mode that it was made with: one that somebody else made, or copied, is left as it is. SQLite does
    # not wait for other processes here, as it does elsewhere.
    waits_until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    driver: Any = connection.connection.driver_connection
    while driver.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,):
        try:
            driver.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > waits_until:
                raise OperationalError("PRAGMA journal_mode", None, error) from None
            time.sleep(0.01)
        else:
            return


def _refuse_loose_rows(connection: Connection) -> None:
    # Only SQLite migrates without watching the keys.
    sqlite = connection.dialect.name == "sqlite"
    loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first() if sqlite else None
    if loose is not None:
        raise SchemaError(f"a row of the table {loose[0]} refers to one of {loose[2]} that is missing: restore a copy")


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.scalar(select(_version.c.version_num))


def _refuse_newer(engine: Engine, found: str) -> None:
    if found == REBUILDING:
        raise SchemaError(
            f"the database {masked(engine.url)} is being rebuilt, or that was broken off and it is not whole: wait for "
            "the rebuild, or delete the database and rebuild again"
        )
    if found not in revisions():
        raise SchemaError(
            f"the schema of the database {masked(engine.url)} is at {found}, which this version of the miner does not "
            f"know (it knows up to {HEAD}): install the newer version that made it, or name another database"
        )


def _create(connection: Connection, name: str) -> None:
    taken = sorted(set(metadata.tables) & set(inspect(connection).get_table_names()))
    if taken:
        raise SchemaError(
            f"the database {name} holds tables that the miner did not make ({', '.join(taken)}): name another"
        )
    metadata.create_all(connection, checkfirst=False)
    create_views(connection)
    _version.create(connection, checkfirst=True)
    connection.execute(insert(_version).values(version_num=HEAD))


def _changed_tables(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"include_name": _is_ours})
    return [_describe(difference) for difference in compare_metadata(context, metadata)]


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    # A database may hold tables beside the miner's.
    return kind != "table" or name in metadata.tables


def _describe(difference: object) -> str:
    if isinstance(difference, list):
        return "; ".join(_describe(part) for part in difference)
    parts = difference if isinstance(difference, tuple) else (difference,)
    return " ".join(
        str(getattr(part, "name", part)) for part in parts if isinstance(part, str) or hasattr(part, "name")
    )


def _changed_checks(connection: Connection) -> list[str]:
    # Alembic does not compare them. PostgreSQL writes them in its own words: the listed values are what counts.
    inspector = inspect(connection)
    changed = []
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        expected = {
            str(constraint.name): set(_LITERAL.findall(str(constraint.sqltext)))
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        found = {
            str(constraint["name"]): set(_LITERAL.findall(constraint["sqltext"]))
            for constraint in inspector.get_check_constraints(table.name)
        }
        changed += [
            f"check {name}" for name in sorted(expected.keys() | found.keys()) if expected.get(name) != found.get(name)
        ]
    return changed
