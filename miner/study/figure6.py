"""Figure 6: what fixes that brought new bugs repaired, and what the new bugs are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from miner.classify.engine import UNKNOWN
from miner.study.aftermath import broken
from miner.study.charts import Alluvial
from miner.study.counts import Cell
from miner.study.exhibits import Exhibit, Grid, grid, records
from miner.study.material import Material, NewBug
from miner.study.names import SOURCES, colour, name, ordered, short

ID = "figure6"
_OLD = ("library", "bug_type", "root_cause", "impact")
_RELATED = ("bug_type", "impact")
_TITLES = {
    "library": "Library",
    "bug_type": "Bug type",
    "root_cause": "Root cause",
    "impact": "Impact",
}
Flows = Counter[tuple[str, ...]]


def build(material: Material) -> Exhibit:
    """Relate library, bug type, root cause and impact of the old bugs, and the old bugs to the new ones."""
    bugs = broken(material.aftermath)
    by: Counter[tuple[str, ...]] = Counter(_key(bug) for bug in bugs)
    columns = ("source", *_OLD, "new_bug_type", "new_root_cause", "new_impact")
    return Exhibit(
        ID,
        "Figure 6: from old bugs to new ones",
        "Fixes that brought a new bug: the library, bug type, root cause and impact of what they repaired, and the "
        "bug type and impact of the new bug. Bug types and root causes are abbreviated as in the papers: SB is a "
        "structural bug, NMSB a non-model structural bug.",
        records((*columns, "fixes"), ((*key, number) for key, number in sorted(by.items()))),
        tuple(_relation(bugs, scheme) for scheme in _RELATED if bugs),
        _charts(bugs),
        notes=(
            "The new bug's labels are those of the later fix (GitHub), or the impact that the comment's words tell "
            "(Stack Overflow). What nobody judged is unknown here. How new bugs are found is told at table 5.",
        ),
    )


def _key(bug: NewBug) -> tuple[str, ...]:
    old = (_label(bug.old, scheme) for scheme in _OLD)
    new = (_label(bug.new, scheme) for scheme in ("bug_type", "root_cause", "impact"))
    return (bug.old.source, *old, *new)


def _label(cell: Cell, scheme: str) -> str:
    return getattr(cell, scheme) or UNKNOWN


def _relation(bugs: Sequence[NewBug], scheme: str) -> Grid:
    by: Flows = Counter((_label(bug.old, scheme), _label(bug.new, scheme), bug.old.source) for bug in bugs)
    pairs = sorted({key[:2] for key in by}, key=lambda pair: (-sum(by[(*pair, source)] for source in SOURCES), pair))
    return grid(
        f"{_TITLES[scheme]}: old and new",
        ("Old", "New", *SOURCES.values()),
        ((name(scheme, old), name(scheme, new), *(str(by[old, new, one]) for one in SOURCES)) for old, new in pairs),
    )


def _charts(bugs: Sequence[NewBug]) -> tuple[Alluvial, ...]:
    if not bugs:
        return ()
    old = _alluvial(
        ID,
        "What the fixes repaired that brought new bugs",
        bugs,
        _OLD,
        _OLD,
        lambda bug: [_label(bug.old, one) for one in _OLD],
    )
    return (old, *(_old_to_new(bugs, scheme) for scheme in _RELATED))


def _old_to_new(bugs: Sequence[NewBug], scheme: str) -> Alluvial:
    titles = (f"Old bug: {_TITLES[scheme].lower()}", f"New bug: {_TITLES[scheme].lower()}")
    title = f"From old bugs to new ones: {_TITLES[scheme].lower()}"
    return _alluvial(
        f"{ID}_{scheme}",
        title,
        bugs,
        (scheme, scheme),
        titles,
        lambda bug: [_label(bug.old, scheme), _label(bug.new, scheme)],
    )


def _alluvial(
    chart: str,
    title: str,
    bugs: Sequence[NewBug],
    schemes: Sequence[str],
    titles: Sequence[str],
    values: Callable[[NewBug], list[str]],
) -> Alluvial:
    by: Flows = Counter(tuple(values(bug)) for bug in bugs)
    nodes = []
    for no, scheme in enumerate(schemes):
        nodes.append(
            tuple((short(scheme, one), colour(scheme, one)) for one in ordered(scheme, {key[no] for key in by}))
        )
    flows = tuple(
        (tuple(short(scheme, value) for scheme, value in zip(schemes, key, strict=True)), number)
        for key, number in sorted(by.items())
    )
    shown = tuple(_TITLES.get(one, one) for one in titles)
    return Alluvial(chart, f"{title} ({len(bugs):,} fixes)", shown, tuple(nodes), flows)
