"""The flow from stored commits to what GitHub says of their issues and pull requests, and what that says of them.

::

    stored commits near the threshold   those for which nobody asked, by repository and sha, 50 a page
            |
    githubissues.query_of               pull requests, what they close, what messages refer to, labels: one request
            |
    write                               issues, links, evidence, score: one transaction a page

What is stored of issues decides the evidence, whoever brought it: it is the same in any order; a rerun asks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from miner.classify import issueevidence
from miner.classify.logodds import sum_at
from miner.classify.version import RATER
from miner.collect import githubissues
from miner.collect.github import GitHubClient
from miner.collect.githubanswers import Answer
from miner.collect.githubissues import AskedCommit, CommitAnswer, ReferenceAnswer
from miner.errors import GitHubTokensError, HttpError, Interrupted, QuotaExhaustedError
from miner.githubsearches import SOURCE, client_of
from miner.job import CollectRequest
from miner.model import Omission, OmissionReason
from miner.run import Run
from miner.settings import Settings
from miner.spending import enter_github
from miner.store import issues as issuestore
from miner.store import issuework
from miner.store import repository as store
from miner.store.issuework import DueCommit, Scope
from miner.store.judgements import put_evidence
from miner.store.session import reading, writing

MOST_REFERENCES = 100
"""References that are looked up in one request."""

_SUBJECT = "search:issues and pull requests"
_FAILURES = (OmissionReason.SEARCH_FAILED, OmissionReason.QUOTA_EXHAUSTED)
_OVER = (QuotaExhaustedError, GitHubTokensError)
# In a row: more than it takes to find one odd commit among a hundred.
_MOST_FAILURES = 10
_PAGE_COMMITS = 500


@dataclass(frozen=True, slots=True)
class Page:
    """What one request asks for."""

    commits: tuple[DueCommit, ...]
    references: tuple[str, ...]

    def halves(self) -> tuple[Page, Page]:
        """Split what is more than one thing."""
        if len(self.commits) == 1 and self.references:
            return Page(self.commits, ()), Page((), self.references)
        commits, references = len(self.commits) // 2, len(self.references) // 2
        return (
            Page(self.commits[:commits], self.references[:references]),
            Page(self.commits[commits:], self.references[references:]),
        )

    def __len__(self) -> int:
        return len(self.commits) + len(self.references)


def scope_of(request: CollectRequest) -> Scope:
    """Give the commits that a request is about."""
    return Scope(request.libraries, request.window)


def due_commits(connection: Connection, settings: Settings, request: CollectRequest) -> list[DueCommit]:
    """Give the commits for which a run asks, in the order in which it does."""
    return issuework.due_commits(connection, scope_of(request), sum_at(settings.github.evidence_min_score))


def askable(references: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the references that can be asked for, each once, in the order of the commits that refer to them."""
    named = dict.fromkeys(name for names in references.values() for name in names)
    return [name for name in named if githubissues.can_be_asked(name)]


def ask(run: Run) -> None:
    """Ask for all commits that are due. What cannot be asked for is an omission, and asked for by the next run.

    :raises Interrupted: if the user stops it.
    """
    _Asking(run).ask()


class _Asking:
    """A run over all commits that are due."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._failures = 0
        self._unknown: set[int] = set()
        self._tried: set[str] = set()

    def ask(self) -> None:
        run = self._run
        self._judge_anew()
        with reading(run.engine) as connection:
            due = due_commits(connection, run.settings, run.request)
            left = askable(issuework.due_references(connection))
        if not due and not left:
            return
        client = client_of(run.settings, run.reporter, run.clock, run.stopped)
        if client.anonymous:
            client.close()
            text = f"pull requests and issues of {len(due)} commits are not asked for: GitHub wants a token for that"
            run.reporter.warn("github", f"{text}; put one into MINER_GITHUB__TOKENS, or set github.evidence = false")
            return
        run.reporter.start("ask", "github", len(due), "commits")
        try:
            self._ask_all(client, due)
        except HttpError as error:
            run.summary.failed["github issues"] = str(error)
            reason = OmissionReason.QUOTA_EXHAUSTED if isinstance(error, _OVER) else OmissionReason.SEARCH_FAILED
            run.leave_out(SOURCE, Omission(reason, _SUBJECT, str(error)))
        else:
            with writing(run.engine) as connection:
                store.resolve_omissions(connection, run.run_id, SOURCE, [_SUBJECT], _FAILURES)
        finally:
            run.summary.github_requests += client.requests
            run.summary.graphql_requests = client.requests
            enter_github(run.summary, client)
            client.close()
            run.reporter.finish("ask", "github")

    def _judge_anew(self) -> None:
        """Judge what is stored of issues by the rules of this version."""
        with reading(self._run.engine) as connection:
            shas = issuestore.judged_otherwise(connection, RATER)
        for start in range(0, len(shas), _PAGE_COMMITS):
            part = shas[start : start + _PAGE_COMMITS]
            with writing(self._run.engine) as connection:
                store.lock_commits(connection)
                _judge(connection, part)
                issuestore.put_rater(connection, part, RATER)

    def _ask_all(self, client: GitHubClient, due: Sequence[DueCommit]) -> None:
        """Ask for commits page by page, then for what they refer to beyond what fits in their pages.

        A page asks for what is not known when it is its turn: a run that was broken off goes on with equal pages.
        """
        size = self._run.settings.github.evidence_commits
        for start in range(0, len(due), size):
            part = tuple(one for one in due[start : start + size] if one.github_id not in self._unknown)
            self._ask_page(client, part, self._due_references([one.sha for one in part])[:MOST_REFERENCES])
            self._run.reporter.advance("ask", "github", min(start + size, len(due)))
        left = sorted(self._due_references(None))
        for start in range(0, len(left), MOST_REFERENCES):
            self._ask_page(client, (), left[start : start + MOST_REFERENCES])

    def _due_references(self, shas: Collection[str] | None) -> list[str]:
        with reading(self._run.engine) as connection:
            found = askable(issuework.due_references(connection, shas))
        return [name for name in found if name not in self._tried]

    def _ask_page(self, client: GitHubClient, commits: tuple[DueCommit, ...], references: Sequence[str]) -> None:
        if self._run.stopped():
            raise Interrupted
        self._tried.update(references)
        page = Page(commits, tuple(references))
        if len(page):
            self._try(client, page)

    def _try(self, client: GitHubClient, page: Page) -> None:
        """Ask for a page; where GitHub fails over it, for its parts, so that one odd commit costs itself alone."""
        asked = [AskedCommit(one.sha, one.full_name, one.github_id) for one in page.commits]
        try:
            answer = client.graphql(githubissues.query_of(asked, page.references), {})
        except _OVER:
            raise
        except HttpError as error:
            self._failures += 1
            if self._failures >= _MOST_FAILURES:
                raise
            if len(page) == 1:
                self._leave_out(page, str(error))
                return
            for half in page.halves():
                if len(half):
                    self._try(client, half)
            return
        self._failures = 0
        self._run.summary.graphql_points += githubissues.cost_of(answer)
        self._write(page, answer, *githubissues.read_answer(answer, asked, page.references))

    def _leave_out(self, page: Page, problem: str) -> None:
        with reading(self._run.engine) as connection:
            # What a commit of the same page closes came with it.
            still = set(askable(issuework.due_references(connection)))
        subjects = [(f"commit:{one.sha}", one.sha) for one in page.commits]
        for subject, sha in (*subjects, *((f"issue:{name}", None) for name in page.references if name in still)):
            self._run.leave_out(SOURCE, Omission(OmissionReason.EVIDENCE_UNKNOWN, subject, problem, sha))

    def _write(
        self, page: Page, answer: Answer, commits: Sequence[CommitAnswer], references: Sequence[ReferenceAnswer]
    ) -> None:
        """Write a page: what came, what it says of commits, and what did not come."""
        run, due = self._run, {one.sha: one for one in page.commits}
        issues = [one for answered in commits for one in (*answered.pulls, *answered.closed)]
        issues += [one.issue for one in references if one.issue is not None]
        with writing(run.engine) as connection:
            store.lock_commits(connection)
            sha256 = store.put_response(connection, answer.response)
            issuestore.put_issues(connection, issues, sha256)
            issuestore.put_references(connection, references, sha256)
            issuestore.put_links(connection, commits)
            requests = [(answered, due[answered.sha]) for answered in commits]
            issuestore.put_requests(connection, requests, RATER, sha256, run.run_id)
            answered = {one.sha for one in commits if one.outcome != "unknown"}
            _judge(connection, answered | issuestore.asked_about(connection, issues))
            self._settle(connection, due, commits, references)
        run.summary.commits_asked += len(answered)
        run.summary.issues += len({(one.github_id, one.number) for one in issues})

    def _settle(
        self,
        connection: Connection,
        due: dict[str, DueCommit],
        commits: Sequence[CommitAnswer],
        references: Sequence[ReferenceAnswer],
    ) -> None:
        """Enter of what nothing is known, and resolve what now is."""
        there = [f"commit:{one.sha}" for one in commits if one.outcome != "unknown"]
        there += [f"issue:{one.target_id}" for one in references if not one.problem]
        there += [f"issue:{issue.target_id}" for one in commits for issue in (*one.pulls, *one.closed)]
        homes = {due[one.sha].full_name for one in commits if one.outcome != "unknown"}
        there += [f"repository:{name}" for name in sorted(homes)]
        store.resolve_omissions(connection, self._run.run_id, SOURCE, there, [OmissionReason.EVIDENCE_UNKNOWN])
        silent = {due[one.sha].github_id: one for one in commits if due[one.sha].full_name not in homes}
        for github_id, first in silent.items():
            self._unknown.add(github_id)
            detail = f"its pull requests and issues are not known: {'; '.join(first.problems)}"
            self._enter(connection, f"repository:{due[first.sha].full_name}", detail, due[first.sha])
            self._run.reporter.warn(due[first.sha].full_name, detail)
        for one in commits:
            if one.problems and due[one.sha].github_id not in silent:
                detail = f"its pull requests are not all known: {'; '.join(one.problems)}"
                self._enter(connection, f"commit:{one.sha}", detail, due[one.sha], one.sha)
        for reference in references:
            if reference.problem:
                self._enter(connection, f"issue:{reference.target_id}", reference.problem)

    def _enter(
        self, connection: Connection, subject: str, detail: str, due: DueCommit | None = None, sha: str | None = None
    ) -> None:
        omission = Omission(OmissionReason.EVIDENCE_UNKNOWN, subject, detail, sha)
        number = None if due is None else due.repository_id
        store.record_omission(connection, self._run.run_id, SOURCE, omission, number)
        self._run.summary.omissions[omission.reason.value] += 1


def _judge(connection: Connection, shas: Collection[str]) -> None:
    seen = issuestore.messages_and_facts(connection, shas)
    put_evidence(
        connection, "issue", {sha: issueevidence.judge(message, facts) for sha, (message, facts) in seen.items()}
    )
