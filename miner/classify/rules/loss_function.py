"""Loss function: add, remove or replace the loss function.

Paper: Table 2. Decided by the ``loss`` of ``compile()``; by calls of loss functions that come, go or take each
other's place; by another value for a name such as ``loss`` or ``criterion``; by a loss's name in the changed lines.

Does not match: a loss that is only printed, summed up, read out (``loss.item()``) or sent backwards.

Matches::

    -net.compile(loss='mse', optimizer=opt)
    +net.compile(loss='categorical_crossentropy', optimizer=opt)

    -criterion = nn.BCELoss()
    +criterion = nn.BCEWithLogitsLoss()

Near misses::

    -print('loss %f' % loss.item())
    +print('step %d loss %f' % (number, loss.item()))

    -score.backward()
    +score.backward(retain_graph=True)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import LOSSES
from miner.classify.voting import Vote, arguments, calls, last_part

_NAMES: Final = frozenset({"loss", "losses", "criterion", "cost", "objective", "loss_fn", "loss_func", "loss_weights"})
_PLAIN: Final = LOSSES - {"hinge", "poisson", "mape", "squared_error"}

TRIGGERS: Final = _NAMES | LOSSES


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the reasons for a changed loss function."""
    del library
    for argument in arguments(facts, _NAMES):
        yield Vote("argument", 3.0 if argument.short in ("compile", "") else 1.5, argument.span)
    for call in calls(facts, LOSSES):
        yield Vote("call", 2.5 if call.kind is Kind.RENAMED else 2.0, call.span)
    for assignment in facts.assignments:
        if last_part(assignment.target) in _NAMES and not _reads_out(assignment.old, assignment.new):
            yield Vote("assignment", 1.6 if assignment.kind is Kind.CHANGED else 0.9, assignment.span)
    for word in facts.words:
        if word.word in _PLAIN:
            yield Vote("name", 0.8, word.span)


def _reads_out(old: str, new: str) -> bool:
    return any(value.endswith((".item()", ".data[0]", ".backward()")) for value in (old, new))
