"""Is a commit a bug fix? The evidence of its message: words for and against, where they stand, and a score.

A linguistic model: every cue of :mod:`miner.classify.cues` counts once at its strongest place, the weights are added,
and the logistic function makes the sum a score. It runs over every commit of a repository: a message without any word
that could speak for a fix gets its score without being looked at more closely.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from miner.classify.cues import BIAS, CUES, NAMED_FIX_WEIGHT, NEGATED_WEIGHT, Cue, Place
from miner.model import BugFixVerdict, Evidence

RULES_VERSION: Final = "1"
MAX_MESSAGE: Final = 10_000
"""Characters of a message that are read; the rest is logs and ChangeLogs."""

MAX_SPAN: Final = 200
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
# Tags, bullets, issue numbers, short hashes and "scope:" or "file (function):" before the first word; possessive, so
# that a long line costs one pass.
_HEAD = re.compile(
    r"\s*+(?:(?:\[[^\]\n]{0,60}\]|\([^)\n]{0,60}\)|[*#>•!~+=-]+|\d+[.)]|"
    r"(?:issues?|bugs?|tickets?|gh|pr)?[ #:]*#?\d++|r\d+|[a-z][a-z0-9]{1,15}-\d+|[0-9a-f]{7,40}(?=\s)|"
    r"[\w./+-]{1,60}(?: ?\([^)\n]{0,60}\))?:)[\s:.,-]*+)*+"
)
_NEGATION = re.compile(r"(?:\b(?:no|not|without|never|any|if|to be)|n't)(?: (?:a|an|any|the|yet|more|be))? $")
_IDENTIFIER_BEFORE = "_/\\-.@"
_IDENTIFIER_AFTER = "_/\\-"


class _Hit(NamedTuple):
    name: str
    weight: float
    start: int
    end: int


def _index() -> dict[str, tuple[Cue, ...]]:
    index: dict[str, tuple[Cue, ...]] = {}
    for cue in CUES:
        for word in cue.triggers:
            index[word] = (*index.get(word, ()), cue)
    return index


_BY_WORD: Final = _index()
_SPEAKS_FOR: Final = frozenset(word for word, cues in _BY_WORD.items() if any(max(cue.weights) > 0 for cue in cues))
_FIX_WORDS: Final = next(cue.triggers for cue in CUES if cue.name == "fix")


def judge(message: str) -> BugFixVerdict:
    """Say how sure the message is that its commit repairs a bug.

    Only the first :data:`MAX_MESSAGE` characters are read. Evidence comes strongest first.
    """
    text = _lower(message[:MAX_MESSAGE])
    if _SPEAKS_FOR.isdisjoint(_WORD.findall(text)):
        return _NOTHING
    strongest: dict[str, _Hit] = {}
    for hit in _hits(text):
        known = strongest.get(hit.name)
        if hit.weight and (known is None or abs(hit.weight) > abs(known.weight)):
            strongest[hit.name] = hit
    hits = sorted(strongest.values(), key=lambda hit: (-abs(hit.weight), hit.start, hit.name))
    score = _logistic(BIAS + sum(hit.weight for hit in hits))
    return BugFixVerdict(score, tuple(_evidence(hit, message) for hit in hits))


def _lower(text: str) -> str:
    """Lower case with every offset kept (a few letters grow when they are lowered)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _logistic(value: float) -> float:
    return round(1 / (1 + math.exp(-value)), 4)


_NOTHING: Final = BugFixVerdict(_logistic(BIAS), ())


def _hits(text: str) -> Iterator[_Hit]:
    subject_start, subject_end = _subject(text)
    done = 0
    for word in _WORD.finditer(text):
        start = word.start()
        cues = _BY_WORD.get(word.group())
        if cues is None or start < done:
            continue
        if _in_identifier(text, start, word.end()):
            if word.group() in _FIX_WORDS and start < subject_end:
                yield _Hit("named_fix", NAMED_FIX_WEIGHT, start, word.end())
            continue
        place = _place(text, start, subject_start, subject_end)
        for cue in cues:
            matched = cue.pattern.match(text, start) if cue.pattern else word
            if matched:
                done = matched.end()
                yield _judged(cue, place, text, start, done)
                break


def _judged(cue: Cue, place: Place, text: str, start: int, end: int) -> _Hit:
    if cue.asserts and _NEGATION.search(text, max(0, start - 20), start):
        return _Hit("negated", NEGATED_WEIGHT, start, end)
    return _Hit(cue.name, cue.weights[place], start, end)


def _subject(text: str) -> tuple[int, int]:
    """Give the span of the subject: the first line, and the first after it where that one is only "Merge ..."."""
    start = len(text) - len(text.lstrip())
    end = _line_end(text, start)
    if text.startswith("merge", start):
        second = end + len(text[end:]) - len(text[end:].lstrip())
        end = _line_end(text, second)
    return start, end


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _place(text: str, start: int, subject_start: int, subject_end: int) -> Place:
    line_start = text.rfind("\n", 0, start) + 1
    head = _HEAD.match(text, line_start)
    if head is not None and head.end() >= start:
        return Place.HEAD
    return Place.SUBJECT if subject_start <= start < subject_end else Place.BODY


def _in_identifier(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    following = text[end + 1] if end + 1 < len(text) else " "
    joined_before = before in _IDENTIFIER_BEFORE and start > 1 and text[start - 2].isalnum()
    return joined_before or (after in _IDENTIFIER_AFTER and following.isalnum())


def _evidence(hit: _Hit, message: str) -> Evidence:
    span = message[hit.start : hit.end][:MAX_SPAN]
    return Evidence(f"message.{hit.name}", hit.weight, span, "message", hit.start, hit.end)
