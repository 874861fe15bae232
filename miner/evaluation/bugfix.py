"""Judges labelled commit messages, and counts how often the judgement is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from miner.classify.bugfix import judge
from miner.evaluation.figures import Confusion
from miner.evaluation.labels import LabelledMessage
from miner.model import BugFixVerdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled message with the verdict on it."""

    row: LabelledMessage
    verdict: BugFixVerdict


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The counts at a threshold, and what was judged wrongly there, the most confident errors first."""

    threshold: float
    confusion: Confusion
    errors: tuple[Judged, ...]


def evaluate(rows: Iterable[LabelledMessage], threshold: float) -> Evaluation:
    """Judge every message; from the threshold on a score says bug fix."""
    return compare([Judged(row, judge(row.message)) for row in rows], threshold)


def compare(judged: Iterable[Judged], threshold: float) -> Evaluation:
    """Count verdicts against the labels beside them."""
    counts = {(said, true): 0 for said in (True, False) for true in (True, False)}
    errors = []
    for item in judged:
        said = item.verdict.score >= threshold
        counts[said, item.row.is_bug_fix] += 1
        if said != item.row.is_bug_fix:
            errors.append(item)
    # Stable: equally confident errors stay in the order of the label set.
    errors.sort(key=lambda item: -abs(item.verdict.score - threshold))
    confusion = Confusion(counts[True, True], counts[True, False], counts[False, True], counts[False, False])
    return Evaluation(threshold, confusion, tuple(errors))
