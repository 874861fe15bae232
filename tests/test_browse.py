"""The database in a browser: as a process, over HTTP."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest
import requests

from miner.browse import browse, cookbook, description
from miner.errors import BrowseError
from miner.store import schema
from miner.store.session import open_engine


@pytest.fixture
def database(sqlite_url: str) -> str:
    """A database without rows."""
    engine = open_engine(sqlite_url)
    schema.prepare(engine)
    engine.dispose()
    return sqlite_url


def test_it_serves_tables_and_the_questions_of_the_cookbook(database: str) -> None:
    """Columns are explained, queries run, nothing can be written, and SIGTERM ends it."""
    command = [sys.executable, "-u", "-m", "miner", "browse", "--port", "0", "--database-url", database]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = None
            while found is None:
                line = process.stderr.readline()
                assert line, "it ended"
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
            base = found[0]
            asked = requests.get(f"{base}/miner/{cookbook()[1].name}.json?_shape=objects", timeout=30)
            assert asked.json()["columns"] == ["rater", "pattern", "fixes", "per_cent"]
            page = requests.get(f"{base}/miner/fix", timeout=30).text
            assert "One row a repair of one bug." in page
            refused = requests.get(f"{base}/miner.json", params={"sql": "DELETE FROM fix"}, timeout=30)
            assert refused.status_code == 400
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read() if process.stderr else None
        assert process.wait(30) in (0, -signal.SIGTERM)


def test_every_question_has_a_query() -> None:
    """With the words of the cookbook."""
    queries = description("miner")["databases"]["miner"]["queries"]
    assert [query["title"] for query in queries.values()] == [f"{one.number}. {one.question}" for one in cookbook()]
    assert len(queries) == 20


def test_every_chart_draws_columns_that_its_query_has(database: str) -> None:
    """Those along the axis, and those that are counted."""
    engine = open_engine(database)
    drawn = 0
    for query in description("miner")["databases"]["miner"]["queries"].values():
        with engine.connect() as connection:
            columns = set(connection.exec_driver_sql(query["sql"]).keys())
        for name in re.findall(r"g\.[xy]_column=(\w+)", query.get("description_html", "")):
            drawn += 1
            assert name in columns, query["title"]
    engine.dispose()
    assert drawn >= 10


def test_another_database_is_told_what_to_use() -> None:
    """It is no SQLite file."""
    with pytest.raises(BrowseError, match="PostgreSQL"):
        browse("postgresql://localhost/x", "127.0.0.1", 0)
