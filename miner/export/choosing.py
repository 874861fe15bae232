"""What an export may be chosen by: a pattern or a rater that there is not would only select nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, column, select, table

from miner.classify.engine import UNKNOWN
from miner.errors import LabelsError
from miner.store.ratingtables import rating
from miner.store.tables import label

_SCHEME = "pattern"
_SHOWN = 5
_RATED = table("rating_current", column("scheme"), column("value"))


def strange_patterns(connection: Connection, asked: Sequence[str], known: Collection[str]) -> list[str]:
    """Give the patterns asked for that no rule in force can give, and no label of the database has."""
    return [one for one in asked if one not in known and one != UNKNOWN and not _is_stored(connection, one)]


def require_rater(connection: Connection, rater: str) -> None:
    """Let only a rater who judged patterns choose fixes.

    :raises LabelsError: for another one; it names those who did.
    """
    places = (rating.c, label.c)
    for of in places:
        if connection.execute(select(of.rater).where(of.rater == rater, of.scheme == _SCHEME).limit(1)).first():
            return
    judged, labelled = (select(of.rater).where(of.scheme == _SCHEME) for of in places)
    found = connection.scalars(judged.union(labelled).limit(_SHOWN)).all()
    known = f"those of {', '.join(sorted(found))}" if found else "none at all"
    raise LabelsError(
        f"no item has a pattern from {rater!r}: the database has {known}; name one with --rater, or bring labels with "
        "'miner label import'"
    )


def _is_stored(connection: Connection, pattern: str) -> bool:
    """Say whether a label has it: of rules that were in force once, or of people."""
    return any(
        connection.execute(select(of.value).where(of.scheme == _SCHEME, of.value == pattern).limit(1)).first()
        for of in (label.c, _RATED.c)
    )
