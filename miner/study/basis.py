"""How much of what there is was judged: the denominators, each said apart, so that none is taken for another.

A rater judges items: rows of label files, and fixes that were drawn as samples. Rules judge the fixes that were
collected. An item may be a collected fix or not, so that the number of either is no total of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from miner.study.choice import Choice, LabelTable


@dataclass(frozen=True, slots=True)
class Basis:
    """Numbers of what the study counts, and of what it is made from.

    ``judged``: what has a label of the chosen rater and counts; ``collected``: the fixes in the database that count as
    such (not superseded; with copies once, one of each cluster). ``superseded``: fixes that rules labelled and newer
    ones split otherwise, which count nowhere; of people, judged items that are such a fix, which count.
    Of people alone: ``items`` that label files or samples named, for whomever; ``linked``, judged ones that lead to a
    collected fix; ``repeated``, how many of these lead to the fix of another one.
    """

    judged: int = 0
    collected: int = 0
    superseded: int = 0
    items: int = 0
    linked: int = 0
    repeated: int = 0

    def as_object(self) -> dict[str, int]:
        """Give it for a machine."""
        return asdict(self)


def sentences(basis: Basis, choice: Choice) -> tuple[str, ...]:
    """Say the numbers in words that hold alone, for every page."""
    return tuple(_of_rules(basis) if choice.table is LabelTable.LABEL else _of_people(basis))


def unit(choice: Choice) -> str:
    """Give what is counted: collected fixes, or items that somebody rated."""
    return "collected fixes" if choice.table is LabelTable.LABEL else "rated items"


def _of_rules(basis: Basis) -> Iterator[str]:
    yield f"{basis.judged:,} of the {basis.collected:,} fixes collected in this database have a label of this rater."
    if basis.collected > basis.judged:
        yield (
            f"Without one, and in no figure: {basis.collected - basis.judged:,} (collected fixes; 'miner classify' "
            "labels them with the rules in force)."
        )
    if basis.superseded:
        yield (
            f"Superseded, and in no figure or total: {basis.superseded:,} (fixes with such a label that newer rules "
            "split otherwise or see no more)."
        )


def _of_people(basis: Basis) -> Iterator[str]:
    outside = basis.judged - basis.linked - basis.superseded
    yield (
        f"{basis.judged:,} rated items (rows of label files, and fixes drawn as samples) have a label of this rater: "
        f"{basis.linked:,} lead to a fix collected in this database, {outside:,} do not."
    )
    if basis.superseded:
        yield (
            f"Superseded: {basis.superseded:,} (items whose fix newer rules split otherwise or see no more; they "
            "count, but not where the fix is needed)."
        )
    if basis.repeated:
        yield (
            f"Repeated: {basis.repeated:,} (items that lead to the same fix as another; each counts, but once where "
            "the fix itself is needed)."
        )
    if basis.items > basis.judged:
        yield f"Not counted: {basis.items - basis.judged:,} (items that others rated, or nobody yet)."
    yield (
        f"Collected fixes in this database: {basis.collected:,} (no total of the above: label files name what was "
        "never collected)."
    )
