"""The lines of a hunk as two fragments of code, before and after, cut to what the change needs and fit to be parsed.

A hunk starts and ends anywhere. A fragment is the changed lines with only as much context as completes their brackets;
lines inside a docstring and over-long lines are blanked; brackets that are closed but not opened get an opening line
before the first; an indented start gets a block to stand in. Line and column of everything can be told exactly.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from miner.model import Hunk

MAX_LINE: Final = 1_000
"""A longer line is data or minified code: it is read as empty."""

MAX_LINES: Final = 80
"""Lines of a hunk that are read."""

ENCLOSING: Final = "_"
"""What stands for a call that begins before the fragment."""

_CONTINUED = (",", "(", "[", "{", "\\", "=", "+", "-", "|")
_NOTEBOOK_LINE = re.compile(r'\s*"')
_TRIPLE = re.compile(r"\"\"\"|'''")
_DOUBLE = re.compile(r"\"\"\"")
_SINGLE = re.compile(r"'''")
_BRACKET = re.compile(r"[][(){}]")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}


class Line(NamedTuple):
    """A line of one side: its number in the file, its text, and the columns that were cut off its start."""

    number: int
    text: str
    shift: int
    changed: bool


class Edit(NamedTuple):
    """A run of changed lines: rows ``[old_start, old_end)`` of the old side and the same of the new."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class Fragments:
    """Both sides of a hunk's window, the runs of changed lines in them, and the unchanged lines around the window."""

    old: tuple[Line, ...]
    new: tuple[Line, ...]
    edits: tuple[Edit, ...]
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A side's text as the parser gets it; ``first_row`` is the row of the first real line, ``indent`` was cut off."""

    text: str
    first_row: int
    indent: int


def split(hunk: Hunk, body: list[str], *, notebook: bool = False, toggles: Sequence[int] | None = None) -> Fragments:
    """Cut a hunk to the window around its changes.

    ``body`` is the hunk's first lines, as many as are to be read; ``toggles``, from
    :func:`docstring_toggles` of the file after the change, tell where docstrings begin.
    """
    signs = [line[:1] or " " for line in body]
    changed = [row for row, sign in enumerate(signs) if sign != " " and sign != "\\"]
    if not changed:
        return Fragments((), (), ())
    texts, shifts = _texts(body, notebook)
    prose = _prose(hunk, signs, texts, toggles)
    for row in prose:
        texts[row] = ""
    start, end = _window(signs, texts, changed[0], changed[-1] + 1)
    return _sides(hunk, signs, texts, shifts, start, end)


def docstring_toggles(source: str, end: int) -> list[int]:
    """Give the lines before line ``end`` on which a triple-quoted string begins or ends, in order, one entry each."""
    toggles: list[int] = []
    line, counted = 1, 0
    for mark in _DOUBLE.finditer(source):
        start = mark.start()
        line += source.count("\n", counted, start)
        counted = start
        if line >= end:
            break
        toggles.append(line)
    else:
        counted = len(source)
    # The other kind is rare; without it every mark is a toggle, and is found far faster.
    if not _SINGLE.search(source, 0, counted):
        return toggles
    return [line for line in _toggles_of_both(source[:counted]) if line < end]


def _toggles_of_both(source: str) -> list[int]:
    """Give the toggles of a text with both kinds of triple quotes: one kind is text within the other."""
    toggles: list[int] = []
    opened = ""
    line, counted = 1, 0
    for mark in _TRIPLE.finditer(source):
        quote = mark[0][0]
        if opened in ("", quote):
            opened = "" if opened else quote
            line += source.count("\n", counted, mark.start())
            counted = mark.start()
            toggles.append(line)
    return toggles


def _texts(body: list[str], notebook: bool) -> tuple[list[str], list[int]]:
    texts = [line[1:].rstrip("\r") if len(line) <= MAX_LINE else "" for line in body]
    shifts = [0] * len(texts)
    if notebook:
        for row, text in enumerate(texts):
            texts[row], shifts[row] = _cell_line(text)
    return texts, shifts


def _cell_line(text: str) -> tuple[str, int]:
    r"""Take a line of a notebook's cell out of its JSON; an escaped quote keeps its width."""
    opened = _NOTEBOOK_LINE.match(text)
    if opened is None:
        return "", 0
    inner = text[opened.end() :].rstrip().removesuffix(",").removesuffix('"').removesuffix("\\n")
    return inner.replace('\\"', ' "').replace("\\t", "  "), opened.end()


def _prose(hunk: Hunk, signs: list[str], texts: list[str], toggles: Sequence[int] | None) -> set[int]:
    """Give the rows that are inside a triple-quoted string on their side."""
    quoted = '"""' in hunk.body or "'''" in hunk.body
    if not quoted and not toggles:
        return set()
    inside_at_start = _starts_inside(hunk, texts, toggles)
    if not inside_at_start and not quoted:
        return set()
    if not quoted:
        return {row for row, sign in enumerate(signs) if sign in (" ", "-", "+")}
    rows: set[int] = set()
    for side in "-+":
        inside = inside_at_start
        for row, sign in enumerate(signs):
            if sign in (" ", side):
                quotes = len(_TRIPLE.findall(texts[row]))
                if inside or quotes % 2:
                    rows.add(row)
                inside ^= bool(quotes % 2)
    return rows


def _starts_inside(hunk: Hunk, texts: list[str], toggles: Sequence[int] | None) -> bool:
    if toggles is not None:
        return bisect_left(toggles, hunk.new_start) % 2 == 1
    first = next((row for row, text in enumerate(texts) if _TRIPLE.search(text)), None)
    if first is None:
        return False
    # Without the file: a docstring opens after a line that ends a definition; elsewhere the first quotes close one.
    before = next((text.strip() for text in reversed(texts[:first]) if text.strip()), hunk.heading.strip())
    opens = before.endswith(":") or not before or bool(re.match(r"[\w.]+ *=|[rub]*[\"']{3}\S", texts[first].strip()))
    return not opens and len(_TRIPLE.findall(texts[first])) % 2 == 1


def _window(signs: list[str], texts: list[str], start: int, end: int) -> tuple[int, int]:
    """Widen rows ``[start, end)`` over the context that their brackets need."""
    side = "+" if "+" in signs else "-"
    open_brackets = depth("".join([texts[row] for row in range(start, end) if signs[row] in (" ", side)]))
    while start and (open_brackets < 0 or texts[start - 1].rstrip().endswith(_CONTINUED) or _closes(texts[start])):
        start -= 1
        open_brackets += depth(texts[start])
    while end < len(texts) and open_brackets > 0:
        open_brackets += depth(texts[end])
        end += 1
    return start, end


def depth(text: str) -> int:
    """Give how many more brackets a text opens than it closes."""
    if not text:
        return 0
    return text.count("(") + text.count("[") + text.count("{") - text.count(")") - text.count("]") - text.count("}")


def _closes(text: str) -> bool:
    return text.lstrip()[:1] in (")", "]", "}")


def _sides(hunk: Hunk, signs: list[str], texts: list[str], shifts: list[int], start: int, end: int) -> Fragments:
    old: list[Line] = []
    new: list[Line] = []
    edits: list[Edit] = []
    above = signs[:start]
    old_number = hunk.old_start + len(above) - above.count("+") - above.count("\\")
    new_number = hunk.new_start + len(above) - above.count("-") - above.count("\\")
    run: tuple[int, int] | None = None
    for sign, text, shift in zip(signs[start:end], texts[start:end], shifts[start:end], strict=True):
        if sign == " ":
            if run is not None:
                edits.append(Edit(run[0], len(old), run[1], len(new)))
                run = None
            old.append(Line(old_number, text, shift, False))
            new.append(Line(new_number, text, shift, False))
            old_number += 1
            new_number += 1
            continue
        if run is None:
            run = len(old), len(new)
        if sign == "-":
            old.append(Line(old_number, text, shift, True))
            old_number += 1
        elif sign == "+":
            new.append(Line(new_number, text, shift, True))
            new_number += 1
    if run is not None:
        edits.append(Edit(run[0], len(old), run[1], len(new)))
    return Fragments(tuple(old), tuple(new), tuple(edits), tuple(texts[:start]), tuple(texts[end:]))


def assemble(lines: Sequence[Line]) -> Fragment:
    """Make a side's lines one text that a parser of whole files can read."""
    indents = [len(line.text) - len(line.text.lstrip()) for line in lines if line.text and not line.text.isspace()]
    if not indents:
        return Fragment("", 0, 0)
    indent = min(indents)
    dedented = "\n".join([line.text[indent:] for line in lines])
    openers, closers = _repair(dedented)
    if openers:
        return Fragment(f"{ENCLOSING}{openers}\n{dedented}\n{closers}", 1, indent)
    if indents[0] > indent:
        return Fragment(f"if {ENCLOSING}:\n{dedented}\n{closers}", 1, indent)
    return Fragment(f"{dedented}\n{closers}", 0, indent)


def _repair(text: str) -> tuple[str, str]:
    """Give the brackets that are missing before and after a text."""
    if all(_balanced(text, opener, closer) for opener, closer in _CLOSERS.items()):
        return "", ""
    missing: list[str] = []
    stack: list[str] = []
    for bracket in _BRACKET.findall(text):
        if bracket in _CLOSERS:
            stack.append(bracket)
        elif stack and stack[-1] == _PAIRS[bracket]:
            stack.pop()
        elif not stack:
            missing.append(_PAIRS[bracket])
    return "".join(reversed(missing)), "".join(_CLOSERS[bracket] for bracket in reversed(stack))


def _balanced(text: str, opener: str, closer: str) -> bool:
    """Tell cheaply whether one kind of bracket is very likely balanced: equal numbers, and an opener first."""
    return text.count(opener) == text.count(closer) and text.find(opener) <= text.find(closer)
