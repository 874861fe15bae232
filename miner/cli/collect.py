"""``miner collect``: the main job."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import (
    ConfigOption,
    DatabaseUrlOption,
    ExitCode,
    JsonOption,
    Source,
    known_libraries,
    moment,
    settings_of,
)

if TYPE_CHECKING:
    from miner.job import CollectRequest, Summary
    from miner.progress import TerminalReporter
    from miner.settings import Settings

EPILOG = (
    "Exit codes: 0 complete; 1 error, nothing could be collected; 2 wrong usage or settings; "
    "3 partial, some repository, tag or dump could not be collected and the rest is in the database; "
    "4 another process works on the same source; "
    "130 interrupted by Ctrl-C, at a page boundary: run the same command again to continue."
)


def command(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="DATE", help="Commits, and questions, of a date at or after it (UTC)."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="DATE", help="Commits, and questions, of a date before it (UTC)."),
    ] = None,
    source: Annotated[
        list[Source] | None,
        typer.Option(metavar="NAME", help="Run this source only: github, git or stackoverflow. Repeatable."),
    ] = None,
    library: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Keep fixes of this library only. Repeatable."),
    ] = None,
    repo: Annotated[
        list[str] | None,
        typer.Option(metavar="REPO", help="owner/name, URL, or path of a local or bare repository. Repeatable."),
    ] = None,
    seeds: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Collect exactly the posts, commits and lines that a list names."),
    ] = None,
    dump: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Stack Exchange data dump: a folder with Posts.xml, or a .7z."),
    ] = None,
    dump_date: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="DATE", help="The moment that the dump shows, if its files do not tell."),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(metavar="DOMAIN", help="Site to ask, or that the dump is of where its name does not tell."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Stop after so many commits of a repository, or questions of a tag."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes that extract and classify.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done and what it costs; do nothing.")] = False,
    no_classify: Annotated[
        bool, typer.Option("--no-classify", help="Store commits and diffs only, no fixes and labels.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another process works on the same source, rather than give up.")
    ] = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Mine bug fixes into the database. A second run fetches only what is missing."""
    if since and until and since >= until:
        raise typer.BadParameter("--since must be before --until.")
    if limit and dump:
        raise typer.BadParameter("--limit cannot be used with --dump: a part of a dump tells nothing.")
    if dump is not None and _is_missing(dump):
        raise typer.BadParameter(
            f"there is no dump {str(dump)!r}: name a folder with Posts.xml, or an archive.", param_hint="'--dump'"
        )
    if seeds and (since or until or limit or plan or source or repo):
        raise typer.BadParameter(
            "--seeds names exactly what to collect: no --since, --until, --limit, --plan, --source or --repo with it."
        )
    if repo and source and not {"git", "github"} & {*map(str, source)}:
        raise typer.BadParameter(
            "--repo names what the source git mines, and --source leaves that out: give one of them alone, or add "
            "--source git."
        )
    settings = settings_of(context, config, database_url, site)
    libraries = known_libraries(library, settings)

    from miner.job import CollectRequest
    from miner.progress import reporter

    request = CollectRequest(
        since=since,
        until=until,
        sources=tuple(source or ()),
        libraries=libraries,
        repositories=tuple(repo or ()),
        limit=limit,
        workers=workers,
        classify=not no_classify,
        dump=None if dump is None else str(dump),
        site=site,
        dump_date=dump_date,
        seeds=None if seeds is None else str(seeds),
    )
    with reporter(as_json=as_json, quiet=quiet) as progress:
        if plan:
            raise typer.Exit(_plan(settings, request, progress, as_json=as_json))
        wait_seconds = math.inf if wait else 0.0
        raise typer.Exit(_collect(settings, request, progress, wait_seconds, as_json=as_json, quiet=quiet))


def _is_missing(path: Path) -> bool:
    """Say whether there can be no such file; of one that may not be looked at the run tells more."""
    try:
        path.stat()
    except PermissionError:
        return False
    except (OSError, ValueError):
        return True
    return False


def _collect(
    settings: Settings,
    request: CollectRequest,
    progress: TerminalReporter,
    wait_seconds: float,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    from miner.pipeline import collect

    summary = collect(settings, request, progress, lock_wait_seconds=wait_seconds)
    progress.close()
    if as_json or not quiet:
        from miner.cli.render import print_summary

        print_summary(summary, as_json=as_json)
    if summary.interrupted:
        progress.warn("", "interrupted at a page boundary; run the same command again to continue")
    return exit_code(summary)


def _plan(settings: Settings, request: CollectRequest, progress: TerminalReporter, *, as_json: bool) -> int:
    from miner.cli.render import print_plan
    from miner.plan import plan

    rows = plan(settings, request, progress)
    progress.close()
    print_plan(rows, as_json=as_json)
    return _failure_code(len(rows), sum(row.state == "unreachable" for row in rows))


def exit_code(summary: Summary) -> int:
    """Give the exit code that says how a run ended."""
    if summary.interrupted:
        return ExitCode.INTERRUPTED
    return {"complete": ExitCode.COMPLETE, "partial": ExitCode.PARTIAL}.get(summary.status, ExitCode.ERROR)


def _failure_code(asked: int, failed: int) -> int:
    if not failed:
        return ExitCode.COMPLETE
    return ExitCode.PARTIAL if failed < asked else ExitCode.ERROR
