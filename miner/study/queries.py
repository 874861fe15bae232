"""Every query of the study's counts. They group in the database: a million fixes are a few thousand cells here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    column,
    distinct,
    exists,
    func,
    literal,
    or_,
    select,
    table,
)

from miner.classify.engine import UNKNOWN
from miner.errors import LabelsError
from miner.evaluation.raters import counted_rater
from miner.store.githubtables import fix_cluster
from miner.store.ratingtables import rating, rating_item, rating_rejection
from miner.store.relabel import is_current
from miner.store.relabeltables import superseded_fix
from miner.store.tables import fix, label, omission
from miner.study.basis import Basis
from miner.study.choice import HEURISTIC, RATER, RECONCILED, Choice, LabelTable
from miner.study.counts import Cell, Counts
from miner.study.names import SCHEMES

_BATCH: Final = 500
_SHOWN: Final = 5
_CURRENT: Final = table(
    "rating_current",
    *(column(name) for name in ("item_id", "fix_id", "source", "library", "link", "scheme", "rater", "value")),
)
_SOURCE: Final = case((fix.c.sha.is_(None), "stackoverflow"), else_="github")


def choose(
    connection: Connection, asked: str, min_confidence: float = 0.0, copies: bool = True, in_force: str = ""
) -> Choice:
    """Give the choice that ``--labels`` names: heuristic, reconciled, or ``rater:NAME``.

    :param in_force: the rater of the configured rules; see :func:`miner.evaluation.raters.counted_rater`.
    :raises LabelsError: for a rater without labels; it names those who have some.
    """
    rules = counted_rater(connection, in_force=in_force)
    if asked == HEURISTIC:
        return Choice(LabelTable.LABEL, rules, min_confidence, copies, rules, in_force)
    name = RECONCILED if asked == RECONCILED else asked.removeprefix(RATER)
    for place, rater in ((LabelTable.RATING, rating.c.rater), (LabelTable.LABEL, label.c.rater)):
        if connection.execute(select(rater).where(rater == name).limit(1)).first():
            of_rules = place is LabelTable.LABEL and name.startswith("heuristic/")
            return Choice(place, name, min_confidence, copies, name if of_rules else rules, in_force)
    raters = connection.scalars(select(rating.c.rater).union(select(label.c.rater)).limit(_SHOWN)).all()
    known = ", ".join(sorted(raters)) or "no labels at all"
    raise LabelsError(
        f"no item has a label of {name!r}: the database has {known}; name one with --labels rater:NAME, "
        "or bring labels with 'miner label import'"
    )


def judged(choice: Choice) -> Subquery:
    """Give a row an item that the chosen rater judged in any scheme: item_id, fix_id, source, library, the labels."""
    return _judged_items(choice) if choice.table is LabelTable.RATING else _judged_fixes(choice)


def counts(connection: Connection, choice: Choice) -> Counts:
    """Count the items by source, library and labels."""
    rows = judged(choice)
    keys = [rows.c[name] for name in ("source", "library", *SCHEMES)]
    found = connection.execute(select(*keys, func.count()).group_by(*keys))
    cells = (_cell(*row[:-1], fixes=row[-1]) for row in found)
    return Counts(tuple(sorted(cells, key=repr)))


def basis(connection: Connection, choice: Choice) -> Basis:
    """Count what was judged, and what it is a part of."""
    rows = judged(choice)
    collected = _number(connection, select(fix.c.fix_id).where(*_counted(choice)))
    number = _number(connection, select(rows.c.item_id))
    if choice.table is LabelTable.LABEL:
        same = (label.c.rater == choice.rater, label.c.rank == 1, label.c.scheme.in_(SCHEMES))
        gone = select(label.c.fix_id).join(superseded_fix, superseded_fix.c.fix_id == label.c.fix_id)
        return Basis(number, collected, _number(connection, gone.where(*same).distinct()))
    linked = select(rows.c.fix_id).where(rows.c.fix_id.is_not(None), ~_is_gone(rows))
    return Basis(
        number,
        collected,
        _number(connection, select(rows.c.fix_id).where(_is_gone(rows))),
        _number(connection, select(rating_item.c.item_id)),
        _number(connection, linked),
        _number(connection, linked) - _number(connection, linked.distinct()),
    )


def bugs(connection: Connection, choice: Choice) -> dict[tuple[str, str], int]:
    """Count the bugs, the questions and commits that judged items repair, by source and library."""
    rows = judged(choice)
    if choice.table is LabelTable.RATING:
        links = connection.execute(select(rows.c.source, rows.c.library, rows.c.link))
        # What follows "#" leads to a line of the same commit.
        seen = {(row.source, row.library, row.link.partition("#")[0]) for row in links}
        return _tally((source, library) for source, library, _ in seen)
    one = case((fix.c.sha.is_not(None), fix.c.sha), else_=fix.c.site + "/" + _text(fix.c.question_id))
    found = connection.execute(
        select(rows.c.source, rows.c.library, func.count(distinct(one)))
        .join_from(rows, fix, fix.c.fix_id == rows.c.fix_id)
        .group_by(rows.c.source, rows.c.library)
    )
    return {(row[0], row[1]): row[2] for row in found}


def labels_of(connection: Connection, choice: Choice, fix_ids: Sequence[str]) -> dict[str, Cell]:
    """Give the labels of some collected fixes, as cells of one fix. What the rater did not judge, and fixes that are
    superseded, are not there.
    """
    rows = judged(choice)
    columns = [rows.c[name] for name in ("source", "library", *SCHEMES)]
    found: dict[str, Cell] = {}
    for start in range(0, len(fix_ids), _BATCH):
        part = fix_ids[start : start + _BATCH]
        of_part = select(rows.c.fix_id, *columns).where(rows.c.fix_id.in_(part), ~_is_gone(rows))
        for row in connection.execute(of_part.order_by(rows.c.fix_id, rows.c.item_id)):
            found.setdefault(row[0], _cell(*row[1:]))
    return found


def judged_cells(connection: Connection, choice: Choice) -> dict[str, Cell]:
    """Give the labels of every judged item that is a collected fix, by the fix's id; of several items the first.

    A fix that is superseded is none: the one in its place would count beside it.
    """
    rows = judged(choice)
    columns = [rows.c[name] for name in ("source", "library", *SCHEMES)]
    there = (rows.c.fix_id.is_not(None), ~_is_gone(rows))
    wanted = select(rows.c.fix_id, *columns).where(*there).order_by(rows.c.fix_id, rows.c.item_id)
    found: dict[str, Cell] = {}
    shared: dict[Cell, Cell] = {}
    for row in connection.execute(wanted, execution_options={"yield_per": _BATCH}):
        cell = _cell(*row[1:])
        # A million fixes have a few thousand different cells.
        found.setdefault(row[0], shared.setdefault(cell, cell))
    return found


def left_out(connection: Connection) -> dict[str, int]:
    """Count the questions that gave no fix, by reason."""
    missing = (omission.c.subject.startswith("question:"), omission.c.resolved_run_id.is_(None))
    found = connection.execute(
        select(omission.c.reason, func.count()).where(*missing).group_by(omission.c.reason).order_by(omission.c.reason)
    )
    return {row[0]: row[1] for row in found}


def unread(connection: Connection, choice: Choice) -> int:
    """Count the cells of label files that could not be read: they are in no figure."""
    if choice.table is LabelTable.LABEL:
        return 0
    return connection.scalar(select(func.count()).select_from(rating_rejection)) or 0


def _cell(source: str, library: str, *labels: str | None, fixes: int = 1) -> Cell:
    """Make a cell. A sub-pattern loses its pattern ("data_dimension.reshape"), which has its own field."""
    known = dict(zip(SCHEMES, labels, strict=True))
    sub = known["sub_pattern"]
    known["sub_pattern"] = re.split("[./]", sub)[-1] if sub else sub
    return Cell(source, library, **known, fixes=fixes)


def _judged_fixes(choice: Choice) -> Subquery:
    value: ColumnElement[Any] = label.c.value
    if choice.min_confidence:
        sure = or_(label.c.confidence.is_(None), label.c.confidence >= choice.min_confidence)
        value = case((sure, label.c.value), else_=UNKNOWN)
    first = and_(label.c.fix_id == fix.c.fix_id, label.c.rank == 1, label.c.rater == choice.rater)
    joined = fix.join(label, and_(first, label.c.scheme.in_(SCHEMES)))
    return (
        _pivot(joined, fix.c.fix_id, label.c.scheme, value)
        .add_columns(fix.c.fix_id.label("fix_id"), _SOURCE.label("source"), fix.c.library.label("library"))
        .where(*_counted(choice))
        .group_by(fix.c.fix_id, fix.c.sha, fix.c.library)
        .subquery()
    )


def _judged_items(choice: Choice) -> Subquery:
    own = [_CURRENT.c[name] for name in ("fix_id", "source", "library", "link")]
    return (
        _pivot(_CURRENT, _CURRENT.c.item_id, _CURRENT.c.scheme, _CURRENT.c.value)
        .add_columns(*own)
        .where(_CURRENT.c.rater == choice.rater, _CURRENT.c.scheme.in_(SCHEMES))
        .group_by(_CURRENT.c.item_id, *own)
        .subquery()
    )


def _pivot(
    joined: FromClause, item: ColumnElement[Any], scheme: ColumnElement[Any], value: ColumnElement[Any]
) -> Select[Any]:
    """Give a row an item with a column a scheme; null where it is not judged."""
    columns = [func.max(case((scheme == name, value))).label(name) for name in SCHEMES]
    return select(item.label("item_id"), *columns).select_from(joined)


def _counted(choice: Choice) -> list[ColumnElement[bool]]:
    """Tell which collected fixes count: not what newer rules split otherwise, whose hunks other fixes have."""
    if choice.copies:
        return [is_current()]
    cluster = func.coalesce(fix_cluster.c.cluster_id, fix.c.fix_id)
    first = select(func.min(fix.c.fix_id)).select_from(fix.outerjoin(fix_cluster)).where(is_current()).group_by(cluster)
    return [fix.c.fix_id.in_(first)]


def _is_gone(rows: Subquery) -> ColumnElement[bool]:
    return exists().where(superseded_fix.c.fix_id == rows.c.fix_id)


def _number(connection: Connection, found: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(found.subquery())) or 0


def _text(number: ColumnElement[Any]) -> ColumnElement[str]:
    return literal("").concat(number)


def _tally(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found
