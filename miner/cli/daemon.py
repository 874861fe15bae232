"""``miner daemon``: runs the jobs of the settings when they are due."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, ExitCode, settings_of

if TYPE_CHECKING:
    from miner.daemon.jobs import Outcome
    from miner.logs import Form
    from miner.settings import Settings
    from miner.store.daemon import JobState

EPILOG = (
    "Exit codes: 0 stopped in order by SIGTERM or Ctrl-C; 1 error; 2 wrong usage or settings; 4 another daemon is at "
    "work on the database; 130 ended at once by a second signal. With --once those of miner collect."
)
_CODES = {
    "complete": ExitCode.COMPLETE,
    "partial": ExitCode.PARTIAL,
    "busy": ExitCode.BUSY,
    "interrupted": ExitCode.INTERRUPTED,
}


def command(
    context: typer.Context,
    once: Annotated[str | None, typer.Option(metavar="JOB", help="Run this job now, and leave.")] = None,
    jobs: Annotated[bool, typer.Option("--jobs", help="Say when each job is due and how it ended last.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stand by while another daemon is at work, and take over when it ends.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Log lines as JSON; with --once and --jobs a JSON object on standard output.")
    ] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Run the jobs of the settings when they are due, until SIGTERM. SIGHUP reads the settings again."""
    if once is not None and (wait or jobs):
        raise typer.BadParameter("--once runs one job: no --wait and no --jobs with it.")
    settings = settings_of(context, config, database_url)
    if jobs:
        _print_jobs(settings, as_json=as_json)
        return

    from miner import logs

    form: Form = "json" if as_json else logs.form_of(settings.daemon.log, sys.stderr)
    logs.set_up(form)
    if once is not None:
        raise typer.Exit(_run_once(settings, once, as_json=as_json))
    _run(context, config, database_url, form, wait=wait)


def _run(context: typer.Context, config: Path | None, database_url: str | None, form: Form, *, wait: bool) -> None:
    from miner.daemon.service import Daemon

    Daemon(lambda: settings_of(context, config, database_url), form, wait=wait).run()


def _run_once(settings: Settings, job: str, *, as_json: bool) -> int:
    from miner.console import mask_values
    from miner.daemon.jobs import perform
    from miner.daemon.service import log_outcome, record
    from miner.logs import LogReporter, bound
    from miner.store import schema
    from miner.store.session import open_engine, writing

    outcome = perform(settings, job, LogReporter())
    with bound(job=job):
        log_outcome(outcome)
    if as_json:
        typer.echo(json.dumps(mask_values(_object(outcome)), default=str))
    engine = open_engine(settings.database.url)
    try:
        schema.prepare(engine)
        with writing(engine) as connection:
            record(connection, outcome)
    finally:
        engine.dispose()
    return _CODES.get(outcome.outcome, ExitCode.ERROR)


def _print_jobs(settings: Settings, *, as_json: bool) -> None:
    from miner.cli.render_jobs import print_jobs
    from miner.clock import SystemClock
    from miner.store.daemon import with_jobs

    jobs = settings.daemon.jobs
    print_jobs(with_jobs(_states(settings), jobs), jobs, SystemClock().now(), as_json=as_json)


def _states(settings: Settings) -> list[JobState]:
    """Give what the database knows of jobs: nothing if there is none yet."""
    from miner.errors import StoreMissingError
    from miner.store import schema
    from miner.store.daemon import job_states
    from miner.store.session import open_engine, reading

    try:
        engine = open_engine(settings.database.url, create=False)
    except StoreMissingError:
        return []
    try:
        if schema.current(engine) is None:
            return []
        schema.require(engine)
        with reading(engine) as connection:
            return job_states(connection)
    finally:
        engine.dispose()


def _object(outcome: Outcome) -> dict[str, object]:
    names = ("job", "kind", "outcome", "message", "seconds", "figures")
    return {name: getattr(outcome, name) for name in names}
