"""A strict GitHub over real HTTP on loopback: REST, GraphQL and git.

    with GitHub(hub, clock=clock, tokens={"secret": "someone"}) as server:
        ...  # a client of server.url, and of server.clone_url
    assert server.violations == []

It does what https://docs.github.com/rest says, and is never kinder than that: a client that breaks a rule gets GitHub's
error, and what it did is in ``violations``.

From the documentation: paths, pages, limits, headers, conditional requests, redirects. Seen by others: the texts of
errors; an ETag holds for one token alone; git asks for a password where there is no repository (``git_asks``). Assumed:
an incomplete search gives the first half of what it would find.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from threading import RLock, Thread
from types import TracebackType
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from servers import faults as common_faults
from servers import github_faults, github_git, github_schema
from servers.github_data import Hub
from servers.github_limits import ANONYMOUS, Allowance, Clock, Hold, Limits, SystemClock
from servers.github_rest import Answer, Rest
from servers.github_wire import Handler, Listener, Request, Sent

SECONDARY_DOCS = "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api"
MISSING_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
    "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required)."
)
_BARE_OFFSET = re.compile(r"T\d\d:\d\d(:\d\d)?\+\d")


class GitHub:
    """The server; it runs while its context is open.

    ``tokens`` are the accounts of tokens. ``limits`` and ``anonymous_limits`` replace allowances by resource. With
    ``validate`` each answer is checked against GitHub's description; what is wrong is a violation. ``limit_status`` is
    403 or 429, both of which GitHub uses. A slow fault ends after ``patience`` real seconds.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        clock: Clock | None = None,
        tokens: Mapping[str, str] | None = None,
        limits: Mapping[str, Allowance] | None = None,
        anonymous_limits: Mapping[str, Allowance] | None = None,
        limit_status: int = 403,
        faults: github_faults.Schedule = github_faults.never,
        validate: bool = False,
        patience: float = 30,
        port: int = 0,
    ) -> None:
        self.hub = hub
        self.tokens = dict(tokens or {})
        self.clock = clock or SystemClock()
        self.limits = Limits(self.clock)
        self.limits.with_token = {**self.limits.with_token, **(limits or {})}
        self.limits.without_token = {**self.limits.without_token, **(anonymous_limits or {})}
        self.limit_status = limit_status
        self.faults = faults
        self.validate = validate
        self.patience = patience
        self.requests: list[Request] = []
        # Called with each request before it is answered: here the hub may change between two pages.
        self.before: Callable[[Request], object] = lambda _request: None
        # Whether git asks for a password, as it does at GitHub, rather than say that there is no repository.
        self.git_asks = False
        # What the classic tokens of an account may do, by account; one that is not here is a fine-grained one.
        self.scopes: dict[str, str] = {}
        self._lock = RLock()
        self._listener = Listener(self, port)
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})
        self.rest = Rest(hub, self.url, self.clone_url, self.limits)

    @property
    def url(self) -> str:
        """Where the API is: what a client has for ``https://api.github.com``."""
        return f"http://127.0.0.1:{self._listener.server_port}"

    @property
    def clone_url(self) -> str:
        """Where repositories are cloned from, with ``{owner}`` and ``{name}``."""
        return f"{self.url}{github_git.PREFIX}{{owner}}/{{name}}.git"

    def renew(self) -> None:
        """Be as a server that was just started; what was broken of its rules stays."""
        with self._lock:
            self.requests.clear()
            self.faults = lambda _number: ""
            self.limits.renew()

    @property
    def violations(self) -> list[str]:
        """The rules that were broken, in words."""
        return self.limits.violations

    def __enter__(self) -> GitHub:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()

    def secondary(
        self, *, status: int = 403, retry_after: int | None = 60, times: int = 1, account: str | None = None
    ) -> None:
        """Have the next requests, of one account or of any, meet a secondary limit."""
        with self._lock:
            self.limits.plan(Hold(status, retry_after), times, account)

    def set_remaining(self, account: str, resource: str, remaining: int) -> None:
        """Leave so much of an account's budget; "" is the account of those without a token."""
        with self._lock:
            self.limits.set_remaining(account, resource, remaining)

    def incomplete(self, *, next_searches: int = 0, longer_than_days: float | None = None) -> None:
        """Have the next searches be incomplete, and all whose dates span more days than that."""
        with self._lock:
            self.rest.incomplete_next, self.rest.incomplete_days = next_searches, longer_than_days

    def count(self, resource: str = "", **fields: object) -> int:
        """Give how many requests there were, of one resource and with these fields."""
        wanted = {**({"resource": resource} if resource else {}), **fields}
        return sum(all(getattr(request, name) == value for name, value in wanted.items()) for request in self.requests)

    def report(self) -> dict[str, Any]:
        """Give what was asked for and what was broken."""
        with self._lock:
            return {"requests": [asdict(request) for request in self.requests], "violations": list(self.violations)}

    def answer(self, handler: Handler, body: bytes = b"") -> None:
        """Answer one request to the API."""
        sent = Sent(
            handler.command, handler.path, {name.title(): value for name, value in handler.headers.items()}, body
        )
        account = self.tokens.get(sent.token or "", ANONYMOUS)
        self.limits.enter(account)
        try:
            with self._lock:
                request = self._log(sent, account)
                self.before(request)
                answer = self._decide(request, sent)
        finally:
            # Before the answer is sent: the client may send its next request as soon as it has the last byte.
            self.limits.leave(account)
        self._send(handler, request, answer)

    def answer_git(self, handler: Handler) -> None:
        """Answer one request of git."""
        parts = urlsplit(handler.path)
        asked = github_git.target(unquote(parts.path))
        with self._lock:
            request = Request(len(self.requests) + 1, handler.command, parts.path, {}, ANONYMOUS, "git")
            self.requests.append(request)
            self.before(request)
            found, former = self.hub.find(asked.full_name) if asked else (None, False)
        if asked is None or found is None or found.private or found.path is None:
            request.status = 401 if self.git_asks else 404
            more = {"WWW-Authenticate": 'Basic realm="GitHub"'} if self.git_asks else {}
            handler.plain(request.status, b"Repository not found.", more)
        elif found.blocked:
            request.status = 451 if found.blocked == "dmca" else 403
            handler.plain(request.status, b"Repository unavailable.", {})
        elif former:
            request.status = 301
            handler.plain(301, b"", {"Location": asked.renamed(self.url, found.full_name, parts.query)})
        else:
            request.status = github_git.serve(handler, found.path, asked.service)

    def _log(self, sent: Sent, account: str) -> Request:
        request = Request(
            number=sum(one.resource != "git" for one in self.requests) + 1,
            method=sent.method,
            path=sent.path,
            query=sent.query,
            account=account,
            resource=_resource(sent.path),
            conditional="If-None-Match" in sent.headers,
            time=self.clock.now().timestamp(),
        )
        self.requests.append(request)
        return request

    def _decide(self, request: Request, sent: Sent) -> Answer:
        """Give the answer that is due, and note in the log which fault is played instead."""
        self._check_manners(request, sent)
        refused = self._refused(request, sent)
        if refused:
            return self._finished(request, refused)
        request.fault = self.faults(request.number)
        answer = self.rest.answer(sent.method, sent.path, sent.query, sent.body, request.account)
        self.violations.extend(answer.violations)
        answer = self._tagged(sent, answer)
        free = answer.status == 304 and request.account != ANONYMOUS
        if not free and sent.path != "/rate_limit":
            request.cost = answer.cost
            self.limits.use(request.account, request.resource, answer.cost)
        return self._finished(request, answer)

    def _check_manners(self, request: Request, sent: Sent) -> None:
        named = f"{request.method} {request.path}"
        for header in ("User-Agent", "Accept"):
            if not sent.headers.get(header):
                self.violations.append(f"{named} has no {header}")
        if _BARE_OFFSET.search(sent.target):
            self.violations.append(f"{named} has a + that is not encoded: it means a space")

    def _refused(self, request: Request, sent: Sent) -> Answer | None:
        """Give the answer to a request that is not looked at."""
        account, resource = request.account, request.resource
        if not sent.headers.get("User-Agent"):
            return Answer.error(403, MISSING_AGENT)
        if sent.token is not None and sent.token not in self.tokens:
            self.limits.use(ANONYMOUS, "core")
            return Answer.error(401, "Bad credentials")
        hold = self.limits.secondary(account)
        if hold:
            text = (
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you "
                f"reach out to GitHub Support for help, please include the request ID {_request_id(request)}."
            )
            headers = {} if hold.retry_after is None else {"Retry-After": str(hold.retry_after)}
            docs = f"{SECONDARY_DOCS}#about-secondary-rate-limits"
            return Answer.error(hold.status, text, docs, headers)
        if resource == "graphql" and not account:
            return Answer.error(401, "This endpoint requires you to be authenticated.")
        if sent.path != "/rate_limit" and self.limits.exhausted(account, resource):
            return self.rest.limited(account, resource, self.limit_status)
        return None

    def _tagged(self, sent: Sent, answer: Answer) -> Answer:
        """Give an answer its ETag, or 304 in its place."""
        if sent.method != "GET" or answer.status != 200 or sent.path == "/rate_limit":
            return answer
        digest = hashlib.sha256(str(sent.token).encode() + b"\n" + answer.data).hexdigest()
        tag = f'W/"{digest}"'
        headers = {**answer.headers, "ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        same = tag in [one.strip() for one in sent.headers.get("If-None-Match", "").split(",")]
        return Answer(304 if same else 200, None if same else answer.body, headers, answer.route, answer.cost)

    def _finished(self, request: Request, answer: Answer) -> Answer:
        """Give an answer the headers that all have, and check it."""
        request.status = answer.status
        always = {
            **self.limits.headers(request.account, request.resource),
            "X-GitHub-Request-Id": _request_id(request),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, X-Requested-With",
        }
        if request.account in self.scopes:
            always["X-OAuth-Scopes"] = self.scopes[request.account]
        answer.headers = {**always, **answer.headers}
        if self.validate and answer.body is not None and answer.route != "/graphql":
            self.violations.extend(github_schema.errors(answer.route, answer.status, answer.body))
        return answer

    def _send(self, handler: Handler, request: Request, answer: Answer) -> None:
        limits = cast("Any", _Held(self, request.account))
        exchange = common_faults.Exchange(
            handler, cast("Any", request), answer.status, answer.data, limits, self.patience
        )
        if request.fault:
            request.status = 0
            github_faults.play(request.fault, exchange)
            return
        handler.extra = answer.headers
        if answer.status == 304:
            exchange.head(304)
        elif "gzip" in handler.headers.get("Accept-Encoding", ""):
            exchange.zipped(answer.status, answer.data)
        else:
            exchange.send(answer.status, answer.data)


@dataclass
class _Held:
    """Lets a fault keep an account away."""

    server: GitHub
    account: str

    def hold(self, seconds: int) -> None:
        """Take any request before so many seconds for a violation."""
        self.server.limits.hold(self.account, Hold(429, seconds))


def _resource(path: str) -> str:
    if path == "/graphql":
        return "graphql"
    if path == "/search/code":
        return "code_search"
    return "search" if path.startswith("/search/") else "core"


def _request_id(request: Request) -> str:
    return f"CAFE:{request.number:04X}:1:2:3"
