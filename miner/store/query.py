"""Runs an analyst's own query, which can read and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine
from sqlalchemy.exc import DBAPIError, ResourceClosedError

from miner.errors import QueryError
from miner.store.session import translated

_MAY = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)
_PRAGMAS = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list"})
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gives: the names of its columns, and its rows as they are read."""

    columns: Sequence[str]
    rows: Iterator[Sequence[Any]]


@contextmanager
def asked(engine: Engine, sql: str) -> Iterator[Answer]:
    """Run one query and give its answer, to be read before the context ends. Nothing can be written by it.

    :raises QueryError: if the database does not take it, or it is no query.
    """
    with translated(engine.url), engine.connect() as connection, _only_reading(connection), connection.begin():
        try:
            result = connection.execution_options(stream_results=True, no_parameters=True).exec_driver_sql(sql)
            answer = Answer(list(result.keys()), _rows(result))
        except ResourceClosedError:
            raise QueryError("the statement gives no rows: only queries can be run here") from None
        except DBAPIError as error:
            raise _refused(error) from None
        yield answer


def _rows(result: CursorResult[Any]) -> Iterator[Sequence[Any]]:
    try:
        for part in result.partitions(_ROWS_AT_ONCE):
            yield from part
    except DBAPIError as error:
        raise _refused(error) from None


@contextmanager
def _only_reading(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        # The pool never has it back. A statement that ends its transaction finds the next one read-only, too.
        connection.detach()
        connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.commit()
        yield
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the dialect says so
    driver.set_authorizer(_allowed)
    try:
        yield
    finally:
        driver.set_authorizer(None)


def _allowed(action: int, first: str | None, _second: str | None, _database: str | None, _trigger: str | None) -> int:
    is_harmless = action in _MAY or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS)
    return sqlite3.SQLITE_OK if is_harmless else sqlite3.SQLITE_DENY


def _refused(error: DBAPIError) -> QueryError:
    text = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
    if text == "not authorized" or getattr(error.orig, "sqlstate", "") == "25006":
        text = "it would write, or reach outside of the database"
    return QueryError(f"the database refuses the query: {text}; docs/schema.md lists the tables and views")
