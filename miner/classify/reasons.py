"""Reasons for the values of a scheme, and the ranked labels that they add up to.

Reasons that name one line count once, at their strongest; further ones of a value add less and less. A doubt always
stands beside the values, so that one weak reason gives no confident label; a scheme in which no value reaches
:data:`MIN_CONFIDENCE` says "unknown".
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from miner.classify.version import RATER
from miner.model import Evidence, Label

UNKNOWN: Final = "unknown"
DOUBT: Final = 1.0
"""What speaks for no value at all where code shows the reasons: as much as one plain one."""

WORDS_DOUBT: Final = 1.5
"""The same where words do: they may be of something else."""

MIN_CONFIDENCE: Final = 0.2
"""Confidence that the first label of a scheme of which one value is right must have."""

MAX_EVIDENCE: Final = 5
"""Evidence rows that a label keeps, the strongest first."""

MAX_LABELS: Final = 5
"""Labels of a scheme, "unknown" included."""

_FURTHER = 0.5


class Reason(NamedTuple):
    """One reason for a value, with what it matched; its weight is the evidence's: 1 is a hint, 3 as good as sure."""

    value: str
    evidence: Evidence


def at_place_of(shown: Evidence, rule: str, weight: float) -> Evidence:
    """Give the evidence of another rule that the same place shows."""
    return Evidence(
        rule, weight, shown.text, shown.side, shown.start, shown.end, shown.file_no, shown.hunk_no, shown.line
    )


def ranked(
    scheme: str,
    reasons: Iterable[Reason],
    *,
    more: float = _FURTHER,
    doubt: float = DOUBT,
    least: float = MIN_CONFIDENCE,
) -> tuple[Label, ...]:
    """Rank the values of a scheme by their reasons; exactly one label "unknown" where they tell too little.

    :param more: the share of a reason's weight that counts if another of its value is stronger, to the power of how
        many are.
    :param doubt: the weight that stands beside those of all values.
    :param least: the confidence that the first label must have.
    """
    rows: dict[str, list[Evidence]] = defaultdict(list)
    for value, evidence in reasons:
        rows[value].append(evidence)
    found = {value: _one_a_line(spans) for value, spans in rows.items()}
    strengths = {value: _strength(spans, more) for value, spans in found.items()}
    total = math.fsum(strengths.values()) + doubt
    order = sorted(strengths, key=lambda value: (-strengths[value], value))[:MAX_LABELS]
    if not order or strengths[order[0]] / total < least:
        return (Label(scheme, UNKNOWN, 1, None, RATER, ()),)
    return tuple(
        Label(scheme, value, rank, _cut(strengths[value] / total), RATER, found[value][:MAX_EVIDENCE])
        for rank, value in enumerate(order, 1)
    )


def _one_a_line(spans: Sequence[Evidence]) -> tuple[Evidence, ...]:
    strongest: dict[object, Evidence] = {}
    for span in spans:
        key = span.rule if span.line is None else (span.file_no, span.hunk_no, span.side, span.line)
        if key not in strongest or span.weight > strongest[key].weight:
            strongest[key] = span
    return tuple(sorted(strongest.values(), key=lambda span: -span.weight))


def _strength(spans: Iterable[Evidence], more: float) -> float:
    strength, share = 0.0, 1.0
    for span in spans:
        strength += share * span.weight
        share *= more
    return strength


def _cut(confidence: float) -> float:
    """Cut to four digits; rounded ones could add up to more than 1."""
    return math.floor(confidence * 10_000) / 10_000
