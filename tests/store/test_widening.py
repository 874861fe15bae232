"""A check that a migration lets allow more: at once on SQLite, whose rows stay where they are; as ever elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError

from miner.store.schema import altering
from miner.store.session import reading, writing
from miner.store.widening import allow

TABLE = "CREATE TABLE t (id INTEGER, kind TEXT, CONSTRAINT ck_t_kind CHECK (kind IN ('a', 'b')))"


@pytest.fixture
def table(empty_engine: Engine) -> Engine:
    """A table with a check, and a row."""
    with writing(empty_engine) as connection:
        connection.execute(text(TABLE))
        connection.execute(text("INSERT INTO t VALUES (1, 'a')"))
    return empty_engine


@pytest.fixture
def copies(table: Engine) -> Iterator[list[str]]:
    """The statements that copy a table."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "_alembic_tmp_" in statement:
            seen.append(statement)

    event.listen(table, "before_cursor_execute", note)
    yield seen
    event.remove(table, "before_cursor_execute", note)


def widen(connection: Connection, *values: str) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        allow("t", "kind", values)


def put(connection: Connection, kind: str) -> None:
    connection.execute(text("INSERT INTO t VALUES (2, :kind)"), {"kind": kind})


def rows(engine: Engine) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(text("SELECT id, kind FROM t ORDER BY id"))]


def test_what_is_allowed_now_goes_in_and_the_rest_does_not(table: Engine, copies: list[str]) -> None:
    """In the same transaction, and for whoever comes later or has been there before; no row was copied."""
    assert rows(table) == [(1, "a")]
    with altering(table) as connection:
        widen(connection, "a", "b", "c")
        put(connection, "c")
    assert rows(table) == [(1, "a"), (2, "c")]
    with pytest.raises(IntegrityError), table.begin() as connection:
        put(connection, "d")
    assert copies == []
    if table.dialect.name == "sqlite":
        with reading(table) as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_it_is_taken_back_with_the_migration(table: Engine) -> None:
    """A crash, or whatever goes wrong later, leaves the check as it was."""

    def fail() -> None:
        with altering(table) as connection:
            widen(connection, "a", "b", "c")
            put(connection, "c")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(IntegrityError), table.begin() as connection:
        put(connection, "c")
    assert rows(table) == [(1, "a")]


def test_several_migrations_widen_one_after_the_other(table: Engine, copies: list[str]) -> None:
    """As when an old database is brought to the newest version."""
    with altering(table) as connection:
        widen(connection, "a", "b", "c")
        widen(connection, "a", "b", "c", "d")
        put(connection, "d")
    assert rows(table) == [(1, "a"), (2, "d")]
    assert copies == []


def test_a_check_in_other_words_is_changed_by_a_copy(sqlite_url: str, empty_engine: Engine) -> None:
    """Such as one that somebody wrote by hand: nothing is guessed."""
    if empty_engine.dialect.name != "sqlite":
        pytest.skip("other databases change a check by themselves")
    with writing(empty_engine) as connection:
        connection.execute(text(TABLE.replace("kind IN ('a', 'b')", "(kind) = 'a' OR kind = 'b'")))
        connection.execute(text("INSERT INTO t VALUES (1, 'a')"))
    with altering(empty_engine) as connection:
        widen(connection, "a", "b", "c")
        put(connection, "c")
    assert rows(empty_engine) == [(1, "a"), (2, "c")]


def test_a_database_that_does_not_let_its_schema_be_written_is_copied(
    sqlite_url: str, empty_engine: Engine, table: Engine, copies: list[str]
) -> None:
    """SQLite in its defensive mode, as macOS brings it, refuses with an error."""
    if empty_engine.dialect.name != "sqlite":
        pytest.skip("other databases change a check by themselves")
    refused: list[str] = []

    def refuse(action: int, table: str | None, column: str | None, *_: Any) -> int:
        if not refused and (action, table, column) == (sqlite3.SQLITE_UPDATE, "sqlite_master", "sql"):
            refused.append(table or "")
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    with altering(table) as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_authorizer(refuse)
        widen(connection, "a", "b", "c")
        put(connection, "c")
        driver.set_authorizer(None)
    assert refused
    assert copies
    assert rows(table) == [(1, "a"), (2, "c")]
