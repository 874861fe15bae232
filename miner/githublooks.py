"""Looks at repositories one by one: those that somebody named, known ones that no search named, and those of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from sqlalchemy import Connection

from miner.collect.github import GitHubClient, RepositoryState
from miner.collect.githubitems import FoundFile, read_file
from miner.collect.githubsearch import SearchPage
from miner.collect.locators import Locator, locate
from miner.errors import GitHubTokensError, HttpError, QuotaExhaustedError, RepositoryRefusedError
from miner.githubnames import Names, facts_of
from miner.githubsearches import SOURCE
from miner.model import Omission, OmissionReason
from miner.run import Run
from miner.store import github as githubstore
from miner.store import repository as store
from miner.store.session import reading, writing

OVER = (QuotaExhaustedError, GitHubTokensError)
"""Errors after which nothing more is to be had for now."""

FAILURES = (OmissionReason.SEARCH_FAILED, OmissionReason.QUOTA_EXHAUSTED)
"""Reasons for which a search, or looking, is left out."""


class Looks:
    """The looks of a run."""

    def __init__(self, run: Run, client: GitHubClient, names: Names) -> None:
        self._run = run
        self._client = client
        self._names = names

    def at_known(self, met: Collection[int]) -> None:
        """Look at the known repositories that no search named in this run.

        :param met: GitHub's numbers of those that searches named.
        """
        run = self._run
        with reading(run.engine) as connection:
            known = githubstore.known_repositories(connection, run.request.libraries)
        left = {number: name for number, (_, name, _) in known.items() if number not in met}
        if not left:
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
            reason = OmissionReason.QUOTA_EXHAUSTED if isinstance(error, OVER) else OmissionReason.SEARCH_FAILED
            run.leave_out(SOURCE, Omission(reason, "search:known repositories", str(error)))
        else:
            with writing(run.engine) as connection:
                subjects = ["search:known repositories"]
                store.resolve_omissions(connection, run.run_id, SOURCE, subjects, FAILURES)
        finally:
            run.reporter.finish("look", "github")

    def at_named(self, texts: Sequence[str]) -> set[int]:
        """Look at the repositories that somebody named: which they are, and what they are called now.

        :returns: GitHub's numbers of those that are there.
        """
        run, met = self._run, set[int]()
        for text in texts:
            with suppress(RepositoryRefusedError):
                locator = locate(text, run.settings.github, run.settings.git)
                if locator.host == "github.com" and not run.stopped():
                    met |= self._named(text, locator)
        return met

    def _named(self, text: str, locator: Locator) -> set[int]:
        run, name = self._run, locator.name
        subject = f"search:{name}"
        try:
            state = self._client.named(name)
        except HttpError as error:
            run.summary.failed[f"github {name}"] = str(error)
            reason = OmissionReason.QUOTA_EXHAUSTED if isinstance(error, OVER) else OmissionReason.SEARCH_FAILED
            run.leave_out(SOURCE, Omission(reason, subject, str(error)))
            return set()
        if state.repository is None or state.answer is None:
            # Git says the same of one that is gone.
            run.reporter.warn(name, f"which repository it is, is not known: {state.reason}")
            return set()
        found = state.repository
        with writing(run.engine) as connection:
            if found.private:
                self._names.refuse(connection, found.full_name, "it is private, and seen by this token alone")
                return set()
            sha256 = store.put_response(connection, state.answer.response)
            more = {"default_branch": found.default_branch}
            number = self._names.register(connection, found.github_id, found.full_name, more, asked=locator)
            githubstore.put_facts(connection, number, facts_of(found, sha256))
            store.resolve_omissions(connection, run.run_id, SOURCE, [subject], FAILURES)
        run.current[text] = found.full_name
        return {found.github_id}

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
                self._names.register(connection, github_id, state.repository.full_name, {})
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

    def at_files(self, page: SearchPage) -> dict[int, RepositoryState]:
        """Look at the repositories of found files of which nothing is known: the search does not tell their stars."""
        read = (read_file(item) for item in page.items)
        found = {one.github_id: one.full_name for one in read if isinstance(one, FoundFile) and not one.private}
        with reading(self._run.engine) as connection:
            unknown = set(found) - githubstore.with_facts(connection, found)
        return {number: self._client.repository(number, known_as=found[number]) for number in sorted(unknown)}

    def enter(self, connection: Connection, github_id: int, state: RepositoryState) -> None:
        """Enter what a look at a found file's repository brought."""
        if state.repository is None or state.answer is None or state.repository.private:
            self._run.reporter.warn("github", f"repository {github_id}: nothing is known of it: {state.reason}")
            return
        sha256 = store.put_response(connection, state.answer.response)
        number = self._names.register(connection, github_id, state.repository.full_name, {})
        githubstore.put_facts(connection, number, facts_of(state.repository, sha256))
