"""Looks at what became of the fixes, for the tables that count new bugs."""

from __future__ import annotations

from miner.study.material import Aftermath, NewBug

NEW_BUG = "new_bug"
NOT_REPAIRED = "not_repaired"


def broken(aftermath: Aftermath, kind: str = NEW_BUG, **wanted: str) -> tuple[NewBug, ...]:
    """Give the fixes that brought a new bug (or did not repair), of those with the wanted labels."""
    return tuple(
        one
        for one in aftermath.new_bugs
        if one.kind == kind and all(getattr(one.old, field) == value for field, value in wanted.items())
    )


def followed(aftermath: Aftermath, source: str = "", library: str = "", pattern: str = "") -> int:
    """Give how many fixes could be followed; "" is: any."""
    wanted = (source, library, pattern)
    return sum(
        number
        for key, number in aftermath.followed.items()
        if all(not want or have == want for have, want in zip(key, wanted, strict=True))
    )
