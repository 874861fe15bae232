"""Data wrangling: change the form of the data for downstream operations, not its intent: shift, shuffle and the like.

Paper: Table 2. Decided by calls that move, sort, split, scale, pad or load data and by their arguments; by another
slice of the same data; by a new operand that scales it (``x / 255``).

Does not match: a new shape (data dimension) or type (data type).

Matches::

     stories = load(path)
    +np.random.shuffle(stories)

    -return numbers
    +return pad_sequences(numbers, maxlen=400)

Near misses::

    +pixels = pixels.reshape(1, 64, 64, 3)

    -return numbers
    +return numbers.astype('int64')
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import WRANGLING_CALLS
from miner.classify.voting import Vote, arguments, calls

_SCALED = re.compile(r"[*/+-]=?\s*(?:\(?\s*(?:255|127\.5|128|256)\b|np\.max|std|mean)")
_SLICED = re.compile(r"([\w.]+)\[")
_KEYWORDS: Final = frozenset({"shuffle", "validation_split", "maxlen", "transform", "validation_data"})
_SURE: Final = WRANGLING_CALLS - {
    "append",
    "map",
    "replace",
    "batch",
    "mean",
    "std",
    "lower",
    "strip",
    "sample",
    "split",
}

TRIGGERS: Final = _KEYWORDS | WRANGLING_CALLS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changes to the form of the data."""
    del library
    for call in calls(facts, WRANGLING_CALLS):
        yield Vote("call", 1.8 if call.short in _SURE else 0.9, call.span)
    for argument in facts.arguments:
        if argument.short in _SURE and argument.kind is not Kind.RENAMED:
            yield Vote("call_argument", 1.5, argument.span)
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("argument", 1.6, argument.span)
    for assignment in facts.assignments:
        if _SCALED.search(assignment.new) or _SCALED.search(assignment.old):
            yield Vote("scaled", 1.6, assignment.span)
        elif assignment.kind is Kind.CHANGED and _other_slice(assignment.old, assignment.new):
            yield Vote("sliced", 1.4, assignment.span)


def _other_slice(old: str, new: str) -> bool:
    before, after = _SLICED.match(old), _SLICED.match(new)
    return before is not None and after is not None and before[1] == after[1]
