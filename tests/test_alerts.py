"""The alerts, as Prometheus reads and runs them: tests/alerts holds what it is told, and what should come of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from sqlalchemy import Engine
from support.clocks import START, PretendClock

from miner.daemon.jobs import Outcome
from miner.daemon.metrics import Metrics
from miner.settings import load
from miner.store import repository as store
from miner.store.daemon import put_outcome
from miner.store.session import writing

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNIT_TESTS = sorted((ROOT / "tests" / "alerts").glob("*_test.yml"))
TARGET_LABELS = {"job", "instance"}
"""Prometheus gives them to whatever it reads, and renames labels of the same names."""

_PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
PROMTOOL = shutil.which("promtool", path=_PATH)
with_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="there is no promtool: Debian and Ubuntu have it in the package prometheus"
)


def promtool(*words: str | Path, cwd: Path = DEPLOY, told: bytes | None = None) -> str:
    done = subprocess.run([str(PROMTOOL), *words], cwd=cwd, input=told, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


@with_promtool
def test_prometheus_takes_its_settings_and_the_alerts() -> None:
    """Every expression is one, and every template."""
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


@with_promtool
@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_no_sooner(path: Path) -> None:
    """Over hours, days and weeks of figures, with what they say."""
    promtool("test", "rules", path)


def test_every_alert_is_seen_to_fire() -> None:
    """And each is looked at where it must keep still, or when it is over."""
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    fires: dict[str, set[bool]] = defaultdict(set)
    for path in UNIT_TESTS:
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                fires[case["alertname"]].add(bool(case["exp_alerts"]))
    expected = {rule["alert"]: {True, False} for group in rules for rule in group["rules"]}
    assert dict(fires) == expected


@pytest.fixture
def told(engine: Engine) -> Metrics:
    """The metrics of a daemon with a job that ran, on a database with a run that spent requests."""
    jobs = {"fetch": {"run": "fetch", "every": "1h"}}
    flags: dict[str, dict[str, Any]] = {"daemon": {"jobs": jobs, "metrics_cache_seconds": 0}}
    settings = load(environ={}, flags=flags)
    metrics = Metrics(engine, PretendClock(), lambda: settings)
    metrics.begin()
    metrics.expect(settings)
    metrics.note(Outcome("fetch", "fetch", "complete", "", START, START))
    account = {"source": "github", "account": "token 1", "resource": "core"}
    left = {"remaining": 1, "limit": 2, "reset_epoch": 0}
    with writing(engine) as connection:
        put_outcome(connection, "fetch", "fetch", "complete", "", START, START)
        run_id = store.start_run(connection, "collect", {}, "0")
        summary = {"seen": 1, "sent": [{**account, "requests": 3}], "budgets": [{**account, **left}]}
        store.finish_run(connection, run_id, "complete", summary)
    return metrics


@with_promtool
def test_prometheus_has_nothing_to_say_against_the_metrics(told: Metrics) -> None:
    """Names, types, units and help are as its rules want them."""
    assert promtool("check", "metrics", told=generate_latest(told.registry)) == ""


def test_requests_and_budgets_are_told_by_account(told: Metrics) -> None:
    """Of each source, so that one sees whose tokens are used up by what."""
    labels = {"source": "github", "account": "token 1", "resource": "core"}
    assert told.registry.get_sample_value("miner_requests_total", labels) == 3
    assert told.registry.get_sample_value("miner_budget_limit_requests", labels) == 2


def test_no_metric_has_a_label_that_prometheus_gives_itself(told: Metrics) -> None:
    """It would arrive under another name, and an alert that asks for it would never fire, or for everything."""
    samples = [sample for family in told.registry.collect() for sample in family.samples]
    assert any(sample.labels.get("name") == "fetch" for sample in samples)
    assert [sample.name for sample in samples if TARGET_LABELS & sample.labels.keys()] == []
