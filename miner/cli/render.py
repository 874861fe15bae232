"""Results on standard output: tables on a terminal, tab-separated lines in a pipe, JSON for a machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import typer

from miner.console import mask_secrets, printable, stdout
from miner.progress import duration

if TYPE_CHECKING:
    from miner.pipeline import PlanRow, Summary

Row = tuple[str, str, str]


def print_summary(summary: Summary, *, as_json: bool) -> None:
    """Print what a run saw, stored, left out and labelled."""
    if as_json:
        typer.echo(json.dumps({field.name: _plain(getattr(summary, field.name)) for field in fields(summary)}))
    else:
        print_table(("", "", "count"), summary_rows(summary))


def print_plan(rows: Sequence[PlanRow], *, as_json: bool) -> None:
    """Print what a run would do."""
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))
        return
    table = [(row.source, row.item, row.state, _count(row.commits), row.cost) for row in rows]
    print_table(("source", "item", "state", "commits", "cost"), table)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows: a table on a terminal; elsewhere a line each, cells separated by tabs, without the header."""
    safe = [[mask_secrets(printable(cell)) for cell in row] for row in rows]
    if not stdout().is_terminal:
        for row in safe:
            typer.echo("\t".join(row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, pad_edge=False, show_header=any(header))
    for row in safe:
        table.add_row(*(Text(cell) for cell in row))
    stdout().print(table)


def summary_rows(summary: Summary) -> list[Row]:
    """Give the summary as (group, name, count): the same rows for the table and for the pipe."""
    rows: list[Row] = [
        ("repositories", "collected", _count(summary.repositories - len(summary.failed) - summary.up_to_date)),
        ("repositories", "up to date", _count(summary.up_to_date)),
        ("repositories", "failed", _count(len(summary.failed))),
        ("seen", "commits", _count(summary.seen)),
        ("seen", "merges, skipped", _count(summary.merges)),
        ("seen", "candidates", _count(summary.candidates)),
        ("fixes", "all", _count(summary.fixes)),
    ]
    for group, counts in (("fixes", summary.libraries), ("omitted", summary.omissions), ("pattern", summary.patterns)):
        rows += [(group, name, _count(count)) for name, count in _by_count(counts)]
    rows += [("failed", item, message) for item, message in summary.failed.items()]
    return [*rows, ("time", "", duration(summary.seconds))]


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda named: (-named[1], named[0]))


def _count(count: int | None) -> str:
    return "?" if count is None else str(count)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
