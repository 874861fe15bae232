"""Code as statements: lines with those that their brackets go on over, and how much two of them are alike.

Made for code that is a piece of something, wrongly indented, or not Python: nothing is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

MAX_STATEMENT: Final = 40
"""Lines of a statement; brackets that stay open longer were never meant to be closed."""

MAX_CODE: Final = 1_000
"""Characters of a statement that are looked at, other than to tell whether it is the same; a longer one is data."""

MIN_ALIKE: Final = 0.5
"""Similarity from which one statement can be what another one became."""

_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_COMMENT = re.compile(r"(?:(?<=\s)|^)(?:#|//|--\s).*$")
_TOKEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[A-Za-z_]\w*|\d[\w.]*")
_TARGET = re.compile(r"(?:local +|auto +)?([A-Za-z_][\w.\[\]'\", ]*?) *(?:[-+*/@|&]|//|\*\*)?=(?!=)")
_DEFINED = re.compile(r"(?:async +)?(def|class|function) +([\w.:]+)")
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")
_IMPORT = re.compile(r"(?:from\s+\S+\s+)?import\s|#\s*include|require\b")
_WORD = re.compile(
    r"(if|elif|else|for|while|with|try|except|finally|return|raise|assert|del|import|from|print|pass|break)\b|(@)"
)
_REMARK = re.compile(
    r"(?:#+|//+|--)\s*(?:(?:instead of|was|old|before|original(?:ly)?|previously|not|replaces?)\b:?\s*)?", re.IGNORECASE
)
_TRIVIAL: Final = frozenset(
    {"pass", "else:", "try:", "finally:", "break", "continue", "end", "}", "{", "...", "return", "});"}
)
_COMMONPLACE = re.compile(
    r"super\(.*__init__\(|\w*\.?\w*optim\w*\.(?:zero_grad|step)\(\)|\w*loss\w*\.backward\(\)|\w+\.(?:train"
    r"|eval)\(\)$|def __\w+__\("
    r"|def forward\(|with torch\.no_grad|device *=|if __name__|plt\.show"
)
_DATA: Final = frozenset(
    {"randn", "rand", "randint", "tensor", "arange", "zeros", "ones", "array", "linspace", "eye", "full"}
)
_COMMON: Final = frozenset(
    {"print", "range", "len", "super", "__init__", "int", "float", "str", "list", "format", "append"}
)


@dataclass(frozen=True)
class Statement:
    """Lines ``[start, end)`` of a text; ``key`` is their code without comments and blanks.

    Of a statement that is only a comment, ``code`` is empty and ``key`` the comment.
    """

    start: int
    end: int
    indent: int
    key: str
    code: str

    @cached_property
    def tokens(self) -> Counter[str]:
        """The names, numbers and strings, each as often as it stands there."""
        return Counter(_TOKEN.findall(self.code))

    @cached_property
    def target(self) -> str:
        """What is assigned to; "" for no assignment."""
        found = _TARGET.match(self.code)
        return found[1].strip() if found else ""

    @cached_property
    def defined(self) -> str:
        """The function or class that begins here, with the word for it; "" elsewhere."""
        found = _DEFINED.match(self.code)
        return f"{found[1]} {found[2]}" if found else ""

    @cached_property
    def called(self) -> frozenset[str]:
        """The last parts of the names of what is called, less those that are called everywhere."""
        return frozenset(_CALLED.findall(self.code)) - _COMMON if not self.defined else frozenset()

    @cached_property
    def word(self) -> str:
        """The keyword that begins the statement; "" for none."""
        found = _WORD.match(self.code)
        return found[0] if found else ""

    @property
    def is_import(self) -> bool:
        """Whether it is an import."""
        return _IMPORT.match(self.code) is not None

    @property
    def makes_data(self) -> bool:
        """Whether it makes up data, as the first lines of an example do."""
        return bool(self.target) and not _DATA.isdisjoint(self.called)

    @cached_property
    def weight(self) -> float:
        """How much it tells that the same statement stands elsewhere, up to 1."""
        if not self.code or self.key in _TRIVIAL:
            return 0.05
        common = self.is_import or _COMMONPLACE.match(self.code)
        return min(1.0, (1 + self.tokens.total()) / 6) * (0.3 if common else 1.0)

    @property
    def continues(self) -> bool:
        """Whether it assigns to a name what it makes of the name's value."""
        return bool(self.target) and self.tokens[self.target] > 1


def statements(lines: Sequence[str]) -> list[Statement]:
    """Give the statements of lines, in order; every line but a blank one is in exactly one."""
    found: list[Statement] = []
    row = 0
    while row < len(lines):
        if not lines[row].strip():
            row += 1
            continue
        end = _end(lines, row)
        found.append(_statement(lines, row, end))
        row = end
    return found


def _statement(lines: Sequence[str], start: int, end: int) -> Statement:
    code = " ".join(filter(None, (uncommented(line).strip() for line in lines[start:end])))
    indent = len(lines[start]) - len(lines[start].lstrip())
    return Statement(start, end, indent, _key(code or lines[start]), code[:MAX_CODE])


def commented_out(line: str) -> str:
    """Give the key of the code that a line of comment holds, "" for a line of code."""
    text = line.strip()
    return "" if uncommented(text) else _key(_REMARK.sub("", text, count=1))


def _key(code: str) -> str:
    return "".join(code.split()).rstrip(";").replace('"', "'")


def uncommented(line: str) -> str:
    """Give a line without the comment at its end."""
    if "#" not in line and "//" not in line and "--" not in line:
        return line
    hidden = _STRING.sub(lambda string: "_" * len(string[0]), line)
    found = _COMMENT.search(hidden)
    return line[: found.start()] if found else line


def _end(lines: Sequence[str], start: int) -> int:
    """Give the row after the last of a statement; a statement of which a bracket is never closed is one line."""
    opened = 0
    for row in range(start, min(len(lines), start + MAX_STATEMENT)):
        code = _STRING.sub("", uncommented(lines[row]))
        opened += sum(map(code.count, "([")) - sum(map(code.count, ")]"))
        if opened <= 0 and not code.rstrip().endswith("\\"):
            return row + 1
    return start + 1


def alike(one: Statement, other: Statement) -> float:
    """Tell how likely it is, from 0 to 1, that one statement is what the other one became; 1 for the same code."""
    if one.key == other.key:
        return 1.0
    if not one.code or not other.code:
        return 0.0
    if one.defined or other.defined:
        return _alike_definitions(one, other)
    if one.word != other.word or (bool(one.target) != bool(other.target) and one.called.isdisjoint(other.called)):
        return 0.0
    shared = _dice(one.tokens, other.tokens)
    score = 0.75 * shared
    if one.target and one.target == other.target:
        score += 0.25 if len(one.target) > 1 else 0.1
    if not one.called.isdisjoint(other.called):
        score += 0.2
    if one.word in ("return", "@"):
        score += 0.35
    if one.continues and one.called and one.called.isdisjoint(other.called):
        return 0.0
    if one.makes_data != other.makes_data or (one.makes_data and shared < 0.8):
        score -= 0.3
    return min(score, 0.99)


def _alike_definitions(one: Statement, other: Statement) -> float:
    if one.defined.partition(" ")[0] != other.defined.partition(" ")[0]:
        return 0.0
    shared = _dice(one.tokens, other.tokens)
    if one.defined != other.defined:
        return 0.7 * shared
    return 0.95 * shared if _COMMONPLACE.match(one.code) else max(0.6, 0.95 * shared)


def _dice(one: Counter[str], other: Counter[str]) -> float:
    """Give the share of tokens that two statements have in common."""
    if len(one) > len(other):
        one, other = other, one
    common = sum(min(count, other[token]) for token, count in one.items() if token in other)
    return 2 * common / (one.total() + other.total()) if one or other else 0.0
