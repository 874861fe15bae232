"""The rules, one module a fix pattern: a pattern of ``taxonomies/fix_patterns.toml`` has its module of that name here.

A module has ``vote(facts, library)``, which gives its votes, and ``TRIGGERS``, the names that it looks for: hunks
without any rule's trigger are not parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Final

from miner.classify.facts import Facts
from miner.classify.taxonomies import taxonomy
from miner.classify.voting import Vote

RuleFunction = Callable[[Facts, str], Iterator[Vote]]

RULES: Final[tuple[ModuleType, ...]] = tuple(
    import_module(f"{__name__}.{entry.id}") for entry in taxonomy("fix_patterns")
)
"""In the order of the paper's Table 2, which is that of the taxonomy."""


def pattern_of(rule: ModuleType) -> str:
    """Give the id of the pattern that a rule votes for: the name of its module."""
    return rule.__name__.rpartition(".")[2]


# Words of prose and one-letter names: alone they would let most hunks through.
_TOO_COMMON: Final = frozenset({"to", "f", "t", "b", "w", "np", "time", "name", "scale", "add"})

TRIGGERS: Final = frozenset(word.rpartition(".")[2].lower() for rule in RULES for word in rule.TRIGGERS) - _TOO_COMMON
"""Words, lowered, of which one must stand in a hunk's changed lines for any rule to have something to say."""

PATTERNS: Final[tuple[tuple[str, RuleFunction], ...]] = tuple((pattern_of(rule), rule.vote) for rule in RULES)
"""Each pattern's id and the function that votes for it."""
