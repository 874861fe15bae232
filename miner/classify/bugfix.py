"""Is a commit a bug fix? The evidence of its message: words for and against, where they stand, and a score.

A linguistic model: every cue of :mod:`miner.classify.cues` counts once, at its foremost place; the weights are added,
and the logistic function makes the sum a score. It runs over every commit of a repository: a message without any word
that could speak for a fix gets its score without being looked at more closely.

What is not the author's own account of the change gives no evidence: trailers, quoted lines, what a maintainer adds in
brackets, and the subject of the commit that a revert undoes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from miner.classify.cues import CUES, NAMED_FIX, NEGATED, NOTHING, Cue, Place, Sign
from miner.classify.logodds import BIAS as BIAS
from miner.classify.logodds import score_of
from miner.classify.taxonomies import bugfix_weights
from miner.model import BugFixVerdict, Evidence

RULES_VERSION: Final = "2"
MAX_MESSAGE: Final = 10_000
"""Characters of a message that are read; the rest is logs and ChangeLogs."""

MAX_SPAN: Final = 200

_WEIGHTS: Final = bugfix_weights().weights
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
# Tags, bullets, issue numbers, short hashes and "scope:" or "file (function):" before the first word; possessive, so
# that a long line costs one pass.
_HEAD = re.compile(
    r"\s*+(?:(?:\[[^\]\n]{0,60}\]|\([^)\n]{0,60}\)|[*#>•!~+=-]+|\d+[.)]|"
    r"(?:issues?|bugs?|tickets?|gh|pr)?[ #:]*#?\d++|r\d+|[a-z][a-z0-9]{1,15}-\d+|[0-9a-f]{7,40}(?=\s)|"
    r"[\w./+-]{1,60}(?: ?\([^)\n]{0,60}\))?:)[\s:.,-]*+)*+"
)
_NOT_OWN_WORDS = re.compile(
    r"[ \t]*(?:(?:signed-off|acked|reviewed|tested|co-authored|suggested)-by:|git-svn-id:|change-id:|cc:|review-url:|"
    r"svn-revision:|(?:bug|test|tbr)[ ]?=|>|\[[\w.@ -]{1,40}: )"
)
_REVERTED = re.compile(r'(?:revert\w{0,3}|back(?:ed)? out)\b[^"\n]{0,20}"([^\n]{0,300})"')
_BULLET = re.compile(r"[ \t]*[*-] ")
_BULLETS = re.compile(r"^[ \t]*[*-] ", re.MULTILINE)
_PULL_REQUEST = re.compile(r"\(#\d+\)\s*$")
_NEGATION = re.compile(
    r"(?:\b(?:no|not|without|never|any|if|to be|until we|will|needs?|forgot to|todo:?)|n't)"
    r"(?:\s(?:a|an|any|the|yet|more|be|to))?\s$"
)
_REFUSAL = re.compile(r"(?:\b(?:not|never|no longer)|n't)\s$")
_FAILING = re.compile(r"(?:crash|fail|break|leak|hang|clash|freeze|panic|overflow|complain)(?:s|es|ing)?\b")
_COMPOUND = re.compile(r"(?:off-by-one|out-of-(?:bounds|memory)|use-after-free|double-free)\b")
_IDENTIFIER_BEFORE = "_/\\-.@"
_IDENTIFIER_AFTER = "_/\\-"
_ORDER: Final = {place: at for at, place in enumerate(Place)}


class _Hit(NamedTuple):
    name: str
    place: Place
    start: int
    end: int


def _index() -> dict[str, tuple[Cue, ...]]:
    index: dict[str, tuple[Cue, ...]] = {}
    for cue in CUES:
        for word in cue.triggers:
            index[word] = (*index.get(word, ()), cue)
    return index


_BY_WORD: Final = _index()
_SPEAKS_FOR: Final = frozenset(word for cue in CUES if cue.sign is Sign.FOR for word in cue.triggers)
# "fixed" in a name is mostly an adjective: fixed-width, fixed_rate.
_NAMING: Final = next(cue.triggers for cue in CUES if cue.name == "fix") - {"fixed"}


def judge(message: str) -> BugFixVerdict:
    """Say how sure the message is that its commit repairs a bug.

    Only the first :data:`MAX_MESSAGE` characters are read. Evidence comes strongest first.
    """
    text = _lower(message[:MAX_MESSAGE])
    if _SPEAKS_FOR.isdisjoint(_WORD.findall(text)):
        return _NOTHING
    found = [_evidence(hit, message) for hit in _foremost(text).values()]
    evidence = sorted((row for row in found if row.weight), key=lambda row: (-abs(row.weight), row.start, row.rule))
    return BugFixVerdict(score_of(row.weight for row in evidence), tuple(evidence))


def combined(verdict: BugFixVerdict, more: Iterable[Evidence]) -> BugFixVerdict:
    """Add evidence that is not the message's, after the message's."""
    evidence = (*verdict.evidence, *more)
    return BugFixVerdict(score_of(row.weight for row in evidence), evidence)


def cues_of(message: str) -> dict[str, Place]:
    """Give every cue of the message with its foremost place: what the weights are fitted to."""
    return {name: hit.place for name, hit in _foremost(_lower(message[:MAX_MESSAGE])).items()}


def _lower(text: str) -> str:
    """Lower case with every offset kept (a few letters grow when they are lowered)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


_NOTHING: Final = BugFixVerdict(score_of(()), ())


def _foremost(text: str) -> dict[str, _Hit]:
    foremost: dict[str, _Hit] = {}
    for hit in _hits(text):
        known = foremost.get(hit.name)
        if known is None or _ORDER[hit.place] < _ORDER[known.place]:
            foremost[hit.name] = hit
    return foremost


def _hits(text: str) -> Iterator[_Hit]:
    layout = _Layout(text)
    done = 0
    for word in _WORD.finditer(text):
        # Few words are a cue, so that nothing else is asked of most.
        if (cues := _BY_WORD.get(word[0])) is None:
            continue
        start, end = word.span()
        if start < done or not layout.is_own_words(start):
            continue
        if _in_identifier(text, start, end):
            if word.group() in _NAMING and start < layout.subject_end:
                yield _Hit(NAMED_FIX, Place.SUBJECT, start, end)
            continue
        hit = _first(cues, text, layout.place(start), start, end)
        if hit is not None:
            done = hit.end
            if hit.name != NOTHING:
                yield hit


def _first(cues: tuple[Cue, ...], text: str, place: Place, start: int, end: int) -> _Hit | None:
    for cue in cues:
        if place not in cue.places:
            continue
        matched = cue.pattern.match(text, start) if cue.pattern else None
        if matched or not cue.pattern:
            end = matched.end() if matched else end
            return _Hit(_name(cue, text, start), place, start, end)
    return None


def _name(cue: Cue, text: str, start: int) -> str:
    if cue.sign is not Sign.FOR:
        return cue.name
    before = max(0, start - 20)
    if not _NEGATION.search(text, before, start):
        return cue.name
    # "Do not crash on an empty batch" says what went wrong, as "crash on an empty batch" does.
    return cue.name if _REFUSAL.search(text, before, start) and _FAILING.match(text, start) else NEGATED


class _Layout:
    """Which part of a message an offset is in; offsets are asked for in ascending order."""

    def __init__(self, text: str) -> None:
        self._text = text
        start = len(text) - len(text.lstrip())
        self.subject_end = _line_end(text, start)
        merges = text.startswith("merge", start)
        if merges:
            # A merge's own first line names branches; the line after it says what they hold.
            rest = text[self.subject_end :]
            self.subject_end = _line_end(text, self.subject_end + len(rest) - len(rest.lstrip()))
        self._squash = (merges or _PULL_REQUEST.search(text, start, self.subject_end) is not None) and (
            len(_BULLETS.findall(text, self.subject_end)) > 1
        )
        self._reverted = [found.span(1) for found in _REVERTED.finditer(text)]
        self._line_end = -1
        self._own_words = self._bullet = False
        self._head_end = 0

    def is_own_words(self, at: int) -> bool:
        """Tell whether the author says the word at this offset of the change."""
        self._enter(at)
        return self._own_words and not (self._reverted and any(start <= at < end for start, end in self._reverted))

    def place(self, at: int) -> Place:
        """Give the place of the word at this offset."""
        self._enter(at)
        if at < self.subject_end:
            return Place.HEAD if at <= self._head_end else Place.SUBJECT
        return Place.BULLET if self._squash and self._bullet else Place.BODY

    def _enter(self, at: int) -> None:
        """Look at the line of an offset, once a line."""
        if at < self._line_end:
            return
        start = self._text.rfind("\n", 0, at) + 1
        self._line_end = _line_end(self._text, at)
        self._own_words = start < self.subject_end or _NOT_OWN_WORDS.match(self._text, start) is None
        self._bullet = _BULLET.match(self._text, start) is not None
        head = _HEAD.match(self._text, start)
        self._head_end = head.end() if head else start


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _in_identifier(text: str, start: int, end: int) -> bool:
    if _COMPOUND.match(text, start):
        return False
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    following = text[end + 1] if end + 1 < len(text) else " "
    joined_before = before in _IDENTIFIER_BEFORE and start > 1 and text[start - 2].isalnum()
    return joined_before or (after in _IDENTIFIER_AFTER and following.isalnum())


def _evidence(hit: _Hit, message: str) -> Evidence:
    span = message[hit.start : hit.end][:MAX_SPAN]
    weight = _WEIGHTS.get((hit.name, hit.place), 0.0)
    return Evidence(f"message.{hit.name}", weight, span, "message", hit.start, hit.end)
