"""Prints how well fix patterns agree with labels: tables for a reader, one JSON object for a machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from miner.cli.render import print_table
from miner.console import mask_values, stdout

if TYPE_CHECKING:
    from miner.evaluation.figures import Confusion, Figure
    from miner.evaluation.patterns import Case, Means, PatternEvaluation

Cells = tuple[str, ...]
_NO_PATTERN = "?"
_EVIDENCE = 3
"""Evidence rows that are shown with an error, the strongest."""


def print_patterns(evaluation: PatternEvaluation, rater: str, errors: int, *, as_json: bool) -> None:
    """Print the figures, and as many of the errors as were asked for."""
    shown = evaluation.errors[:errors]
    if as_json:
        told = patterns_object(evaluation, rater) | ({"errors": [_error_object(e) for e in shown]} if errors else {})
        typer.echo(json.dumps(mask_values(told)))
        return
    print_table(("", "", "95 % from", "to"), overview_rows(evaluation, rater))
    _print_section(("", "n", "said", "precision", "recall", "F1", "pattern"), pattern_rows(evaluation))
    _print_section(("label", *confusion_header(evaluation)), confusion_rows(evaluation))
    typer.echo(
        "Rows are labels, columns first guesses; ? is an abstention, the other short names are in the table above."
    )
    _print_section(("n", "top-1", "top-3", "library"), library_rows(evaluation))
    _print_section(("kept", "n", "precision", "from", "to", "confidence"), coverage_rows(evaluation))
    if errors:
        _print_section(("confidence", "label", "first guess", "link", "evidence"), [_error_row(e) for e in shown])


def patterns_object(evaluation: PatternEvaluation, rater: str) -> dict[str, Any]:
    """Give everything but the errors for a machine; a figure that is not defined is None."""
    figures = {name: getattr(evaluation, name) for name in ("top1", "top3", "top1_all_rows")}
    return {
        "n": evaluation.n,
        **{name: _value(figure) for name, figure in figures.items()},
        "macro_f1": evaluation.rows.macro_f1,
        "kappa": evaluation.rows.kappa,
        "intervals": {name: _interval(figure) for name, figure in figures.items()},
        "abstained": evaluation.abstained,
        "per_pattern": {name: _pattern_object(counts) for name, counts in evaluation.per_pattern.items()},
        "per_library": {
            name: {"n": share.n, "top1": _value(share.top1), "top3": _value(share.top3)}
            for name, share in evaluation.per_library.items()
        },
        "commit_weighted": asdict(evaluation.by_commit),
        "coverage_curve": [
            {
                "coverage": kept.coverage,
                "n": kept.n,
                "precision": _value(kept.precision),
                "interval": _interval(kept.precision),
                "confidence": kept.confidence,
            }
            for kept in evaluation.coverage
        ],
        "confusion": _nested(evaluation),
        "baseline": evaluation.baseline and asdict(evaluation.baseline),
        **asdict(evaluation.apart),
        "rater": rater,
    }


def overview_rows(evaluation: PatternEvaluation, rater: str) -> list[Cells]:
    """Give the figures over all rows as (name, value, low end, high end); "?" is not defined."""
    apart = evaluation.apart
    counts = [
        ("rows compared", evaluation.n),
        ("abstained", evaluation.abstained),
        ("link's line in no fix", apart.hunk_not_in_fix),
        ("apart: not in database", apart.not_in_database),
        ("apart: holds no fix", apart.no_fix),
        ("apart: unreadable", apart.unreadable),
    ]
    return [
        ("rater", rater or "none", "", ""),
        *((name, str(count), "", "") for name, count in counts),
        ("top-1", *_cells(evaluation.top1)),
        ("top-3", *_cells(evaluation.top3)),
        ("top-1, apart is wrong", *_cells(evaluation.top1_all_rows)),
        ("macro-F1", _number(evaluation.rows.macro_f1), "", ""),
        ("kappa", _number(evaluation.rows.kappa), "", ""),
        *_commit_rows(evaluation.by_commit),
        *_baseline_rows(evaluation),
    ]


def pattern_rows(evaluation: PatternEvaluation) -> list[Cells]:
    """Give each pattern as (short name, labels, guesses, precision, recall, F1, pattern)."""
    return [
        (
            short_name(name),
            str(counts.true_positives + counts.false_negatives),
            str(counts.true_positives + counts.false_positives),
            *(_number(_value(figure)) for figure in (counts.precision, counts.recall, counts.f1)),
            name,
        )
        for name, counts in evaluation.per_pattern.items()
    ]


def confusion_header(evaluation: PatternEvaluation) -> Cells:
    """Give the short names of the columns of :func:`confusion_rows`."""
    return (*map(short_name, evaluation.per_pattern), _NO_PATTERN)


def confusion_rows(evaluation: PatternEvaluation) -> list[Cells]:
    """Give a row a label, with how often each pattern was the first guess, and at last abstentions; "." is never."""
    labels = dict.fromkeys(label for label in evaluation.per_pattern if _labelled(evaluation, label))
    guesses = (*evaluation.per_pattern, "unknown")
    return [
        (short_name(label), *(str(evaluation.confusion.get((label, guess), 0) or ".") for guess in guesses))
        for label in labels
    ]


def library_rows(evaluation: PatternEvaluation) -> list[Cells]:
    """Give each library as (rows, top-1, top-3, library)."""
    return [
        (str(share.n), _number(_value(share.top1)), _number(_value(share.top3)), name or "none named")
        for name, share in evaluation.per_library.items()
    ]


def coverage_rows(evaluation: PatternEvaluation) -> list[Cells]:
    """Give the precision of the surest labels as (share of the rows, rows, precision, low, high, confidence)."""
    return [
        (f"{kept.coverage:.0%}", str(kept.n), *_cells(kept.precision), _number(kept.confidence))
        for kept in evaluation.coverage
    ]


def short_name(pattern: str) -> str:
    """Abbreviate a pattern: its words' first letters, or a single word's first three."""
    words = pattern.split("_")
    return "".join(word[0] for word in words).upper() if len(words) > 1 else pattern[:3].capitalize()


def _print_section(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table after a blank line; in a pipe with its header too: columns of figures alone tell nothing."""
    typer.echo("")
    print_table(header, rows if stdout().is_terminal else [header, *rows])


def _commit_rows(means: Means) -> list[Cells]:
    return [
        ("commits", str(means.n), "", ""),
        ("top-1, a commit weighs 1", _number(means.top1), "", ""),
        ("top-3, a commit weighs 1", _number(means.top3), "", ""),
        ("macro-F1, a commit weighs 1", _number(means.macro_f1), "", ""),
        ("kappa, a commit weighs 1", _number(means.kappa), "", ""),
    ]


def _baseline_rows(evaluation: PatternEvaluation) -> list[Cells]:
    baseline = evaluation.baseline
    if baseline is None:
        return []
    return [
        (f"top-1, always {baseline.patterns[0]}", _number(baseline.top1), "", ""),
        ("top-3, always the most frequent", _number(baseline.top3), "", ""),
        (f"macro-F1, always {baseline.patterns[0]}", _number(baseline.macro_f1), "", ""),
    ]


def _labelled(evaluation: PatternEvaluation, pattern: str) -> bool:
    counts = evaluation.per_pattern[pattern]
    return counts.true_positives + counts.false_negatives > 0


def _pattern_object(counts: Confusion) -> dict[str, Any]:
    figures = {name: getattr(counts, name) for name in ("precision", "recall", "f1")}
    return {
        "n": counts.true_positives + counts.false_negatives,
        "predicted": counts.true_positives + counts.false_positives,
        **{name: _value(figure) for name, figure in figures.items()},
        "intervals": {name: _interval(figure) for name, figure in figures.items()},
    }


def _nested(evaluation: PatternEvaluation) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (label, guess), count in sorted(evaluation.confusion.items()):
        found.setdefault(label, {})[guess] = count
    return found


def _error_row(case: Case) -> Cells:
    strongest = sorted(case.evidence, key=lambda row: -abs(row.weight))[:_EVIDENCE]
    evidence = "; ".join(f"{row.rule} {row.side} {row.weight:+.2g} {row.text!r}" for row in strongest)
    return (_number(case.confidence), case.label, case.prediction, case.link, evidence)


def _error_object(case: Case) -> dict[str, Any]:
    return {
        "link": case.link,
        "label": case.label,
        "prediction": case.prediction,
        "confidence": case.confidence,
        "library": case.library,
        "ranking": [asdict(guess) for guess in case.ranking],
        "evidence": [asdict(row) for row in case.evidence],
    }


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _interval(figure: Figure | None) -> list[float] | None:
    return None if figure is None else [figure.low, figure.high]


def _cells(figure: Figure | None) -> tuple[str, str, str]:
    return (_number(figure.value), _number(figure.low), _number(figure.high)) if figure else ("?", "?", "?")


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"
