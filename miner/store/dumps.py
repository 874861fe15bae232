"""How far a data dump is read. Each query works in its caller's transaction: a block and its progress are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from miner.store.bulk import insert_rows, replace_rows
from miner.store.posttables import dump, dump_table
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
