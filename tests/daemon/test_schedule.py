"""The schedule, by a clock that the test drives: months pass in a second, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from apscheduler.events import EVENT_JOB_MODIFIED
from apscheduler.executors.debug import DebugExecutor
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from support.clocks import PretendClock

from miner.daemon.schedule import Every, Schedule, Scheduler, trigger_of, validate
from miner.errors import SettingsError
from miner.settings import JobSettings, load
from miner.store.session import reading, writing

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
HOURLY = {"run": "questions", "every": "1h"}
DAILY = {"run": "fetch", "cron": "30 2 * * *"}


def jobs(**given: Mapping[str, str]) -> dict[str, JobSettings]:
    return {name: JobSettings.model_validate(keys) for name, keys in given.items()}


class Driven(Scheduler):
    """The scheduler without its thread: the test asks it what is due."""

    def _main_loop(self) -> None:
        """Do nothing: ``process`` is called by the test."""


class Simulation:
    """A daemon's schedule whose time is pretended; ``ran`` lists which job ran when."""

    def __init__(self, engine: Engine, clock: PretendClock) -> None:
        self._engine = engine
        self.clock = clock
        self.ran: list[tuple[str, datetime]] = []
        self.missed: list[str] = []
        self.on_due: Callable[[str], None] = lambda _: None
        self.schedule = self._made()

    def run(self, **span: float) -> None:
        """Let time pass, and run what is due at its time."""
        ends = self.clock.now() + timedelta(**span)
        while True:
            wait = self.schedule.scheduler.process()
            left = (ends - self.clock.now()).total_seconds()
            if wait is None or wait > left:
                self.clock.advance(left)
                return
            self.clock.advance(max(wait, 0.001))

    def restart(self, found: Mapping[str, JobSettings], **down: float) -> None:
        """Stop, be down for a while, and start again."""
        self.schedule.close()
        self.clock.advance(**down)
        self.schedule = self._made()
        self.schedule.start(found)

    def counts(self) -> Counter[str]:
        """Give how often each job ran."""
        return Counter(name for name, _ in self.ran)

    def times(self, name: str) -> list[datetime]:
        """Give when a job ran."""
        return [moment for one, moment in self.ran if one == name]

    def _made(self) -> Schedule:
        return Schedule(
            self._engine,
            self.clock,
            self._run,
            self.missed.append,
            scheduler=Driven,
            executor=DebugExecutor,
        )

    def _run(self, name: str) -> None:
        self.ran.append((name, self.clock.now()))
        self.on_due(name)


@pytest.fixture
def simulation(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    clock = PretendClock(MARCH)

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return clock.now().astimezone(tz)

    for module in ("schedulers.base", "executors.base"):
        monkeypatch.setattr(f"apscheduler.{module}.datetime", Now)
    return Simulation(engine, clock)


def test_a_month_has_the_runs_that_the_schedule_says(simulation: Simulation) -> None:
    """March 2026: the hour of 29 March that Europe leaves out is there, and no run is lost or doubled by jitter."""
    simulation.schedule.start(
        jobs(
            questions={**HOURLY, "jitter": "10m"},
            reobserve={"run": "reobserve", "every": "6h"},
            fetch={**DAILY, "jitter": "1h"},
            discover={"run": "discover", "cron": "0 1 * * sun"},
            retention={"run": "retention", "cron": "0 12 1 * *"},
            maintenance={"run": "maintenance", "cron": "*/15 3 * * mon-fri", "jitter": "5m"},
        )
    )
    simulation.run(days=30, hours=23, minutes=59)
    assert simulation.counts() == {
        "questions": 31 * 24,
        "reobserve": 31 * 4,
        "fetch": 31,
        "discover": 5,
        "retention": 1,
        "maintenance": 22 * 4,
    }
    late = [moment - moment.replace(minute=0, second=0, microsecond=0) for moment in simulation.times("questions")]
    assert max(late) < timedelta(minutes=10, seconds=1)
    assert max(late) > timedelta(minutes=5)
    assert {moment.hour for moment in simulation.times("fetch")} <= {2, 3}
    assert all(moment.minute == moment.second == 0 for moment in simulation.times("reobserve"))


def test_a_week_of_downtime_is_one_run(simulation: Simulation) -> None:
    """Of each job, as soon as the daemon is back; then the schedule goes on as if nothing had been."""
    found = jobs(questions=HOURLY, fetch=DAILY, maintenance={"run": "maintenance", "cron": "0 4 1 * *"})
    simulation.schedule.start(found)
    simulation.run(days=2)
    simulation.ran.clear()
    simulation.restart(found, days=7, minutes=20)
    simulation.run(minutes=1)
    assert simulation.counts() == {"questions": 1, "fetch": 1}
    simulation.run(days=1)
    assert simulation.counts() == {"questions": 25, "fetch": 2}
    assert simulation.times("questions")[1].minute == 0


def test_a_restart_forgets_nothing_and_runs_nothing_twice(simulation: Simulation) -> None:
    """Ten restarts a day do not start what is due once a day ten times, nor put it off."""
    found = jobs(questions={"run": "questions", "every": "1d"}, fetch=DAILY)
    simulation.schedule.start(found)
    for _ in range(10):
        simulation.run(hours=2, minutes=23)
        simulation.restart(found, minutes=1)
    simulation.run(minutes=1)
    assert simulation.counts() == {"questions": 1 + 1, "fetch": 1}


def test_a_run_later_than_its_grace_is_left_out(simulation: Simulation) -> None:
    """And told; the next one is in time."""
    found = jobs(fetch={**DAILY, "misfire_grace": "1h"})
    simulation.schedule.start(found)
    simulation.restart(found, hours=4)
    simulation.run(hours=1)
    assert (simulation.ran, simulation.missed) == ([], ["fetch"])
    simulation.run(days=1)
    assert simulation.counts() == {"fetch": 1}


def test_a_job_that_left_the_settings_leaves_the_store(simulation: Simulation, engine: Engine) -> None:
    """Also while the daemon runs; one that comes back begins anew."""
    simulation.schedule.start(jobs(questions=HOURLY, fetch=DAILY))
    simulation.schedule.set_jobs(jobs(fetch=DAILY))
    with reading(engine) as connection:
        assert connection.scalars(text("SELECT id FROM daemon_job")).all() == ["fetch"]
    simulation.run(days=1)
    assert simulation.counts() == {"fetch": 1}
    simulation.restart(jobs(questions=HOURLY))
    simulation.run(minutes=1)
    assert simulation.counts() == {"fetch": 1, "questions": 1}


def test_a_clock_that_was_ahead_puts_nothing_off(simulation: Simulation) -> None:
    """What was scheduled a year ahead meanwhile is scheduled anew at the next start; nothing else is."""
    found = jobs(questions={**HOURLY, "jitter": "10m"}, fetch={**DAILY, "jitter": "1h"})
    simulation.schedule.start(found)
    simulation.run(hours=1)
    simulation.clock.advance(days=365)
    simulation.run(minutes=1)
    simulation.ran.clear()
    simulation.restart(found, days=-365)
    simulation.run(days=1)
    assert simulation.counts() == {"questions": 24, "fetch": 1}


def test_a_changed_schedule_counts_from_now(simulation: Simulation) -> None:
    """And an unchanged one keeps its next run, whatever else changes."""
    simulation.schedule.start(jobs(fetch=DAILY, discover={"run": "discover", "cron": "0 1 * * *"}))
    discover = {"run": "discover", "cron": "0 1 * * *"}
    simulation.schedule.set_jobs(jobs(fetch={**DAILY, "cron": "0 5 * * *"}, discover=discover))
    simulation.run(days=1)
    assert [moment.hour for moment in simulation.times("fetch")] == [5]
    assert [moment.hour for moment in simulation.times("discover")] == [1]


def test_what_is_wrong_changes_nothing(simulation: Simulation) -> None:
    """The jobs that are right beside it are not changed either."""
    simulation.schedule.start(jobs(fetch=DAILY))
    with pytest.raises(SettingsError, match=r"daemon\.jobs\.discover: cron '0 25"):
        simulation.schedule.set_jobs(jobs(questions=HOURLY, discover={"run": "discover", "cron": "0 25 * * *"}))
    simulation.run(days=1)
    assert simulation.counts() == {"fetch": 1}


def test_a_database_that_is_away_is_waited_for(simulation: Simulation, engine: Engine) -> None:
    """Its thread goes on, and what was due meanwhile runs once."""
    simulation.schedule.start(jobs(questions=HOURLY))
    simulation.run(minutes=30)
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE daemon_job RENAME TO away"))
    assert simulation.schedule.scheduler.process() in (5.0, 10.0)
    simulation.clock.advance(hours=3)
    simulation.schedule.scheduler.process()
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO daemon_job"))
    simulation.run(minutes=1)
    assert simulation.counts() == {"questions": 2}


def test_what_becomes_due_while_it_runs_is_one_run_more(simulation: Simulation, engine: Engine) -> None:
    """As soon as the run has ended that takes three and a half hours; then at its regular times."""
    begun, may_end, again = threading.Event(), threading.Event(), threading.Event()

    def work(name: str) -> None:
        simulation.ran.append((name, simulation.clock.now()))
        begun.set()
        assert may_end.wait(60)

    schedule = Schedule(engine, simulation.clock, work, scheduler=Driven)
    schedule.start(jobs(questions=HOURLY))
    simulation.schedule = schedule
    simulation.run(minutes=1)
    assert begun.wait(60)
    simulation.run(hours=3, minutes=29)
    assert simulation.counts() == {"questions": 1}
    assert schedule.busy
    schedule.scheduler.add_listener(lambda _: again.set(), EVENT_JOB_MODIFIED)
    begun.clear()
    may_end.set()
    assert again.wait(60)
    simulation.run(minutes=1)
    assert begun.wait(60)
    schedule.close()
    # The clock may go on before the thread looks at it, by the minute that the simulation runs.
    late = zip(simulation.times("questions"), (MARCH, MARCH + timedelta(hours=3, minutes=30)), strict=True)
    assert all(timedelta(0) <= moment - wanted <= timedelta(minutes=1) for moment, wanted in late)


def test_a_paused_schedule_starts_nothing(simulation: Simulation) -> None:
    """What became due meanwhile is one run at the end of the pause."""
    simulation.schedule.start(jobs(questions=HOURLY))
    simulation.schedule.pause()
    simulation.run(hours=5)
    assert simulation.ran == []
    simulation.schedule.resume()
    simulation.run(minutes=1)
    assert simulation.counts() == {"questions": 1}


@given(
    every=st.integers(60, 10**6),
    share=st.floats(0, 0.99),
    runs=st.integers(1, 50),
    late=st.integers(0, 10**6),
)
def test_jitter_moves_runs_and_never_adds_up(every: int, share: float, runs: int, late: int) -> None:
    """Each run is of the next place of the grid, and late by less than the jitter."""
    jitter = int(every * share) or None
    trigger = Every(seconds=every, start_date=MARCH, timezone=UTC, jitter=jitter)
    moment = trigger.get_next_fire_time(None, MARCH + timedelta(seconds=late))
    first = -(-late // every)
    for number in range(runs):
        assert moment is not None
        place = MARCH + timedelta(seconds=every * (first + number))
        assert timedelta(milliseconds=-1) <= moment - place <= timedelta(seconds=(jitter or 0) + 0.001)
        moment = trigger.get_next_fire_time(moment, moment)


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        pytest.param("0 4 * *", "write minute, hour", id="four fields"),
        pytest.param("0 4 * * 0", "numbers are ambiguous", id="numbered day of the week"),
        pytest.param("0 4 1 * mon", "give the day or the day of the week", id="both days"),
        pytest.param("60 4 * * *", "60", id="minute 60"),
        pytest.param("0 4 * * noday", "noday", id="no day of the week"),
        pytest.param("0 4 30 feb *", "there is no such day", id="30 February"),
    ],
)
def test_a_cron_that_is_none_or_ambiguous_is_refused(cron: str, says: str) -> None:
    """The error names the job."""
    with pytest.raises(SettingsError, match=says) as caught:
        validate(jobs(fetch={"run": "fetch", "cron": cron}), MARCH)
    assert str(caught.value).startswith("setting daemon.jobs.fetch: cron ")


@given(st.text(max_size=30))
def test_any_text_is_a_cron_or_a_settings_error(cron: str) -> None:
    """No text raises anything else."""
    with suppress(SettingsError):
        assert trigger_of(JobSettings.model_construct(run="fetch", cron=cron, every="", jitter=""), MARCH)


def test_the_shipped_jobs_can_be_scheduled() -> None:
    """And there is one of each kind."""
    shipped = load(environ={}).daemon.jobs
    validate(shipped, MARCH)
    assert {job.run for job in shipped.values()} == {
        "questions", "reobserve", "discover", "fetch", "relabel", "retention", "maintenance",
    }  # fmt: skip
