from __future__ import annotations

import pytest

from miner.classify.rules import RULES, pattern_of
from miner.classify.scoring import MAX_STRENGTH, probabilities
from miner.classify.taxonomies import pattern_weights, topics
from miner.classify.topics import INDEX, SLICE

KNOWN_TOPICS = {topic for found in topics().values() for topic in found} | {SLICE, INDEX, "many"}


def test_probabilities_are_of_all_patterns_and_add_up() -> None:
    """Every pattern has a probability, whatever was seen."""
    found = probabilities({"loss_function": 2.0}, {"loss", "shape"})
    assert found.keys() == {pattern_of(rule) for rule in RULES}
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("pattern", [pattern_of(rule) for rule in RULES])
def test_its_rule_makes_a_pattern_likelier(pattern: str) -> None:
    """Votes of a pattern's rule speak for it, up to the highest strength that counts."""
    found = [probabilities({pattern: strength}, ())[pattern] for strength in (0.0, 1.5, 3.0, MAX_STRENGTH, 9.0)]
    assert found[:4] == sorted(set(found[:4]))
    assert found[3] == found[4]


def test_weights_name_known_topics_and_none_speaks_against() -> None:
    """Weights are of topics that exist, and none is negative."""
    for row in pattern_weights().values():
        assert row.topics.keys() <= KNOWN_TOPICS
        assert row.rule > 0
        assert all(weight > 0 for weight in row.topics.values())
