"""Reads a change once into facts: what was called, passed, assigned, imported and named differently after it.

Bounded by construction: :data:`MAX_LINES` lines of a change, and of a hunk and a line what
:mod:`miner.classify.fragments` allows, are read; of a hunk whose changed lines hold no trigger of a rule only the
topics are read, unparsed. A test tells little of how the code was repaired: tests are read only where nothing else
changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice, takewhile
from typing import Final

from miner.classify import facts, fragments, parsing, topics
from miner.classify.compare import compare
from miner.classify.facts import Facts, Kind, Span, TokenFact, TopicFact, WordFact
from miner.classify.fragments import Edit, Fragments, Line
from miner.classify.parsing import Where
from miner.classify.vocabulary import TELLING_NAMES, TELLING_STEMS, is_telling
from miner.model import Change, ChangedFile, Hunk

MAX_LINES: Final = 1_000
"""Lines of a change's hunks that are read, context included; a longer change shows what it is in its first hunks."""

Place = tuple[int, int]
"""A hunk: the number of its file and its own."""

MAX_HUNKS: Final = 100
"""Hunks of a change that are looked at."""

_TEST = re.compile(r"(^|/)(tests?|testing)/|(^|/)test_[^/]*$|_tests?\.\w+$")
_CODE: Final = frozenset({"python", "notebook", "lua", "c++", "c", "prototxt", ""})
_NAME = re.compile(r"[a-z_]\w*")
_COMMENT = re.compile(r"(?:#|//|--\s).*")
_TOKEN = re.compile(r"\"[^\"\\]*\"|'[^'\\]*'|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|\d[\d_]*\.?\d*(?:[eE][-+]?\d+)?|[^\s\w]")


def read(change: Change, triggers: frozenset[str]) -> Facts:
    """Give the facts of a change, in the order of its files and hunks that hold one of the (lower-case) triggers."""
    found = Facts()
    for _, facts_of_hunk in read_hunks(change, triggers):
        found.add(facts_of_hunk)
    return found


def read_hunks(change: Change, triggers: frozenset[str]) -> Iterator[tuple[Place, Facts]]:
    """Give each hunk that has facts with its facts, in order; a hunk's facts do not hang on other hunks."""
    hunks, lines, topic_lines = MAX_HUNKS, MAX_LINES, MAX_LINES
    for file in _code(change):
        toggles = cache(partial(_toggles, file))
        for hunk in file.hunks[:hunks]:
            found = Facts()
            body = _body(hunk, min(lines, fragments.MAX_LINES))
            changed = _changed(body)
            names = set(_NAME.findall(changed))
            if _holds(changed, names, body, triggers):
                telling = not TELLING_NAMES.isdisjoint(names) or any(stem in changed for stem in TELLING_STEMS)
                _read_hunk(found, file, hunk, body, toggles, telling)
                lines -= len(body)
            elif topic_lines > 0 and ("[" in changed or any(map(topics.words_of, names))):
                _read_topics(found, file, hunk, body, toggles)
                topic_lines -= len(body)
            if len(found):
                yield (file.no, hunk.no), found
            if lines <= 0:
                return
        hunks -= len(file.hunks)
        if hunks <= 0:
            break


def read_lightly(file: ChangedFile, hunk: Hunk, cut: Fragments | None = None) -> Facts:
    """Give the facts of a hunk without a parser, a line at a time: calls that go on over lines are half known.

    :param cut: the hunk's lines, if they were cut already.
    """
    found = Facts()
    if cut is None:
        body = hunk.body.split("\n", fragments.MAX_LINES)[: fragments.MAX_LINES]
        cut = fragments.split(hunk, body, notebook=file.language == "notebook")
    found.cut = cut
    if cut.edits:
        compare(found, parsing.other(cut.old), parsing.other(cut.new), Spans(file.no, hunk.no, cut).of)
    return found


def _code(change: Change) -> list[ChangedFile]:
    files = [file for file in change.files if file.hunks and file.language in _CODE]
    return [file for file in files if not _TEST.search(file.path)] or files


def _toggles(file: ChangedFile) -> list[int] | None:
    if file.language != "python" or file.source is None:
        return None
    return fragments.docstring_toggles(file.source, max(hunk.new_start for hunk in file.hunks))


def _body(hunk: Hunk, most: int) -> list[str]:
    """Give the first lines of a hunk; where those would be removed ones only, half of them and what came instead."""
    body = hunk.body.split("\n", most)[:most]
    if len(body) < most or not all(line.startswith("-") for line in body[most // 2 :]):
        return body
    come = hunk.body.find("\n+")
    # Lines between would be counted for the wrong side.
    if come < 0 or "\n " in hunk.body[hunk.body.find("\n-") : come]:
        return body
    added = takewhile(lambda line: line.startswith("+"), hunk.body[come + 1 :].split("\n", most))
    return [*body[: most // 2], *islice(added, most - most // 2)]


def _changed(body: list[str]) -> str:
    return "\n".join([line for line in body if line[:1] in ("+", "-") and len(line) <= fragments.MAX_LINE]).lower()


def _holds(changed: str, names: set[str], body: list[str], triggers: frozenset[str]) -> bool:
    if not triggers.isdisjoint(names):
        return True
    # Lines out of the middle of a call: its name is in the context.
    return "(" not in changed and not triggers.isdisjoint(_NAME.findall("\n".join(body)[: fragments.MAX_LINE].lower()))


def _read_hunk(
    found: Facts,
    file: ChangedFile,
    hunk: Hunk,
    body: list[str],
    toggles: Callable[[], list[int] | None],
    telling: bool,
) -> None:
    """Add the facts of a hunk, of which ``body`` is to be read; of words only if one of them may be ``telling``."""
    cut = found.cut = fragments.split(hunk, body, notebook=file.language == "notebook", toggles=toggles())
    found.is_parsed = True
    if cut.edits:
        read_side = parsing.python if file.language in ("python", "notebook", "") else parsing.other
        old = read_side(cut.old, [edit.old_start for edit in cut.edits if edit.old_start == edit.old_end])
        new = read_side(cut.new, [edit.new_start for edit in cut.edits if edit.new_start == edit.new_end])
        spans = Spans(file.no, hunk.no, cut)
        compare(found, old, new, spans.of)
        for edit in cut.edits:
            if telling or (edit.old_start < edit.old_end and edit.new_start < edit.new_end):
                _words(found, edit, cut, spans)
        _topics(found, spans)


def _read_topics(
    found: Facts, file: ChangedFile, hunk: Hunk, body: list[str], toggles: Callable[[], list[int] | None]
) -> None:
    """Add what a hunk that no rule has a trigger for speaks of."""
    cut = found.cut = fragments.split(hunk, body, notebook=file.language == "notebook", toggles=toggles())
    _topics(found, Spans(file.no, hunk.no, cut))


def _topics(found: Facts, spans: Spans) -> None:
    for topic, shared, is_new, where in topics.find(spans.cut):
        found.topics.append(TopicFact(topic, shared, spans.of("new" if is_new else "old", where)))


class Spans:
    """Makes spans of a hunk's places: ``of`` a side and a place."""

    def __init__(self, file_no: int, hunk_no: int, cut: Fragments) -> None:
        self.file_no = file_no
        self.hunk_no = hunk_no
        self.cut = cut

    def of(self, side: facts.SideName, where: Where) -> Span:
        """Give the span of a place of a side."""
        line = (self.cut.old if side == "old" else self.cut.new)[where.row]
        text = line.text[where.start - line.shift : where.end - line.shift][: parsing.MAX_VALUE]
        return Span(side, self.file_no, self.hunk_no, line.number, where.start, where.end, text)


def _words(found: Facts, edit: Edit, cut: Fragments, spans: Spans) -> None:
    old = _tokens(cut.old, edit.old_start, edit.old_end)
    new = _tokens(cut.new, edit.new_start, edit.new_end)
    if not old or not new:
        gone, come = set(old), set(new)
    else:
        _single(found, old, new, edit, cut, spans)
        gone, come = set(old).difference(new), set(new).difference(old)
    for word, where in _telling(gone, cut.old, edit.old_start, edit.old_end):
        found.words.append(WordFact(Kind.REMOVED, word, spans.of("old", where)))
    for word, where in _telling(come, cut.new, edit.new_start, edit.new_end):
        found.words.append(WordFact(Kind.ADDED, word, spans.of("new", where)))


def _telling(tokens: set[str], lines: Sequence[Line], start: int, end: int) -> Iterator[tuple[str, Where]]:
    words = set(filter(is_telling, tokens))
    if words:
        for where, word in _find(lines, start, end, words):
            yield word.strip("\"'"), where


def _tokens(lines: Sequence[Line], start: int, end: int) -> list[str]:
    if start == end:
        return []
    return _TOKEN.findall("\n".join([_code_of(line.text) for line in lines[start:end]]))


def _code_of(text: str) -> str:
    return _COMMENT.sub("", text) if "#" in text or "//" in text or "--" in text else text


def _find(lines: Sequence[Line], start: int, end: int, words: set[str]) -> Iterator[tuple[Where, str]]:
    """Find where words first stand as tokens."""
    left = set(words)
    for row in range(start, end):
        line = lines[row]
        if not any(map(line.text.__contains__, left)):
            continue
        for matched in _TOKEN.finditer(_code_of(line.text)):
            if matched[0] in left:
                left.discard(matched[0])
                yield Where(row, matched.start() + line.shift, matched.end() + line.shift), matched[0]
        if not left:
            return


def _single(found: Facts, old: list[str], new: list[str], edit: Edit, cut: Fragments, spans: Spans) -> None:
    """Note an edit that changes one token and nothing else."""
    if len(old) != len(new):
        return
    differing = [(before, after) for before, after in zip(old, new, strict=True) if before != after]
    if len(differing) == 1:
        before, after = differing[0]
        where = next((where for where, _ in _find(cut.new, edit.new_start, edit.new_end, {after})), None)
        if where is not None:
            found.tokens.append(TokenFact(before.strip("\"'"), after.strip("\"'"), spans.of("new", where)))
