"""Finds the collected fixes that items are: by the item's id, or else by its link, at the hunk of its anchor."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from miner.collect.seeds import Unreadable, parse_seed
from miner.evaluation.matching import fixes_meant
from miner.rating.items import GITHUB, STACKOVERFLOW
from miner.store import ratings as store


def link_all(connection: Connection, site: str) -> int:
    """Enter the fix of every item that has none yet and is collected now; give how many.

    An item whose line is in no fix of its commit stays without: another fix of that commit is not what was rated.
    """
    open_items = store.items_without_fix(connection)
    own = store.fixes(connection, [item.item_id for item in open_items])
    found = [(item.item_id, item.item_id) for item in open_items if item.item_id in own]
    seeds = [(item.item_id, parse_seed(item.link, 0, site=site)) for item in open_items if item.item_id not in own]
    linked = [(item_id, seed) for item_id, seed in seeds if not isinstance(seed, Unreadable)]
    meant = fixes_meant(connection, [seed for _, seed in linked])
    found += [(item_id, fix_id) for (item_id, _), fix_id in zip(linked, meant, strict=True) if isinstance(fix_id, str)]
    store.link_items(connection, found)
    return len(found)


def known_fixes(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Give source (github or stackoverflow) and library of the fixes among some ids."""
    return {
        fix_id: (STACKOVERFLOW if row.sha is None else GITHUB, row.library)
        for fix_id, row in store.fixes(connection, ids).items()
    }
