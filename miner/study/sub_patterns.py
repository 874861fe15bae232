"""The sub-patterns: how data are reshaped, how connections and losses change, how many added layers are Dropout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from miner.classify.taxonomies import taxonomy
from miner.evaluation.figures import wilson
from miner.study.charts import Bars
from miner.study.exhibits import Exhibit, Grid, Scalar, counted, grid, percent, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, colour, name, ordered
from miner.study.shares import comparisons

ID = "sub_patterns"
_DATA = "data_dimension"


def build(material: Material) -> Exhibit:
    """Count the sub-patterns of each pattern, by source."""
    by = material.counts.by("pattern", "sub_pattern", "source")
    keys = _keys(by)
    rows = [row for key in keys for row in _rows(material, key, by)]
    compared = (
        (f"{name('pattern', str(r[0]))}: {name('sub_pattern', str(r[1]))}, {r[2]}", r[3], r[5], r[8]) for r in rows
    )
    return Exhibit(
        ID,
        "Sub-patterns",
        "What fixes of a pattern do in particular, as shares of the pattern's fixes that have a sub-pattern.",
        records(
            ("pattern", "sub_pattern", "source", "fixes", "of", "share", "share_low", "share_high", "paper"),
            rows,
        ),
        (_grid(keys, by),),
        _charts(keys, by),
        _notes(by),
        comparisons(compared),
    )


def _keys(by: Counter[tuple[str, ...]]) -> list[tuple[str, str]]:
    found = {key[:2] for key in by}
    taxonomic = {entry.id: [sub.replace(" ", "_") for sub in entry.sub_patterns] for entry in taxonomy("fix_patterns")}
    keys = []
    for pattern in ordered("pattern", (pattern for pattern, _ in found)):
        there = ordered("sub_pattern", (sub for one, sub in found if one == pattern))
        first = [sub for sub in taxonomic.get(pattern, ()) if sub in there]
        keys += [(pattern, sub) for sub in (*first, *(sub for sub in there if sub not in first))]
    return keys


def _of(by: Counter[tuple[str, ...]], pattern: str, source: str) -> int:
    return sum(number for key, number in by.items() if key[0] == pattern and key[2] == source)


def _rows(material: Material, key: tuple[str, str], by: Counter[tuple[str, ...]]) -> Iterable[tuple[Scalar, ...]]:
    for source in SOURCES:
        number, of = by[(*key, source)], _of(by, key[0], source)
        printed = material.printed(ID, f"{key[0]}/{key[1]}/{source}")
        yield *key, source, number, of, *share_of(number, of), printed


def _grid(keys: Sequence[tuple[str, str]], by: Counter[tuple[str, ...]]) -> Grid:
    return grid(
        "",
        ("Pattern", "Sub-pattern", *SOURCES.values()),
        (
            (
                name("pattern", key[0]),
                name("sub_pattern", key[1]),
                *(counted(by[(*key, source)], _of(by, key[0], source)) for source in SOURCES),
            )
            for key in keys
        ),
    )


def _charts(keys: Sequence[tuple[str, str]], by: Counter[tuple[str, ...]]) -> tuple[Bars, ...]:
    numbers = [sum(by[(*key, source)] for source in SOURCES) for key in keys]
    totals = [sum(n for other, n in zip(keys, numbers, strict=True) if other[0] == key[0]) for key in keys]
    figures = [wilson(number, total) for number, total in zip(numbers, totals, strict=True)]
    if not keys:
        return ()
    return (
        Bars(
            ID,
            "Sub-patterns, as shares of their pattern's fixes",
            tuple(f"{name('pattern', pattern)}: {name('sub_pattern', sub)}" for pattern, sub in keys),
            tuple(figure.value for figure in figures if figure),
            tuple((figure.low, figure.high) for figure in figures if figure),
            tuple(numbers),
            tuple(colour("pattern", pattern) for pattern, _ in keys),
        ),
    )


def _notes(by: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    if not by:
        return ("No fix has a sub-pattern from this rater.",)
    resized = sum(number for (pattern, sub, _), number in by.items() if (pattern, sub[:6]) == (_DATA, "resize"))
    of = sum(_of(by, _DATA, source) for source in SOURCES)
    return (f"Resized in either way: {resized:,} of {of:,}, {percent(wilson(resized, of))}.",) if resized else ()
