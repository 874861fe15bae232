"""Monitor: add diagnostics to training.

Paper: Table 2. Decided by output, logging, summaries, progress and callbacks that come or go, and by their arguments.

Does not match: the metric itself (accuracy metric), or a value that is only converted to be shown (API contract).

Matches::

    -model.fit(x, y, epochs=50)
    +model.fit(x, y, epochs=50, callbacks=[TensorBoard()])

    +print('step', step, 'loss', loss.item())

Near misses::

    -model.compile(loss='mse', metrics=['mae'])
    +model.compile(loss='mse', metrics=['accuracy'])

    -return optim.Adam(net.parameters(), lr=0.1)
    +return optim.Adam(net.parameters(), lr=0.0002)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts
from miner.classify.vocabulary import MONITOR_CALLS
from miner.classify.voting import Vote, arguments, calls, wraps

_KEYWORDS: Final = frozenset({"callbacks", "verbose", "log_dir", "monitor", "patience", "summaries", "save_best_only"})

TRIGGERS: Final = _KEYWORDS | MONITOR_CALLS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changed diagnostics."""
    del library
    for call in calls(facts, MONITOR_CALLS):
        yield Vote("call", 1.6, call.span)
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("argument", 2.4, argument.span)
    for argument in facts.arguments:
        is_converted = wraps(argument.old, argument.new)
        if argument.short in MONITOR_CALLS and argument.keyword not in _KEYWORDS and not is_converted:
            yield Vote("call_argument", 1.4, argument.span)
    for statement in facts.statements:
        if statement.what == "print":
            yield Vote("print", 1.6, statement.span)
