"""What the changed lines of a hunk speak of, by the parts of their names: the weakest facts, where no rule sees more.

A topic counts where one of its words stands more often on one side of the change than on the other, or, where no word
does, on both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from miner.classify.fragments import Fragments, Line
from miner.classify.parsing import Where
from miner.classify.taxonomies import topics

SLICE: Final = "slice"
INDEX: Final = "index"

_TOPICS: Final = topics()
_NAME = re.compile(r"[A-Za-z_]\w*")
_PART = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*")
# No comment begins with a line's end: lines are joined where all that counts is which words they have.
_COMMENT = re.compile(r"(?:#|//|--[^\S\n]).*")
_SUBSCRIPT = re.compile(r"(?<=[\w)\]])\[[^][\n]{0,80}\]")


_Word = tuple[str, int, int]


class Found(NamedTuple):
    """A topic, whether both sides speak of it alike, whether it is shown on the new side, and where."""

    topic: str
    shared: bool
    is_new: bool
    where: Where


@lru_cache(maxsize=1 << 16)
def words_of(name: str) -> tuple[str, ...]:
    """Give the parts of a name, lowered, that speak of a topic; ``batchSize`` and ``batch_size`` have equal ones."""
    parts = {part.lower() for piece in name.split("_") for part in (piece, *_PART.findall(piece))}
    return tuple(sorted(parts & _TOPICS.keys()))


def find(cut: Fragments) -> Iterator[Found]:
    """Give each topic of a hunk once: first those that the new side adds, then those that the old one had.

    Where both sides speak of the same, but do not say the same of it, what they speak of is all there is to go by.
    """
    old, new = _words(cut.old), _words(cut.new)
    more, less = _differing(old, new)
    shared = not more and not less
    if shared:
        if not new or _code(cut.old) == _code(cut.new):
            return
        more = set(new)
    seen: set[str] = set()
    for words, lines, is_new in ((more, cut.new, True), (less, cut.old, False)):
        left = {topic for word in words for topic in _topics_of(word)} - seen
        for topic, where in _places(lines, words, left):
            seen.add(topic)
            yield Found(topic, shared, is_new, where)


def _code(lines: tuple[Line, ...]) -> str:
    """Give the changed lines without comments and white space."""
    return "".join("".join(_COMMENT.sub("", line.text).split()) for line in lines if line.changed)


def _words(lines: tuple[Line, ...]) -> list[str]:
    """Give the telling parts of names and the subscripts of the changed lines; comments are left out."""
    code = _without_comments("\n".join([line.text for line in lines if line.changed]))
    words = list(chain.from_iterable(map(words_of, _NAME.findall(code))))
    if "[" in code:
        words += _SUBSCRIPT.findall(code)
    return words


def _differing(old: list[str], new: list[str]) -> tuple[set[str], set[str]]:
    """Give the words that stand more often on the new side, and those that do on the old one."""
    balance = dict.fromkeys(old, 0)
    for word in old:
        balance[word] -= 1
    for word in new:
        balance[word] = balance.get(word, 0) + 1
    return {word for word, times in balance.items() if times > 0}, {w for w, times in balance.items() if times < 0}


def _places(lines: tuple[Line, ...], words: set[str], left: set[str]) -> Iterator[tuple[str, Where]]:
    """Give where each of the topics that are ``left`` to be found first shows: the place of one of the words."""
    for row, line in enumerate(lines):
        if not left:
            return
        for word, start, end in _line_words(line.text) if line.changed else ():
            if word in words:
                for topic in _topics_of(word):
                    if topic in left:
                        left.discard(topic)
                        yield topic, Where(row, start + line.shift, end + line.shift)


def _line_words(text: str) -> Iterator[_Word]:
    """Give the telling parts of names of a line, and then its subscripts, with their columns."""
    code = _without_comments(text)
    for found in _NAME.finditer(code):
        for word in words_of(found[0]):
            yield word, found.start(), found.end()
    if "[" in code:
        for found in _SUBSCRIPT.finditer(code):
            yield found[0], found.start(), found.end()


def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text) if "#" in text or "//" in text or "--" in text else text


def _topics_of(word: str) -> tuple[str, ...]:
    if word.startswith("["):
        return (SLICE if ":" in word else INDEX,)
    return _TOPICS[word]
