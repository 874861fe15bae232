"""Is a commit a bug fix? The evidence of its change: what speaks against a fix is that it touches nothing to repair.

Each file is one part of the change, and the commit is judged by the part that is nearest to a fix, as the protocol of
:mod:`miner.classify.cues` wants it: a commit that mixes is a fix, if one part is. A part that may hold any repair, as
code does, gives no evidence: what the message says stands.

The weights are reasoned, not fitted: the labelled commits have no diffs. By the protocol,

- documentation, docstrings, style and comments are never a fix: -12 outweighs any message, and what issues add to it
  ("fix" first in the subject is worth 5.4 with a bias of -1.9);
- a new version number is no fix: -5 outweighs the word "fix", not a message that also names a fault;
- a copy of somebody else's code, and what a tool wrote, follow a repair that was made elsewhere: -3 is for the doubt;
- lines that are only added to tests test something, mostly what an earlier commit repaired: -1.5;
- a fix of a test or of the build is a fix: -0.3 says only that such messages are a little more often loose talk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from miner.classify.docstrings import may_touch_only_docstrings, touches_only_docstrings
from miner.model import Evidence, FileChange, FileKind, Hunk

MAX_LINES: Final = 5_000
"""Changed lines of a file that are looked at; a longer change is not only of whitespace, comments or a version."""

_MAX_TEXT = 200
_PROSE = frozenset({"", "markdown", "restructuredtext", "text"})
# Where the indentation is the author's choice.
_FREE_FORM = frozenset({"c", "c++", "java", "javascript", "lua", "matlab", "r", "go", "rust", "swift", "julia"}) | {
    "prototxt",
    "json",
}
_COMMENT = {
    **dict.fromkeys(("python", "shell", "yaml", "toml", "r", "julia", "prototxt"), "#"),
    **dict.fromkeys(("c", "c++", "java", "scala", "javascript", "go", "rust", "swift"), "//"),
    "lua": "--",
    "matlab": "%",
}
# Comments that a program reads.
_READ = re.compile(r"#!|.{0,20}coding[:=]|#\s*(?:type|cython|distutils)\s*:")
_QUOTES = re.compile(r"[\"'`]")
_AROUND_SIGNS = re.compile(r"\s*([^\w\s])\s*")
_SPACES = re.compile(r"\s+")
_OWN_VERSION = re.compile(r"(?<![\w.])(?:__version__|version|release|download_url)[\"']?\s*[:=](?!=)", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+(?:[.,]\s*\d+)*(?:[.,-]?\s*[\"']?(?:dev|rc|alpha|beta|post|a|b)[.-]?\d*)?")


class Part(StrEnum):
    """What a file of a commit is to its repair: the nearest to a fix first."""

    CODE = "code"
    TESTS = "tests"
    CONFIGURATION = "configuration"
    NEW_TESTS = "new_tests"
    COPIES = "copies"
    VERSION = "version"
    COSMETIC = "cosmetic"
    DOCSTRINGS = "docstrings"
    DOCUMENTATION = "documentation"


WEIGHTS: Final = {
    Part.TESTS: -0.3,
    Part.CONFIGURATION: -0.3,
    Part.NEW_TESTS: -1.5,
    Part.COPIES: -3.0,
    Part.VERSION: -5.0,
    Part.COSMETIC: -12.0,
    Part.DOCSTRINGS: -12.0,
    Part.DOCUMENTATION: -12.0,
}
_ORDER: Final = tuple(Part)


Sides = Callable[[FileChange], tuple[str, str] | None]
"""Gives a file before and after the change; None where it cannot be read."""


def judge(files: Iterable[FileChange], sides: Sides = lambda _: None) -> tuple[Evidence, ...]:
    """Give what the change of a commit says against its being a bug fix: one piece of evidence, or none.

    The text is the first file of the part that is nearest to a fix. A commit without files gives no evidence.

    :param sides: is asked for few files: those of which no changed line looks like code.
    """
    nearest: tuple[int, str] | None = None
    for file in files:
        place = _ORDER.index(part_of(file, sides))
        if place == 0:
            return ()
        if nearest is None or place < nearest[0]:
            nearest = place, file.path
    if nearest is None:
        return ()
    part, text = _ORDER[nearest[0]], nearest[1][:_MAX_TEXT]
    return (Evidence(f"diff.only_{part}", WEIGHTS[part], text, "path", 0, len(text)),)


def part_of(file: FileChange, sides: Sides = lambda _: None) -> Part:
    """Tell what a file's change is to the repair, as far as its path and its lines tell."""
    if file.kind in (FileKind.VENDORED, FileKind.GENERATED):
        return Part.COPIES
    if file.kind is FileKind.DOCUMENTATION and file.language in _PROSE:
        return Part.DOCUMENTATION
    if file.hunks and file.added_lines + file.deleted_lines <= MAX_LINES:
        if all(_is_cosmetic(hunk, file.language) for hunk in file.hunks):
            return Part.COSMETIC
        if file.language != "yaml" and all(_is_version(hunk) for hunk in file.hunks):
            return Part.VERSION
        if file.language == "python" and may_touch_only_docstrings(file.hunks):
            read = sides(file)
            if read is not None and touches_only_docstrings(file.hunks, *read):
                return Part.DOCSTRINGS
    if file.kind is FileKind.TEST:
        return Part.NEW_TESTS if file.hunks and not file.deleted_lines else Part.TESTS
    return Part.CONFIGURATION if file.kind is FileKind.CONFIGURATION else Part.CODE


def _is_cosmetic(hunk: Hunk, language: str) -> bool:
    """Tell whether only whitespace and comments change. Code that moves past other lines is no such change."""
    old: list[str] = []
    new: list[str] = []
    for line in (*hunk.body.split("\n"), " "):
        if line.startswith(("-", "+")):
            (old if line[0] == "-" else new).append(line[1:])
        elif not line.startswith("\\"):
            if not _same_essence(old, new, language):
                return False
            old, new = [], []
    return True


def _same_essence(old: Iterable[str], new: Iterable[str], language: str) -> bool:
    seen = filter(None, (_essence(line, language) for line in old))
    shown = filter(None, (_essence(line, language) for line in new))
    # Ends at the first line that differs, which is the first one of most changes.
    return all(one == other for one, other in zip_longest(seen, shown))


def _essence(line: str, language: str) -> str:
    """Give what of a line a program sees; empty if nothing."""
    text = line.strip()
    mark = _COMMENT.get(language)
    if mark and text.startswith(mark) and not _READ.match(text):
        return ""
    if not _QUOTES.search(text):
        if mark and not _READ.match(text):
            text = text.partition(mark)[0].rstrip()
        text = _SPACES.sub(" ", _AROUND_SIGNS.sub(r"\1", text))
    if not text or language in _FREE_FORM:
        return text
    indented = line.expandtabs()
    return indented[: len(indented) - len(indented.lstrip())] + text


def _is_version(hunk: Hunk) -> bool:
    """Tell whether only the project's own version number changes."""
    lines = hunk.body.split("\n")
    old, new = ([line[1:] for line in lines if line.startswith(sign)] for sign in "-+")
    if not old or len(old) != len(new) or not all(_OWN_VERSION.search(line) for line in (*old, *new)):
        return False
    return [_NUMBERS.sub("0", line) for line in old] == [_NUMBERS.sub("0", line) for line in new]
