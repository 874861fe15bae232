"""Tables and views as files: every row, in one order, in three formats."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from pyarrow import parquet
from sqlalchemy import Engine
from support.pages import NOON, VERDICT, commit, fix, sha
from support.repositories import keras_history
from support.runs import Runner

from miner.errors import ExportError
from miner.export.tables import export_tables
from miner.store import repository
from miner.store.exports import relations
from miner.store.rows import PageBuilder
from miner.store.session import open_engine, writing


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Three fixes; a message begins like a formula, another holds odd characters."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        number = repository.register_repository(connection, run_id=run_id, name="o/n", host="github.com", clone_url="u")
        page = PageBuilder("git", run_id, number, "bugfix/1")
        for at, message in enumerate(("=1+1 fix", "Fix „ümlaut“\n\x1b[31m", "Fix 2")):
            page.commit(commit(at, message), VERDICT)
            page.fix(fix(sha(at), "keras", "add_layer"), NOON)
        repository.write_page(connection, page.rows)
    return engine


def export(engine: Engine, folder: Path, *names: str, kind: str = "jsonl") -> Path:
    export_tables(engine, folder, names, kind, lambda _name, _rows: None)
    return folder


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_every_table_and_view_comes_out_twice_the_same(filled: Engine, tmp_path: Path, kind: str) -> None:
    """In each format."""
    one, other = export(filled, tmp_path / "a", kind=kind), export(filled, tmp_path / "b", kind=kind)
    names = {file.name for file in one.iterdir()}
    assert {f"{name}.{kind}" for name in ("fix", "label", "fix_overview", "pattern_share")} <= names
    assert {name: (one / name).read_bytes() for name in names} == {name: (other / name).read_bytes() for name in names}


def test_the_formats_hold_the_same(filled: Engine, tmp_path: Path) -> None:
    """Rows and values; in CSV what begins like a formula has an apostrophe before it."""
    jsonl = export(filled, tmp_path / "a", "git_commit") / "git_commit.jsonl"
    rows = [json.loads(line) for line in jsonl.read_text(encoding="utf-8").splitlines()]
    assert {row["message"] for row in rows} == {"=1+1 fix", "Fix „ümlaut“\n\x1b[31m", "Fix 2"}
    assert rows[0]["committed_at"].endswith("Z")
    found = parquet.read_table(export(filled, tmp_path / "b", "git_commit", kind="parquet") / "git_commit.parquet")
    assert found.to_pylist() == rows
    with (export(filled, tmp_path / "c", "git_commit", kind="csv") / "git_commit.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    expected = ["'" * row["message"].startswith("=") + row["message"] for row in rows]
    assert [one["message"] for one in cells] == expected
    assert [one["sha"] for one in cells] == [row["sha"] for row in rows]


def test_both_databases_give_the_same_files(sqlite_url: str, postgresql_url: str, tmp_path: Path) -> None:
    """What is exported does not tell which database it came from."""
    keras_history(tmp_path / "keras.git", 20).build()
    files = {}
    for name, url in (("sqlite", sqlite_url), ("postgresql", postgresql_url)):
        runner = Runner(url, tmp_path / name)
        runner.collect(tmp_path / "keras.git")
        wanted = ("git_commit", "fix", "label", "label_evidence", "hunk", "file_change", "coverage", "fix_hunk")
        opened = open_engine(url)
        folder = export(opened, tmp_path / f"out-{name}", *wanted)
        opened.dispose()
        files[name] = {one: (folder / f"{one}.jsonl").read_bytes() for one in wanted}
    assert files["sqlite"] == files["postgresql"]
    assert files["sqlite"]["label"]


def test_an_unknown_name_is_told_with_what_is_near(engine: Engine, tmp_path: Path) -> None:
    """And nothing is left behind."""
    with pytest.raises(ExportError, match="fix_overview"):
        export(engine, tmp_path / "a", "fix_overvew")
    assert list(tmp_path.glob("a*")) == []


def test_an_empty_database_gives_empty_files(engine: Engine, tmp_path: Path) -> None:
    """A header alone in CSV."""
    folder = export(engine, tmp_path / "a", "fix", "pattern_share", kind="csv")
    assert (folder / "pattern_share.csv").read_text() == "rater,pattern,fixes,share\n"
    assert len((folder / "fix.csv").read_text().splitlines()) == 1


def test_every_relation_has_a_name() -> None:
    """Tables and views alike."""
    assert {"fix", "fix_overview", "coverage_gaps"} <= set(relations())
