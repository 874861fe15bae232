"""``miner evaluate``: how good the judgements are, beside labels that people gave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, JsonOption, settings_of

app = typer.Typer(help="Measure the classifiers against labels that people gave.", no_args_is_help=True)


@app.callback()
def _evaluate() -> None:
    pass


@app.command()
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


def _bytes(path: Path) -> bytes:
    from miner.errors import LabelsError

    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelsError(f"{path}: {error.strerror or error}: name a CSV file with --labels") from None
