"""Relabellings and collects of one database at once: one waits or gives up, and nothing is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.holders import holding
from support.rebuilding import environment
from support.repositories import keras_history
from support.rules import own_rules
from support.runs import Runner


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Runner:
    return Runner(database_url, tmp_path / "data")


def start(environ: dict[str, str], *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "miner", *flags, "--quiet"]
    return subprocess.Popen(command, env=environ, text=True, stderr=subprocess.PIPE)


def test_two_relabellings_and_a_collect_give_the_labels_of_one_after_the_other(runner: Runner, tmp_path: Path) -> None:
    """All three wait for each other; every fix has the labels of the rules once, and of each label its evidence."""
    history = keras_history(tmp_path / "r.git", 40).path
    runner.collect(history, limit=25)
    environ = environment(runner, CLASSIFY__RULES_DIR=str(own_rules(tmp_path / "rules")))
    commands = (["classify", "--wait"], ["classify", "--wait"], ["collect", "--repo", str(history), "--wait"])
    running = [start(environ, *flags) for flags in commands]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert runner.one("SELECT COUNT(*) FROM crawl_run WHERE status <> 'complete'") == 0
    assert runner.one("SELECT COUNT(*) FROM crawl_run WHERE command = 'classify'") == 1
    unlabelled = (
        "SELECT COUNT(*) FROM fix WHERE fix_id NOT IN (SELECT fix_id FROM superseded_fix) AND fix_id NOT IN "
        "(SELECT fix_id FROM label WHERE scheme = 'pattern' AND rank = 1 AND rater LIKE '%+own.%')"
    )
    assert runner.one(unlabelled) == 0
    alone = Runner(f"sqlite:///{tmp_path / 'alone.db'}", tmp_path / "alone")
    alone.collect(history)
    shas = "SELECT DISTINCT sha FROM fix ORDER BY sha"
    assert runner.rows(shas) == alone.rows(shas)


def test_a_relabelling_gives_up_while_its_source_is_in_use(runner: Runner, tmp_path: Path) -> None:
    """It says who uses it, and changes nothing; of another source it labels, and a difference only reads."""
    runner.collect(keras_history(tmp_path / "r.git", 8).path)
    environ = environment(runner, CLASSIFY__RULES_DIR=str(own_rules(tmp_path / "rules")))
    with holding(runner.database_url, "git"):
        process = start(environ, "classify")
        assert "git is in use by 'miner collect'" in process.communicate(timeout=60)[1]
        assert process.returncode == 4
        for flags in (["--source", "stackoverflow"], ["--diff"]):
            other = start(environ, "classify", *flags)
            assert (other.communicate(timeout=60)[1], other.returncode) == ("", 0)
    assert runner.one("SELECT COUNT(DISTINCT rater) FROM label") == 1
