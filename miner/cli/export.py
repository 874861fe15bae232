"""``miner export``: tables as files, a benchmark, and instances in SWE-bench's form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, known_libraries, moment, settings_of

if TYPE_CHECKING:
    from rich.progress import Progress
    from sqlalchemy import Engine

    from miner.export.files import Written
    from miner.settings import Settings
    from miner.store.exports import Selection

app = typer.Typer(
    help="Write what the database holds into files, the same each time.", no_args_is_help=True, rich_markup_mode=None
)


class Format(StrEnum):
    """A format of exported tables."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


OutOption = Annotated[Path, typer.Option("--out", metavar="PATH", help="Where to write; it must not be there yet.")]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", metavar="NAME", help="Fixes of this source: git or stackoverflow.")
]
LibraryOption = Annotated[
    list[str] | None,
    typer.Option("--library", metavar="NAME", help="Fixes of this library. Repeatable."),
]
PatternOption = Annotated[
    list[str] | None, typer.Option("--pattern", metavar="ID", help="Fixes with this first label. Repeatable.")
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", parser=moment, metavar="DATE", help="Fixes made at or after it (UTC).")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", parser=moment, metavar="DATE", help="Fixes made before it (UTC).")
]
RaterOption = Annotated[str | None, typer.Option("--rater", metavar="NAME", help="Count labels of this rater only.")]
ConfidenceOption = Annotated[
    float | None,
    typer.Option("--min-confidence", metavar="X", min=0, max=1, help="Fixes whose first label is at least so sure."),
]


@app.command(short_help="Write tables and views, a file each.")
def tables(
    context: typer.Context,
    out: OutOption,
    table: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A table or view. Repeatable.")] = None,
    kind: Annotated[Format, typer.Option("--format", help="The format of the files.")] = Format.JSONL,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Write tables and views into a folder, a file each, with a manifest and SHA-256 sums."""
    from miner.export.tables import export_tables

    with _database(context, config, database_url) as engine, _progress() as progress:
        task = progress.add_task("export", total=None)
        written = export_tables(
            engine,
            out,
            table or (),
            kind.value,
            lambda name, rows: progress.update(task, description=name, completed=rows),
        )
    _print(written, as_json=as_json)


@app.command(short_help="Write a benchmark of bugs and repairs.")
def bundle(
    context: typer.Context,
    out: OutOption,
    source: SourceOption = None,
    library: LibraryOption = None,
    pattern: PatternOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rater: RaterOption = None,
    min_confidence: ConfidenceOption = None,
    cut: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="DATE", help="Training ends here (UTC).")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Write a benchmark of bugs and repairs: instances split by time and family, data card, Croissant metadata."""
    from miner.console import print_warning
    from miner.export.bundle import export_bundle, lacking

    selection = _selection(context, config, source, library, pattern, since, until, rater, min_confidence)
    with _database(context, config, database_url, selection) as engine, _progress() as progress:
        task = progress.add_task("instances", total=None)
        written = export_bundle(
            engine, out, selection, cut, lambda number, total: progress.update(task, completed=number, total=total)
        )
    _print(written, as_json=as_json)
    if lack := lacking(written):
        print_warning("", lack)


@app.command(short_help="Write commits in the form of SWE-bench's instances.")
def swebench(
    context: typer.Context,
    out: OutOption,
    library: LibraryOption = None,
    pattern: PatternOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rater: RaterOption = None,
    min_confidence: ConfidenceOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Write commits in the form of SWE-bench's instances: a line of JSON each."""
    from miner.console import print_warning
    from miner.export.swebench import export_swebench, told_left_out

    selection = _selection(context, config, ["git"], library, pattern, since, until, rater, min_confidence)
    with _database(context, config, database_url, selection) as engine, _progress() as progress:
        task = progress.add_task("commits", total=None)
        written = export_swebench(
            engine, out, selection, lambda number, total: progress.update(task, completed=number, total=total)
        )
    _print([written], as_json=as_json)
    if lack := told_left_out(written):
        print_warning("", lack)


def _selection(
    context: typer.Context,
    config: Path | None,
    source: list[str] | None,
    library: list[str] | None,
    pattern: list[str] | None,
    since: datetime | None,
    until: datetime | None,
    rater: str | None,
    min_confidence: float | None,
) -> Selection:
    from miner.store.exports import Selection

    if since and until and since >= until:
        raise typer.BadParameter("--since must be before --until.")
    return Selection(
        sources=tuple(source or ()),
        libraries=known_libraries(library, settings_of(context, config, None)),
        patterns=tuple(pattern or ()),
        since=since,
        until=until,
        rater=rater,
        min_confidence=min_confidence,
    )


@contextmanager
def _database(
    context: typer.Context, config: Path | None, database_url: str | None, selection: Selection | None = None
) -> Iterator[Engine]:
    settings = settings_of(context, config, database_url)

    from miner.export.folder import refuse_opted_out
    from miner.store import schema
    from miner.store.session import open_engine

    engine = open_engine(settings.database.url, create=False)
    try:
        schema.require(engine)
        refuse_opted_out(engine, settings.collect.opt_out_file)
        if selection is not None:
            _require_known(engine, selection, settings)
        yield engine
    finally:
        engine.dispose()


def _require_known(engine: Engine, selection: Selection, settings: Settings) -> None:
    if not selection.patterns and selection.rater is None:
        return
    from miner.classify.ruleset import ruleset
    from miner.classify.rulesource import RuleSource
    from miner.export.choosing import require_rater, strange_patterns
    from miner.store.session import reading

    known = [entry.id for entry in ruleset(RuleSource.of(settings)).entries]
    with reading(engine) as connection:
        for strange in strange_patterns(connection, selection.patterns, known):
            raise typer.BadParameter(
                f"{strange!r} is not a known pattern; known are {', '.join(known)} and unknown.",
                param_hint="'--pattern'",
            )
        if selection.rater is not None:
            require_rater(connection, selection.rater)


def _progress() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from miner.console import stderr

    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _print(written: Sequence[Written], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in written], indent=2))
        return

    from miner.cli.render import print_table

    rows = [(one.name, f"{one.rows:,}" if one.rows else "", f"{one.bytes:,}", one.sha256[:12]) for one in written]
    print_table(("file", "rows", "bytes", "sha256"), rows)
