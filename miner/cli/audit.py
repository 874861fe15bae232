"""``miner audit``: whether the database has what the sources have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from miner.cli.options import (
    ConfigOption,
    DatabaseUrlOption,
    ExitCode,
    JsonOption,
    Source,
    moment,
    settings_of,
)

EPILOG = (
    "Exit codes: 0 nothing is missing and the ledger has no gap; 1 error, nothing could be audited; 2 wrong usage or "
    "settings; 3 something is missing, could not be asked for, or is a gap."
)


def command(
    context: typer.Context,
    sample: Annotated[int, typer.Option(min=1, metavar="N", help="Ask for so many slices of each source.")] = 20,
    seed: Annotated[int, typer.Option(metavar="N", help="The same number draws the same slices.")] = 0,
    source: Annotated[
        list[Source] | None,
        typer.Option(metavar="NAME", help="Audit this source only: github, git or stackoverflow. Repeatable."),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="DATE", help="Items of a date at or after it (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="DATE", help="Items of a date before it (UTC).")
    ] = None,
    budget: Annotated[
        int, typer.Option(min=1, metavar="N", help="Begin no slice after so many requests, or repositories.")
    ] = 200,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be asked and what it costs; ask nothing.")
    ] = False,
    as_json: JsonOption = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results, warnings and errors only.")
    ] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Ask the sources again for a random sample of what is at hand, and estimate how much of it the database has.

    Prints the recall with its 95 % interval, every difference, and every gap of the ledger. Writes nothing.
    """
    if since and until and since >= until:
        raise typer.BadParameter("--since must be before --until.")
    settings = settings_of(context, config, database_url)

    from miner.audit import flow
    from miner.audit.model import AuditRequest
    from miner.cli import render_audit
    from miner.progress import reporter

    request = AuditRequest(sample, seed, tuple(source or ()), since, until, budget)
    with reporter(as_json=as_json, quiet=quiet) as progress:
        if plan:
            render_audit.print_audit_plan(flow.plan(settings, request, progress), as_json=as_json)
            return
        result = flow.audit(settings, request, progress)
        progress.close()
        render_audit.print_audit(result, as_json=as_json)
    raise typer.Exit(ExitCode.COMPLETE if result.complete else ExitCode.PARTIAL)
