"""What a migration leaves open on PostgreSQL: checks that old rows are not looked through for, and comments."""

from __future__ import annotations

from sqlalchemy import Connection, inspect
from sqlalchemy.schema import SetColumnComment, SetTableComment

from miner.store.tables import metadata


def open_checks(connection: Connection) -> list[tuple[str, str]]:
    """Give the table and name of each check that holds for new rows, and is not known to hold for old ones."""
    if connection.dialect.name != "postgresql":
        return []
    found = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE NOT convalidated AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    return [(table, name) for table, name in found if table in metadata.tables]


def validate_check(connection: Connection, table: str, name: str) -> None:
    """Look through the old rows of a table for what a check forbids. Readers and writers go on."""
    connection.exec_driver_sql(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"')


def validate(connection: Connection) -> None:
    """Look through old rows for what a check of a migration forbids, in the caller's transaction."""
    for table, name in open_checks(connection):
        validate_check(connection, table, name)


def commented(connection: Connection) -> bool:
    """Tell whether tables and columns have this version's comments."""
    inspector = inspect(connection)
    return all(
        inspector.get_table_comment(table.name)["text"] == table.comment
        and {column["name"]: column["comment"] for column in inspector.get_columns(table.name)}
        == {column.name: column.comment for column in table.columns}
        for table in metadata.sorted_tables
    )


def comment(connection: Connection) -> None:
    """Give tables and columns this version's comments."""
    # Comments are documentation: each version brings its own, without a migration.
    if not connection.dialect.supports_comments:
        return
    for table in metadata.sorted_tables:
        connection.execute(SetTableComment(table))
        for column in table.columns:
            connection.execute(SetColumnComment(column))
