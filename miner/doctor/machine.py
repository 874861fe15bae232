"""The machine: git, 7z, disk, the clones' folder, and the database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from miner import __version__
from miner.collect.dumparchive import PROGRAMS
from miner.collect.git import check_version
from miner.doctor.findings import Finding, failure, ok, warning
from miner.errors import MinerError, StoreError
from miner.settings import Settings
from miner.store import repository as store
from miner.store import schema
from miner.store.session import masked, open_engine, parse_url, reading, writing

_GIGABYTE = 1e9
_GIT = "install git 2.32 or newer (apt install git; brew install git): no repository is mined without it"
_UPGRADE = "run 'miner db upgrade'; back it up before: miner db backup FILE"


def look(settings: Settings) -> Iterator[Finding]:
    """Look at the machine, without the network but for a database server."""
    yield _git()
    if not any(map(shutil.which, PROGRAMS)):
        yield warning("7z", "not installed", "install it to read data dumps that are .7z archives")
    yield from _folder(settings)
    yield from _database(settings)


def _git() -> Finding:
    try:
        return ok("git", f"version {check_version()}")
    except MinerError as error:
        return failure(
            "git",
            str(error),
            _GIT,
        )


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.storage.data_dir.absolute() / "repositories"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield failure("clones", f"{there} cannot be written", "give write permission, or set storage.data_dir")
        return
    clones = sum(1 for _ in folder.glob("*.git")) if folder.exists() else 0
    yield ok("clones", f"{clones} in {folder}")
    free = shutil.disk_usage(there).free
    said = f"{free / _GIGABYTE:.1f} GB free at {there}"
    least = settings.git.min_free_disk_bytes
    if free < least:
        yield failure("disk", said, f"nothing is cloned with less than {least / _GIGABYTE:.1f} GB: free some space")
    elif free < 5 * least:
        yield warning("disk", said, "large repositories take some GB each, and the database grows, too")
    else:
        yield ok("disk", said)


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        url = parse_url(settings.database.url)
    except MinerError as error:
        yield failure("database", str(error), "set database.url or MINER_DATABASE__URL")
        return
    if url.drivername == "sqlite" and url.database and not Path(url.database).exists():
        yield warning("database", f"{url.database} is not there yet", "'miner collect' or 'miner db upgrade' makes it")
        return
    try:
        engine = open_engine(settings.database.url, create=False)
    except StoreError as error:
        yield failure("database", str(error), "check database.url, and that the server runs")
        return
    try:
        yield ok("database", f"{masked(url)}, {_version(engine)}")
        yield from _schema(engine)
    finally:
        engine.dispose()


def _version(engine: Engine) -> str:
    sql = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"
    with reading(engine) as connection:
        return f"{engine.dialect.name} {connection.exec_driver_sql(sql).scalar_one()}"


def _schema(engine: Engine) -> Iterator[Finding]:
    try:
        found = schema.current(engine)
        if found is None:
            yield warning("schema", "no tables yet", "'miner collect' or 'miner db upgrade' makes them")
            return
        schema.require(engine)
    except StoreError as error:
        yield failure("schema", str(error), _UPGRADE)
        return
    yield ok("schema", f"revision {found}")
    yield _writable(engine)


class _UndoneError(Exception):
    """Takes back what was only tried."""


def _writable(engine: Engine) -> Finding:
    try:
        with writing(engine) as connection:
            store.start_run(connection, "doctor", {}, __version__)
            raise _UndoneError
    except _UndoneError:
        return ok("writing", "the database can be written")
    except StoreError as error:
        advice = "an analyst's role can only read, which is all that it needs; a collect needs the daemon's"
        return warning("writing", str(error), advice)
