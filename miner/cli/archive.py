"""``miner archive``: what the sources sent, and how much of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, ExitCode, JsonOption, settings_of

if TYPE_CHECKING:
    from miner.collect.archive import Archive

app = typer.Typer(help="Look after the archive of what the sources sent.", no_args_is_help=True, rich_markup_mode=None)

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="URL", help="The archive: a path, or a URL such as s3://bucket/x."),
]


@app.command(short_help="Print how many answers and runs there are, and the bytes.")
def status(
    context: typer.Context,
    archive: FromOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Print how many answers and runs the archive has, and how large it is."""
    from miner.archiving import status as status_of
    from miner.cli.render_archive import print_archive

    print_archive(status_of(_archive(context, config, database_url, archive)), as_json=as_json)


@app.command(short_help="Delete the oldest runs, as the settings say.")
def prune(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted; delete nothing.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Delete the oldest runs, as archive.keep_days and archive.max_bytes say. They cannot be rebuilt any more."""
    from datetime import UTC, datetime

    from miner.archiving import prune as prune_by
    from miner.cli.render_archive import print_pruned

    settings = settings_of(context, config, database_url)
    print_pruned(prune_by(settings, datetime.now(UTC), dry_run=dry_run), settings.archive, as_json=as_json)


@app.command()
def verify(
    context: typer.Context,
    archive: FromOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Read all of the archive and compare each answer with its SHA-256. Exit code 1 if something is wrong."""
    from miner.archiving import verify as verify_all
    from miner.cli.render_archive import print_verified

    found = verify_all(_archive(context, config, database_url, archive))
    print_verified(found, as_json=as_json)
    raise typer.Exit(ExitCode.ERROR if found.problems else ExitCode.COMPLETE)


@app.command(short_help="Take out names and texts of listed authors and posts.")
def redact(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many it would be; change nothing.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Take names and texts of the opt-out list's authors and posts out of all answers of the APIs. It cannot be undone.

    Its entries of repositories change nothing here.
    """
    from pathlib import Path

    from miner.cli.render_archive import print_redacted
    from miner.collect.archive import archive_of
    from miner.errors import OptOutError
    from miner.optout import read_opt_out
    from miner.redacting import redact as redact_all

    settings = settings_of(context, config, database_url)
    if not settings.collect.opt_out_file:
        raise OptOutError("there is no opt-out list: name it in collect.opt_out_file")
    opt_out = read_opt_out(Path(settings.collect.opt_out_file))
    print_redacted(redact_all(archive_of(settings), opt_out, dry_run=dry_run), as_json=as_json)


@app.command(short_help="Move in answers that an older version kept in the database.")
def move(
    context: typer.Context,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Move the answers that an older version kept in the database into the archive. A collect does so, too."""
    from miner.cli.render_archive import print_moved
    from miner.collect.archive import archive_of
    from miner.store import bodies, schema
    from miner.store.session import open_engine

    settings = settings_of(context, config, database_url)
    engine = open_engine(settings.database.url, create=False)
    schema.require(engine)
    print_moved(bodies.move(engine, archive_of(settings)), as_json=as_json)


def _archive(context: typer.Context, config: ConfigOption, database_url: DatabaseUrlOption, url: str | None) -> Archive:
    from miner.collect.archive import archive_of

    return archive_of(settings_of(context, config, database_url), url)
