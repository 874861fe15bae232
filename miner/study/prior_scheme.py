"""The prior scheme: how the fixes look by the patterns of Pan, Kim and Whitehead (2009)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from miner.classify.engine import UNKNOWN
from miner.classify.taxonomies import taxonomy
from miner.evaluation.figures import wilson
from miner.study.charts import Bars
from miner.study.exhibits import Exhibit, Grid, Scalar, Value, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, colour, name, ordered
from miner.study.shares import comparisons, missing_note

ID = "prior_scheme"
_FIELD = "prior_pattern"


def build(material: Material) -> Exhibit:
    """Give each prior pattern's share of a source's fixes."""
    values = ordered(_FIELD, material.counts.values(_FIELD))
    rows = [row for source in SOURCES for row in _rows(material, source, values)]
    compared = ((f"{r[1]}, {SOURCES[str(r[0])]}", r[2], r[4], r[7]) for r in rows)
    return Exhibit(
        ID,
        "The prior scheme",
        "How often each bug fix pattern of Pan, Kim and Whitehead (2009) is a fix's first label.",
        records(("source", "prior_pattern", "fixes", "of", "share", "share_low", "share_high", "paper"), rows),
        (_grid(material, values), _groups(material, values)),
        _charts(material, values),
        missing_note(material.counts, _FIELD, "prior pattern"),
        comparisons(compared),
    )


def _rows(material: Material, source: str, values: Iterable[str]) -> Iterable[tuple[Scalar, ...]]:
    found = material.counts.of(source=source).values(_FIELD)
    for value in values:
        printed = material.printed(ID, f"{source}/{value}")
        yield source, value, found[value], found.total(), *share_of(found[value], found.total()), printed


def _grid(material: Material, values: Iterable[str]) -> Grid:
    found = {source: material.counts.of(source=source).values(_FIELD) for source in SOURCES}
    body: Iterable[tuple[Value | str, ...]] = (
        (value, name(_FIELD, value), *(counted(found[one][value], found[one].total()) for one in SOURCES))
        for value in values
    )
    return grid("", ("Id", "Prior pattern", *SOURCES.values()), body)


def _groups(material: Material, values: Iterable[str]) -> Grid:
    """Give the same by the scheme's groups, such as all changes of a method call."""
    groups = {entry.id: entry.group for entry in taxonomy("prior_patterns")}
    found: dict[str, Counter[str]] = {source: Counter() for source in SOURCES}
    for source in SOURCES:
        for value, number in material.counts.of(source=source).values(_FIELD).items():
            found[source][groups.get(value, name(_FIELD, value))] += number
    order = dict.fromkeys(groups.get(value, name(_FIELD, value)) for value in values)
    body: Iterable[tuple[Value | str, ...]] = (
        (group, *(counted(found[one][group], found[one].total()) for one in SOURCES)) for group in order
    )
    return grid("By group", ("Group", *SOURCES.values()), body)


def _charts(material: Material, values: tuple[str, ...]) -> tuple[Bars, ...]:
    found = material.counts.values(_FIELD)
    if not values:
        return ()
    figures = [wilson(found[value], found.total()) for value in values]
    return (
        Bars(
            ID,
            f"Prior bug fix patterns ({found.total():,} fixes)",
            tuple(name(_FIELD, value) if value == UNKNOWN else value for value in values),
            tuple(figure.value for figure in figures if figure),
            tuple((figure.low, figure.high) for figure in figures if figure),
            tuple(found[value] for value in values),
            tuple(colour(_FIELD, value) for value in values),
        ),
    )
