"""Takes out of batches, and out of what may be drawn, what raters must not be shown of those who opted out.

What somebody rated stays with the judgement: it is the rater's. It is in no batch any more.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, delete, exists, select

from miner.model import OmissionReason
from miner.optout import OptOut
from miner.store.ratingtables import rating, rating_batch_item, rating_item
from miner.store.tables import omission

_CHUNK: Final = 400
_COMMIT: Final = re.compile(r"git:([0-9a-f]{40})")
_POST: Final = re.compile(r"([a-z0-9.-]+):(\d+)")
_REPOSITORY: Final = re.compile(r"(?:github:|https?://(?:www\.)?github\.com/)([^/]+/[^/#?]+)", re.IGNORECASE)


def remove_items(connection: Connection, opt_out: OptOut) -> None:
    """Remove what was left out of all batches, and from the items what nobody rated."""
    reason = OmissionReason.OPTED_OUT.value
    left_out = (omission.c.reason == reason, omission.c.resolved_run_id.is_(None))
    subjects = set(connection.scalars(select(omission.c.subject).where(*left_out)))
    columns = (rating_item.c.item_id, rating_item.c.link)
    rows = connection.execute(select(*columns).order_by(rating_item.c.item_id))
    gone = [row.item_id for row in rows if _is_gone(opt_out, subjects, row.item_id, row.link)]
    for start in range(0, len(gone), _CHUNK):
        chunk = gone[start : start + _CHUNK]
        connection.execute(delete(rating_batch_item).where(rating_batch_item.c.item_id.in_(chunk)))
        rated = exists().where(rating.c.item_id == rating_item.c.item_id)
        connection.execute(delete(rating_item).where(rating_item.c.item_id.in_(chunk), ~rated))


def _is_gone(opt_out: OptOut, subjects: set[str], item_id: str, link: str) -> bool:
    if commit := _COMMIT.match(item_id):
        if f"commit:{commit[1]}" in subjects:
            return True
    elif post := _POST.match(item_id):
        return f"post:{post[1]}:{post[2]}" in subjects or opt_out.post(*post.groups())
    named = (_REPOSITORY.match(text) for text in (item_id, link))
    return any(found is not None and opt_out.repository(found[1]) for found in named)
