"""How far a data dump is read. Each query works in its caller's transaction: a block and its progress are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, select, update

from miner.store.bulk import insert_rows, replace_rows
from miner.store.posttables import comment, dump, dump_table, post, post_observation
from miner.store.values import clean, stamp


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pass over a file is: a row of ``dump_table``."""

    dump_id: str
    scope: str
    pass_no: int
    name: str
    bytes_done: int = 0
    rows_seen: int = 0
    rows_kept: int = 0
    largest_question: int = 0
    late: bool = False
    complete: bool = False


def enter_dump(connection: Connection, run_id: int, dump_id: str, site: str, name: str, as_of: datetime) -> datetime:
    """Enter a dump, once, and give the moment that it was first said to show."""
    insert_rows(connection, dump, [(dump_id, site, clean(name), stamp(as_of), run_id)])
    found = connection.scalar(select(dump.c.as_of).where(dump.c.dump_id == dump_id))
    return found or as_of


def redate(connection: Connection, dump_id: str, was: datetime, as_of: datetime) -> None:
    """Enter another moment that a dump shows, for itself and for the rows that it brought."""
    connection.execute(update(dump).where(dump.c.dump_id == dump_id).values(as_of=as_of))
    of_dump = select(post.c.post_id).where(post.c.dump_id == dump_id, post.c.site == select_site(dump_id))
    for table in (post_observation, comment):
        same = (table.c.site == select_site(dump_id), table.c.observed_at == was, table.c.post_id.in_(of_dump))
        connection.execute(update(table).where(*same).values(observed_at=as_of))
    connection.execute(update(post).where(post.c.dump_id == dump_id).values(observed_at=as_of))


def select_site(dump_id: str) -> ScalarSelect[str]:
    """Give the query for the site of a dump."""
    return select(dump.c.site).where(dump.c.dump_id == dump_id).scalar_subquery()


def has_unfinished_posts(connection: Connection, site: str) -> bool:
    """Tell whether a pass over the posts of a dump of a site was begun and not finished."""
    begun = select(dump_table.c.pass_no).join(dump, dump.c.dump_id == dump_table.c.dump_id)
    of_posts = begun.where(dump.c.site == site, dump_table.c.name == "Posts", ~dump_table.c.complete)
    return connection.execute(of_posts.limit(1)).first() is not None


def passes(connection: Connection, dump_id: str, scope: str) -> Mapping[int, Progress]:
    """Give how far each pass over a dump is, by its number."""
    names = list(Progress.__slots__)
    statement = select(*(dump_table.c[name] for name in names))
    of_dump = statement.where(dump_table.c.dump_id == dump_id, dump_table.c.scope == scope)
    return {row.pass_no: Progress(**row._asdict()) for row in connection.execute(of_dump)}


def put_pass(connection: Connection, run_id: int, progress: Progress) -> None:
    """Enter how far a pass is."""
    values: dict[str, Any] = {**asdict(progress), "run_id": run_id}
    replace_rows(connection, dump_table, [tuple(values[column.name] for column in dump_table.c)])
