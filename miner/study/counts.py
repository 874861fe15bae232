"""How many fixes have which labels: what most tables and figures are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from miner.classify.engine import UNKNOWN
from miner.study.names import LIBRARIES, ids


@dataclass(frozen=True, slots=True)
class Cell:
    """Fixes of one source and library with the same labels. None is not judged in that scheme; unknown is a label."""

    source: str
    library: str
    pattern: str | None = None
    sub_pattern: str | None = None
    prior_pattern: str | None = None
    bug_type: str | None = None
    root_cause: str | None = None
    impact: str | None = None
    fixes: int = 1


@dataclass(frozen=True, slots=True)
class Counts:
    """All that was judged, as cells."""

    cells: tuple[Cell, ...]

    def of(self, **wanted: str) -> Counts:
        """Give the part whose fields have the wanted values."""
        return Counts(
            tuple(cell for cell in self.cells if all(getattr(cell, key) == value for key, value in wanted.items()))
        )

    def by(self, *fields: str) -> Counter[tuple[str, ...]]:
        """Count fixes by the values of some fields; what is not judged in one of them is left out."""
        counter: Counter[tuple[str, ...]] = Counter()
        for cell in self.cells:
            key = tuple(getattr(cell, field) for field in fields)
            if None not in key:
                counter[key] += cell.fixes
        return counter

    def values(self, field: str) -> Counter[str]:
        """Count fixes by the values of one field; what is not judged in it is left out."""
        return Counter({key: number for (key,), number in self.by(field).items()})

    def total(self, *judged: str) -> int:
        """Give the number of fixes that are judged in all of some schemes."""
        return self.by(*judged).total()

    def libraries(self) -> tuple[str, ...]:
        """Give the paper's libraries, and those besides that have fixes."""
        others = {cell.library for cell in self.cells} - set(LIBRARIES)
        return (*LIBRARIES, *sorted(others))

    def patterns(self) -> tuple[str, ...]:
        """Give the 15 patterns in their order; then what else was said, unknown last."""
        found = set(self.values("pattern"))
        others = sorted(found - set(ids("pattern")) - {UNKNOWN})
        return (*ids("pattern"), *others, *([UNKNOWN] if UNKNOWN in found else []))


def vector(counts: Counts, scheme: str = "pattern") -> tuple[int, ...]:
    """Give the counts of a scheme's values in their order, 0 for those without a fix; unknown is not among them."""
    values = counts.values(scheme)
    return tuple(values[value] for value in ids(scheme))


def merged(cells: Iterable[Cell]) -> Counts:
    """Make counts of cells that may repeat."""
    return Counts(tuple(cells))
