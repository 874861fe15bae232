"""What each kind of job runs, and that whatever goes wrong in it is its outcome."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.clocks import PretendClock
from support.holders import holding
from support.runs import Recorder

from miner.daemon.jobs import LANES, perform, request_of
from miner.errors import Interrupted, MinerError, SettingsError
from miner.job import CollectRequest
from miner.settings import JobSettings, Settings, load


def settings_for(url: str, folder: Path, **jobs: Mapping[str, Any]) -> Settings:
    flags: dict[str, dict[str, Any]] = {
        "database": {"url": url},
        "storage": {"data_dir": str(folder / "data")},
        "daemon": {"jobs": jobs, "lock_wait_seconds": 0},
    }
    return load(environ={}, flags=flags)


def part(monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any) -> None:
    """Let a module of the miner exist."""
    module = ModuleType(name)
    for key, function in functions.items():
        setattr(module, key, function)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(
    ("kind", "request_"),
    [
        ("questions", CollectRequest(sources=("stackoverflow",), questions="new")),
        ("reobserve", CollectRequest(sources=("stackoverflow",), questions="again")),
        ("discover", CollectRequest(sources=("github",))),
        ("fetch", CollectRequest(sources=("git",))),
        ("relabel", None),
        ("retention", None),
        ("maintenance", None),
    ],
)
def test_each_kind_asks_the_pipeline_for_its_part(kind: str, request_: CollectRequest | None) -> None:
    """Those that collect nothing ask for nothing; each has a lane."""
    job = JobSettings.model_validate({"run": kind, "every": "1h"})
    assert request_of(job) == request_
    assert job.run in LANES


def test_a_job_narrows_what_is_asked_for() -> None:
    """By time and library, and by repository where there are any."""
    given = {"every": "1h", "since": "2019-01-01", "libraries": ["keras"], "repositories": ["a/b"]}
    fetch = request_of(JobSettings.model_validate({"run": "fetch", **given}))
    assert fetch is not None
    assert fetch.since == datetime(2019, 1, 1, tzinfo=UTC)
    assert (fetch.libraries, fetch.repositories) == (("keras",), ("a/b",))
    questions = request_of(JobSettings.model_validate({"run": "questions", **given}))
    assert questions is not None
    assert questions.repositories == ()


def test_upkeep_of_a_database(database_url: str, tmp_path: Path) -> None:
    """On both kinds: complete, with the size; the tables are made if there are none."""
    settings = settings_for(database_url, tmp_path, upkeep={"run": "maintenance", "every": "1d"})
    outcome = perform(settings, "upkeep", Recorder(), PretendClock())
    assert (outcome.outcome, outcome.message, outcome.kind) == ("complete", "", "maintenance")
    assert outcome.figures["database_bytes"] > 100_000
    assert outcome.succeeded


def test_a_job_whose_source_is_in_use_is_busy(database_url: str, tmp_path: Path) -> None:
    """That is no failure, and no success either."""
    settings = settings_for(database_url, tmp_path, fetch={"run": "fetch", "every": "1d"})
    with holding(database_url, "git"):
        outcome = perform(settings, "fetch", Recorder())
    assert outcome.outcome == "busy"
    assert "git is in use by" in outcome.message
    assert not outcome.succeeded


@pytest.mark.parametrize(
    ("raised", "outcome", "message"),
    [
        pytest.param(MinerError("no room"), "failed", "no room", id="an error of ours"),
        pytest.param(KeyError("x"), "failed", "KeyError: 'x'", id="a defect"),
        pytest.param(Interrupted(), "interrupted", "Stopped on request", id="a stop"),
        pytest.param(
            ValueError("https://me:hunter2@host/x?token=hunter2"),
            "failed",
            "https://***@host/x?token=***",
            id="secrets",
        ),
    ],
)
def test_what_a_part_raises_is_the_outcome(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path, raised: Exception, outcome: str, message: str
) -> None:
    """Nothing gets out of a job, and no secret into its message."""

    def relabel(*_: object) -> None:
        raise raised

    part(monkeypatch, "miner.relabelling", relabel=relabel)
    found = perform(settings_for(sqlite_url, tmp_path, labels={"run": "relabel", "every": "1d"}), "labels", Recorder())
    assert found.outcome == outcome
    assert message in found.message
    assert "hunter2" not in found.message


def test_relabelling_and_retention_are_called_with_what_they_need(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path
) -> None:
    """The settings, the reporter, a function that tells of a stop; the settings and the time."""
    called: list[object] = []

    def relabel(settings: Settings, reporter: object, stopped: Any) -> dict[str, int]:
        called.append((settings, reporter, stopped()))
        return {"relabelled": 7}

    def prune(settings: Settings, now: datetime) -> int:
        called.append((settings, now.tzinfo))
        return 3

    part(monkeypatch, "miner.relabelling", relabel=relabel)
    part(monkeypatch, "miner.collect.archive", prune=prune)
    jobs = {"labels": {"run": "relabel", "every": "1d"}, "archive": {"run": "retention", "every": "1d"}}
    settings, reporter = settings_for(sqlite_url, tmp_path, **jobs), Recorder()
    assert perform(settings, "labels", reporter).figures == {"relabelled": 7}
    assert perform(settings, "archive", reporter).figures == {"result": "3"}
    assert called == [(settings, reporter, False), (settings, UTC)]


def test_a_part_that_this_version_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path
) -> None:
    """And what to do."""
    monkeypatch.setitem(sys.modules, "miner.relabelling", None)
    settings = settings_for(sqlite_url, tmp_path, labels={"run": "relabel", "every": "1d"})
    assert "take the job out of [daemon.jobs]" in perform(settings, "labels", Recorder()).message


def test_a_job_that_there_is_not_is_wrong_usage(sqlite_url: str, tmp_path: Path) -> None:
    """The error names those that there are."""
    settings = settings_for(sqlite_url, tmp_path, fetch={"run": "fetch", "every": "1d"})
    with pytest.raises(SettingsError, match=r"no job 'fitch' in the settings: \[daemon.jobs\] has fetch"):
        perform(settings, "fitch", Recorder())
