"""``miner db`` as a process, on SQLite files in every state."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from miner.store.schema import HEAD

Miner = Callable[..., subprocess.CompletedProcess[str]]

URL = "sqlite:///some/folder/my.db"


@pytest.fixture
def database(miner: Miner, tmp_path: Path) -> Path:
    """Give a database that ``miner db upgrade`` made."""
    assert miner("db", "upgrade", "--database-url", URL).returncode == 0
    return tmp_path / "some" / "folder" / "my.db"


def alter(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_upgrade_makes_the_tables_and_says_where_they_are(miner: Miner) -> None:
    """A new database, in a folder that does not exist yet; a second time changes nothing."""
    for _ in range(2):
        done = miner("db", "upgrade", "--database-url", URL)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"the schema is at {HEAD}\n", "")


@pytest.mark.usefixtures("database")
def test_current_prints_the_revision(miner: Miner) -> None:
    """It is this version's."""
    assert miner("--database-url", URL, "db", "current").stdout == f"{HEAD}\n"


@pytest.mark.usefixtures("database")
def test_check_proves_a_good_schema(miner: Miner) -> None:
    """Exit code 0 and one line."""
    done = miner("db", "check", MINER_DATABASE__URL=URL)
    assert (done.returncode, done.stdout) == (0, "the schema is current\n")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        pytest.param("DROP VIEW pattern_share", "pattern_share", id="view dropped"),
        pytest.param("ALTER TABLE fix ADD COLUMN mine TEXT", "mine", id="column added"),
    ],
)
def test_check_names_what_was_changed(miner: Miner, database: Path, statement: str, says: str) -> None:
    """A changed schema is exit code 1."""
    alter(database, statement)
    done = miner("db", "check", "--database-url", URL)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["db", "upgrade"], ["db", "check"], ["status"]], ids=" ".join)
def test_a_database_of_a_newer_version_is_left_alone(miner: Miner, database: Path, words: list[str]) -> None:
    """The error says so, and the file stays as it is."""
    alter(database, "UPDATE alembic_version SET version_num = '9999'")
    before = database.read_bytes()
    done = miner(*words, "--database-url", URL)
    assert done.returncode == 1
    assert "9999" in done.stderr
    assert "newer" in done.stderr
    assert database.read_bytes() == before


@pytest.mark.parametrize("words", [["db", "current"], ["db", "check"], ["status"]], ids=" ".join)
def test_what_only_reads_makes_no_database(miner: Miner, tmp_path: Path, words: list[str]) -> None:
    """A missing database is an error that says what to do."""
    done = miner(*words, "--database-url", URL)
    assert done.returncode == 1
    assert "miner collect" in done.stderr
    assert not (tmp_path / "some").exists()


@pytest.mark.parametrize(
    ("url", "says", "code"),
    [
        pytest.param("no url", "not a database URL", 2, id="not a URL"),
        pytest.param("mysql://me:hunter2@host/x", "only sqlite and postgresql", 2, id="other database"),
        pytest.param("sqlite:///text.db", "is not an SQLite database", 1, id="not a database"),
        pytest.param("postgresql://me:hunter2@127.0.0.1:1/x", "does not answer", 1, id="no server"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(
    miner: Miner, tmp_path: Path, url: str, says: str, code: int
) -> None:
    """A setting that is wrong is exit code 2, a database that fails is 1; no traceback, no password."""
    (tmp_path / "text.db").write_text("this is text, and long enough to be read as a header" * 9, encoding="utf-8")
    done = miner("db", "current", "--database-url", url)
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr
