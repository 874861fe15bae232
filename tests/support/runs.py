"""Runs the pipeline as the command line does, and keeps what it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from miner.clock import Clock
from miner.job import CollectRequest, Summary
from miner.pipeline import collect
from miner.settings import Settings, load
from miner.store.session import open_engine, reading

Contents = Callable[[Engine], dict[str, list[tuple[Any, ...]]]]


@dataclass
class Recorder:
    """A reporter that remembers."""

    warnings: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[str, str, str]] = field(default_factory=list)

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """Remember that a task began."""
        self.events.append(("start", task, item))

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """Remember how far it is."""
        self.events.append((str(done), task, item))

    def finish(self, task: str, item: str) -> None:
        """Remember that it ended."""
        self.events.append(("finish", task, item))

    def warn(self, item: str, message: str) -> None:
        """Remember the warning."""
        self.warnings.append((item, message))


@dataclass
class Runner:
    """Collects into one database and data folder; settings stay as they are from call to call."""

    database_url: str
    data_dir: Path
    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recorder: Recorder = field(default_factory=Recorder)
    clock: Clock | None = None

    def settings(self, **sections: Mapping[str, Any]) -> Settings:
        """Give the settings, with some changed."""
        flags: dict[str, dict[str, Any]] = {
            "database": {"url": self.database_url},
            "storage": {"data_dir": str(self.data_dir)},
            "collect": {"page_commits": 7, "workers": 1},
        }
        for name, keys in (*self.flags.items(), *sections.items()):
            flags[name] = {**flags.get(name, {}), **keys}
        return load(environ={}, flags=flags)

    def collect(self, *repositories: Path | str, **request: Any) -> Summary:
        """Collect the repositories."""
        asked = CollectRequest(repositories=tuple(map(str, repositories)), **request)
        return collect(self.settings(), asked, self.recorder, self.clock)

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self._reading() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def one(self, sql: str, **values: Any) -> Any:
        """Ask the database for one value."""
        return self.rows(sql, **values)[0][0]

    def tables(self, contents: Contents) -> dict[str, list[tuple[Any, ...]]]:
        """Give what the fixture ``contents`` reads."""
        engine = open_engine(self.database_url)
        try:
            return contents(engine)
        finally:
            engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        engine = open_engine(self.database_url)
        try:
            with reading(engine) as connection:
                yield connection
        finally:
            engine.dispose()
