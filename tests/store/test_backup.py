"""A backup is the database at one moment, restored whole or not at all, into either kind of database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Double, Engine, Integer, LargeBinary, Text, select, text
from support.repositories import keras_history
from support.runs import Recorder, Runner

from miner.errors import BackupError, SchemaError
from miner.store import repository as store
from miner.store import schema
from miner.store.backup import backup
from miner.store.columns import UtcDateTime
from miner.store.restore import restore
from miner.store.session import open_engine, reading, writing
from miner.store.tables import metadata

KINDS = ["sqlite", "postgresql"]


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Give all rows of all tables."""
    engine = open_engine(url)
    with reading(engine) as connection:
        rows = {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}
    engine.dispose()
    return {name: sorted(map(tuple, found), key=repr) for name, found in rows.items()}


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> str:
    """The URL of a database with what a collect brings."""
    Runner(database_url, tmp_path / "data").collect(keras_history(tmp_path / "r.git", 40).path)
    return database_url


@pytest.fixture
def target(request: pytest.FixtureRequest, postgresql_server: str, tmp_path: Path) -> Iterator[str]:
    """The URL of another, empty database of the kind that the test's parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'restored.db'}"
        return
    admin = open_engine(postgresql_server)

    def run(statement: str) -> None:
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))

    run("CREATE DATABASE restored")
    yield postgresql_server.replace("/postgres?", "/restored?")
    run("DROP DATABASE restored WITH (FORCE)")
    admin.dispose()


def saved(url: str, file: Path, recorder: Recorder | None = None) -> Path:
    """Back a database up."""
    engine = open_engine(url)
    try:
        backup(engine, file, recorder or Recorder())
    finally:
        engine.dispose()
    return file


@pytest.mark.parametrize("target", KINDS, indirect=True)
def test_a_backup_of_either_kind_restores_into_either(filled: str, target: str, tmp_path: Path) -> None:
    """Row for row, with what tells which run wrote it and when."""
    file = saved(filled, tmp_path / "backup.zip")
    assert file.stat().st_mode & 0o777 == 0o600
    manifest = restore(file, target, Recorder())
    found = everything(target)
    assert found == everything(filled)
    assert manifest.rows == sum(map(len, found.values())) > 300
    engine = open_engine(target)
    schema.check(engine)
    with writing(engine) as connection:
        assert store.start_run(connection, "collect", {}, "1") == 2
    engine.dispose()


@pytest.mark.parametrize("target", KINDS, indirect=True)
def test_a_copy_of_sqlite_restores_into_either(sqlite_url: str, target: str, tmp_path: Path) -> None:
    """The copy is a database by itself, too."""
    Runner(sqlite_url, tmp_path / "data").collect(keras_history(tmp_path / "r.git", 20).path)
    file = saved(sqlite_url, tmp_path / "copy.db")
    assert everything(f"sqlite:///{file}") == everything(sqlite_url)
    restore(file, target, Recorder())
    assert everything(target) == everything(sqlite_url)


@pytest.mark.parametrize("name", ["backup.zip", "backup.db"])
def test_what_is_written_meanwhile_is_not_in_it(filled: str, tmp_path: Path, name: str) -> None:
    """Half of a page least of all; and who writes does not wait for the backup."""
    if name.endswith(".db") and not filled.startswith("sqlite"):
        pytest.skip("PostgreSQL is no file")
    before = everything(filled)
    other = open_engine(filled)

    class Writing(Recorder):
        def finish(self, task: str, item: str) -> None:
            if name.endswith(".zip"):
                with writing(other) as connection:
                    store.start_run(connection, "collect", {"after": item}, "1")

    file = saved(filled, tmp_path / name, Writing())
    other.dispose()
    restore(file, f"sqlite:///{tmp_path / 'restored.db'}", Recorder())
    assert everything(f"sqlite:///{tmp_path / 'restored.db'}") == before
    assert name.endswith(".db") or len(everything(filled)["crawl_run"]) > len(before["crawl_run"])


def test_a_backup_replaces_no_file_unless_told_to(filled: str, tmp_path: Path) -> None:
    """Nor does one that fails leave half a file."""
    file = tmp_path / "backup.zip"
    file.write_text("precious")
    with pytest.raises(BackupError, match="--force"):
        saved(filled, file)
    assert file.read_text() == "precious"
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup.zip"]


@pytest.mark.parametrize("target", KINDS, indirect=True)
def test_a_database_that_holds_something_is_left_alone(filled: str, target: str, tmp_path: Path) -> None:
    """Unless that is forced; an empty one with tables is no reason to ask."""
    engine = open_engine(target)
    schema.prepare(engine)
    file = saved(filled, tmp_path / "backup.zip")
    restore(file, target, Recorder(), force=False)
    engine.dispose()
    engine = open_engine(target)
    with writing(engine) as connection:
        store.start_run(connection, "collect", {"mine": True}, "1")
    engine.dispose()
    before = everything(target)
    with pytest.raises(BackupError, match="--force"):
        restore(file, target, Recorder())
    assert everything(target) == before
    restore(file, target, Recorder(), force=True)
    assert everything(target) == everything(filled)


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes) -> bytes:
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize("target", KINDS, indirect=True)
@pytest.mark.parametrize("damage", [_cut, _flip, lambda _: b"", lambda _: b"text"])
@pytest.mark.parametrize("name", ["backup.zip", "backup.db"])
def test_a_damaged_backup_changes_nothing(
    sqlite_url: str, target: str, tmp_path: Path, damage: Callable[[bytes], bytes], name: str
) -> None:
    """The database is as it was, to the row."""
    Runner(sqlite_url, tmp_path / "data").collect(keras_history(tmp_path / "r.git", 20).path)
    file = saved(sqlite_url, tmp_path / name)
    restore(file, target, Recorder())
    before = everything(target)
    file.write_bytes(damage(file.read_bytes()))
    # A flipped bit in a page's free space is no damage.
    try:
        restore(file, target, Recorder(), force=True)
    except BackupError:
        pass
    else:
        assert name == "backup.db"
    assert everything(target) == before


@pytest.mark.parametrize("target", KINDS, indirect=True)
def test_a_restore_that_is_broken_off_changes_nothing(filled: str, target: str, tmp_path: Path) -> None:
    """Nor does it leave a part of a file."""

    class Breaking(Recorder):
        def start(self, task: str, item: str, total: int | None, unit: str) -> None:
            if item == "label":
                raise KeyboardInterrupt

    file = saved(filled, tmp_path / "backup.zip")
    with pytest.raises(KeyboardInterrupt):
        restore(file, target, Breaking())
    assert not list(tmp_path.glob(".restored*"))
    restore(file, target, Recorder())
    assert everything(target) == everything(filled)


def test_a_file_that_is_in_use_is_not_replaced(sqlite_url: str, tmp_path: Path) -> None:
    """Its user would go on with a file that nobody sees any more."""
    Runner(sqlite_url, tmp_path / "data").collect(keras_history(tmp_path / "r.git", 5).path)
    file = saved(sqlite_url, tmp_path / "backup.zip")
    other = open_engine(sqlite_url)
    with reading(other) as connection:
        connection.execute(text("SELECT COUNT(*) FROM fix"))
        with pytest.raises(BackupError, match="stop whatever uses it"):
            restore(file, sqlite_url, Recorder(), force=True)
    other.dispose()
    restore(file, sqlite_url, Recorder(), force=True)


@pytest.mark.parametrize("target", KINDS, indirect=True)
def test_a_backup_of_an_older_schema_is_upgraded(empty_engine: Engine, target: str, tmp_path: Path) -> None:
    """It can be made before an upgrade, by the new version, and what it holds is there afterwards."""
    with schema.altering(empty_engine) as connection:
        schema.migrate(connection, "0002")
    with writing(empty_engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO crawl_run (run_id, command, arguments, miner_version, rater, started_at, status) "
            "VALUES (1, 'collect', '{}', '0.1', '', '2020-01-01 00:00:00+00:00', 'running')"
        )
    file = tmp_path / "old.zip"
    assert backup(empty_engine, file, Recorder()).revision == "0002"
    restore(file, target, Recorder())
    engine = open_engine(target)
    schema.check(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT command FROM crawl_run")).scalars().all() == ["collect"]
    engine.dispose()


def _start(connection: Connection) -> None:
    store.start_run(connection, "collect", {}, "0.1")


def test_a_backup_of_a_newer_schema_is_refused(filled: str, tmp_path: Path) -> None:
    """Its tables may hold what nobody here knows."""
    with closing(sqlite3.connect(saved_copy(filled, tmp_path))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaError, match="9999"):
        restore(tmp_path / "copy.db", f"sqlite:///{tmp_path / 'restored.db'}", Recorder())
    assert not (tmp_path / "restored.db").exists()


def saved_copy(url: str, folder: Path) -> Path:
    """Have a copy of a database as an SQLite file, whatever it is."""
    restore(saved(url, folder / "b.zip"), f"sqlite:///{folder / 'copy.db'}", Recorder())
    return folder / "copy.db"


def test_the_log_of_a_deleted_database_is_not_taken_for_the_new_ones(sqlite_url: str, tmp_path: Path) -> None:
    """SQLite would read it as the newest pages of whatever file has its name."""
    Runner(sqlite_url, tmp_path / "data").collect(keras_history(tmp_path / "r.git", 10).path)
    file = saved(sqlite_url, tmp_path / "b.zip")
    before = everything(sqlite_url)
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        store.start_run(connection, "collect", {}, "1")
    log = (tmp_path / "miner.db-wal").read_bytes()
    engine.dispose()
    assert log
    for name in ("restored.db-wal", ".restored.db.part-wal"):
        (tmp_path / name).write_bytes(log)
    restore(file, f"sqlite:///{tmp_path / 'restored.db'}", Recorder())
    assert everything(f"sqlite:///{tmp_path / 'restored.db'}") == before


def test_a_backup_can_hold_every_column() -> None:
    """A column of another type needs a kind of its own in the file."""
    known = (Text, Integer, Boolean, Double, LargeBinary, UtcDateTime)
    columns = [column for table in metadata.sorted_tables for column in table.columns]
    assert [str(column) for column in columns if not isinstance(column.type, known)] == []
