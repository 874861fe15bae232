"""What is rated, by an id that is the same in every file: the second row of one link is another item than the first."""

from __future__ import annotations

from typing import Final

from miner.collect.seeds import Anchor, CommitSeed, PostSeed, Seed
from miner.store.values import key

GITHUB: Final = "github"
STACKOVERFLOW: Final = "stackoverflow"


def canonical(seed: Seed) -> str:
    """Give the id of the first item that a link or post number names."""
    if isinstance(seed, PostSeed):
        return key(f"{seed.site}:{seed.post_id}")
    if isinstance(seed, CommitSeed):
        return f"git:{seed.sha}{_anchor(seed.anchor)}"
    lines = f"L{seed.line}" if seed.line == seed.last_line else f"L{seed.line}-L{seed.last_line}"
    return key(f"github:{seed.repository.lower()}/{seed.revision}/{seed.path}#{lines}")


def numbered(item_id: str, occurrence: int) -> str:
    """Give the id of the item that a rater's n-th row of a link is; ``occurrence`` counts from 1."""
    return item_id if occurrence == 1 else f"{item_id}/{occurrence}"


def source_of(seed: Seed) -> str:
    """Give the source that a link leads to."""
    return STACKOVERFLOW if isinstance(seed, PostSeed) else GITHUB


def _anchor(anchor: Anchor | None) -> str:
    if anchor is None:
        return ""
    line = "" if anchor.line is None else f"{'L' if anchor.side == 'old' else 'R'}{anchor.line}"
    return f"#{anchor.digest}{line}"
