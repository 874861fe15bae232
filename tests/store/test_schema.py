"""Making, migrating and checking the schema."""

import re
import sqlite3
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from miner.collect.archive import Archive
from miner.errors import SchemaError, StoreBusyError
from miner.resources import resource
from miner.store import bodies, repository, schema
from miner.store.session import open_engine, reading, writing
from miner.store.tables import metadata
from miner.store.views import views


def execute(engine: Engine, *statements: str) -> None:
    with writing(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def described(engine: Engine) -> dict[str, object]:
    """Give all that a database tells about its tables, in an order of its own."""
    with reading(engine) as connection:
        found = inspect(connection)
        tables = {
            name: (
                sorted(map(repr, found.get_columns(name))),
                repr(found.get_pk_constraint(name)),
                sorted(map(repr, found.get_foreign_keys(name))),
                sorted(map(repr, found.get_unique_constraints(name))),
                sorted(map(repr, found.get_check_constraints(name))),
                sorted(map(repr, found.get_indexes(name))),
                repr(found.get_table_comment(name)) if connection.dialect.supports_comments else "",
            )
            for name in found.get_table_names()
        }
        return {**tables, "views": sorted(found.get_view_names())}


def rowids(engine: Engine) -> set[str]:
    """Give the tables that SQLite keeps without row numbers, which inspection does not tell."""
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'")
        return {row.name for row in rows}


def test_a_new_database_is_made_and_passes_the_check(empty_engine: Engine) -> None:
    assert schema.current(empty_engine) is None
    schema.prepare(empty_engine)
    assert schema.current(empty_engine) == schema.HEAD
    schema.check(empty_engine)


def test_migrating_from_nothing_gives_what_is_made_anew(empty_engine: Engine) -> None:
    with writing(empty_engine) as connection:
        schema.migrate(connection)
    schema.check(empty_engine)
    migrated = described(empty_engine)
    without_rowids = rowids(empty_engine) if empty_engine.dialect.name == "sqlite" else None
    execute(empty_engine, *(f"DROP VIEW {view.name}" for view in reversed(views())))
    execute(empty_engine, *(f"DROP TABLE {table.name}" for table in reversed(metadata.sorted_tables)))
    execute(empty_engine, "DROP TABLE alembic_version")
    schema.prepare(empty_engine)
    assert described(empty_engine) == migrated
    if without_rowids is not None:
        assert rowids(empty_engine) == without_rowids != set()


def test_the_head_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(resource("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


@pytest.mark.parametrize("step", [schema.upgrade, schema.prepare, schema.require, schema.check])
def test_a_current_database_is_left_as_it_is(engine: Engine, step) -> None:  # type: ignore[no-untyped-def]
    before = described(engine)
    step(engine)
    assert described(engine) == before


@pytest.mark.parametrize("step", [schema.upgrade, schema.prepare, schema.require, schema.check])
def test_a_database_of_a_newer_version_is_not_touched(engine: Engine, step) -> None:  # type: ignore[no-untyped-def]
    execute(engine, "UPDATE alembic_version SET version_num = '9999'", "DROP VIEW fix_overview")
    before = described(engine)
    with pytest.raises(SchemaError, match="at 9999, which this version of the miner does not know"):
        step(engine)
    assert described(engine) == before


def test_a_database_of_an_older_version_must_be_upgraded_first(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    head = schema.HEAD
    monkeypatch.setattr(schema, "HEAD", "0099")
    with pytest.raises(SchemaError, match=f"at {head}, not at 0099: run 'miner db upgrade'"):
        schema.prepare(engine)


def test_an_upgrade_makes_the_views_anew_and_keeps_the_rows(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an upgrade from an older version does besides the migrations."""
    monkeypatch.setattr(schema, "HEAD", "0099")
    values = "(1, 'c', '{}', '0', '', '2020-01-01 00:00:00+00:00', NULL, 'running', NULL, NULL, NULL)"
    run = f"INSERT INTO crawl_run VALUES {values}"  # noqa: S608
    execute(engine, "DROP VIEW fix_overview", run)
    schema.upgrade(engine)
    monkeypatch.undo()
    schema.check(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM crawl_run").scalar() == 1


def test_a_database_of_the_first_version_keeps_its_rows(empty_engine: Engine) -> None:
    """Tables that are made anew, for SQLite cannot change a constraint, have their rows and keys as before."""
    with writing(empty_engine) as connection:
        schema.migrate(connection, "0001")
    rows = (
        "crawl_run VALUES (1, 'c', '{}', '0', '', '2020-01-01 00:00:00+00:00', NULL, 'running', NULL)",
        "git_commit VALUES ('SHA', 'A', 'a@b', NULL, NULL, 'A', 'a@b', NULL, NULL, 0, '', 'Fix', NULL, 0.5, 'r')",
        "fix VALUES ('git:SHA:1', 'git', 'SHA', 'keras', NULL)",
        "label VALUES ('git:SHA:1', 'pattern', 'r', 1, 'optimizer', 0.5, 1)",
        "label_evidence VALUES ('git:SHA:1', 'pattern', 'r', 1, 0, 'x', 1, 'new', 0, 0, 1, 0, 1, 'y')",
        "omission VALUES ('git', 'commit:x', 'no_library_code', 'd', NULL, NULL, 1, NULL)",
    )
    execute(empty_engine, *("INSERT INTO " + row for row in rows))
    schema.upgrade(empty_engine)
    schema.check(empty_engine)
    with reading(empty_engine) as connection:
        fix = connection.exec_driver_sql("SELECT fix_id, library, site, selection_rule FROM fix").one()
        found = [
            connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar()  # noqa: S608
            for table in ("label", "label_evidence", "omission", "git_commit")
        ]
    assert tuple(fix) == ("git:SHA:1", "keras", None, None)
    assert found == [1, 1, 1, 1]


def test_a_database_of_the_second_version_keeps_its_omissions(empty_engine: Engine) -> None:
    """The reasons that came with GitHub can be entered beside those that were there."""
    with writing(empty_engine) as connection:
        schema.migrate(connection, "0002")
    run = "INSERT INTO crawl_run VALUES (1, 'c', '{}', '0', '', '2020-01-01 00:00:00+00:00', NULL, 'running', NULL)"
    omission = "INSERT INTO omission VALUES ('git', 'seed:x', '{}', 'd', NULL, NULL, 1, NULL)"
    execute(empty_engine, run, omission.format("no_library_code"))
    schema.upgrade(empty_engine)
    schema.check(empty_engine)
    execute(empty_engine, omission.format("line_unchanged"))
    with reading(empty_engine) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM omission").scalar() == 2


def test_a_database_of_the_third_version_keeps_its_evidence_and_links(empty_engine: Engine) -> None:
    """What came with issues can be entered beside what was there."""
    with writing(empty_engine) as connection:
        schema.migrate(connection, "0003")
    evidence = "INSERT INTO bug_fix_evidence VALUES ('SHA', {}, 'x', 1.0, '{}', 0, 1, 'y')"
    link = "INSERT INTO link VALUES ('commit', 'SHA', 'issue', 'github.com/o/n#{}', '{}')"
    execute(
        empty_engine,
        "INSERT INTO git_commit VALUES "
        "('SHA', 'A', 'a@b', NULL, NULL, 'A', 'a@b', NULL, NULL, 0, '', 'Fix', NULL, 0.5, 'r')",
        evidence.format(0, "message"),
        link.format(1, "closes"),
    )
    schema.upgrade(empty_engine)
    schema.check(empty_engine)
    execute(empty_engine, evidence.format(2000, "issue"), evidence.format(3000, "commit"), link.format(2, "merged_by"))
    with reading(empty_engine) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM bug_fix_evidence").scalar() == 3
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM link").scalar() == 2


def test_a_migration_that_would_leave_loose_rows_is_taken_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite does not watch the keys while a migration makes a table anew."""
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    # The driver's own connection does not watch them either.
    loose = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    loose.execute("INSERT INTO repository_alias VALUES ('x', 7, 7)")
    loose.close()
    execute(engine, "DROP VIEW fix_overview")
    before = described(engine)
    monkeypatch.setattr(schema, "HEAD", "0099")
    with pytest.raises(SchemaError, match="a row of the table repository_alias refers to one of"):
        schema.upgrade(engine)
    assert described(engine) == before
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_an_empty_database_is_not_good_enough_to_read(empty_engine: Engine) -> None:
    with pytest.raises(SchemaError, match="has no tables yet: run 'miner db upgrade' or 'miner collect'"):
        schema.require(empty_engine)


def test_tables_of_somebody_else_are_not_touched(empty_engine: Engine) -> None:
    execute(empty_engine, "CREATE TABLE label (x INTEGER)", "CREATE TABLE other (x INTEGER)")
    with pytest.raises(SchemaError, match=re.escape("tables that the miner did not make (label)")):
        schema.upgrade(empty_engine)
    assert set(described(empty_engine)) == {"label", "other", "views"}


def test_tables_beside_the_miners_do_not_matter(engine: Engine) -> None:
    execute(engine, "CREATE TABLE other (x INTEGER)")
    schema.check(engine)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(["ALTER TABLE fix ADD COLUMN extra TEXT"], "remove_column fix extra", id="column"),
        pytest.param(["DROP INDEX ix_fix_library"], "add_index ix_fix_library", id="index"),
        pytest.param(["DROP TABLE label_evidence"], "add_table label_evidence", id="table"),
        pytest.param(["DROP VIEW pattern_share"], "view pattern_share", id="view-missing"),
        pytest.param(
            ["DROP VIEW pattern_share", "CREATE VIEW pattern_share AS SELECT 1 AS share"],
            "view pattern_share",
            id="view-changed",
        ),
    ],
)
def test_the_check_names_what_was_changed(engine: Engine, changes: list[str], said: str) -> None:
    execute(engine, *changes)
    with pytest.raises(SchemaError, match=said):
        schema.check(engine)


def test_an_upgrade_mends_views(engine: Engine) -> None:
    execute(engine, "DROP VIEW pattern_share", "DROP VIEW coverage_gaps", "CREATE VIEW coverage_gaps AS SELECT 1 AS x")
    schema.upgrade(engine)
    schema.check(engine)


def test_the_check_names_a_changed_constraint(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)
    schema.prepare(engine)
    execute(
        engine,
        "ALTER TABLE crawl_run DROP CONSTRAINT ck_crawl_run_status",
        "ALTER TABLE crawl_run ADD CONSTRAINT ck_crawl_run_status CHECK (status IN ('running', 'done'))",
    )
    with pytest.raises(SchemaError, match="check ck_crawl_run_status"):
        schema.check(engine)
    engine.dispose()


def test_two_upgrades_at_once_are_one(empty_engine: Engine, database_url: str) -> None:
    code = (
        "import sys; from miner.store import schema, session; "
        "engine = session.open_engine(sys.argv[1]); sys.stdin.readline(); schema.upgrade(engine)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, database_url], stdin=subprocess.PIPE, text=True) for _ in range(3)
    ]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda process: process.communicate("go\n"), processes))
    assert [process.returncode for process in processes] == [0, 0, 0]
    schema.check(empty_engine)


def pragma(url: str, statement: str) -> object:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return connection.execute(f"PRAGMA {statement}").fetchone()[0]
    finally:
        connection.close()


def test_a_new_file_is_write_ahead(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schema.upgrade(engine)
    engine.dispose()
    assert (pragma(sqlite_url, "journal_mode"), pragma(sqlite_url, "page_size")) == ("wal", 8192)


@pytest.mark.parametrize("step", [schema.prepare, schema.upgrade])
def test_a_file_keeps_the_mode_that_its_owner_gave_it(sqlite_url: str, step) -> None:  # type: ignore[no-untyped-def]
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    engine.dispose()
    assert pragma(sqlite_url, "journal_mode = DELETE") == "delete"
    step(engine)
    engine.dispose()
    assert pragma(sqlite_url, "journal_mode") == "delete"


def test_tables_of_somebody_else_keep_the_mode_of_their_file(sqlite_url: str) -> None:
    """An upgrade that is refused has changed nothing."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE label (x INTEGER)")
    foreign.close()
    before = path.read_bytes()
    engine = open_engine(sqlite_url)
    with pytest.raises(SchemaError, match="did not make"):
        schema.upgrade(engine)
    engine.dispose()
    assert path.read_bytes() == before


def test_alembic_is_not_imported_to_make_a_database(sqlite_url: str) -> None:
    """Importing it takes as long as everything else that a command does before it starts."""
    code = (
        "import sys; from miner.store import schema, session; "
        "schema.prepare(session.open_engine(sys.argv[1])); "
        "sys.exit(bool({'alembic', 'sqlalchemy.orm', 'psycopg'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code, sqlite_url], check=False).returncode == 0


def test_the_alembic_command_opens_the_database_of_the_settings(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer who writes a migration uses it."""
    monkeypatch.setenv("MINER_DATABASE__URL", sqlite_url)
    ini = resource("migrations") / "alembic.ini"
    subprocess.run([sys.executable, "-m", "alembic", "-c", ini, "upgrade", "head"], check=True, capture_output=True)
    engine = open_engine(sqlite_url)
    assert schema.current(engine) == schema.HEAD
    engine.dispose()


def test_an_upgrade_gives_up_for_a_table_that_stays_in_use(
    empty_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads later would wait behind it. It has changed nothing, and works once the table is free."""
    if empty_engine.dialect.name == "sqlite":
        pytest.skip("SQLite's readers keep the state that they began with")
    with schema.altering(empty_engine) as connection:
        schema.migrate(connection, "0002")
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(schema, "_LOCK_TRIES", 2)
    with reading(empty_engine) as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM omission")
        with pytest.raises(StoreBusyError, match="in use by another process"):
            schema.upgrade(empty_engine)
    assert schema.current(empty_engine) == "0002"
    schema.upgrade(empty_engine)
    schema.check(empty_engine)


def test_an_upgrade_that_was_killed_before_its_end_is_noticed_and_finished(empty_engine: Engine) -> None:
    """What is done after the migrations is done by the next upgrade: old rows looked through, and comments."""
    if empty_engine.dialect.name == "sqlite":
        pytest.skip("all of it is one transaction")
    with schema.altering(empty_engine) as connection:
        schema.migrate(connection, settled=False)
    with pytest.raises(SchemaError, match=r"old rows.*'miner db upgrade'"):
        schema.check(empty_engine)
    schema.upgrade(empty_engine)
    schema.check(empty_engine)
    found = described(empty_engine)
    execute(empty_engine, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    schema.prepare(empty_engine)
    assert described(empty_engine) == found


def test_bodies_of_the_third_version_stay_until_they_are_moved(empty_engine: Engine, tmp_path: Path) -> None:
    """The migration does not know where the archive is; then they can be read from there, and are the same."""
    archive = Archive(str(tmp_path / "archive"))
    with writing(empty_engine) as connection:
        schema.migrate(connection, "0003")
        values = (
            sha256(b"body").hexdigest(),
            "s",
            "https://h",
            200,
            "t",
            "2020-01-01 00:00:00+00:00",
            zlib.compress(b"body"),
            4,
        )
        holders = ", ".join(["?" if connection.dialect.name == "sqlite" else "%s"] * len(values))
        connection.exec_driver_sql(f"INSERT INTO raw_response VALUES ({holders})", values)  # noqa: S608
    schema.upgrade(empty_engine)
    schema.check(empty_engine)
    with reading(empty_engine) as connection:
        assert repository.response_to(connection, "s", "https://h") == b"body"
    assert [bodies.move(empty_engine, archive) for _ in range(2)] == [1, 0]
    bodies.attach(empty_engine, archive)
    with reading(empty_engine) as connection:
        assert repository.response_to(connection, "s", "https://h") == b"body"
        assert connection.exec_driver_sql("SELECT body FROM raw_response").scalar() is None
