"""Prior pattern: the syntactic fix patterns of Pan, Kim, Whitehead (2009): 9 groups, 26 patterns.

A fix may show several; all are ranked, those with the most places first. Decided by the heads of statements that come,
go or take each other's place (IF, LP, SW, TY, MD, CF), and by calls and assignments (MC, SQ, AS).
Method calls are those of functions too: a call with other values is MC-DAP, also where the value is another call; with
more, fewer or other named arguments MC-DNP; of another method of the same object MC-DM; one more or one less in a row
SQ-AMO or SQ-RMO, alone in a body SQ-AROB.

Does not decide: what is moved or renamed only, and prose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from miner.classify.facts import CallFact, Facts, Kind, Span
from miner.classify.fragments import Fragments
from miner.classify.reasons import Reason, ranked
from miner.classify.schemes.prior_statements import statement_patterns
from miner.classify.signals import Place, Spans, read_lightly
from miner.model import Change, ChangedFile, Evidence, Hunk, Label

SCHEME: Final = "prior_pattern"
FURTHER: Final = 0.9
"""Share of a place's weight that counts beside another's of the same pattern: how often it shows is what ranks it."""

MAX_HUNKS: Final = 40
"""Hunks of a fix that are looked at."""

_Found = Iterator[tuple[str, float, Span]]
_LANGUAGES: Final = frozenset({"python", "notebook", "lua", "c++", "c", ""})
_OBJECTS: Final = ("self.", "this.", "this->")


def labels(change: Change, facts: Mapping[Place, Facts]) -> tuple[Label, ...]:
    """Rank the patterns that a fix shows.

    :param facts: those of its hunks that were read already; of the others the first are read without a parser.
    """
    hunks = [(file, hunk) for file in change.files if file.language in _LANGUAGES for hunk in file.hunks]
    return ranked(SCHEME, [reason for part in hunks[:MAX_HUNKS] for reason in _of_hunk(*part, facts)], more=FURTHER)


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
    counted = {(fact.call, fact.span.hunk_no) for fact in facts.arguments if _is_of_number(fact.kind)}
    for argument in facts.arguments:
        differs = (argument.call, argument.span.hunk_no) in counted
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


def _is_of_number(kind: Kind) -> bool:
    return kind in (Kind.ADDED, Kind.REMOVED)


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
        for side, lines, start, end, others in (
            ("old", cut.old, edit.old_start, edit.old_end, edit.new_end - edit.new_start),
            ("new", cut.new, edit.new_start, edit.new_end, edit.old_end - edit.old_start),
        ):
            if end - start == 1 and not others and start and lines[start - 1].text.rstrip().endswith(":"):
                indent = _indent(lines[start].text)
                below = lines[end].text if end < len(lines) else ""
                if not below.strip() or _indent(below) < indent:
                    found.add((side, lines[start].number))
    return found


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
