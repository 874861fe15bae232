"""The command line: parses, calls, prints; nothing else.

A command imports what it calls when it runs, so that ``--help`` and ``--version`` stay fast.
"""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from miner import __version__
from miner.cli import (
    archive,
    audit,
    browse,
    classify,
    collect,
    config,
    daemon,
    database,
    doctor,
    evaluate,
    explain,
    export,
    label,
    rebuild,
    sql,
    status,
    study,
)
from miner.cli.options import ConfigOption, DatabaseUrlOption, ExitCode, RootOptions
from miner.errors import BusyError, Interrupted, MinerError, SettingsError

_COLLECT_EVERY = 50_000
_PREFIX = "Value error, "
"""What Pydantic, which reads the words for Typer, writes before what is wrong with a choice."""


class _Root(TyperGroup):
    """The commands; what they say of a wrong word begins with that word."""

    def invoke(self, ctx: Any) -> Any:
        """Parse and run a command."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_PREFIX)
            raise


app = typer.Typer(
    name="miner",
    cls=_Root,
    help="Mine bug fixes of deep-learning libraries into SQL, with fix-pattern labels and their evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Panels leave half of 80 columns to the words, name a type where a flag takes none, and cut long names.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("collect", epilog=collect.EPILOG)(collect.command)
app.command("classify", short_help="Label what is stored with the current rules.", epilog=classify.EPILOG)(
    classify.command
)
app.command("explain", short_help="Print a fix with what voted for its labels.")(explain.command)
app.command("daemon", short_help="Run collects, relabelling and upkeep when they are due.", epilog=daemon.EPILOG)(
    daemon.command
)
app.command("status", short_help="Print what the database holds.")(status.command)
app.command("sql", cls=sql.Command)(sql.command)
app.command("browse", short_help="Show an SQLite database in a browser.")(browse.command)
app.command("rebuild", short_help="Make the tables anew from the archive and the clones.", epilog=rebuild.EPILOG)(
    rebuild.command
)
app.add_typer(archive.app, name="archive")
app.command("doctor", short_help="Check tokens, network, clock, database, disk and git.")(doctor.command)
app.command("audit", short_help="Ask the sources again for a sample: what is missing?", epilog=audit.EPILOG)(
    audit.command
)
app.command("study", short_help="Make every table and figure of the paper.")(study.command)
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(export.app, name="export")
app.add_typer(label.app, name="label")
app.add_typer(database.app, name="db")
app.add_typer(config.app, name="config")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"miner {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    context.obj = RootOptions(config, database_url)


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    # What a command imports stays: looking through it for garbage after every 700 objects is a tenth of its start.
    gc.set_threshold(_COLLECT_EVERY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="miner")
    except MinerError as error:
        from miner.console import print_error

        print_error(error)
        sys.exit(_exit_code(error))


def _exit_code(error: MinerError) -> int:
    if isinstance(error, SettingsError):
        return ExitCode.USAGE
    if isinstance(error, BusyError):
        return ExitCode.BUSY
    return ExitCode.INTERRUPTED if isinstance(error, Interrupted) else ExitCode.ERROR
