"""The benchmark: what is in it, how it is split, and that it comes out the same each time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from support.repositories import DAY, START, RepositoryBuilder
from support.runs import Runner
from support.threads import answer, origin, question, thread

from miner.errors import ExportError
from miner.export.bundle import export_bundle, lacking, split_of
from miner.export.swebench import export_swebench, told_left_out
from miner.questions import Judge, QuestionTask
from miner.store import repository
from miner.store.exports import Selection
from miner.store.session import open_engine, writing
from miner.store.tables import file_change

CODE = "import keras\n\nmodel = keras.Sequential()\nmodel.add(keras.layers.Dense({}))\nmodel.compile(loss='mse')\n"
CUT = datetime.fromtimestamp(START + 5 * DAY, UTC)


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Runner:
    """A miner without repositories."""
    return Runner(database_url, tmp_path / "data")


@pytest.fixture
def engine(runner: Runner, tmp_path: Path) -> Iterator[Engine]:
    """Fixes before and after a cut: of a repository and its fork, of one that is younger, and of an answer."""
    old = RepositoryBuilder(tmp_path / "old.git")
    old.commit("Add", {"m.py": CODE.format(1), "tests/test_m.py": "import keras\nx = 1\n"}, epoch=START)
    old.commit("Fix crash of layer", {"m.py": CODE.format(2)}, parents=[0], epoch=START + DAY)
    old.commit(
        "Fix wrong size, it crashed\n\nFixes #3",
        {"m.py": CODE.format(3), "tests/test_m.py": "import keras\nx = 2\n"},
        parents=[1],
        epoch=START + 9 * DAY,
    )
    fork = RepositoryBuilder(tmp_path / "fork.git")
    old.build()
    subprocess.run(["git", "clone", "--quiet", "--bare", str(old.path), str(fork.path)], check=True)
    young = RepositoryBuilder(tmp_path / "young.git")
    young.commit("Add", {"n.py": CODE.format(7)}, epoch=START + 6 * DAY)
    young.commit("Fix bug in units", {"n.py": CODE.format(8)}, parents=[0], epoch=START + 7 * DAY)
    young.build()
    runner.collect(old.path, fork.path, young.path)
    opened = open_engine(runner.database_url)
    one = thread(question(accepted_answer_id=2), [answer(2)], [])
    with writing(opened) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        mined = QuestionTask((one,), Judge(5), run_id, origin(run_id)).run()
        repository.write_page(connection, mined.rows, run_id=run_id)
    yield opened
    opened.dispose()


def exported(engine: Engine, folder: Path, selection: Selection | None = None, cut: datetime | None = CUT) -> Path:
    export_bundle(engine, folder, selection or Selection(), cut, lambda _done, _total: None)
    return folder


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_twice_it_is_the_same_byte_for_byte(engine: Engine, tmp_path: Path) -> None:
    """All files, the manifest among them."""
    one, other = exported(engine, tmp_path / "one"), exported(engine, tmp_path / "other")
    assert {file.name: file.read_bytes() for file in one.iterdir()} == {
        file.name: file.read_bytes() for file in other.iterdir()
    }
    assert not list(tmp_path.glob("*.partial"))


def test_the_sums_are_those_of_the_files(engine: Engine, tmp_path: Path) -> None:
    """Every file but the list itself is in it."""
    folder = exported(engine, tmp_path / "out")
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert sums == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.name != "SHA256SUMS"
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["counts"]["splits"] == {
        name: len(lines(folder / f"{name}.jsonl"))
        for name in ("held_back", "test", "train")
        if lines(folder / f"{name}.jsonl")
    }


def test_no_family_is_on_both_sides(engine: Engine, tmp_path: Path) -> None:
    """What an old repository or its fork had later is held back; a younger one, and the answer, are the test part."""
    folder = exported(engine, tmp_path / "out")
    found = {name: lines(folder / f"{name}.jsonl") for name in ("train", "test", "held_back")}
    assert [one["title"] for one in found["train"]] == ["Fix crash of layer"]
    assert {one["title"] for one in found["test"]} == {"Fix bug in units", "Why does my model not learn?"}
    assert [one["title"] for one in found["held_back"]] == ["Fix wrong size, it crashed"]
    families = {name: {one["family"] for one in rows} for name, rows in found.items()}
    assert families["train"].isdisjoint(families["test"])
    assert families["train"] == families["held_back"]


def test_an_instance_says_all_that_is_known(engine: Engine, tmp_path: Path) -> None:
    """Code before and after, labels with raters, whom to name, and why it counts."""
    folder = exported(engine, tmp_path / "out")
    (commit,) = lines(folder / "train.jsonl")
    (change,) = commit["changes"]
    assert "Dense(1)" in change["before"]
    assert "Dense(2)" in change["after"]
    assert {"library", "pattern"} <= {one["scheme"] for one in commit["labels"]}
    assert commit["attribution"][0]["author"] == "A U Thor"
    assert "example.org" not in json.dumps(commit)
    post = next(one for one in lines(folder / "test.jsonl") if one["source"] == "stackoverflow")
    assert post["selection_rule"] == "accepted_with_code"
    assert [(one["author"], one["licence"]) for one in post["attribution"]] == [
        ("Ada", "CC BY-SA 4.0"),
        ("Ben", "CC BY-SA 4.0"),
    ]
    assert "optimizer='adam'" in post["changes"][0]["after"]


def test_a_diff_is_one_that_git_applies(engine: Engine, tmp_path: Path) -> None:
    """At the base commit; what comes out is the repaired file."""
    (target,) = [exported(engine, tmp_path / "out")]
    (commit,) = lines(target / "train.jsonl")
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "--quiet", str(tmp_path / "old.git"), str(work)], check=True)
    subprocess.run(["git", "-C", str(work), "checkout", "--quiet", commit["base_commit"]], check=True)
    subprocess.run(["git", "-C", str(work), "apply", "-"], input=commit["changes"][0]["diff"].encode(), check=True)
    assert "Dense(2)" in (work / "m.py").read_text()


def test_commits_come_in_the_form_of_swe_bench(engine: Engine, tmp_path: Path) -> None:
    """Tests apart from the rest, the problem in the words of the message, and both patches apply."""
    written = export_swebench(engine, tmp_path / "swe.jsonl", Selection(sources=("git",)), lambda _done, _all: None)
    rows = lines(tmp_path / "swe.jsonl")
    assert written.rows == len(rows) == 3
    assert (written.left_out, told_left_out(written)) == ({}, "")
    one = next(row for row in rows if "wrong size" in row["problem_statement"])
    assert "tests/test_m.py" in one["test_patch"]
    assert "tests/test_m.py" not in one["patch"]
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "--quiet", str(tmp_path / "old.git"), str(work)], check=True)
    subprocess.run(["git", "-C", str(work), "checkout", "--quiet", one["base_commit"]], check=True)
    both = (one["patch"] + one["test_patch"]).encode()
    subprocess.run(["git", "-C", str(work), "apply", "-"], input=both, check=True)
    assert "Dense(3)" in (work / "m.py").read_text()


def test_commits_that_cannot_be_instances_are_counted(runner: Runner, engine: Engine, tmp_path: Path) -> None:
    """By reason: the first commit of a repository, and one with a file whose lines are not stored."""
    first = RepositoryBuilder(tmp_path / "first.git")
    first.commit("Fix crash of the first layer", {"f.py": CODE.format(9)}, epoch=START)
    first.build()
    runner.collect(first.path)
    whole = export_swebench(engine, tmp_path / "a.jsonl", Selection(sources=("git",)), lambda _done, _all: None)
    assert (whole.rows, whole.left_out) == (3, {"no_parent": 1})
    with writing(engine) as connection:
        sha = lines(tmp_path / "a.jsonl")[0]["fix_commit"]
        row = connection.execute(select(file_change).where(file_change.c.sha == sha)).first()
        assert row is not None
        connection.execute(insert(file_change).values(row._asdict() | {"file_no": 99}))
    part = export_swebench(engine, tmp_path / "b.jsonl", Selection(sources=("git",)), lambda _done, _all: None)
    assert (part.rows, part.left_out) == (2, {"no_parent": 1, "part_of_diff": 1})
    assert told_left_out(part) == (
        "2 of 4 commits with a fix are left out: 1 without a parent to apply a patch to; "
        "1 with a file whose changed lines are not stored, such as a very long one"
    )


def test_a_selection_is_what_comes_out(engine: Engine, tmp_path: Path) -> None:
    """By source and by time; the manifest says what was asked for."""
    only = Selection(sources=("git",), since=CUT)
    folder = exported(engine, tmp_path / "out", only)
    assert lines(folder / "train.jsonl") == []
    assert len(lines(folder / "test.jsonl")) == 1
    assert json.loads((folder / "manifest.json").read_text())["asked"]["sources"] == ["git"]


def test_without_a_cut_four_fifths_are_before_it(engine: Engine, tmp_path: Path) -> None:
    """The manifest says when it is."""
    folder = exported(engine, tmp_path / "out", cut=None)
    cut = json.loads((folder / "manifest.json").read_text())["cut"]
    moments = sorted(
        one["fixed_at"] for name in ("train", "test", "held_back") for one in lines(folder / f"{name}.jsonl")
    )
    assert cut == moments[int(len(moments) * 0.8)]


def test_nothing_selected_is_an_error_and_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    """No empty benchmark is made."""
    with pytest.raises(ExportError, match="no fix"):
        exported(engine, tmp_path / "out", Selection(libraries=("theano",)))
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()


def test_what_is_there_is_never_overwritten(engine: Engine, tmp_path: Path) -> None:
    """A folder with something in it stays as it is."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(ExportError, match="already"):
        exported(engine, tmp_path / "out")
    assert (tmp_path / "out" / "mine").read_text() == "x"


def test_the_metadata_is_valid_croissant(engine: Engine, tmp_path: Path) -> None:
    """As the reference implementation judges it, and it reads the records."""
    folder = exported(engine, tmp_path / "out")
    tool = Path(sys.executable).with_name("mlcroissant")
    done = subprocess.run(
        [str(tool), "validate", "--jsonld", str(folder / "croissant.json")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Done" in done.stderr
    assert "ERROR" not in done.stderr


@pytest.mark.parametrize(
    ("moment", "began", "expected"),
    [(1, 1, "train"), (9, 9, "test"), (9, 1, "held_back"), (1, 9, "train"), (None, None, "held_back"), (5, 5, "test")],
)
def test_the_split(moment: int | None, began: int | None, expected: str) -> None:
    """The cut itself is after training."""

    def at(day: int | None) -> datetime | None:
        return None if day is None else datetime(2020, 1, day, tzinfo=UTC)

    assert split_of(at(moment), at(began), datetime(2020, 1, 5, tzinfo=UTC)) == expected


def test_a_benchmark_without_a_test_part_says_so(engine: Engine, tmp_path: Path) -> None:
    """As that of a single repository, in a warning and in its card; one that has all lacks nothing."""
    only = Selection(sources=("git",), until=datetime.fromtimestamp(START + 5 * DAY, UTC))
    whole = export_bundle(engine, tmp_path / "whole", Selection(), CUT, lambda _done, _total: None)
    part = export_bundle(engine, tmp_path / "part", only, CUT, lambda _done, _total: None)
    assert lacking(whole) is None
    assert "No test part" not in (tmp_path / "whole" / "README.md").read_text()
    assert "test.jsonl is empty" in (lacking(part) or "")
    assert "No test part" in (tmp_path / "part" / "README.md").read_text()


def test_licences_count_instances(engine: Engine, tmp_path: Path) -> None:
    """A question and its answer under the same licence are one."""
    folder = exported(engine, tmp_path / "out")
    licences = json.loads((folder / "manifest.json").read_text())["counts"]["licences"]
    assert licences == {"CC BY-SA 4.0": 1, "not stated": 3}
