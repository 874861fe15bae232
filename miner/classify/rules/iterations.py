"""Iterations: change how often training runs: batch size, epochs, a loop.

Paper: Table 2. Decided by arguments and names of epochs, steps and batch size that are given or changed, and by the
loop that training stands in.

Does not match: ``nb_epoch`` that became ``epochs`` (versioning).

Matches::

    -model.fit(x, y, epochs=2)
    +model.fit(x, y, epochs=100)

    -batch_size = 1024
    +batch_size = 64

Near misses::

    -model.fit(x, y, nb_epoch=100)
    +model.fit(x, y, epochs=100)

    -pyplot.savefig('curve.pdf')
    +pyplot.savefig('curve.png')
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import ITERATION_NAMES
from miner.classify.voting import Vote, arguments, changed_assignments, last_part

TRIGGERS: Final = ITERATION_NAMES


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the changes to how often training runs."""
    del library
    for argument in arguments(facts, ITERATION_NAMES):
        yield Vote("argument", 2.4, argument.span)
    for assignment in changed_assignments(facts, ITERATION_NAMES):
        yield Vote("assignment", 2.2, assignment.span)
    for argument in facts.arguments:
        if argument.short in ("range", "xrange") and argument.kind is not Kind.RENAMED:
            yield Vote("range", 1.4, argument.span)
    for statement in facts.statements:
        if statement.what in ("for", "while"):
            trains = any(word in statement.span.text for word in ("epoch", "iter", "batch", "step"))
            yield Vote("loop", 1.6 if trains else 0.5, statement.span)
    for word in facts.words:
        if last_part(word.word) in ITERATION_NAMES:
            yield Vote("name", 0.7, word.span)
