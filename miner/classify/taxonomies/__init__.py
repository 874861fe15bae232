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
    """What TensorFlow 2 renamed, by full names without the leading "tf.": symbols, and keywords by their function."""

    symbols: Mapping[str, str]
    keywords: Mapping[str, Mapping[str, str]]


@cache
def tensorflow_upgrade() -> Upgrade:
    """Give what TensorFlow's own upgrade tool renames."""
    read = table("tensorflow_renames")
    v1 = {old: f"compat.v1.{old}" for old in read["v1"].split()}
    return Upgrade(v1 | read["symbols"], read["keywords"])


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
