"""One run of the miner: its row, what it counts, and what it leaves out. The flows of the sources share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from miner.classify.rulesource import RuleSource, rater_of
from miner.clock import Clock
from miner.collect import tape
from miner.collect.interface import MinedPage
from miner.collect.tape import End, JournalEnd
from miner.errors import MinerError
from miner.job import CollectRequest, Reporter, Summary
from miner.logs import bound
from miner.model import Omission
from miner.optout import OptOut, admitted, read_opt_out
from miner.recording import enter
from miner.settings import Settings
from miner.store import optout
from miner.store import repository as store
from miner.store.session import writing
from miner.workers import Workers

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Run:
    """What a collect works with, and what it did so far.

    ``numbered`` are the addresses (:attr:`miner.collect.locators.Locator.key`) whose number GitHub told in this run:
    known of the same repository before, or adopted by one that was collected without it. ``current`` are the names that
    repositories have now, by what the request calls them.
    """

    def __init__(
        self,
        settings: Settings,
        request: CollectRequest,
        reporter: Reporter,
        engine: Engine,
        workers: Workers,
        stopped: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.request = request
        self.reporter = reporter
        self.engine = engine
        self.workers = workers
        self.stopped = stopped
        self.clock = clock
        self.summary = Summary()
        self.current: dict[str, str] = {}
        self.numbered: dict[str, Literal["known", "adopted"]] = {}
        listed = settings.collect.opt_out_file
        self.opt_out = read_opt_out(Path(listed)) if listed else OptOut()
        self._tape = tape.current()

    @property
    def run_id(self) -> int:
        """The number of the run."""
        return self.summary.run_id

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Enter the run when it starts, and how it ended."""
        started = time.monotonic()
        rater = rater_of(RuleSource.of(self.settings)) if self.request.classify else ""
        self._begin(rater)
        self.workers.admit = self.admit
        try:
            with bound(run=self.run_id):
                yield
        except JournalEnd:
            # The run that is played back wrote no more: it was killed here, or failed.
            end = self._tape.end
            if end is not None:
                self._finish(end.status, started, end.extra)
            return
        except MinerError as error:
            self._finish("failed", started, {"error": str(error)})
            raise
        except KeyboardInterrupt:
            self._finish("interrupted", started, {})
            raise
        except BaseException as error:
            self._finish("failed", started, {"error": repr(error)})
            raise
        self.summary.interrupted = self.stopped()
        self._finish(self.summary.status, started, {})

    def admit(self, mined: MinedPage) -> MinedPage:
        """Give a page without what is on the opt-out list."""
        return admitted(mined, self.opt_out, self.run_id)

    def leave_out(
        self, source: str, omission: Omission, repository_id: int | None = None, *, quietly: bool = False
    ) -> None:
        """Enter what is not collected, and say so, unless the same was said before."""
        self.summary.omissions[omission.reason.value] += 1
        with writing(self.engine) as connection:
            store.record_omission(connection, self.run_id, source, omission, repository_id)
        if not quietly:
            self.reporter.warn(omission.subject.partition(":")[2], omission.detail)

    def _begin(self, rater: str) -> None:
        """Enter the run, and begin its journal: the one is there if the other is."""
        asked = self.request.as_dict()
        with writing(self.engine) as connection:
            self.summary.run_id = enter(connection, "collect", asked, rater, self.settings)
            removed = optout.remove(connection, self.run_id, self.opt_out) if self.opt_out else 0
        if removed:
            named = f"{removed} commits, posts or comments of those it names were in the database and are removed"
            self.reporter.warn(self.settings.collect.opt_out_file, named)

    def _finish(self, status: str, started: float, more: Mapping[str, Any]) -> None:
        with suppress(JournalEnd):
            end = self._tape.ending(End(status, dict(more), time.monotonic() - started))
            self.summary.seconds = end.seconds
            with writing(self.engine) as connection:
                store.finish_run(connection, self.run_id, end.status, {**self.summary.as_dict(), **more})
