"""``miner explain``: why a fix has its labels."""

from __future__ import annotations

from typing import Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, settings_of


def command(
    context: typer.Context,
    fix: Annotated[
        str,
        typer.Argument(
            metavar="FIX",
            help="A fix's id or its start, a commit's sha or its start, a post's number, or a link to either.",
        ),
    ],
    full: Annotated[bool, typer.Option("--full", help="Show all of a long change, and all evidence.")] = False,
    every: Annotated[
        bool, typer.Option("--all-raters", help="Also show labels of rules that newer ones took the place of.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Print what a fix changed with the places that voted marked, its labels, and the evidence for each."""
    settings = settings_of(context, config, database_url)

    from miner.cli.render_fix import print_explanations
    from miner.store import schema
    from miner.store.explain import explain, find
    from miner.store.session import open_engine, reading

    engine = open_engine(settings.database.url, create=False)
    schema.require(engine)
    with reading(engine) as connection:
        found = find(connection, fix, settings.stackoverflow.site)
        explained = [explain(connection, fix_id, every=every) for fix_id in found]
    print_explanations(explained, full=full, as_json=as_json)
