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

Killed at any point and run again, the tables are those of a run that was never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event

from miner.clock import Clock, SystemClock
from miner.collect import git
from miner.collect.archive import archive_of
from miner.collect.recorder import Recorder
from miner.collect.tape import Tape, taping
from miner.job import CollectRequest, Reporter, Summary, flows
from miner.run import Run
from miner.settings import Settings
from miner.store import bodies, schema
from miner.store import repository as store
from miner.store.session import open_engine
from miner.workers import Workers, stop_on_signal


def collect(settings: Settings, request: CollectRequest, reporter: Reporter, clock: Clock | None = None) -> Summary:
    """Collect what is asked for and not yet in the database.

    What cannot be read is an omission and does not stop the rest.

    :param clock: the time that the source flows go by; the machine's, unless a test pretends to wait.
    :raises MinerError: if nothing can go on: no git, no database, a full disk.
    """
    wanted = flows(settings, request)
    if "git" in wanted or "seeds" in wanted:
        git.check_version()
    archive = archive_of(settings)
    engine = open_engine(settings.database.url)
    try:
        schema.prepare(engine)
        bodies.move(engine, archive)
        with stop_on_signal() as stopped:
            tape = Recorder(archive)
            bodies.attach(engine, tape)
            return perform(settings, request, reporter, engine, tape, clock or SystemClock(stopped), stopped)
    finally:
        engine.dispose()


def perform(
    settings: Settings,
    request: CollectRequest,
    reporter: Reporter,
    engine: Engine,
    tape: Tape,
    clock: Clock,
    stopped: Callable[[], bool],
) -> Summary:
    """Do a run that is recorded, or played back, on an open database that has its tables.

    :raises MinerError: if nothing can go on.
    """
    count = request.workers or settings.collect.workers
    # A forked worker must not share a connection, so none is open when the workers start.
    with Workers(count, before_start=engine.dispose) as workers, taping(tape), _listening(engine, tape):
        asked = tape.stopped(stopped)
        run = Run(settings, request, reporter, engine, workers, asked, tape.clock(clock))
        with run.entered():
            for name in flows(settings, request):
                if not asked():
                    _flow(name, run)
        tape.close()
        return run.summary


@contextmanager
def _listening(engine: Engine, tape: Tape) -> Iterator[None]:
    """Let a tape know of the transactions that write."""

    def begins(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            tape.writing()

    def commits(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            tape.committing()
            if tape.run_id is not None:
                store.count_commit(connection, tape.run_id)

    listeners = (("begin", begins), ("commit", commits))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


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
