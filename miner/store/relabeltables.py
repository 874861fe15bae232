"""The table of what relabelling did: which fixes the rules do not see any more."""

from __future__ import annotations

from sqlalchemy import Table, Text

from miner.store.columns import key_to, metadata, needed, run_column

superseded_fix = Table(
    "superseded_fix",
    metadata,
    key_to("fix_id", "fix.fix_id", "The fix."),
    needed("rater", Text(), "The rules, with their version, that see others in its place."),
    run_column("The run that said so."),
    comment="Fixes that newer rules split otherwise, or see no more: kept with their labels, and in no view of fixes.",
)
