"""Table 3: the patterns by library and source."""

from __future__ import annotations

from collections.abc import Iterable

from miner.study.charts import Stacked
from miner.study.counts import Counts
from miner.study.exhibits import Exhibit, Grid, Scalar, Value, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, colour, name
from miner.study.shares import comparisons, unknown_note

ID = "table3"
_SHORT = {"stackoverflow": "SO", "github": "GH"}


def build(material: Material) -> Exhibit:
    """Count each pattern in each library of each source."""
    rows = [
        row for source in SOURCES for library in material.counts.libraries() for row in _rows(material, source, library)
    ]
    compared = (
        (f"{name('pattern', str(r[2]))}, {name('library', str(r[1]))}, {_SHORT[str(r[0])]}", r[3], r[5], r[8])
        for r in rows
    )
    return Exhibit(
        ID,
        "Table 3: fix patterns by library and source",
        "Fixes of each pattern in each library, with their share of that library's fixes in the source.",
        records(
            ("source", "library", "pattern", "fixes", "of", "share", "share_low", "share_high", "paper"),
            rows,
        ),
        tuple(_grid(material, source) for source in SOURCES),
        _charts(material.counts),
        unknown_note(material.counts),
        comparisons(compared),
    )


def _rows(material: Material, source: str, library: str) -> Iterable[tuple[Scalar, ...]]:
    values = material.counts.of(source=source, library=library).values("pattern")
    for pattern in material.counts.patterns():
        printed = material.printed(ID, f"{source}/{library}/{pattern}")
        number = values[pattern]
        yield source, library, pattern, number, values.total(), *share_of(number, values.total()), printed


def _grid(material: Material, source: str) -> Grid:
    libraries = material.counts.libraries()
    values = {one: material.counts.of(source=source, library=one).values("pattern") for one in libraries}

    def cells(pattern: str) -> Iterable[Value | str]:
        yield name("pattern", pattern)
        for one in libraries:
            printed = material.printed(ID, f"{source}/{one}/{pattern}")
            yield counted(values[one][pattern], values[one].total(), printed)

    body = [*map(cells, material.counts.patterns()), ("All", *(f"{values[one].total():,}" for one in libraries))]
    return grid(SOURCES[source], ("Pattern", *(name("library", one) for one in libraries)), body)


def _charts(counts: Counts) -> tuple[Stacked, ...]:
    by = counts.by("library", "source", "pattern")
    keys = [(one, source) for one in counts.libraries() for source in SOURCES]
    rows = [key for key in keys if any(by[(*key, pattern)] for pattern in counts.patterns())]
    if not rows:
        return ()
    patterns = counts.patterns()
    return (
        Stacked(
            ID,
            "Fix patterns by library and source",
            tuple(f"{name('library', one)}, {SOURCES[source]}" for one, source in rows),
            tuple(name("pattern", pattern) for pattern in patterns),
            tuple(tuple(by[(*key, pattern)] for pattern in patterns) for key in rows),
            tuple(colour("pattern", pattern) for pattern in patterns),
        ),
    )
