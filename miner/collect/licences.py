"""The licence that holds for a post or a comment; https://stackoverflow.com/help/licensing."""

from __future__ import annotations

from datetime import UTC, datetime

_VERSIONS = (
    (datetime(2018, 5, 2, tzinfo=UTC), "CC BY-SA 4.0"),
    (datetime(2011, 4, 8, tzinfo=UTC), "CC BY-SA 3.0"),
)


def licence_at(moment: datetime) -> str:
    """Give the licence of what was last written at a moment."""
    return next((name for since, name in _VERSIONS if moment >= since), "CC BY-SA 2.5")
