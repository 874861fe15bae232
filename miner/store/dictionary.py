"""Writes the data dictionary, ``docs/schema.md``, from the comments of the tables and views.

``python -m miner.store.dictionary > docs/schema.md``
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, Table, Text

from miner.store.columns import UtcDateTime
from miner.store.schema import HEAD
from miner.store.tables import metadata
from miner.store.views import View, views

_TYPES = {
    BigInteger: "bigint",
    Integer: "integer",
    Text: "text",
    Double: "double",
    Boolean: "boolean",
    LargeBinary: "bytes",
    UtcDateTime: "time",
}

_INTRODUCTION = f"""\
# Schema

The tables and views of revision {HEAD}, the same on SQLite and PostgreSQL. Written by
`python -m miner.store.dictionary > docs/schema.md` from the comments in `miner/store/tables.py` and
`miner/store/views.sql`: change those, not this file.

A *time* is in UTC: `timestamptz` on PostgreSQL, text `YYYY-MM-DD HH:MM:SS+00:00` on SQLite, whose order is that of
times and which its date functions read. *bytes* is `bytea` or `BLOB`; a *boolean* is 0 or 1 on SQLite.
In the key column, *key* is a part of the primary key, *unique* is unique, and an arrow names the table referred to.
"""


def dictionary() -> str:
    """Give the data dictionary as Markdown."""
    parts = [_INTRODUCTION, "## Tables and what they refer to\n", _diagram(), "## Tables\n"]
    parts += ["\n".join(_table(table)) for table in metadata.tables.values()]
    parts += ["## Views\n", *("\n".join(_view(view)) for view in views())]
    return "\n".join(parts).rstrip() + "\n"


def _diagram() -> str:
    lines = {
        f"    {key.referred_table.name} ||--o{{ {table.name} : {'_'.join(key.column_keys)}"
        for table in metadata.tables.values()
        for key in table.foreign_key_constraints
        # Every table leads back to its run; drawn, that would hide the rest.
        if key.referred_table.name != "crawl_run"
    }
    return "\n".join(["```mermaid", "erDiagram", *sorted(lines), "```\n"])


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}\n"
    yield f"{table.comment}\n"
    yield "| column | type | key | null | meaning |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        null = "null" if column.nullable else ""
        yield f"| {column.name} | {_TYPES[type(column.type)]} | {_role(column)} | {null} | {column.comment} |"
    if table.indexes:
        indexed = sorted("(" + ", ".join(column.name for column in index.columns) + ")" for index in table.indexes)
        yield f"\nIndexes: {', '.join(indexed)}."
    yield ""


def _role(column: Column[object]) -> str:
    roles = ["key"] if column.primary_key else []
    roles += ["unique"] if column.unique else []
    roles += sorted(f"→ {key.column.table.name}" for key in column.foreign_keys)
    return ", ".join(roles)


def _view(view: View) -> Iterator[str]:
    yield f"### {view.name}\n"
    yield f"{view.comment}\n"
    yield "| column | meaning |"
    yield "|---|---|"
    for name, meaning in view.columns.items():
        yield f"| {name} | {meaning} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(dictionary())
