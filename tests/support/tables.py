"""Writes all rows of a database as text, so that two databases can be compared byte by byte."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from miner.store.session import open_engine, reading
from miner.store.tables import metadata


def written(database_url: str) -> str:
    """Give every row of every table, with run numbers and times, one a line in the order of the rows' own text."""
    engine = open_engine(database_url)
    try:
        lines = []
        with reading(engine) as connection:
            for table in metadata.sorted_tables:
                found = connection.execute(select(table)).all()
                lines += sorted(json.dumps([table.name, *map(_plain, row)]) for row in found)
        return "\n".join(lines)
    finally:
        engine.dispose()


def differences(one: str, other: str) -> str:
    """Give the lines that only one has, cut, for a message; "" if there are none."""
    left, right = set(one.splitlines()), set(other.splitlines())
    only = [*(f"- {line}" for line in sorted(left - right)), *(f"+ {line}" for line in sorted(right - left))]
    return "\n".join(line[:400] for line in only[:30])


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value if isinstance(value, int | float | None) else str(value)
