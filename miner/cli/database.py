"""``miner db``: the database's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

app = typer.Typer(help="Create, upgrade and check the database's schema.", no_args_is_help=True)


@app.command()
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


def _engine(context: typer.Context, config: Path | None, database_url: str | None, create: bool = False) -> Engine:
    from miner.store.session import open_engine

    return open_engine(settings_of(context, config, database_url).database.url, create=create)
