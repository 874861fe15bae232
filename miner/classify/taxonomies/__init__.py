"""The label sets as data, read once: fix patterns, the prior scheme, bug types, the libraries' names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """A label of a taxonomy; ``group`` is "" where the taxonomy has no groups."""

    id: str
    name: str
    definition: str
    group: str
    sub_patterns: tuple[str, ...]


class Rename(NamedTuple):
    """A symbol or keyword that a library renamed in a version; ``new`` is "" for one that it removed."""

    library: str
    old: str
    new: str
    version: str


@cache
def table(name: str) -> dict[str, Any]:
    """Give a file of this folder, by its name without the ending."""
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def taxonomy(name: str) -> tuple[Entry, ...]:
    """Give the labels of a taxonomy, in order: "fix_patterns", "prior_patterns" or "bug_types"."""
    return tuple(
        Entry(
            key,
            entry["name"],
            entry.get("definition", ""),
            entry.get("group", ""),
            tuple(entry.get("sub_patterns", ())),
        )
        for key, entry in table(name).items()
    )


def words(name: str) -> frozenset[str]:
    """Give a list of the vocabulary."""
    return frozenset(table("vocabulary")[name].split())


@cache
def topics() -> dict[str, tuple[str, ...]]:
    """Give the topics that a part of a name, lowered, speaks of."""
    found: dict[str, tuple[str, ...]] = {}
    for topic, parts in table("vocabulary")["topics"].items():
        for part in parts.split():
            found[part] = (*found.get(part, ()), topic)
    return found


@cache
def renames(kind: str) -> dict[str, tuple[Rename, ...]]:
    """Give what the libraries renamed, by old name: kind is "symbols" or "keywords"."""
    found: dict[str, tuple[Rename, ...]] = {}
    for library, kinds in table("renames").items():
        for old, (new, version) in kinds.get(kind, {}).items():
            found[old] = (*found.get(old, ()), Rename(library, old, new, version))
    return found


class Upgrade(NamedTuple):
    """What a version of a library renamed: symbols ("" for one that it removed), and keywords by their function.

    TensorFlow's names are full, without the leading "tf."; Keras' are those of layers and methods, and for 3.0 full
    ones without the leading "keras.". ``reordered`` are the functions whose arguments stand in another order.
    """

    library: str
    version: str
    symbols: Mapping[str, str]
    keywords: Mapping[str, Mapping[str, str]]
    reordered: frozenset[str]

    def named(self, reason: str) -> str:
        """Give a rule's reason with the version of the change: "upgraded_symbol@keras-2.0"."""
        return f"{reason}@{self.library}-{self.version}"


@cache
def upgrades(library: str) -> tuple[Upgrade, ...]:
    """Give what the versions of a library renamed, by the tables that its own packages hold."""
    tables = (table(f"{name}_renames") for name in ("tensorflow1", "tensorflow", "keras2", "keras3"))
    return tuple(
        Upgrade(
            read["library"],
            read["version"],
            {old: f"compat.v1.{old}" for old in read.get("v1", "").split()} | read["symbols"],
            read["keywords"],
            frozenset(read.get("reordered", "").split()),
        )
        for read in tables
        if read["library"] == library
    )


class PatternWeights(NamedTuple):
    """What speaks for a pattern: ``bias`` that it is common, ``rule`` its rule at full strength, and its topics."""

    bias: float
    rule: float
    topics: Mapping[str, float]


@cache
def pattern_weights() -> dict[str, PatternWeights]:
    """Give the weights of each fix pattern, by its id: log-odds, none of a topic below 0."""
    return {
        pattern: PatternWeights(row["bias"], row["rule"], row.get("topics", {}))
        for pattern, row in table("pattern_weights").items()
    }


class BugFixWeights(NamedTuple):
    """What a cue of a commit message weighs, by its name and place, and what a message without cues has."""

    bias: float
    weights: Mapping[tuple[str, str], float]


@cache
def bugfix_weights() -> BugFixWeights:
    """Give the weights of the cues of :mod:`miner.classify.cues`; a pair that is not there weighs nothing."""
    read = table("bugfix_weights")
    weights = {(cue, place): weight for cue, places in read["weights"].items() for place, weight in places.items()}
    return BugFixWeights(read["bias"], weights)
