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

from miner.clock import Clock, SystemClock
from miner.collect import git
from miner.job import CollectRequest, Reporter, Summary, flows
from miner.run import Run
from miner.settings import Settings
from miner.store import schema
from miner.store.session import open_engine
from miner.workers import Workers, stop_on_signal

_WITH_COMMITS = frozenset({"git", "github", "seeds"})


def collect(settings: Settings, request: CollectRequest, reporter: Reporter, clock: Clock | None = None) -> Summary:
    """Collect what is asked for and not yet in the database.

    What cannot be read is an omission and does not stop the rest.

    :param clock: the time that the source flows go by; the machine's, unless a test pretends to wait.
    :raises MinerError: if nothing can go on: no git, no database, a full disk.
    """
    wanted = flows(settings, request)
    if "git" in wanted or "seeds" in wanted:
        git.check_version()
    engine = open_engine(settings.database.url)
    count = request.workers or settings.collect.workers
    try:
        schema.prepare(engine)
        # A forked worker must not share a connection, so none is open when the workers start.
        with stop_on_signal() as stopped, Workers(count, before_start=engine.dispose) as workers:
            run = Run(settings, request, reporter, engine, workers, stopped, clock or SystemClock(stopped))
            with run.entered():
                for name in wanted:
                    if not stopped():
                        _flow(name, run)
                if not stopped() and _WITH_COMMITS.intersection(wanted):
                    from miner import evidenceflow

                    evidenceflow.collect(run, wanted)
            return run.summary
    finally:
        engine.dispose()


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
