"""``miner status``: what the database holds."""

from __future__ import annotations

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, settings_of


def command(
    context: typer.Context,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what the database holds: repositories, fixes by library and pattern, omissions, gaps, last runs."""
    settings = settings_of(context, config, database_url)

    from miner.cli.render import print_status
    from miner.store import schema
    from miner.store.session import open_engine, reading
    from miner.store.status import status

    engine = open_engine(settings.database.url, create=False)
    schema.require(engine)
    with reading(engine) as connection:
        print_status(status(connection), as_json=as_json)
