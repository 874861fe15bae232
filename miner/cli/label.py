"""``miner label``: labels that people give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.label_options import (
    BatchOption,
    ItemSource,
    Layout,
    Method,
    SchemeOption,
    SetOption,
    SheetFormat,
    Stratum,
)
from miner.cli.options import (
    ConfigOption,
    DatabaseUrlOption,
    ExitCode,
    JsonOption,
    known_libraries,
    rules_in_force,
    settings_of,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from miner.rating.sampling import SampleRequest
    from miner.settings import Settings

app = typer.Typer(
    help="Read, draw, compare and reconcile labels that people give.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("import", short_help="Read labels: the paper's file, filled sheets, exports.")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="xlsx, CSV or JSON lines.")],
    rater: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose labels these are, if the file does not say.")
    ] = None,
    scheme: SchemeOption = None,
    set_name: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Name of the label set. Default: the file's name.")
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(metavar="DOMAIN", help="The site of bare post numbers. Default: the setting."),
    ] = None,
    reassign: Annotated[
        bool, typer.Option("--reassign", help="Take labels although the file or the batch is another rater's.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Read labels into the database: the paper's file, a filled sheet, or an export.

    Reading a file again adds nothing. What cannot be read is left out and said; the exit code is then 3.
    """
    settings = settings_of(context, config, database_url, site)

    from miner.cli.render_labels import print_imported
    from miner.rating.hints import after_import
    from miner.rating.importing import ImportRequest, import_labels

    request = ImportRequest(file, settings.stackoverflow.site, rater, tuple(scheme or ()), set_name, reassign)
    with _recorded(settings, create=True) as engine:
        imported = import_labels(engine, request)
    print_imported(imported, str(file), after_import(imported), as_json=as_json)
    _leave(bool(imported.rejections or imported.sheets_not_read))


@app.command(short_help="Write labels to a file.")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its name ends with .csv, .jsonl or .xlsx.")],
    rater: Annotated[
        list[str] | None, typer.Option("--rater", metavar="NAME", help="Labels of this rater only; repeatable.")
    ] = None,
    scheme: SchemeOption = None,
    sets: SetOption = None,
    history: Annotated[bool, typer.Option("--history", help="Earlier rounds, too.")] = False,
    layout: Annotated[
        Layout, typer.Option(help="A judgement a row, or the paper's: xlsx, an item a row, of one rater.")
    ] = Layout.LONG,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Write labels to a file, one a row: the same bytes for the same labels."""
    settings = settings_of(context, config, database_url)

    from miner.cli.render_labels import print_exported
    from miner.rating.exporting import ExportRequest, form_of
    from miner.rating.exporting import export as exported
    from miner.rating.sheets import write
    from miner.store.session import reading

    form = form_of(file)
    request = ExportRequest(tuple(rater or ()), tuple(scheme or ()), tuple(sets or ()), history, layout.value)
    with reading(_engine(settings)) as connection:
        data, count = exported(connection, request, form)
    write(file, data)
    print_exported(str(file), count, as_json=as_json)


@app.command(short_help="Draw a batch, and write blind sheets of it for raters.")
def sample(
    context: typer.Context,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="Name of the batch: new, or one that was drawn.")],
    rater: Annotated[
        list[str] | None,
        typer.Option("--rater", metavar="NAME", help="Write this rater a blind sheet; repeatable."),
    ] = None,
    size: Annotated[int | None, typer.Option(min=1, metavar="N", help="How many items. Default: 100.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of the draw. Default: 0.")] = None,
    method: Annotated[Method | None, typer.Option(help="How to draw. Default: random.")] = None,
    by: Annotated[Stratum | None, typer.Option(help="Strata: draws stratified.")] = None,
    equal: Annotated[bool, typer.Option("--equal", help="Draw as many of each stratum.")] = False,
    library: Annotated[
        list[str] | None,
        typer.Option("--library", metavar="NAME", help="This library only; repeatable."),
    ] = None,
    source: Annotated[list[ItemSource] | None, typer.Option("--source", help="This source only; repeatable.")] = None,
    sets: SetOption = None,
    scheme: SchemeOption = None,
    unrated: Annotated[bool, typer.Option("--unrated", help="Leave out what anybody rated.")] = False,
    known: Annotated[bool, typer.Option("--known", help="Leave out what the rules call unknown.")] = False,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the sheets go.")] = Path(),
    form: Annotated[SheetFormat, typer.Option("--format", help="Format of the sheets.")] = SheetFormat.XLSX,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Draw a batch of fixes, or of a label set's items, and write a blind sheet of it for each rater.

    The same seed draws the same from the same database. For a batch that was drawn, its name and --rater are enough.
    """
    settings = settings_of(context, config, database_url)

    from miner.cli.render_labels import print_drawn
    from miner.export.folder import refuse_opted_out
    from miner.rating.hints import after_sample
    from miner.rating.sampling import SampleRequest, batch_named
    from miner.rating.sheets import hand_out

    said = (size, seed, method, by, equal, library, source, sets, scheme, unrated, known)
    request: SampleRequest | None = None
    if any(one is not None and one is not False for one in said):
        request = SampleRequest(
            batch,
            _method(method, by),
            by.value if by else None,
            100 if size is None else size,
            seed or 0,
            tuple(scheme or ("pattern",)),
            known_libraries(library, settings),
            tuple(one.value for one in source or ()),
            tuple(sets or ()),
            equal,
            unrated,
            known,
            rules_in_force(settings),
        )
    with _recorded(settings) as engine:
        refuse_opted_out(engine, settings.collect.opt_out_file)
        drawn = batch_named(engine, batch, request)
    paths = []
    if rater:
        with _recorded(settings) as engine:
            paths = hand_out(engine, drawn, rater, to, form.value)
    print_drawn(drawn, paths, after_sample(drawn, paths), as_json=as_json)


@app.command(short_help="Print how far raters, and the rules, agree.")
def agreement(
    context: typer.Context,
    scheme: SchemeOption = None,
    rater: Annotated[
        list[str] | None, typer.Option("--rater", metavar="NAME", help="Compare this person; repeatable.")
    ] = None,
    sets: SetOption = None,
    batch: BatchOption = None,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Also tell it after every N labels.")] = 100,
    first: Annotated[bool, typer.Option("--first", help="Compare what raters said first, not now.")] = False,
    without_unknown: Annotated[
        bool, typer.Option("--without-unknown", help='Take "unknown" for a missing label, not for a value.')
    ] = False,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Compare people only.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Print how far raters agree: each two (Cohen), all (Fleiss, Krippendorff), and after every 100 labels."""
    settings = settings_of(context, config, database_url)

    from miner.cli.render_labels import print_agreement
    from miner.rating.agreement import AgreementRequest
    from miner.rating.agreement import agreement as compared
    from miner.rating.hints import after_agreement
    from miner.rating.reconciling import conflicts
    from miner.rating.sampling import known_batch
    from miner.store.session import reading

    in_force = "" if no_rules else rules_in_force(settings)
    request = AgreementRequest(
        scheme or (), rater or (), sets or (), batch, every, first, without_unknown, not no_rules, in_force
    )
    with reading(_engine(settings)) as connection:
        if batch is not None:
            known_batch(connection, batch)
        found = compared(connection, request)
        hint = after_agreement(connection, found, len(conflicts(connection, tuple(scheme or ()), batch)), batch)
    print_agreement(found, hint, as_json=as_json)


@app.command(short_help="List where raters differ; take a moderator's decisions.")
def reconcile(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a sheet for the moderator (.xlsx or .csv).")
    ] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Read the moderator's decisions.")
    ] = None,
    moderator: Annotated[str | None, typer.Option(metavar="NAME", help="Who decided; with --from.")] = None,
    agreed: Annotated[
        bool, typer.Option("--agreed", help="Enter as reconciled what all raters, two or more, say alike.")
    ] = False,
    scheme: SchemeOption = None,
    batch: BatchOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """List where raters differ, write it for a moderator, or read what was decided.

    Decisions are labels of the rater "reconciled"; nothing is overwritten.
    """
    settings = settings_of(context, config, database_url)
    if sum((to is not None, from_ is not None, agreed)) > 1:
        raise typer.BadParameter("name one of --to, --from and --agreed.")
    if (from_ is None) != (moderator is None):
        raise typer.BadParameter("--from and --moderator go together.")
    if from_ is not None and batch is not None:
        raise typer.BadParameter("the sheet of --from names its items: leave --batch away.")

    from miner.cli.render_labels import print_conflicts, print_reconciled
    from miner.rating import moderating
    from miner.rating.hints import after_decisions
    from miner.rating.reconciling import decide

    schemes = tuple(scheme or ())
    if agreed:
        with _recorded(settings) as engine:
            done, hint = moderating.enter_agreed(engine, schemes, batch)
        print_reconciled(done, "", hint, as_json=as_json)
    elif from_ is not None and moderator is not None:
        with _recorded(settings) as engine:
            done = decide(engine, from_, moderator, settings.stackoverflow.site, schemes)
        print_reconciled(done, str(from_), after_decisions(done), as_json=as_json)
        _leave(bool(done.rejections))
    else:
        found, hint = moderating.hand_over(_engine(settings), schemes, batch, to)
        print_conflicts(found, to, hint, as_json=as_json)


def _method(method: Method | None, by: Stratum | None) -> str:
    if method is None:
        return Method.STRATIFIED.value if by else Method.RANDOM.value
    return method.value.replace("-", "_")


def _engine(settings: Settings, *, create: bool = False) -> Engine:
    from miner.store import schema
    from miner.store.session import open_engine

    engine = open_engine(settings.database.url, create=create)
    if create:
        schema.prepare(engine)
    else:
        schema.require(engine)
    return engine


@contextmanager
def _recorded(settings: Settings, *, create: bool = False) -> Iterator[Engine]:
    """Give the database for one change, which is recorded, so that a rebuild can make it again."""
    from miner.recording import recording

    engine = _engine(settings, create=create)
    try:
        with recording(settings, engine):
            yield engine
    finally:
        engine.dispose()


def _leave(partial: bool) -> None:
    if partial:
        raise typer.Exit(ExitCode.PARTIAL)
