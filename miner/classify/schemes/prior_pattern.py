"""Prior pattern: the syntactic fix patterns of Pan, Kim, Whitehead (2009): 9 groups, 27 patterns.

A fix may show several; all are ranked, those with the most places first. Decided by the heads of statements that come,
go or take each other's place (IF, LP, SW, TY, MD, CF), and by calls and assignments (MC, SQ, AS).
Method calls are those of functions too: a call with other values is MC-DAP, also where the value is another call; with
more, fewer or other named arguments MC-DNP; of another method of the same object MC-DM; one more or one less in a row
SQ-AMO or SQ-RMO, alone in a body SQ-AROB.

Does not decide: what is moved or renamed only, and prose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from miner.classify.facts import CallFact, Facts, Kind, Span
from miner.classify.fragments import Fragments, Line
from miner.classify.reasons import Reason, ranked
from miner.classify.schemes.prior_statements import statement_patterns
from miner.classify.signals import Place, Spans, read_lightly
from miner.classify.statements import indent_of
from miner.model import Change, ChangedFile, Evidence, Hunk, Label

SCHEME: Final = "prior_pattern"
FURTHER: Final = 0.9
"""Share of a place's weight that counts beside another's of the same pattern: how often it shows is what ranks it."""

MAX_HUNKS: Final = 20
"""Hunks of a fix that are looked at."""

_Found = Iterator[tuple[str, float, Span]]
_LANGUAGES: Final = frozenset({"python", "notebook", "lua", "c++", "c", ""})
_OBJECTS: Final = ("self.", "this.", "this->")


def labels(change: Change, facts: Mapping[Place, Facts]) -> tuple[Label, ...]:
    """Rank the patterns that a fix shows.

    :param facts: those of its hunks that were read already; of the others the first are read without a parser.
    """
    hunks = [(file, hunk) for file in change.files if file.language in _LANGUAGES for hunk in file.hunks]
    reasons = [reason for part in hunks[:MAX_HUNKS] for reason in _of_hunk(*part, facts)]
    return ranked(SCHEME, reasons, more=FURTHER, least=0.0)


def _of_hunk(file: ChangedFile, hunk: Hunk, facts: Mapping[Place, Facts]) -> Iterator[Reason]:
    found = facts.get((file.no, hunk.no))
    if found is None or not found.is_parsed:
        found = read_lightly(file, hunk, found.cut if found is not None else None)
    cut = found.cut
    if cut is None or not cut.edits:
        return
    spans = Spans(file.no, hunk.no, cut)
    short = _short_bodies(cut)
    patterns = (*statement_patterns(cut, spans, hunk.heading), *_calls(found), *_assignments(found))
    for value, weight, span in patterns:
        is_alone = value in ("SQ-AMO", "SQ-RMO") and (span.side, span.line) in short
        yield _reason("SQ-AROB" if is_alone else value, weight, span)


def _reason(value: str, weight: float, span: Span) -> Reason:
    rule = f"{SCHEME}.{value.lower().replace('-', '_')}"
    return Reason(
        value,
        Evidence(rule, weight, span.text, span.side, span.start, span.end, span.file_no, span.hunk_no, span.line),
    )


def _calls(facts: Facts) -> _Found:
    counted = {(fact.call, fact.span.line) for fact in facts.arguments if fact.kind in (Kind.ADDED, Kind.REMOVED)}
    for argument in facts.arguments:
        differs = (argument.call, argument.span.line) in counted
        yield "MC-DNP" if differs else "MC-DAP", 1.0, argument.span
    for call in facts.calls:
        if call.within:
            # It is a value of the call around it, which is told itself where it is new too.
            if not any(other.name == call.within and other.kind is call.kind for other in facts.calls):
                yield "MC-DAP", 1.0, call.span
        elif call.kind is Kind.RENAMED:
            if _same_object(call):
                yield "MC-DM", 1.0, call.span
        elif not _is_reassigned(call, facts):
            yield "SQ-AMO" if call.kind is Kind.ADDED else "SQ-RMO", 1.0 if "." in call.name else 0.7, call.span


def _is_reassigned(call: CallFact, facts: Facts) -> bool:
    """Tell whether a call is in the other value that a name is given: a change of an assignment, not of a sequence."""
    changed = (fact for fact in facts.assignments if fact.kind is Kind.CHANGED)
    return any(call.span.text in (fact.new if call.kind is Kind.ADDED else fact.old) for fact in changed)


def _same_object(call: CallFact) -> bool:
    before, after = call.old_name.rpartition(".")[0], call.name.rpartition(".")[0]
    return bool(before) and before == after and call.short != call.old_short


def _assignments(facts: Facts) -> _Found:
    for fact in facts.assignments:
        if fact.kind is Kind.CHANGED:
            yield "AS-CE", 0.8, fact.span
        elif fact.target.startswith(_OBJECTS) and fact.kind is not Kind.RENAMED:
            yield "SQ-AFO" if fact.kind is Kind.ADDED else "SQ-RFO", 0.8, fact.span


def _short_bodies(cut: Fragments) -> set[tuple[str, int]]:
    """Give the changed lines, by side and number, that are the whole body of a statement that both sides have."""
    found: set[tuple[str, int]] = set()
    for edit in cut.edits:
        old, new = edit.old_end - edit.old_start, edit.new_end - edit.new_start
        if (old, new) == (1, 0) and _is_alone(cut, cut.old, edit.old_start):
            found.add(("old", cut.old[edit.old_start].number))
        elif (old, new) == (0, 1) and _is_alone(cut, cut.new, edit.new_start):
            found.add(("new", cut.new[edit.new_start].number))
    return found


def _is_alone(cut: Fragments, lines: Sequence[Line], row: int) -> bool:
    """Tell whether the line before is a statement's head, and the line after is not deeper than that."""
    before = (*cut.above, *(line.text for line in lines[:row]))
    after = (*(line.text for line in lines[row + 1 :]), *cut.below)
    return bool(before and after) and before[-1].rstrip().endswith(":") and indent_of(after[0]) <= indent_of(before[-1])
