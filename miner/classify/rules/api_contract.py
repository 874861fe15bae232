"""API contract: make the output of one API meet the precondition of another.

Paper: Table 2. Decided by an argument or value that is the old one wrapped in a conversion (``list(x)``,
``x.numpy()``, ``x.cpu()``, ``sess.run(x)``), by such conversions that come or go, and by arguments that say what a
call gives back (``return_sequences``).

Does not match: casts to another number type (data type) and new shapes (data dimension).

Matches::

    -model.fit_on(pairs)
    +model.fit_on(list(pairs))

    -axis.plot(prediction)
    +axis.plot(prediction.cpu().numpy())

Near misses::

    -return np.array(rows)
    +return np.array(rows).astype(np.float32)

    -figure.imshow(prediction)
    +figure.imshow(prediction.reshape(28, 28))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts
from miner.classify.vocabulary import CONTRACT_CALLS, SHAPE_CALLS
from miner.classify.voting import Vote, arguments, calls, wraps

_KEYWORDS: Final = frozenset(
    {"return_sequences", "return_state", "feed_dict", "logits", "labels", "from_logits", "data_format"}
    | {"is_training", "training", "sparse", "validate_shape", "class_mode", "device", "map_location"}
)
_WRAPPERS: Final = CONTRACT_CALLS - SHAPE_CALLS
_CONTAINERS: Final = frozenset(
    {"as_list", "cpu", "cuda", "eval", "item", "iter", "list", "next", "numpy", "tolist", "tuple"}
)

TRIGGERS: Final = _KEYWORDS | CONTRACT_CALLS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the conversions between one API and the next."""
    del library
    for argument in facts.arguments:
        if wraps(argument.old, argument.new):
            yield Vote("wrapped_argument", 2.4, argument.span)
    for assignment in facts.assignments:
        if wraps(assignment.old, assignment.new):
            yield Vote("wrapped_value", 1.8, assignment.span)
    for call in calls(facts, _WRAPPERS):
        is_sure = not _CONTAINERS.isdisjoint(call.shorts)
        yield Vote("conversion", 1.6 if is_sure else 1.0, call.span)
    for argument in arguments(facts, _KEYWORDS):
        yield Vote("argument", 1.6, argument.span)
