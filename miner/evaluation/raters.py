"""Whose labels of collected fixes count where "the rules" are asked for: those in force, or the newest that labelled.

Never simply the rules that ship with the package: who has rules of their own means these.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, exists, select

from miner.errors import LabelsError
from miner.store.tables import crawl_run, label

SCHEME: Final = "pattern"
_NAMED_RATERS: Final = 5


def counted_rater(connection: Connection, asked: str | None = None, *, in_force: str = "") -> str:
    """Give the rater whose labels count: the one asked for, or else rules; empty if no rules labelled.

    :param in_force: the rater of the configured rules (:func:`miner.classify.rulesource.rater_of`), which count if they
        labelled any fix; else, or if it is not known, those that ran last of all that labelled one.
    :raises LabelsError: if the one asked for labelled no fix.
    """
    if asked is not None:
        if not _labelled(connection, asked):
            raise LabelsError(_no_labels_of(connection, asked))
        return asked
    # From the runs: the labels are many and have no index by run. The view current_label goes by them, too.
    newest = connection.scalars(
        select(crawl_run.c.rater).where(crawl_run.c.rater.startswith("heuristic/")).order_by(crawl_run.c.run_id.desc())
    )
    raters = dict.fromkeys((*([in_force] if in_force else []), *newest))
    return next((rater for rater in raters if _labelled(connection, rater)), "")


def _labelled(connection: Connection, rater: str) -> bool:
    return bool(connection.scalar(select(exists().where(label.c.scheme == SCHEME, label.c.rater == rater))))


def _no_labels_of(connection: Connection, asked: str) -> str:
    raters = select(label.c.rater).where(label.c.scheme == SCHEME).distinct().order_by(label.c.rater)
    known = ", ".join(connection.scalars(raters.limit(_NAMED_RATERS))) or "no labels at all"
    return f"no fix has a pattern of the rater {asked!r}: the database has {known}; name one with --rater"
