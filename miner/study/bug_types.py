"""What figures 2 and 3 share: the patterns by bug type in one source."""

from __future__ import annotations

from miner.study.exhibits import Exhibit, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, name, ordered
from miner.study.shares import comparisons, cross_grid, heatmap, missing_note

_SCHEMES = ("pattern", "bug_type")


def build(material: Material, source: str, exhibit: str, title: str) -> Exhibit:
    """Count a source's fixes by pattern and bug type."""
    counts = material.counts.of(source=source)
    by = counts.by(*_SCHEMES)
    types = ordered("bug_type", (bug for _, bug in by))
    patterns = material.counts.patterns()
    totals = {one: sum(by[pattern, one] for pattern in patterns) for one in types}
    rows = [
        (
            pattern,
            one,
            by[pattern, one],
            *share_of(by[pattern, one], totals[one]),
            material.printed(exhibit, f"{pattern}/{one}"),
        )
        for pattern in patterns
        for one in types
    ]
    compared = ((f"{name('pattern', r[0])}, {name('bug_type', r[1])}", r[2], r[3], r[6]) for r in rows)
    return Exhibit(
        exhibit,
        f"{title}: fix patterns by bug type on {SOURCES[source]}",
        "How bugs of each type are fixed: shares are of the fixes of a bug type.",
        records(
            ("pattern", "bug_type", "fixes", "share_of_bug_type", "share_low", "share_high", "paper"),
            rows,
        ),
        (cross_grid("", _SCHEMES, patterns, types, by),),
        heatmap(exhibit, f"Fix patterns by bug type on {SOURCES[source]}", _SCHEMES, patterns, types, by),
        missing_note(counts, "bug_type", "bug type"),
        comparisons(compared),
    )
