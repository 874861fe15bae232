"""From facts to ranked labels: every rule votes, votes are added up a pattern, the sums make confidences.

Votes for one pattern on one line count once, at their strongest; further lines add less and less, so that a long change
does not drown a short one. Below :data:`MIN_STRENGTH` the engine abstains: the label is "unknown".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from miner.classify.facts import Facts
from miner.classify.rules import PATTERNS, TRIGGERS
from miner.classify.signals import read
from miner.classify.version import RATER as RATER
from miner.classify.voting import Vote
from miner.model import Change, Evidence, Label

SCHEME: Final = "pattern"
UNKNOWN: Final = "unknown"
MIN_STRENGTH: Final = 0.75
"""Strength that the first label must have; a lone hint is no label."""

MAX_EVIDENCE: Final = 10
"""Evidence rows that a label keeps, the strongest first."""

_FURTHER_LINES = 0.5
_DOUBT = 1.0


def classify(change: Change, library: str) -> tuple[Label, ...]:
    """Rank the fix patterns of a change to code of a library: rank 1 first, each with its evidence.

    The confidence is a pattern's share of all strength, less some for doubt. A change that no rule votes on, or only
    weakly, gets exactly one label "unknown" without a confidence.
    """
    facts = read(change, TRIGGERS)
    votes = _votes(facts, library) if len(facts) else {}
    strengths = {pattern: _strength(found) for pattern, found in votes.items()}
    ranked = sorted(strengths, key=lambda pattern: -strengths[pattern])
    if not ranked or strengths[ranked[0]] < MIN_STRENGTH:
        return (Label(SCHEME, UNKNOWN, 1, None, RATER, ()),)
    total = sum(strengths.values()) + _DOUBT
    return tuple(
        Label(SCHEME, pattern, rank, round(strengths[pattern] / total, 4), RATER, _evidence(pattern, votes[pattern]))
        for rank, pattern in enumerate(ranked, 1)
    )


def _votes(facts: Facts, library: str) -> dict[str, list[Vote]]:
    """Give the votes of all rules, strongest first, one a line of code."""
    found: dict[str, list[Vote]] = {}
    for pattern, vote in PATTERNS:
        votes = _one_a_line(vote(facts, library))
        if votes:
            found[pattern] = votes
    return found


def _one_a_line(votes: Iterable[Vote]) -> list[Vote]:
    strongest: dict[tuple[int, int, str, int], Vote] = {}
    for vote in votes:
        span = vote.span
        key = (span.file_no, span.hunk_no, span.side, span.line)
        if key not in strongest or vote.weight > strongest[key].weight:
            strongest[key] = vote
    return sorted(strongest.values(), key=lambda vote: -vote.weight)


def _strength(votes: list[Vote]) -> float:
    """Add up weights that are sorted: the first in full, the others in a geometric series."""
    strength, share = 0.0, 1.0
    for vote in votes:
        strength += share * vote.weight
        share *= _FURTHER_LINES
    return strength


def _evidence(pattern: str, votes: list[Vote]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            f"{pattern}.{vote.reason}",
            vote.weight,
            vote.span.text,
            vote.span.side,
            vote.span.start,
            vote.span.end,
            vote.span.file_no,
            vote.span.hunk_no,
            vote.span.line,
        )
        for vote in votes[:MAX_EVIDENCE]
    )
