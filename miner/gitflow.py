"""The flow of the git source, from repositories to pages.

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
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from miner import gitidentity
from miner.classify.rulesource import RuleSource
from miner.collect import git, paging, tape
from miner.collect.gitcommits import ListedCommit
from miner.collect.gitrepo import GitRepository, Tip, read_tip
from miner.collect.interface import MinedPage, Page
from miner.collect.locators import Locator, locate
from miner.errors import (
    GitKilledError,
    Interrupted,
    RepositoryCorruptError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryRefusedError,
    RepositoryTooLargeError,
)
from miner.job import SOURCE, query, targets
from miner.model import Omission, OmissionReason
from miner.run import Run
from miner.store import github as githubstore
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval, gaps
from miner.store.session import reading, writing

if TYPE_CHECKING:
    from miner.mining import GitTask

_REASONS: tuple[tuple[type[RepositoryError], OmissionReason], ...] = (
    (RepositoryMissingError, OmissionReason.REPOSITORY_MISSING),
    (RepositoryRefusedError, OmissionReason.REPOSITORY_REFUSED),
    (RepositoryTooLargeError, OmissionReason.REPOSITORY_TOO_LARGE),
    (RepositoryCorruptError, OmissionReason.REPOSITORY_CORRUPT),
    (RepositoryError, OmissionReason.REPOSITORY_UNREACHABLE),
)
# Each costs a walk of the history. An update that was broken off leaves one that brought little.
_EARLIER_TIPS = 5
_OPTED_OUT = "it is on the opt-out list"
_EMPTY = "it has no commits, or its default branch has none"
_RESOLVED = (
    *(reason for _, reason in _REASONS),
    OmissionReason.REPOSITORY_EMPTY,
    OmissionReason.HISTORY_SHALLOW,
    OmissionReason.OBJECTS_MISSING,
)


def collect(run: Run) -> None:
    """Mine the repositories that a run is asked for. One that cannot be read is an omission; the others go on."""
    found = () if run.request.repositories else discovered(run)
    asked = (run.current.get(text, text) for text in targets(run.settings, run.request))
    named = dict.fromkeys((*asked, *found))
    for target in (*named, *(_known(run, [*named]) if run.request.known and not run.request.repositories else ())):
        if run.stopped():
            break
        on_repository(run, target, Mining.collect)
    for target, shas in () if run.request.repositories else discovered_commits(run):
        if run.stopped():
            break
        on_repository(run, target, partial(_collect_exactly, shas=shas))


def _known(run: Run, named: Sequence[str]) -> list[str]:
    """Give the repositories that are stored and not gone, but those that are named already, by whichever name."""
    keys = set()
    for text in named:
        with suppress(RepositoryError):
            keys.add(_located(run, text).key)
    with reading(run.engine) as connection:
        return store.active_repositories(connection, keys)


def discovered(run: Run) -> list[str]:
    """Give the names of the repositories that searches on GitHub found for the wanted libraries."""
    with reading(run.engine) as connection:
        least = run.settings.github.code_min_stars
        return githubstore.discovered(connection, run.request.libraries, code_min_stars=least)


def discovered_commits(run: Run) -> list[tuple[str, list[str]]]:
    """Give the commits that searches on GitHub found and that no run has mined, by the name of their repository."""
    with reading(run.engine) as connection:
        return githubstore.discovered_commits(connection, run.request.libraries, classified=run.request.classify)


def on_repository(run: Run, text: str, work: Callable[[Mining], None], *, again: bool = False) -> None:
    """Do something with a repository. What goes wrong with it is an omission.

    :param again: this run was at the repository before, and counted it.
    """
    run.summary.repositories += not again
    name, key = git.without_secrets(text), ""
    try:
        locator = _located(run, text)
        name, key = locator.name, locator.key
        if run.opt_out.repository(name):
            run.leave_out(SOURCE, Omission(OmissionReason.OPTED_OUT, f"repository:{name}", _OPTED_OUT), quietly=True)
            return
        work(Mining(run, GitRepository(locator, run.settings)))
    except Interrupted:
        return
    except RepositoryError as error:
        if isinstance(error, GitKilledError) and run.stopped():
            # The signal that stopped the run went to git, too: the page that it was at comes with the next run.
            return
        detail = str(error).removeprefix(f"{name}: ")
        run.summary.failed[name] = detail
        reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
        if reason is OmissionReason.REPOSITORY_MISSING:
            with writing(run.engine) as connection:
                store.mark_gone(connection, run.run_id, [key])
        run.leave_out(SOURCE, Omission(reason, f"repository:{name}", detail))


def _located(run: Run, text: str) -> Locator:
    """Read what names a repository. What a relative path leads to, only the run's own place in the world tells."""

    def on_this_machine() -> dict[str, Any] | None:
        found = locate(text, run.settings.github, run.settings.git)
        return asdict(found) if found.host == "local" and found.transport == "file" else None

    told = tape.current().git("path", git.without_secrets(text), on_this_machine)
    return locate(text, run.settings.github, run.settings.git) if told is None else Locator(**told)


def _collect_exactly(mining: Mining, shas: Sequence[str]) -> None:
    repository_id, tip = mining.open()
    there = [sha for sha in shas if mining.repo.find_commit(sha, tip) is not None]
    mining.lose(repository_id, sorted({*shas} - {*there}))
    mining.mine_exactly(repository_id, there)


class Mining:
    """A collect of one repository."""

    def __init__(self, run: Run, repo: GitRepository) -> None:
        self._run = run
        self._repo = repo
        self._query = query(repo.locator, run.settings, run.request)

    @property
    def repo(self) -> GitRepository:
        """The repository."""
        return self._repo

    def open(self) -> tuple[int, Tip]:
        """Have the clone up to date, and give the repository's number and where its branches stand.

        :raises RepositoryError: (a child of) if the repository cannot be read.
        :raises Interrupted: if the user stops it.
        """
        tip = self._repo.probe()
        with writing(self._run.engine) as connection:
            repository_id = self._register(connection, tip)
            store.put_response(connection, tip.response)
        subject = f"repository:{self._repo.name}"
        if not tip.shas:
            self._run.leave_out(SOURCE, Omission(OmissionReason.REPOSITORY_EMPTY, subject, _EMPTY), repository_id)
            return repository_id, tip
        self._sync(tip)
        repository_id = self._identified(tip, repository_id, lambda: {commit.sha for commit in self._repo.history(tip)})
        with writing(self._run.engine) as connection:
            reasons = [*(reason for _, reason in _REASONS), OmissionReason.REPOSITORY_EMPTY]
            store.resolve_omissions(connection, self._run.run_id, SOURCE, [subject], reasons)
        return repository_id, tip

    def lose(self, repository_id: int, shas: Sequence[str], why: str = "a search found it") -> None:
        """Enter that commits which are wanted are not to be had."""
        for sha in shas:
            detail = f"{why}, and {self._repo.name} does not give it"
            omission = Omission(OmissionReason.COMMIT_MISSING, f"commit:{sha}", detail, sha)
            self._run.leave_out(SOURCE, omission, repository_id)

    def mine_exactly(self, repository_id: int, shas: Sequence[str], others: Mapping[str, float] | None = None) -> None:
        """Mine some commits of the clone, whatever their message says. Those whose diff is stored are passed over.

        :param others: the weights of what others say of each; then they are mined only if that makes them a fix.
        :raises RepositoryError: (a child of) if the clone cannot be read.
        """
        with writing(self._run.engine) as connection:
            stored = githubstore.with_files(connection, shas, classified=self._run.request.classify)
            githubstore.hold(connection, repository_id, stored)
        left = [sha for sha in dict.fromkeys(shas) if sha not in stored]
        boundary = self._repo.shallow_boundary()
        size = self._run.settings.collect.page_commits
        parts = [tuple(left[start : start + size]) for start in range(0, len(left), size)]
        pages = (
            Page(
                replace(self._task(repository_id, part, boundary), chosen=others is None, others=others or {}),
                None,
                len(part),
            )
            for part in parts
        )
        self._run.reporter.start("mine", self._repo.name, len(left), "commits")
        try:
            self._write(pages, None)
        finally:
            self._run.reporter.finish("mine", self._repo.name)

    def collect(self) -> None:
        """Bring what is new since the last run, or what an earlier date asks for.

        :raises RepositoryError: (a child of) if the repository cannot be read.
        :raises Interrupted: if the user stops it before its first page.
        """
        tip = self._repo.probe()
        with writing(self._run.engine) as connection:
            repository_id = self._register(connection, tip)
            response = store.put_response(connection, tip.response)
            left = gaps(self._run.request.window, store.covered(connection, SOURCE, self._query, tip.identity))
        subject = f"repository:{self._repo.name}"
        if not tip.shas:
            self._run.leave_out(SOURCE, Omission(OmissionReason.REPOSITORY_EMPTY, subject, _EMPTY), repository_id)
        elif not left:
            self._run.summary.up_to_date += 1
        else:
            # The miner brings PyDriller and the classifier, which a run with nothing new does without.
            with _loading("miner.mining"):
                self._sync(tip)
                commits = self._repo.history(tip)
            base = Coverage(SOURCE, self._query, tip.identity, Interval(), self._run.run_id)
            self._mine(tip, commits, repository_id, left, replace(base, response_sha256=response))
            still = {OmissionReason.HISTORY_SHALLOW} if self._repo.is_shallow() else set()
            still |= {OmissionReason.OBJECTS_MISSING} if self._repo.borrows() else set()
            resolved = [reason for reason in _RESOLVED if reason not in still]
            with writing(self._run.engine) as connection:
                store.resolve_omissions(connection, self._run.run_id, SOURCE, [subject], resolved)

    def _register(self, connection: Any, tip: Tip, number: int | None = None) -> int:
        locator = self._repo.locator
        return store.register_repository(
            connection,
            run_id=self._run.run_id,
            name=locator.name,
            host=locator.host,
            clone_url=locator.public_url,
            asked=[locator.key],
            default_branch=tip.default_branch,
            github_id=number,
        )

    def _sync(self, tip: Tip) -> None:
        name, reporter = self._repo.name, self._run.reporter
        reporter.start("clone", name, None, "objects")
        try:
            self._repo.sync(tip, lambda done, total: reporter.advance("clone", name, done, total), self._run.stopped)
        finally:
            reporter.finish("clone", name)

    def _mine(
        self, tip: Tip, commits: list[ListedCommit], repository_id: int, left: list[Interval], base: Coverage
    ) -> None:
        reachable = frozenset(commit.sha for commit in commits)
        former, repository_id = repository_id, self._identified(tip, repository_id, lambda: reachable)
        left = left if repository_id == former else [self._run.request.window]
        boundary = self._repo.shallow_boundary()
        slices = paging.cut(
            commits,
            left,
            known=self._known(tip, repository_id, reachable),
            page_commits=self._run.settings.collect.page_commits,
            limit=self._run.request.limit,
        )
        self._open_ledger(repository_id, left, base, shallow=bool(boundary))
        pages = (
            Page(self._task(repository_id, piece.shas, boundary), piece.claim, len(piece.shas)) for piece in slices
        )
        self._run.reporter.start("mine", self._repo.name, sum(len(piece.shas) for piece in slices), "commits")
        try:
            # A history that is cut off proves nothing: an older commit may carry any date.
            self._write(pages, None if boundary else base)
        finally:
            self._run.reporter.finish("mine", self._repo.name)

    def _identified(self, tip: Tip, repository_id: int, reachable: Callable[[], Collection[str]]) -> int:
        """Give the repository's number: another one than that of the name, if the name leads to another one now."""
        if not gitidentity.is_another(self._run, self._repo, tip, reachable):
            return repository_id
        number = gitidentity.part(self._run, self._repo, tip, repository_id)
        with writing(self._run.engine) as connection:
            return self._register(connection, tip, number)

    def _write(self, pages: Iterator[Page], base: Coverage | None) -> None:
        done = 0
        for page, mined in self._run.workers.run(pages, self._run.stopped):
            proof = None if base is None else _proof(page, mined, base)
            with writing(self._run.engine) as connection:
                store.write_page(connection, mined.rows, proof, run_id=self._run.run_id)
            self._run.summary.count(mined)
            self._run.summary.merges += page.claim.skipped if page.claim else 0
            done += page.items
            self._run.reporter.advance("mine", self._repo.name, done)

    def _known(self, tip: Tip, repository_id: int, reachable: frozenset[str]) -> frozenset[str]:
        """Give the commits that earlier states of the repository brought; say so if they are no part of it now."""
        known: set[str] = set()
        for at, (intervals, body) in enumerate(self._earlier(tip)):
            before = read_tip(replace(tip.response, body=body), every=tip.every)
            for sha in sorted(set(before.shas) - reachable) if at == 0 else ():
                detail = f"a branch was at {sha} before, which is no part of it any more; what it had is kept"
                subject = f"repository:{self._repo.name}@{sha}"
                omission = Omission(OmissionReason.HISTORY_REWRITTEN, subject, detail, sha)
                self._run.leave_out(SOURCE, omission, repository_id)
            known.update(
                commit.sha
                for commit in self._repo.reachable(before)
                if any(interval.since <= commit.epoch < interval.until for interval in intervals)
            )
        return frozenset(known)

    def _earlier(self, tip: Tip) -> list[tuple[list[Interval], bytes]]:
        """Give the last states that brought anything: what they brought, and what the source said of them."""
        found = []
        with reading(self._run.engine) as connection:
            tips = [at for at in store.tips(connection, SOURCE, self._query) if at != tip.identity]
            for at in tips[:_EARLIER_TIPS]:
                body = store.response_of(connection, SOURCE, self._query, at)
                if body is not None:
                    found.append((store.covered(connection, SOURCE, self._query, at), body))
        return found

    def _open_ledger(self, repository_id: int, left: list[Interval], base: Coverage, *, shallow: bool) -> None:
        """Enter what is asked for and not there yet; the pages then take it away piece by piece."""
        reason = "history_shallow" if shallow else "not finished"
        with writing(self._run.engine) as connection:
            for gap in left:
                store.add_coverage(connection, replace(base, interval=gap, complete=False, reason=reason))
        if self._repo.borrows():
            detail = (
                "git finds objects missing in the source; it is read as it is, and files without content are left out"
            )
            omission = Omission(OmissionReason.OBJECTS_MISSING, f"repository:{self._repo.name}", detail)
            self._run.leave_out(SOURCE, omission, repository_id)
        if shallow:
            detail = "the source has only a part of the history: 'git fetch --unshallow' there brings the rest"
            omission = Omission(OmissionReason.HISTORY_SHALLOW, f"repository:{self._repo.name}", detail)
            self._run.leave_out(SOURCE, omission, repository_id)

    def _task(self, repository_id: int, shas: tuple[str, ...], boundary: frozenset[str]) -> GitTask:
        from miner.mining import GitTask

        run = self._run
        return GitTask(
            git_dir=self._repo.git_dir,
            name=self._repo.name,
            repository_id=repository_id,
            run_id=run.run_id,
            shas=shas,
            boundary=boundary,
            git=run.settings.git,
            threshold=run.settings.classify.bug_fix_threshold,
            libraries=run.request.libraries,
            classify=run.request.classify,
            full_name=self._repo.name if self._repo.locator.host == "github.com" else None,
            rules=RuleSource.of(run.settings),
        )


@contextmanager
def _loading(module: str) -> Iterator[None]:
    """Load a module while git is waited for."""
    loading = threading.Thread(target=import_module, args=(module,))
    loading.start()
    try:
        yield
    finally:
        loading.join()


def _proof(page: Page, mined: MinedPage, base: Coverage) -> Coverage | None:
    """Give what a page proves, if it proves anything yet."""
    claim = page.claim
    if claim is None:
        return None
    fetched = claim.reported - claim.skipped
    return replace(
        base,
        interval=Interval(claim.since, claim.until),
        reported=claim.reported,
        fetched=fetched,
        stored=fetched - (page.items - mined.seen),
        skipped=claim.skipped,
    )
