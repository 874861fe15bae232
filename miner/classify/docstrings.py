"""Tells whether a change of Python code only touches docstrings: text that no program reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from miner.model import Hunk

# What hardly any line of a docstring is, and one line at least of nearly every other change: looked at first, since
# then no file need be read.
_CODE = re.compile(
    r"[\w.\[\]'\"]+\s*(?:[-+*/]?=[^=]|\()|(?:def|class|if|elif|else|for|while|try|except|with)\b.*:\s*(?:#.*)?$"
    r"|(?:return|import|raise|assert|del|yield|pass|break|continue)\b|from\s+\S+\s+import\b|@\w|[)\]}]"
)
# Comments and strings of one line in their order: quotes inside of one another are no ends. Behind a backslash none
# begins: of a string without an end each quote would be looked at as the start of one.
_ONE_LINE = r"""\#[^\n]*|(?<!\\)(?!\"{3}|'{3})(?:"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')"""
_TOKEN = re.compile(_ONE_LINE, re.DOTALL)
# What stands before the next string in three quotes, and that string: the rest of a file is passed over in one step.
_UP_TO_STRING = re.compile(
    rf"""(?:[^\#"']+|{_ONE_LINE}|(?!\"{{3}}|'{{3}})["'])*"""
    r"""(?:(?P<quotes>\"{3}|'{3})(?:[^\\"']++|\\.|(?!(?P=quotes)).)*+(?P=quotes)?|\Z)""",
    re.DOTALL,
)
_PREFIX = re.compile(r"[ \t]*[rRuU]{0,2}")
_BEHIND = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")
_MOST_ABOVE = 200


def may_touch_only_docstrings(hunks: tuple[Hunk, ...]) -> bool:
    """Tell whether no changed line looks like code: whether it is worth while to read the file."""
    return not any(_CODE.match(text) for hunk in hunks for _, _, line in _changed(hunk) if (text := line.strip()))


def touches_only_docstrings(hunks: tuple[Hunk, ...], old: str, new: str) -> bool:
    """Tell whether every changed line is blank or in a docstring, given the file before and after."""
    wanted: dict[str, list[int]] = {"-": [], "+": []}
    for hunk in hunks:
        for sign, number, line in _changed(hunk):
            if line.strip():
                wanted[sign].append(number)
    return _are_within(wanted["+"], new) and _are_within(wanted["-"], old)


def _are_within(lines: list[int], text: str) -> bool:
    """Tell whether all lines are in docstrings. The text is read only as far as that takes."""
    docstrings = _docstrings(text)
    first, last = 0, 0
    for line in sorted(lines):
        while last < line:
            first, last = next(docstrings, (sys.maxsize, sys.maxsize))
        if line < first:
            return False
    return True


def _changed(hunk: Hunk) -> Iterator[tuple[str, int, str]]:
    """Give the changed lines, each with its sign and its number on that side."""
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.body.split("\n"):
        if line.startswith("-"):
            yield "-", old, line[1:]
        elif line.startswith("+"):
            yield "+", new, line[1:]
        if not line.startswith("\\"):
            old += not line.startswith("+")
            new += not line.startswith("-")


def _lines_of_docstrings(text: str) -> Iterator[int]:
    """Give the lines, from 1, of the strings that stand alone first in a module, a class or a function."""
    for first, last in _docstrings(text):
        yield from range(first, last + 1)


def _docstrings(text: str) -> Iterator[tuple[int, int]]:
    """Give the first and the last line, from 1, of each docstring."""
    text = text.replace("\r\n", "\n")
    line = 1
    for found in _UP_TO_STRING.finditer(text):
        start, end = found.start("quotes"), found.end()
        if start < 0:
            return
        line += text.count("\n", found.start(), start)
        length = text.count("\n", start, end)
        begin = text.rfind("\n", 0, start) + 1
        if _PREFIX.fullmatch(text, begin, start) and _BEHIND.match(text, end):
            above = _code_before(text, found.start(), start)
            above = above[: len(above) - (start - begin)].rstrip()
            if not above or above.endswith(":"):
                yield line, line + length
        line += length


def _code_before(text: str, low: int, end: int) -> str:
    """Give the code before an offset, at most :data:`_MOST_ABOVE` characters: no comment, and of strings only quotes.

    :param low: where the string in three quotes before it ends, 0 for none.
    """
    reach = 2 * _MOST_ABOVE
    while end - reach > low:
        start = text.rfind("\n", low, end - reach) + 1
        # A line begins inside of a string only behind a backslash.
        if start > low + 1 and text[start - 2] != "\\":
            code = _TOKEN.sub(_in_short, text[start:end])
            if len(code) >= _MOST_ABOVE:
                return code[-_MOST_ABOVE:]
        reach *= 2
    # Whatever string stood there was no end of a header.
    return (("''" if low else "") + _TOKEN.sub(_in_short, text[low:end]))[-_MOST_ABOVE:]


def _in_short(token: re.Match[str]) -> str:
    return "" if token[0].startswith("#") else "''"
