"""What a job of the daemon runs: each kind is one call of what the command line calls, too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from miner.clock import Clock, SystemClock
from miner.console import mask_secrets
from miner.errors import BusyError, Interrupted, MinerError, SettingsError
from miner.job import CollectRequest, Reporter
from miner.logs import bound, event
from miner.settings import JobKind, JobSettings, Settings
from miner.store import maintenance, schema
from miner.store.locks import Locks
from miner.store.session import open_engine
from miner.workers import stop_on_signal

LANES: Mapping[JobKind, str] = MappingProxyType(
    {
        "questions": "stackoverflow",
        "reobserve": "stackoverflow",
        "discover": "github",
        # A repository that was renamed takes its clone along: not while it is mined.
        "fetch": "github",
        "relabel": "house",
        "retention": "house",
        "maintenance": "house",
    }
)
"""Jobs of one lane run one after the other."""

_MOST_MESSAGE = 2000
_REQUESTS: Mapping[JobKind, Mapping[str, Any]] = {
    "questions": {"sources": ("stackoverflow",), "questions": "new"},
    "reobserve": {"sources": ("stackoverflow",), "questions": "again"},
    "discover": {"sources": ("github",)},
    "fetch": {"sources": ("git",), "known": True},
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of a job ended: ``outcome`` as in ``daemon_outcome``, ``figures`` what it brought."""

    job: str
    kind: JobKind
    outcome: str
    message: str
    started_at: datetime
    finished_at: datetime
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((self.finished_at - self.started_at).total_seconds(), 0.0)

    @property
    def succeeded(self) -> bool:
        """Whether it did its work, if perhaps not all of it: a repository that is gone is no failure of the job."""
        return self.outcome in ("complete", "partial")


def job_of(settings: Settings, name: str) -> JobSettings:
    """Give a job by its name.

    :raises SettingsError: if there is none.
    """
    job = settings.daemon.jobs.get(name)
    if job is None:
        known = ", ".join(settings.daemon.jobs) or "none"
        raise SettingsError(f"there is no job {name!r} in the settings: [daemon.jobs] has {known}")
    return job


def request_of(job: JobSettings) -> CollectRequest | None:
    """Give what a job asks the pipeline for; None for one that collects nothing."""
    wanted = _REQUESTS.get(job.run)
    if wanted is None:
        return None
    return CollectRequest(
        since=job.since, libraries=job.libraries, repositories=job.repositories if job.run == "fetch" else (), **wanted
    )


def perform(settings: Settings, name: str, reporter: Reporter, clock: Clock | None = None) -> Outcome:
    """Run a job now, and tell how it ended: whatever goes wrong in it is its outcome.

    :raises SettingsError: if there is no such job.
    """
    job = job_of(settings, name)
    clock = clock or SystemClock()
    started = clock.now()
    with bound(job=name):
        outcome, message, figures = _ended(lambda: _run(settings, job, reporter))
    return Outcome(name, job.run, outcome, mask_secrets(message[:_MOST_MESSAGE]), started, clock.now(), figures)


def _ended(work: Callable[[], tuple[str, str, dict[str, Any]]]) -> tuple[str, str, dict[str, Any]]:
    try:
        return work()
    except BusyError as error:
        return "busy", str(error), {}
    except Interrupted as error:
        return "interrupted", str(error), {}
    except MinerError as error:
        return "failed", str(error), {}
    except Exception as error:  # noqa: BLE001 - a defect of one job must not end the others, but be seen
        event("defect", "this is a defect of the miner: please report it", level=logging.ERROR, exc_info=True)
        return "failed", f"{type(error).__name__}: {error}", {}


def _run(settings: Settings, job: JobSettings, reporter: Reporter) -> tuple[str, str, dict[str, Any]]:
    request = request_of(job)
    if request is not None:
        from miner.pipeline import collect

        if job.run == "fetch" and has_token(settings):
            # Without a token the next discovery could not ask either.
            request = replace(request, evidence=True)
        summary = collect(settings, request, reporter, lock_wait_seconds=settings.daemon.lock_wait_seconds)
        return summary.status, _told(summary.failed), summary.as_dict()
    with stop_on_signal() as stopped:
        figures = _keep_house(settings, job.run, reporter, stopped)
        return "interrupted" if stopped() else str(figures.get("status", "complete")), "", figures


def has_token(settings: Settings) -> bool:
    """Tell whether GitHub's API can be asked as somebody."""
    return bool(settings.github.tokens.get_secret_value() or settings.github.token_file)


def _told(failed: Mapping[str, str]) -> str:
    """Say what failed: the first, and how many more."""
    first = next((f"{item}: {detail}" for item, detail in failed.items()), "")
    return f"{first} (and {len(failed) - 1:,} more)" if len(failed) > 1 else first


def _keep_house(settings: Settings, kind: JobKind, reporter: Reporter, stopped: Callable[[], bool]) -> dict[str, Any]:
    clock = SystemClock(stopped)
    engine = open_engine(settings.database.url)
    try:
        schema.prepare(engine)
        with Locks(engine, "daemon", clock) as locks:
            locks.take([kind], settings.daemon.lock_wait_seconds, lambda text: reporter.warn("", text))
            if kind == "maintenance":
                return maintenance.maintain(engine)
            if kind == "relabel":
                from miner.relabel import RelabelRequest, relabel

                wait = settings.daemon.lock_wait_seconds
                return relabel(settings, RelabelRequest(), reporter, wait).as_dict()
            from miner.archiving import prune

            return asdict(prune(settings, clock.now()))
    finally:
        engine.dispose()
