"""``miner audit``, ``miner doctor`` and ``miner db backup``, ``restore`` and ``roles`` as their users run them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.repositories import keras_history

Miner = Callable[..., CompletedProcess[str]]


@pytest.fixture
def filled(miner: Miner, tmp_path: Path) -> Path:
    """The database of a collect, at its default place."""
    history = keras_history(tmp_path / "r.git", 30)
    assert miner("collect", "--repo", str(history.path), "--quiet").returncode == 0
    return tmp_path / "data" / "miner.db"


def test_an_audit_of_a_whole_database_is_complete(miner: Miner, filled: Path) -> None:
    """Exit code 0, and figures that a machine can read."""
    done = miner("audit", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["complete"], told["gaps"]) == (True, [])
    assert told["sources"]["git"]["recall"] == 1.0
    assert "recall\t1.0000" in miner("audit").stdout


def test_an_audit_that_misses_something_ends_with_3(miner: Miner, filled: Path) -> None:
    """And names it."""
    with closing(sqlite3.connect(filled)) as connection:
        sha = connection.execute("SELECT MIN(sha) FROM repository_commit").fetchone()[0]
        connection.execute("DELETE FROM repository_commit WHERE sha = ?", (sha,))
        connection.commit()
    done = miner("audit", "--source", "git")
    assert done.returncode == 3
    assert any(line.startswith("missing\tgit") and sha in line for line in done.stdout.splitlines())


def test_an_audit_plan_says_the_cost(miner: Miner, filled: Path) -> None:
    """One line a source, and nothing is asked."""
    rows = [line.split("\t") for line in miner("audit", "--plan").stdout.splitlines()]
    assert {row[0]: row[4] for row in rows}["git"] == "1 repositories"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["audit", "--since", "2020-01-02", "--until", "2020-01-01"], 2),
        (["audit", "--sample", "0"], 2),
        (["audit"], 1),
        (["db", "restore", "nothing.zip"], 1),
        (["db", "backup", "x.zip"], 1),
        (["db", "roles"], 2),
    ],
    ids=str,
)
def test_a_users_mistake_is_one_line(miner: Miner, words: list[str], code: int) -> None:
    """There is no database yet, no file, or no sense in it."""
    done = miner(*words)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "rror" in done.stderr


def test_a_doctor_without_the_network_looks_at_the_machine(miner: Miner, filled: Path) -> None:
    """Exit code 0, a finding a line."""
    done = miner("doctor", "--offline")
    assert done.returncode == 0
    states = dict(line.split("\t")[1::-1] for line in done.stdout.splitlines())
    assert (states["git"], states["database"], states["schema"]) == ("ok", "ok", "ok")


def test_a_doctor_that_finds_something_ends_with_1(miner: Miner, tmp_path: Path) -> None:
    """Also as JSON."""
    done = miner("doctor", "--offline", "--json", "--database-url", "postgresql://me@127.0.0.1:1/x")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["healthy"] is False
    assert [one["name"] for one in told["findings"] if one["state"] == "failure"] == ["database"]


def test_a_backup_brings_a_lost_database_back(miner: Miner, filled: Path, tmp_path: Path) -> None:
    """The next run goes on from it."""
    assert miner("db", "backup", "b.zip").returncode == 0
    assert miner("db", "backup", "b.zip").returncode == 1
    filled.unlink()
    done = miner("db", "restore", "b.zip")
    assert done.returncode == 0, done.stderr
    assert "b.zip" in done.stdout
    assert miner("db", "check").returncode == 0
    again = miner("collect", "--repo", str(tmp_path / "r.git"), "--json")
    assert json.loads(again.stdout)["up_to_date"] == 1
    assert miner("db", "restore", "b.zip").returncode == 1
    assert miner("db", "restore", "b.zip", "--force", "--json").returncode == 0
