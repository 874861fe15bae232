"""When jobs run: APScheduler with the jobs in our database, so that what was missed while the daemon was down is known.

All times are in UTC, which has no summer time. A job whose schedule did not change keeps its next run when the daemon
starts anew; runs that were missed are one run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
    JobExecutionEvent,
)
from apscheduler.executors.base import BaseExecutor
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_STOPPED
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from miner.clock import Clock
from miner.daemon.jobs import LANES
from miner.errors import SettingsError
from miner.logs import event
from miner.settings import JobSettings, in_seconds
from miner.store.daemontables import daemon_job
from miner.store.session import translated

TICK_SECONDS = 10.0
"""The scheduler's thread shows at least so often that it lives."""

_RETRY_SECONDS = 5.0
_A_MOMENT = timedelta(milliseconds=1)
_DAY, _MONTH, _WEEKDAY = 2, 3, 4

# The job store keeps a function by its name: this is what it calls when a job is due.
_on_due: Callable[[str], None] | None = None


def due(name: str) -> None:
    """Run a job: called by the scheduler, in a thread of the job's lane."""
    if _on_due is not None:
        _on_due(name)


class Every(IntervalTrigger):  # type: ignore[misc]
    """Fires at a start and every so often after it. The library's counts from the last run: late runs would add up."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Give the next time of the grid that begins at the start, and be late by a random part of the jitter."""
        after = now if previous_fire_time is None else previous_fire_time + _A_MOMENT
        found: datetime | None = super().get_next_fire_time(None, after)
        return found


def trigger_of(job: JobSettings, now: datetime) -> BaseTrigger:
    """Make the trigger of a job.

    :raises SettingsError: for a ``cron`` that is none, or that cron programs read differently.
    """
    jitter = in_seconds(job.jitter) or None
    if job.every:
        return Every(seconds=in_seconds(job.every), start_date=now, timezone=UTC, jitter=jitter)
    fields = job.cron.split()
    if len(fields) != 5:
        raise SettingsError(f"cron {job.cron!r}: write minute, hour, day, month, day of the week, such as 30 4 * * *")
    if any(character.isdigit() for character in fields[_WEEKDAY].partition("/")[0]):
        raise SettingsError(f"cron {job.cron!r}: name the days of the week (mon, tue, ...): numbers are ambiguous")
    if fields[_DAY] != "*" and fields[_WEEKDAY] != "*":
        raise SettingsError(f"cron {job.cron!r}: give the day or the day of the week; what both mean is ambiguous")
    names = ("minute", "hour", "day", "month", "day_of_week")
    try:
        return CronTrigger(timezone=UTC, jitter=jitter, **dict(zip(names, fields, strict=True)))
    except ValueError as error:
        raise SettingsError(f"cron {job.cron!r}: {error}") from None


def validate(jobs: Mapping[str, JobSettings], now: datetime) -> None:
    """Let pass only jobs that can be scheduled.

    :raises SettingsError: for one that cannot; it names it.
    """
    for name, job in jobs.items():
        try:
            found = trigger_of(job, now).get_next_fire_time(None, now)
        except SettingsError as error:
            raise SettingsError(f"setting daemon.jobs.{name}: {error}") from None
        if found is None:
            raise SettingsError(f"setting daemon.jobs.{name}: cron {job.cron!r}: there is no such day")


class Scheduler(BackgroundScheduler):  # type: ignore[misc]
    """APScheduler, which goes on when the database was away, and shows that it lives."""

    ticked_at = 0.0

    def _main_loop(self) -> None:
        # The library's own loop ends for good with what a job store raises.
        wait: float | None = 0.0
        while self.state != STATE_STOPPED:
            self._event.wait(TICK_SECONDS if wait is None else min(wait, TICK_SECONDS))
            self._event.clear()
            self.ticked_at = time.monotonic()
            wait = self.process()

    def process(self) -> float | None:
        """Start what is due, and give the seconds until the next is."""
        try:
            wait: float | None = self._process_jobs()
        except (SQLAlchemyError, JobLookupError) as error:
            message = f"the schedule cannot be read: {type(error).__name__}; trying again"
            event("schedule unreadable", message, level=logging.ERROR)
            return _RETRY_SECONDS
        return wait


class Schedule:
    """The jobs of the settings, each with its next run.

    :param on_due: runs a job and returns when that has ended.
    :param on_missed: is told of a run that was left out, being later than ``misfire_grace``.
    :param executor: makes what runs the jobs of a lane one after the other.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        on_due: Callable[[str], None],
        on_missed: Callable[[str], None] = lambda _: None,
        scheduler: Callable[..., Scheduler] = Scheduler,
        executor: Callable[[], BaseExecutor] = lambda: ThreadPoolExecutor(1),
    ) -> None:
        global _on_due
        _on_due = self._run
        self._engine = engine
        self._work = on_due
        self._on_missed = on_missed
        self._clock = clock
        self._guard = threading.Lock()
        self._running: set[str] = set()
        self._again: set[str] = set()
        self.scheduler = scheduler(
            timezone=UTC,
            jobstores={"default": SQLAlchemyJobStore(engine=engine, tablename=daemon_job.name)},
            executors={lane: executor() for lane in sorted({*LANES.values(), "default"})},
        )
        self.scheduler.add_listener(self._note_busy, EVENT_JOB_MAX_INSTANCES)
        self.scheduler.add_listener(self._note_end, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        self.scheduler.add_listener(lambda missed: self._on_missed(missed.job_id), EVENT_JOB_MISSED)

    def start(self, jobs: Mapping[str, JobSettings], at_once: Iterable[str] = ()) -> None:
        """Begin to run what is due, and these jobs at once.

        :raises StoreError: if the database cannot be used.
        """
        with translated(self._engine.url):
            self.scheduler.start(paused=True)
        self.set_jobs(jobs)
        with translated(self._engine.url):
            for name in at_once:
                self.scheduler.modify_job(name, next_run_time=self._clock.now())
        self.scheduler.resume()

    def set_jobs(self, jobs: Mapping[str, JobSettings]) -> None:
        """Let exactly these jobs be scheduled; one whose schedule did not change keeps its next run.

        :raises SettingsError: if one cannot be scheduled. Nothing was changed then.
        :raises StoreError: if the database cannot be used.
        """
        now = self._clock.now()
        validate(jobs, now)
        with translated(self._engine.url):
            known: dict[str, Job] = {job.id: job for job in self.scheduler.get_jobs()}
            for name in known.keys() - jobs.keys():
                self.scheduler.remove_job(name)
            for name, job in jobs.items():
                if name not in known or known[name].name != _spec(job) or _is_too_far(known[name], job, now):
                    self._add(name, job, now)

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return bool(self._running)

    def pause(self) -> None:
        """Start nothing for now."""
        self.scheduler.pause()

    def resume(self) -> None:
        """Start again what is due."""
        self.scheduler.resume()

    def alive(self, within_seconds: float) -> bool:
        """Tell whether the scheduler's thread showed itself lately."""
        return time.monotonic() - self.scheduler.ticked_at <= within_seconds

    def close(self) -> None:
        """Start nothing any more. What runs goes on."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)

    def _add(self, name: str, job: JobSettings, now: datetime) -> None:
        more: dict[str, Any] = {}
        if job.every:
            # One that is new runs at once, and then every so often.
            more["next_run_time"] = now
        self.scheduler.add_job(
            due,
            trigger_of(job, now),
            args=(name,),
            id=name,
            name=_spec(job),
            executor=LANES[job.run],
            coalesce=True,
            max_instances=1,
            misfire_grace_time=in_seconds(job.misfire_grace) or None,
            replace_existing=True,
            **more,
        )

    def _run(self, name: str) -> None:
        with self._guard:
            self._running.add(name)
        try:
            self._work(name)
        finally:
            with self._guard:
                self._running.discard(name)

    def _note_busy(self, busy: JobEvent) -> None:
        """Remember that a job became due while it runs: however often that was, it is one run more."""
        with self._guard:
            if busy.job_id in self._running:
                self._again.add(busy.job_id)
        event("job coalesced", "it is due while it still runs: it runs once more when that has ended", job=busy.job_id)

    def _note_end(self, ended: JobExecutionEvent) -> None:
        with self._guard:
            again = ended.job_id in self._again
            self._again.discard(ended.job_id)
        if not again:
            return
        try:
            self.scheduler.modify_job(ended.job_id, next_run_time=self._clock.now())
        except (JobLookupError, SQLAlchemyError):
            # It was taken out of the settings meanwhile, or the next regular run has to do.
            return


def _is_too_far(known: Job, job: JobSettings, now: datetime) -> bool:
    """Tell whether a job is due later than its schedule says: the clock was ahead when that was written."""
    jitter = timedelta(seconds=in_seconds(job.jitter))
    if job.every:
        latest = now + timedelta(seconds=in_seconds(job.every)) + jitter
    else:
        latest = known.trigger.get_next_fire_time(None, now) + jitter
    return known.next_run_time is not None and bool(known.next_run_time > latest + _A_MOMENT)


def _spec(job: JobSettings) -> str:
    """Write a job's schedule down, to see later whether it changed."""
    parts = {"run": job.run, "cron": job.cron, "every": job.every, "jitter": job.jitter, "grace": job.misfire_grace}
    return " ".join(f"{key}={value}" for key, value in parts.items() if value)
