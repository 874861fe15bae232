"""The flow of discovery on GitHub, from searches to what the git source mines.

::

    searches of each library       repositories, commits, or code     config/libraries.toml
            |
    githubsearch.walk              slices of time of at most 1,000     conditional requests, page by page
            |
    write                          repositories, why they are mined, response and ETag: one transaction a page
            |
    look                           known repositories that no search named: renamed, gone, or only less popular
            |
    gitflow                        mines what was found from clones

A run that names repositories sends no search: it asks which they are. Any other asks all its searches again: stars and
topics change, and an answer that did not change costs no budget. The ledger holds, by creation date or committer date,
of which time all results are at hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from miner.collect import githubsearch
from miner.collect.githubitems import (
    FoundCommit,
    FoundFile,
    Repository,
    Unreadable,
    read_commit,
    read_file,
    read_repository,
)
from miner.collect.githubsearch import SearchPage
from miner.errors import GitHubTokensError, HttpError, Interrupted, RepositoryRefusedError
from miner.githubasked import Asked
from miner.githublooks import FAILURES, OVER, Looks
from miner.githubnames import Names, facts_of
from miner.githubsearches import SOURCE, Search, client_of, searches
from miner.model import Omission, OmissionReason
from miner.run import Run
from miner.spending import enter_github
from miner.store import github as githubstore
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval, gaps, overlaps
from miner.store.session import writing

_READERS: Mapping[str, Callable[[Any], Repository | FoundCommit | FoundFile | Unreadable]] = {
    "repositories": read_repository,
    "commits": read_commit,
    "code": read_file,
}


def collect(run: Run) -> None:
    """Ask all searches, and look at the known repositories. A search that fails is an omission; the others go on."""
    try:
        _Discovery(run).collect()
    except Interrupted:
        return


@dataclass(slots=True)
class _Slice:
    """What came of a slice of a search so far: readable results by their date in seconds, and how many were stored."""

    dates: Counter[int] = field(default_factory=Counter)
    stored: int = 0


@dataclass(slots=True)
class _Whole:
    """What came of a search of code in all: what GitHub said there was, what came, and how much was stored."""

    reported: int = 0
    fetched: int = 0
    stored: int = 0

    def add(self, page: SearchPage, part: _Slice) -> None:
        self.reported += page.total
        self.fetched += page.fetched_so_far
        self.stored += part.stored


class _Discovery:
    """A run over all searches."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._client = client_of(run.settings, run.reporter, run.clock, run.stopped)
        self._names = Names(run)
        self._looks = Looks(run, self._client, self._names)
        self._met: set[int] = set()
        self._failed = False
        self._said = ""

    def collect(self) -> None:
        run = self._run
        try:
            if run.request.repositories:
                self._met |= self._looks.at_named(run.request.repositories)
                return
            for search in searches(run.settings, run.request):
                if run.stopped():
                    return
                run.summary.searches += 1
                self._try(search)
            if not self._failed:
                self._looks.at_known(self._met)
        finally:
            run.summary.github_requests = self._client.requests
            run.summary.not_modified = self._client.conditional
            run.summary.found = len(self._met)
            enter_github(run.summary, self._client)
            self._client.close()

    def _try(self, search: Search) -> None:
        subject = f"search:{search.text}"
        self._run.reporter.start("search", search.text, None, "results")
        try:
            if self._failed:
                raise HttpError("GitHub gave no answer to an earlier search")
            self._walk(search)
        except HttpError as error:
            # Where no request was answered at all, the other searches would only wait as long.
            silent = not self._client.budgets() and not isinstance(error, GitHubTokensError)
            self._failed = self._failed or silent
            self._fail(search, subject, error)
        else:
            with writing(self._run.engine) as connection:
                store.resolve_omissions(connection, self._run.run_id, SOURCE, [subject], FAILURES)
        finally:
            self._run.reporter.finish("search", search.text)

    def _fail(self, search: Search, subject: str, error: HttpError) -> None:
        run = self._run
        run.summary.failed[f"github {search.text}"] = str(error)
        reason = OmissionReason.QUOTA_EXHAUSTED if isinstance(error, OVER) else OmissionReason.SEARCH_FAILED
        run.leave_out(SOURCE, Omission(reason, subject, str(error)), quietly=str(error) == self._said)
        self._said = str(error)
        upto = int(run.clock.now().timestamp())
        with writing(run.engine) as connection:
            for gap in gaps(search.interval, store.covered(connection, SOURCE, search.query)):
                if gap.since < upto:
                    part = Interval(gap.since, min(gap.until, upto))
                    row = Coverage(SOURCE, search.query, "", part, run.run_id, complete=False, reason=reason.value)
                    store.add_coverage(connection, row)

    def _walk(self, search: Search) -> None:
        asked = Asked(self._run, self._client, search)
        now = int(self._run.clock.now().timestamp())
        done, short = 0, []
        part, of, whole = _Slice(), None, _Whole()
        for page in githubsearch.walk(asked.ask, search.text, search.qualifier, search.interval, now=now):
            if page.slice != of:
                part, of = _Slice(), page.slice
            self._write(search, page, asked, part)
            done += len(page.items)
            self._run.reporter.advance("search", search.text, done)
            if page.proved is not None or page.short:
                short += [f"{_shown(search, page.slice)}: {page.short}"] if page.short else []
                whole.add(page, part)
                of = None
            if self._run.stopped():
                raise Interrupted
        if search.strategy == "code":
            self._enter_whole(search, whole, short, Interval(until=now))
        self._judge(search, short)

    def _enter_whole(self, search: Search, whole: _Whole, short: list[str], until_now: Interval) -> None:
        """Enter in the ledger what a search of code brought: its slices are sizes, which the ledger does not know."""
        counts = whole.reported, whole.fetched, whole.stored
        reason = short[0].partition(": ")[2] if short else ""
        with writing(self._run.engine) as connection:
            row = Coverage(SOURCE, search.query, "", until_now, self._run.run_id, *counts)
            store.add_coverage(connection, replace(row, complete=not short, reason=reason))

    def _judge(self, search: Search, short: list[str]) -> None:
        subject = f"search:{search.text}"
        if short:
            more = f" and {len(short) - 1} more" if len(short) > 1 else ""
            detail = f"not all results came, {short[0]}{more}; a later run asks again"
            self._run.leave_out(SOURCE, Omission(OmissionReason.SEARCH_INCOMPLETE, subject, detail))
            return
        with writing(self._run.engine) as connection:
            reasons = [OmissionReason.SEARCH_INCOMPLETE]
            store.resolve_omissions(connection, self._run.run_id, SOURCE, [subject], reasons)

    def _write(self, search: Search, page: SearchPage, asked: Asked, part: _Slice) -> None:
        """Write a page: what it found, the response and its ETag, and of which time everything is at hand."""
        run = self._run
        looked = self._looks.at_files(page) if search.strategy == "code" else {}
        with writing(run.engine) as connection:
            sha256 = store.put_response(connection, page.response)
            for github_id, state in looked.items():
                self._looks.enter(connection, github_id, state)
            for url, (etag, response) in asked.fresh.items():
                githubstore.put_validator(connection, url, etag, store.put_response(connection, response))
            asked.fresh.clear()
            readable = [self._enter(connection, search, item, sha256, part) for item in page.items]
            subjects, reasons = [f"github:{one}" for one in readable if one], [OmissionReason.ITEM_UNREADABLE]
            store.resolve_omissions(connection, run.run_id, SOURCE, subjects, reasons)
            for row in () if search.strategy == "code" else self._proofs(connection, search, page, part):
                store.add_coverage(connection, row)
        run.summary.pages[SOURCE] += 1

    def _enter(self, connection: Connection, search: Search, item: Any, sha256: str, part: _Slice) -> str | None:
        """Enter an item of a search; give the name by which it would be left out, if it can be read."""
        read = _READERS[search.strategy](item)
        if isinstance(read, Unreadable):
            detail = f"an item of the search is not of GitHub's form: {read.reason}"
            omission = Omission(OmissionReason.ITEM_UNREADABLE, f"github:{read.subject}", detail)
            store.record_omission(connection, self._run.run_id, SOURCE, omission)
            self._run.summary.omissions[omission.reason.value] += 1
            return None
        subject = _subject(read)
        part.dates[_moment(read)] += 1
        if not isinstance(read, FoundCommit) and read.private:
            self._names.refuse(connection, read.full_name, "it is private, and seen by this token alone")
            return subject
        more = {"default_branch": read.default_branch} if isinstance(read, Repository) else {}
        try:
            number = self._names.register(connection, read.github_id, read.full_name, more)
        except RepositoryRefusedError as error:
            self._names.refuse(connection, read.full_name, str(error))
            return subject
        if isinstance(read, Repository):
            githubstore.put_facts(connection, number, facts_of(read, sha256))
        sha = read.sha if isinstance(read, FoundCommit) else ""
        query, strategy = search.row
        row = (query, number, sha, search.library, strategy, self._run.run_id)
        self._met.add(read.github_id)
        githubstore.put_discovery(connection, [row])
        part.stored += 1
        return subject

    def _proofs(self, connection: Connection, search: Search, page: SearchPage, came: _Slice) -> Iterator[Coverage]:
        """Give what a slice's last page proves, as far as the ledger does not hold it yet."""
        run = self._run
        part = overlaps(page.slice, Interval(until=int(run.clock.now().timestamp())))
        if page.short and part is not None:
            row = Coverage(SOURCE, search.query, "", part, run.run_id, page.total, page.fetched_so_far)
            yield replace(row, stored=row.fetched, complete=False, reason=page.short)
        if page.proved is not None:
            left = gaps(page.proved, store.covered(connection, SOURCE, search.query))
            if left == [page.proved]:
                counts = page.total, page.fetched_so_far, came.stored
                yield Coverage(SOURCE, search.query, "", page.proved, run.run_id, *counts)
                return
            for gap in left:
                count = sum(number for date, number in came.dates.items() if gap.since <= date < gap.until)
                yield Coverage(SOURCE, search.query, "", gap, run.run_id, count, count, count)


def _moment(found: Repository | FoundCommit | FoundFile) -> int:
    """Give the date in seconds that a search slices its results by; 0 where there is none."""
    if isinstance(found, FoundFile):
        return 0
    moment = found.committed_at if isinstance(found, FoundCommit) else found.created_at
    return int(moment.timestamp()) if moment else 0


def _subject(found: Repository | FoundCommit | FoundFile) -> str:
    """Name an item of a search as the omission does that says that it cannot be read."""
    if isinstance(found, FoundCommit):
        return f"commit:{found.sha}"
    return f"{'file_of' if isinstance(found, FoundFile) else 'repository'}:{found.full_name}"


def _shown(search: Search, interval: Interval) -> str:
    if search.strategy == "code":
        return f"{max(interval.since, 0)} to {min(interval.until, githubsearch.LARGEST_FILE)} bytes"
    return _written(interval)


def _written(interval: Interval) -> str:
    def day(epoch: int) -> str:
        try:
            return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}"
        except (OverflowError, OSError, ValueError):
            return ""

    return f"{day(interval.since)}..{day(interval.until)}"
