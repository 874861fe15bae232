"""The rules, one module a fix pattern. A new rule is a module here, its fixtures, and one line in :data:`RULES`.

A module has ``vote(facts, library)``, which gives its votes, and ``TRIGGERS``, the names that it looks for: hunks
without any rule's trigger are not parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Final

from miner.classify.facts import Facts
from miner.classify.rules import (
    accuracy_metric,
    activation,
    add_layer,
    api_contract,
    change_neural_architecture,
    data_dimension,
    data_type,
    data_wrangling,
    iterations,
    layer_dimension,
    loss_function,
    monitor,
    neural_connection,
    optimizer,
    versioning,
)
from miner.classify.voting import Vote

RuleFunction = Callable[[Facts, str], Iterator[Vote]]

RULES: Final[tuple[ModuleType, ...]] = (
    loss_function,
    neural_connection,
    add_layer,
    layer_dimension,
    data_dimension,
    accuracy_metric,
    data_type,
    activation,
    iterations,
    versioning,
    api_contract,
    data_wrangling,
    monitor,
    optimizer,
    change_neural_architecture,
)
"""In the order of the paper's Table 2."""


def pattern_of(rule: ModuleType) -> str:
    """Give the id of the pattern that a rule votes for: the name of its module."""
    return rule.__name__.rpartition(".")[2]


# Words of prose and one-letter names: alone they would let most hunks through.
_TOO_COMMON: Final = frozenset({"to", "f", "t", "b", "w", "np", "time", "name", "scale", "add"})

TRIGGERS: Final = frozenset(word.rpartition(".")[2].lower() for rule in RULES for word in rule.TRIGGERS) - _TOO_COMMON
"""Words, lowered, of which one must stand in a hunk's changed lines for any rule to have something to say."""

PATTERNS: Final[tuple[tuple[str, RuleFunction], ...]] = tuple((pattern_of(rule), rule.vote) for rule in RULES)
"""Each pattern's id and the function that votes for it."""
