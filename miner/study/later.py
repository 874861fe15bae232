"""Finds fixes whose lines a later fix changes again, in the same repository.

Lines are followed by what they say, not by their numbers: between two fixes other commits move lines, and the diffs of
those are not stored. A later fix changes an earlier one if it takes away or rewrites, in the same file, a line that the
earlier one brought and that nothing brought again since. Only lines of code that tell something count: with two names
or more, and neither comment nor prose.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"[^\W\d]\w*")
# A call, an index, an assignment, a statement, or what ends like a line of code: docstrings have none of it, mostly.
_CODE: Final = re.compile(
    r"\w[(\[]|\w\s*[-+*/|&%]?=(?!=)|^(?:import|return|raise|def|class|del|assert|local)\b|^from \S+ import\b"
    r"|^\w+: \S+$|[:;{}]$"
)
_COMMENT: Final = ("#", "//", "--", "/*", "*")
_LEAST_NAMES: Final = 2
_LEAST_CHARACTERS: Final = 8
SECONDS_A_DAY: Final = 86_400


class FixedHunk(NamedTuple):
    """A hunk of a fix: where and when, and its lines with their first column."""

    repository_id: int
    sha: str
    epoch: int
    fix_id: str
    old_path: str | None
    new_path: str | None
    body: str


class ChangedAgain(NamedTuple):
    """A fix, the later fix that changed a line of it, that line, and the days between."""

    fix_id: str
    later_fix_id: str
    line: str
    days: float


class _Sides(NamedTuple):
    hunk: FixedHunk
    gone: tuple[str, ...]
    come: tuple[str, ...]


class _Brought(NamedTuple):
    fix_id: str
    epoch: int


_Ledger = dict[str, dict[str, _Brought]]


def changed_again(hunks: Iterable[FixedHunk]) -> Iterator[ChangedAgain]:
    """Give, for each fix, every later fix that changed a line of it, with the first such line.

    :param hunks: by repository, then from the oldest commit on; the hunks of a commit together.
    """
    for _, of_repository in groupby(hunks, key=lambda hunk: hunk.repository_id):
        ledger: _Ledger = {}
        for _, of_commit in groupby(of_repository, key=lambda hunk: (hunk.epoch, hunk.sha)):
            yield from _follow(ledger, list(of_commit))


def tells_something(line: str) -> bool:
    """Tell whether a line is code that says enough to be known again."""
    if line.startswith(_COMMENT) or not _CODE.search(line):
        return False
    names = [name for name in _NAME.findall(line) if not keyword.iskeyword(name)]
    return len(line) >= _LEAST_CHARACTERS and len(names) >= _LEAST_NAMES


def _follow(ledger: _Ledger, hunks: Sequence[FixedHunk]) -> Iterator[ChangedAgain]:
    sides = [_Sides(hunk, tuple(_side(hunk, "-")), tuple(_side(hunk, "+"))) for hunk in hunks]
    gone = Counter((hunk.old_path, line) for hunk, lines, _ in sides for line in lines)
    come = Counter((hunk.new_path, line) for hunk, _, lines in sides for line in lines)
    seen: set[tuple[str, str]] = set()
    for hunk, lines, _ in sides:
        there = ledger.get(hunk.old_path or "", {})
        for line in lines:
            brought = there.get(line)
            # Commits of the same second have no order here; a line that comes back in the file only moved.
            if brought is None or brought.epoch >= hunk.epoch or gone[hunk.old_path, line] <= come[hunk.new_path, line]:
                continue
            del there[line]
            if (brought.fix_id, hunk.fix_id) not in seen:
                seen.add((brought.fix_id, hunk.fix_id))
                yield ChangedAgain(brought.fix_id, hunk.fix_id, line, (hunk.epoch - brought.epoch) / SECONDS_A_DAY)
    for hunk, _, lines in sides:
        _enter(ledger, hunk, [line for line in lines if come[hunk.new_path, line] > gone[hunk.old_path, line]])


def _enter(ledger: _Ledger, hunk: FixedHunk, lines: Iterable[str]) -> None:
    """Note who brought some lines; those of a file that was renamed go with it."""
    if hunk.new_path is None:
        return
    if hunk.old_path and hunk.old_path != hunk.new_path and hunk.old_path in ledger:
        ledger.setdefault(hunk.new_path, {}).update(ledger.pop(hunk.old_path))
    for line in lines:
        ledger.setdefault(hunk.new_path, {})[line] = _Brought(hunk.fix_id, hunk.epoch)


def _side(hunk: FixedHunk, sign: str) -> Iterator[str]:
    for line in hunk.body.splitlines():
        if line.startswith(sign) and tells_something(said := line[1:].strip()):
            yield said
