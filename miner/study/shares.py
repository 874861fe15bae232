"""What several tables of shares have in common: comparisons with the paper, notes, tables of two fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from miner.classify.engine import UNKNOWN
from miner.study.charts import Heatmap, Of
from miner.study.counts import Counts
from miner.study.exhibits import Comparison, Grid, Scalar, Value, counted, grid
from miner.study.names import name, short
from miner.study.paper import compare


def comparisons(rows: Iterable[tuple[str, Scalar, Scalar, Scalar]]) -> tuple[Comparison, ...]:
    """Compare rows of (what, count, share, the paper's): a whole number of the paper is a count, else per cent."""
    found = []
    for what, count, share, paper in rows:
        per_cent = 100 * share if isinstance(share, float) else share
        compared = compare(what, per_cent if isinstance(paper, float) else count, paper)
        if compared:
            found.append(compared)
    return tuple(found)


def unknown_note(counts: Counts) -> tuple[str, ...]:
    """Say how many fixes have no known pattern, if any."""
    values = counts.values("pattern")
    if not values[UNKNOWN]:
        return ()
    return (
        f"{values[UNKNOWN]:,} of {values.total():,} fixes are unknown: the rater did not say a pattern. Shares are of "
        "all judged fixes, unknown included; the CSV of figure 1 also has those without.",
    )


def missing_note(counts: Counts, scheme: str, what: str) -> tuple[str, ...]:
    """Say how many fixes were not judged in a scheme, if any: they are in no figure of it."""
    judged, there = counts.total(scheme), counts.total("library")
    if judged == there:
        return ()
    return (f"{there - judged:,} of {there:,} fixes have no {what} from this rater and are not in this table.",)


def cross_grid(
    title: str,
    schemes: tuple[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
    counter: Counter[tuple[str, ...]],
    of: Of = "column",
) -> Grid:
    """Make a table of two fields: each cell a count with its share of the column or the row."""
    if not columns:
        return grid(title, (), ())
    totals = {column: sum(counter[row, column] for row in rows) for column in columns}

    def cells(row: str) -> Iterable[Value | str]:
        whole = sum(counter[row, column] for column in columns)
        yield name(schemes[0], row)
        for column in columns:
            number = counter[row, column]
            yield counted(number, whole if of == "row" else totals[column]) if number else ""
        yield f"{whole:,}"

    last = ("All", *(f"{totals[column]:,}" for column in columns), f"{sum(totals.values()):,}")
    header = (_title(schemes[0]), *(name(schemes[1], column) for column in columns), "All")
    return grid(title, header, [*map(cells, rows), last])


def _title(scheme: str) -> str:
    return scheme.replace("_", " ").capitalize()


def heatmap(
    chart: str,
    title: str,
    schemes: tuple[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
    counter: Counter[tuple[str, ...]],
    of: Of = "column",
) -> tuple[Heatmap, ...]:
    """Make the figure of a table of two fields; none where nothing was counted."""
    if not columns or not any(counter.values()):
        return ()
    return (
        Heatmap(
            chart,
            title,
            tuple(name(schemes[0], row) for row in rows),
            tuple(short(schemes[1], column) for column in columns),
            tuple(tuple(counter[row, column] for column in columns) for row in rows),
            of,
        ),
    )
