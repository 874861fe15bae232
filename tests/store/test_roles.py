"""Analysts read everything, now and later, and change nothing; the collecting role changes no table."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.repositories import keras_history
from support.runs import Runner

from miner.errors import StoreError
from miner.store import schema
from miner.store.roles import ANALYST_RIGHTS, DAEMON_RIGHTS, Role, make_roles
from miner.store.session import open_engine

PASSWORD = "S3cret'pass;word"  # noqa: S105 - the loopback server's


@pytest.fixture
def url(postgresql_url: str) -> Iterator[str]:
    """A database with tables and the roles "reader" and "collector"."""
    engine = open_engine(postgresql_url)
    schema.prepare(engine)
    roles = [Role("reader", ANALYST_RIGHTS, 7, PASSWORD), Role("collector", DAEMON_RIGHTS)]
    assert [made.new for made in make_roles(engine, roles)] == [True, True]
    assert [made.new for made in make_roles(engine, roles)] == [False, False]
    engine.dispose()
    yield postgresql_url
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for name in ("reader", "collector"):
            connection.execute(f"DROP OWNED BY {name}")
            connection.execute(f"DROP ROLE {name}")


def as_role(url: str, name: str) -> str:
    return url.replace("postgres:@", f"{name}:@")


def test_an_analyst_reads_every_table_and_view(url: str) -> None:
    """Also those that a later version makes."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE TABLE later (id INTEGER)")
        owner.execute("CREATE VIEW later_view AS SELECT id FROM later")
    with psycopg.connect(as_role(url, "reader")) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        assert {("later",), ("later_view",), ("fix",), ("fix_overview",), ("alembic_version",)} <= set(names)
        for (name,) in names:
            connection.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(name)))
        assert connection.execute("SHOW statement_timeout").fetchone() == ("7s",)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO alembic_version VALUES ('x')",
        "UPDATE crawl_run SET command = ''",
        "DELETE FROM crawl_run",
        "TRUNCATE crawl_run",
        "DROP TABLE fix_cluster",
        "CREATE TABLE mine (id INTEGER)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE ROLE another",
    ],
)
@pytest.mark.parametrize("writable", [False, True], ids=["as it logs in", "having asked for a writing transaction"])
def test_an_analyst_changes_nothing(url: str, statement: str, writable: bool) -> None:
    """Whatever it sets for itself."""
    with psycopg.connect(as_role(url, "reader"), autocommit=True) as connection:
        if writable:
            connection.execute("SET default_transaction_read_only = off")
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
            connection.execute(statement)


def test_the_collecting_role_collects_and_changes_no_table(url: str, tmp_path: Path) -> None:
    """It needs no right to make tables: whoever owns them upgrades."""
    runner = Runner(as_role(url, "collector"), tmp_path / "data")
    assert runner.collect(keras_history(tmp_path / "r.git", 20).path).status == "complete"
    with psycopg.connect(as_role(url, "collector"), autocommit=True) as connection:
        for statement in ("CREATE TABLE mine (id INTEGER)", "DROP TABLE fix_cluster", "TRUNCATE crawl_run"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_password_is_stored_as_a_hash(url: str) -> None:
    """The statement that sets it holds the hash alone."""
    with psycopg.connect(url) as connection:
        stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'").fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")
    assert PASSWORD not in repr(Role("reader", ANALYST_RIGHTS, 7, PASSWORD))


@pytest.mark.parametrize(
    "grant", ["ALTER ROLE reader CREATEROLE", "GRANT collector TO reader", "ALTER TABLE fix OWNER TO reader"]
)
def test_a_role_that_may_do_more_is_refused(url: str, grant: str) -> None:
    """It would be no reader."""
    engine = open_engine(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grant)
        with pytest.raises(StoreError, match="more than it should"):
            make_roles(engine, [Role("reader", ANALYST_RIGHTS)])
        connection.execute("ALTER TABLE fix OWNER TO postgres")
    engine.dispose()


def test_sqlite_has_no_roles(sqlite_url: str) -> None:
    """It is said what to do instead."""
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    with pytest.raises(StoreError, match="db backup"):
        make_roles(engine, [Role("reader", ANALYST_RIGHTS)])
    engine.dispose()


def test_the_command_shows_no_password(url: str) -> None:
    """It comes from the environment, and is in no output and in no argument."""
    done = subprocess.run(
        [sys.executable, "-m", "miner", "--database-url", url, "db", "roles", "--analyst", "reader"],
        env={**os.environ, "MINER_ANALYST_PASSWORD": PASSWORD},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "S3cret" not in done.stdout + done.stderr
    assert "psql" in done.stdout
    assert "reader@" in done.stdout
