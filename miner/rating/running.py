"""One change of people's labels is one run: all of it is there, or only that it failed, and why.

It is entered in a transaction of its own before, so that its journal can tell a run that was killed from one that
changed something. A rebuild does it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine

from miner.clock import SystemClock
from miner.collect.tape import End, JournalEnd, current
from miner.errors import MinerError, StoreError
from miner.recording import enter
from miner.store import ratings as store
from miner.store.locks import Locks
from miner.store.repository import finish_run
from miner.store.session import writing

LOCK: Final = "labels"
_WAIT_SECONDS: Final = 60.0


@dataclass
class LabelRun:
    """What a change works with; ``summary`` is kept with the run."""

    connection: Connection
    run_id: int
    summary: dict[str, Any] = field(default_factory=dict)


@contextmanager
def label_run(
    engine: Engine, command: str, arguments: Mapping[str, Any], file: tuple[str, bytes] | None = None
) -> Iterator[LabelRun]:
    """Give a run that nobody else's change of labels comes between. What it changes is kept if nothing is raised.

    :param file: name and content of the file that the change comes from.
    :raises BusyError: if another change takes longer than a minute.
    """
    started = time.monotonic()
    with Locks(engine, command, SystemClock()) as locks:
        locks.take([LOCK], 0.0 if current().plays else _WAIT_SECONDS)
        run_id = _entered(engine, command, arguments, file)
        try:
            with writing(engine) as connection:
                store.lock(connection)
                run = LabelRun(connection, run_id)
                yield run
                current().ending(End("complete", dict(run.summary), time.monotonic() - started))
                finish_run(connection, run_id, "complete", run.summary)
        except JournalEnd:
            end = current().end
            if end is not None:
                _fail(engine, run_id, end)
            raise
        except BaseException as error:
            told = str(error) if isinstance(error, MinerError) else repr(error)
            _fail(engine, run_id, End("failed", {"error": told}, time.monotonic() - started))
            raise


def _entered(engine: Engine, command: str, arguments: Mapping[str, Any], file: tuple[str, bytes] | None) -> int:
    with writing(engine) as connection:
        run_id = enter(connection, command, arguments)
        if file is not None:
            current().keep(Path(file[0]), file[1])
        return run_id


def _fail(engine: Engine, run_id: int, end: End) -> None:
    end = current().ending(end)
    # What made it fail may be that the database takes nothing more.
    with suppress(StoreError), writing(engine) as connection:
        finish_run(connection, run_id, end.status, end.extra)
