"""Figure 1: the patterns' shares, (a) on Stack Overflow and (b) on GitHub."""

from __future__ import annotations

from collections.abc import Iterable

from miner.classify.engine import UNKNOWN
from miner.evaluation.figures import wilson
from miner.study.charts import Bars
from miner.study.counts import Counts
from miner.study.exhibits import Exhibit, Grid, Scalar, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, colour, name
from miner.study.shares import comparisons, unknown_note

ID = "figure1"
_PARTS = dict(zip(SOURCES, "ab", strict=True))


def build(material: Material) -> Exhibit:
    """Give each pattern's share of a source's fixes."""
    rows = [row for source in SOURCES for row in _rows(material, source)]
    charts = tuple(_chart(material.counts, source) for source in SOURCES)
    return Exhibit(
        ID,
        "Figure 1: shares of the fix patterns",
        "How often each pattern is a fix's first label, (a) on Stack Overflow and (b) on GitHub.",
        records(
            ("source", "pattern", "fixes", "share", "share_low", "share_high", "share_of_known", "paper"),
            rows,
        ),
        (_grid(material),),
        tuple(chart for chart in charts if chart.counts),
        unknown_note(material.counts),
        comparisons((f"{name('pattern', str(r[1]))}, {SOURCES[str(r[0])]}", r[2], r[3], r[7]) for r in rows),
    )


def _rows(material: Material, source: str) -> Iterable[tuple[Scalar, ...]]:
    values = material.counts.of(source=source).values("pattern")
    total, known = values.total(), values.total() - values[UNKNOWN]
    for pattern in material.counts.patterns():
        of_known = values[pattern] / known if known and pattern != UNKNOWN else None
        printed = material.printed(ID, f"{source}/{pattern}")
        yield source, pattern, values[pattern], *share_of(values[pattern], total), of_known, printed


def _grid(material: Material) -> Grid:
    values = {source: material.counts.of(source=source).values("pattern") for source in SOURCES}
    return grid(
        "",
        ("Pattern", *SOURCES.values()),
        (
            (
                name("pattern", pattern),
                *(
                    counted(
                        values[source][pattern], values[source].total(), material.printed(ID, f"{source}/{pattern}")
                    )
                    for source in SOURCES
                ),
            )
            for pattern in material.counts.patterns()
        ),
    )


def _chart(counts: Counts, source: str) -> Bars:
    values = counts.of(source=source).values("pattern")
    patterns = counts.patterns() if values else ()
    figures = [wilson(values[pattern], values.total()) for pattern in patterns]
    return Bars(
        f"{ID}{_PARTS[source]}",
        f"Fix patterns on {SOURCES[source]} ({values.total():,} fixes)",
        tuple(name("pattern", pattern) for pattern in patterns),
        tuple(figure.value for figure in figures if figure),
        tuple((figure.low, figure.high) for figure in figures if figure),
        tuple(values[pattern] for pattern in patterns),
        tuple(colour("pattern", pattern) for pattern in patterns),
    )
