"""The unified diff of two texts, as git would show it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from miner.model import Hunk

CONTEXT: Final = 3
"""Unchanged lines that are shown around a change."""


def lines_of(text: str) -> list[str]:
    """Give a text's lines; the empty text has none."""
    return text.split("\n") if text else []


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    """Give the hunks that make ``after`` of ``before``; none where they are equal."""
    old, new = lines_of(before), lines_of(after)
    # The matcher's own heuristic, on from 200 lines, keeps long texts of equal lines from costing their square.
    matcher = SequenceMatcher(None, old, new)
    return tuple(_hunk(no, group, old, new) for no, group in enumerate(matcher.get_grouped_opcodes(CONTEXT)))


def _hunk(no: int, group: Sequence[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> Hunk:
    body: list[str] = []
    for tag, start, end, new_start, new_end in group:
        if tag == "equal":
            body += [f" {line}" for line in old[start:end]]
        else:
            body += [f"-{line}" for line in old[start:end]]
            body += [f"+{line}" for line in new[new_start:new_end]]
    old_start, old_lines = _range(group[0][1], group[-1][2])
    new_start, new_lines = _range(group[0][3], group[-1][4])
    return Hunk(no, old_start, old_lines, new_start, new_lines, "", "\n".join(body))


def _range(start: int, end: int) -> tuple[int, int]:
    """Give first line and number of lines; of none, the line before, as git does."""
    return (start + 1 if end > start else start), end - start
