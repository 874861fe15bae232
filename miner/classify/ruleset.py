"""Which rules are in force in this process: those that ship with the package, and a user's own beside them.

The shipped rules are in force until :func:`use` says otherwise. A unit of work says which ones it was given before it
labels anything, so that a worker process, however it was started, labels with the same rules as its parent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from miner import settings
from miner.classify import userrules
from miner.classify.libraries import Catalogue
from miner.classify.rules import PATTERNS, TRIGGERS, RuleFunction
from miner.classify.rulesource import SHIPPED, RuleSource
from miner.classify.taxonomies import Entry, PatternWeights, taxonomy
from miner.classify.taxonomies import pattern_weights as fitted_weights
from miner.classify.userrules import Failure
from miner.classify.version import RATER, told_by
from miner.model import Label

DEFAULT_WEIGHTS: Final = PatternWeights(bias=-1.0, rule=4.0, topics={})
"""Of a rule that no weights were fitted for: rare, and likelier than not where its votes are as good as sure."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in force: pattern ids with their functions, what wakes them, their weights, and who signs their labels."""

    patterns: tuple[tuple[str, RuleFunction], ...]
    triggers: frozenset[str]
    weights: Mapping[str, PatternWeights]
    entries: tuple[Entry, ...]
    catalogue: Catalogue
    rater: str
    failures: list[Failure] = field(default_factory=list)


@cache
def ruleset(source: RuleSource) -> Ruleset:
    """Read the rules of a source, once a process.

    :raises RulesError: if a file of the user's folder is of the wrong form; it names file and line.
    :raises SettingsError: if the file of libraries is.
    """
    catalogue = Catalogue(settings.libraries(source.libraries_file))
    shipped = Ruleset(PATTERNS, TRIGGERS, _weights(PATTERNS, {}), taxonomy("fix_patterns"), catalogue, RATER)
    told = told_by(catalogue.libraries)
    read = [] if told == told_by(settings.libraries()) else [told]
    if source.rules_dir is None:
        return replace(shipped, rater=_rater(read))
    own = userrules.read(source.rules_dir, shipped.failures)
    patterns = (*PATTERNS, *own.patterns)
    return replace(
        shipped,
        patterns=patterns,
        triggers=TRIGGERS | own.triggers,
        weights=_weights(patterns, own.weights),
        entries=(*shipped.entries, *own.entries),
        rater=_rater([*read, own.digest]),
    )


_current: list[Ruleset] = []


def use(source: RuleSource) -> Ruleset:
    """Put the rules of a source in force in this process, and give them.

    :raises SettingsError: as :func:`ruleset`.
    """
    _current[:] = [ruleset(source)]
    return _current[0]


def current() -> Ruleset:
    """Give the rules in force."""
    return _current[0] if _current else use(SHIPPED)


def pattern_weights() -> Mapping[str, PatternWeights]:
    """Give the weights of each pattern in force, by its id."""
    return current().weights


def signed(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Give labels with the name of the rules in force as their rater."""
    rater = current().rater
    return tuple(label if label.rater == rater else replace(label, rater=rater) for label in labels)


def take_failures() -> list[Failure]:
    """Give what users' rules failed over since this was last asked, each rule once."""
    failures = current().failures
    found = list({failure.where: failure for failure in failures}.values())
    failures.clear()
    return found


def _weights(
    patterns: Iterable[tuple[str, RuleFunction]], own: Mapping[str, PatternWeights]
) -> dict[str, PatternWeights]:
    known = {**fitted_weights(), **own}
    return {**known, **{pattern: DEFAULT_WEIGHTS for pattern, _ in patterns if pattern not in known}}


def _rater(own: list[str]) -> str:
    """Name the shipped rules and what the user changed: folders of the same content have the same name anywhere."""
    return f"{RATER}+own.{hashlib.sha256(repr(own).encode()).hexdigest()[:10]}" if own else RATER
