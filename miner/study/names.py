"""The order, the names and the colours of everything that is counted: the same in every table and figure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from miner.classify.engine import UNKNOWN
from miner.classify.taxonomies import taxonomy

SCHEMES: Final = ("pattern", "sub_pattern", "prior_pattern", "bug_type", "root_cause", "impact")
SOURCES: Final = {"stackoverflow": "Stack Overflow", "github": "GitHub"}
LIBRARIES: Final = {
    "caffe": "Caffe",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "theano": "Theano",
    "torch": "Torch",
}
_GROUPS: Final = {"bug_type": "bug type", "root_cause": "root cause", "impact": "impact"}
_SPECIAL: Final = {UNKNOWN: "Unknown"}
_ABBREVIATIONS: Final = {"Non-model structural bug": "NMSB", "Structural bug": "SB"}
_IN_BRACKETS: Final = re.compile(r"\(([A-Z]+)\)$")
GREY: Final = "#BBBBBB"
"""The colour of what is unknown, and of what has no colour of its own."""

# Fifteen steps of Paul Tol's discrete rainbow, which colour-blind readers can tell apart, so ordered that neighbours
# differ in lightness (https://personal.sron.nl/~pault/).
_FIFTEEN: Final = (
    *("#1965B0", "#F7F056", "#882E72", "#CAE0AB", "#DC050C"),
    *("#7BAFDE", "#72190E", "#F6C141", "#4EB265", "#D1BBD7"),
    *("#E8601C", "#437DBF", "#AE76A3", "#90C987", "#F1932D"),
)
# Paul Tol's muted scheme, for what has fewer values.
_MUTED: Final = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#882255", "#AA4499"),
)


@cache
def ids(scheme: str) -> tuple[str, ...]:
    """Give the values of a scheme in their order, without unknown; of sub_pattern none: they belong to patterns."""
    if scheme == "library":
        return tuple(LIBRARIES)
    if scheme == "pattern":
        return tuple(entry.id for entry in taxonomy("fix_patterns"))
    if scheme == "prior_pattern":
        return tuple(entry.id for entry in taxonomy("prior_patterns"))
    group = _GROUPS.get(scheme)
    return tuple(entry.id for entry in taxonomy("bug_types") if entry.group == group)


def ordered(scheme: str, found: Iterable[str]) -> tuple[str, ...]:
    """Give the values that were found, in the scheme's order; others after them, unknown last: none is left out."""
    there = set(found)
    known = [value for value in ids(scheme) if value in there]
    others = sorted(there - set(known) - {UNKNOWN})
    return (*known, *others, *([UNKNOWN] if UNKNOWN in there else []))


def name(scheme: str, value: str) -> str:
    """Give what readers call a value; the value itself where it has no other name."""
    if scheme == "library":
        return LIBRARIES.get(value, value)
    return _names(scheme).get(value) or _SPECIAL.get(value) or value.replace("_", " ")


def short(scheme: str, value: str) -> str:
    """Give a name that fits into a figure: the papers' own abbreviations of bug types and root causes."""
    full = name(scheme, value)
    for long, abbreviation in _ABBREVIATIONS.items():
        full = full.replace(long, abbreviation)
    abbreviated = _IN_BRACKETS.search(full)
    return abbreviated[1] if scheme == "root_cause" and abbreviated else full


def colour(scheme: str, value: str) -> str:
    """Give the colour of a value."""
    if scheme == "prior_pattern":
        return _prior_colours().get(value, GREY)
    known = ids(scheme)
    palette = _FIFTEEN if len(known) > len(_MUTED) else _MUTED
    return palette[known.index(value) % len(palette)] if value in known else GREY


@cache
def _prior_colours() -> dict[str, str]:
    """Give one colour a group: the colours of the fix patterns are theirs alone."""
    groups = list(dict.fromkeys(entry.group for entry in taxonomy("prior_patterns")))
    return {entry.id: _MUTED[groups.index(entry.group) % len(_MUTED)] for entry in taxonomy("prior_patterns")}


@cache
def _names(scheme: str) -> dict[str, str]:
    table = {"pattern": "fix_patterns", "prior_pattern": "prior_patterns"}.get(scheme)
    if table is None and scheme not in _GROUPS:
        return {}
    return {entry.id: entry.name for entry in taxonomy(table or "bug_types")}
