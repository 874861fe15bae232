"""Applies hunks as ``patch`` would, strictly."""

from __future__ import annotations

from collections.abc import Sequence

from miner.model import Hunk


def patched(text: str, hunks: Sequence[Hunk]) -> str:
    """Give a text with hunks applied; counts, places and context must be right to the line."""
    old, new = text.split("\n") if text else [], []
    row = 0
    for hunk in hunks:
        start = hunk.old_start - (hunk.old_lines > 0)
        assert start >= row
        new += old[row:start]
        body = hunk.body.split("\n")
        gone = [line[1:] for line in body if line[:1] in (" ", "-")]
        shown = [line[1:] for line in body if line[:1] in (" ", "+")]
        assert len(gone) + len(shown) == len(body) + sum(line[:1] == " " for line in body)
        assert (len(gone), len(shown)) == (hunk.old_lines, hunk.new_lines)
        assert gone == old[start : start + len(gone)]
        assert hunk.new_start - (hunk.new_lines > 0) == len(new)
        new += shown
        row = start + len(gone)
    return "\n".join(new + old[row:])
