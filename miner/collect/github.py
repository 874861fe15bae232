"""The client of GitHub's REST and GraphQL APIs: whom a request goes out for, what is waited for, and what is over.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api. All waiting is the clock's,
and ends when a stop is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from miner.clock import Clock
from miner.collect import githubanswers as answers
from miner.collect.apilimits import shown
from miner.collect.githubanswers import Answer, QueryError
from miner.collect.githubitems import Repository, Unreadable, read_repository
from miner.collect.githubtokens import Budget, Lease, TokenPool
from miner.collect.githubwire import Exchange, GitHubWire
from miner.collect.http import Transient
from miner.errors import GitHubGoneError, GitHubTokensError, HttpError, QuotaExhaustedError

__all__ = ["Answer", "GitHubClient", "GitHubLimits", "QueryError", "RepositoryState"]

_MOST_REDIRECTS = 3
_FIRST_BACKOFF_SECONDS = 2.0
_LONGEST_BACKOFF_SECONDS = 60.0
_ETAG = re.compile(r"[!-~]{1,500}")


@dataclass(frozen=True, slots=True)
class GitHubLimits:
    """The bounds of a request: one try's seconds and decoded bytes, tries, and the longest wait for a limit."""

    timeout_seconds: float = 30
    attempts: int = 5
    max_wait_seconds: float = 3700
    max_response_bytes: int = 50_000_000


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """Whether a repository is there, is gone (or was made private, which looks the same), or that is not known.

    ``repository`` is None unless it is there, and where nothing changed since the ETag. ``renamed`` compares with the
    name that was given. ``reason`` is "404", "410", "451" or "403 blocked" of one that is gone, else a sentence.
    """

    availability: Literal["there", "gone", "unknown"]
    repository: Repository | None = None
    renamed: bool = False
    reason: str = ""
    answer: Answer | None = None


class GitHubClient:
    """A client of one API, for one thread. ``conditional`` counts the answers "not modified", which cost no budget."""

    def __init__(
        self,
        api_url: str,
        pool: TokenPool,
        limits: GitHubLimits,
        clock: Clock,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._pool = pool
        self._limits = limits
        self._clock = clock
        self._wire = GitHubWire(
            self._api_url,
            timeout_seconds=limits.timeout_seconds,
            max_bytes=limits.max_response_bytes,
            clock=clock,
            stopped=stopped,
        )
        self.conditional = 0

    @property
    def requests(self) -> int:
        """How many requests were sent, those that were tried again included."""
        return self._wire.requests

    def budgets(self) -> Mapping[tuple[str, str], Budget]:
        """Give what GitHub said last of its budgets, by account and resource."""
        return self._pool.budgets()

    def sent(self) -> Mapping[tuple[str, str], int]:
        """Give how many requests were sent, by account and resource."""
        return self._pool.sent()

    def close(self) -> None:
        """Close the connections. The client can be used again."""
        self._wire.close()

    @property
    def anonymous(self) -> bool:
        """Whether there is no token: then there is no GraphQL, and no search of code."""
        return self._pool.anonymous

    def url(self, path: str, parameters: Mapping[str, str | int] | None = None) -> str:
        """Give the address that :meth:`get` asks for, under which an ETag can be kept."""
        return self._wire.address(path, parameters or {})

    def get(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        etag: str | None = None,
        resource: str | None = None,
    ) -> Answer:
        """Ask for a path of the API, or for the address of a next page.

        :param etag: of the answer at hand; nothing is sent again that has not changed.
        :param resource: whose budget it costs; None: what the path says.
        :raises GitHubGoneError: when it is not there (or not for these tokens), or is blocked.
        :raises QuotaExhaustedError: when all budgets are used up for longer than may be waited.
        :raises GitHubTokensError: when none of the tokens is accepted.
        :raises HttpError: when GitHub gave no answer, refuses, or redirects to another host.
        :raises Interrupted: when a stop is asked for.
        """
        address = first = self.url(path, parameters)
        if not answers.is_of(address, self._api_url):
            raise HttpError(f"{address}: this is no address of {self._api_url}: it is not asked")
        known = etag if etag and _ETAG.fullmatch(etag) else None
        budget = resource or answers.resource_of(address.partition("?")[0])
        if budget == "code_search" and self._pool.anonymous:
            raise GitHubTokensError("GitHub's search of code wants a token: put one into MINER_GITHUB__TOKENS")
        for hop in range(_MOST_REDIRECTS + 1):
            exchange, payload = self._asked(address, known, budget)
            if exchange.status not in answers.MOVED:
                return self._answer(exchange, payload, moved=hop > 0)
            address = answers.followed(exchange, self._api_url)
        raise HttpError(f"{first}: the server redirects more than {_MOST_REDIRECTS} times")

    def repository(self, github_id: int, etag: str | None = None, *, known_as: str | None = None) -> RepositoryState:
        """Look a repository up by its number, which it keeps when it is renamed.

        :param known_as: the name it had, to tell a rename.
        :raises QuotaExhaustedError: and GitHubTokensError and Interrupted, as :meth:`get` does: they say nothing of it.
        """
        return self._state(f"/repositories/{github_id}", etag, known_as, github_id)

    def named(self, full_name: str) -> RepositoryState:
        """Look a repository up by its name, or by one that it had before somebody else took it.

        :raises HttpError: as :meth:`repository` does.
        """
        return self._state(f"/repos/{full_name}", None, full_name, None)

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Answer:
        """Send a GraphQL query. An error in a part of it, such as one that is not found, leaves the rest.

        :raises GitHubTokensError: without a token: GitHub wants one for GraphQL.
        :raises HttpError: when the whole query failed; and all that :meth:`get` raises.
        """
        if self._pool.anonymous:
            raise GitHubTokensError("GitHub's GraphQL API wants a token: put one into MINER_GITHUB__TOKENS")
        url = self._wire.graphql_url
        document = {"query": query, "variables": dict(variables)}
        errors: tuple[QueryError, ...] = ()

        def accept(exchange: Exchange, lease: Lease) -> Any:
            nonlocal errors
            payload = answers.read(exchange, lease.token)
            errors = answers.query_errors(payload, lease.token)
            if answers.is_query_limit(errors):
                self._pool.exhaust(lease)
                raise _RefusedError
            return None if payload is None else answers.query_data(url, payload, errors)

        exchange, data = self._exchange(
            url, "graphql", lambda lease: self._wire.post(url, document, lease.token), accept
        )
        if not isinstance(data, dict):
            raise HttpError(f"{url}: the server redirects a GraphQL query ({exchange.status}): check github.api_url")
        return replace(answers.answer(exchange, data), errors=errors)

    def _asked(self, address: str, etag: str | None, resource: str) -> tuple[Exchange, Any]:
        return self._exchange(
            address,
            resource,
            lambda lease: self._wire.get(address, lease.token, etag),
            lambda exchange, lease: answers.read(exchange, lease.token),
        )

    def _answer(self, exchange: Exchange, payload: Any, *, moved: bool) -> Answer:
        answer = answers.answer(exchange, payload, moved=moved)
        self.conditional += answer.not_modified
        return answer

    def _state(self, path: str, etag: str | None, known_as: str | None, github_id: int | None) -> RepositoryState:
        try:
            answer = self.get(path, etag=etag)
        except GitHubGoneError as error:
            return RepositoryState("gone", reason=error.reason)
        except (QuotaExhaustedError, GitHubTokensError):
            raise
        except HttpError as error:
            return RepositoryState("unknown", reason=str(error))
        if answer.not_modified:
            return RepositoryState("there", answer=answer)
        read = read_repository(answer.data)
        if isinstance(read, Unreadable):
            return RepositoryState(
                "unknown", reason=f"GitHub's answer is not of its form: {read.reason}", answer=answer
            )
        if github_id not in (None, read.github_id):
            return RepositoryState("unknown", reason="GitHub answered with another repository", answer=answer)
        renamed = known_as is not None and read.full_name.lower() != known_as.lower()
        return RepositoryState("there", read, renamed, answer=answer)

    def _exchange(
        self,
        url: str,
        resource: str,
        send: Callable[[Lease], Exchange],
        accept: Callable[[Exchange, Lease], Any],
    ) -> tuple[Exchange, Any]:
        """Send a request until what came is accepted; give it with what ``accept`` made of it."""
        self._identify()
        tries = _Tries(url, self._limits, refusals=self._limits.attempts + self._pool.size)
        while True:
            lease = self._ready(resource)
            try:
                exchange = self._sent(send, lease)
                self._check_limits(exchange, lease)
                return exchange, accept(exchange, lease)
            except _RefusedError:
                tries.note_refusal()
            except Transient as failure:
                self._clock.sleep(tries.wait_after(failure))

    def _sent(self, send: Callable[[Lease], Exchange], lease: Lease) -> Exchange:
        """Send a request, and count it for its account, whatever comes of it."""
        before = self._wire.requests
        try:
            return send(lease)
        finally:
            self._pool.note_sent(lease, self._wire.requests - before)

    def _ready(self, resource: str) -> Lease:
        """Wait until an account may be used, if that is not too long."""
        lease = self._pool.choose(resource)
        if lease.wait_seconds > self._limits.max_wait_seconds:
            until = self._clock.now() + timedelta(seconds=lease.wait_seconds)
            raise QuotaExhaustedError(
                f"GitHub: the {resource} requests of all {len(self._pool.accounts)} accounts are used up: run the same "
                f"command again after {shown(until)}, which goes on where it was"
            )
        if lease.wait_seconds:
            self._clock.sleep(lease.wait_seconds)
        return lease

    def _check_limits(self, exchange: Exchange, lease: Lease) -> None:
        # GraphQL tells of limits with status 200, too; the answers of REST are long, and say nothing of them.
        may_refuse = exchange.status >= 400 or lease.resource == "graphql"
        said = answers.said(exchange, lease.token) if may_refuse else ""
        if self._pool.learn(lease, exchange.status, exchange.headers, said):
            raise _RefusedError
        # A proxy may want a password, too: that says nothing of the token.
        if exchange.status == 401 and answers.is_json(exchange) and lease.token is not None:
            self._pool.drop(lease)
            raise _RefusedError

    def _identify(self) -> None:
        """Ask whose the tokens are, once: those of one account share its budgets."""
        for lease in self._pool.unknown():
            account = None
            try:
                exchange = self._sent(lambda one: self._wire.get(self.url("/user"), one.token), lease)
                self._check_limits(exchange, lease)
                payload = answers.read(exchange, lease.token)
                login = payload.get("login") if isinstance(payload, dict) else None
                account = login if isinstance(login, str) and re.fullmatch(r"[\w\[\].-]{1,100}", login) else None
            except (Transient, HttpError, _RefusedError):
                # A token of an app has no user; whatever else is wrong shows when it is used.
                pass
            self._pool.identify(lease, account)


class _RefusedError(Exception):
    """The request was refused because of a limit or its token; the pool knows."""


class _Tries:
    """Counts what became of a request, and says when it is enough."""

    def __init__(self, url: str, limits: GitHubLimits, *, refusals: int) -> None:
        self._url = url
        self._limits = limits
        self._refusals_left = refusals
        self._failures = 0

    def note_refusal(self) -> None:
        """Count a refusal, which the pool knows how long to wait after."""
        self._refusals_left -= 1
        if self._refusals_left <= 0:
            raise HttpError(f"{self._url}: GitHub says again and again that a limit is exceeded: try again later")

    def wait_after(self, failure: Transient) -> float:
        """Count a failure, and give the seconds to wait before the next try."""
        self._failures += 1
        wait = failure.wait
        if self._failures >= self._limits.attempts or (wait or 0) > self._limits.max_wait_seconds:
            times = f"{self._failures} time{'s' if self._failures > 1 else ''}"
            raise HttpError(
                f"{self._url}: {failure.reason}; tried {times}: check the network, or try again later"
            ) from None
        return (
            min(_FIRST_BACKOFF_SECONDS * 2 ** (self._failures - 1), _LONGEST_BACKOFF_SECONDS) if wait is None else wait
        )
