"""Opening a database, and what is said when it cannot be used."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import IntegrityError

from miner.errors import SchemaError, SettingsError, StoreError, StoreFullError, StoreReadOnlyError
from miner.store import repository, schema
from miner.store.session import masked, open_engine, parse_url, reading, writing


def start_run(engine: Engine, command: str = "collect") -> None:
    with writing(engine) as connection:
        repository.start_run(connection, command, {}, "0")


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///x.db", "sqlite"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg"),
    ],
)
def test_both_kinds_of_database_are_named_by_a_url(text: str, driver: str) -> None:
    assert parse_url(text).drivername == driver


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a database URL"),
        ("miner.db", "not a database URL"),
        ("postgresql://u:s3cret@h:port/d", "not a database URL"),
        ("mysql://u:s3cret@h/d", "names mysql: only sqlite and postgresql"),
        ("postgresql+psycopg2://u:s3cret@h/d", "names postgresql\\+psycopg2"),
    ],
)
def test_what_is_no_url_of_a_database_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        open_engine(text)
    assert "s3cret" not in str(caught.value)


def test_a_shown_url_holds_no_password() -> None:
    shown = masked(make_url("postgresql+psycopg://ada:s3cret@h/d?password=s3cret&sslpassword=s3cret&sslmode=require"))
    assert shown == "postgresql://ada:***@h/d?sslmode=require"


@pytest.mark.parametrize("query", ["", "?password=s3cret"])
def test_a_server_that_does_not_answer_is_said_without_the_password(query: str) -> None:
    with pytest.raises(StoreError, match=r"localhost:1/d.* does not answer") as caught:
        open_engine(f"postgresql://ada:s3cret@localhost:1/d{query}")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_database_that_a_server_lacks_is_named(postgresql_server: str) -> None:
    with pytest.raises(StoreError, match="/nowhere"):
        open_engine(postgresql_server.replace("/postgres?", "/nowhere?"))


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/a/b/miner.db").dispose()
    assert (tmp_path / "a/b").is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreReadOnlyError, match=r"file/a of the database cannot be made"):
        open_engine(f"sqlite:///{tmp_path}/file/a/miner.db")


def test_a_file_is_made_only_where_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no database .*run 'miner collect'"):
        open_engine(f"sqlite:///{tmp_path}/miner.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be one" * 99, b"SQLite format 3\x00" * 99]
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"notes\.txt is not an SQLite database"):
        open_engine(f"sqlite:///{path}")
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_somebody_else_is_not_changed_by_reading_it(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "foreign.db"
    foreign = sqlite3.connect(path)
    foreign.execute(f"PRAGMA journal_mode = {mode}")
    foreign.execute("CREATE TABLE x (y)")
    foreign.close()
    before = path.read_bytes()
    engine = open_engine(f"sqlite:///{path}", create=False)
    assert schema.current(engine) is None
    with pytest.raises(SchemaError, match="has no tables yet"):
        schema.require(engine)
    engine.dispose()
    assert path.read_bytes() == before


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_engine(f"sqlite:///{tmp_path}")


def read_only(engine: Engine, url: str) -> str:
    """Give the URL by which a database may only be read."""
    if engine.dialect.name == "sqlite":
        return url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"
    return url + "&options=-c default_transaction_read_only=on"


def test_a_database_that_may_only_be_read_is_read_but_not_written(engine: Engine, database_url: str) -> None:
    start_run(engine)
    limited = open_engine(read_only(engine, database_url))
    schema.require(limited)
    with pytest.raises(StoreReadOnlyError, match="cannot be written: give write permission"):
        start_run(limited)
    limited.dispose()


def test_a_user_who_may_not_write_is_told_so(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)
    schema.prepare(engine)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("SET LOCAL ROLE pg_monitor"))
    with pytest.raises(StoreReadOnlyError, match="give write permission"):
        start_run(engine)
    engine.dispose()


def test_a_full_sqlite_database_keeps_what_was_committed(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 80"))
    start_run(engine)
    with pytest.raises(StoreFullError, match="there is no room left"):
        start_run(engine, "x" * 1_000_000)
    start_run(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM crawl_run").scalar() == 2
    engine.dispose()


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        pytest.param("53100", StoreFullError, "no room left", id="disk-full"),
        pytest.param("40P01", StoreError, "run the command again", id="deadlock"),
        pytest.param("58030", StoreError, "does not answer: what the server said", id="input-output-error"),
    ],
)
def test_what_a_server_says_becomes_an_error_of_ours(
    postgresql_url: str, code: str, error: type[StoreError], said: str
) -> None:
    engine = open_engine(postgresql_url)
    with pytest.raises(error, match=said), writing(engine) as connection:
        connection.exec_driver_sql(
            f"DO $$ BEGIN RAISE EXCEPTION 'what the server said' USING ERRCODE = '{code}'; END $$"
        )
    engine.dispose()


def test_a_lost_connection_is_said_and_the_next_one_works(postgresql_url: str, postgresql_server: str) -> None:
    engine = open_engine(postgresql_url)

    def lose() -> None:
        with writing(engine) as connection, psycopg.connect(postgresql_server, autocommit=True) as other:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            other.execute("SELECT pg_terminate_backend(%s, 10000)", (number,))
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(StoreError, match="does not answer"):
        lose()
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


def test_a_defect_of_ours_is_not_hidden(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO repository_alias VALUES ('x', 1, 1)")


def test_sqlite_is_set_up_for_one_writer_and_many_readers(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    with reading(engine) as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 1, 1, 60_000]
    engine.dispose()


def test_a_reader_sees_one_state_while_another_writes(engine: Engine, database_url: str) -> None:
    other = open_engine(database_url)
    with reading(engine) as connection:
        count = "SELECT COUNT(*) FROM crawl_run"
        assert connection.exec_driver_sql(count).scalar() == 0
        start_run(other)
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql(count).scalar() == 0
    with reading(engine) as connection:
        assert connection.exec_driver_sql(count).scalar() == 1
    other.dispose()


def test_times_are_in_utc_whatever_the_servers_zone_is(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SHOW TimeZone").scalar() == "UTC"
    engine.dispose()


def test_a_writer_that_waits_too_long_is_told_that_another_writes(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 1"))
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use by another process"), writing(engine):
        pass
    other.close()
    engine.dispose()
