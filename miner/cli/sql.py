"""``miner sql``: a query of one's own."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from miner.cli.options import ConfigOption, DatabaseUrlOption, settings_of

if TYPE_CHECKING:
    from miner.store.query import Answer

_COMMENT = re.compile(r"--[^\s=]*\s")
"""What begins a comment of SQL, and no option: those have no space but after an equals sign."""


class Command(TyperCommand):
    """A command whose query may begin with a comment, ``-- Which ...``: click would take that for an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse arguments; one that cannot be an option stands for the query."""
        return super().parse_args(ctx, [f"\n{arg}" if _COMMENT.match(arg) else arg for arg in args])


def command(
    context: typer.Context,
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="The query, or - to read it from standard input.", show_default=False),
    ] = "",
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="Read the query from a file.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header; no cell is a formula.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array with an object a row.")] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Run a query and print its rows. It can read and nothing else; docs/cookbook.md has examples.

    On a terminal, a row that is too wide for a line is printed with a line a column. In a pipe, rows are lines with
    tabs between the cells, without a header: --csv has one.
    """
    if bool(query) == bool(file):
        raise typer.BadParameter('give one query: miner sql "SELECT ...", miner sql - or miner sql --file FILE.')
    if as_csv and as_json:
        raise typer.BadParameter("--csv and --json are two formats: give one.")
    text = _text(query, file)
    settings = settings_of(context, config, database_url)

    from miner.store import schema
    from miner.store.query import asked
    from miner.store.session import open_engine

    engine = open_engine(settings.database.url, create=False)
    try:
        schema.require(engine)
        with asked(engine, text) as answer:
            (_print_csv if as_csv else _print_json if as_json else _print_table)(answer)
    finally:
        engine.dispose()


def _text(query: str, file: Path | None) -> str:
    if file is None:
        return sys.stdin.read() if query == "-" else query
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read as UTF-8 text: {error}.") from None


def _print_csv(answer: Answer) -> None:
    from miner.export.values import cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([cell(value) for value in row] for row in answer.rows)


def _print_json(answer: Answer) -> None:
    from miner.export.values import plain

    separator = "[\n"
    for row in answer.rows:
        values = {name: plain(value) for name, value in zip(answer.columns, row, strict=True)}
        sys.stdout.write(separator + json.dumps(values, ensure_ascii=False))
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def _print_table(answer: Answer) -> None:
    from miner.cli.render_rows import print_rows
    from miner.export.values import plain

    print_rows(answer.columns, [["" if value is None else str(plain(value)) for value in row] for row in answer.rows])
