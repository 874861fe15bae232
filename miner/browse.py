"""Shows an SQLite database in a browser, by Datasette: tables and columns explained, the cookbook's queries, charts.

https://docs.datasette.io/en/stable/metadata.html
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from miner.errors import BrowseError
from miner.resources import resource
from miner.store.session import parse_url
from miner.store.tables import metadata as tables
from miner.store.views import views

_RECIPE = re.compile(r"^## (\d+)\. ([^\n]+)\n\n```sql\n(.*?);?\n```", re.MULTILINE | re.DOTALL)
_LONGEST_QUERY_MS = "20000"
# The columns of a chart of some recipes: the one along the axis, the one that is counted.
_CHARTS = {1: ("library", "fixes"), 2: ("pattern", "fixes"), 3: ("pattern", "repairs"), 5: ("pattern", "git")}
_CHARTS |= {6: ("year", "fixes"), 12: ("repository", "fixes"), 19: ("reason", "unresolved")}


_CODE = "td.col-body,td.col-diff,td.col-before,td.col-after{font-family:monospace;tab-size:4}"
_HIDDEN = {name: {"hidden": True} for name in ("alembic_version", "daemon_job")}
"""Tables of the tools below: the page of the database would begin with them."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A question of the cookbook: its number, its words and its SQL."""

    number: int
    question: str
    sql: str

    @property
    def name(self) -> str:
        """Its name in addresses: ``01-how-many-fixes-are-there``."""
        return f"{self.number:02}-{re.sub(r'[^a-z0-9]+', '-', self.question.lower()).strip('-')}"


def cookbook() -> tuple[Recipe, ...]:
    """Give the questions of docs/cookbook.md."""
    text = resource("docs/cookbook.md").read_text(encoding="utf-8")
    return tuple(Recipe(int(number), question, sql) for number, question, sql in _RECIPE.findall(text))


def description(database: str) -> dict[str, Any]:
    """Describe a database to Datasette: every table, view and column, and a query of each question of the cookbook.

    :param database: its name in addresses, the stem of its file.
    """
    of_tables = {
        name: _about(table.comment, {c.name: c.comment for c in table.columns}) for name, table in tables.tables.items()
    }
    of_views = {view.name: _about(view.comment, view.columns) for view in views()}
    queries = {recipe.name: _query(database, recipe) for recipe in cookbook()}
    return {
        "title": "bug-fix miner",
        "description": "Bug fixes of deep-learning libraries. Labels of a rater heuristic/... are rules' guesses.",
        "extra_css_urls": [f"data:text/css,{quote(_CODE)}"],
        "databases": {database: {"tables": {**of_tables, **of_views, **_HIDDEN}, "queries": queries}},
    }


def browse(database_url: str, host: str, port: int) -> None:
    """Serve an SQLite database until the process is asked to end. Nothing can be written.

    :raises BrowseError: without Datasette, or for another database.
    """
    url = parse_url(database_url)
    if url.drivername != "sqlite" or not url.database:
        raise BrowseError("miner browse shows SQLite files: for PostgreSQL use any of its clients, or miner sql")
    try:
        from datasette.cli import cli
    except ImportError:
        raise BrowseError("miner browse needs Datasette: pip install 'bug-fix-miner[browse]'") from None
    with tempfile.TemporaryDirectory(prefix="miner-browse-") as folder:
        about = Path(folder) / "metadata.json"
        about.write_text(json.dumps(description(Path(url.database).stem)), encoding="utf-8")
        limits = ("--setting", "sql_time_limit_ms", _LONGEST_QUERY_MS, "--setting", "allow_download", "off")
        place = ("--host", host, "--port", str(port))
        cli.main(["serve", url.database, "--metadata", str(about), *place, *limits], standalone_mode=False)


def _about(comment: str | None, columns: Mapping[str, str | None]) -> dict[str, Any]:
    return {"description": comment, "columns": {name: meaning or "" for name, meaning in columns.items()}}


def _query(database: str, recipe: Recipe) -> dict[str, str]:
    made = {"title": f"{recipe.number}. {recipe.question}", "sql": recipe.sql}
    if recipe.number in _CHARTS:
        across, counted = _CHARTS[recipe.number]
        drawn = {"g.mark": "bar", "g.x_column": across, "g.x_type": "ordinal"}
        drawn |= {"g.y_column": counted, "g.y_type": "quantitative"}
        made["description_html"] = f'<a href="/{database}/{recipe.name}#{urlencode(drawn)}">As a chart</a>'
    return made
