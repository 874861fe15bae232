"""Prints an audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from miner.audit.model import Audit, AuditPlan, SourceAudit
from miner.cli.render import interval_of, print_table
from miner.console import mask_values


def print_audit_plan(plans: Sequence[AuditPlan], *, as_json: bool) -> None:
    """Print what an audit would ask for."""
    if as_json:
        _print_json([asdict(one) for one in plans])
        return
    rows = [(one.source, str(one.slices), str(one.sampled), str(one.stored), one.cost) for one in plans]
    print_table(("source", "slices", "drawn", "stored items", "cost"), rows)


def print_audit(audit: Audit, *, as_json: bool) -> None:
    """Print the recall of each source with its interval, every difference, and every gap."""
    if as_json:
        _print_json(audit_object(audit))
        return
    print_table(("source", "", "", "95 % from", "to"), [row for one in audit.sources for row in _figures(one)])
    # Sentences stand beside no figures: who reads a column takes it for numbers.
    print_table(("source", "note", ""), [row for one in audit.sources for row in _notes(one)])
    differences = [difference for one in audit.sources for difference in one.differences]
    if differences:
        typer.echo("")
        rows = [(one.kind, one.source, one.query, one.item, one.detail) for one in differences]
        print_table(("difference", "source", "query", "item", "detail"), rows)
    if audit.gaps:
        typer.echo("")
        gaps = [("gap", gap.source, gap.query, interval_of(gap)) for gap in audit.gaps]
        print_table(("", "source", "query", "not at hand"), gaps)


def audit_object(audit: Audit) -> dict[str, object]:
    """Give an audit for a machine; a recall that is not defined is None."""
    sources = {}
    for one in audit.sources:
        values = asdict(one)
        figure, name = values.pop("recall"), values.pop("source")
        sources[name] = {
            "recall": figure and figure["value"],
            "interval": figure and [figure["low"], figure["high"]],
            **values,
        }
    gaps = [asdict(gap) for gap in audit.gaps]
    return {"complete": audit.complete, "seed": audit.seed, "sources": sources, "gaps": gaps}


def _figures(one: SourceAudit) -> list[tuple[str, str, str, str, str]]:
    figure = one.recall
    cells = (f"{figure.value:.4f}", f"{figure.low:.4f}", f"{figure.high:.4f}") if figure else ("", "", "")
    name = one.source
    return [
        (name, "recall", *cells),
        (name, "items of the source", str(one.items), "", ""),
        (name, "of them in the database", str(one.accounted), "", ""),
        (name, "slices asked", str(one.asked), "", ""),
        (name, "slices", str(one.slices), "", ""),
        (name, one.unit, str(one.requests), "", ""),
    ]


def _notes(one: SourceAudit) -> list[tuple[str, str, str]]:
    return [(one.source, "method", one.method), *((one.source, "not asked", failure) for failure in one.failures)]


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(mask_values(value)))
