"""One change of people's labels is one run and one transaction: all of it is there, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from miner import __version__
from miner.store import ratings as store
from miner.store.repository import finish_run, start_run
from miner.store.session import writing


@dataclass
class LabelRun:
    """What a change works with; ``summary`` is kept with the run."""

    connection: Connection
    run_id: int
    summary: dict[str, Any] = field(default_factory=dict)


@contextmanager
def label_run(engine: Engine, command: str, arguments: Mapping[str, Any]) -> Iterator[LabelRun]:
    """Give a run that nobody else's change of labels comes between. It is kept if nothing is raised."""
    with writing(engine) as connection:
        store.lock(connection)
        run = LabelRun(connection, start_run(connection, command, arguments, __version__))
        yield run
        finish_run(connection, run.run_id, "complete", run.summary)
