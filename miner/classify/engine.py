"""From facts to ranked labels: every rule votes, every topic hints, and a model of few weights makes probabilities.

Votes for one pattern on one line count once, at their strongest; further lines add less and less, so that a long change
does not drown a short one. Topics (:mod:`miner.classify.topics`) are weak signs that decide where rules say little, and
what comes second and third; they alone make no first label. Below :data:`MIN_CONFIDENCE` the engine abstains: the
label is "unknown".
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from miner.classify.facts import Facts, Span, TopicFact
from miner.classify.reasons import at_place_of
from miner.classify.ruleset import current, pattern_weights
from miner.classify.scoring import probabilities
from miner.classify.signals import read_hunks
from miner.classify.taxonomies import PatternWeights
from miner.classify.version import RATER as RATER
from miner.classify.voting import Vote
from miner.model import Change, Evidence, Label

SCHEME: Final = "pattern"
UNKNOWN: Final = "unknown"
MIN_CONFIDENCE: Final = 0.1
"""Probability that the first label must have: what a vote gives that is little more than a hint."""

MIN_OTHER: Final = 0.01
"""Probability that a label after the third must have."""

AROUND: Final = 0.2
"""Share that the whole change has in the ranking of a fix in it: what is repaired together is related."""

MAX_EVIDENCE: Final = 10
"""Evidence rows that a label keeps, the strongest first."""

MANY_TOPICS: Final = "many"
"""The topic of a change that speaks of many: of the network as a whole."""

_MANY = 6
_FURTHER_LINES = 0.5


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen in a hunk: the votes of each rule that has some, strongest first, and each topic's first place.

    ``strengths`` are the sums of the rules' votes, ``probabilities`` those of all patterns.
    """

    votes: Mapping[str, tuple[Vote, ...]]
    topics: Mapping[str, Span]
    strengths: Mapping[str, float]
    probabilities: Mapping[str, float]


def classify(change: Change, library: str) -> tuple[Label, ...]:
    """Rank the fix patterns of a change to code of a library: rank 1 first, each with its evidence.

    The confidence is the pattern's probability. Below the first rank there may be patterns that nothing speaks for but
    that they are common (evidence "common"), up to three labels in all. A change that nothing is known of, or too
    little, gets exactly one label "unknown" without a confidence.
    """
    return judge([observe(facts, library) for _, facts in read_hunks(change, current().triggers)])


def observe(facts: Facts, library: str) -> Observation:
    """Collect what the rules and the topics say of a hunk."""
    votes = _votes(facts, library)
    # What both sides speak of is heard only where nothing else is.
    topics = _topics([fact for fact in facts.topics if not (fact.shared and votes)])
    strengths = {pattern: _strength(found) for pattern, found in votes.items()}
    return Observation(votes, topics, strengths, probabilities(strengths, topics))


def judge(seen: Sequence[Observation], around: Sequence[Observation] = ()) -> tuple[Label, ...]:
    """Rank the patterns by what was seen in the hunks of a fix: the surer a hunk is, the more it counts.

    :param around: what was seen in all hunks of the change that the fix is a part of. It has a share in the ranking,
        but the first label is one that the fix's own hunks speak for.
    """
    own = together(seen)
    found = _mixed(own, together(around))
    shown = _spoken_for(found, seen)
    elsewhere = _spoken_for(found, around) - shown
    voted = {pattern for hunk in seen for pattern in hunk.votes}
    first, *others = order(found, shown, elsewhere, voted=voted) or [UNKNOWN]
    if first == UNKNOWN:
        return (Label(SCHEME, UNKNOWN, 1, None, RATER, ()),)
    # The first is as sure as its own hunks are; the others share what that leaves.
    evidence = _evidence(first, seen)
    labels = [Label(SCHEME, first, 1, _confidence(own[first]), RATER, evidence)]
    left = (1 - own[first]) / (1 - found[first])
    for rank, pattern in enumerate(others, 2):
        # What the fix's own hunks do not speak for is never surer than the first.
        confidence = _confidence(min(left * found[pattern], own[first]))
        if pattern in shown:
            rows = _evidence(pattern, seen)
        elif pattern in elsewhere:
            rows = _elsewhere(_evidence(pattern, around))
        else:
            rows = _common(pattern, evidence[0])
        labels.append(Label(SCHEME, pattern, rank, confidence, RATER, rows))
    return tuple(labels)


def order(
    found: Mapping[str, float],
    shown: Collection[str],
    elsewhere: Collection[str] = (),
    weights: Mapping[str, PatternWeights] | None = None,
    *,
    voted: Collection[str],
) -> list[str]:
    """Give the patterns that become labels, likeliest first, by their probabilities; none where nothing is known.

    :param shown: the patterns that there is evidence for.
    :param voted: those of them that a rule votes for: the first is one, for topics alone are of most changes.
    :param elsewhere: the patterns that there is evidence for around the fix only.
    :param weights: of each pattern; those in force where none are given.
    """
    weights = weights or pattern_weights()
    first = max(sorted(voted), key=found.__getitem__, default=UNKNOWN)
    if first == UNKNOWN or found[first] < MIN_CONFIDENCE:
        return []
    others = [pattern for pattern in sorted(found, key=lambda pattern: -found[pattern]) if pattern != first]
    others = [pattern for pattern in others if pattern in shown or pattern in elsewhere or weights[pattern].bias > 0]
    return [
        first,
        *others[:2],
        *(pattern for pattern in others[2:] if pattern in shown and found[pattern] >= MIN_OTHER),
    ]


def surest(hunk: Observation) -> tuple[str, float]:
    """Give the first label that a hunk has by itself, and its confidence; "unknown" has none."""
    first = max(hunk.votes, key=hunk.probabilities.__getitem__, default=UNKNOWN)
    confidence = hunk.probabilities.get(first, 0.0)
    return (first, confidence) if confidence >= MIN_CONFIDENCE else (UNKNOWN, 0.0)


def together(seen: Sequence[Observation]) -> Mapping[str, float]:
    """Give the mean of the hunks' probabilities, each weighed by the highest of its own."""
    if len(seen) == 1:
        return seen[0].probabilities
    weights = [max(hunk.probabilities.values()) for hunk in seen]
    total = sum(weights)
    return {
        pattern: sum([weight * hunk.probabilities[pattern] for weight, hunk in zip(weights, seen, strict=True)]) / total
        for pattern, _ in (current().patterns if seen else ())
    }


def _spoken_for(patterns: Iterable[str], seen: Sequence[Observation]) -> set[str]:
    """Give the patterns that there is evidence for."""
    if not seen:
        return set()
    weights = pattern_weights()
    voted = set().union(*(hunk.votes for hunk in seen))
    topics = set().union(*(hunk.topics for hunk in seen))
    return {pattern for pattern in patterns if pattern in voted or not topics.isdisjoint(weights[pattern].topics)}


def _mixed(own: Mapping[str, float], around: Mapping[str, float]) -> Mapping[str, float]:
    if not around:
        return own
    return {pattern: (1 - AROUND) * share + AROUND * around[pattern] for pattern, share in own.items()}


def _elsewhere(rows: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Give the evidence of a pattern that only other hunks of the change speak for: the strongest, at its share."""
    return tuple(
        at_place_of(row, f"{row.rule.partition('.')[0]}.elsewhere", round(AROUND * row.weight, 2)) for row in rows[:1]
    )


def _common(pattern: str, shown: Evidence) -> tuple[Evidence, ...]:
    """Give the evidence of a pattern that is there for being common: its bias, at the place of the first label's."""
    return (at_place_of(shown, f"{pattern}.common", pattern_weights()[pattern].bias),)


def _confidence(probability: float) -> float:
    """Cut a probability to four digits; rounded ones could add up to more than 1."""
    return math.floor(probability * 10_000) / 10_000


def _votes(facts: Facts, library: str) -> dict[str, tuple[Vote, ...]]:
    """Give the votes of all rules, strongest first, one a line of code."""
    found: dict[str, tuple[Vote, ...]] = {}
    # Of a hunk that was not parsed the topics are all there is.
    for pattern, vote in current().patterns if len(facts) > len(facts.topics) else ():
        votes = list(vote(facts, library))
        if votes:
            # A user's rule may vote for a pattern that has one.
            found[pattern] = _one_a_line((*found.get(pattern, ()), *votes))
    return found


def _one_a_line(votes: Iterable[Vote]) -> tuple[Vote, ...]:
    strongest: dict[tuple[int, int, str, int], Vote] = {}
    for vote in votes:
        span = vote.span
        key = (span.file_no, span.hunk_no, span.side, span.line)
        if key not in strongest or vote.weight > strongest[key].weight:
            strongest[key] = vote
    return tuple(sorted(strongest.values(), key=lambda vote: -vote.weight))


def _strength(votes: Iterable[Vote]) -> float:
    """Add up weights that are sorted: the first in full, the others in a geometric series."""
    strength, share = 0.0, 1.0
    for vote in votes:
        strength += share * vote.weight
        share *= _FURTHER_LINES
    return strength


def _topics(facts: Iterable[TopicFact]) -> dict[str, Span]:
    first: dict[str, Span] = {}
    for fact in facts:
        first.setdefault(fact.topic, fact.span)
    if len(first) >= _MANY:
        first[MANY_TOPICS] = next(iter(first.values()))
    return first


def _evidence(pattern: str, seen: Sequence[Observation]) -> tuple[Evidence, ...]:
    votes = sorted((vote for hunk in seen for vote in hunk.votes.get(pattern, ())), key=lambda vote: -vote.weight)
    rows = [_row(f"{pattern}.{vote.reason}", vote.weight, vote.span) for vote in votes[:MAX_EVIDENCE]]
    weights = pattern_weights()[pattern].topics
    for topic in sorted(weights, key=lambda topic: -weights[topic]):
        spans = (hunk.topics[topic] for hunk in seen if topic in hunk.topics)
        rows += [_row(f"{pattern}.topic_{topic}", weights[topic], span) for span in islice(spans, 1)]
    return tuple(rows[:MAX_EVIDENCE])


def _row(rule: str, weight: float, span: Span) -> Evidence:
    return Evidence(rule, weight, span.text, span.side, span.start, span.end, span.file_no, span.hunk_no, span.line)
