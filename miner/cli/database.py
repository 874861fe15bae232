"""``miner db``: the database's schema, backups and roles."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, settings_of
from miner.console import printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from miner.store.archivefile import Manifest

app = typer.Typer(help="The database: its schema, backups and roles.", no_args_is_help=True, rich_markup_mode=None)


@app.command(short_help="Create the tables, or bring an older version's to this one.")
def upgrade(context: typer.Context, config: ConfigOption = None, database_url: DatabaseUrlOption = None) -> None:
    """Create the tables, or bring those of an older version to this one."""
    from miner.store import schema

    engine = _engine(context, config, database_url, create=True)
    schema.upgrade(engine)
    typer.echo(f"the schema is at {schema.current(engine)}")


@app.command()
def current(context: typer.Context, config: ConfigOption = None, database_url: DatabaseUrlOption = None) -> None:
    """Print the revision that the database is at."""
    from miner.store import schema

    typer.echo(schema.current(_engine(context, config, database_url)) or "none")


@app.command()
def check(context: typer.Context, config: ConfigOption = None, database_url: DatabaseUrlOption = None) -> None:
    """Prove that the database has the schema that this version needs. Exit code 1 if it has not."""
    from miner.store import schema

    schema.check(_engine(context, config, database_url))
    typer.echo("the schema is current")


@app.command(short_help="Write all tables into a file.")
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="FILE.zip, or FILE.db for a copy of SQLite.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Write all tables into a file, as they are at one moment; a collect may go on meanwhile.

    A .zip can be restored into either kind of database. The file is read once before it is put in its place.
    """
    from miner.progress import reporter
    from miner.store.backup import backup as write

    engine = _engine(context, config, database_url)
    with reporter(as_json=as_json, quiet=not sys.stderr.isatty()) as progress:
        manifest = write(engine, target, progress, force=force)
    _tell(manifest, target, as_json=as_json)


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What 'miner db backup' wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Throw away what the database holds.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Fill the database from a backup: all of it or nothing. One that is not empty is left alone without --force."""
    from miner.progress import reporter
    from miner.store.restore import restore as fill

    url = settings_of(context, config, database_url).database.url
    with reporter(as_json=as_json, quiet=not sys.stderr.isatty()) as progress:
        manifest = fill(source, url, progress, force=force)
    _tell(manifest, source, as_json=as_json)


@app.command()
def roles(
    context: typer.Context,
    analyst: Annotated[str | None, typer.Option(metavar="NAME", help="A role that may read, and nothing else.")] = None,
    daemon: Annotated[str | None, typer.Option(metavar="NAME", help="A role that may collect, not upgrade.")] = None,
    timeout: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="The longest that a query of an analyst may take.")
    ] = 600,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Make roles on PostgreSQL, as the owner of the tables. Running it again brings them to their rights.

    A new password is read from MINER_ANALYST_PASSWORD and MINER_DAEMON_PASSWORD, or asked for in a terminal.
    """
    if analyst is None and daemon is None:
        raise typer.BadParameter("name a role: --analyst NAME, --daemon NAME or both.")

    from miner.store.roles import ANALYST_RIGHTS, DAEMON_RIGHTS, Role, login_url, make_roles, require_roles

    engine = _engine(context, config, database_url)
    require_roles(engine)
    wanted = []
    if analyst is not None:
        wanted.append(Role(analyst, ANALYST_RIGHTS, timeout, _password("analyst", analyst)))
    if daemon is not None:
        wanted.append(Role(daemon, DAEMON_RIGHTS, None, _password("daemon", daemon)))
    for made in make_roles(engine, wanted):
        state = "made" if made.new else "was there, and has its rights"
        login = login_url(engine.url, made.name)
        password = "with its password" if made.has_password else "with the password that it has, if it has one"
        typer.echo(f"{printable(made.name)}: {state}; log in {password}: psql '{printable(login)}'")


def _password(kind: str, name: str) -> str | None:
    """Read a new password: from the environment, else from the terminal; None: the role's is left as it is."""
    given = os.environ.get(f"MINER_{kind.upper()}_PASSWORD")
    if given or not sys.stdin.isatty():
        return given or None
    asked = f"New password of {printable(name)} (empty: none, or as it is)"
    return str(typer.prompt(asked, default="", hide_input=True, show_default=False, confirmation_prompt=True)) or None


def _tell(manifest: Manifest, path: Path, *, as_json: bool) -> None:
    size = path.stat().st_size
    if as_json:
        told = {"file": str(path), "bytes": size, "revision": manifest.revision, "rows": manifest.rows}
        typer.echo(json.dumps({**told, "tables": {name: entry.rows for name, entry in manifest.tables.items()}}))
        return
    rows = f"{manifest.rows:,} rows of {len(manifest.tables)} tables" if manifest.tables else "a copy of the file"
    typer.echo(f"{printable(path)}: {rows}, {size:,} bytes, schema {manifest.revision}")


def _engine(context: typer.Context, config: Path | None, database_url: str | None, create: bool = False) -> Engine:
    from miner.store.session import open_engine

    return open_engine(settings_of(context, config, database_url).database.url, create=create)
