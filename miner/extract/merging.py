"""Puts the statements of an answer into the question's code, where an alignment says that they belong.

What the answer does not show is not deleted: an answer shows what matters and leaves the rest out. A statement of the
question counts as deleted only where the answer shows what is around it without it (see :func:`_dropped`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from miner.extract.alignment import Alignment, Match
from miner.extract.statements import Statement, commented_out

MAX_DROPPED: Final = 4
"""Statements that go without a substitute in one place; more of them were left out, not deleted."""

MAX_PLACEHOLDER: Final = 120
"""Characters of a line that stands for code which is not shown."""

PLACEHOLDER = re.compile(
    r"\s*(?:(?:#|//|--|/\*)*\s*)?(?:\.\.\.+|\[\.\.\.\]|\u2026|<.*>|(?:\(|<)?(?:the )?(?:rest|remaining|other|your"
    r"|same|more|some|existing|omitted|snip"
    r"|do |code (?:here|above|below|goes)|etc|unchanged|as before)\b.*)\s*$",
    re.IGNORECASE,
)
"""A line that stands for code which is not shown. (Words only in a comment: :func:`is_placeholder`.)"""

_ELIDED = re.compile(r"(?<![\w.])([\w.]+)\(\s*(?:\.\.\.|\u2026)\s*\)")
_ASSIGNED = re.compile(r"[^=()]*[^=!<>]=(?!=) *")
_BRACKET = re.compile(r"[()]")


def is_placeholder(statement: Statement, lines: Sequence[str]) -> bool:
    """Tell whether a statement stands for code that is not shown."""
    line = lines[statement.start].strip()
    if statement.end - statement.start > 1 or len(line) > MAX_PLACEHOLDER or not PLACEHOLDER.match(line):
        return False
    return not statement.code or set(statement.code) <= set(".[]\u2026 ")


class Merger:
    """Makes the new text of an alignment's old one. ``whole``: the answer shows all of the place that it changes."""

    def __init__(self, alignment: Alignment, old: Sequence[str], new: Sequence[str], *, whole: bool) -> None:
        self._alignment = alignment
        self._old = old
        self._new = new
        self._whole = whole
        self._instead: dict[int, list[str]] = {}
        self._after: dict[int, list[str]] = defaultdict(list)
        self._gone: set[int] = set()
        self.touched: set[int] = set()

    @property
    def dropped(self) -> bool:
        """Whether a statement of the old side went without a changed one in its place."""
        return bool(self._gone)

    def merged(self) -> list[str]:
        """Give the new lines; :attr:`touched` then holds the rows of the old ones next to which something changed."""
        matches = self._alignment.matches
        for match in matches:
            self._replace(match)
        for before, after in zip((None, *matches), (*matches, None), strict=True):
            self._between(before, after)
        return list(self._lines())

    def _replace(self, match: Match) -> None:
        new = self._alignment.new[match.new]
        old = self._alignment.old[match.old]
        if not match.equal:
            shown = "\n".join(indented(self._new[new.start : new.end], old.indent - new.indent))
            self._instead[match.old] = _completed(shown, new, old, "\n".join(self._old[old.start : old.end])).split(
                "\n"
            )
            self.touched.add(old.start)
        elif not new.code and old.code:
            self._drop(match.old)

    def _drop(self, old: int) -> None:
        self._gone.add(old)
        self.touched.add(self._alignment.old[old].start)

    def _between(self, before: Match | None, after: Match | None) -> None:
        """Insert what the answer has between two matches, and drop what it does not have there any more."""
        first = before.new + 1 if before else 0
        last = after.new if after else len(self._alignment.new)
        added = [number for number in range(first, last) if self._is_added(self._alignment.new[number])]
        hidden = any(is_placeholder(self._alignment.new[number], self._new) for number in range(first, last))
        if before and after and not hidden:
            for old in self._dropped(before, after, len(added)):
                self._drop(old)
        near = before or after
        if added and near:
            self._move(added)
            self._insert(added, near, before is None)

    def _move(self, added: list[int]) -> None:
        """Drop the old statements of which the new ones, here in another place, are the only ones left."""
        matched = {match.old for match in self._alignment.matches}
        for key in {self._alignment.new[number].key for number in added if self._alignment.new[number].code}:
            old = [number for number, part in enumerate(self._alignment.old) if part.key == key]
            once = sum(part.key == key for part in self._alignment.new) == 1
            if once and len(old) == 1 and old[0] not in matched:
                self._drop(old[0])

    def _is_added(self, statement: Statement) -> bool:
        if is_placeholder(statement, self._new):
            return False
        return not (statement.is_import and any(statement.key == old.key for old in self._alignment.old))

    def _dropped(self, before: Match, after: Match, added: int) -> list[int]:
        """Give the old statements between two matches that are gone, or replaced by ``added`` other ones."""
        gap = [
            number
            for number in range(before.old + 1, after.old)
            if self._alignment.old[number].code and self._alignment.old[number].word not in ("print", "import", "from")
        ]
        if any(self._alignment.old[number].defined for number in gap):
            return []
        shown = self._whole or (before.equal and after.equal)
        if added:
            return gap if shown and len(gap) <= 2 * added + 2 else []
        return gap if shown and len(gap) <= (MAX_DROPPED if self._whole else 2) else []

    def _insert(self, added: list[int], near: Match, ahead: bool) -> None:
        new, old = self._alignment.new, self._alignment.old
        imports = [number for number in added if new[number].is_import and new[number].indent == 0]
        others = [number for number in added if number not in imports]
        if imports:
            last = max((number for number, statement in enumerate(old) if statement.is_import), default=-1)
            self._put(last, [line for number in imports for line in self._new[new[number].start : new[number].end]])
        if others:
            lines = (
                self._new[new[others[0]].start : new[others[-1]].end]
                if len(others) == others[-1] - others[0] + 1
                else [line for number in others for line in self._new[new[number].start : new[number].end]]
            )
            self._put(near.old - ahead, indented(lines, old[near.old].indent - new[near.new].indent))

    def _put(self, old: int, lines: Sequence[str]) -> None:
        self._after[old] += lines
        self.touched.add(self._alignment.old[max(old, 0)].end - 1)

    def _lines(self) -> Iterator[str]:
        row = 0
        yield from self._after.get(-1, ())
        for number, statement in enumerate(self._alignment.old):
            yield from self._old[row : statement.start]
            if number not in self._gone:
                yield from self._instead.get(number) or self._old[statement.start : statement.end]
            yield from self._after.get(number, ())
            row = statement.end
        yield from self._old[row:]


def _completed(shown: str, new: Statement, old: Statement, was: str) -> str:
    """Give a statement with what it leaves out of the one that it replaces: arguments, or what is assigned to."""
    elided = _ELIDED.search(shown)
    if elided and (start := was.find(f"{elided[1]}(")) >= 0:
        shown = shown[: elided.start()] + was[start : _closing(was, start)] + shown[elided.end() :]
    if old.target and not new.target and new.called and not new.word and (prefix := _ASSIGNED.match(was)):
        shown = prefix[0] + shown.lstrip()
    return shown


def _closing(text: str, start: int) -> int:
    """Give the offset behind the bracket that closes the first one after an offset; the text's end without one."""
    opened = 0
    for found in _BRACKET.finditer(text, start):
        opened += 1 if found[0] == "(" else -1
        if opened == 0:
            return found.end()
    return len(text)


def wraps(alignment: Alignment) -> bool:
    """Tell whether the new side begins with a block (a function, say) into which it puts code of the old one."""
    first = alignment.matches[0]
    ahead = alignment.new[: first.new]
    return any(part.code and part.indent < alignment.new[first.new].indent for part in ahead)


def indented(lines: Sequence[str], columns: int) -> list[str]:
    """Move lines to the right, or to the left as far as they have blanks there."""
    if columns >= 0:
        return [" " * columns + line if line.strip() else line for line in lines]
    return [line[min(-columns, len(line) - len(line.lstrip())) :] for line in lines]


def with_commented(new: Sequence[Statement], lines: Sequence[str], old: Sequence[Statement]) -> list[Statement]:
    """Give the new statements, a comment that holds one of the old ones as a match for it: it is commented out."""
    keys = {statement.key for statement in old if statement.weight >= 0.3}
    found: list[Statement] = []
    for statement in new:
        key = "" if statement.code else commented_out(lines[statement.start])
        found.append(Statement(statement.start, statement.end, statement.indent, key, "") if key in keys else statement)
    return found
