"""Lets a check of a table allow more texts than before, in a migration, without touching the table's rows.

SQLite cannot change a check, so Alembic copies the table: of a million rows that takes seconds, and each migration
with a new reason does it again, while every writer waits. No row can break a check that allows more than before, and
SQLite keeps a table as the text of its CREATE TABLE: so that text is changed, in the migration's transaction, by the
procedure that https://sqlite.org/lang_altertable.html gives for checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

from alembic import op
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def allow(table: str, column: str, values: Iterable[str]) -> None:
    """Let the check ``ck_TABLE_COLUMN`` allow these texts; all that it allowed so far must be among them."""
    name = op.f(f"ck_{table}_{column}")
    listed = ", ".join(f"'{value}'" for value in values)
    condition = f"{column} IN ({listed})"
    if _rewritten(op.get_bind(), table, name, condition):
        return
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        # It allows more than before, so that no row need be looked through while readers wait.
        batch.create_check_constraint(name, condition, postgresql_not_valid=True)


def _rewritten(connection: Connection, table: str, name: str, condition: str) -> bool:
    """Change the text of the table, if this is SQLite, the check stands there as expected, and SQLite lets us."""
    if connection.dialect.name != "sqlite":
        return False
    before = _text(connection, table)
    # The lists that the miner writes hold no parenthesis and no quote.
    check = re.compile(rf"(CONSTRAINT {re.escape(name)} CHECK )\(\w+ IN \([^()]*\)\)")
    after, number = check.subn(lambda found: f"{found[1]}({condition})", before)
    if number != 1:
        return False
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    with suppress(DBAPIError):
        update = "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?"
        connection.exec_driver_sql(update, (after, table))
        # Others read the schema anew when its number has changed.
        connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    # This connection reads it anew now.
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    # In its defensive mode, in which Apple's SQLite always is, SQLite refuses: the table is copied then.
    return _text(connection, table) == after


def _text(connection: Connection, table: str) -> str:
    found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
    return str(found.scalar_one())
