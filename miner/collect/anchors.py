"""Finds what an anchor of a GitHub commit page points at: the file by the digest of its path, the hunk by its line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from miner.collect.seeds import Anchor
from miner.model import FileChange, Hunk

_NEAR_LINES = 3
"""How far from a hunk a line still belongs to it: as many lines as a page shows around a change. Git and GitHub may cut
hunks apart differently, and pages let a reader unfold more lines and link those."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an anchor points: ``file_no`` and ``hunk_no`` are ordinals; ``hunk_no`` None: the file as a whole."""

    file_no: int
    hunk_no: int | None


def digests(path: str) -> frozenset[str]:
    """Give the hexadecimal digests that stand for a path in anchors: MD5 in older links, SHA-256 in newer ones.

    GitHub does not document them; tools that build such links do: https://github.com/tpope/vim-rhubarb/pull/37 (MD5 of
    the new path, or of the old one of a deleted file), https://github.com/piceaTech/node-gitlab-2-github/pull/215.
    """
    data = path.encode("utf-8", "replace")
    return frozenset({hashlib.md5(data, usedforsecurity=False).hexdigest(), hashlib.sha256(data).hexdigest()})


def resolve(anchor: Anchor, files: Sequence[FileChange]) -> Place | None:
    """Find the file and the hunk that an anchor points at; None: the commit changed no such file.

    A page names a file by its path after the change, so that counts before the path before it. The hunk is the one that
    holds the line, context included, or else the nearest within three lines on that side (of two as near, the first).
    ``hunk_no`` is None if there is none, or if the anchor names no line.
    """
    file = _file(anchor.digest.lower(), files)
    if file is None:
        return None
    if anchor.side is None or anchor.line is None:
        return Place(file.no, None)
    away = [(_distance(hunk, anchor.side == "old", anchor.line), hunk.no) for hunk in file.hunks]
    nearest = min(away, default=(_NEAR_LINES + 1, 0))
    return Place(file.no, nearest[1] if nearest[0] <= _NEAR_LINES else None)


def _file(digest: str, files: Sequence[FileChange]) -> FileChange | None:
    for paths in ([file.path for file in files], [file.old_path for file in files]):
        for file, path in zip(files, paths, strict=True):
            if path and digest in digests(path):
                return file
    return None


def _distance(hunk: Hunk, old: bool, line: int) -> int:
    """Give how many lines lie between a line and a hunk; 0: the hunk holds it."""
    start, count = (hunk.old_start, hunk.old_lines) if old else (hunk.new_start, hunk.new_lines)
    return max(0, start - line, line - (start + max(count, 1) - 1))
