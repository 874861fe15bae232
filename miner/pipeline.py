"""The flow, and its one rule: a page is one transaction.

::

    GitRepository.probe      where the branches stand              one ls-remote
            |
    GitRepository.sync       the clone                             one fetch, only if something is new
            |
    paging.cut               pages of commits, newest first        the gaps of the ledger only
            |
    GitTask.run              commits -> candidates -> fixes        in worker processes
            |
    write_page               rows and the interval they prove      one transaction, in the pages' order

Killed at any point and run again, the tables are those of a run that was never stopped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from miner import __version__
from miner.classify.version import RATER
from miner.collect import git, paging
from miner.collect.gitrepo import GitRepository, Tip
from miner.collect.interface import Page
from miner.collect.locators import locate
from miner.errors import (
    MinerError,
    RepositoryCorruptError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryRefusedError,
    RepositoryTooLargeError,
)
from miner.job import SOURCE, CollectRequest, Reporter, Summary, query, targets
from miner.mining import GitTask
from miner.model import Omission, OmissionReason
from miner.settings import Settings
from miner.store import repository as store
from miner.store import schema
from miner.store.coverage import Coverage, Interval, gaps
from miner.store.session import open_engine, reading, writing
from miner.workers import Workers, stop_on_signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

_REASONS: tuple[tuple[type[RepositoryError], OmissionReason], ...] = (
    (RepositoryMissingError, OmissionReason.REPOSITORY_MISSING),
    (RepositoryRefusedError, OmissionReason.REPOSITORY_REFUSED),
    (RepositoryTooLargeError, OmissionReason.REPOSITORY_TOO_LARGE),
    (RepositoryCorruptError, OmissionReason.REPOSITORY_CORRUPT),
)


def collect(settings: Settings, request: CollectRequest, reporter: Reporter) -> Summary:
    """Mine what is asked for and not yet in the database.

    A repository that cannot be read is an omission and does not stop the others.

    :raises MinerError: if nothing can go on: no git, no database, a full disk.
    """
    git.check_version()
    with stop_on_signal() as stopped, Workers(request.workers or settings.collect.workers) as workers:
        engine = open_engine(settings.database.url)
        try:
            schema.prepare(engine)
            return _Run(settings, request, reporter, engine, workers, stopped).collect()
        finally:
            engine.dispose()


class _Run:
    def __init__(
        self,
        settings: Settings,
        request: CollectRequest,
        reporter: Reporter,
        engine: Engine,
        workers: Workers,
        stopped: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._request = request
        self._reporter = reporter
        self._engine = engine
        self._workers = workers
        self._stopped = stopped
        self._summary = Summary()

    def collect(self) -> Summary:
        started = time.monotonic()
        summary = self._summary
        rater = RATER if self._request.classify else ""
        with writing(self._engine) as connection:
            summary.run_id = store.start_run(connection, "collect", self._request.as_dict(), __version__, rater)
        try:
            for text in targets(self._settings, self._request):
                if self._stopped():
                    break
                summary.repositories += 1
                self._collect_one(text)
        except MinerError as error:
            self._finish("failed", started, {"error": str(error)})
            raise
        summary.interrupted = self._stopped()
        self._finish(summary.status, started, {})
        return summary

    def _finish(self, status: str, started: float, more: Mapping[str, Any]) -> None:
        self._summary.seconds = time.monotonic() - started
        with writing(self._engine) as connection:
            store.finish_run(connection, self._summary.run_id, status, {**self._summary.as_dict(), **more})

    def _collect_one(self, text: str) -> None:
        name = git.without_secrets(text)
        try:
            locator = locate(text, self._settings.github, self._settings.git)
            name = locator.name
            self._collect_repository(text, GitRepository(locator, self._settings))
        except RepositoryError as error:
            reason = next((r for kind, r in _REASONS if isinstance(error, kind)), OmissionReason.REPOSITORY_UNREACHABLE)
            self._summary.failed[name] = str(error)
            self._leave_out(Omission(reason, f"repository:{name}", str(error)))
            self._reporter.warn(name, str(error))

    def _collect_repository(self, text: str, repo: GitRepository) -> None:
        tip = repo.probe()
        asked = query(repo.locator, self._settings, self._request)
        with writing(self._engine) as connection:
            repository_id = self._register(connection, text, repo, tip)
            response = store.put_response(connection, tip.response)
            left = gaps(self._request.window, store.covered(connection, SOURCE, asked, tip.identity))
        if not tip.shas:
            detail = "it has no commits, or its default branch has none"
            self._leave_out(Omission(OmissionReason.REPOSITORY_EMPTY, f"repository:{repo.name}", detail), repository_id)
            return
        if not left:
            self._summary.up_to_date += 1
            return
        self._sync(repo, tip)
        ledger = _Ledger(asked, tip.identity, self._summary.run_id, response)
        self._mine(repo, tip, repository_id, ledger, left)
        with writing(self._engine) as connection:
            store.resolve_omissions(connection, self._summary.run_id, SOURCE, [f"repository:{repo.name}"], _RESOLVED)

    def _register(self, connection: Any, text: str, repo: GitRepository, tip: Tip) -> int:
        return store.register_repository(
            connection,
            run_id=self._summary.run_id,
            name=repo.name,
            host=repo.locator.host,
            clone_url=repo.locator.public_url,
            asked=[repo.locator.key, text],
            default_branch=tip.default_branch,
        )

    def _sync(self, repo: GitRepository, tip: Tip) -> None:
        self._reporter.start("clone", repo.name, None, "objects")
        try:
            repo.sync(tip, lambda done, total: self._reporter.advance("clone", repo.name, done, total))
        finally:
            self._reporter.finish("clone", repo.name)

    def _mine(self, repo: GitRepository, tip: Tip, repository_id: int, ledger: _Ledger, left: list[Interval]) -> None:
        boundary = repo.shallow_boundary()
        commits = repo.history(tip)
        known = self._known(repo, repository_id, ledger, frozenset(commit.sha for commit in commits))
        slices = paging.cut(
            commits,
            [paging.Gap(gap.since, gap.until) for gap in left],
            known=known,
            page_commits=self._settings.collect.page_commits,
            limit=self._request.limit,
        )
        self._open_ledger(repo, repository_id, ledger, left, shallow=bool(boundary))
        total = sum(len(piece.shas) for piece in slices)
        pages = (
            Page(self._task(repo, repository_id, piece.shas, boundary), piece.claim, len(piece.shas))
            for piece in slices
        )
        self._reporter.start("mine", repo.name, total, "commits")
        done = 0
        try:
            for page, mined in self._workers.run(pages, self._stopped):
                with writing(self._engine) as connection:
                    store.write_page(connection, mined.rows, ledger.proof(page) if not boundary else None)
                self._summary.count(mined)
                self._summary.merges += page.claim.skipped if page.claim else 0
                done += page.items
                self._reporter.advance("mine", repo.name, done)
        finally:
            self._reporter.finish("mine", repo.name)

    def _known(
        self, repo: GitRepository, repository_id: int, ledger: _Ledger, reachable: frozenset[str]
    ) -> frozenset[str]:
        """Give the commits that the repository's last state already brought."""
        with reading(self._engine) as connection:
            earlier = [tip for tip in store.tips(connection, SOURCE, ledger.query) if tip != ledger.tip][:1]
            intervals = store.covered(connection, SOURCE, ledger.query, earlier[0]) if earlier else []
        if not earlier:
            return frozenset()
        if earlier[0] not in reachable and not earlier[0].startswith("all:"):
            detail = f"the branch was at {earlier[0]} before, which is no longer part of it; what it had is kept"
            subject = f"repository:{repo.name}@{earlier[0]}"
            self._leave_out(Omission(OmissionReason.HISTORY_REWRITTEN, subject, detail, earlier[0]), repository_id)
            self._reporter.warn(repo.name, detail)
        return frozenset(
            commit.sha
            for commit in repo.reachable(earlier[0])
            if any(interval.since <= commit.epoch < interval.until for interval in intervals)
        )

    def _open_ledger(
        self, repo: GitRepository, repository_id: int, ledger: _Ledger, left: list[Interval], *, shallow: bool
    ) -> None:
        """Say what is asked for and not there yet; the pages then take it away piece by piece."""
        if shallow:
            detail = "the source has only a part of the history: 'git fetch --unshallow' there brings the rest"
            omission = Omission(OmissionReason.HISTORY_SHALLOW, f"repository:{repo.name}", detail)
            self._leave_out(omission, repository_id)
            self._reporter.warn(repo.name, detail)
        with writing(self._engine) as connection:
            for gap in left:
                store.add_coverage(connection, ledger.gap(gap, "history_shallow" if shallow else "not finished"))

    def _task(
        self, repo: GitRepository, repository_id: int, shas: tuple[str, ...], boundary: frozenset[str]
    ) -> GitTask:
        return GitTask(
            git_dir=repo.git_dir,
            name=repo.name,
            repository_id=repository_id,
            run_id=self._summary.run_id,
            shas=shas,
            boundary=boundary,
            git=self._settings.git,
            threshold=self._settings.classify.bug_fix_threshold,
            libraries=self._request.libraries,
            classify=self._request.classify,
        )

    def _leave_out(self, omission: Omission, repository_id: int | None = None) -> None:
        self._summary.omissions[omission.reason.value] += 1
        with writing(self._engine) as connection:
            store.record_omission(connection, self._summary.run_id, SOURCE, omission, repository_id)


_RESOLVED = (
    *(reason for _, reason in _REASONS),
    OmissionReason.REPOSITORY_UNREACHABLE,
    OmissionReason.REPOSITORY_EMPTY,
)


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What the coverage rows of one repository have in common."""

    query: str
    tip: str
    run_id: int
    response: str

    def proof(self, page: Page) -> Coverage | None:
        """Give what a page proves, if it proves anything yet."""
        if page.claim is None:
            return None
        stored = page.claim.reported - page.claim.skipped
        return Coverage(
            source=SOURCE,
            query=self.query,
            tip=self.tip,
            interval=Interval(page.claim.since, page.claim.until),
            run_id=self.run_id,
            reported=page.claim.reported,
            fetched=stored,
            stored=stored,
            skipped=page.claim.skipped,
            response_sha256=self.response,
        )

    def gap(self, interval: Interval, reason: str) -> Coverage:
        """Give what is asked for and not there."""
        return Coverage(SOURCE, self.query, self.tip, interval, self.run_id, complete=False, reason=reason)
