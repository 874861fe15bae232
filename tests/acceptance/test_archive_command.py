"""``miner archive`` and ``miner rebuild`` as their users run them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.repositories import keras_history
from support.tables import differences, written

Miner = Callable[..., CompletedProcess[str]]


@pytest.fixture
def collected(miner: Miner, tmp_path: Path) -> Path:
    """The folder in which a repository was mined twice."""
    builder = keras_history(tmp_path / "r.git", 20)
    for flags in (["--limit", "5"], []):
        done = miner("collect", "--repo", str(builder.path), "--quiet", *flags)
        assert done.returncode == 0, done.stderr
    return tmp_path


def test_a_rebuild_prints_each_run_and_gives_the_same_rows(miner: Miner, collected: Path) -> None:
    (collected / "r.git").rename(collected / "gone")
    done = miner("rebuild", "--to", "sqlite:///again.db")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[-2:] == [["1", "collect", "complete", "complete"], ["2", "collect", "complete", "complete"]]
    one, other = (written(f"sqlite:///{collected / name}") for name in ("data/miner.db", "again.db"))
    assert differences(one, other) == ""


def test_a_rebuilt_database_goes_on(miner: Miner, collected: Path) -> None:
    """It is collected into as the one that it replaces."""
    assert miner("rebuild", "--to", "sqlite:///again.db", "--quiet").returncode == 0
    done = miner("collect", "--repo", "r.git", "--json", "--quiet", "--database-url", "sqlite:///again.db")
    assert (done.returncode, json.loads(done.stdout)["up_to_date"]) == (0, 1)


def test_a_rebuild_tells_a_machine_what_it_did(miner: Miner, collected: Path) -> None:
    found = json.loads(miner("rebuild", "--to", "sqlite:///again.db", "--json").stdout)
    assert (found["whole"], found["lost"], [run["status"] for run in found["runs"]]) == (True, [], ["complete"] * 2)


def test_a_full_database_and_an_empty_archive_are_one_line(miner: Miner, collected: Path) -> None:
    """They say what to do, and leave exit code 1."""
    for flags, word in ((["--to", "sqlite:///data/miner.db"], "is not empty"), (["--from", "no"], "has no run")):
        done = miner("rebuild", *(["--to", "sqlite:///new.db"] if "--to" not in flags else []), *flags)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert word in done.stderr


def test_the_archive_is_told_and_looked_at(miner: Miner, collected: Path) -> None:
    """Its size for a reader and a machine; a damaged answer is exit code 1 and a line that names it."""
    found = json.loads(miner("archive", "status", "--json").stdout)
    assert (found["objects"], found["runs"], found["pruned"]) == (1, 2, 0)
    assert "bytes" in miner("archive", "status").stdout
    assert miner("archive", "verify").returncode == 0
    (path,) = (collected / "data" / "archive" / "objects").glob("*/*")
    path.write_bytes(b"damaged")
    done = miner("archive", "verify")
    assert done.returncode == 1
    assert path.stem in done.stderr
    done = miner("rebuild", "--to", "sqlite:///again.db", "--quiet")
    assert done.returncode == 1
    assert path.stem in done.stderr
    assert "Traceback" not in done.stderr


def test_a_prune_says_what_it_deletes_and_the_rebuild_what_it_lacks(miner: Miner, collected: Path) -> None:
    """First on trial; the rebuild of the rest is exit code 3."""
    trial = miner("archive", "prune", "--dry-run", MINER_ARCHIVE__MAX_BYTES="1")
    assert "would delete run 1 " in trial.stdout
    done = json.loads(miner("archive", "prune", "--json", MINER_ARCHIVE__MAX_BYTES="1").stdout)
    assert [run for _, run in done["runs"]] == [1]
    assert miner("archive", "prune").stdout.startswith("nothing is to be deleted")
    assert "runs 1 are missing" in miner("rebuild", "--to", "sqlite:///again.db").stderr
    done = miner("rebuild", "--to", "sqlite:///again.db", "--partial")
    assert done.returncode == 3
    assert "not in the archive: 1" in done.stderr


def test_answers_in_the_database_are_moved(miner: Miner, collected: Path) -> None:
    """There are none in a database of this version."""
    assert json.loads(miner("archive", "move", "--json").stdout) == {"moved": 0}


def test_the_archive_is_where_the_setting_says(miner: Miner, tmp_path: Path) -> None:
    builder = keras_history(tmp_path / "r.git", 5)
    elsewhere = f"file://{tmp_path}/elsewhere"
    assert miner("collect", "--repo", str(builder.path), MINER_ARCHIVE__URL=elsewhere).returncode == 0
    assert not (tmp_path / "data" / "archive").exists()
    done = miner("rebuild", "--from", elsewhere, "--to", "sqlite:///again.db")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.db").exists()
