"""``miner classify``: labels what is stored anew."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, ExitCode, JsonOption, known_libraries, settings_of

if TYPE_CHECKING:
    from miner.relabel import Relabelled

EPILOG = (
    "Exit codes: 0 complete; 1 error; 2 wrong usage, settings or rules; 3 partial, the clone of some commits is not at "
    "hand; 4 another process works on the same source; 130 interrupted by Ctrl-C, at a page boundary: run the same "
    "command again to continue."
)


class LabelledSource(StrEnum):
    """A source whose fixes are labelled."""

    GIT = "git"
    STACKOVERFLOW = "stackoverflow"


def command(
    context: typer.Context,
    source: Annotated[
        list[LabelledSource] | None,
        typer.Option(metavar="NAME", help="Label this source only: git or stackoverflow. Repeatable."),
    ] = None,
    library: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Label commits and answers with a fix of this library only. Repeatable."),
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Say which labels would change, and write nothing.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after so many commits, and so many posts.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="N", help="Processes that classify.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another process works on the same source, rather than give up.")
    ] = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Label what is stored with the current rules, without fetching anything. A second run has nothing to do."""
    settings = settings_of(context, config, database_url)
    libraries = known_libraries(library, settings)

    from miner.cli.render_relabel import print_relabelled
    from miner.progress import reporter
    from miner.relabel import RelabelRequest, relabel

    request = RelabelRequest(tuple(map(str, source or ())), libraries, limit, workers, diff)
    with reporter(as_json=as_json, quiet=quiet) as progress:
        done = relabel(settings, request, progress, math.inf if wait else 0.0)
        progress.close()
        if as_json or diff or not quiet:
            print_relabelled(done, as_json=as_json)
        if done.interrupted:
            progress.warn("", "interrupted at a page boundary; run the same command again to continue")
    raise typer.Exit(_exit_code(done))


def _exit_code(done: Relabelled) -> int:
    return {"complete": ExitCode.COMPLETE, "partial": ExitCode.PARTIAL}.get(done.status, ExitCode.INTERRUPTED)
