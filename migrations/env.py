"""Alembic's environment. The miner passes its connection (miner.store.schema.migrate); the alembic command, which
developers use to write a migration, has none and opens the database of the settings."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from miner.settings import load
from miner.store.session import open_engine, writing
from miner.store.settling import validate
from miner.store.tables import metadata


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with writing(open_engine(load().database.url)) as opened:
        run(opened)
        validate(opened)
