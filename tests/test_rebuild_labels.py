"""A rebuild plays relabellings and changes of people's labels again, in their order among the collects."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event
from support.labels import SITE, write_csv
from support.rebuilding import KILLED, assert_same, environment, rebuilt
from support.repositories import keras_history
from support.rules import RULE, own_rules
from support.runs import Runner
from test_relabel import classify, with_rules

from miner.classify import ruleset
from miner.classify.rulesource import SHIPPED
from miner.collect.archive import archive_of
from miner.errors import LabelsError, RebuildError
from miner.mining import close_readers
from miner.rating import sampling
from miner.rating.importing import ImportRequest, import_labels
from miner.rating.reconciling import agree, decide
from miner.rating.sampling import SampleRequest, sample
from miner.rating.sheets import hand_out
from miner.recording import recording
from miner.store.session import open_engine

COLUMNS = ("item_id", "library", "pattern")


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """Leave no rules and no git command of this test behind."""
    yield
    ruleset.use(SHIPPED)
    close_readers()


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Runner:
    return Runner(database_url, tmp_path / "data")


@pytest.fixture
def lite(sqlite_url: str, tmp_path: Path) -> Runner:
    return Runner(sqlite_url, tmp_path / "data")


@pytest.fixture
def third(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'third.db'}"


@contextmanager
def changing(runner: Runner) -> Iterator[Engine]:
    """Give the database for a change of labels that is recorded."""
    settings = runner.settings()
    engine = open_engine(settings.database.url)
    try:
        with recording(settings, engine):
            yield engine
    finally:
        engine.dispose()


def label_all(runner: Runner, folder: Path) -> None:
    """Import two raters' files, draw a batch and hand it out, and reconcile by agreement and by a moderator."""
    ids = [row[0] for row in runner.rows("SELECT fix_id FROM fix ORDER BY fix_id")][:4]
    said = {"ada": ("monitor", "optimizer", "activation", "monitor"), "ben": ("monitor", "optimizer", "nonsense")}
    for rater, values in said.items():
        rows = [(one, "keras", value) for one, value in zip(ids, values, strict=False)]
        path = write_csv(folder / f"{rater}.csv", COLUMNS, *rows)
        with changing(runner) as engine:
            import_labels(engine, ImportRequest(path, SITE, rater, ("pattern",)))
        path.unlink()
    with changing(runner) as engine:
        drawn = sample(engine, SampleRequest("b", size=5, seed=3))
    with changing(runner) as engine:
        (sheet,) = hand_out(engine, drawn, ["cleo"], folder, "csv")
    with changing(runner) as engine, pytest.raises(LabelsError, match="was given to"):
        import_labels(engine, ImportRequest(filled(sheet), SITE, "dan", reassign=False))
    sheet.unlink()
    with changing(runner) as engine:
        assert agree(engine).added == 2
    decided = write_csv(folder / "decided.csv", ("item_id", "scheme", "decision"), (ids[2], "pattern", "data_type"))
    with changing(runner) as engine:
        assert decide(engine, decided, "dora", SITE).added == 1
    decided.unlink()


def filled(sheet: Path) -> Path:
    """Fill the first row of a sheet in the name of another rater."""
    text = sheet.read_text(encoding="utf-8-sig").replace("cleo", "dan")
    sheet.write_text(text, encoding="utf-8")
    return sheet


def test_relabellings_and_peoples_labels_come_back(runner: Runner, others: list[str], tmp_path: Path) -> None:
    """Collect, two sets of rules and back, labels of all kinds, collect: rows are the same, and no file is needed."""
    builder = keras_history(tmp_path / "r.git", 30)
    runner.collect(builder.path, limit=20)
    rules = own_rules(tmp_path / "rules")
    assert classify(runner, rules).new_fixes >= 0
    label_all(runner, tmp_path)
    assert classify(runner).run_id is not None
    with_rules(runner, rules).collect(builder.path)
    newer = own_rules(tmp_path / "newer", RULE.replace("3.0", "2.5"))
    assert classify(runner, newer, limit=6).commits == 6
    commands = [row[0] for row in runner.rows("SELECT command FROM crawl_run ORDER BY run_id")]
    kinds = ["import", "import", "sample", "sheet", "import", "reconcile", "reconcile"]
    labels = [f"label {kind}" for kind in kinds]
    assert commands == ["collect", "classify", *labels, "classify", "collect", "classify"]
    for folder in (rules, newer):
        shutil.rmtree(folder)
    found = rebuilt(runner, others[0], archived_rules=True)
    assert found.is_whole, found
    assert_same(runner, others[0])
    # Code out of an archive does not run unasked: what then differs is told.
    told = rebuilt(with_rules(runner, own_rules(tmp_path / "today")), others[1])
    assert [run.run_id for run in told.runs if run.other_rules] == [12]
    assert not told.is_whole


def test_labels_that_the_database_did_not_take_do_not_come_back(lite: Runner, third: str, tmp_path: Path) -> None:
    """All was ready to be committed, and the journal said so; then the run was entered as failed."""
    lite.collect(keras_history(tmp_path / "r.git", 20).path)
    ids = [row[0] for row in lite.rows("SELECT fix_id FROM fix ORDER BY fix_id")][:2]
    path = write_csv(tmp_path / "ada.csv", COLUMNS, *[(one, "keras", "monitor") for one in ids])
    commits = []

    def fail(connection: Connection) -> None:
        commits.append(bool(connection.get_execution_options().get("writing")))
        if commits.count(True) == 2:
            commits.append(True)
            raise ZeroDivisionError

    with changing(lite) as engine:
        event.listen(engine, "commit", fail)
        with pytest.raises(ZeroDivisionError):
            import_labels(engine, ImportRequest(path, SITE, "ada", ("pattern",)))
        event.remove(engine, "commit", fail)
    assert lite.rows("SELECT status FROM crawl_run ORDER BY run_id") == [("complete",), ("failed",)]
    assert rebuilt(lite, third).is_whole
    again = Runner(third, tmp_path / "data")
    for table in ("rating", "rating_item", "rating_import"):
        assert again.one(f"SELECT COUNT(*) FROM {table}") == lite.one(f"SELECT COUNT(*) FROM {table}") == 0  # noqa: S608
    assert again.rows("SELECT status FROM crawl_run ORDER BY run_id") == [("complete",), ("failed",)]


def test_a_batch_is_not_drawn_again(lite: Runner, third: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another draw, such as by newer rules, would refuse the labels that people gave."""
    lite.collect(keras_history(tmp_path / "r.git", 60).path)
    with changing(lite) as engine:
        drawn = sample(engine, SampleRequest("b", size=6, seed=3))
    with changing(lite) as engine:
        hand_out(engine, drawn, ["cleo"], tmp_path, "csv")
    answers = [(one.item_id, "b", "cleo", "monitor") for one in drawn.items]
    path = write_csv(tmp_path / "answers.csv", ("item_id", "batch", "rater", "pattern"), *answers)
    with changing(lite) as engine:
        assert import_labels(engine, ImportRequest(path, SITE)).added == 6
    place = sampling._place
    monkeypatch.setattr(sampling, "_place", lambda seed, item: place(seed + 1, item))
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)


def test_a_relabelling_with_nothing_to_do_enters_no_run(lite: Runner, third: str, tmp_path: Path) -> None:
    """Only where other rules labelled last it does: then it says whose labels are in force."""
    lite.collect(keras_history(tmp_path / "r.git", 12).path)
    rules = own_rules(tmp_path / "rules")
    assert classify(lite).run_id is None
    assert [classify(lite, rules).run_id, classify(lite, rules).run_id] == [2, None]
    back = classify(lite)
    assert (back.run_id, back.commits) == (3, 0)
    assert classify(lite).run_id is None
    assert lite.one("SELECT COUNT(*) FROM crawl_run") == 3
    assert rebuilt(with_rules(lite, rules), third).is_whole
    assert_same(lite, third)


@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_killed_relabellings_and_imports_come_back(lite: Runner, third: str, tmp_path: Path, moment: str) -> None:
    """Each is as it was left, and the next one brings the rest."""
    lite.collect(keras_history(tmp_path / "r.git", 40).path)
    rules = own_rules(tmp_path / "rules")
    ids = [row[0] for row in lite.rows("SELECT fix_id FROM fix ORDER BY fix_id")][:3]
    path = write_csv(tmp_path / "ada.csv", COLUMNS, *[(one, "keras", "monitor") for one in ids])
    environ = environment(lite, CLASSIFY__RULES_DIR=str(rules))
    importing = ["label", "import", str(path), "--rater", "ada"]
    for flags, kills in ((importing, (1, 2, 0)), (["classify", "--quiet"], (1, 2, 4, 0))):
        for at in kills:
            command = [sys.executable, "-c", KILLED, moment, str(at), *flags]
            done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
            assert done.returncode == (-signal.SIGKILL if at else 0), done.stderr
    assert lite.one("SELECT COUNT(*) FROM rating") == 3
    assert rebuilt(with_rules(lite, rules), third).is_whole
    assert_same(lite, third)


def test_rules_that_are_gone_from_the_archive_are_named(lite: Runner, third: str, tmp_path: Path) -> None:
    """Nothing is labelled by something else in silence."""
    lite.collect(keras_history(tmp_path / "r.git", 12).path)
    classify(lite, own_rules(tmp_path / "rules"))
    archive = archive_of(lite.settings())
    last = archive.lines(archive.journals()[-1])
    archive.forget(last[0]["rules"]["rules_dir"]["batches.py"])
    with pytest.raises(RebuildError, match=r"has no object .*batches\.py"):
        rebuilt(lite, third, archived_rules=True)


def test_a_collect_without_labels_has_its_libraries_again(lite: Runner, third: str, tmp_path: Path) -> None:
    """They name what is mined, and which file they were in does not matter any more."""
    path, other = (keras_history(tmp_path / name, 20).path for name in ("r.git", "other.git"))
    listed = tmp_path / "libraries.toml"
    lists = "aliases = []\ndistributions = []\nextensions = []\ntags = []\n"
    entry = '[keras]\nmodules = ["keras"]\nrepositories = ["{}"]\n' + lists
    listed.write_text(entry.format(path), encoding="utf-8")
    lite.flags = {"collect": {"libraries_file": str(listed)}}
    assert lite.collect(sources=("git",), classify=False).repositories == 1
    today = tmp_path / "today.toml"
    today.write_text(entry.format(other), encoding="utf-8")
    lite.flags = {"collect": {"libraries_file": str(today)}}
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)
