"""What each kind of job runs, and that whatever goes wrong in it is its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.clocks import PretendClock
from support.holders import holding
from support.repositories import keras_history
from support.runs import Recorder, Runner

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


@pytest.mark.parametrize(
    ("kind", "request_"),
    [
        ("questions", CollectRequest(sources=("stackoverflow",), questions="new")),
        ("reobserve", CollectRequest(sources=("stackoverflow",), questions="again")),
        ("discover", CollectRequest(sources=("github",))),
        ("fetch", CollectRequest(sources=("git",), known=True)),
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

    def relabel(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("miner.relabel.relabel", relabel)
    found = perform(settings_for(sqlite_url, tmp_path, labels={"run": "relabel", "every": "1d"}), "labels", Recorder())
    assert found.outcome == outcome
    assert message in found.message
    assert "hunter2" not in found.message


def test_relabelling_labels_what_the_rules_in_force_did_not(sqlite_url: str, tmp_path: Path) -> None:
    """Commits that were collected without labels get them; the second time there is nothing to do."""
    keras_history(tmp_path / "keras.git", 20).build()
    Runner(sqlite_url, tmp_path / "data").collect(tmp_path / "keras.git", classify=False)
    settings = settings_for(sqlite_url, tmp_path, labels={"run": "relabel", "every": "1d"})
    first, second = (perform(settings, "labels", Recorder()) for _ in range(2))
    assert (first.outcome, second.outcome) == ("complete", "complete")
    assert first.figures["new_fixes"] > 0
    assert second.figures["fixes"] == 0


def test_a_fetch_brings_every_repository_that_is_known(sqlite_url: str, tmp_path: Path) -> None:
    """Those that somebody once named with --repo, too, but those that are gone; of many failures it tells the first."""
    paths = [tmp_path / f"{name}.git" for name in ("named", "set", "lost", "gone")]
    builders = [keras_history(path, 6, seed=no) for no, path in enumerate(paths)]
    Runner(sqlite_url, tmp_path / "data").collect(*paths)
    settings = settings_for(sqlite_url, tmp_path, fetch={"run": "fetch", "every": "1d"})
    settings = settings.model_copy(update={"git": settings.git.model_copy(update={"repositories": (str(paths[1]),)})})
    for builder in builders[:2]:
        builder.commit("Fix the batch size", {"train.py": "import keras\nBATCH = 7\n"}, parents=[5])
        builder.build(extend=True)
    for path in paths[2:]:
        path.rename(path.with_suffix(".away"))
    outcome = perform(settings, "fetch", Recorder())
    assert (outcome.outcome, outcome.figures["seen"], outcome.figures["repositories"]) == ("partial", 2, 4)
    assert outcome.message.startswith(f"{paths[2]}: ")
    assert outcome.message.endswith("(and 1 more)")
    assert perform(settings, "fetch", Recorder()).figures["repositories"] == 2


def test_retention_prunes_the_runs_that_the_settings_do_not_keep(sqlite_url: str, tmp_path: Path) -> None:
    """The newest stays."""
    keras_history(tmp_path / "keras.git", 5).build()
    for _ in range(3):
        Runner(sqlite_url, tmp_path / "data").collect(tmp_path / "keras.git")
    settings = settings_for(sqlite_url, tmp_path, archive={"run": "retention", "every": "1d"})
    small = settings.model_copy(update={"archive": settings.archive.model_copy(update={"max_bytes": 1})})
    assert [len(perform(one, "archive", Recorder()).figures["runs"]) for one in (settings, small)] == [0, 2]


def test_a_job_that_there_is_not_is_wrong_usage(sqlite_url: str, tmp_path: Path) -> None:
    """The error names those that there are."""
    settings = settings_for(sqlite_url, tmp_path, fetch={"run": "fetch", "every": "1d"})
    with pytest.raises(SettingsError, match=r"no job 'fitch' in the settings: \[daemon.jobs\] has fetch"):
        perform(settings, "fitch", Recorder())
