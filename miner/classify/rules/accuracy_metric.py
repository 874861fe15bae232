"""Accuracy metric: replace the metric that measures correctness.

Paper: Table 2. Decided by the ``metrics`` of ``compile()``; by calls of metrics that come, go or take each other's
place; by another computation of a name such as ``accuracy``.

Does not match: a metric that is only printed or logged (monitor).

Matches::

    -model.compile(loss='mse', metrics=['accuracy'])
    +model.compile(loss='mse', metrics=['binary_accuracy'])

    -return accuracy_score(truth, guess)
    +return f1_score(truth, guess)

Near misses::

    -model.compile(loss='hinge', metrics=['mae'])
    +model.compile(loss='mse', metrics=['mae'])

    -print('best', best)
    +print('best accuracy so far', best)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import METRICS
from miner.classify.voting import Vote, arguments, calls, last_part

_TARGETS: Final = frozenset(
    {
        "accuracy",
        "acc",
        "correct",
        "correct_prediction",
        "correct_pred",
        "score",
        "metric",
        "metrics",
        "precision",
        "recall",
    }
    | {
        "f1",
        "iou",
        "train_acc",
        "test_acc",
        "val_acc",
        "train_accuracy",
        "test_accuracy",
        "val_accuracy",
        "accuracy_op",
    }
)
_KEYWORDS: Final = frozenset({"metrics", "weighted_metrics", "show_accuracy", "scoring"})
_CALLS: Final = METRICS - {"accuracy", "acc"} | {"accuracy"}

TRIGGERS: Final = _KEYWORDS | _TARGETS | METRICS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the reasons for a changed metric."""
    del library
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("argument", 3.0, argument.span)
    for call in calls(facts, _CALLS):
        yield Vote("call", 2.2 if call.kind is Kind.RENAMED else 1.6, call.span)
    for assignment in facts.assignments:
        if assignment.kind is Kind.CHANGED and last_part(assignment.target) in _TARGETS:
            yield Vote("assignment", 1.8, assignment.span)
    for token in facts.tokens:
        if {token.old, token.new} & METRICS:
            yield Vote("name", 1.5, token.span)
