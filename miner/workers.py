"""Worker processes that do pages of work, and hand the results back in the order in which the pages were given."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait
from types import FrameType, TracebackType
from typing import Self

from miner.collect.interface import MinedPage, Page
from miner.errors import MinerError

_AHEAD = 3
# Rows are tuples of plain values, without cycles; by default Python would look for some after every 700.
_COLLECT_EVERY = 50_000


class Workers:
    """A pool of processes, started when the first page comes.

    :param before_start: called first: where the system can, workers are forked, and must share no connection.
    :param admit: gives a result without what must not be stored.
    """

    def __init__(
        self,
        count: int,
        before_start: Callable[[], None],
        admit: Callable[[MinedPage], MinedPage] = lambda mined: mined,
    ) -> None:
        self.admit = admit
        self._count = count
        self._before_start = before_start
        self._pool: ProcessPoolExecutor | None = None

    def run(self, pages: Iterable[Page], stopped: Callable[[], bool]) -> Iterator[tuple[Page, MinedPage]]:
        """Work on the pages at the same time, and give them with their results in their order.

        No more pages are begun than are soon asked for, so results do not pile up, and none once ``stopped`` holds.

        :raises MinerError: if a worker dies.
        """
        waiting = iter(pages)
        begun: deque[tuple[Page, Future[MinedPage]]] = deque()
        try:
            while not stopped():
                while len(begun) < self._count * _AHEAD and (page := next(waiting, None)) is not None:
                    begun.append((page, self._started().submit(page.task.run)))
                if not begun:
                    return
                page, future = begun.popleft()
                mined = future.result()
                if mined.rest:
                    # Its interval is proved once the rest is there, too.
                    left = replace(page, task=page.task.only(mined.rest), items=len(mined.rest))
                    begun.appendleft((left, self._started().submit(left.task.run)))
                    page = replace(page, claim=None, items=page.items - len(mined.rest))
                yield page, self.admit(mined)
        except BrokenProcessPool:
            raise MinerError(
                "a worker process died, probably for want of memory: run again with fewer --workers or a smaller "
                "collect.page_commits; what was finished is in the database"
            ) from None
        finally:
            for _, future in begun:
                future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._before_start()
            # What is loaded now stays: no collection need look at it, nor copy it into each worker.
            gc.collect()
            gc.freeze()
            gc.set_threshold(_COLLECT_EVERY)
            # Forking spares each worker the imports; macOS's system libraries do not survive it.
            method = "fork" if sys.platform.startswith("linux") else "spawn"
            context = multiprocessing.get_context(method)
            self._pool = ProcessPoolExecutor(self._count, mp_context=context, initializer=_settle)
        return self._pool


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether the user asked to stop. The first Ctrl-C or SIGTERM asks; a second kills.

    Outside the main thread, where Python allows no handlers, nobody asks.
    """
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\nstopping at the next page; once more to stop at once\n")

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _settle() -> None:
    """Leave Ctrl-C and SIGTERM to the parent, which stops at a page boundary; and do not outlive it if it is killed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
