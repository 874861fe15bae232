"""What Prometheus reads of the daemon. What lives in the database is read from it, at a bounded cost.

No label holds a token, an account's name or an address.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from miner import __version__
from miner.archiving import archive_size
from miner.clock import Clock
from miner.daemon.jobs import Outcome
from miner.daemon.lag import lags
from miner.errors import MinerError
from miner.logs import event
from miner.settings import Settings
from miner.store.readings import Budget, Reading, Totals, read
from miner.store.session import reading

_REST = 10
"""After a reading that took so long, the next is at least ten times as far away: a tenth of one core at most."""

_BUCKETS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400)


class Metrics:
    """The daemon's metrics, in a registry of their own."""

    def __init__(self, engine: Engine, clock: Clock, settings: Callable[[], Settings]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        self.active = Gauge(
            "miner_daemon_active", "1 while this daemon runs the jobs; 0 in standby.", registry=registry
        )
        self.running = Gauge("miner_jobs_running", "Jobs that run now.", registry=registry)
        self.reloaded = Gauge(
            "miner_config_reload_successful",
            "Whether the settings in force are those of the last SIGHUP.",
            registry=registry,
        )
        self.missed = Counter(
            "miner_job_missed", "Runs that were left out, being too late.", ["name"], registry=registry
        )
        self._ended = Counter(
            "miner_job_runs", "Runs that ended, by how they did.", ["name", "kind", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "miner_job_duration_seconds", "How long runs took.", ["name"], buckets=_BUCKETS, registry=registry
        )
        build = Gauge("miner_build_info", "The version that runs.", ["version"], registry=registry)
        build.labels(__version__).set(1)
        self.reloaded.set(1)
        self._database = _Database(engine, clock, settings)
        registry.register(self._database)
        ProcessCollector(registry=registry)

    def begin(self) -> None:
        """Count what runs bring from now on.

        :raises StoreError: if the database cannot be read.
        """
        self._database.begin()

    def expect(self, settings: Settings) -> None:
        """Let each job have its figures from the start: what never happened is 0 then, not unknown."""
        for name, job in settings.daemon.jobs.items():
            self.missed.labels(name)
            for outcome in ("complete", "failed"):
                self._ended.labels(name, job.run, outcome)

    def note(self, outcome: Outcome) -> None:
        """Count a run that ended."""
        self._ended.labels(outcome.job, outcome.kind, outcome.outcome).inc()
        self._seconds.labels(outcome.job).observe(outcome.seconds)


class _Database(Collector):
    """Reads the database when it is asked, but not more often than the settings say."""

    def __init__(self, engine: Engine, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings
        self._guard = threading.Lock()
        self._totals = Totals()
        self._families: list[Metric] = []
        self._fresh_until = 0.0
        self._failures = 0

    def begin(self) -> None:
        """Count what runs bring from now on."""
        with self._guard, reading(self._engine) as connection:
            self._totals.read(connection)

    def describe(self) -> Iterable[Metric]:
        """Name nothing: the database need not answer when this is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Give what the database tells; if it does not answer, only that."""
        with self._guard:
            if self._clock.monotonic() >= self._fresh_until:
                self._read()
            return list(self._families)

    def _read(self) -> None:
        settings, began = self._settings(), self._clock.monotonic()
        try:
            with reading(self._engine) as connection:
                self._totals.read(connection)
                found = read(connection)
                behind = lags(connection, settings, self._clock.now())
            families = [
                *_of_database(found, settings),
                *_of_runs(self._totals, self._clock.now()),
                _gauge_of_lag(behind),
            ]
            up = 1
        except (MinerError, SQLAlchemyError) as error:
            event("metrics", f"the database cannot be read: {error}", level=logging.ERROR)
            self._failures += 1
            families, up = [], 0
        seconds = self._clock.monotonic() - began
        families += [
            _gauge("miner_database_up", "Whether the last reading of the database succeeded.", up),
            _gauge("miner_metrics_read_seconds", "How long the last reading of the database took.", seconds),
            _counter("miner_metrics_read_failures", "Readings of the database that failed.", self._failures),
        ]
        self._families = families
        self._fresh_until = self._clock.monotonic() + max(settings.daemon.metrics_cache_seconds, _REST * seconds)


def _of_database(found: Reading, settings: Settings) -> Iterator[Metric]:
    yield _by("miner_fixes", "Fixes in the database.", ("source", "library"), found.fixes)
    yield _by("miner_omissions", "What was left out and did not come since.", ("source", "reason"), found.omissions)
    # A source without gaps has 0, or an alert could never tell that they were filled.
    gaps = {(source,): found.gaps.get(source, 0) for source in {"git", "github", "stackoverflow", *found.gaps}}
    yield _by("miner_ledger_gaps", "Intervals that were asked for and are not at hand completely.", ("source",), gaps)
    shares = {(pattern,): share for pattern, share in found.labels.items()}
    yield _by("miner_label_share", "Share of each fix pattern among first choices, 0 to 1.", ("pattern",), shares)
    yield _gauge("miner_database_size_bytes", "Size of the database.", found.database_bytes)
    objects, size = archive_size(settings)
    yield _gauge("miner_archive_objects", "Answers of sources that are kept.", objects)
    yield _gauge("miner_archive_size_bytes", "Size of the answers of sources that are kept.", size)
    yield from _of_jobs(found)
    free = _free_bytes(settings.storage.data_dir)
    if free is not None:
        yield _gauge("miner_disk_free_bytes", "Room that is left for clones and whatever else is in data_dir.", free)


def _of_jobs(found: Reading) -> Iterator[Metric]:
    last = {(one.job,): one.succeeded_at.timestamp() for one in found.jobs if one.succeeded_at is not None}
    due = {(one.job,): one.next_at.timestamp() for one in found.jobs if one.next_at is not None}
    failures = {(one.job,): one.failures for one in found.jobs}
    yield _by("miner_job_last_success_timestamp_seconds", "When each job last succeeded.", ("name",), last)
    yield _by("miner_job_next_run_timestamp_seconds", "When each job is due next.", ("name",), due)
    yield _by("miner_job_failures", "How often each job failed since it last succeeded.", ("name",), failures)


def _of_runs(totals: Totals, now: datetime) -> Iterator[Metric]:
    sources = {
        "miner_pages": ("Pages that were committed, since this daemon started.", totals.pages),
        "miner_items": ("Commits, questions and repositories that came, since this daemon started.", totals.items),
    }
    for name, (meaning, counts) in sources.items():
        family = CounterMetricFamily(name, meaning, labels=["source"])
        for source in sorted({"git", "github", "stackoverflow", *counts}):
            family.add_metric([source], counts[source])
        yield family
    labels = ("source", "account", "resource")
    requests = CounterMetricFamily(
        "miner_requests", "Requests that were sent, since this daemon started.", labels=labels
    )
    for key, number in sorted(totals.requests.items()):
        requests.add_metric(key, number)
    yield requests
    yield _counter("miner_new_fixes", "Fixes that came, since this daemon started.", totals.fixes)
    runs = CounterMetricFamily(
        "miner_runs", "Collects that ended, by status, since this daemon started.", labels=["status"]
    )
    for status, number in sorted(totals.runs.items()):
        runs.add_metric([status], number)
    yield runs
    known = totals.budgets.items()
    left = {key: _remaining(budget, now) for key, budget in known}
    yield _by(
        "miner_budget_remaining_requests", "Requests that a budget has left, as its source said last.", labels, left
    )
    limits = {key: budget.limit for key, budget in known if budget.limit is not None}
    yield _by("miner_budget_limit_requests", "Requests that a budget has when it is full.", labels, limits)
    resets = {key: budget.reset_epoch for key, budget in known}
    yield _by("miner_budget_reset_timestamp_seconds", "When a budget is full again.", labels, resets)


def _gauge_of_lag(behind: Mapping[str, float]) -> Metric:
    values = {(source,): seconds for source, seconds in behind.items()}
    return _by(
        "miner_lag_seconds", "How far the database is behind a source; +Inf: nothing came yet.", ("source",), values
    )


def _remaining(budget: Budget, now: datetime) -> int:
    # Nobody asked since it was filled up.
    over = budget.limit is not None and now.timestamp() >= budget.reset_epoch
    return budget.limit if over and budget.limit is not None else budget.remaining


def _free_bytes(folder: Path) -> int | None:
    there = next((path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()), None)
    try:
        return None if there is None else shutil.disk_usage(there).free
    except OSError:
        return None


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(name, meaning, value=value)


def _by(name: str, meaning: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
