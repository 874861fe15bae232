"""What the changed lines of a hunk speak of, by the parts of their names: the weakest facts, where no rule sees more.

A topic counts where one of its words stands more often on one side of the change than on the other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from miner.classify.fragments import Fragments, Line
from miner.classify.parsing import Where
from miner.classify.taxonomies import topics

SLICE: Final = "slice"
INDEX: Final = "index"

_TOPICS: Final = topics()
_NAME = re.compile(r"[A-Za-z_]\w*")
_PART = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*")
_COMMENT = re.compile(r"(?:#|//|--\s).*")
_SUBSCRIPT = re.compile(r"(?<=[\w)\]])\[[^][\n]{0,80}\]")


class Found(NamedTuple):
    """A topic, whether it is shown on the new side, and where."""

    topic: str
    is_new: bool
    where: Where


@lru_cache(maxsize=1 << 16)
def words_of(name: str) -> tuple[str, ...]:
    """Give the parts of a name, lowered, that speak of a topic; ``batchSize`` and ``batch_size`` have equal ones."""
    parts = {part.lower() for piece in name.split("_") for part in (piece, *_PART.findall(piece))}
    return tuple(sorted(parts & _TOPICS.keys()))


def find(cut: Fragments) -> Iterator[Found]:
    """Give each topic of a hunk once: first those that the new side adds, then those that the old one had."""
    old, new = _words(cut.old), _words(cut.new)
    if old == new:
        return
    seen: set[str] = set()
    for counts, others, lines, is_new in ((new, old, cut.new, True), (old, new, cut.old, False)):
        more = {word for word, count in counts.items() if count > others[word]}
        if more:
            for topic, where in _places(lines, more):
                if topic not in seen:
                    seen.add(topic)
                    yield Found(topic, is_new, where)


def _words(lines: tuple[Line, ...]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in lines:
        if line.changed:
            for word, _, _ in _line_words(line.text):
                counts[word] += 1
    return counts


def _places(lines: tuple[Line, ...], words: set[str]) -> Iterator[tuple[str, Where]]:
    for row, line in enumerate(lines):
        if line.changed:
            for word, start, end in _line_words(line.text):
                if word in words:
                    for topic in _topics_of(word):
                        yield topic, Where(row, start + line.shift, end + line.shift)


def _line_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Give the telling parts of names and the subscripts of a line, with their columns; comments are left out."""
    code = _COMMENT.sub("", text) if "#" in text or "//" in text or "--" in text else text
    for found in _NAME.finditer(code):
        for word in words_of(found[0]):
            yield word, found.start(), found.end()
    if "[" in code:
        for found in _SUBSCRIPT.finditer(code):
            yield found[0], found.start(), found.end()


def _topics_of(word: str) -> tuple[str, ...]:
    if word.startswith("["):
        return (SLICE if ":" in word else INDEX,)
    return _TOPICS[word]
