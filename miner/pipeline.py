"""The flow, and its one rule: a page is one transaction.

::

    git (gitflow)                    Stack Exchange API (apiflow)     data dump (dumpflow)
    repositories                     tags                             tables
         |  ls-remote, fetch              |  requests                      |  7z, or XML files
    pages of commits                 pages of questions               blocks of rows: posts
         |  GitTask, in workers           |  QuestionTask                  |  QuestionTask, in workers
    commits -> candidates -> fixes   threads -> answers -> fixes      threads -> answers -> fixes
         |                                |                                |
         +--------------------------------+--------------------------------+
                                          |
                  write_page: rows and the interval that they prove, in one transaction

Then evidenceflow asks what issues, pull requests and later commits say of the commits that are stored.
Killed at any point and run again, the tables are those of a run that was never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Engine

from miner.clock import Clock, SystemClock
from miner.collect import git
from miner.collect.archive import archive_of
from miner.collect.recorder import Recorder, told_of
from miner.collect.tape import Tape, taping
from miner.job import CollectRequest, Reporter, Summary, flows
from miner.logs import bound
from miner.recording import listening
from miner.run import Run
from miner.secrets import without_secrets
from miner.settings import Settings
from miner.store import bodies, schema
from miner.store.locks import Locks
from miner.store.session import open_engine
from miner.workers import Workers, stop_on_signal

_COMMITS = frozenset({"git", "github", "seeds"})
"""The flows after which commits may be there that GitHub was not asked about."""

_LOCKS = {"seeds": ("git", "stackoverflow"), "dump": ("stackoverflow",)}
"""What a flow writes the rows of, where that is not its own name."""


def collect(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    clock: Clock | None = None,
    lock_wait_seconds: float = 0.0,
) -> Summary:
    """Collect what is asked for and not yet in the database.

    What cannot be read is an omission and does not stop the rest. Nobody else collects from the same sources meanwhile.

    :param clock: the time that the source flows go by; the machine's, unless a test pretends to wait.
    :param lock_wait_seconds: how long to wait while another process collects from one of the sources.
    :raises BusyError: if one does so for longer. Nothing was done then.
    :raises MinerError: if nothing can go on: no git, no database, a full disk.
    """
    wanted = flows(settings, request)
    if "git" in wanted or "seeds" in wanted:
        git.check_version()
    archive = archive_of(settings)
    engine = open_engine(settings.database.url)
    try:
        schema.prepare(engine)
        with stop_on_signal() as asked, Locks(engine, "collect", clock or SystemClock(asked)) as locks:
            locks.take(
                _locked(_with_evidence(wanted, request)), lock_wait_seconds, lambda text: reporter.warn("", text)
            )

            def stopped() -> bool:
                return asked() or locks.lost()

            bodies.move(engine, archive)
            tape = Recorder(archive, told_of(settings) | {"database": without_secrets(settings.database.url)})
            bodies.attach(engine, tape)
            at = clock or SystemClock(stopped)
            summary = perform(settings, request, reporter, engine, tape, at, stopped, locks.release)
            locks.require()
            return summary
    finally:
        engine.dispose()


def _with_evidence(flows: Sequence[str], request: CollectRequest) -> tuple[str, ...]:
    """Give the flows of a run, and github where it is asked about issues alone."""
    return tuple(dict.fromkeys((*flows, *(["github"] if request.evidence and "git" in flows else []))))


def _locked(flows: Sequence[str]) -> set[str]:
    return {lock for name in flows for lock in _LOCKS.get(name, (name,))}


def _ask_for_evidence(run: Run, wanted: Sequence[str]) -> None:
    from miner import evidenceflow

    evidenceflow.collect(run, wanted)


def perform(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    engine: Engine,
    tape: Tape,
    clock: Clock,
    stopped: Callable[[], bool],
    release: Callable[[Iterable[str]], None] = lambda _: None,
) -> Summary:
    """Do a run that is recorded, or played back, on an open database that has its tables.

    :param release: is told which sources the run is done with.
    :raises MinerError: if nothing can go on.
    """
    count = request.workers or settings.collect.workers
    # A forked worker must not share a connection, so none is open when the workers start.
    with Workers(count, before_start=engine.dispose) as workers, taping(tape), listening(engine, tape):
        asked = tape.stopped(stopped)
        run = Run(settings, request, reporter, engine, workers, asked, tape.clock(clock))
        with run.entered():
            wanted = flows(settings, request)
            last = max((number for number, name in enumerate(wanted, start=1) if name in _COMMITS), default=0)
            for number, name in enumerate(wanted, start=1):
                if not asked():
                    with bound(source=name):
                        _flow(name, run)
                if number == last and not asked():
                    _ask_for_evidence(run, _with_evidence(wanted, request))
                release(_locked([name]) - _locked(wanted[number:]) - (_COMMITS if number < last else set()))
        tape.close()
        return run.summary


def _flow(name: str, run: Run) -> None:
    # Each brings libraries that the others do without.
    if name == "git":
        from miner import gitflow

        gitflow.collect(run)
    elif name == "seeds":
        from miner import seedflow

        seedflow.collect(run)
    elif name == "github":
        from miner import githubflow

        githubflow.collect(run)
    elif name == "dump":
        from miner import dumpflow

        dumpflow.collect(run)
    else:
        from miner import apiflow

        apiflow.collect(run)
