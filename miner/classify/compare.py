"""Compares what a fragment held before and after a change: equal things cancel out, the rest is facts.

A call is matched with the call of the same name on the other side, else with one that stands in its place: the same
arguments or the same enclosing call. An argument whose value differs by a call that is reported itself is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from miner.classify import layers
from miner.classify.facts import (
    ArgumentFact,
    AssignmentFact,
    CallFact,
    Facts,
    ImportFact,
    Kind,
    SideName,
    Span,
    StatementFact,
)
from miner.classify.layers import SpanOf
from miner.classify.parsing import Argument, Assignment, Call, Parsed, Statement

_T = TypeVar("_T")


def compare(found: Facts, old: Parsed, new: Parsed, span_of: SpanOf) -> None:
    """Add the facts of one hunk's two sides to ``found``."""
    _calls(found, old.calls, new.calls, span_of)
    layers.compare(found, old.calls, new.calls, span_of)
    _assignments(found, old.assignments, new.assignments, span_of)
    _imports(found, old, new, span_of)
    _statements(found, old.statements, new.statements, span_of)


def _unmatched(items: Sequence[_T], others: Sequence[_T], key: Callable[[_T], str]) -> list[_T]:
    """Give the items that have no equal among the others, counted."""
    if not items or not others:
        return list(items)
    equal: dict[str, int] = {}
    for told in map(key, others):
        equal[told] = equal.get(told, 0) + 1
    rest = []
    for item in items:
        told = key(item)
        left = equal.get(told, 0)
        if left:
            equal[told] = left - 1
        else:
            rest.append(item)
    return rest


def _calls(found: Facts, old: Sequence[Call], new: Sequence[Call], span_of: SpanOf) -> None:
    gone = _unmatched(old, new, lambda call: call.text)
    come = _unmatched(new, old, lambda call: call.text)
    if not gone and not come:
        return
    pairs = list(_same_name(gone, come))
    renamed = list(_same_place(gone, come))
    renamings = [(f"{before.name}(", f"{after.name}(") for before, after in renamed if before.name]
    for before, after in pairs:
        _arguments(found, before, after, renamings, span_of)
    for before, after in renamed:
        found.calls.append(_call_fact(Kind.RENAMED, after, before.name, span_of("new", after.place())))
        _arguments(found, before, after, renamings, span_of)
    for call in gone:
        found.calls.append(_call_fact(Kind.REMOVED, call, "", span_of("old", call.place())))
    for call in come:
        found.calls.append(_call_fact(Kind.ADDED, call, "", span_of("new", call.place())))


def _same_name(gone: list[Call], come: list[Call]) -> Iterator[tuple[Call, Call]]:
    """Take the pairs of equal name out of both lists, in order."""
    for before in list(gone):
        after = next((call for call in come if call.name == before.name), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            yield before, after


def _same_place(gone: list[Call], come: list[Call]) -> Iterator[tuple[Call, Call]]:
    """Take the pairs that stand in each other's place out of both lists, in order."""
    for before in list(gone):
        after = next((call for call in come if _replaces(before, call)), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            yield before, after


def _replaces(before: Call, after: Call) -> bool:
    values = {argument.value for argument in before.arguments}
    if values and not values.isdisjoint(argument.value for argument in after.arguments):
        return True
    if before.short == after.short and before.short:
        return True
    return bool(before.within) and before.within == after.within


def _call_fact(kind: Kind, call: Call, old_name: str, span: Span) -> CallFact:
    return CallFact(kind, call.name, call.short, old_name, call.within, span)


def _arguments(found: Facts, before: Call, after: Call, renamings: list[tuple[str, str]], span_of: SpanOf) -> None:
    def add(kind: Kind, was: Argument | None, now: Argument | None) -> None:
        side: SideName = "old" if now is None else "new"
        shown = now or was
        if shown is None or (was and now and kind is Kind.CHANGED and _told(was.value, now.value, renamings)):
            return
        found.arguments.append(
            ArgumentFact(
                kind,
                after.name,
                after.short,
                shown.keyword,
                was.keyword if was else None,
                shown.position,
                was.value if was else "",
                now.value if now else "",
                span_of(side, shown.place()),
            )
        )

    _match_arguments(list(before.arguments), list(after.arguments), add)


Add = Callable[[Kind, Argument | None, Argument | None], None]


def _match_arguments(gone: list[Argument], come: list[Argument], add: Add) -> None:
    same = _take(gone, come, lambda was, now: was.keyword == now.keyword and was.value == now.value)
    if not gone and not come:
        moved = next((pair for pair in same if pair[0].keyword is None and pair[0].position != pair[1].position), None)
        if moved:
            add(Kind.MOVED, *moved)
        return
    for was, now in _take(gone, come, lambda was, now: was.keyword is not None and was.keyword == now.keyword):
        add(Kind.CHANGED, was, now)
    for was, now in _take(gone, come, lambda was, now: was.value == now.value and was.keyword != now.keyword):
        add(Kind.RENAMED, was, now)
    for was, now in _take(gone, come, lambda was, now: was.keyword is None is now.keyword):
        add(Kind.CHANGED, was, now)
    for was in gone:
        add(Kind.REMOVED, was, None)
    for now in come:
        add(Kind.ADDED, None, now)


def _take(
    gone: list[Argument], come: list[Argument], fits: Callable[[Argument, Argument], bool]
) -> list[tuple[Argument, Argument]]:
    pairs = []
    for was in list(gone):
        now = next((argument for argument in come if fits(was, argument)), None)
        if now is not None:
            gone.remove(was)
            come.remove(now)
            pairs.append((was, now))
    return pairs


def _told(old: str, new: str, renamings: list[tuple[str, str]]) -> bool:
    """Tell whether the facts of the calls in two values already tell their difference."""
    for before, after in renamings:
        old = old.replace(before, after)
    return old == new or _only_nested(old, new)


def _only_nested(old: str, new: str) -> bool:
    """Tell whether two values are calls of one name, whose difference is told by the facts of that call."""
    head, opened, _ = old.partition("(")
    return bool(opened) and new.startswith(head + "(") and head.replace(".", "").replace("_", "").isalnum()


def _assignments(found: Facts, old: Sequence[Assignment], new: Sequence[Assignment], span_of: SpanOf) -> None:
    def text(assignment: Assignment) -> str:
        return f"{assignment.target}={assignment.value}"

    gone, come = _unmatched(old, new, text), _unmatched(new, old, text)
    for before in list(gone):
        after = next((item for item in come if item.target == before.target), None)
        kind = Kind.CHANGED
        if after is None:
            after = next((item for item in come if item.value == before.value), None)
            kind = Kind.RENAMED
        if after is not None:
            gone.remove(before)
            come.remove(after)
            if kind is Kind.CHANGED and _only_nested(before.value, after.value):
                continue
            span = span_of("new", after.place())
            found.assignments.append(AssignmentFact(kind, after.target, before.target, before.value, after.value, span))
    for item in gone:
        found.assignments.append(
            AssignmentFact(Kind.REMOVED, item.target, item.target, item.value, "", span_of("old", item.place()))
        )
    for item in come:
        found.assignments.append(
            AssignmentFact(Kind.ADDED, item.target, "", "", item.value, span_of("new", item.place()))
        )


def _imports(found: Facts, old: Parsed, new: Parsed, span_of: SpanOf) -> None:
    for target, place in _unmatched(old.imports, new.imports, lambda item: item[0]):
        found.imports.append(ImportFact(Kind.REMOVED, target, span_of("old", place())))
    for target, place in _unmatched(new.imports, old.imports, lambda item: item[0]):
        found.imports.append(ImportFact(Kind.ADDED, target, span_of("new", place())))


def _statements(found: Facts, old: Sequence[Statement], new: Sequence[Statement], span_of: SpanOf) -> None:
    for item in _unmatched(old, new, lambda item: item.what):
        found.statements.append(StatementFact(Kind.REMOVED, item.what, span_of("old", item.place())))
    for item in _unmatched(new, old, lambda item: item.what):
        found.statements.append(StatementFact(Kind.ADDED, item.what, span_of("new", item.place())))
