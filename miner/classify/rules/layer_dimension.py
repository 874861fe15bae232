"""Layer dimension: change a layer's input and output size, for example to fit the adjacent layers.

Paper: Table 2. Decided by a number or size argument of a layer's constructor that has another value; by names such as
``hidden_size`` that are given another value.

Does not match: a size made whole with ``int()`` (data type), a keyword that was only renamed (versioning), and
reshaping of data (data dimension).

Matches::

    -net.add(Dense(9, activation='softmax'))
    +net.add(Dense(10, activation='softmax'))

    -self.project = nn.Linear(64 * 20, 256)
    +self.project = nn.Linear(64 * 16, 256)

Near misses::

    -net.add(Dense(width / 2, input_dim=width))
    +net.add(Dense(int(width / 2), input_dim=width))

    -net.add(Dense(output_dim=512))
    +net.add(Dense(units=512))
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from miner.classify.facts import ArgumentFact, Facts, Kind
from miner.classify.vocabulary import DIMENSION_KEYWORDS, DIMENSION_NAMES, INPUT_SHAPES, LAYERS
from miner.classify.voting import Vote, arguments, changed_assignments

_SIZE = re.compile(
    r"[\w.]*(?:\d|size|dim|unit|num|hidden|feature|channel|filter|class|width|length|input|output)[\w.]*", re.I
)
_NOT_SIZED = frozenset(
    {"Dropout", "dropout", "SpatialDropout", "SpatialDropout2D", "GaussianNoise", "Lambda", "View", "Reshape"}
)

TRIGGERS: Final = DIMENSION_NAMES | INPUT_SHAPES | LAYERS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changed sizes of layers."""
    del library
    for argument in facts.arguments:
        if argument.short in LAYERS and argument.short not in _NOT_SIZED and _is_size(argument):
            yield Vote("size", 2.4, argument.span)
    for argument in arguments(facts, DIMENSION_KEYWORDS):
        if argument.short not in LAYERS and argument.kind is Kind.CHANGED:
            yield Vote("keyword", 1.8, argument.span)
    for argument in arguments(facts, INPUT_SHAPES, LAYERS):
        yield Vote("input_shape", 1.6, argument.span)
    for assignment in changed_assignments(facts, DIMENSION_NAMES):
        yield Vote("assignment", 1.8, assignment.span)


def _is_size(argument: ArgumentFact) -> bool:
    if argument.keyword in DIMENSION_KEYWORDS:
        return argument.kind is not Kind.RENAMED
    if argument.keyword is not None or argument.kind is not Kind.CHANGED:
        return False
    if argument.new == f"int({argument.old})":
        return False
    return _SIZE.search(argument.new) is not None and not argument.new.startswith(("'", '"'))
