"""Which part of a question's code an answer's code repairs, as before, after and the diff between them.

An answer's code is read for what it says about the question's, in this order; ``method`` is the word for how:

==============  =======================================================================================================
``diff``        the answer's block is a diff of its own (lines with ``-`` and ``+``)
``before_after``  the answer has old and new itself: under comments that say so, or in two blocks with "change ... to"
``commented``   the answer keeps the old statement in a comment beside the new one
``repeat``      the answer repeats the question's code, edited
``edit``        the answer shows a few statements, and they are other ones of the question's, changed
``insert``      the answer shows new statements beside ones of the question's that it leaves as they are
``rewrite``     the answer defines a function or class of the question's anew
``quoted``      the block before it repeats the question's code as it is; the block stands for that
``inline``      a sentence says "replace `a` with `b`" or the like, and the question's code has ``a``
``unaligned``   none of these: the code has no counterpart, every line is added
==============  =======================================================================================================

``before`` is the question's snippet, or, where that is longer than :data:`MAX_WHOLE` lines, what is at most
:data:`AROUND` lines from the change; ``after`` is the same with the answer's statements in their places, indented as it
is there. Statements of the question that the answer does not show stay, unless it shows what is around them without
them; so do imports. Of ``diff``, ``before_after`` and ``commented`` both come from the answer where the question has
no such code: then ``question_no`` is None though ``before`` is not empty.

The confidence says how likely ``after`` is the repaired ``before``: 0.8 and above where the answer says itself what
replaces what, between 0.3 and 0.95 by how much of the answer's code was found in the question, and 0.1 to 0.2 for code
without a counterpart, which may be an example of its own.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from miner.extract import inline, oldandnew
from miner.extract.alignment import Alignment
from miner.extract.alignment import align as align_statements
from miner.extract.hunks import hunks, lines_of
from miner.extract.merging import Merger, indented, is_placeholder, with_commented, wraps
from miner.extract.statements import Statement, statements
from miner.model import CodePair, Snippet, SnippetKind

BROKEN: Final = 0.6
"""What the confidence of a pair is multiplied by whose Python cannot be parsed after the change, but could before."""

MAX_WHOLE: Final = 80
"""Lines of a question's snippet up to which it is given whole."""

AROUND: Final = 10
"""Lines around the change that are given of a longer snippet."""

MAX_LINES: Final = 600
"""Lines of a snippet that are aligned; a longer one is cut. A post of 30,000 characters has hardly more."""

MAX_POST: Final = 1_000
"""Lines of all snippets of a post that are aligned: each of an answer's is compared with each of the question's."""

MIN_REPEATED: Final = 0.3
"""Share of an answer's code that must be like the question's, for it to be a part of that."""

MAX_PAIRS: Final = 100
"""Pairs of one answer."""

MAX_CANDIDATES: Final = 20
"""Snippets of a question that are looked at."""

MAX_STEPS: Final = 3
"""Lines of a step that is put behind an assignment, and assignments that there may be to choose from."""

_UNALIGNED: Final = 0.1
_ALONE: Final = 0.2
"""Confidence in code without a counterpart, where the question has code and where it has none."""

_EVERYWHERE = re.compile(r"__\w+__$| forward$| main$")
_SWAP = re.compile(r"\b(?:replac|chang|instead|swap|modif|convert|rewrit|should be)\w*\b", re.IGNORECASE)


class _Found(NamedTuple):
    """A pair before it is numbered."""

    question: Snippet | None
    before: str
    after: str
    method: str
    confidence: float


class _Code(NamedTuple):
    """A snippet with its lines and statements."""

    snippet: Snippet
    lines: list[str]
    statements: list[Statement]


def align(question: Sequence[Snippet], answer: Sequence[Snippet]) -> tuple[CodePair, ...]:
    """Give the pairs of a question's and an answer's code, in the order of the answer; none where nothing changes."""
    codes = list(islice(_codes(question), MAX_CANDIDATES))
    pairs: list[CodePair] = []
    for snippet, found in _found(codes, answer):
        differing = () if found.before and _same_code(found) else hunks(found.before, found.after)
        language = snippet.language or (found.question.language if found.question else "")
        if differing:
            number = found.question.no if found.question else None
            sure = round(found.confidence * (BROKEN if _broke(language, found) else 1.0), 4)
            both = (found.before, found.after)
            pairs.append(CodePair(len(pairs), number, snippet.no, language, *both, differing, found.method, sure))
    return tuple(pairs[:MAX_PAIRS])


def _broke(language: str, found: _Found) -> bool:
    """Tell whether Python could be parsed before and cannot any more: then the parts were put together wrongly."""
    return language == "python" and _parses(found.before) and not _parses(found.after)


def _parses(text: str) -> bool:
    with warnings.catch_warnings():
        # Of a backslash too many, which is no concern here.
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _same_code(found: _Found) -> bool:
    """Tell whether only comments, blanks or quotes differ."""
    before, after = (
        [part.key for part in statements(lines_of(side)) if part.code] for side in (found.before, found.after)
    )
    return before == after


def _codes(post: Sequence[Snippet]) -> Iterator[_Code]:
    left = MAX_POST
    for snippet in post:
        if snippet.kind is SnippetKind.CODE and left > 0:
            lines = lines_of(snippet.text)[: min(left, MAX_LINES)]
            left -= len(lines)
            yield _Code(snippet, lines, statements(lines))


def _found(codes: list[_Code], answer: Sequence[Snippet]) -> list[tuple[Snippet, _Found]]:
    readable = {code.snippet.no: code for code in _codes(answer)}
    state = _State()
    pairs: list[tuple[Snippet, _Found]] = []
    for snippet in answer:
        if snippet.kind is SnippetKind.SENTENCE:
            state.prose = snippet.text
            pairs += [(snippet, found) for found in _by_sentence(codes, snippet.text)]
        code = readable.get(snippet.no)
        if code and any(statement.code for statement in code.statements):
            found = _of_code(codes, code, state)
            pairs = [pair for pair in pairs if pair[0].no != state.old_side]
            if found:
                pairs.append((snippet, found))
        if len(pairs) >= MAX_PAIRS:
            break
    return pairs


@dataclass(slots=True)
class _State:
    """What of an answer stands before the block at hand: the last quoted code, unaligned code, and sentence.

    ``old_side`` is the number of the snippet that turned out to be what the block at hand replaces.
    """

    quoted: _Quoted | None = None
    unaligned: _Code | None = None
    prose: str = ""
    old_side: int | None = None


def _of_code(codes: list[_Code], code: _Code, state: _State) -> _Found | None:
    """Give what a block is to the question's code; None if it is a part of that, as it was."""
    best = _best([other for other in codes if _same_language(other.snippet, code.snippet)], code)
    found = _own(code, best) or _aligned(best, code) or _for_quoted(state.quoted, code)
    if found is None and state.unaligned and _SWAP.search(state.prose):
        found = _swapped(state.unaligned, code)
        state.old_side = state.unaligned.snippet.no if found else None
    state.quoted = _quotation(best, code) if found is None or _same_code(found) else None
    state.unaligned = None if found else code
    state.prose = ""
    if state.quoted:
        return None
    return found or _Found(None, "", code.snippet.text, "unaligned", _UNALIGNED if codes else _ALONE)


def _same_language(one: Snippet, other: Snippet) -> bool:
    return not one.language or not other.language or one.language == other.language


class _Place(NamedTuple):
    """Where code was found in a snippet."""

    old: _Code
    alignment: Alignment


class _Quoted(NamedTuple):
    """Statements ``[first, last]`` of a snippet, repeated as they are."""

    old: _Code
    first: int
    last: int


def _best(codes: list[_Code], new: _Code) -> _Place | None:
    """Give the snippet that the code fits best; the first of equals."""
    places = []
    for old in codes:
        shown = with_commented(new.statements, new.lines, old.statements)
        places.append(_Place(old, align_statements(old.statements, shown)))
    return max(places, key=lambda place: place.alignment.value, default=None)


def _quotation(place: _Place | None, new: _Code) -> _Quoted | None:
    """Tell whether code is only a part of the question's, as it was."""
    if place is None:
        return None
    equal = [match for match in place.alignment.matches if match.equal and new.statements[match.new].code]
    shown = [part for part in new.statements if part.code and not is_placeholder(part, new.lines)]
    if not equal or len(equal) < len(shown):
        return None
    whole = _merged(place, new, "insert", 0.0)
    return _Quoted(place.old, equal[0].old, equal[-1].old) if _same_code(whole) else None


def _aligned(place: _Place | None, new: _Code) -> _Found | None:
    """Read code as the question's, repeated or in part."""
    if place is None or not place.alignment.matches:
        return _next_step(place, new)
    alignment = place.alignment
    share, equal = alignment.share(), alignment.share(equal=True)
    commented = any(
        match.equal and not alignment.new[match.new].code and alignment.old[match.old].code
        for match in alignment.matches
    )
    if commented:
        return _merged(place, new, "commented", 0.85)
    if alignment.anchors >= 2 and share >= 0.5 and equal >= MIN_REPEATED:
        return _merged(place, new, "repeat", 0.5 + 0.45 * share)
    changed = [match for match in alignment.matches if not match.equal and alignment.new[match.new].weight >= 0.3]
    if _is_demo(alignment):
        return None
    best = max((match.score for match in changed), default=0.0)
    if changed and best >= 0.6 and share >= MIN_REPEATED:
        return _merged(place, new, "edit", 0.3 + 0.55 * share * best)
    if not changed and alignment.anchors and equal >= 0.25:
        return _merged(place, new, "insert", 0.35 + 0.3 * equal)
    return _rewritten(place, new) or _next_step(place, new)


def _is_demo(alignment: Alignment) -> bool:
    """Tell whether the new code makes up its own data, and is little like the old one."""
    equal = {match.new for match in alignment.matches if match.equal}
    own = any(part.makes_data and number not in equal for number, part in enumerate(alignment.new))
    return own and alignment.anchors < 2


def _merged(place: _Place, new: _Code, method: str, confidence: float) -> _Found:
    if wraps(place.alignment):
        return _wrapped(place, new, method, confidence)
    merger = Merger(place.alignment, place.old.lines, new.lines, whole=method == "repeat")
    after = merger.merged()
    if method == "insert" and merger.dropped:
        method = "edit"
    return _windowed(place.old, after, merger.touched, method, confidence)


def _wrapped(place: _Place, new: _Code, method: str, confidence: float) -> _Found:
    """Put all of the code in the place of what it repeats."""
    first = place.old.statements[place.alignment.matches[0].old]
    end = place.old.statements[place.alignment.matches[-1].old].end
    lines = indented(new.lines, first.indent - min(part.indent for part in new.statements))
    after = place.old.lines[: first.start] + lines + place.old.lines[end:]
    return _windowed(place.old, after, set(range(first.start, end)), method, confidence)


def _windowed(old: _Code, after: list[str], touched: set[int], method: str, confidence: float) -> _Found:
    before = old.lines
    if len(before) > MAX_WHOLE and touched:
        start = max(0, min(touched) - AROUND)
        rest = max(0, len(before) - max(touched) - 1 - AROUND)
        before, after = before[start : len(before) - rest], after[start : len(after) - rest]
    return _Found(old.snippet, "\n".join(before), "\n".join(after), method, round(confidence, 4))


def _rewritten(place: _Place, new: _Code) -> _Found | None:
    """Put a definition of the new code in the place of the old one of that name."""
    for match in place.alignment.matches:
        old_header, header = place.old.statements[match.old], new.statements[match.new]
        if not header.defined or header.defined != old_header.defined or _EVERYWHERE.search(header.defined):
            continue
        old_end, end = _block_end(place.old, match.old), _block_end(new, match.new)
        if old_end > old_header.end and end > header.end:
            lines = indented(new.lines[header.start : end], old_header.indent - header.indent)
            after = place.old.lines[: old_header.start] + lines + place.old.lines[old_end:]
            return _windowed(place.old, after, set(range(old_header.start, old_end)), "rewrite", 0.45)
    return None


def _next_step(place: _Place | None, new: _Code) -> _Found | None:
    """Put a statement that makes something of a variable behind the last one that assigns it, or before its next use.

    If the question's statement makes something of the variable too, the new one prepares it: it goes ahead.
    """
    first = next((part for part in new.statements if part.code), None)
    if place is None or first is None or not first.continues or len(new.lines) > MAX_STEPS:
        return None
    assigning = [number for number, part in enumerate(place.old.statements) if part.target == first.target]
    if not assigning or len(assigning) > MAX_STEPS:
        return None
    old = place.old.statements[assigning[-1]]
    row = old.start if old.continues else old.end
    after = place.old.lines[:row] + indented(new.lines, old.indent - first.indent) + place.old.lines[row:]
    return _windowed(place.old, after, {old.start}, "insert", 0.5 if len(assigning) == 1 else 0.35)


def _block_end(code: _Code, header: int) -> int:
    """Give the row after the last of the block that a statement begins."""
    end = code.statements[header].end
    for statement in code.statements[header + 1 :]:
        if statement.indent <= code.statements[header].indent:
            break
        end = statement.end
    return end


def _for_quoted(quoted: _Quoted | None, new: _Code) -> _Found | None:
    """Put code in the place of what the block before it quoted, if they have a name in common."""
    if quoted is None:
        return None
    old = quoted.old.statements[quoted.first : quoted.last + 1]
    names = {token for statement in old for token in statement.tokens if token[0].isalpha()}
    if names.isdisjoint(token for statement in new.statements for token in statement.tokens):
        return None
    start, end = old[0].start, old[-1].end
    lines = indented(new.lines, old[0].indent - new.statements[0].indent)
    after = quoted.old.lines[:start] + lines + quoted.old.lines[end:]
    return _windowed(quoted.old, after, set(range(start, end)), "quoted", 0.75)


def _swapped(old: _Code, new: _Code) -> _Found | None:
    """Take two blocks of an answer, with words of a change between them, for old and new."""
    alignment = align_statements(old.statements, new.statements)
    if alignment.share() < 0.5 or max((match.score for match in alignment.matches), default=0.0) < 0.7:
        return None
    return _Found(None, "\n".join(old.lines), "\n".join(new.lines), "before_after", 0.7)


def _own(code: _Code, place: _Place | None) -> _Found | None:
    """Read code that holds both old and new."""
    sides = oldandnew.marked(code.lines)
    if sides is None and (place is None or place.alignment.share() < MIN_REPEATED):
        sides = oldandnew.commented(code.lines, code.statements)
    if sides is None:
        return None
    old, new, method = sides
    known = place and align_statements(place.old.statements, statements(old)).share(equal=True) >= 0.5
    confidence = 0.9 if method == "diff" else 0.8
    return _Found(place.old.snippet if place and known else None, "\n".join(old), "\n".join(new), method, confidence)


def _by_sentence(codes: list[_Code], sentence: str) -> Iterator[_Found]:
    """Carry out what a sentence says with inline code, in the first snippet that has the old of it."""
    for old, new in inline.substitutions(sentence):
        for code in codes:
            text = "\n".join(code.lines)
            after, times = inline.substitute(text, old, new)
            if times:
                changed = [
                    row
                    for row, (one, other) in enumerate(zip(code.lines, after.split("\n"), strict=False))
                    if one != other
                ]
                confidence = 0.85 if times == 1 else 0.65 if times <= 3 else 0.45
                yield _windowed(code, after.split("\n"), set(changed), "inline", confidence)
                break
