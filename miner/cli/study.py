"""``miner study``: the paper's tables and figures from the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, rules_in_force, settings_of

_RATER = "rater:"
_LABELS = ("heuristic", "reconciled")


def _labels(text: str) -> str:
    name = text.strip()
    if name in _LABELS or (name.startswith(_RATER) and name != _RATER):
        return name
    raise typer.BadParameter(f"{text!r} names no labels: write heuristic, reconciled or rater:NAME.")


def command(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="Write index.html, CSV, PNG and SVG there. Without it the tables are printed.",
        ),
    ] = None,
    labels: Annotated[
        str,
        typer.Option(metavar="WHOSE", parser=_labels, help="Which labels count: heuristic, reconciled or rater:NAME."),
    ] = "heuristic",
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, metavar="X", help="Labels of the rules below it count as unknown.")
    ] = 0.0,
    once: Annotated[
        bool, typer.Option("--once", help="Count copies of one fix (cherry-picks, backports) once.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This table or figure only, such as table3; repeatable.")
    ] = None,
    paper: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML with further figures that the paper prints.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the permutation tests.")] = 0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Make every table and figure of the paper from the database, with intervals and the paper's value beside ours."""
    if (min_confidence or once) and labels != _LABELS[0] and not labels.startswith("rater:heuristic/"):
        raise typer.BadParameter("--min-confidence and --once are for labels of the rules: --labels heuristic.")
    settings = settings_of(context, config, database_url)

    from miner.cli.render_study import print_study
    from miner.console import print_warning
    from miner.store import schema
    from miner.store.session import open_engine, reading
    from miner.study.paper import with_file
    from miner.study.queries import choose
    from miner.study.registry import wanted
    from miner.study.report import write
    from miner.study.study import make

    entries = wanted(only or ())
    printed = with_file(paper)
    engine = open_engine(settings.database.url, create=False)
    schema.require(engine)
    with reading(engine) as connection:
        choice = choose(connection, labels, min_confidence, not once, rules_in_force(settings))
        study = make(connection, choice, entries, printed, seed)
    if not study.judged:
        print_warning(
            "",
            "no fix has a label of this rater: every table is empty; collect fixes, or label stored ones "
            "with 'miner classify', or bring labels with 'miner label import' and name them with --labels rater:NAME",
        )
    files = write(study, out) if out is not None else []
    print_study(study, files, as_json=as_json)
