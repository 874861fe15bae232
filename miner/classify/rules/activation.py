"""Activation: change an activation function.

Paper: Table 2. Decided by ``activation`` arguments; by activations that are called, or named as a string, on one side
only.

Does not match: a layer with an activation that is added as a whole (add layer).

Matches::

    -model.add(Dense(1, activation='relu'))
    +model.add(Dense(1, activation='sigmoid'))

    -hidden = F.softmax(self.second(hidden))
    +hidden = F.log_softmax(self.second(hidden))

Near misses::

    -self.second = nn.Linear(32, 2)
    +self.second = nn.Linear(64, 2)

     model.add(Dense(16, activation='tanh'))
    +model.add(Dense(8, activation='tanh'))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import ACTIVATIONS, LAYERS
from miner.classify.voting import Vote, arguments, calls, last_part

_KEYWORDS: Final = frozenset(
    {"activation", "activation_fn", "nonlinearity", "recurrent_activation", "inner_activation", "act", "negative_slope"}
)
_FUNCTIONS: Final = ACTIVATIONS - LAYERS

TRIGGERS: Final = _KEYWORDS | ACTIVATIONS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changed activations."""
    del library
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("argument", 3.0, argument.span)
    for argument in facts.arguments:
        if argument.short in ACTIVATIONS and argument.keyword not in ("dim", "axis", "inplace"):
            yield Vote("call_argument", 1.5, argument.span)
    for call in calls(facts, _FUNCTIONS):
        yield Vote("call", 2.4 if call.kind is Kind.RENAMED else 1.8, call.span)
    for token in facts.tokens:
        if last_part(token.old) in _LOWER and last_part(token.new) in _LOWER:
            yield Vote("name", 2.0, token.span)


_LOWER: Final = frozenset(name.lower() for name in ACTIVATIONS)
