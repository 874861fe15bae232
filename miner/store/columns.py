"""What the tables are made of: the metadata, the type of a time, and columns that carry their comment.

Every table and column carries a comment: :mod:`miner.store.dictionary` writes ``docs/schema.md`` from them.
Columns marked as provenance say which run wrote a row or when; they, and ``crawl_run``, differ between two crawls
that brought the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Dialect, ForeignKey, MetaData, Text
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

from miner.store.values import stamp

PROVENANCE = {"provenance": True}
"""The ``info`` of a column that says which run wrote a row, or when."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC: ``timestamptz`` on PostgreSQL; on SQLite a text whose order is that of times.

    Python's side is always an aware datetime of whole seconds.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the column's type on a database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into what the database holds."""
        if value is None:
            return None
        return stamp(value) if dialect.name == "sqlite" else value.astimezone(UTC).replace(microsecond=0)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the database holds into an aware datetime."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if dialect.name == "sqlite" else value).astimezone(UTC)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Let a column hold only the listed texts."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def run_column(comment: str, name: str = "run_id", nullable: bool = False) -> Column[Any]:
    """Make a column that leads to a run."""
    return Column(name, ForeignKey("crawl_run.run_id"), nullable=nullable, comment=comment, info=PROVENANCE)


def key(name: str, type_: TypeEngine[Any], comment: str, info: dict[str, bool] | None = None) -> Column[Any]:
    """Make a column of the primary key."""
    return Column(name, type_, primary_key=True, autoincrement=False, comment=comment, info=info or {})


def needed(name: str, type_: TypeEngine[Any], comment: str, info: dict[str, bool] | None = None) -> Column[Any]:
    """Make a column that every row fills."""
    return Column(name, type_, nullable=False, comment=comment, info=info or {})


def optional(name: str, type_: TypeEngine[Any], comment: str, info: dict[str, bool] | None = None) -> Column[Any]:
    """Make a column that may be null."""
    return Column(name, type_, nullable=True, comment=comment, info=info or {})


def key_to(name: str, target: str, comment: str) -> Column[Any]:
    """Make a column of the primary key that refers to a table of one key column."""
    return Column(name, ForeignKey(target), primary_key=True, autoincrement=False, comment=comment)
