"""Optimizer: change the optimization function.

Paper: Table 2. Decided by the ``optimizer`` of ``compile()``; by optimizers that come, go or take each other's place;
by their learning rate, momentum and decay.

Does not match: ``optimizer.step()`` and other calls of an optimizer that stays.

Matches::

    -net.compile(loss='mse', optimizer='adadelta')
    +net.compile(loss='mse', optimizer='adam')

    -return optim.SGD(net.parameters(), lr=0.01)
    +return optim.Adam(net.parameters(), lr=0.01)

Near misses::

    -net.compile(loss='mse', optimizer='adam')
    +net.compile(loss='binary_crossentropy', optimizer='adam')

     optimizer.step()
    -print(loss)
    +print(loss.item())
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import OPTIMIZERS
from miner.classify.voting import Vote, arguments, calls, changed_assignments, last_part

_ARGUMENTS: Final = frozenset({"optimizer", "optimiser", "opt"})
_KEYWORDS: Final = frozenset(
    {"lr", "learning_rate", "momentum", "decay", "weight_decay", "nesterov", "clipnorm", "betas"}
)
_RATES: Final = frozenset({"lr", "learning_rate", "learningrate", "momentum", "weight_decay", "base_lr", "learn_rate"})
_TARGETS: Final = frozenset({"optimizer", "opt", "optim", "train_op", "train_step", "optimiser", "solver", "updates"})
_ASSIGNED: Final = _RATES | _TARGETS
_LOWER: Final = frozenset(name.lower() for name in OPTIMIZERS)

TRIGGERS: Final = _ARGUMENTS | _KEYWORDS | _RATES | _TARGETS | OPTIMIZERS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the reasons for a changed optimizer."""
    del library
    for argument in arguments(facts, _ARGUMENTS):
        yield Vote("argument", 3.0, argument.span)
    for call in calls(facts, OPTIMIZERS):
        yield Vote("call", 2.6 if call.kind is Kind.RENAMED else 2.0, call.span)
    for argument in facts.arguments:
        if argument.kind is not Kind.RENAMED and (argument.short in OPTIMIZERS or argument.keyword in _KEYWORDS):
            yield Vote("rate", 2.2, argument.span)
    for assignment in changed_assignments(facts, _ASSIGNED):
        yield Vote("assignment", 2.2, assignment.span)
    for token in facts.tokens:
        if last_part(token.new) in _LOWER or last_part(token.old) in _LOWER:
            yield Vote("name", 1.8, token.span)
