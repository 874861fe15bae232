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

Each run asks all its searches again: stars and topics change, and an answer that did not change costs no budget. The
ledger holds, by creation date or committer date, of which time all results are at hand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from miner.clock import Clock
from miner.collect import githubsearch, tape
from miner.collect.github import GitHubClient, GitHubLimits, RepositoryState
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
from miner.collect.githubtokens import TokenPool, read_token_file, read_tokens
from miner.collect.locators import Locator, locate
from miner.errors import (
    GitHubTokensError,
    HttpError,
    Interrupted,
    QuotaExhaustedError,
    RepositoryRefusedError,
    SettingsError,
)
from miner.job import CollectRequest, Reporter
from miner.model import Omission, OmissionReason, RawResponse
from miner.run import Run
from miner.settings import Settings, libraries_of
from miner.spending import enter_github
from miner.store import github as githubstore
from miner.store import repository as store
from miner.store.coverage import Coverage, Interval, gaps, overlaps
from miner.store.session import reading, writing

SOURCE = "github"
PAGE_SIZE = 100
_READERS: Mapping[str, Callable[[Any], Repository | FoundCommit | FoundFile | Unreadable]] = {
    "repositories": read_repository,
    "commits": read_commit,
    "code": read_file,
}
_OVER = (QuotaExhaustedError, GitHubTokensError)
_FAILURES = (OmissionReason.SEARCH_FAILED, OmissionReason.QUOTA_EXHAUSTED)


@dataclass(frozen=True, slots=True)
class Search:
    """A search for what uses a library, in GitHub's syntax, and the time that its results are wanted of.

    A search of code has no time; it is sliced by the size of the files.
    """

    library: str
    strategy: Literal["repositories", "commits", "code"]
    text: str
    interval: Interval

    @property
    def path(self) -> str:
        """The path of the API that answers it."""
        return f"/search/{self.strategy}"

    @property
    def qualifier(self) -> str:
        """What its results are sliced by."""
        return {"repositories": "created", "commits": "committer-date", "code": githubsearch.SIZE}[self.strategy]

    @property
    def query(self) -> str:
        """Name it for the ledger."""
        return f"{self.strategy}: {self.text} by={self.qualifier}"

    def parameters(self, query: str, page: int) -> dict[str, str | int]:
        """Give the parameters of a request: in an order that does not change while pages are turned."""
        order: dict[str, dict[str, str | int]] = {
            "repositories": {"sort": "stars", "order": "desc"},
            "commits": {"sort": "committer-date"},
            "code": {},
        }
        return {"q": query, **order[self.strategy], "per_page": PAGE_SIZE, "page": page}

    @property
    def row(self) -> tuple[str, str]:
        """The query and the strategy that what it finds is entered with: what has the code is mined as a whole."""
        if self.strategy == "code":
            return f"{githubstore.CODE}{self.text}", "repositories"
        return self.text, self.strategy


def searches(settings: Settings, request: CollectRequest) -> tuple[Search, ...]:
    """Give the searches of the wanted libraries, each once.

    :raises SettingsError: for one that GitHub does not take.
    """
    since = request.since
    pushed = f" pushed:>={since.astimezone(UTC):%Y-%m-%d}" if since else ""
    wanted = [one for one in libraries_of(settings) if not request.libraries or one.name in request.libraries]
    found: dict[tuple[str, str, str], Search] = {}
    for library in wanted:
        if "repositories" in settings.github.strategies:
            for text in settings.github.searches.get(library.name, library.searches):
                # A repository that nobody pushed to since has no commit of the window.
                one = Search(library.name, "repositories", text + pushed, Interval())
                found.setdefault((one.strategy, one.text, one.library), one)
        if "commits" in settings.github.strategies:
            for text in settings.github.commit_searches.get(library.name, library.commit_searches):
                one = Search(library.name, "commits", text, request.window)
                found.setdefault((one.strategy, one.text, one.library), one)
        if "code" in settings.github.strategies:
            for text in settings.github.code_searches.get(library.name, library.code_searches):
                one = Search(library.name, "code", text, Interval())
                found.setdefault((one.strategy, one.text, one.library), one)
    for one in found.values():
        try:
            githubsearch.validate_query(one.text, one.qualifier)
        except ValueError as error:
            raise SettingsError(f"the search {one.text!r} for {one.library}: {error}") from None
    return tuple(found.values())


def tokens(settings: Settings) -> tuple[str, ...]:
    """Give the tokens of the settings and of the file that they name.

    :raises SettingsError: for what is no token, and a file that others may read.
    """
    given = read_tokens(settings.github.tokens.get_secret_value())
    path = settings.github.token_file
    return tuple(dict.fromkeys((*given, *(read_token_file(Path(path)) if path else ()))))


def client_of(
    settings: Settings, reporter: Reporter, clock: Clock, stopped: Callable[[], bool] = lambda: False
) -> GitHubClient:
    """Make the client of the API that the settings name.

    :raises SettingsError: for tokens that are none.
    """
    github = settings.github
    limits = GitHubLimits(github.timeout_seconds, github.attempts, github.max_wait_seconds, github.max_response_bytes)
    pool = TokenPool(tape.current().tokens(tokens(settings)), clock, lambda text: reporter.warn("github", text))
    return GitHubClient(github.api_url, pool, limits, clock, stopped)


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
        self._met: set[int] = set()
        self._failed = False
        self._said = ""

    def collect(self) -> None:
        run = self._run
        try:
            for search in searches(run.settings, run.request):
                if run.stopped():
                    return
                run.summary.searches += 1
                self._try(search)
            self._look()
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
                store.resolve_omissions(connection, self._run.run_id, SOURCE, [subject], _FAILURES)
        finally:
            self._run.reporter.finish("search", search.text)

    def _fail(self, search: Search, subject: str, error: HttpError) -> None:
        run = self._run
        run.summary.failed[f"github {search.text}"] = str(error)
        reason = OmissionReason.QUOTA_EXHAUSTED if isinstance(error, _OVER) else OmissionReason.SEARCH_FAILED
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
        asked = _Asked(self._run, self._client, search)
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

    def _write(self, search: Search, page: SearchPage, asked: _Asked, part: _Slice) -> None:
        """Write a page: what it found, the response and its ETag, and of which time everything is at hand."""
        run = self._run
        looked = self._looked(page) if search.strategy == "code" else {}
        with writing(run.engine) as connection:
            sha256 = store.put_response(connection, page.response)
            for github_id, state in looked.items():
                self._enter_looked(connection, github_id, state)
            for url, (etag, response) in asked.fresh.items():
                githubstore.put_validator(connection, url, etag, store.put_response(connection, response))
            asked.fresh.clear()
            readable = [self._enter(connection, search, item, sha256, part) for item in page.items]
            subjects, reasons = [f"github:{one}" for one in readable if one], [OmissionReason.ITEM_UNREADABLE]
            store.resolve_omissions(connection, run.run_id, SOURCE, subjects, reasons)
            for row in () if search.strategy == "code" else self._proofs(connection, search, page, part):
                store.add_coverage(connection, row)
        run.summary.pages[SOURCE] += 1

    def _looked(self, page: SearchPage) -> dict[int, RepositoryState]:
        """Look at the repositories of found files of which nothing is known: the search does not tell their stars."""
        read = (read_file(item) for item in page.items)
        found = {one.github_id: one.full_name for one in read if isinstance(one, FoundFile) and not one.private}
        with reading(self._run.engine) as connection:
            unknown = set(found) - githubstore.with_facts(connection, found)
        return {number: self._client.repository(number, known_as=found[number]) for number in sorted(unknown)}

    def _enter_looked(self, connection: Connection, github_id: int, state: RepositoryState) -> None:
        if state.repository is None or state.answer is None or state.repository.private:
            self._run.reporter.warn("github", f"repository {github_id}: nothing is known of it: {state.reason}")
            return
        sha256 = store.put_response(connection, state.answer.response)
        number = self._register(connection, github_id, state.repository.full_name, {})
        githubstore.put_facts(connection, number, _facts(state.repository, sha256))

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
            self._refuse(connection, read.full_name, "it is private, and seen by this token alone")
            return subject
        more = {"default_branch": read.default_branch} if isinstance(read, Repository) else {}
        try:
            number = self._register(connection, read.github_id, read.full_name, more)
        except RepositoryRefusedError as error:
            self._refuse(connection, read.full_name, str(error))
            return subject
        if isinstance(read, Repository):
            githubstore.put_facts(connection, number, _facts(read, sha256))
        sha = read.sha if isinstance(read, FoundCommit) else ""
        query, strategy = search.row
        row = (query, number, sha, search.library, strategy, self._run.run_id)
        self._met.add(read.github_id)
        githubstore.put_discovery(connection, [row])
        part.stored += 1
        return subject

    def _refuse(self, connection: Connection, full_name: str, detail: str) -> None:
        omission = Omission(OmissionReason.REPOSITORY_REFUSED, f"repository:{full_name}", detail)
        store.record_omission(connection, self._run.run_id, SOURCE, omission)
        self._run.summary.omissions[omission.reason.value] += 1

    def _register(self, connection: Connection, github_id: int, full_name: str, more: Mapping[str, Any]) -> int:
        """Enter a repository under GitHub's own number; if it was renamed, its old names lead to it still.

        :raises RepositoryRefusedError: for a name that no address can be made of.
        """
        run = self._run
        locator = locate(full_name, run.settings.github, run.settings.git)
        renamed = githubstore.name_of(connection, github_id)
        self._displace(connection, github_id, locator)
        old = self._place_of(connection, github_id, renamed or full_name)
        number = store.register_repository(
            connection,
            run_id=run.run_id,
            name=full_name,
            host="github.com",
            clone_url=locator.public_url,
            asked=[locator.key],
            github_id=github_id,
            **more,
        )
        for name in (full_name, locator.public_url, locator.key):
            githubstore.take_name(connection, run.run_id, number, name)
        run.summary.renamed += renamed is not None and renamed.lower() != full_name.lower()
        if old.key != locator.key:
            githubstore.rename(connection, old.key, locator.key)
            _move(run.settings, old.folder, locator.folder)
        subjects, reasons = [f"repository:{full_name}"], [OmissionReason.REPOSITORY_MISSING]
        store.resolve_omissions(connection, run.run_id, SOURCE, subjects, reasons)
        return number

    def _displace(self, connection: Connection, github_id: int, locator: Locator) -> None:
        """Put the ledger and the clone of another repository that had the name aside, until its new one is met."""
        other = githubstore.number_at(connection, locator.key)
        if other is not None and other != github_id:
            aside = _aside(other)
            githubstore.rename(connection, locator.key, aside.key)
            _move(self._run.settings, locator.folder, aside.folder)

    def _place_of(self, connection: Connection, github_id: int, name: str) -> _Place:
        """Give where the ledger and the clone of a repository are: under its name, or aside if another one has it."""
        locator = locate(name, self._run.settings.github, self._run.settings.git)
        if githubstore.number_at(connection, locator.key) in {None, github_id}:
            return _Place(locator.key, locator.folder)
        return _aside(github_id)

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

    def _look(self) -> None:
        """Look at the known repositories that no search named in this run."""
        run = self._run
        with reading(run.engine) as connection:
            known = githubstore.known_repositories(connection, run.request.libraries)
        left = {number: name for number, (_, name, _) in known.items() if number not in self._met}
        if self._failed or not left:
            return
        run.reporter.start("look", "github", len(left), "repositories")
        try:
            for done, (github_id, name) in enumerate(left.items(), start=1):
                if run.stopped():
                    return
                number, _, before = known[github_id]
                self._look_at(number, github_id, name, before)
                run.reporter.advance("look", "github", done)
        except HttpError as error:
            run.summary.failed["github known repositories"] = str(error)
            reason = OmissionReason.QUOTA_EXHAUSTED if isinstance(error, _OVER) else OmissionReason.SEARCH_FAILED
            run.leave_out(SOURCE, Omission(reason, "search:known repositories", str(error)))
        else:
            with writing(run.engine) as connection:
                subjects = ["search:known repositories"]
                store.resolve_omissions(connection, run.run_id, SOURCE, subjects, _FAILURES)
        finally:
            run.reporter.finish("look", "github")

    def _look_at(self, number: int, github_id: int, name: str, before: str) -> None:
        run = self._run
        url = self._client.url(f"/repositories/{github_id}")
        with reading(run.engine) as connection:
            known = githubstore.validator(connection, url)
        state = self._client.repository(github_id, known[0] if known else None, known_as=name)
        subject = f"repository:{name}"
        with writing(run.engine) as connection:
            self._keep(connection, url, state)
            if state.repository is not None:
                self._register(connection, github_id, state.repository.full_name, {})
            else:
                githubstore.set_availability(connection, run.run_id, number, state.availability)
            if state.availability == "there":
                missing = [OmissionReason.REPOSITORY_MISSING]
                store.resolve_omissions(connection, run.run_id, SOURCE, [subject], missing)
        if state.availability == "gone" != before:
            run.summary.gone += 1
            detail = f"GitHub says {state.reason}: it was deleted, made private or blocked; what it had is kept"
            run.leave_out(SOURCE, Omission(OmissionReason.REPOSITORY_MISSING, subject, detail), number)
        elif state.availability == "unknown":
            run.reporter.warn(name, f"whether it is still there is not known: {state.reason}")

    def _keep(self, connection: Connection, url: str, state: RepositoryState) -> None:
        answer = state.answer
        if answer is not None and not answer.not_modified and not answer.moved and answer.etag:
            sha256 = store.put_response(connection, answer.response)
            githubstore.put_validator(connection, url, answer.etag, sha256)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where what is known of a repository is kept: the key in the ledger of git, and the folder of its clone."""

    key: str
    folder: str


def _aside(github_id: int) -> _Place:
    """Give the place of a repository whose name another one has, and whose own new name is not known yet."""
    return _Place(f"github-number:{github_id}", f"github-number-{github_id}")


@dataclass(frozen=True, slots=True)
class _Stored:
    """An answer that the database has: GitHub said that it is still right."""

    response: RawResponse
    data: Any


class _Asked:
    """Sends a search's requests, each with the ETag of the answer at hand. ``fresh`` are answers to store, by URL."""

    def __init__(self, run: Run, client: GitHubClient, search: Search) -> None:
        self._run = run
        self._client = client
        self._search = search
        self._again: set[str] = set()
        self.fresh: dict[str, tuple[str, RawResponse]] = {}

    def ask(self, query: str, page: int) -> Any:
        """Ask for a page of a query, or take it from the database where GitHub says that it did not change."""
        parameters = self._search.parameters(query, page)
        url = self._client.url(self._search.path, parameters)
        with reading(self._run.engine) as connection:
            known = None if url in self._again else githubstore.validator(connection, url)
        # Asked for a second time in one run, an answer was not what it should be.
        self._again.add(url)
        answer = self._client.get(self._search.path, parameters, etag=known[0] if known else None)
        if answer.not_modified and known is not None:
            response = answer.response
            stored = RawResponse(SOURCE, url, 200, "application/json", response.fetched_at, known[1])
            return _Stored(stored, json.loads(known[1]))
        if answer.etag and isinstance(answer.data, dict) and answer.data.get("incomplete_results") is False:
            self.fresh[url] = answer.etag, answer.response
        return answer


def _facts(found: Repository, sha256: str) -> dict[str, Any]:
    return {
        "description": found.description,
        "topics": " ".join(sorted(found.topics)),
        "stars": found.stars,
        "fork": found.fork,
        "archived": found.archived,
        "licence": found.licence,
        "created_at": found.created_at,
        "pushed_at": found.pushed_at,
        "response_sha256": sha256,
    }


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


def _move(settings: Settings, old: str, new: str) -> None:
    """Let a renamed repository keep its clone."""
    folder = settings.storage.data_dir.absolute() / "repositories"
    # A clone that stays where it is costs another one, and no row.
    with suppress(OSError):
        if not (folder / new).exists():
            (folder / old).rename(folder / new)
            tape.current().moved(old, new)


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
