"""Labels what is stored anew with the rules in force. It fetches nothing, and what is labelled already stays.

::

    commits, by repository with a clone     fixes from posts        questions without a fix
         |  CommitTask, in workers               |  PostTask             |  QuestionTask
    fixes and labels of the rules           labels of the rules     fixes that the rules see
         |                                       |                       |
         +---------------------------------------+-----------------------+
                                                 |
            one transaction a page: new fixes and labels, what they supersede, what is left out
                            (or, for a difference, nothing: it is only compared)
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from miner.classify.rulesource import RuleSource, rater_of
from miner.clock import SystemClock
from miner.collect import git
from miner.collect.interface import MinedPage, Page
from miner.collect.tape import End, JournalEnd, current
from miner.errors import MinerError
from miner.job import Reporter
from miner.recording import enter, recording
from miner.relabelpages import RelabelPages
from miner.settings import Settings
from miner.store import relabel as store
from miner.store import relabelposts, schema
from miner.store.labeldiff import Difference
from miner.store.locks import Locks
from miner.store.relabel import Scope
from miner.store.repository import finish_run
from miner.store.session import open_engine, reading, writing
from miner.workers import Workers, stop_on_signal

SOURCES = ("git", "stackoverflow")


@dataclass(frozen=True, slots=True)
class RelabelRequest:
    """What to label; empty tuples: everything. ``limit`` is of commits, and of posts; ``diff``: write nothing."""

    sources: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    limit: int | None = None
    workers: int | None = None
    diff: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"sources": self.sources, "libraries": self.libraries, "limit": self.limit, "workers": self.workers}


@dataclass(slots=True)
class Relabelled:
    """What was labelled: commits and posts looked at, fixes, those new and superseded, first choices and omissions.

    ``lacking`` counts, by repository, the commits whose clone is not at hand: they keep the labels that they have.
    """

    run_id: int | None = None
    rater: str = ""
    commits: int = 0
    posts: int = 0
    fixes: int = 0
    new_fixes: int = 0
    superseded: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    lacking: dict[str, int] = field(default_factory=dict)
    omissions: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    libraries: Counter[str] = field(default_factory=Counter)
    difference: Difference | None = None

    @property
    def status(self) -> str:
        """How it ended, as ``crawl_run`` holds it."""
        if self.interrupted:
            return "interrupted"
        return "partial" if self.lacking else "complete"

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "difference"}
        told = {name: dict(value) if isinstance(value, dict) else value for name, value in plain.items()}
        difference = {} if self.difference is None else {"difference": self.difference.as_dict()}
        return {**told, "status": self.status, **difference}

    def count(self, page: MinedPage) -> None:
        """Add a page."""
        self.fixes += page.fixes
        self.omissions += page.omissions
        self.patterns += page.patterns
        self.libraries += page.libraries


def relabel(
    settings: Settings, request: RelabelRequest, reporter: Reporter, lock_wait_seconds: float = 0.0
) -> Relabelled:
    """Label what is stored and has no labels of the rules in force yet, or say what that would change.

    A run is entered only if there is something to do. Nobody else labels or collects the same meanwhile.

    :param lock_wait_seconds: how long to wait while another process does.
    :raises BusyError: if one does so for longer. Nothing was done then.
    :raises MinerError: if there is no database, its schema is another one, or a rule of the user is of the wrong form.
    """
    scope = Scope(rater_of(RuleSource.of(settings)), request.libraries)
    sources = request.sources or SOURCES
    if "git" in sources:
        git.check_version()
    engine = open_engine(settings.database.url, create=False)
    try:
        schema.require(engine)
        with stop_on_signal() as asked, Locks(engine, "classify", SystemClock(asked)) as locks:
            if not request.diff:
                locks.take(sources, lock_wait_seconds, lambda text: reporter.warn("", text))

            def stopped() -> bool:
                return asked() or locks.lost()

            if request.diff or RelabelPages(engine, settings, scope).is_done(sources):
                return perform(settings, request, reporter, engine, stopped, enters=False)
            with recording(settings, engine):
                done = perform(settings, request, reporter, engine, stopped)
            locks.require()
            return done
    finally:
        engine.dispose()


def perform(
    settings: Settings,
    request: RelabelRequest,
    reporter: Reporter,
    engine: Engine,
    stopped: Callable[[], bool],
    *,
    enters: bool = True,
) -> Relabelled:
    """Do a run that the current tape records, or plays back, on an open database.

    :param enters: whether it writes anything, and is entered.
    :raises MinerError: if nothing can go on.
    """
    scope = Scope(rater_of(RuleSource.of(settings)), request.libraries)
    count = request.workers or settings.collect.workers
    with Workers(count, before_start=engine.dispose) as workers:
        pages = RelabelPages(engine, settings, scope)
        run = _Relabel(pages, settings, request, reporter, workers, current().stopped(stopped), enters=enters)
        with run.entered():
            if "git" in (request.sources or SOURCES):
                run.commits()
            if "stackoverflow" in (request.sources or SOURCES):
                run.posts()
                run.questions()
        return run.done


class _Relabel:
    """A run."""

    def __init__(
        self,
        pages: RelabelPages,
        settings: Settings,
        request: RelabelRequest,
        reporter: Reporter,
        workers: Workers,
        stopped: Callable[[], bool],
        *,
        enters: bool,
    ) -> None:
        self._pages = pages
        self._engine = pages.engine
        self._scope = pages.scope
        self._settings = settings
        self._enters = enters
        self._request = request
        self._reporter = reporter
        self._workers = workers
        self._stopped = stopped
        self.done = Relabelled(rater=pages.scope.rater, difference=Difference() if request.diff else None)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Enter the run when it starts, and how it ended; one that only compares is not entered."""
        started = time.monotonic()
        if self._enters:
            with writing(self._engine) as connection:
                arguments = self._request.as_dict()
                self.done.run_id = enter(connection, "classify", arguments, self._scope.rater, self._settings)
        try:
            yield
        except JournalEnd:
            # The run that is played back wrote no more: it was killed here, or failed.
            end = current().end
            if end is not None:
                self._finish(end.status, started, end.extra)
            return
        except BaseException as error:
            told = str(error) if isinstance(error, MinerError) else repr(error)
            self._finish("interrupted" if isinstance(error, KeyboardInterrupt) else "failed", started, {"error": told})
            raise
        self.done.interrupted = self._stopped()
        self._finish(self.done.status, started, {})

    def commits(self) -> None:
        """Label the commits, repository by repository; say of which the clone is not at hand."""
        clones, lost = self._pages.clones()
        self._lack(lost, "their clone is not at hand")
        for holder, clone in clones:
            total = self._capped(self._pages.commits_left(holder), self.done.commits)
            lacking = 0
            pages = self._pages.commits(self._run_id, holder, clone, total)
            for task, mined in self._work(holder.name, "commits", total, pages):
                done = {sha: size for sha, size in task.sizes if sha not in mined.lacking}
                with self._writing() as connection:
                    if self.done.difference is not None:
                        self.done.difference.commits(connection, mined.rows, list(done))
                    else:
                        self.done.new_fixes += store.write(connection, self._scope, self._run_id, mined.rows, done)
                lacking += len(mined.lacking)
                self.done.commits += len(done)
                self.done.count(mined)
            self._lack({holder.name: lacking} if lacking else {}, "their clone lacks files of them")

    def posts(self) -> None:
        """Label the fixes from posts."""
        total = self._capped(self._pages.fixes_left(), self.done.posts)
        for task, mined in self._work("answers", "fixes", total, self._pages.fixes(self._run_id, total)):
            with self._writing() as connection:
                if self.done.difference is not None:
                    self.done.difference.posts(connection, mined.rows, [one.fix_id for one in task.fixes])
                else:
                    relabelposts.write_fixes(connection, self._scope, self._run_id, task.fixes, mined.rows)
            self.done.posts += len(task.fixes)
            self.done.count(mined)

    def questions(self) -> None:
        """Search the questions that have no fix, but may have one by these rules, as they were judged before."""
        for (site, judged_as), number in self._pages.questions_left().items():
            total = self._capped(number, self.done.posts)
            for task, mined in self._work(
                site, "questions", total, self._pages.questions(self._run_id, site, judged_as, total)
            ):
                numbers = [thread.question.post_id for thread in task.threads]
                with self._writing() as connection:
                    if self.done.difference is not None:
                        self.done.difference.posts(connection, mined.rows, [])
                    else:
                        told = (site, numbers, str(task.judge), mined.rows)
                        relabelposts.write_questions(connection, self._run_id, *told)
                self.done.posts += len(numbers)
                self.done.new_fixes += mined.fixes
                self.done.count(mined)

    @property
    def _run_id(self) -> int:
        return self.done.run_id or 0

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Give a connection to write to, or, where nothing is to be written, one to read from."""
        with (reading if self._request.diff else writing)(self._engine) as connection:
            yield connection

    def _capped(self, total: int, done: int) -> int:
        return total if self._request.limit is None else min(total, self._request.limit - done)

    def _work(self, item: str, unit: str, total: int, pages: Iterator[Page]) -> Iterator[tuple[Any, Any]]:
        """Work on pages, and give each task with what it brought; report how far that is."""
        if total <= 0 or self._stopped():
            return
        self._reporter.start("classify", item, total, unit)
        done = 0
        try:
            for page, mined in self._workers.run(pages, self._stopped):
                yield page.task, mined
                done += page.items
                self._reporter.advance("classify", item, done)
        finally:
            self._reporter.finish("classify", item)

    def _lack(self, lost: dict[str, int], why: str) -> None:
        for name, number in lost.items():
            self.done.lacking[name] = self.done.lacking.get(name, 0) + number
            self._reporter.warn(
                name,
                f"{number:,} commits keep the labels that they have, since {why}, which a collect labels from too"
                f"{self._pages.advice(name)}",
            )

    def _finish(self, status: str, started: float, more: Mapping[str, Any]) -> None:
        self.done.seconds = time.monotonic() - started
        if self.done.run_id is None:
            return
        with suppress(JournalEnd):
            end = current().ending(End(status, dict(more), self.done.seconds))
            self.done.seconds = end.seconds
            with writing(self._engine) as connection:
                self.done.superseded = store.superseded_by(connection, self.done.run_id)
                finish_run(connection, self.done.run_id, end.status, {**self.done.as_dict(), **more})
