"""``miner status``: what the database holds."""

from __future__ import annotations

import json

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, settings_of


def command(
    context: typer.Context,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what the database holds: repositories, fixes by library and pattern, omissions, gaps, last runs."""
    from miner.cli.render import print_table
    from miner.store import repository
    from miner.store.session import open_engine

    with open_engine(settings_of(context, config, database_url).database.url).connect() as connection:
        status = repository.status(connection)
    if as_json:
        typer.echo(json.dumps(status, default=str))
    else:
        print_table(("", "", ""), [(group, name, str(count)) for group, name, count in status])
