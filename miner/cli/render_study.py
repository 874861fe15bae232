"""The study on standard output: its tables, or what was written, or one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from miner.cli.render import print_table
from miner.console import mask_secrets, mask_values, printable, stdout
from miner.study.basis import unit

if TYPE_CHECKING:
    from miner.study.exhibits import Exhibit, Grid, Value
    from miner.study.study import Study


def print_study(study: Study, files: Sequence[Path], *, as_json: bool) -> None:
    """Print the study: as JSON; else the files that were written, or its tables if none were."""
    if as_json:
        told = study.as_object() | {"files": [str(path) for path in files]}
        typer.echo(json.dumps(mask_values(told), indent=2))
    elif files:
        _print_written(study, files)
    else:
        typer.echo(printable(f"Labels that count: {study.choice}"))
        for sentence in study.denominators:
            _print_line(sentence)
        for exhibit in study.exhibits:
            _print_exhibit(exhibit)


def _print_written(study: Study, files: Sequence[Path]) -> None:
    rows = [(exhibit.id, exhibit.title, f"{len(exhibit.records.rows):,} figures") for exhibit in study.exhibits]
    print_table(("", "", ""), [("labels", str(study.choice), f"{study.judged:,} {unit(study.choice)}"), *rows])
    basis = [("basis", sentence) for sentence in study.denominators]
    print_table(("", ""), [*basis, ("written", str(files[0]))])


def _print_exhibit(exhibit: Exhibit) -> None:
    for grid in exhibit.grids:
        typer.echo("")
        typer.echo(f"# {exhibit.title}" + (f" - {grid.title}" if grid.title else ""))
        # In a pipe, too: without it nobody knows which library a figure is of.
        header = [] if stdout().is_terminal else [list(grid.header)]
        print_table(grid.header, [*header, *_rows(grid)])
    for note in exhibit.notes:
        _print_line(note)
    for one in exhibit.comparisons:
        if not one.same:
            _print_line(f"Not as the paper prints it: {one.what}: ours {one.ours or 'none'}, the paper's {one.paper}.")


def _print_line(text: str) -> None:
    typer.echo(f"- {mask_secrets(printable(text))}")


def _rows(grid: Grid) -> Iterable[list[str]]:
    return ([cell if isinstance(cell, str) else _text(cell) for cell in row] for row in grid.rows)


def _text(value: Value) -> str:
    ours = ", ".join(part for part in (value.text, value.detail) if part)
    return f"{ours} [paper {value.paper}]" if value.paper else ours
