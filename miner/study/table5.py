"""Table 5: fixes that brought a new bug, per source and library."""

from __future__ import annotations

from collections.abc import Iterable

from miner.study.aftermath import NOT_REPAIRED, broken, followed
from miner.study.exhibits import Exhibit, Scalar, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, name
from miner.study.shares import comparisons

ID = "table5"
_ALL = "all"
_YEAR = 365.0
"""Days."""
_NOTES = (
    "Stack Overflow: a fix brought a new bug if its asker, below the answer and after it was written, tells of a new "
    "error; if the asker says that the old error stays, it did not repair. Words decide, and many askers never come "
    "back: the shares are lower ends.",
    "GitHub: a fix brought a new bug if a later fix in the same repository takes away or rewrites a line that it "
    "brought. Lines are known again by what they say (code with two names or more) in the same file, since the diffs "
    "of the commits between are not stored; a rename between two fixes ends the trail. Only fixes in a stretch of "
    "history that was mined whole can be followed. A later fix of the same line may repair the rest of the old bug.",
    "Young fixes had less time to be fixed again.",
)


def build(material: Material) -> Exhibit:
    """Count fixes that brought a new bug, and those that did not repair."""
    rows = [
        row
        for source in SOURCES
        for library in (*material.counts.libraries(), _ALL)
        for row in _rows(material, source, library)
    ]
    compared = ((f"new bugs, {name('library', str(r[1]))}, {SOURCES[str(r[0])]}", r[3], r[4], r[9]) for r in rows)
    lines = (
        (
            SOURCES[str(r[0])],
            "All" if r[1] == _ALL else name("library", str(r[1])),
            f"{r[2]:,}",
            counted(int(r[3] or 0), int(r[2] or 0), r[9]),
            "" if r[7] is None else f"{r[7]:,}",
            counted(int(r[8] or 0), int(r[2] or 0)) if r[0] == "stackoverflow" else "",
        )
        for r in rows
    )
    return Exhibit(
        ID,
        "Table 5: fixes that bring new bugs",
        "How many of the fixes that could be followed brought a new bug.",
        records(
            (
                "source",
                "library",
                "followed",
                "new_bugs",
                "share",
                "share_low",
                "share_high",
                "within_a_year",
                "not_repaired",
                "paper",
            ),
            rows,
        ),
        (grid("", ("Source", "Library", "Followed", "New bugs", "Within a year", "Not repaired"), lines),),
        notes=tuple(_notes(material)),
        comparisons=comparisons(compared),
    )


def _rows(material: Material, source: str, library: str) -> Iterable[tuple[Scalar, ...]]:
    wanted = {"source": source} if library == _ALL else {"source": source, "library": library}
    there = followed(material.aftermath, **wanted)
    bugs = broken(material.aftermath, **wanted)
    number = len(bugs)
    soon = sum(bug.days <= _YEAR for bug in bugs if bug.days is not None) if source == "github" else None
    not_repaired = len(broken(material.aftermath, NOT_REPAIRED, **wanted))
    printed = material.printed(ID, f"{source}/{library}")
    yield source, library, there, number, *share_of(number, there), soon, not_repaired, printed


def _notes(material: Material) -> Iterable[str]:
    if not followed(material.aftermath, source="stackoverflow"):
        yield "No fix from Stack Overflow could be followed: there is none, or no comments were collected."
    if not followed(material.aftermath, source="github"):
        yield "No fix from GitHub could be followed: no repository of a judged one was mined, only single commits."
    yield from _NOTES
