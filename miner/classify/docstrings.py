"""Tells whether a change of Python code only touches docstrings: text that no program reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miner.model import Hunk

# What hardly any line of a docstring is, and one line at least of nearly every other change: looked at first, since
# then no file need be read.
_CODE = re.compile(
    r"[\w.\[\]'\"]+\s*(?:[-+*/]?=[^=]|\()|(?:def|class|if|elif|else|for|while|try|except|with)\b.*:\s*(?:#.*)?$"
    r"|(?:return|import|raise|assert|del|yield|pass|break|continue)\b|from\s+\S+\s+import\b|@\w|[)\]}]"
)
# Comments and strings in their order: quotes inside of one another are no ends.
_TOKEN = re.compile(
    r"""\#[^\n]*|(?P<quotes>\"{3}|'{3})(?:\\.|(?!(?P=quotes)).)*+(?P=quotes)?|"(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'""",
    re.DOTALL,
)
_PREFIX = re.compile(r"[ \t]*[rRuU]{0,2}")
_BEHIND = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")


def may_touch_only_docstrings(hunks: tuple[Hunk, ...]) -> bool:
    """Tell whether no changed line looks like code: whether it is worth while to read the file."""
    return not any(_CODE.match(text) for hunk in hunks for _, _, line in _changed(hunk) if (text := line.strip()))


def touches_only_docstrings(hunks: tuple[Hunk, ...], old: str, new: str) -> bool:
    """Tell whether every changed line is blank or in a docstring, given the file before and after."""
    within = {"-": set(_lines_of_docstrings(old)), "+": set(_lines_of_docstrings(new))}
    return all(not line.strip() or number in within[sign] for hunk in hunks for sign, number, line in _changed(hunk))


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
    text = text.replace("\r\n", "\n")
    line, seen = 1, 0
    code_before = ""
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        code_before = (code_before + text[seen:start])[-200:]
        line += text.count("\n", seen, start)
        length = text.count("\n", start, end)
        begin = text.rfind("\n", 0, start) + 1
        if token["quotes"] and _PREFIX.fullmatch(text, begin, start) and _BEHIND.match(text, end):
            above = code_before[: len(code_before) - (start - begin)].rstrip()
            if not above or above.endswith(":"):
                yield from range(line, line + length + 1)
        if not token[0].startswith("#"):
            # Whatever stood there was no end of a header.
            code_before += "''"
        line, seen = line + length, end
