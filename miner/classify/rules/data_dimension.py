"""Data dimension: align the input data's dimension with the layer: resize, reshape, reorder; one-hot encoding counts.

Paper: Table 2. Decided by calls that give data another shape (``reshape``, ``expand_dims``, ``transpose``, ``view``,
``to_categorical``, image resizing, ...) and by their arguments; by shape and axis arguments; by another number
of indices.

Does not match: the size of a layer (layer dimension), and moving data without a new shape (data wrangling).

Matches::

    -x = x.reshape(60000, 784)
    +x = x.reshape(60000, 28, 28, 1)

    +labels = to_categorical(labels, num_classes=3)

Near misses::

     x = load()
    +x = x.astype('float32')

    -model.fit(features, labels, shuffle=False)
    +model.fit(features, labels, shuffle=True)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import AXIS_KEYWORDS, INPUT_SHAPES, LAYERS, SHAPE_CALLS
from miner.classify.voting import Vote, arguments, calls

_SHAPE_WORDS: Final = frozenset({"newaxis", "shape", "ndim", "img_rows", "img_cols", "channels_first", "channels_last"})

TRIGGERS: Final = SHAPE_CALLS | AXIS_KEYWORDS | INPUT_SHAPES | _SHAPE_WORDS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changes of shapes."""
    del library
    for call in calls(facts, SHAPE_CALLS):
        yield Vote("call", 2.2, call.span)
    for argument in facts.arguments:
        if argument.short in SHAPE_CALLS and argument.keyword not in ("dtype",):
            yield Vote("shape_argument", 2.0, argument.span)
    yield from _shape_arguments(facts)
    for assignment in facts.assignments:
        if assignment.kind is Kind.RENAMED and _other_index(assignment.old_target, assignment.target):
            yield Vote("index", 1.6, assignment.span)
    for word in facts.words:
        if word.word.rpartition(".")[2] in _SHAPE_WORDS:
            yield Vote("name", 0.7, word.span)


def _shape_arguments(facts: Facts) -> Iterator[Vote]:
    for argument in arguments(facts, AXIS_KEYWORDS):
        if argument.short not in SHAPE_CALLS and argument.short not in LAYERS:
            yield Vote("axis", 1.4, argument.span)
    for argument in arguments(facts, INPUT_SHAPES):
        if argument.kind is Kind.CHANGED or argument.short not in LAYERS:
            yield Vote("input_shape", 1.2, argument.span)


def _other_index(old: str, new: str) -> bool:
    """Tell whether two targets are items of one array under another number of indices."""
    old_name, _, old_index = old.partition("[")
    new_name, _, new_index = new.partition("[")
    return bool(old_index and new_index) and old_name == new_name and old_index.count(",") != new_index.count(",")
