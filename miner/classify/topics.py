"""What the changed lines of a hunk speak of, by the parts of their names: the weakest facts, where no rule sees more.

A topic counts where one of its words stands more often on one side of the change than on the other, or, where no word
does, on both.
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

# A hunk is read twice: for what it speaks of, and then for where; and sides share lines.
_LINES_KEPT = 4_096

_TOPICS: Final = topics()
_NAME = re.compile(r"[A-Za-z_]\w*")
_PART = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*")
_COMMENT = re.compile(r"(?:#|//|--\s).*")
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
    before, after = _read(cut.old), _read(cut.new)
    old, new = _counted(before), _counted(after)
    more, less = new - old, old - new
    shared = not more and not less
    if shared:
        if not new or _code(cut.old) == _code(cut.new):
            return
        more = new
    seen: set[str] = set()
    for words, rows, is_new in ((more, after, True), (less, before, False)):
        if words:
            for topic, where in _places(rows, words):
                if topic not in seen:
                    seen.add(topic)
                    yield Found(topic, shared, is_new, where)


def _code(lines: tuple[Line, ...]) -> str:
    """Give the changed lines without comments and white space."""
    return "".join("".join(_COMMENT.sub("", line.text).split()) for line in lines if line.changed)


def _read(lines: tuple[Line, ...]) -> list[tuple[int, int, list[_Word]]]:
    """Give the changed lines: row, shift and telling words."""
    return [(row, line.shift, list(_line_words(line.text))) for row, line in enumerate(lines) if line.changed]


def _counted(rows: list[tuple[int, int, list[_Word]]]) -> Counter[str]:
    return Counter([word for _, _, words in rows for word, _, _ in words])


def _places(rows: list[tuple[int, int, list[_Word]]], words: Counter[str]) -> Iterator[tuple[str, Where]]:
    for row, shift, found in rows:
        for word, start, end in found:
            if word in words:
                for topic in _topics_of(word):
                    yield topic, Where(row, start + shift, end + shift)


@lru_cache(maxsize=_LINES_KEPT)
def _line_words(text: str) -> tuple[tuple[str, int, int], ...]:
    """Give the telling parts of names and the subscripts of a line, with their columns; comments are left out."""
    code = _COMMENT.sub("", text) if "#" in text or "//" in text or "--" in text else text
    words = [(word, found.start(), found.end()) for found in _NAME.finditer(code) for word in words_of(found[0])]
    if "[" in code:
        words += [(found[0], found.start(), found.end()) for found in _SUBSCRIPT.finditer(code)]
    return tuple(words)


def _topics_of(word: str) -> tuple[str, ...]:
    if word.startswith("["):
        return (SLICE if ":" in word else INDEX,)
    return _TOPICS[word]
