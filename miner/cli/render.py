"""Results on standard output: tables on a terminal, tab-separated lines in a pipe, JSON for a machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from miner.console import mask_secrets, mask_values, printable, stdout

if TYPE_CHECKING:
    from miner.evaluation.bugfix import Evaluation, Judged
    from miner.evaluation.figures import Figure
    from miner.job import PlanRow, Summary
    from miner.model import Evidence
    from miner.store.status import Gap, Status

Row = tuple[str, str, str]
_FIGURES = ("precision", "recall", "f1", "accuracy")
_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
_MESSAGE = 300
"""Characters of a message that are shown with an error."""


def print_summary(summary: Summary, *, as_json: bool) -> None:
    """Print what a run saw, stored, left out and labelled."""
    if as_json:
        # Not asdict: before Python 3.12 it cannot copy a Counter.
        _print_json(
            {field.name: getattr(summary, field.name) for field in fields(summary)} | {"status": summary.status}
        )
    else:
        print_table(("", "", ""), summary_rows(summary))


def print_status(status: Status, *, as_json: bool) -> None:
    """Print what the database holds."""
    if as_json:
        _print_json(asdict(status))
    else:
        print_table(("", "", ""), status_rows(status))


def print_plan(rows: Sequence[PlanRow], *, as_json: bool) -> None:
    """Print what a run would do."""
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    table = [(row.source, row.item, row.state, _count(row.items), row.cost) for row in rows]
    print_table(("source", "item", "state", "items", "cost"), table)


def print_evaluation(evaluation: Evaluation, errors: int, *, as_json: bool) -> None:
    """Print the figures of a judgement, and as many of its errors as were asked for."""
    shown = evaluation.errors[:errors]
    if as_json:
        _print_json(evaluation_object(evaluation) | ({"errors": [_error_object(e) for e in shown]} if errors else {}))
        return
    print_table(("", "", "95 % from", "to"), evaluation_rows(evaluation))
    if errors:
        typer.echo("")
        print_table(("error", "score", "repository", "sha", "message", "evidence"), [_error_row(e) for e in shown])


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows: a table on a terminal; elsewhere a line each, cells separated by tabs, without the header."""
    safe = [[mask_secrets(printable(cell)) for cell in row] for row in rows]
    if not stdout().is_terminal:
        for row in safe:
            typer.echo("\t".join(row))
        return
    from rich.table import Column, Table
    from rich.text import Text

    # Folded, not cut: an id that is not whole is none.
    columns = [Column(name, overflow="fold") for name in header]
    table = Table(*columns, box=None, pad_edge=False, show_header=any(header))
    for row in safe:
        table.add_row(*(Text(cell) for cell in row))
    stdout().print(table)


def summary_rows(summary: Summary) -> list[Row]:
    """Give the summary as (group, name, count): the same rows for the table and for the pipe."""
    rows: list[Row] = [
        *(_seed_rows(summary) if summary.seeds else ()),
        *(_search_rows(summary) if summary.searches else ()),
        *(_issue_rows(summary) if summary.graphql_requests else ()),
        *(_git_rows(summary) if summary.repositories or not summary.asked else ()),
        *(_post_rows(summary) if summary.tags or summary.dumps else ()),
        ("failed", "all", _count(len(summary.failed))),
        ("fixes", "all", _count(summary.fixes)),
        *_counts("fixes", summary.libraries),
        *_counts("pattern", summary.patterns),
        *_counts("omitted", summary.omissions),
    ]
    return [*rows, *_failures(summary.failed), _time(summary.seconds)]


def _failures(failed: Mapping[str, str]) -> list[Row]:
    """Say each reason once, with the first item that it stopped and how many others."""
    items: dict[str, list[str]] = {}
    for item, text in failed.items():
        items.setdefault(text, []).append(item)
    return [
        ("failed", names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more", text)
        for text, names in items.items()
    ]


def _seed_rows(summary: Summary) -> list[Row]:
    return [("seeds", "read", _count(summary.seeds))]


def _search_rows(summary: Summary) -> list[Row]:
    return [
        ("github", "searches", _count(summary.searches)),
        ("github", "repositories found", _count(summary.found)),
        ("github", "repositories renamed", _count(summary.renamed)),
        ("github", "repositories gone", _count(summary.gone)),
        ("github", "requests", _count(summary.github_requests)),
        ("github", "requests, nothing changed", _count(summary.not_modified)),
    ]


def _issue_rows(summary: Summary) -> list[Row]:
    return [
        ("github", "commits asked about", _count(summary.commits_asked)),
        ("github", "issues and pull requests", _count(summary.issues)),
        ("github", "commits mined because of them", _count(summary.raised)),
        ("github", "requests for them", _count(summary.graphql_requests)),
        ("github", "points for them", _count(summary.graphql_points)),
    ]


def _git_rows(summary: Summary) -> list[Row]:
    return [
        ("repositories", "asked", _count(summary.repositories)),
        ("repositories", "up to date", _count(summary.up_to_date)),
        ("seen", "commits", _count(summary.seen)),
        ("seen", "merges, skipped", _count(summary.merges)),
        ("seen", "bug-fix commits", _count(summary.candidates)),
    ]


def _post_rows(summary: Summary) -> list[Row]:
    rows = [
        ("seen", "questions", _count(summary.questions)),
        ("seen", "questions with a qualifying answer", _count(summary.qualified)),
    ]
    if summary.tags:
        rows += [
            ("tags", "asked", _count(summary.tags)),
            ("seen", "questions looked at again", _count(summary.reobserved)),
            ("requests", "sent", _count(summary.requests)),
            ("requests", "left today", _count(summary.quota_remaining)),
        ]
    return rows


def status_rows(status: Status) -> list[Row]:
    """Give the database's totals as (group, name, count)."""
    return [
        *_counts("repositories", status.repositories),
        ("commits", "all", _count(status.commits)),
        *(("posts", name, _count(number)) for name, number in _posts(status) if number),
        ("fixes", "all", _count(status.fixes)),
        *_counts("fixes", status.libraries),
        *_counts("pattern", status.patterns),
        *_counts("omitted", status.omissions),
        *(("gap", gap.query, interval_of(gap)) for gap in status.gaps),
        *(
            (f"run {run.run_id}", f"{run.command} {run.status}", f"{run.started_at:%Y-%m-%d %H:%M}")
            for run in status.runs
        ),
    ]


def _posts(status: Status) -> list[tuple[str, int]]:
    return [("questions", status.questions), ("answers", status.answers), ("comments", status.comments)]


def evaluation_rows(evaluation: Evaluation) -> list[tuple[str, str, str, str]]:
    """Give an evaluation as (name, value, low end, high end): counts have no interval; "?" is not defined."""
    confusion = evaluation.confusion
    return [
        ("commits", str(confusion.n), "", ""),
        ("threshold", f"{evaluation.threshold:g}", "", ""),
        *((name.replace("_", " "), str(getattr(confusion, name)), "", "") for name in _COUNTS),
        *((name, *_figure_cells(getattr(confusion, name))) for name in _FIGURES),
    ]


def evaluation_object(evaluation: Evaluation) -> dict[str, Any]:
    """Give an evaluation for a machine; a figure that is not defined is None."""
    confusion = evaluation.confusion
    figures: dict[str, Figure | None] = {name: getattr(confusion, name) for name in _FIGURES}
    return {
        "n": confusion.n,
        **{name: figure and figure.value for name, figure in figures.items()},
        "intervals": {name: figure and [figure.low, figure.high] for name, figure in figures.items()},
        "confusion": {name: getattr(confusion, name) for name in _COUNTS},
        "threshold": evaluation.threshold,
    }


def _figure_cells(figure: Figure | None) -> tuple[str, str, str]:
    return (f"{figure.value:.3f}", f"{figure.low:.3f}", f"{figure.high:.3f}") if figure else ("?", "?", "?")


def _error_row(error: Judged) -> tuple[str, ...]:
    kind = "missed" if error.row.is_bug_fix else "false alarm"
    evidence = "; ".join(_evidence_text(row) for row in error.verdict.evidence)
    row = error.row
    return (kind, f"{error.verdict.score:.2f}", row.repository, row.sha, row.message[:_MESSAGE], evidence)


def _evidence_text(row: Evidence) -> str:
    return f"{row.rule.removeprefix('message.')} {row.weight:+g} {row.text!r}"


def _error_object(error: Judged) -> dict[str, Any]:
    return asdict(error.row) | {"score": error.verdict.score, "evidence": [asdict(e) for e in error.verdict.evidence]}


def interval_of(gap: Gap) -> str:
    """Say which days a gap is of, and why it is one."""
    return f"{_day(gap.since_epoch)} to {_day(gap.until_epoch)}: {gap.reason}"


def _day(epoch: int) -> str:
    try:
        return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):
        # Before the first or after the last year: the interval has no bound on this side.
        return "the beginning" if epoch < 0 else "today"


def _counts(group: str, counts: Mapping[str, int]) -> list[Row]:
    by_count = sorted(counts.items(), key=lambda named: (-named[1], named[0]))
    return [(group, name, _count(count)) for name, count in by_count]


def _time(seconds: float) -> Row:
    return ("time", "seconds", f"{seconds:.1f}")


def _count(count: int | None) -> str:
    return "?" if count is None else str(count)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(mask_values(value), default=_as_text))


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
