"""What this machine says of git, disk and database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from miner.doctor.findings import Finding
from miner.doctor.machine import look
from miner.settings import load
from miner.store.session import open_engine, reading, writing


def looked(url: str, folder: Path, **sections: dict[str, Any]) -> dict[str, Finding]:
    flags = {"database": {"url": url}, "storage": {"data_dir": str(folder)}, **sections}
    return {finding.name: finding for finding in look(load(environ={}, flags=flags))}


def test_a_good_machine_has_nothing_to_say_against_it(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """And the database is as it was."""
    found = looked(database_url, tmp_path)
    names = ("git", "clones", "disk", "database", "schema", "writing")
    states = {name: one.state for name, one in found.items() if name != "7z"}
    assert states == dict.fromkeys(names, "ok")
    with reading(engine) as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM crawl_run")).scalar_one() == 0


def test_a_database_that_is_not_there_yet_is_not_made(sqlite_url: str, tmp_path: Path) -> None:
    """The doctor only looks."""
    assert looked(sqlite_url, tmp_path)["database"].state == "warning"
    assert not (tmp_path / "miner.db").exists()


def test_an_address_that_is_no_databases_hides_nothing_else(tmp_path: Path) -> None:
    """It is a finding as others are; what comes after it is still looked at, and a machine gets all of them."""
    found = looked("postgres//somewhere", tmp_path)
    assert found["database"].state == "failure"
    assert "sqlite:///FILE" in found["database"].said
    assert found["git"].state == "ok"


def test_a_database_without_tables_is_a_warning(empty_engine: Engine, database_url: str, tmp_path: Path) -> None:
    """The first collect makes them."""
    if empty_engine.dialect.name == "sqlite":
        with writing(empty_engine) as connection:
            connection.execute(text("CREATE TABLE other (id INTEGER)"))
    assert looked(database_url, tmp_path)["schema"].state == "warning"


def test_an_older_schema_is_a_failure_with_what_to_do(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """An upgrade brings it, after a backup."""
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    found = looked(database_url, tmp_path)["schema"]
    assert found.state == "failure"
    assert "miner db upgrade" in found.advice


def test_a_role_that_may_only_read_is_a_warning(engine: Engine, postgresql_url: str, tmp_path: Path) -> None:
    """An analyst needs no more."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no roles")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE looker LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    try:
        found = looked(postgresql_url.replace("postgres:@", "looker:@"), tmp_path)
    finally:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY looker")
            connection.execute("DROP ROLE looker")
    assert (found["schema"].state, found["writing"].state) == ("ok", "warning")


def test_a_server_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    """Its password is not shown."""
    found = looked("postgresql://me:S3CRET@127.0.0.1:1/x", tmp_path)["database"]
    assert found.state == "failure"
    assert "S3CRET" not in repr(found)


def test_little_room_is_a_failure(sqlite_url: str, tmp_path: Path) -> None:
    """Less than the setting asks for: nothing would be cloned."""
    free = shutil.disk_usage(tmp_path).free
    assert looked(sqlite_url, tmp_path, git={"min_free_disk_bytes": 2 * free})["disk"].state == "failure"
    assert looked(sqlite_url, tmp_path, git={"min_free_disk_bytes": free // 2})["disk"].state == "warning"


def test_without_git_nothing_is_mined(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, with the version that is needed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = looked(sqlite_url, tmp_path)
    assert found["git"].state == "failure"
    assert found["7z"].state == "warning"
    assert open_engine(sqlite_url) is not None
