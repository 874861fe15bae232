"""Keeps a database in shape that is written for months: statistics, dead rows, the write-ahead log, damage."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from miner.errors import StoreError
from miner.store.session import masked, reading, translated
from miner.store.tables import metadata


def maintain(engine: Engine) -> dict[str, Any]:
    """Do what a database wants to have done now and then; give its size, and what was found.

    Readers and writers go on meanwhile: nothing is locked against them.

    :raises StoreError: if the database is damaged, or cannot be used.
    """
    return _maintain_sqlite(engine) if engine.dialect.name == "sqlite" else _maintain_postgresql(engine)


def size(connection: Connection) -> int:
    """Give the bytes that the database takes."""
    if connection.dialect.name == "sqlite":
        pages, page_bytes = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("page_count", "page_size")
        )
        return pages * page_bytes
    return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def _maintain_sqlite(engine: Engine) -> dict[str, Any]:
    with translated(engine.url), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        # Outside a transaction: the log could not be emptied in one.
        try:
            found = [str(row[0]) for row in driver.execute("PRAGMA quick_check(10)")]
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            driver.execute("PRAGMA optimize")
            free = driver.execute("PRAGMA freelist_count").fetchone()[0]
        except sqlite3.Error as error:
            raise DatabaseError("PRAGMA", None, error) from None
    if found != ["ok"]:
        raise StoreError(
            f"the database {masked(engine.url)} is damaged: {'; '.join(found)[:500]}: restore a backup, or name "
            "another and collect again"
        )
    with reading(engine) as connection:
        return {"database_bytes": size(connection), "free_pages": free, "log_emptied": not busy}


def _maintain_postgresql(engine: Engine) -> dict[str, Any]:
    quoted = engine.dialect.identifier_preparer.quote
    with translated(engine.url), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {quoted(table.name)}")
    with reading(engine) as connection:
        return {"database_bytes": size(connection), "tables": len(metadata.sorted_tables)}
