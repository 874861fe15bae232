"""The layers that a hunk constructs before and after a change, in order: which came, went, gave way or were changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from miner.classify.facts import Facts, Kind, LayerFact, SideName, Span
from miner.classify.parsing import Call, Where
from miner.classify.taxonomies import renames
from miner.classify.vocabulary import ACTIVATIONS, LAYERS

SpanOf = Callable[[SideName, Where], Span]
"""Makes the span of a place of a side."""

CONSTRUCTORS: Final = LAYERS - ACTIVATIONS - {"Lambda", "View"}
"""Layers that make a network another one."""

MAX_LAYERS: Final = 60
"""Layers of a side that are compared: aligning costs the product of both sides."""


def compare(found: Facts, old: Sequence[Call], new: Sequence[Call], span_of: SpanOf) -> None:
    """Add what became of the layers of one hunk to ``found``."""
    before, after = _layers(old), _layers(new)
    if not before and not after:
        return
    matcher = SequenceMatcher(None, [_name(call) for call in before], [_name(call) for call in after], autojunk=False)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        for was, now in _pairs(before[start:end], after[new_start:new_end]):
            fact = _fact(was, now, span_of)
            if fact is not None:
                found.layers.append(fact)


def _layers(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if call.short in CONSTRUCTORS][:MAX_LAYERS]


def _pairs(before: Sequence[Call], after: Sequence[Call]) -> Iterator[tuple[Call | None, Call | None]]:
    common = min(len(before), len(after))
    yield from zip(before[:common], after[:common], strict=True)
    yield from ((call, None) for call in before[common:])
    yield from ((None, call) for call in after[common:])


def _fact(was: Call | None, now: Call | None, span_of: SpanOf) -> LayerFact | None:
    if now is None:
        return LayerFact(Kind.REMOVED, was.short, was.short, span_of("old", was.place())) if was else None
    span = span_of("new", now.place())
    if was is None:
        return LayerFact(Kind.ADDED, now.short, "", span)
    if _name(was) != _name(now):
        return LayerFact(Kind.RENAMED, now.short, was.short, span)
    if [a.value for a in was.arguments] == [a.value for a in now.arguments]:
        return None
    return LayerFact(Kind.CHANGED, now.short, was.short, span)


def _name(call: Call) -> str:
    """Give a layer's name, the newest where its library renamed it."""
    return _newest(call.short)


@cache
def _newest(short: str) -> str:
    named = next((entry.new for entry in renames("symbols").get(short, ()) if entry.new in CONSTRUCTORS), short)
    return named.lower().replace("_", "")
