"""Finds the collected fixes that items are: by the item's id, or else by its link, at the hunk of its anchor."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeGuard

from sqlalchemy import Connection

from miner.collect.seeds import CommitSeed, Seed, Unreadable, parse_seed
from miner.evaluation.matching import fixes_meant
from miner.rating.items import GITHUB, STACKOVERFLOW
from miner.store import ratings as store

_SHA_LENGTH: Final = 40


def link_all(connection: Connection, site: str) -> int:
    """Enter the fix of every item that has none in force yet and is collected now; give how many.

    An item whose line is in no fix of its commit stays without: another fix of that commit is not what was rated.
    """
    open_items = store.items_to_link(connection)
    own = store.fixes(connection, [item.item_id for item in open_items])
    found = [(item.item_id, item.item_id) for item in open_items if item.item_id in own]
    seeds = [(item.item_id, parse_seed(item.link, 0, site=site)) for item in open_items if item.item_id not in own]
    # Most rows of a large set lead to what is not collected: asking for each by itself would take long.
    repaired = store.shas_with_fix(connection, {seed.sha for _, seed in seeds if isinstance(seed, CommitSeed)})
    linked = [item_id for item_id, seed in seeds if _may_have_fix(seed, repaired)]
    meant = fixes_meant(connection, [seed for _, seed in seeds if _may_have_fix(seed, repaired)])
    found += [(item_id, fix_id) for item_id, fix_id in zip(linked, meant, strict=True) if isinstance(fix_id, str)]
    store.link_items(connection, found)
    return len(found)


def _may_have_fix(seed: Seed | Unreadable, repaired: Collection[str]) -> TypeGuard[Seed]:
    if isinstance(seed, CommitSeed):
        return len(seed.sha) < _SHA_LENGTH or seed.sha in repaired
    return not isinstance(seed, Unreadable)


def known_fixes(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Give source (github or stackoverflow) and library of the fixes among some ids."""
    return {
        fix_id: (STACKOVERFLOW if row.sha is None else GITHUB, row.library)
        for fix_id, row in store.fixes(connection, ids).items()
    }
