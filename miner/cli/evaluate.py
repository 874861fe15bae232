"""``miner evaluate``: how good the judgements are, beside labels that people gave."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, rules_in_force, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from miner.evaluation.patternlabels import Sheet, UnreadableRow
    from miner.evaluation.patterns import Apart

_NAMED = 5
"""Values that a warning names."""
_SHOWN = 80
"""Characters of such a value."""

app = typer.Typer(
    help="Measure the classifiers against labels that people gave.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _evaluate() -> None:
    pass


@app.command(short_help="Measure the bug-fix score by labelled commits.")
def bugfix(
    context: typer.Context,
    labels: Annotated[
        Path,
        typer.Option(metavar="FILE", help="CSV in UTF-8 with the columns repository, sha, message, is_bug_fix."),
    ],
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="X", help="A score from it on says bug fix. Default: the setting."),
    ] = None,
    errors: Annotated[
        int, typer.Option(min=0, metavar="N", help="Also print the N most confident errors with their evidence.")
    ] = 0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Print precision, recall, F1 and accuracy of the bug-fix score, each with its 95 % interval."""
    settings = settings_of(context, config, database_url)

    from miner.cli.render import print_evaluation
    from miner.evaluation.bugfix import evaluate
    from miner.evaluation.labels import read

    name = str(labels)
    at = settings.classify.bug_fix_threshold if threshold is None else threshold
    print_evaluation(evaluate(read(_bytes(labels), name), at), errors, as_json=as_json)


class LabelSource(StrEnum):
    """A sheet of a label set of fix patterns, or both."""

    GITHUB = "github"
    STACKOVERFLOW = "stackoverflow"
    ALL = "all"


@app.command(short_help="Measure the pattern labels by people's.")
def patterns(
    context: typer.Context,
    labels: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="xlsx with the sheets GitHub (column Bug) and StackOverflow (column Post#); "
            "both have the columns Bug Fix Pattern and Library.",
        ),
    ],
    source: Annotated[LabelSource, typer.Option(help="Which sheet to compare.")] = LabelSource.GITHUB,
    rater: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose labels to compare. Default: the rules in force."),
    ] = None,
    errors: Annotated[
        int, typer.Option(min=0, metavar="N", help="Also print the N most confident errors with their evidence.")
    ] = 0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Print how well the fix patterns in the database agree with labels that people gave.

    Collect what the file names first: miner collect --seeds FILE. A row's link names a commit, and its anchor the hunk
    in it; rows that are not in the database are counted apart.
    """
    settings = settings_of(context, config, database_url)

    from dataclasses import replace

    from miner.cli.render_patterns import print_patterns
    from miner.console import print_warning
    from miner.evaluation.matching import match
    from miner.evaluation.patternlabels import read
    from miner.evaluation.patterns import evaluate
    from miner.evaluation.raters import counted_rater
    from miner.store import schema
    from miner.store.session import open_engine, reading

    labelled = read(labels, _sheets(source))
    engine = open_engine(settings.database.url, create=False)
    schema.require(engine)
    with reading(engine) as connection:
        used = counted_rater(connection, rater, in_force=rules_in_force(settings))
        matches = match(connection, labelled.rows, site=settings.stackoverflow.site, rater=used)
    if not matches.cases:
        print_warning(str(labels), _nothing_compared(matches.apart, labels))
    elif not used:
        print_warning("", "no fix has a pattern, so every row is an abstention: 'miner classify' labels stored fixes")
    unreadable = (*labelled.unreadable, *matches.unreadable)
    _warn_of(labels, unreadable)
    apart = replace(matches.apart, unreadable=len(unreadable))
    print_patterns(evaluate(matches.cases, apart), used, errors, as_json=as_json)


def _nothing_compared(apart: Apart, labels: Path) -> str:
    """Say why no row has a fix, and what to do."""
    if apart.not_in_database:
        return (
            f"no row can be compared: {apart.not_in_database} name what is not in this database: name another with "
            f"--database-url, or collect what the file names, with: miner collect --seeds {shlex.quote(str(labels))}"
        )
    if apart.no_fix:
        return (
            f"no row can be compared: {apart.no_fix} name what is in this database and holds no fix. 'miner classify' "
            "searches what is stored with the rules in force; 'miner explain' says why a commit or question has none"
        )
    return "no row can be compared: none has a link and a pattern that can be read"


def _sheets(source: LabelSource) -> Sequence[Sheet]:
    from miner.evaluation.patternlabels import Sheet

    return [sheet for sheet in Sheet if source in (LabelSource.ALL, sheet.lower())]


def _warn_of(path: Path, rows: Sequence[UnreadableRow]) -> None:
    """Say each reason once, with the first values that it holds for, and where each comes first."""
    from miner.console import print_warning

    found: dict[str, list[UnreadableRow]] = {}
    for row in rows:
        found.setdefault(row.reason, []).append(row)
    for reason, of_reason in found.items():
        first = {row.text: row for row in reversed(of_reason)}
        named = [f"{text[:_SHOWN]!r} (sheet {row.sheet}, row {row.row})" for text, row in reversed(first.items())]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        print_warning(str(path), f"rows not compared: {len(of_reason)}; {reason}: {', '.join(named[:_NAMED])}{more}")


def _bytes(path: Path) -> bytes:
    from miner.errors import LabelsError

    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelsError(f"{path}: {error.strerror or error}: name a CSV file with --labels") from None
