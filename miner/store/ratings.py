"""Every query of people's labels: items, judgements, batches, and the files that were read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, delete, exists, insert, or_, select, true, update

from miner.store.bulk import insert_rows, replace_rows
from miner.store.ratingtables import (
    RECONCILED,
    SCHEMES,
    rating,
    rating_batch,
    rating_batch_item,
    rating_import,
    rating_item,
    rating_rejection,
    rating_sheet,
)
from miner.store.relabeltables import superseded_fix
from miner.store.tables import fix, label

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Item:
    """A row of ``rating_item``."""

    item_id: str
    source: str
    library: str
    link: str
    set_name: str
    position: int
    fix_id: str | None
    run_id: int


@dataclass(frozen=True, slots=True)
class Rating:
    """A row of ``rating``."""

    item_id: str
    scheme: str
    rater: str
    round: int
    value: str
    said: str
    note: str
    rated_at: datetime | None
    batch: str | None
    file_sha256: str | None
    row_no: int
    run_id: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A row of ``rating_batch``."""

    batch: str
    method: str
    stratum: str | None
    schemes: str
    seed: int
    size: int
    population: int
    query: str
    run_id: int


def lock(connection: Connection) -> None:
    """Let nobody else write labels before this transaction ends: rounds count on from what is there."""
    if connection.dialect.name == "postgresql":
        for table in (rating_batch, rating_item, rating):
            connection.exec_driver_sql(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE')


def items(connection: Connection, ids: Collection[str]) -> dict[str, Item]:
    """Give the items that are known, by their ids."""
    rows = _in_chunks(connection, select(rating_item), rating_item.c.item_id, ids)
    return {row.item_id: Item(**row._asdict()) for row in rows}


def items_to_link(connection: Connection) -> list[Item]:
    """Give the items whose collected fix is to be found, in the order of their ids.

    They have none, or one that is superseded: what a link means is in another then. An item that is a fix by its id
    stays that fix: its hunks are what was judged.
    """
    gone = exists().where(superseded_fix.c.fix_id == rating_item.c.fix_id)
    moved = and_(gone, rating_item.c.fix_id != rating_item.c.item_id)
    query = select(rating_item).where(or_(rating_item.c.fix_id.is_(None), moved)).order_by(rating_item.c.item_id)
    return [Item(**row._asdict()) for row in connection.execute(query)]


def fixes(connection: Connection, ids: Collection[str]) -> dict[str, Row[Any]]:
    """Give commit and library of the fixes that are stored, by their ids."""
    query = select(fix.c.fix_id, fix.c.sha, fix.c.library)
    return {row.fix_id: row for row in _in_chunks(connection, query, fix.c.fix_id, ids)}


def shas_with_fix(connection: Connection, shas: Collection[str]) -> set[str]:
    """Give the commits among some that hold a fix, or held one that is superseded."""
    return {row.sha for row in _in_chunks(connection, select(fix.c.sha).distinct(), fix.c.sha, shas)}


def add_items(connection: Connection, new: Sequence[Item]) -> int:
    """Enter items; those that are there stay as they are."""
    return insert_rows(connection, rating_item, [astuple(item) for item in new])


def link_items(connection: Connection, found: Iterable[tuple[str, str]]) -> None:
    """Enter which fix an item is, as (item, fix), and its library where nobody named one."""
    for item_id, fix_id in found:
        this = rating_item.c.item_id == item_id
        library = select(fix.c.library).where(fix.c.fix_id == fix_id).scalar_subquery()
        connection.execute(update(rating_item).where(this).values(fix_id=fix_id))
        connection.execute(update(rating_item).where(this, rating_item.c.library == "").values(library=library))


def ratings(connection: Connection, ids: Collection[str]) -> list[Rating]:
    """Give every judgement of some items, each rater's rounds in order."""
    rows = _in_chunks(connection, select(rating), rating.c.item_id, ids)
    return sorted(
        (Rating(**row._asdict()) for row in rows), key=lambda row: (row.item_id, row.scheme, row.rater, row.round)
    )


def add_ratings(connection: Connection, new: Sequence[Rating]) -> None:
    """Enter judgements. A key that is there is a defect of the caller: nothing is overwritten or left out."""
    if new:
        connection.execute(insert(rating), [dict(zip(rating.c.keys(), astuple(row), strict=True)) for row in new])


def was_read(connection: Connection, digest: str, rater: str) -> bool:
    """Tell whether a file was read as that rater's before."""
    this = (rating_import.c.file_sha256 == digest, rating_import.c.rater == rater)
    return connection.execute(select(rating_import.c.run_id).where(*this)).first() is not None


def record_import(connection: Connection, row: tuple[str, str, str, str, int]) -> None:
    """Enter a file that was read: its digest, rater, name and set, and the run."""
    insert_rows(connection, rating_import, [row])


def record_rejections(
    connection: Connection, digest: str, schemes: Collection[str], rows: Sequence[tuple[str, str, str, str, str, int]]
) -> None:
    """Enter what could not be read of a file, in place of what was said before of the schemes that were read."""
    of = rating_rejection.c
    others = of.field.not_in([scheme for scheme in SCHEMES if scheme not in schemes]) if schemes else true()
    connection.execute(delete(rating_rejection).where(of.file_sha256 == digest, others))
    replace_rows(connection, rating_rejection, rows)


def batch_of(connection: Connection, name: str) -> Batch | None:
    """Give a batch by its name."""
    row = connection.execute(select(rating_batch).where(rating_batch.c.batch == name)).first()
    return Batch(**row._asdict()) if row else None


def batch_names(connection: Connection) -> list[str]:
    """Give the names of all batches, sorted."""
    return sorted(connection.scalars(select(rating_batch.c.batch)))


def add_batch(connection: Connection, batch: Batch, drawn: Sequence[tuple[str, str]]) -> None:
    """Enter a batch with its items as (item, stratum), in order."""
    connection.execute(insert(rating_batch), dict(zip(rating_batch.c.keys(), astuple(batch), strict=True)))
    rows = [(batch.batch, no, item_id, stratum) for no, (item_id, stratum) in enumerate(drawn, 1)]
    insert_rows(connection, rating_batch_item, rows)


def batch_items(connection: Connection, name: str) -> list[Item]:
    """Give the items of a batch, in order."""
    query = (
        select(rating_item)
        .join(rating_batch_item, rating_batch_item.c.item_id == rating_item.c.item_id)
        .where(rating_batch_item.c.batch == name)
        .order_by(rating_batch_item.c.position)
    )
    return [Item(**row._asdict()) for row in connection.execute(query)]


def add_sheet(connection: Connection, batch: str, rater: str, run_id: int) -> None:
    """Enter that a rater was given a batch."""
    insert_rows(connection, rating_sheet, [(batch, rater, run_id)])


def raters_given(connection: Connection, batch: str) -> set[str]:
    """Give the raters who were given a batch."""
    return set(connection.scalars(select(rating_sheet.c.rater).where(rating_sheet.c.batch == batch)))


def raters(connection: Connection) -> list[str]:
    """Give everybody who judged anything, sorted."""
    return sorted(connection.scalars(select(rating.c.rater).distinct()))


def sets(connection: Connection) -> list[str]:
    """Give the names of the label sets and batches that named items, sorted."""
    return sorted(connection.scalars(select(rating_item.c.set_name).distinct()))


def exported(
    connection: Connection, *, raters: Sequence[str], schemes: Sequence[str], sets: Sequence[str], history: bool
) -> list[Row[Any]]:
    """Give judgements with their items, in an order of their own; an empty choice is all.

    :param history: whether earlier rounds are given too.
    """
    of, item, later = rating.c, rating_item.c, rating.alias("later")
    columns = (item.item_id, item.source, item.library, item.link, item.set_name, item.position, item.fix_id)
    query = select(*columns, of.scheme, of.rater, of.round, of.value, of.said, of.note, of.rated_at, of.batch)
    query = query.select_from(rating.join(rating_item, item.item_id == of.item_id))
    chosen = ((of.rater, raters), (of.scheme, schemes), (item.set_name, sets))
    query = query.where(*(column.in_(names) for column, names in chosen if names))
    if not history:
        same = (later.c.item_id == of.item_id, later.c.scheme == of.scheme, later.c.rater == of.rater)
        newer = select(later.c.round).where(*same, later.c.round > of.round)
        query = query.where(~newer.exists())
    # Databases order texts differently.
    return sorted(
        connection.execute(query), key=lambda r: (r.set_name, r.position, r.item_id, r.scheme, r.rater, r.round)
    )


def said(connection: Connection, *, first: bool = False, batch: str | None = None) -> list[Row[Any]]:
    """Give what each person says of each item now, or said first, in the order of judgement.

    :param batch: give what is said of its items only.
    """
    of, item, other = rating.c, rating_item.c, rating.alias("other")
    columns = (of.item_id, item.fix_id, item.set_name, of.scheme, of.rater, of.value, of.note, of.run_id, of.row_no)
    same = (other.c.item_id == of.item_id, other.c.scheme == of.scheme, other.c.rater == of.rater)
    better = other.c.round < of.round if first else other.c.round > of.round
    query = select(*columns).join(rating_item, item.item_id == of.item_id)
    query = query.where(~select(other.c.round).where(*same, better).exists())
    if batch is not None:
        drawn = select(rating_batch_item.c.item_id).where(rating_batch_item.c.batch == batch)
        query = query.where(of.item_id.in_(drawn))
    rows: Iterable[Any] = connection.execute(query)
    return sorted(rows, key=lambda row: (row.run_id, row.row_no, row.item_id, row.scheme, row.rater))


def first_choices(connection: Connection, rater: str) -> dict[str, dict[str, str]]:
    """Give what the rules say of the fixes that are items, but superseded ones: value by fix, by scheme."""
    rated = select(rating_item.c.fix_id).where(rating_item.c.fix_id.is_not(None))
    of = label.c
    gone = exists().where(superseded_fix.c.fix_id == of.fix_id)
    query = select(of.scheme, of.fix_id, of.value).where(of.rater == rater, of.rank == 1, of.fix_id.in_(rated), ~gone)
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.scheme, {})[row.fix_id] = row.value
    return found


def superseded_items(connection: Connection, ids: Collection[str]) -> set[str]:
    """Give the items among some whose fix newer rules split otherwise, or see no more."""
    gone = select(rating_item.c.item_id).join(superseded_fix, superseded_fix.c.fix_id == rating_item.c.fix_id)
    return {row.item_id for row in _in_chunks(connection, gone, rating_item.c.item_id, ids)}


def decisions(connection: Connection) -> dict[tuple[str, str], tuple[int, int, str]]:
    """Give the last decision on each item and scheme: its round, its run and its value."""
    rows = connection.execute(select(rating).where(rating.c.rater == RECONCILED).order_by(rating.c.round))
    return {(row.item_id, row.scheme): (row.round, row.run_id, row.value) for row in rows}


def _in_chunks(connection: Connection, query: Select[Any], column: Any, ids: Collection[str]) -> Iterator[Row[Any]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield from connection.execute(query.where(column.in_(ordered[start : start + _CHUNK])))
