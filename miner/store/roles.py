"""Roles of a PostgreSQL database: one that may read everything and change nothing, and one that collects.

Tables belong to whoever makes and upgrades them; both roles get their rights on those that are there, and, by default
privileges, on all that their owner makes later. Passwords are hashed here: a server's log never has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, text

from miner.errors import StoreError
from miner.store import schema
from miner.store.session import masked, writing

ANALYST_RIGHTS = ("SELECT",)
DAEMON_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Role:
    """A role to make. ``password`` None leaves the one that it has, if any."""

    name: str
    rights: tuple[str, ...]
    statement_seconds: int | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Give it without the password."""
        return f"Role({self.name!r}, {self.rights!r})"


@dataclass(frozen=True, slots=True)
class MadeRole:
    """A role that is there now; ``new`` if it was not before."""

    name: str
    new: bool
    has_password: bool


def make_roles(engine: Engine, roles: Sequence[Role]) -> list[MadeRole]:
    """Make roles, or bring those that exist to their rights, in one transaction.

    :raises StoreError: on SQLite, without the right to make roles, and for a role that may do more than it should.
    :raises SchemaError: if the database has not this version's schema.
    """
    require_roles(engine)
    schema.require(engine)
    with writing(engine) as connection:
        return [_make(connection, role) for role in roles]


def require_roles(engine: Engine) -> None:
    """Refuse a database that knows no roles.

    :raises StoreError: on SQLite.
    """
    if engine.dialect.name != "postgresql":
        raise StoreError(
            f"the database {masked(engine.url)} has no roles: on SQLite, who may read the file is the file's mode; "
            "give analysts a copy (miner db backup FILE.db)"
        )


def login_url(url: URL, name: str) -> str:
    """Give the address by which a role logs in, without a password."""
    public = url.difference_update_query(["password", "sslpassword"])
    return URL.create(
        "postgresql", name, host=public.host, port=public.port, database=public.database, query=public.query
    ).render_as_string()


def _make(connection: Connection, role: Role) -> MadeRole:
    known = _attributes(connection, role)
    name = connection.dialect.identifier_preparer.quote(role.name)
    if known is None:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION")
    if role.password is not None:
        _set_password(connection, name, role)
    _limit(connection, name, role)
    _grant(connection, name, role)
    return MadeRole(role.name, known is None, role.password is not None)


def _attributes(connection: Connection, role: Role) -> Any:
    found = connection.execute(
        text(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls AS strong, "
            "rolname IN (SELECT tableowner FROM pg_tables WHERE schemaname = current_schema()) AS owns, "
            "EXISTS (SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid) AS member "
            "FROM pg_roles WHERE rolname = :name"
        ),
        {"name": role.name},
    ).first()
    if found is not None and (found.strong or found.owns or found.member):
        raise StoreError(
            f"the role {role.name} may do more than it should: it is an administrator, owns tables, or is a member of "
            "another role; name another"
        )
    return found


def _set_password(connection: Connection, name: str, role: Role) -> None:
    driver: Any = connection.connection.driver_connection
    hashed = driver.pgconn.encrypt_password(
        (role.password or "").encode(), role.name.encode(), b"scram-sha-256"
    ).decode("ascii")
    # A hash is of base64, '$' and ':' alone; ALTER ROLE takes no parameters.
    connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD '{hashed}'")


def _limit(connection: Connection, name: str, role: Role) -> None:
    if role.rights == ANALYST_RIGHTS:
        connection.exec_driver_sql(f"ALTER ROLE {name} SET default_transaction_read_only = on")
        connection.exec_driver_sql(f"ALTER ROLE {name} SET idle_in_transaction_session_timeout = '1h'")
    if role.statement_seconds is not None:
        connection.exec_driver_sql(f"ALTER ROLE {name} SET statement_timeout = '{role.statement_seconds:d}s'")


def _grant(connection: Connection, name: str, role: Role) -> None:
    quote = connection.dialect.identifier_preparer.quote
    row = connection.execute(
        text(
            "SELECT current_database() AS base, current_schema() AS place, tableowner AS owner FROM pg_tables "
            "WHERE schemaname = current_schema() AND tablename = 'crawl_run'"
        )
    ).one()
    base, place, owner = quote(row.base), quote(row.place), quote(row.owner)
    rights = ", ".join(role.rights)
    for statement in (
        f"GRANT CONNECT ON DATABASE {base} TO {name}",
        # Before PostgreSQL 15 everybody may make tables in the schema public.
        f"REVOKE CREATE ON SCHEMA {place} FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA {place} FROM {name}",
        f"GRANT USAGE ON SCHEMA {place} TO {name}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {place} FROM {name}",
        f"GRANT {rights} ON ALL TABLES IN SCHEMA {place} TO {name}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {place} REVOKE ALL ON TABLES FROM {name}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {place} GRANT {rights} ON TABLES TO {name}",
    ):
        connection.exec_driver_sql(statement)
