"""An analyst's own query can read, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from miner.errors import QueryError
from miner.store.query import asked
from miner.store.session import reading


def test_a_query_gives_names_and_rows(engine: Engine) -> None:
    """Of what it asks, with wildcards as they are."""
    with asked(engine, "SELECT 1 AS one, 'a%' AS text WHERE 'abc' LIKE 'a%'") as answer:
        assert list(answer.columns) == ["one", "text"]
        assert [tuple(row) for row in answer.rows] == [(1, "a%")]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM fix",
        "INSERT INTO repository_alias VALUES ('a', 1, 1)",
        "CREATE TABLE mine (a INTEGER)",
        "DROP TABLE label",
        "COMMIT; DELETE FROM fix",
        "ATTACH 'other.db' AS other",
        "PRAGMA journal_mode = DELETE",
        "VACUUM",
        "SELECT nothing FROM nowhere",
        "SELEKT 1",
        "",
    ],
)
def test_what_is_no_query_is_refused(engine: Engine, sql: str) -> None:
    """The message says what is wrong, and nothing is written."""
    with pytest.raises(QueryError), asked(engine, sql) as answer:
        list(answer.rows)
    with reading(engine) as connection:
        tables = {row[0] for row in connection.exec_driver_sql(_TABLES[engine.dialect.name])}
    assert {"fix", "label"} <= tables
    assert "mine" not in tables


def test_the_connection_can_write_again_afterwards(engine: Engine) -> None:
    """What bounds a query ends with it."""
    from miner.store import repository
    from miner.store.session import writing

    with asked(engine, "SELECT 1") as answer:
        assert list(answer.rows)
    with writing(engine) as connection:
        assert repository.start_run(connection, "collect", {}, "0", "") == 1


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
