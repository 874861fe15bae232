"""Splits a change into its fixes: hunks that repair the same thing in the same way are one, other repairs are others.

Each hunk is looked at alone. Hunks with the same sure pattern are one fix, wherever they are: the same rename in five
files is one repair. A hunk that tells too little joins the nearest one of its file that is sure, or, where its file has
none, the largest fix. A change without a sure hunk is one fix: what its hunks tell together may be enough.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from miner.classify import engine
from miner.classify.engine import Observation
from miner.classify.facts import Facts
from miner.classify.ruleset import current
from miner.classify.signals import Place, read_hunks
from miner.model import Change, Label

MIN_CONFIDENCE: Final = 0.3
"""Confidence that a hunk's first pattern must have to make a fix of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One fix of a change: its hunks in order, its ranked pattern labels, and the facts of the hunks that have some."""

    places: tuple[Place, ...]
    labels: tuple[Label, ...]
    facts: Mapping[Place, Facts]


def split(change: Change, library: str) -> tuple[Part, ...]:
    """Give the fixes in a change to code of a library: the one with the most hunks first, then the foremost.

    Every hunk is in exactly one of them. A change without hunks is one fix without places, whose label is "unknown".
    """
    read = dict(read_hunks(change, current().triggers))
    seen = {place: engine.observe(facts, library) for place, facts in read.items()}
    groups = _group(change, _patterns(seen))
    around = list(seen.values()) if len(groups) > 1 else []
    own = ([seen[place] for place in places if place in seen] for places in groups)
    return tuple(
        Part(places, engine.judge(hunks, around), {place: read[place] for place in places if place in read})
        for places, hunks in zip(groups, own, strict=True)
    )


def part(change: Change, places: Collection[Place]) -> Change:
    """Give a change that holds only some hunks."""
    wanted = frozenset(places)
    files = (
        replace(file, hunks=tuple(hunk for hunk in file.hunks if (file.no, hunk.no) in wanted)) for file in change.files
    )
    return Change(tuple(file for file in files if file.hunks))


def _patterns(seen: Mapping[Place, Observation]) -> dict[Place, str]:
    """Give the pattern of each hunk that is sure of its own."""
    if len(seen) < 2:
        return {}
    first = {place: engine.surest(hunk) for place, hunk in seen.items()}
    return {place: pattern for place, (pattern, confidence) in first.items() if confidence >= MIN_CONFIDENCE}


def _group(change: Change, patterns: Mapping[Place, str]) -> list[tuple[Place, ...]]:
    everything = tuple((file.no, hunk.no) for file in change.files for hunk in file.hunks)
    if len(set(patterns.values())) < 2:
        return [everything]
    joined = {
        place: pattern
        for file in change.files
        for place, pattern in _nearest([(file.no, hunk.no) for hunk in file.hunks], patterns).items()
    }
    groups: dict[str, list[Place]] = {}
    for place in everything:
        if place in joined:
            groups.setdefault(joined[place], []).append(place)
    largest = max(groups, key=lambda pattern: len(groups[pattern]))
    groups[largest] = [place for place in everything if joined.get(place, largest) == largest]
    return sorted(map(tuple, groups.values()), key=lambda places: -len(places))


def _nearest(places: list[Place], patterns: Mapping[Place, str]) -> dict[Place, str]:
    """Give each hunk of a file the pattern of the nearest sure one, of two equally near that above."""
    sure = [at for at, place in enumerate(places) if place in patterns]
    found: dict[Place, str] = {}
    ahead = 0
    for at, place in enumerate(places):
        while ahead + 1 < len(sure) and abs(sure[ahead + 1] - at) < abs(sure[ahead] - at):
            ahead += 1
        if sure:
            found[place] = patterns[places[sure[ahead]]]
    return found
