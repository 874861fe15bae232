"""Where in one piece of code another one belongs: which of its statements are there already, and which are others now.

An alignment is a chain of matches in the order of both sides, the heaviest there is; matches that follow each other
without a gap are preferred. Bounded: only statements that share a name are compared, and names that are everywhere
are not looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from miner.extract.statements import MIN_ALIKE, Statement, alike

MAX_COMMON: Final = 30
"""Statements that share a name, for it to be looked up; a name in more of them tells nothing."""

_TOGETHER: Final = 0.15
"""What it is worth that two matches follow each other on both sides."""

_CHANGED: Final = 0.7
"""What a changed statement is worth beside an equal one."""


@dataclass(frozen=True, slots=True)
class Match:
    """Statement ``new`` (by index) is what ``old`` became; ``score`` 1 if it is the same."""

    new: int
    old: int
    score: float

    @property
    def equal(self) -> bool:
        """Whether nothing changed."""
        return self.score >= 1.0


@dataclass(frozen=True)
class Alignment:
    """The statements of both sides and the matches between them, in order; ``value`` is for comparing alignments."""

    old: Sequence[Statement]
    new: Sequence[Statement]
    matches: tuple[Match, ...]
    value: float

    @cached_property
    def total(self) -> float:
        """The weight of the new side's code, imports aside."""
        return sum(statement.weight for statement in self.new if not statement.is_import)

    def share(self, *, equal: bool = False) -> float:
        """Give the share of the new side's code that matches; or that is ``equal``, of full weight either."""
        weights = (
            self.new[match.new].weight
            for match in self.matches
            if not self.new[match.new].is_import and (match.equal or not equal)
        )
        return sum(weights) / self.total if self.total else 0.0

    @cached_property
    def anchors(self) -> int:
        """How many equal statements say something."""
        return sum(match.equal and self.new[match.new].weight >= 0.3 for match in self.matches)


@dataclass(frozen=True, slots=True)
class _Cell:
    match: Match
    value: float
    before: _Cell | None


def align(old: Sequence[Statement], new: Sequence[Statement]) -> Alignment:
    """Align the statements of the new side with those of the old one."""
    index = _index(old)
    best: list[_Cell | None] = [None] * (len(old) + 1)
    last: dict[int, _Cell] = {}
    for number, statement in enumerate(new):
        cells = {
            match.old: _cell(match, max(statement.weight, old[match.old].weight * match.equal), best, last)
            for match in _candidates(number, statement, old, index)
        }
        if cells:
            best = _improved(best, cells)
        last = cells
    end = best[-1]
    return Alignment(old, new, _chain(end), end.value if end else 0.0)


def _cell(match: Match, weight: float, best: list[_Cell | None], last: dict[int, _Cell]) -> _Cell:
    before, value = best[match.old], 0.0
    if before:
        value = before.value
    neighbour = last.get(match.old - 1)
    if neighbour and neighbour.value + _TOGETHER > value:
        before, value = neighbour, neighbour.value + _TOGETHER
    gain = weight * (1.0 if match.equal else match.score * _CHANGED)
    return _Cell(match, value + gain, before)


def _improved(best: list[_Cell | None], cells: dict[int, _Cell]) -> list[_Cell | None]:
    """Give the best chain that ends before each old statement, now that one more new statement is known."""
    improved: list[_Cell | None] = [best[0]]
    for old in range(len(best) - 1):
        choices = [cell for cell in (improved[old], best[old + 1], cells.get(old)) if cell]
        improved.append(max(choices, key=lambda cell: cell.value) if choices else None)
    return improved


def _chain(cell: _Cell | None) -> tuple[Match, ...]:
    matches: list[Match] = []
    while cell:
        matches.append(cell.match)
        cell = cell.before
    return tuple(reversed(matches))


def _index(statements: Sequence[Statement]) -> dict[str, list[int]]:
    index: dict[str, list[int]] = defaultdict(list)
    for number, statement in enumerate(statements):
        for name in _names(statement):
            index[name].append(number)
    return index


def _names(statement: Statement) -> Iterator[str]:
    yield f"key {statement.key}"
    if statement.defined:
        yield statement.defined
        yield statement.defined.partition(" ")[0]
        return
    if statement.target:
        yield f"target {statement.target}"
    if statement.word:
        yield f"word {statement.word}"
    for called in sorted(statement.called):
        yield f"call {called}"


def _candidates(
    number: int, statement: Statement, old: Sequence[Statement], index: dict[str, list[int]]
) -> Iterator[Match]:
    seen: set[int] = set()
    for name in _names(statement):
        found = index.get(name, [])
        if len(found) > MAX_COMMON:
            found = found[:MAX_COMMON] if name.startswith("key ") else []
        for candidate in found:
            if candidate not in seen:
                seen.add(candidate)
                score = alike(statement, old[candidate])
                if score >= MIN_ALIKE:
                    yield Match(number, candidate, score)
