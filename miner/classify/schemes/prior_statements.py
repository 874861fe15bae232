"""The patterns of the prior scheme that statements show: conditions, loops, switches, try, declarations, fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import Final

from miner.classify import statements
from miner.classify.facts import SideName, Span
from miner.classify.fragments import Fragments, Line
from miner.classify.signals import Spans
from miner.classify.statements import JUMPS, Head, Sides

_Found = Iterator[tuple[str, float, Span]]
_BRANCHES: Final = frozenset({"if"})
_ELSES: Final = frozenset({"else", "elif"})
_STEPS: Final = frozenset({"step"})
_LOOPS: Final = frozenset({"for", "while"})
_FIELD = re.compile(r"\s+(?P<name>[A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)\s*(?P<value>\S.*)")
_CLASS = re.compile(r"\s*class\s+\w")
_FOR_STEP = re.compile(r"for\s*\(([^;]*);([^;]*);(.*)\)")


def statement_patterns(cut: Fragments, spans: Spans, heading: str) -> _Found:
    """Give the patterns of a hunk's statements, each with its weight and span."""
    for sides in statements.read(cut):
        yield from _branches(cut, sides, spans)
        yield from _loops(cut, sides, spans)
        yield from _blocks(cut, sides, spans)
        yield from _methods(cut, sides, spans)
    yield from _fields(cut, spans, heading)


def _of(heads: Sequence[Head], words: frozenset[str]) -> list[Head]:
    return [head for head in heads if head.word in words]


def _span(cut: Fragments, spans: Spans, side: SideName, head: Head) -> Span:
    return spans.of(side, statements.where(cut.old if side == "old" else cut.new, head))


def _branches(cut: Fragments, sides: Sides, spans: Spans) -> _Found:
    for before, after in zip_longest(_of(sides.gone, _BRANCHES), _of(sides.come, _BRANCHES)):
        if before and after:
            yield "IF-CC", 1.5, _span(cut, spans, "new", after)
        elif after:
            yield _added_condition(cut, after), 1.5, _span(cut, spans, "new", after)
        elif _keeps(statements.body(cut.old, cut.below, before), cut.new):
            yield "IF-RMV", 1.5, _span(cut, spans, "old", before)
    yield from _further_branches(cut, sides, spans)


def _further_branches(cut: Fragments, sides: Sides, spans: Spans) -> _Found:
    for before, after in zip_longest(_of(sides.gone, _ELSES), _of(sides.come, _ELSES)):
        if before and after:
            if {before.word, after.word} == {"elif"}:
                yield "IF-CC", 1.5, _span(cut, spans, "new", after)
        elif after:
            yield "IF-ABR", 1.2, _span(cut, spans, "new", after)
        else:
            yield "IF-RBR", 1.2, _span(cut, spans, "old", before)


def _added_condition(cut: Fragments, head: Head) -> str:
    """Tell what a new condition does: guard what was there before, jump away, or act on what came before it."""
    held = statements.body(cut.new, cut.below, head) or [head.text.rpartition(":")[2].strip()]
    if _keeps(held, cut.old):
        return "IF-APC"
    jumps = len(held) == 1 and held[0].partition(" ")[0].rstrip("();:") in JUMPS | {"throw"}
    return "IF-APCJ" if jumps else "IF-APTC"


def _keeps(body: Sequence[str], others: Sequence[Line]) -> bool:
    """Tell whether a line of a body stood, or stands, elsewhere on the other side: it was only indented anew."""
    return any(line.changed and line.text.strip() in body for line in others)


def _loops(cut: Fragments, sides: Sides, spans: Spans) -> _Found:
    for before, after in zip(_of(sides.gone, _LOOPS), _of(sides.come, _LOOPS), strict=False):
        yield "LP-CE" if _only_step(before.text, after.text) else "LP-CC", 1.5, _span(cut, spans, "new", after)
    steps = _of(sides.gone, _STEPS)
    texts = (*cut.above, *(line.text for line in cut.new)) if steps else ()
    looped = [text for text in texts if text.lstrip().startswith("while")]
    for was in steps if looped else ():
        now = next((head for head in _of(sides.come, _STEPS) if head.name == was.name), None)
        if now and any(re.search(rf"\b{was.name}\b", text) for text in looped):
            yield "LP-CE", 1.5, _span(cut, spans, "new", now)


def _only_step(before: str, after: str) -> bool:
    old, new = _FOR_STEP.match(before), _FOR_STEP.match(after)
    return old is not None and new is not None and old[1] == new[1] and old[2] == new[2]


def _blocks(cut: Fragments, sides: Sides, spans: Spans) -> _Found:
    tries = [(side, head) for side, head in _both(sides) if head.word == "try"]
    for side, head in tries:
        yield "TY-ARTC", 1.5, _span(cut, spans, side, head)
    for side, head in _both(sides):
        if head.word == "except" and not tries and not _has_pair(sides, "except"):
            yield "TY-ARCB", 1.5, _span(cut, spans, side, head)
        elif head.word == "case" and not _has_pair(sides, "case"):
            yield "SW-ARSB", 1.2, _span(cut, spans, side, head)


def _both(sides: Sides) -> Iterator[tuple[SideName, Head]]:
    for head in sides.gone:
        yield "old", head
    for head in sides.come:
        yield "new", head


def _has_pair(sides: Sides, word: str) -> bool:
    count = [sum(head.word == word for head in heads) for heads in (sides.gone, sides.come)]
    return count[0] == count[1] > 0


def _methods(cut: Fragments, sides: Sides, spans: Spans) -> _Found:
    gone, come = ([head for head in heads if head.word == "def"] for heads in (sides.gone, sides.come))
    for before in list(gone):
        after = next((head for head in come if head.name == before.name), None)
        after = after or (come[0] if len(come) == len(gone) == 1 else None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            yield "MD-CHG", 1.5, _span(cut, spans, "new", after)
    for head in gone:
        yield "MD-RMV", 1.5, _span(cut, spans, "old", head)
    for head in come:
        yield "MD-ADD", 1.5, _span(cut, spans, "new", head)


def _fields(cut: Fragments, spans: Spans, heading: str) -> _Found:
    """Give the fields of a class whose line comes, goes or changes; the class must be in sight."""
    around = [*cut.above, *[line.text for line in cut.new], *[line.text for line in cut.old]]
    if not _CLASS.match(heading) and "class " not in "\n".join(around):
        return
    for edit in cut.edits:
        gone = _class_fields(cut.above, cut.old, range(edit.old_start, edit.old_end), heading)
        come = _class_fields(cut.above, cut.new, range(edit.new_start, edit.new_end), heading)
        for name in dict.fromkeys((*gone, *come)):
            pattern = "CF-CHG" if name in gone and name in come else "CF-ADD" if name in come else "CF-RMV"
            side: SideName = "new" if name in come else "old"
            yield pattern, 1.2, _span(cut, spans, side, (come if name in come else gone)[name])


def _class_fields(above: Sequence[str], lines: Sequence[Line], rows: range, heading: str) -> dict[str, Head]:
    found: dict[str, Head] = {}
    for row in rows:
        text = lines[row].text
        matched = _FIELD.match(text)
        if matched and _CLASS.match(_owner(above, lines, row, heading)):
            found[matched["name"]] = Head("field", text.strip(), matched["name"], row, statements.indent_of(text))
    return found


def _owner(above: Sequence[str], lines: Sequence[Line], row: int, heading: str) -> str:
    """Give the nearest line above a row that is less deep, or the hunk's heading."""
    indent = statements.indent_of(lines[row].text)
    nearest = chain((line.text for line in reversed(lines[:row])), reversed(above))
    return next((text for text in nearest if text.strip() and statements.indent_of(text) < indent), heading)
