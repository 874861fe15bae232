"""How likely each fix pattern is, by what its rule and the topics say: a multinomial logistic model of few weights.

Every pattern has three kinds of weights (``taxonomies/pattern_weights.toml``): how common it is, what its rule's full
strength is worth, and what each topic that may speak for it is worth. Nothing speaks against a pattern but for others.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Final

from miner.classify.ruleset import pattern_weights
from miner.classify.taxonomies import PatternWeights

FULL_STRENGTH: Final = 3.0
"""Strength of votes that counts as one: that of a vote that is as good as sure."""

MAX_STRENGTH: Final = 5.0


def probabilities(
    strengths: Mapping[str, float], topics: Collection[str], weights: Mapping[str, PatternWeights] | None = None
) -> dict[str, float]:
    """Give the probability of every pattern from the strengths of their rules' votes and the topics of a change.

    :param weights: of each pattern; those in force where none are given.
    """
    scores = {
        pattern: score(row, strengths.get(pattern, 0.0), topics)
        for pattern, row in (weights or pattern_weights()).items()
    }
    highest = max(scores.values())
    shares = {pattern: math.exp(value - highest) for pattern, value in scores.items()}
    total = sum(shares.values())
    return {pattern: share / total for pattern, share in shares.items()}


def score(weights: PatternWeights, strength: float, topics: Collection[str]) -> float:
    """Add up what speaks for a pattern, in log-odds."""
    told = sum([weight for topic, weight in weights.topics.items() if topic in topics]) if topics else 0.0
    return (weights.bias + weights.rule * rule_share(strength) if strength else weights.bias) + told


def rule_share(strength: float) -> float:
    """Give a strength as a share of the full one; what is above :data:`MAX_STRENGTH` adds nothing."""
    return min(strength, MAX_STRENGTH) / FULL_STRENGTH
