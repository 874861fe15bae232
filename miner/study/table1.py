"""Table 1: bugs and fixes per library and source."""

from __future__ import annotations

from collections.abc import Iterable

from miner.study.exhibits import Comparison, Exhibit, Scalar, Value, grid, records, shown
from miner.study.material import Material
from miner.study.names import SOURCES, name
from miner.study.paper import compare

ID = "table1"
_ALL = "all"


def build(material: Material) -> Exhibit:
    """Count bugs (questions, commits) and fixes."""
    rows = list(_rows(material))
    return Exhibit(
        ID,
        "Table 1: bugs and fixes",
        "How many bugs, that is questions on Stack Overflow and commits on GitHub, and how many fixes of them were "
        "judged.",
        records(("library", "source", "bugs", "fixes", "paper_fixes"), rows),
        (
            grid(
                "", ("Library", *(f"{s}: {what}" for s in SOURCES.values() for what in ("bugs", "fixes"))), _grid(rows)
            ),
        ),
        notes=tuple(_notes(material)),
        comparisons=tuple(_comparisons(rows, material)),
    )


def _rows(material: Material) -> Iterable[tuple[Scalar, ...]]:
    fixes = material.counts.by("source", "library")
    for library in (*material.counts.libraries(), _ALL):
        for source in SOURCES:
            keys = [key for key in {*fixes, *material.bugs} if key[0] == source and library in (key[1], _ALL)]
            bugs = sum(material.bugs.get((key[0], key[1]), 0) for key in keys)
            number = sum(fixes[key] for key in keys)
            yield library, source, bugs, number, material.printed(ID, f"{source}/{library}")


def _grid(rows: Iterable[tuple[Scalar, ...]]) -> Iterable[list[Value | str]]:
    lines: dict[Scalar, list[Value | str]] = {}
    for library, _, bugs, fixes, paper in rows:
        line = lines.setdefault(library, ["All" if library == _ALL else name("library", str(library))])
        line += [Value(f"{bugs:,}"), Value(f"{fixes:,}", paper=shown(paper))]
    return lines.values()


def _comparisons(rows: Iterable[tuple[Scalar, ...]], material: Material) -> Iterable[Comparison]:
    for library, source, _, fixes, paper in rows:
        found = compare(f"fixes, {name('library', str(library))}, {SOURCES[str(source)]}", fixes, paper)
        if found:
            yield found
    instances = compare("(bug, repair) instances", material.counts.total(), material.printed(ID, f"{_ALL}/{_ALL}"))
    if instances:
        yield instances


def _notes(material: Material) -> Iterable[str]:
    yield (
        "Here a bug is a question or commit that has a fix among the judged ones. How the paper counts bugs is not "
        "known to the miner: only fixes are compared. Its abstract counts repairs by source, and fewer (bug, repair) "
        "instances in its benchmark, so a label file of the benchmark cannot equal both."
    )
    if material.unread:
        yield f"Cells of label files that could not be read and count nowhere (rating_rejection): {material.unread:,}."
    if material.left_out:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in material.left_out.items())
        yield f"Questions that gave no fix, by reason: {reasons}."
