"""Neural connection: change node connectivity: weights, edges, backward propagation, merging, transfer learning.

Paper: Table 2. Decided by merge layers and matrix products that come or go; by what loads, sets, freezes, initialises
or hands on weights; by ``backward()`` and gradients; by another input for a layer of the functional style
(``Dense(8)(x)`` -> ``Dense(8)(y)``).

Does not match: a layer's own size or activation.

Matches::

    -layer.trainable = True
    +layer.trainable = False

    -joined = right
    +joined = Concatenate()([left, right])

Near misses::

    -return Dense(10, activation='sigmoid')(pooled)
    +return Dense(10, activation='softmax')(pooled)

    -words = Dense(5000)(hidden)
    +words = Dense(8000)(hidden)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import CONNECTION_CALLS, LAYERS, MERGES
from miner.classify.voting import Vote, arguments, calls, last_part

_KEYWORDS: Final = frozenset(
    {
        "weights",
        "trainable",
        "requires_grad",
        "include_top",
        "weights_path",
        "inputs",
        "outputs",
        "initial_state",
        "bias",
    }
    | {"use_bias", "retain_graph", "stateful", "var_list", "reuse", "kernel_initializer", "init"}
)
_TARGETS: Final = frozenset({"trainable", "requires_grad", "weights", "weight", "bias", "hidden", "w", "b", "params"})

TRIGGERS: Final = _KEYWORDS | _TARGETS | CONNECTION_CALLS | LAYERS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the reasons for a changed connection."""
    del library
    for call in calls(facts, CONNECTION_CALLS):
        yield Vote("merge" if call.short in MERGES else "weights", 1.6, call.span)
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("argument", 1.6, argument.span)
    for assignment in facts.assignments:
        if last_part(assignment.target) in _TARGETS:
            yield Vote("assignment", 1.4, assignment.span)
    for argument in facts.arguments:
        called = argument.short.removesuffix("()")
        if argument.kind is Kind.CHANGED and called != argument.short and called in LAYERS:
            yield Vote("layer_input", 2.2, argument.span)
    for word in facts.words:
        if "weights" in word.word or "params" in word.word:
            yield Vote("name", 0.5, word.span)
