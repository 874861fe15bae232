"""``miner browse``: the database in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, settings_of


def command(
    context: typer.Context,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="The port; 0: any that is free.")] = 8001,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Show an SQLite database in a browser: tables, the cookbook's queries and charts. It needs the extra browse."""
    settings = settings_of(context, config, database_url)

    from miner.browse import browse
    from miner.store import schema
    from miner.store.session import open_engine

    engine = open_engine(settings.database.url, create=False)
    schema.require(engine)
    engine.dispose()
    browse(settings.database.url, host, port)
