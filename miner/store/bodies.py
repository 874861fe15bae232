"""Where the bodies of responses are: in the archive that an engine was given, else in the table.

A body is in the archive before the row that names it is committed; a row without a body in either place is one whose
object was pruned, which is then as if its address had never been asked.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, select, update

from miner.store.session import reading, writing
from miner.store.tables import raw_response

_OPTION = "archive"
_BODY = list(raw_response.c).index(raw_response.c.body)
_PAGE = 100


class Objects(Protocol):
    """A store of bodies by their SHA-256."""

    def put(self, body: bytes) -> str:
        """Keep a body, and give its SHA-256 in hex."""

    def get(self, sha256: str) -> bytes | None:
        """Give a body; None if it is not there."""


def attach(engine: Engine, archive: Objects) -> None:
    """Let the bodies of an engine's database be in an archive."""
    engine.update_execution_options(**{_OPTION: archive})


def kept(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Keep the bodies of rows of ``raw_response``, and give the rows to insert.

    :raises ArchiveError: if the archive does not take one.
    """
    archive: Objects | None = connection.get_execution_options().get(_OPTION)
    if archive is None:
        return [(*row[:_BODY], zlib.compress(row[_BODY]), *row[_BODY + 1 :]) for row in rows]
    for row in rows:
        archive.put(row[_BODY])
    return [(*row[:_BODY], None, *row[_BODY + 1 :]) for row in rows]


def body_of(connection: Connection, sha256: str, body: bytes | None) -> bytes | None:
    """Give a response's body; None if it is not kept any more.

    :param body: what its row holds.
    :raises ArchiveError: if the archive cannot be read, or the body is damaged.
    """
    if body is not None:
        return zlib.decompress(body)
    archive: Objects | None = connection.get_execution_options().get(_OPTION)
    return None if archive is None else archive.get(sha256)


def move(engine: Engine, archive: Objects) -> int:
    """Move the bodies that are in the database into the archive, a hundred a transaction; give how many were moved.

    :raises ArchiveError: if the archive does not take one. What was moved before stays moved.
    """
    moved = 0
    columns = (raw_response.c.response_sha256, raw_response.c.body)
    while True:
        with reading(engine) as connection:
            found = connection.execute(select(*columns).where(raw_response.c.body.is_not(None)).limit(_PAGE)).all()
        if not found:
            return moved
        for row in found:
            archive.put(zlib.decompress(row.body))
        with writing(engine) as connection:
            same = raw_response.c.response_sha256.in_([row.response_sha256 for row in found])
            connection.execute(update(raw_response).where(same).values(body=None))
        moved += len(found)
