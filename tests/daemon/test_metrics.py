"""The metrics: what they say, what they cost, and that the alerts ask for those that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from sqlalchemy import Engine, event
from support.clocks import START, PretendClock

from miner.daemon.jobs import Outcome
from miner.daemon.metrics import Metrics
from miner.settings import Settings, load
from miner.store import repository as store
from miner.store.daemon import put_outcome
from miner.store.session import writing

DEPLOY = Path(__file__).parents[2] / "deploy"
JOBS = {"fetch": {"run": "fetch", "every": "1h"}, "upkeep": {"run": "maintenance", "every": "1d"}}


def settings(cache_seconds: float = 0, folder: str = ".") -> Settings:
    flags: dict[str, dict[str, Any]] = {
        "daemon": {"jobs": JOBS, "metrics_cache_seconds": cache_seconds},
        "storage": {"data_dir": folder},
    }
    return load(environ={}, flags=flags)


@pytest.fixture
def clock() -> PretendClock:
    return PretendClock()


@pytest.fixture
def metrics(engine: Engine, clock: PretendClock) -> Metrics:
    made = Metrics(engine, clock, settings)
    made.expect(settings())
    return made


def value(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def outcome(how: str, minutes: float) -> Outcome:
    return Outcome("fetch", "fetch", how, "", START, START + timedelta(minutes=minutes))


def test_what_never_happened_is_zero(metrics: Metrics) -> None:
    """Not unknown: an alert on an increase would miss the first one."""
    assert value(metrics, "miner_job_runs_total", name="fetch", kind="fetch", outcome="failed") == 0
    assert value(metrics, "miner_job_missed_total", name="upkeep") == 0
    for source in ("git", "github", "stackoverflow"):
        assert value(metrics, "miner_ledger_gaps", source=source) == 0
        assert value(metrics, "miner_pages_total", source=source) == 0


def test_runs_of_jobs_are_counted_by_how_they_ended(metrics: Metrics) -> None:
    """With their durations."""
    for how, minutes in (("complete", 2), ("failed", 0.1), ("failed", 90)):
        metrics.note(outcome(how, minutes))
    assert value(metrics, "miner_job_runs_total", name="fetch", kind="fetch", outcome="failed") == 2
    assert value(metrics, "miner_job_duration_seconds_sum", name="fetch") == pytest.approx(120 + 6 + 5400)
    assert value(metrics, "miner_job_duration_seconds_bucket", name="fetch", le="300.0") == 2


def test_how_jobs_ended_outlives_the_daemon(metrics: Metrics, engine: Engine) -> None:
    """It is in the database: a restart does not make a job young."""
    with writing(engine) as connection:
        put_outcome(connection, "fetch", "fetch", "partial", "", START, START)
        put_outcome(connection, "fetch", "fetch", "failed", "", START, START)
    last = value(metrics, "miner_job_last_success_timestamp_seconds", name="fetch")
    assert last == START.timestamp()
    assert value(metrics, "miner_job_failures", name="fetch") == 1


def test_a_budget_whose_reset_has_passed_is_full(metrics: Metrics, engine: Engine, clock: PretendClock) -> None:
    """Nobody has asked since, so nobody has said so."""
    told = {"source": "github", "account": "account 1f", "resource": "core", "remaining": 3, "limit": 5000}
    reset = int((START + timedelta(hours=1)).timestamp())
    with writing(engine) as connection:
        run_id = store.start_run(connection, "collect", {}, "0")
        store.finish_run(connection, run_id, "complete", {"budgets": [{**told, "reset_epoch": reset}]})
    labels = {"source": "github", "account": "account 1f", "resource": "core"}
    assert value(metrics, "miner_budget_remaining_requests", **labels) == 3
    clock.advance(hours=2)
    assert value(metrics, "miner_budget_remaining_requests", **labels) == 5000


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is asked of the database."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_many_scrapes_read_the_database_once(engine: Engine, clock: PretendClock, statements: list[str]) -> None:
    """Within the time that the settings say."""
    metrics = Metrics(engine, clock, lambda: settings(cache_seconds=3600))
    first = generate_latest(metrics.registry)
    asked = len(statements)
    assert 5 < asked < 40
    for _ in range(20):
        assert b"miner_database_up 1.0" in generate_latest(metrics.registry)
    assert len(statements) == asked
    assert b"miner_fixes" in first


def test_a_database_that_does_not_answer_is_said(metrics: Metrics, engine: Engine) -> None:
    """What is known without it is told still, and nothing that is old."""
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP VIEW coverage_gaps")
    text = generate_latest(metrics.registry).decode()
    assert "miner_database_up 0.0" in text
    assert "miner_metrics_read_failures_total 1.0" in text
    assert 'miner_job_missed_total{name="fetch"} 0.0' in text
    assert "miner_ledger_gaps" not in text


def test_every_alert_asks_for_metrics_that_there_are(metrics: Metrics, engine: Engine) -> None:
    """By their names and their labels, and says what to do."""
    with writing(engine) as connection:
        put_outcome(connection, "fetch", "fetch", "complete", "", START, START)
        run_id = store.start_run(connection, "collect", {}, "0")
        told = {"source": "s", "account": "a", "resource": "r", "remaining": 1, "limit": 2, "reset_epoch": 0}
        store.finish_run(connection, run_id, "complete", {"budgets": [told]})
    known = {family.name + ("_total" if family.type == "counter" else "") for family in metrics.registry.collect()}
    rules = [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
    for rule in rules:
        names = set(re.findall(r"\bminer_[a-z_]+", rule["expr"]))
        assert names <= known, rule["alert"]
        assert names or rule["expr"].startswith("up{"), rule["alert"]
        assert {"summary", "action"} == set(rule["annotations"]), rule["alert"]
    asked = " ".join(rule["expr"] for rule in rules)
    for wanted in ("ledger_gaps", "budget_remaining", "items_total", "job_failures", "disk_free", "lag_seconds"):
        assert f"miner_{wanted}" in asked


def test_an_alerts_labels_are_those_of_its_metric(metrics: Metrics) -> None:
    """A label that there is not matches nothing, and the alert would never fire."""
    labels = {"name", "kind", "outcome", "source", "reason", "pattern", "account", "resource"}
    for found in re.findall(r"miner_\w+\{([^}]*)\}", (DEPLOY / "alerts.yml").read_text()):
        assert set(re.findall(r"(\w+)\s*[=!]", found)) <= labels


def test_a_slow_reading_is_followed_by_a_long_rest(engine: Engine, statements: list[str]) -> None:
    """Ten times as long as it took, so that scrapes never take more than a tenth of the database's time."""

    class Slow(PretendClock):
        def now(self) -> datetime:
            self.advance(7)
            return super().now()

    clock = Slow()
    metrics = Metrics(engine, clock, settings)
    generate_latest(metrics.registry)
    asked = len(statements)
    clock.advance(60)
    generate_latest(metrics.registry)
    assert len(statements) == asked
    clock.advance(120)
    generate_latest(metrics.registry)
    assert len(statements) > asked
