"""Makes the study: reads what the wanted exhibits need, in one transaction, and builds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from miner.study import aftermath_queries, challenge_queries, queries
from miner.study.basis import Basis, sentences
from miner.study.choice import Choice
from miner.study.exhibits import Exhibit
from miner.study.material import Aftermath, Challenges, Material
from miner.study.paper import Printed
from miner.study.registry import Entry


@dataclass(frozen=True, slots=True)
class Study:
    """The exhibits, and which labels they count."""

    choice: Choice
    basis: Basis
    exhibits: tuple[Exhibit, ...]

    @property
    def judged(self) -> int:
        """How many fixes or items have a label that counts."""
        return self.basis.judged

    @property
    def denominators(self) -> tuple[str, ...]:
        """Say how much was judged, and of what."""
        return sentences(self.basis, self.choice)

    def as_object(self) -> dict[str, Any]:
        """Give the study for a machine."""
        return {
            "labels": str(self.choice),
            "rater": self.choice.rater,
            "min_confidence": self.choice.min_confidence,
            "copies": self.choice.copies,
            "judged": self.judged,
            "basis": self.basis.as_object() | {"in_words": list(self.denominators)},
            "exhibits": {exhibit.id: exhibit.as_object() for exhibit in self.exhibits},
        }


def make(
    connection: Connection,
    choice: Choice,
    entries: Iterable[Entry],
    paper: Printed,
    seed: int = 0,
    permutations: int = 9_999,
) -> Study:
    """Build the entries' exhibits from the labels that were chosen.

    :param paper: what the paper prints; see :mod:`miner.study.paper`.
    :param seed: of the random tables of the permutation tests.
    """
    chosen = tuple(entries)
    material = _read(connection, choice, {need for entry in chosen for need in entry.needs}, paper, seed, permutations)
    exhibits = tuple(entry.build(material) for entry in chosen)
    return Study(choice, material.basis, exhibits)


def _read(
    connection: Connection,
    choice: Choice,
    needs: set[str],
    paper: Mapping[str, Mapping[str, float | str]],
    seed: int,
    permutations: int,
) -> Material:
    return Material(
        choice,
        queries.counts(connection, choice),
        queries.bugs(connection, choice) if "bugs" in needs else {},
        queries.basis(connection, choice),
        aftermath_queries.aftermath(connection, choice) if "aftermath" in needs else Aftermath(),
        challenge_queries.challenges(connection, choice) if "challenges" in needs else Challenges(),
        queries.left_out(connection) if "bugs" in needs else {},
        queries.unread(connection, choice) if "bugs" in needs else 0,
        paper,
        seed,
        permutations,
    )
