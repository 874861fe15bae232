"""Prints what was done with people's labels, and how far raters agree."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from miner.cli.render import print_table
from miner.console import mask_secrets, mask_values, print_hint, print_warning, printable, stdout

if TYPE_CHECKING:
    from miner.evaluation.figures import Figure
    from miner.rating.agreement import Agreement, GroupAgreement, PairAgreement, SeriesPoint
    from miner.rating.importing import Imported
    from miner.rating.judgements import Rejection
    from miner.rating.reconciling import Conflict, Reconciled
    from miner.rating.sampling import Drawn

_WARNED = 20
"""Rejections that are printed one by one."""
_NONE = "?"

Cells = tuple[str, ...]


def print_imported(imported: Imported, file: str, hint: str, *, as_json: bool) -> None:
    """Print what a file brought, each thing that was left out of it, and what to do next."""
    _warn(file, imported.rejections)
    for sheet in imported.sheets_not_read:
        print_warning(file, f"the sheet {sheet} has no column that names what is rated: it was not read")
    for batch in imported.batches_unknown:
        print_warning(file, f"this database has no batch {batch}: the labels count, but answer no batch")
    if as_json:
        _print_json(asdict(imported))
        return
    counts = {
        "rows": imported.rows,
        "rows without a label": imported.blank,
        "items, new": imported.items_new,
        "items found among the fixes": imported.items_linked,
        "labels added": imported.added,
        "labels that change an earlier one": imported.revised,
        "labels that were there": imported.unchanged,
        "labels that newer ones replaced": imported.kept,
        "left out": len(imported.rejections),
    }
    print_table(("", ""), [(name, str(count)) for name, count in counts.items()])
    print_hint(hint)


def print_exported(file: str, count: int, *, as_json: bool) -> None:
    """Print what was written."""
    if as_json:
        _print_json({"file": file, "labels": count})
    else:
        print_table(("", ""), [("file", file), ("labels", str(count))])


def print_drawn(drawn: Drawn, paths: Sequence[Path], hint: str, *, as_json: bool) -> None:
    """Print a batch, how many items it has, the sheets that were written, and what to do next."""
    batch, items = drawn.batch, drawn.items
    if len(items) < batch.size:
        print_warning(batch.batch, f"{batch.size} items were asked for; there are but {len(items)}")
    if as_json:
        told = {**asdict(batch), "new": drawn.new, "items": [item.item_id for item in items]}
        _print_json({**told, "sheets": [str(path) for path in paths]})
        return
    rows = [
        ("batch", batch.batch if drawn.new else f"{batch.batch}, drawn before"),
        ("method", f"{batch.method}{f' by {batch.stratum}' if batch.stratum else ''}, seed {batch.seed}"),
        ("items", f"{len(items)} of {batch.population} that could be drawn"),
        *(("sheet", str(path)) for path in paths),
    ]
    print_table(("", ""), rows)
    print_hint(hint)


def print_reconciled(done: Reconciled, file: str, hint: str, *, as_json: bool) -> None:
    """Print what was decided, and what to do next."""
    _warn(file, done.rejections)
    if as_json:
        _print_json(asdict(done))
        return
    counts = {"labels added": done.added, "decided so before": done.unchanged, "left open": done.blank}
    rows = [(name, str(count)) for name, count in counts.items()]
    print_table(("", ""), [*rows, ("left out", str(len(done.rejections)))])
    print_hint(hint)


def print_conflicts(found: Sequence[Conflict], sheet: Path | None, hint: str, *, as_json: bool) -> None:
    """Print where raters differ, and who says what; or, if they were written for a moderator, how many and where."""
    if as_json:
        told = [
            {
                "item_id": one.item.item_id,
                "scheme": one.scheme,
                "link": one.item.link,
                "judgements": {voice.rater: voice.value for voice in one.voices},
            }
            for one in found
        ]
        _print_json({"conflicts": told, "sheet": None if sheet is None or not found else str(sheet)})
        return
    if sheet is None:
        for one in found:
            _print_conflict(one)
    elif found:
        print_table(("", ""), [("conflicts", str(len(found))), ("sheet", str(sheet))])
    print_hint(hint)


def _print_conflict(one: Conflict) -> None:
    """Print a conflict: in a pipe on one line; on a terminal its id stands alone, since a column would cut it."""
    said = "; ".join(f"{voice.rater}: {voice.value}" for voice in one.voices)
    if not stdout().is_terminal:
        print_table(("", "", ""), [(one.scheme, one.item.item_id, said)])
        return
    typer.echo(mask_secrets(printable(one.item.item_id)))
    typer.echo(f"    {one.scheme}  {mask_secrets(printable(said))}")


def print_agreement(agreement: Agreement, hint: str, *, as_json: bool) -> None:
    """Print each two raters, all together, how agreement went on, and what to do next."""
    if as_json:
        _print_json(asdict(agreement))
        return
    pairs = [one for one in agreement.pairs if one.items]
    apart = len(agreement.pairs) - len(pairs)
    if not agreement.pairs:
        print_warning("", "no two raters judged in the same scheme: there is nothing to compare")
    if agreement.rules:
        gone = [("not compared with the rules: items of superseded fixes", str(agreement.superseded))]
        print_table(("", ""), [("rules", agreement.rules), *(gone if agreement.superseded else ())])
    tell = _Teller(agreement.rules)
    pair = ("scheme", "first", "second", "items", "same", "kappa", "95 % from", "to")
    _print_part("each two (Cohen's kappa)", pair, [tell.pair(one) for one in pairs])
    if apart:
        number = "1 pair" if apart == 1 else f"{apart} pairs"
        print_warning("", f"{number} of raters left out, without an item that both judged: --json has all")
    group = ("scheme", "raters", "items", "figure", "value", "95 % from", "to")
    _print_part("all together", group, [row for one in agreement.groups for row in tell.group(one)])
    point = ("scheme", "first", "second", "items", "kappa", "95 % from", "to", "last", "their kappa")
    _print_part("after so many labels", point, [tell.point(one) for one in agreement.series])
    steps = [one for one in agreement.group_series if one not in agreement.groups]
    _print_part("all together, after so many labels", group, [row for one in steps for row in tell.group(one)])
    print_hint(hint)


class _Teller:
    """Gives rows of figures; the rules' version, long, is told once."""

    def __init__(self, rules: str) -> None:
        self._rules = rules

    def pair(self, one: PairAgreement) -> Cells:
        share = _NONE if one.observed is None else f"{one.observed.value:.3f}"
        return (*self._two(one), str(one.items), share, *_figure(one.kappa))

    def group(self, one: GroupAgreement) -> list[Cells]:
        who = ", ".join(map(self._name, one.raters))
        return [
            (one.scheme, who, str(one.complete), "Fleiss", *_figure(one.fleiss)),
            (one.scheme, who, str(one.items), "Krippendorff", *_figure(one.alpha)),
        ]

    def point(self, one: SeriesPoint) -> Cells:
        block = _figure(one.block_kappa)[0]
        return (*self._two(one), str(one.items), *_figure(one.kappa), str(one.block), block)

    def _two(self, one: PairAgreement | SeriesPoint) -> Cells:
        return (one.scheme, self._name(one.first), self._name(one.second))

    def _name(self, rater: str) -> str:
        return "rules" if rater == self._rules else rater


def _figure(figure: Figure | None) -> Cells:
    if figure is None:
        return (_NONE, _NONE, _NONE)
    return (f"{figure.value:.3f}", f"{figure.low:.3f}", f"{figure.high:.3f}")


def _print_part(title: str, header: Cells, rows: Sequence[Cells]) -> None:
    if rows:
        typer.echo(f"\n{title}")
        print_table(header, rows)


def _warn(file: str, rejections: Sequence[Rejection]) -> None:
    for one in rejections[:_WARNED]:
        sheet, _, row = one.place.rpartition(":")
        place = f"{sheet}, row {row}" if sheet else f"row {row}"
        print_warning(file, f"{place}: {one.field} {one.text!r} {one.reason}")
    if len(rejections) > _WARNED:
        more = len(rejections) - _WARNED
        print_warning(file, f"{more} more were left out: the table rating_rejection has them all")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(mask_values(value), default=str))
