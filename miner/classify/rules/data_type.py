"""Data type: change the type of the data given as input.

Paper: Table 2. Decided by casts that come, go or change (``astype``, ``tf.cast``, ``.float()``, ``.long()``), by
``dtype`` arguments, and by type names in the changed lines (``float32``, ``LongTensor``).

Does not match: values converted to a container that another call asks for (API contract).

Matches::

    -labels = tf.placeholder(tf.float32, shape=[None])
    +labels = tf.placeholder(tf.int64, shape=[None])

    -loss = criterion(scores, tags)
    +loss = criterion(scores, tags.long())

Near misses::

    -return map(label_of, pairs)
    +return list(map(label_of, pairs))

    -return rows.reshape(64, -1)
    +return rows.reshape(64, 3, 32, 32)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts
from miner.classify.vocabulary import DTYPES, TYPE_CALLS
from miner.classify.voting import Vote, arguments, calls

_SURE: Final = TYPE_CALLS - {
    "array",
    "asarray",
    "int",
    "type",
    "long",
    "img_to_array",
    "from_numpy",
    "convert_to_tensor",
    "bool",
}
_KEYWORDS: Final = frozenset({"dtype", "dtypes", "out_type", "output_dtype"})
_METHODS: Final = frozenset({"long", "int", "type", "bool"})
_CONVERSIONS: Final = frozenset({"array", "asarray"})

TRIGGERS: Final = _KEYWORDS | TYPE_CALLS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changes of types."""
    del library
    for call in calls(facts, _SURE):
        yield Vote("cast", 2.2, call.span)
    for call in calls(facts, _METHODS):
        is_method = "." in call.name
        yield Vote("cast" if is_method else "conversion", 2.2 if is_method else 1.2, call.span)
    for call in calls(facts, _CONVERSIONS):
        yield Vote("conversion", 1.2, call.span)
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("dtype", 2.5, argument.span)
    for argument in facts.arguments:
        if argument.short in _SURE and argument.keyword is None:
            yield Vote("cast_argument", 2.0, argument.span)
    for word in facts.words:
        if word.word.rpartition(".")[2] in DTYPES:
            yield Vote("name", 1.0, word.span)
