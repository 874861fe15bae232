"""Cues in what people wrote about a bug: phrases that speak for a value of a scheme (``taxonomies/*_cues.toml``).

A phrase is matched as whole words in lowered text; a last ``*`` stands for the rest of a word, a blank for any white
space. A cue counts once, at the first place of the phrase that stands first in its list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

from miner.classify.reasons import WORDS_DOUBT, Reason, at_place_of, ranked
from miner.classify.taxonomies import table
from miner.model import Evidence, Label

MAX_TEXT: Final = 40_000
"""Characters of a text that are read."""

_MAX_SPAN: Final = 200
_KEY: Final = 4
_WORD = re.compile(r"[a-z0-9]+")
_WHITE = str.maketrans("\t\r\n\x0b\x0c\xa0", "      ")


class WordCue(NamedTuple):
    """Phrases of which one in a text speaks for a value, by ``weight``; ``tags`` are those of a question that do."""

    value: str
    name: str
    weight: float
    phrases: tuple[str, ...]
    tags: frozenset[str]


@cache
def cues(scheme: str) -> tuple[WordCue, ...]:
    """Give the cues of a scheme: "bug_type", "root_cause", "impact" or "question"."""
    return tuple(
        WordCue(value, name, cue["weight"], tuple(cue.get("phrases", ())), frozenset(cue.get("tags", ())))
        for value, named in table(f"{scheme}_cues")["cues"].items()
        for name, cue in named.items()
    )


@cache
def pattern_shares(scheme: str) -> dict[str, dict[str, float]]:
    """Give what a sure fix pattern is worth for the values of a scheme: pattern -> value -> weight."""
    found: dict[str, dict[str, float]] = table(f"{scheme}_cues")["patterns"]
    return found


def labels(scheme: str, patterns: tuple[Label, ...], text: str, tags: tuple[str, ...]) -> tuple[Label, ...]:
    """Rank the values of a scheme by what was written of a bug, and by the first of its fix patterns."""
    reasons = [*in_text(scheme, text), *in_tags(scheme, tags), *in_patterns(scheme, patterns)]
    return ranked(scheme, reasons, doubt=WORDS_DOUBT)


@lru_cache(maxsize=64)
def in_text(scheme: str, text: str) -> tuple[Reason, ...]:
    """Give the reasons that a text holds, with their offsets in it: a commit message, or the words of a question."""
    lowered, keys = _read(text)
    found: dict[int, tuple[int, tuple[int, int]]] = {}
    index = _index(scheme)
    for key in sorted(index.keys() & keys):
        for at, order, phrase in index[key]:
            if (at not in found or order < found[at][0]) and (place := _find(lowered, phrase)):
                found[at] = order, place
    known = cues(scheme)
    return tuple(
        Reason(known[at].value, _evidence(f"{scheme}.{known[at].name}", known[at].weight, text, *found[at][1]))
        for at in sorted(found)
    )


def in_tags(scheme: str, tags: tuple[str, ...]) -> Iterator[Reason]:
    """Give the reasons that a question's tags are."""
    for cue in cues(scheme) if tags else ():
        for tag in tags:
            if tag in cue.tags:
                yield Reason(cue.value, Evidence(f"{scheme}.{cue.name}", cue.weight, tag, "tag", 0, len(tag)))


def in_patterns(scheme: str, patterns: tuple[Label, ...]) -> Iterator[Reason]:
    """Give what the first fix pattern says, as strongly as it is sure; its evidence is shown."""
    first = patterns[0] if patterns else None
    if first is None or first.confidence is None or not first.evidence:
        return
    span = first.evidence[0]
    for value, weight in pattern_shares(scheme).get(first.value, {}).items():
        share = round(weight * first.confidence, 2)
        yield Reason(value, at_place_of(span, f"{scheme}.pattern_{first.value}", share))


def lower(text: str) -> str:
    """Lower a text without moving anything: a letter whose lower case is longer stays, white space is blanks."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join([low if len(low := letter.lower()) == 1 else letter for letter in text])
    return lowered.translate(_WHITE)


@cache
def _index(scheme: str) -> dict[str, tuple[tuple[int, int, str], ...]]:
    """Give the phrases by the first letters of their first words: the cue's number, the phrase's in it, and itself."""
    found: dict[str, tuple[tuple[int, int, str], ...]] = {}
    for at, cue in enumerate(cues(scheme)):
        for order, phrase in enumerate(cue.phrases):
            word = _WORD.match(phrase)
            if word is None:
                raise ValueError(f"a phrase of {scheme} must begin with a word: {phrase!r}")
            key = word[0][:_KEY]
            found[key] = (*found.get(key, ()), (at, order, phrase))
    return found


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[str, frozenset[str]]:
    """Give a text lowered, and what the words of it begin with: every scheme asks for the same."""
    lowered = lower(text[:MAX_TEXT])
    heads = {word[:_KEY] for word in _WORD.findall(lowered)}
    return lowered, frozenset(head[:length] for head in heads for length in range(1, _KEY + 1))


def _find(lowered: str, phrase: str) -> tuple[int, int] | None:
    """Give where a phrase first stands as whole words."""
    stem = phrase.removesuffix("*")
    at = lowered.find(stem)
    while at >= 0:
        end = at + len(stem)
        if _starts(lowered, at) and (stem != phrase or _ends(lowered, end)):
            return at, _word_end(lowered, end) if stem != phrase else end
        at = lowered.find(stem, at + 1)
    return None


def _starts(text: str, at: int) -> bool:
    return at == 0 or not text[at].isalnum() or not text[at - 1].isalnum()


def _ends(text: str, end: int) -> bool:
    return end >= len(text) or not text[end - 1].isalnum() or not text[end].isalnum()


def _word_end(text: str, end: int) -> int:
    while end < len(text) and text[end].isalnum():
        end += 1
    return end


def _evidence(rule: str, weight: float, text: str, start: int, end: int) -> Evidence:
    return Evidence(rule, weight, text[start:end][:_MAX_SPAN], "message", start, end)
