"""The daemon's process: takes the database's daemon lock, runs the schedule, and listens to signals.

SIGTERM and SIGINT stop it, and what it runs, at the next page; a second one ends all at once. SIGHUP reads the settings
again: what is wrong with them is said, and those in force stay.
"""

from __future__ import annotations

import logging
import math
import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any

from sqlalchemy import Connection

from miner import logs
from miner.clock import SystemClock
from miner.daemon.child import Children
from miner.daemon.jobs import Outcome
from miner.daemon.metrics import Metrics
from miner.daemon.schedule import Schedule, validate
from miner.daemon.web import Web
from miner.errors import BusyError, Interrupted, MinerError
from miner.logs import event
from miner.settings import Settings
from miner.store import schema
from miner.store.daemon import forget_outcomes, job_states, put_outcome
from miner.store.locks import Locks
from miner.store.session import masked, open_engine, parse_url, reading, writing

LOCK = "daemon"
ALIVE_SECONDS = 150.0
"""The scheduler waits up to a minute for a database that somebody else writes."""

KILLED = 130
"""The exit code after a second signal."""

_LOOK_SECONDS = 1.0
_POLL_SECONDS = 0.05


_LEVELS = {"failed": logging.ERROR, "partial": logging.WARNING, "busy": logging.WARNING}


class Daemon:
    """One daemon on one database.

    :param load: reads the settings, now and at each SIGHUP.
    :param wait: whether to stand by while another daemon is at work, and take over when it ends.
    :raises SettingsError: for jobs that cannot be scheduled.
    :raises StoreError: if the database cannot be opened.
    """

    def __init__(self, load: Callable[[], Settings], form: logs.Form, *, wait: bool = False) -> None:
        self._load = load
        self._wait = wait
        self._stopping = False
        self._hung_up = False
        self._settings = load()
        self._clock = SystemClock(lambda: self._stopping)
        validate(self._settings.daemon.jobs, self._clock.now())
        self._engine = open_engine(self._settings.database.url)
        self._children = Children(self._clock, form)
        self._metrics = Metrics(self._engine, self._clock, lambda: self._settings)
        self._metrics.running.set_function(lambda: self._children.number)
        self._metrics.expect(self._settings)
        self._locks = Locks(self._engine, "daemon", self._clock)
        self._schedule = Schedule(self._engine, self._clock, self._run, self._note_missed)
        self._active = False
        self._wake, self._woken = os.pipe()

    def run(self) -> None:
        """Run until a signal stops it.

        :raises BusyError: if another daemon is at work, unless this one waits.
        :raises MinerError: if the address is in use, or the database cannot be used.
        """
        where = self._settings.daemon
        with ExitStack() as stack:
            stack.callback(self._engine.dispose)
            stack.enter_context(self._signals())
            schema.prepare(self._engine)
            self._metrics.begin()
            stack.callback(self._locks.close)
            others = self._take_lock()
            web = Web(where.host, where.port, self._metrics.registry, self._unhealthy, self._unready)
            stack.enter_context(web)
            stack.callback(self._schedule.close)
            database = masked(parse_url(self._settings.database.url))
            event("daemon started", host=where.host, port=web.port, pid=os.getpid(), database=database)
            # Stopped while it waits, it has nothing to end.
            with suppress(Interrupted):
                if others:
                    event("standby", others)
                    self._locks.take([LOCK], math.inf)
                self._begin()
                self._watch()
                self._end()

    def _take_lock(self) -> str:
        """Take the lock; if this daemon may wait for it, say who holds it."""
        try:
            self._locks.take([LOCK])
        except BusyError as error:
            if not self._wait:
                raise
            return str(error)
        return ""

    def _begin(self) -> None:
        self._forget()
        with reading(self._engine) as connection:
            unfinished = [one.job for one in job_states(connection) if one.outcome in ("running", "interrupted")]
        # What stopped with the last daemon, or died with it, does not wait until it is due again.
        self._schedule.start(self._settings.daemon.jobs, at_once=unfinished)
        self._be_active(True)
        event("daemon active", jobs=sorted(self._settings.daemon.jobs))

    def _watch(self) -> None:
        while not self._stopping:
            if select.select([self._wake], [], [], _LOOK_SECONDS)[0]:
                os.read(self._wake, 100)
            if self._hung_up:
                self._hung_up = False
                self._reload()
            with suppress(Interrupted):
                self._keep_lock()

    def _end(self) -> None:
        event("daemon stopping", f"{self._children.number} jobs stop at their next page; a second signal ends all now")
        self._be_active(False)
        self._schedule.pause()
        self._children.stop()
        while self._schedule.busy:
            select.select([], [], [], _POLL_SECONDS)
        event("daemon stopped")

    def _run(self, name: str) -> None:
        """Run a job to its end: called by the schedule, in a thread of the job's lane."""
        settings = self._settings
        with logs.bound(job=name):
            kind = settings.daemon.jobs[name].run
            event("job started", kind=kind)
            self._enter(lambda connection: put_outcome(connection, name, kind, "running", "", self._clock.now(), None))
            outcome = self._children.run(settings, name)
            self._metrics.note(outcome)
            log_outcome(outcome)
            self._enter(lambda connection: record(connection, outcome))

    def _enter(self, put: Callable[[Connection], None]) -> None:
        try:
            with writing(self._engine) as connection:
                put(connection)
        except MinerError as error:
            event("outcome lost", str(error), level=logging.ERROR)

    def _note_missed(self, name: str) -> None:
        self._metrics.missed.labels(name).inc()
        event("job missed", "it was due longer ago than its misfire_grace", level=logging.WARNING, job=name)

    def _reload(self) -> None:
        try:
            found = self._load()
            validate(found.daemon.jobs, self._clock.now())
            kept = self._kept(found)
            if kept != found:
                message = "database.url, daemon.host and daemon.port count from the next start"
                event("restart needed", message, level=logging.WARNING)
            self._schedule.set_jobs(kept.daemon.jobs)
        except MinerError as error:
            self._metrics.reloaded.set(0)
            event("settings refused", f"{error}; those in force stay", level=logging.ERROR)
            return
        self._settings = kept
        self._metrics.reloaded.set(1)
        self._metrics.expect(self._settings)
        self._forget()
        event("settings reloaded", jobs=sorted(self._settings.daemon.jobs))

    def _kept(self, found: Settings) -> Settings:
        """Give new settings with what cannot change while the daemon runs as it is."""
        now = self._settings
        daemon = found.daemon.model_copy(update={"host": now.daemon.host, "port": now.daemon.port})
        return found.model_copy(update={"database": now.database, "daemon": daemon})

    def _forget(self) -> None:
        with writing(self._engine) as connection:
            forget_outcomes(connection, set(self._settings.daemon.jobs))

    def _keep_lock(self) -> None:
        """Start nothing without the lock: another daemon may have it by now."""
        if self._active and self._locks.lost():
            event("lock lost", "the database ended the connection; waiting for it", level=logging.ERROR)
            self._be_active(False)
            self._schedule.pause()
            self._locks.close()
        if self._active:
            return
        try:
            self._locks.take([LOCK])
            self._schedule.set_jobs(self._settings.daemon.jobs)
        except Interrupted:
            raise
        except MinerError as error:
            event("standby", str(error), level=logging.WARNING)
            self._clock.sleep(_LOOK_SECONDS * 5)
            return
        self._schedule.resume()
        self._be_active(True)
        event("daemon active", jobs=sorted(self._settings.daemon.jobs))

    def _be_active(self, active: bool) -> None:
        self._active = active
        self._metrics.active.set(active)

    def _unhealthy(self) -> str:
        if self._schedule.scheduler.running and not self._schedule.alive(ALIVE_SECONDS):
            return "the scheduler's thread does not answer"
        return ""

    def _unready(self) -> str:
        try:
            with reading(self._engine):
                schema.require(self._engine)
        except MinerError as error:
            return str(error)
        return "" if self._active else "standby: another daemon is at work, or this one stops"

    @contextmanager
    def _signals(self) -> Iterator[None]:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, self._note_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._hung_up = True
        elif self._stopping:
            self._children.kill()
            # Nothing is cleaned up: locks end with the process, and what was not committed is rolled back.
            os._exit(KILLED)
        else:
            self._stopping = True
        os.write(self._woken, b".")


def record(connection: Connection, outcome: Outcome) -> None:
    """Enter an outcome into the database."""
    put_outcome(
        connection,
        outcome.job,
        outcome.kind,
        outcome.outcome,
        outcome.message,
        outcome.started_at,
        outcome.finished_at,
    )


def log_outcome(outcome: Outcome) -> None:
    """Say how a job ended."""
    level = _LEVELS.get(outcome.outcome, logging.INFO)
    figures = {key: value for key, value in outcome.figures.items() if type(value) is int and value}
    fields: dict[str, Any] = {"kind": outcome.kind, "run": figures.pop("run_id", None), "brought": figures}
    event(f"job {outcome.outcome}", outcome.message, level=level, seconds=round(outcome.seconds, 3), **fields)
