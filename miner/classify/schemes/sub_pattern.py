"""Sub-pattern: which variety of its fix pattern a fix is, where the paper tells varieties.

Given to fixes whose first pattern has some: ``data_dimension.reshape``. Decided by the names in
``taxonomies/sub_patterns.toml`` among the calls, arguments, targets and names that changed; a resize that names its
sizes goes the way that the numbers go. A loss function is changed where one stood before, else added. A new version
is a qualified name, a signature, or another library, by how the versioning rule knew it.

Does not decide: a fix whose pattern is only a topic's, or that shows none of the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from miner.classify.facts import CallFact, Facts, Kind, Span
from miner.classify.reasons import Reason, ranked
from miner.classify.rules import versioning
from miner.classify.taxonomies import table
from miner.classify.vocabulary import ACTIVATIONS, LAYERS, LOSSES
from miner.classify.voting import arguments, calls, last_part
from miner.model import Evidence, Label

SCHEME: Final = "sub_pattern"

_RESIZES: Final = frozenset(
    {"resize", "imresize", "resize_images", "interpolate", "Resize", "rescale", "Rescale", "thumbnail"}
)
_SIZES: Final = frozenset({"size", "target_size", "image_size", "img_size", "output_size", "new_size", "scale_factor"})
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_LOSS_NAMES: Final = frozenset({"loss", "criterion", "cost", "objective", "loss_fn", "loss_func"})
_SIGNATURES: Final = frozenset({"signature", "renamed_keyword", "removed_keyword", "upgraded_keyword", "reordered"})
_LIBRARIES: Final = frozenset({"keras", "tensorflow", "tf", "torch", "theano", "lasagne", "caffe"})

_Found = Iterator[tuple[str, str, float, Span]]


def labels(patterns: tuple[Label, ...], facts: Sequence[Facts], library: str) -> tuple[Label, ...]:
    """Rank the sub-patterns of the first pattern; no label where that has none."""
    first = patterns[0].value if patterns else ""
    speaks = _OF.get(first)
    if speaks is None:
        return ()
    reasons = [
        Reason(f"{first}.{value}", _evidence(f"{SCHEME}.{first}.{rule}", weight, span))
        for found in facts
        for value, rule, weight, span in speaks(found, library)
    ]
    return ranked(SCHEME, reasons)


def _evidence(rule: str, weight: float, span: Span) -> Evidence:
    return Evidence(rule, weight, span.text, span.side, span.start, span.end, span.file_no, span.hunk_no, span.line)


@cache
def _names(pattern: str, kind: str) -> Mapping[str, str]:
    """Give the sub-pattern that each name of a kind, "calls" or "names", speaks for."""
    return {name: value for value, kinds in table("sub_patterns")[pattern].items() for name in kinds[kind].split()}


def _by_names(pattern: str, facts: Facts) -> _Found:
    called, named = _names(pattern, "calls"), _names(pattern, "names")
    for call in facts.calls:
        value = called.get(call.short) or called.get(call.old_short)
        if value:
            yield value, "call", 2.0, call.span
    for argument in facts.arguments:
        if argument.short in called:
            yield called[argument.short], "call_argument", 1.6, argument.span
        elif argument.keyword and argument.keyword in named:
            yield named[argument.keyword], "argument", 1.6, argument.span
    for assignment in facts.assignments:
        value = named.get(last_part(assignment.target))
        if value:
            yield value, "assignment", 1.2, assignment.span
    for word in facts.words:
        value = named.get(word.word.rpartition(".")[2])
        if value:
            yield value, "name", 0.8, word.span


def _data_dimension(facts: Facts, library: str) -> _Found:
    del library
    yield from _by_names("data_dimension", facts)
    for argument in facts.arguments:
        if argument.short in _RESIZES or argument.keyword in _SIZES:
            direction = _direction(argument.old, argument.new)
            if direction:
                yield direction, "size", 2.4, argument.span
    for assignment in facts.assignments:
        if last_part(assignment.target) in _SIZES:
            direction = _direction(assignment.old, assignment.new)
            if direction:
                yield direction, "size", 1.8, assignment.span


def _direction(old: str, new: str) -> str:
    """Tell which way the numbers of two sizes go; "" where there are none, or as many, or both ways."""
    before, after = ([float(number) for number in _NUMBER.findall(text)] for text in (old, new))
    if not before or len(before) != len(after) or before == after:
        return ""
    if all(now <= was for was, now in zip(before, after, strict=True)):
        return "resize_down"
    return "resize_up" if all(now >= was for was, now in zip(before, after, strict=True)) else ""


def _neural_connection(facts: Facts, library: str) -> _Found:
    del library
    yield from _by_names("neural_connection", facts)
    for argument in facts.arguments:
        called = argument.short.removesuffix("()")
        if argument.kind is Kind.CHANGED and called != argument.short and called in LAYERS:
            yield "feedback_loop_or_input_layer", "layer_input", 1.6, argument.span


def _loss_function(facts: Facts, library: str) -> _Found:
    del library
    called = list(calls(facts, LOSSES))
    had = any(call.kind is not Kind.ADDED for call in called)
    for call in called:
        yield "change" if had else "add", "call", 2.0, call.span
    for argument in arguments(facts, _LOSS_NAMES):
        yield "add" if argument.kind is Kind.ADDED else "change", "argument", 2.0, argument.span
    for assignment in facts.assignments:
        if last_part(assignment.target) in _LOSS_NAMES:
            yield "add" if assignment.kind is Kind.ADDED else "change", "assignment", 1.6, assignment.span
    for token in facts.tokens:
        if {token.old, token.new} & LOSSES:
            yield "change", "name", 2.0, token.span


def _add_layer(facts: Facts, library: str) -> _Found:
    del library
    for call in facts.calls:
        if call.kind is Kind.ADDED and call.short in LAYERS - ACTIVATIONS:
            yield "dropout" if "ropout" in call.short else "other_layer", "call", 2.0, call.span


def _versioning(facts: Facts, library: str) -> _Found:
    called, named = _names("versioning", "calls"), _names("versioning", "names")
    for call in facts.calls:
        if _between(call):
            yield "between_libraries", "call", 2.4, call.span
        elif call.short in called:
            yield called[call.short], "call", 1.0, call.span
    for argument in facts.arguments:
        if argument.keyword and argument.keyword in named:
            yield named[argument.keyword], "argument", 1.4, argument.span
        elif argument.short in called:
            yield called[argument.short], "call_argument", 1.4, argument.span
    for vote in versioning.vote(facts, library):
        reason = vote.reason.partition("@")[0]
        yield "signature" if reason in _SIGNATURES else "qualified_name", reason, min(vote.weight, 2.0), vote.span
    gone = {fact.target.partition(".")[0] for fact in facts.imports if fact.kind is Kind.REMOVED} & _LIBRARIES
    for fact in facts.imports:
        head = fact.target.partition(".")[0]
        if fact.kind is Kind.ADDED and head in _LIBRARIES and gone and head not in gone:
            yield "between_libraries", "import", 2.4, fact.span


def _between(call: CallFact) -> bool:
    """Tell whether a call took the place of one of another library."""
    old, new = call.old_name.partition(".")[0], call.name.partition(".")[0]
    return old != new and old in _LIBRARIES and new in _LIBRARIES and {old, new} != {"tf", "tensorflow"}


_OF: Final[Mapping[str, Callable[[Facts, str], _Found]]] = {
    "data_dimension": _data_dimension,
    "neural_connection": _neural_connection,
    "loss_function": _loss_function,
    "add_layer": _add_layer,
    "versioning": _versioning,
}
"""The patterns that have sub-patterns, each with what speaks for them."""
