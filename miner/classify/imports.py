"""Which modules a text imports and which names it binds to them: Python, notebooks, Lua and C++ alike.

Textual on purpose: it costs microseconds on a whole file, and works on Python 2, on fragments and on notebook JSON. A
line of prose that looks like an import counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_SOURCE: Final = 200_000
"""Characters of a file that are searched."""

MAX_IMPORTS: Final = 500
"""Imports of a file that are read."""

LUA: Final = "lua:"
"""Stands before the name of a module that Lua requires: ``nn`` is Torch's in Lua, and anybody's in Python."""

_MAX_STATEMENT = 2_000
_PYTHON = re.compile(
    r"""[ \t">#%.\\]*(?:
        from[ \t]+(?P<origin>\.*[\w.]*)[ \t]+import[ \t]+(?:\((?P<many>[^)]*)\)?|(?P<names>[^\n#;]*))
      | import[ \t]+(?P<modules>[A-Za-z_][\w., \t]*)
    )""",
    re.VERBOSE,
)
_REQUIRE = re.compile(
    r"""(?:(?:local[ \t]+)?(?P<name>\w+)[ \t]*=[ \t]*)?require[ \t]*\(?[ \t]*['"](?P<module>[\w.]+)['"]"""
)
_INCLUDE = re.compile(r"""[ \t]*\#[ \t]*include[ \t]*[<"](?P<module>[\w.+-]+)/""", re.VERBOSE)
_BOUND = re.compile(r"\s*([A-Za-z_*][\w.]*|\*)(?:\s+as\s+([A-Za-z_]\w*))?")


class Import(NamedTuple):
    """One imported module or member: ``name`` is what the text binds it to ("*" for all of a module's names).

    ``start`` and ``end`` are offsets in the text; ``module`` starts with dots where the import is relative.
    """

    module: str
    member: str
    name: str
    start: int
    end: int

    @property
    def target(self) -> str:
        """The full dotted name of what is imported."""
        return f"{self.module}.{self.member}" if self.member and self.member != "*" else self.module


def find(text: str, language: str = "") -> Iterator[Import]:
    """Give the imports of a text in order, at most :data:`MAX_IMPORTS` from its first :data:`MAX_SOURCE` characters.

    A language that is known spares a search for the other languages' imports.
    """
    left = MAX_IMPORTS
    for offset, statement in statements(text, language):
        for found in read(statement):
            yield found._replace(start=found.start + offset, end=found.end + offset)
            left -= 1
            if left <= 0:
                return


def words_of(language: str) -> tuple[str, ...]:
    """Give the words of which one is in every import statement of a language; of an unknown one, those of all."""
    if language in ("python", "notebook"):
        return ("import",)
    return ("require", "#include") if language in ("lua", "c++", "c") else ("import", "require", "#include")


def statements(text: str, language: str = "") -> Iterator[tuple[int, str]]:
    """Give each import statement with its offset, from the first :data:`MAX_SOURCE` characters of a text."""
    text = text[:MAX_SOURCE]
    words = words_of(language)
    if "import" in words:
        match = _PYTHON.match
        for start in _starts(text, "import"):
            matched = match(text, start, start + _MAX_STATEMENT)
            if matched:
                yield start, matched[0]
    for word, pattern in (("require", _REQUIRE), ("#include", _INCLUDE)):
        if word in words:
            for start in _starts(text, word):
                matched = pattern.search(text, start, _line_end(text, start))
                if matched:
                    yield matched.start(), matched[0]


def read(statement: str) -> tuple[Import, ...]:
    """Give what one statement that :func:`statements` gave imports; offsets are in the statement."""
    python = _PYTHON.match(statement)
    if python:
        return tuple(_python(python))
    for pattern, prefix in ((_REQUIRE, LUA), (_INCLUDE, "")):
        other = pattern.match(statement)
        if other:
            module, (start, end) = other["module"], other.span("module")
            return (Import(prefix + module, "", other.groupdict().get("name") or module, start, end),)
    return ()


def _starts(text: str, word: str) -> Iterator[int]:
    """Give the start of each line that holds the word; finding it so is some fifty times faster than by pattern."""
    find, rfind = text.find, text.rfind
    at = find(word)
    while at >= 0:
        yield rfind("\n", 0, at) + 1
        end = find("\n", at)
        if end < 0 or end > at + _MAX_STATEMENT:
            end = _line_end(text, at)
        at = find(word, end)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return min(len(text) if end < 0 else end, start + _MAX_STATEMENT)


def _python(statement: re.Match[str]) -> Iterator[Import]:
    group = statement.lastgroup or "modules"
    offset = statement.start(group)
    for part in statement[group].split(","):
        bound = _BOUND.match(part)
        if bound:
            yield _import(statement["origin"], bound, offset)
        offset += len(part) + 1


def _import(origin: str | None, bound: re.Match[str], offset: int) -> Import:
    full, alias = bound.groups()
    start, end = offset + bound.start(1), offset + bound.end(1)
    if origin is None:
        return Import(full, "", alias or full.partition(".")[0], start, end)
    return Import(origin, full, alias or full, start, end)
