"""``miner daemon --once`` and ``--jobs``: for those who have cron, and those who want to know."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.daemons import toml
from support.holders import holding
from support.repositories import keras_history

Miner = Callable[..., subprocess.CompletedProcess[str]]
JOBS = {
    "fetch": {"run": "fetch", "cron": "0 3 * * *"},
    "upkeep": {"run": "maintenance", "every": "1d"},
}


@pytest.fixture
def once(miner: Miner, tmp_path: Path, database_url: str) -> Miner:
    """Give a function that runs ``miner daemon`` with flags, on jobs of which one fetches a repository."""
    path = keras_history(tmp_path / "r.git", 5).path
    (tmp_path / "miner.toml").write_text(toml(JOBS, lock_wait_seconds=0), encoding="utf-8")
    environ = {"MINER_GIT__REPOSITORIES": f'["{path}"]', "MINER_DATABASE__URL": database_url}
    return lambda *flags, **more: miner("daemon", *flags, **environ | more)


def test_a_job_runs_now_and_its_outcome_is_kept(once: Miner) -> None:
    """Exit code 0; the log on standard error, one JSON object on standard output."""
    done = once("--once", "fetch", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["job"], told["outcome"], told["figures"]["seen"]) == ("fetch", "complete", 5)
    logged = [json.loads(line) for line in done.stderr.splitlines()]
    assert logged[-1]["event"] == "job complete"
    assert (logged[-1]["job"], logged[-1]["run"]) == ("fetch", 1)
    state, _ = json.loads(once("--jobs", "--json").stdout)
    assert (state["job"], state["outcome"], state["failures"]) == ("fetch", "complete", 0)
    assert once("--jobs").stdout.split("\t")[:3] == ["fetch", "when a daemon starts", "complete"]


def test_a_repository_that_is_gone_is_a_partial_or_failed_job(once: Miner) -> None:
    """With the exit codes of collect."""
    done = once("--once", "fetch", MINER_GIT__REPOSITORIES='["nothing.git"]')
    assert done.returncode == 1
    assert "job failed" in done.stderr
    assert done.stdout == ""


def test_a_source_in_use_is_exit_code_4(once: Miner, database_url: str) -> None:
    """As of collect, once the wait is over."""
    assert once("--once", "upkeep").returncode == 0
    with holding(database_url, "git"):
        done = once("--once", "fetch", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["outcome"] == "busy"


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        pytest.param(["--once", "fitch"], 2, "there is no job 'fitch'", id="no such job"),
        pytest.param(["--once", "fetch", "--wait"], 2, "--once runs one job", id="once and wait"),
    ],
)
def test_wrong_usage_is_told(once: Miner, flags: list[str], code: int, says: str) -> None:
    """In one line, without a traceback."""
    done = once(*flags)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_job_that_cannot_be_scheduled_is_exit_code_2(once: Miner, tmp_path: Path) -> None:
    """Before anything is opened."""
    (tmp_path / "miner.toml").write_text(toml({"fetch": {"run": "fetch", "cron": "x"}}), encoding="utf-8")
    done = once()
    assert done.returncode == 2
    assert done.stderr.startswith("error: setting daemon.jobs.fetch: cron 'x'")


def test_without_a_database_the_jobs_are_those_of_the_settings(once: Miner) -> None:
    """None has run; no database is made."""
    for _ in range(2):
        done = once("--jobs")
        assert (done.returncode, done.stderr) == (0, "")
        assert [line.split("\t")[:3] for line in done.stdout.splitlines()] == [
            ["fetch", "when a daemon starts", "-"],
            ["upkeep", "when a daemon starts", "-"],
        ]
    told = json.loads(once("--jobs", "--json").stdout)
    assert [(one["job"], one["in_settings"], one["overdue"]) for one in told] == [
        ("fetch", True, False),
        ("upkeep", True, False),
    ]


def test_a_job_that_left_the_settings_is_marked(once: Miner, tmp_path: Path) -> None:
    """It ran once, and is never due."""
    assert once("--once", "upkeep").returncode == 0
    (tmp_path / "miner.toml").write_text(toml({"fetch": JOBS["fetch"]}), encoding="utf-8")
    lines = [line.split("\t")[:3] for line in once("--jobs").stdout.splitlines()]
    assert lines == [
        ["fetch", "when a daemon starts", "-"],
        ["upkeep", "never: not in the settings", "complete"],
    ]
