"""Code of an answer that holds both old and new: a diff, parts under "before" and "after", commented-out lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from miner.extract.alignment import align
from miner.extract.statements import Statement, alike, commented_out, statements

_OLD = re.compile(
    r"\s*(?:#|//|--)+\W*(?:before|old|wrong|original|yours|your (?:code|version)|instead of(?: this)?|bad|incorrect"
    r"|previous(?:ly)?"
    r"|not this|don't|was|from)\b.{0,25}$",
    re.IGNORECASE,
)
_NEW = re.compile(
    r"\s*(?:#|//|--)+\W*(?:after|new|right|correct(?:ed)?|fixed|use(?: this)?|do(?: this)?|to|good|now|mine"
    r"|should be|is now|changed? to|with)\b.{0,25}$",
    re.IGNORECASE,
)
_NO_SIGN = re.compile(r"--|\+\+|[-+]\d")
_COMMENT_SIGN = re.compile(r"^\s*(?:#+|//+|--)\s?")


MAX_MARK: Final = 80
"""Characters of a comment that says "old" or "new"."""


class Sides(NamedTuple):
    """Lines of what was and of what is, and the word for how they were told apart."""

    old: list[str]
    new: list[str]
    method: str


def marked(lines: list[str]) -> Sides | None:
    """Read lines with diff signs, or parts under comments that say which is old and which new; None for neither."""
    return _diff(lines) or _parts(lines)


def _diff(lines: list[str]) -> Sides | None:
    kept = [line for line in lines if not line.startswith(("@@", "--- ", "+++ ", "diff ", "index "))]
    signed = [line for line in kept if line[:1] in ("+", "-")]
    if {line[0] for line in signed} != {"+", "-"} or any(_NO_SIGN.match(line) for line in signed):
        return None
    shift = 1 if all(line[:1] in ("+", "-", " ", "") for line in kept) else 0
    old = [line[1:] if line[:1] == "-" else line[shift:] for line in kept if line[:1] != "+"]
    new = [line[1:] if line[:1] == "+" else line[shift:] for line in kept if line[:1] != "-"]
    return Sides(old, new, "diff")


def _parts(lines: list[str]) -> Sides | None:
    short = [(row, line) for row, line in enumerate(lines) if len(line) <= MAX_MARK]
    old = next((row for row, line in short if _OLD.match(line)), None)
    new = next((row for row, line in short if old is not None and row > old + 1 and _NEW.match(line)), None)
    if old is None or new is None:
        return None
    before, after = lines[old + 1 : new], lines[new + 1 :]
    if align(statements(before), statements(after)).share() < 0.3:
        return None
    return Sides(before, after, "before_after")


def commented(lines: Sequence[str], parts: Sequence[Statement]) -> Sides | None:
    """Take comments that are like the statement beside them for what that one was; None where there are none."""
    old, new = dict(enumerate(lines)), dict(enumerate(lines))
    taken: set[int] = set()
    neighbours = list(pairwise(parts))
    for comment, other in [*neighbours, *((second, first) for first, second in neighbours)]:
        line = lines[comment.start]
        if not other.code or "=" not in commented_out(line) or {comment.start, other.start} & taken:
            continue
        text = _COMMENT_SIGN.sub("", line)
        was = statements([text])
        if was and 0.7 <= alike(was[0], other) < 1.0:
            taken |= {comment.start, other.start}
            for row in range(other.start, other.end):
                del old[row]
            old[comment.start] = " " * other.indent + text.strip()
            del new[comment.start]
    return Sides(list(old.values()), list(new.values()), "commented") if taken else None
