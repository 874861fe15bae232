"""Reads ``views.sql``: the views for analysts, with what their comments say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

_VIEW = re.compile(
    r"^(?P<comments>(?:-- [^\n]*\n)+)(?P<statement>CREATE VIEW (?P<name>\w+) AS\n(?P<query>.*?));$", re.S | re.M
)
_COLUMN = re.compile(r"^-- (?P<name>\w+): (?P<meaning>.*)$")


@dataclass(frozen=True, slots=True)
class View:
    """A view: the statement that makes it, its query, and the meaning of itself and of its columns."""

    name: str
    statement: str
    query: str
    comment: str
    columns: Mapping[str, str]


@cache
def views() -> tuple[View, ...]:
    """Give the views, in the order of the file."""
    text = Path(__file__).with_name("views.sql").read_text(encoding="utf-8")
    return tuple(_view(match) for match in _VIEW.finditer(text))


def create_views(connection: Connection) -> None:
    """Make every view anew, so that it is as this version has it."""
    drop_views(connection)
    for view in views():
        connection.exec_driver_sql(view.statement)


def drop_views(connection: Connection) -> None:
    """Drop every view; tables that views read cannot be changed."""
    for view in reversed(views()):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")


def changed_views(connection: Connection) -> list[str]:
    """Give the names of the views that are missing or not as this version has them."""
    stored = _stored_in_sqlite if connection.dialect.name == "sqlite" else _stored_in_postgresql
    return [view.name for view in views() if not stored(connection, view)]


def _stored_in_sqlite(connection: Connection, view: View) -> bool:
    found = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?", (view.name,)
    ).scalar()
    return found == view.statement


def _stored_in_postgresql(connection: Connection, view: View) -> bool:
    # PostgreSQL keeps a parsed view, not its text: only another view of the same query reads the same.
    probe = f"expected_{view.name}"
    connection.exec_driver_sql(f"CREATE TEMPORARY VIEW {probe} AS {view.query}")
    definition = "SELECT pg_get_viewdef(to_regclass(%s))"
    found = connection.exec_driver_sql(definition, (view.name,)).scalar()
    expected = connection.exec_driver_sql(definition, (probe,)).scalar()
    connection.exec_driver_sql(f"DROP VIEW {probe}")
    return bool(found == expected)


def _view(match: re.Match[str]) -> View:
    about: list[str] = []
    columns: dict[str, str] = {}
    for line in match["comments"].splitlines():
        if column := _COLUMN.match(line):
            columns[column["name"]] = column["meaning"]
        else:
            about.append(line.removeprefix("-- "))
    return View(match["name"], match["statement"], match["query"], " ".join(about), columns)
