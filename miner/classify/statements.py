"""The statements of a hunk's changed lines, read a line at a time: what the prior scheme is about, in any language.

An edit is a run of removed and added lines with nothing between them; equal heads on its two sides cancel out. A head
that goes on over several lines is known by its first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from miner.classify.fragments import Edit, Fragments, Line
from miner.classify.parsing import Where

MAX_STATEMENTS: Final = 200
"""Statements of a hunk that are read."""

_HEAD = re.compile(
    r"\s*(?:\}\s*)?(?P<word>if|elif|elseif|else\s+if|else|for|while|repeat|try|except|catch|finally|switch|case|default"
    r"|async\s+def|def|local\s+function|function|class|return|raise|throw|break|continue|yield)\b(?P<rest>.*)"
)
_WORDS: Final = {"elseif": "elif", "else if": "elif", "catch": "except", "async def": "def", "function": "def",
                 "local function": "def", "throw": "raise", "repeat": "while", "default": "case"}  # fmt: skip
JUMPS: Final = frozenset({"return", "raise", "break", "continue"})
_BODIED: Final = frozenset({"if", "elif", "else", "for", "while", "try", "except", "def", "class", "case"})
_STEP = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*(?:[-+*/]=|\+\+|--|=\s*(?P=name)\s*[-+*/])")
_NAME = re.compile(r"[A-Za-z_][\w.:]*")


class Head(NamedTuple):
    """A line that begins a statement: its keyword (``def``, ``if``, ..., "step" for ``i += 1``), and its text."""

    word: str
    text: str
    name: str
    row: int
    indent: int


@dataclass(frozen=True, slots=True)
class Sides:
    """The heads of an edit's two sides that have no equal on the other."""

    edit: Edit
    gone: tuple[Head, ...]
    come: tuple[Head, ...]


def read(cut: Fragments) -> Iterator[Sides]:
    """Give the heads that each edit of a hunk takes away and brings."""
    for edit in cut.edits:
        old = heads(cut.old, edit.old_start, edit.old_end)
        new = heads(cut.new, edit.new_start, edit.new_end)
        if old or new:
            yield Sides(edit, *_unequal(old, new))


def heads(lines: Sequence[Line], start: int, end: int) -> list[Head]:
    """Give the heads of rows ``[start, end)``."""
    found: list[Head] = []
    for row in range(start, min(end, start + MAX_STATEMENTS)):
        head = _head(lines[row].text, row)
        if head is not None:
            found.append(head)
    return found


def where(lines: Sequence[Line], head: Head) -> Where:
    """Give the place of a head: its line without the indentation."""
    line = lines[head.row]
    return Where(head.row, head.indent + line.shift, len(line.text.rstrip()) + line.shift)


def body(lines: Sequence[Line], below: Sequence[str], head: Head) -> list[str]:
    """Give the lines after a head that are deeper than it, stripped; of one that is not followed by such lines, none.

    :param below: the lines after the side's.
    """
    found: list[str] = []
    for text in (*(line.text for line in lines[head.row + 1 :]), *below):
        if text.strip():
            if indent_of(text) <= head.indent:
                break
            found.append(text.strip())
    return found


def indent_of(text: str) -> int:
    """Give how many blanks a line begins with."""
    return len(text) - len(text.lstrip())


def _head(text: str, row: int) -> Head | None:
    matched = _HEAD.match(text)
    if matched is None:
        step = _STEP.match(text)
        return Head("step", text.strip(), step["name"], row, indent_of(text)) if step else None
    word = " ".join(matched["word"].split())
    word = _WORDS.get(word, word)
    rest = matched["rest"]
    if word in _BODIED and not _opens(rest):
        return None
    name = _NAME.search(rest)
    return Head(word, text.strip(), name[0] if name else "", row, indent_of(text))


def _opens(rest: str) -> bool:
    """Tell whether what follows a keyword can be a statement's head: prose has no colon or bracket at its end."""
    code = rest.partition("#")[0].rstrip()
    return ":" in code or code.endswith(("(", "\\", ",", "{", "then", "do", "or", "and", ")")) or not code


def _unequal(old: list[Head], new: list[Head]) -> tuple[tuple[Head, ...], tuple[Head, ...]]:
    gone = list(old)
    come: list[Head] = []
    for head in new:
        equal = next((was for was in gone if was.text == head.text), None)
        if equal is None:
            come.append(head)
        else:
            gone.remove(equal)
    return tuple(gone), tuple(come)
