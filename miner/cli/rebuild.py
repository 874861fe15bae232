"""``miner rebuild``: the tables anew, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miner.cli.archive import FromOption
from miner.cli.options import ConfigOption, DatabaseUrlOption, ExitCode, JsonOption, settings_of

EPILOG = (
    "Exit codes: 0 every run is there and went as it was recorded; 1 error, the database is not to be used; "
    "3 some run is missing or went otherwise, which is said; 130 interrupted by Ctrl-C."
)


def command(
    context: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="URL", help="The database to make: sqlite:///FILE or postgresql://USER@HOST/NAME."
        ),
    ],
    archive: FromOption = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="JOURNAL", help="The last run to rebuild, where the archive is of several databases."),
    ] = None,
    dumps: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the data dumps are now that runs read, if not where they were."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Rebuild what is there, though runs are missing in the archive.")
    ] = False,
    archived_rules: Annotated[
        bool,
        typer.Option(
            "--archived-rules",
            help="Run the user's own rules that the archive keeps, where classify.rules_dir holds others. They are "
            "Python code, and run with your rights.",
        ),
    ] = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Make the tables anew, in an empty database, from the archive and the clones alone; nothing is asked of a source.

    The runs are played again with the settings that they had, by the parsers, rules and schema of this version.
    """
    settings = settings_of(context, config, database_url)

    from miner.cli.render_archive import print_rebuilt
    from miner.collect.archive import archive_of
    from miner.progress import reporter
    from miner.rebuild import rebuild

    with reporter(as_json=as_json, quiet=quiet) as progress:
        found = rebuild(
            settings,
            archive_of(settings, archive),
            to,
            progress,
            head=head,
            partial=partial,
            dumps=dumps,
            archived_rules=archived_rules,
        )
        progress.close()
    if as_json or not quiet:
        print_rebuilt(found, as_json=as_json)
    raise typer.Exit(ExitCode.COMPLETE if found.is_whole else ExitCode.PARTIAL)
