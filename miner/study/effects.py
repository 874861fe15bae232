"""What a pattern repairs and what comes of it: impact and root cause of its bugs, and how often a new bug follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from miner.study.aftermath import broken, followed
from miner.study.charts import Heatmap
from miner.study.exhibits import Exhibit, Grid, Scalar, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import name, ordered
from miner.study.shares import comparisons, cross_grid, heatmap

ID = "effects"
_SCHEMES = ("impact", "root_cause")
_TITLES = {"impact": "Impact of the bugs by fix pattern", "root_cause": "Root cause of the bugs by fix pattern"}


def build(material: Material) -> Exhibit:
    """Count impacts, root causes and new bugs by pattern."""
    rows = [row for scheme in _SCHEMES for row in _rows(material, scheme)] + list(_new_bugs(material))
    compared = ((f"{name('pattern', str(r[0]))}: {r[2]}", r[3], r[5], r[8]) for r in rows)
    grids, charts = _tables(material)
    return Exhibit(
        ID,
        "Effects per pattern",
        "What the bugs of a pattern did (impact) and came from (root cause), and how often its fix brought a new bug.",
        records(
            ("pattern", "scheme", "value", "fixes", "of", "share_of_pattern", "share_low", "share_high", "paper"),
            rows,
        ),
        grids,
        charts,
        _notes(material),
        comparisons(compared),
    )


def _rows(material: Material, scheme: str) -> Iterable[tuple[Scalar, ...]]:
    by = material.counts.by("pattern", scheme)
    for pattern in material.counts.patterns():
        total = sum(number for key, number in by.items() if key[0] == pattern)
        for value in ordered(scheme, (value for _, value in by)):
            number = by[pattern, value]
            printed = material.printed(ID, f"{pattern}/{scheme}/{value}")
            yield pattern, scheme, value, number, total, *share_of(number, total), printed


def _new_bugs(material: Material) -> Iterable[tuple[Scalar, ...]]:
    brought = _brought(material)
    for pattern in material.counts.patterns():
        number, of = brought[pattern], followed(material.aftermath, pattern=pattern)
        printed = material.printed(ID, f"{pattern}/new_bug")
        yield pattern, "aftermath", "new_bug", number, of, *share_of(number, of), printed


def _brought(material: Material) -> Counter[str]:
    return Counter(one.old.pattern for one in broken(material.aftermath) if one.old.pattern)


def _tables(material: Material) -> tuple[tuple[Grid, ...], tuple[Heatmap, ...]]:
    grids: list[Grid] = []
    charts: list[Heatmap] = []
    for scheme in _SCHEMES:
        by = material.counts.by("pattern", scheme)
        columns = ordered(scheme, (value for _, value in by))
        if columns:
            args = (("pattern", scheme), material.counts.patterns(), columns, by)
            grids.append(cross_grid(_TITLES[scheme], *args, of="row"))
            charts += heatmap(f"{ID}_{scheme}", _TITLES[scheme], *args, of="row")
    brought = _brought(material)
    body = (
        (name("pattern", one), counted(brought[one], followed(material.aftermath, pattern=one)))
        for one in material.counts.patterns()
    )
    return (*grids, grid("Fixes that brought a new bug", ("Pattern", "Fixes"), body)), tuple(charts)


def _notes(material: Material) -> tuple[str, ...]:
    found = [
        f"No fix has {'an' if scheme == 'impact' else 'a'} {scheme.replace('_', ' ')} from this rater."
        for scheme in _SCHEMES
        if not material.counts.total(scheme)
    ]
    return (*found, "How new bugs are found is told at table 5.")
