"""Inserts many rows at the database's own speed: prepared plain SQL, and COPY where PostgreSQL can use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

COPY_FROM_ROWS = 20
"""From how many rows on PostgreSQL's COPY pays."""


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert rows in the order of the table's columns; those whose key is there already are left as they are.

    :return: how many are new.
    """
    if not rows:
        return 0
    if connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM_ROWS:
        # COPY takes all rows or none. If some are there already, the slower way finds out which.
        with suppress(IntegrityError):
            return _copy(connection, table, rows)
    return connection.exec_driver_sql(_insert_sql(table, connection.dialect.name), list(rows)).rowcount


def replace_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows in the order of the table's columns over those that have the same key; what refers to them stays."""
    if rows:
        connection.exec_driver_sql(_replace_sql(table, connection.dialect.name), list(rows))


def replace_row(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Write a row, over one that has the same key: in one statement, so that two writers do not meet in between."""
    statement = _dialects_insert(connection, table).values(values)
    keys = {column.name for column in table.primary_key.columns}
    new = {name: statement.excluded[name] for name in values if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=sorted(keys), set_=new))


def _dialects_insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    # A dialect that is not used is not loaded: PostgreSQL's takes as long as all of our tables.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> int:
    import psycopg

    statement = f'COPY "{table.name}" FROM STDIN'
    driver: Any = connection.connection.driver_connection
    try:
        with connection.begin_nested(), driver.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            return int(cursor.rowcount)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


@cache
def _insert_sql(table: Table, dialect: str) -> str:
    return f"{_insert(table, dialect)} ON CONFLICT DO NOTHING"


@cache
def _replace_sql(table: Table, dialect: str) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    values = ", ".join(f'"{column.name}" = excluded."{column.name}"' for column in table.c if not column.primary_key)
    return f"{_insert(table, dialect)} ON CONFLICT ({keys}) DO UPDATE SET {values}"


def _insert(table: Table, dialect: str) -> str:
    # Written out, not compiled: SQLAlchemy's form for psycopg wants a dictionary and a cast for each value.
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    holders = ", ".join(["?" if dialect == "sqlite" else "%s"] * len(table.c))
    return f'INSERT INTO "{table.name}" ({columns}) VALUES ({holders})'  # noqa: S608
