"""What a rule sees and gives: helpers over the facts, and votes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from miner.classify.facts import ArgumentFact, AssignmentFact, CallFact, Facts, Kind, Span
from miner.classify.vocabulary import SHAPE_CALLS, TYPE_CALLS


class Vote(NamedTuple):
    """One reason for a pattern: ``reason`` names it within its rule; ``weight`` 1 is a hint, 3 is as good as sure."""

    reason: str
    weight: float
    span: Span


def calls(facts: Facts, names: Collection[str]) -> list[CallFact]:
    """Give the calls added, removed or renamed whose short name, new or old, is one of the names."""
    return [call for call in facts.calls if call.short in names or (call.old_name and call.old_short in names)]


def arguments(facts: Facts, keywords: Collection[str], short: Collection[str] | None = None) -> list[ArgumentFact]:
    """Give the changes of arguments with one of the keywords, of calls with one of the short names (None: of any)."""
    return [
        argument
        for argument in facts.arguments
        if argument.keyword in keywords
        and argument.kind is not Kind.RENAMED
        and (short is None or argument.short in short)
    ]


def changed_assignments(facts: Facts, targets: Collection[str]) -> list[AssignmentFact]:
    """Give the assignments that changed their value and whose target's last part, lowered, is one of the targets."""
    return [
        assignment
        for assignment in facts.assignments
        if assignment.kind is Kind.CHANGED and last_part(assignment.target) in targets
    ]


def last_part(name: str) -> str:
    """Give the last part of a dotted name, lowered and without underscores at its ends."""
    return name.rpartition(".")[2].lower().strip("_")


def wraps(old: str, new: str) -> bool:
    """Tell whether one value is the other with a call around or behind it that makes no other type or shape."""
    short, long = sorted((old, new), key=len)
    if not short or short == long or not long.endswith(")") or short not in long:
        return False
    called = long.replace(short, "", 1).replace("(", ".").strip(".) ").rpartition(".")[2]
    return called.isidentifier() and called not in TYPE_CALLS and called not in SHAPE_CALLS
