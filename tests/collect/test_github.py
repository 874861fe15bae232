"""Requests to GitHub end in an answer that is one, or an error that says what to do; no token is ever shown."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.clocks import START, PretendClock
from support.scripted import Handler, said
from support.scripted import Script as Scripted

from miner.collect import httpwatch
from miner.collect.github import GitHubClient, GitHubLimits, RepositoryState
from miner.collect.githubtokens import TokenPool
from miner.collect.http import USER_AGENT
from miner.errors import (
    GitHubGoneError,
    GitHubTokensError,
    HttpError,
    Interrupted,
    MinerError,
    QuotaExhaustedError,
)

ONE, TWO = "ghp_firstSecret1", "ghp_secondSecret2"
NOW = int(START.timestamp())
FULL = {"x_ratelimit_limit": 5000, "x_ratelimit_remaining": 4999, "x_ratelimit_reset": NOW + 3600}
USED_UP = FULL | {"x_ratelimit_remaining": 0, "x_ratelimit_reset": NOW + 600}
PRIMARY = said({"message": "API rate limit exceeded for user ID 1."}, 403, **USED_UP)
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
HTML = b"<html><body>Whoa there! You have exceeded a limit</body></html>"
REPOSITORY = {
    "id": 7,
    "full_name": "keras-team/keras",
    "html_url": "https://github.com/keras-team/keras",
    "clone_url": "https://github.com/keras-team/keras.git",
    "default_branch": "master",
    "private": False,
    "fork": False,
    "archived": False,
    "stargazers_count": 3,
    "created_at": "2015-03-28T00:35:42Z",
    "pushed_at": "2024-03-01T00:00:00Z",
    "topics": ["deep-learning"],
    "description": None,
    "license": {"spdx_id": "Apache-2.0"},
}

Answer = Callable[[Handler], Any]
Connect = Callable[..., GitHubClient]


class Seen(NamedTuple):
    """A request as it was when it came."""

    command: str
    path: str
    headers: Message
    document: Any


class RecordingHandler(Handler):
    """A request that may bring a document."""

    def do_GET(self) -> None:  # noqa: N802 - the name is the library's
        """Do what the script says."""
        self.see(None)

    def do_POST(self) -> None:  # noqa: N802 - the name is the library's
        """Read the document, and do what the script says."""
        self.see(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def see(self, document: Any) -> None:
        """Note the request: the next one on the same connection has the same handler."""
        self.server.script.seen.append(Seen(self.command, self.path, self.headers, document))  # type: ignore[attr-defined]
        super().do_GET()


class Script(Scripted):
    """A script that notes what it was asked, and takes POST."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(*answers)
        self.seen: list[Seen] = []
        self._listener.RequestHandlerClass = RecordingHandler


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often whether a silent server is to be left."""
    monkeypatch.setattr(httpwatch, "_SLICE_SECONDS", 0.01)


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def connect(clock: PretendClock, warnings: list[str]) -> Iterator[Connect]:
    made: list[GitHubClient] = []

    def give(url: str, *tokens: str, stopped: Callable[[], bool] = lambda: False, **limits: float) -> GitHubClient:
        values = {"timeout_seconds": 20, "attempts": 3, "max_response_bytes": 100_000} | limits
        pool = TokenPool(tokens, clock, warnings.append)
        made.append(GitHubClient(url, pool, GitHubLimits(**values), clock, stopped))  # type: ignore[arg-type]
        return made[-1]

    yield give
    for client in made:
        client.close()


def user(login: str) -> Answer:
    return said({"login": login, "id": 1}, **FULL)


def page(body: bytes, status: int, content_type: str = "text/html", **headers: Any) -> Answer:
    return lambda request: request.reply(body, status, content_type, **headers)


def moved(status: int, location: str) -> Answer:
    return lambda request: request.reply(b'{"message": "Moved Permanently"}', status, location=location)


def cut(request: Handler) -> None:
    request.head(content_type="application/json", content_length=100)
    request.wfile.write(b'{"a":')
    request.close_connection = True


def hang_up(request: Handler) -> None:
    request.close_connection = True


def tokens_of(script: Script) -> list[str | None]:
    return [request.headers["Authorization"] for request in script.seen]


def test_request_says_who_asks(connect: Connect) -> None:
    """Each request carries the user agent, the version of the API and the token; parameters come in one order."""
    with Script(said({"items": []}, etag='W/"abc"', **FULL)) as server:
        answer = connect(server.url, ONE).get("/search/repositories", {"q": "topic:keras stars:>=5", "page": 2})
        request = server.seen[0]
    assert request.headers["User-Agent"] == USER_AGENT
    assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert request.headers["Accept"] == "application/vnd.github+json"
    assert request.headers["Authorization"] == f"token {ONE}"
    assert request.path == "/search/repositories?page=2&q=topic%3Akeras+stars%3A%3E%3D5"
    assert (answer.data, answer.etag, answer.not_modified) == ({"items": []}, 'W/"abc"', False)
    assert answer.response.url == server.url + request.path
    assert answer.response.body == b'{"items": []}'
    assert (answer.response.source, answer.response.fetched_at) == ("github", START)


def test_prefix_of_the_address_is_kept(connect: Connect) -> None:
    """An API below a path (GitHub Enterprise) is asked there, its GraphQL beside it, and next pages, too."""
    link = '<{}/api/v3/x?page=2>; rel="next", <{}/api/v3/x?page=9>; rel="last"'
    script = Script()
    script.answers = (
        said([1], link=link.format(script.url, script.url)),
        said([2]),
        said({"data": {"a": 1}}),
    )
    with script as server:
        client = connect(f"{server.url}/api/v3/", ONE)
        first = client.get("/x")
        assert first.next_url is not None
        assert client.get(first.next_url).data == [2]
        client.graphql("{a}", {})
        assert [request.path for request in server.seen] == ["/api/v3/x", "/api/v3/x?page=2", "/api/graphql"]


def test_next_page_elsewhere_is_not_asked(connect: Connect) -> None:
    """A next page on another host would get the token: it is refused before anything is sent."""
    with Script(said([])) as server:
        client = connect(server.url, ONE)
        for address in ("https://evil.example/x", f"{server.url}0/x", "http://[/x"):
            with pytest.raises((HttpError, ValueError), match=r"not asked|Invalid"):
                client.get(address)
        assert server.seen == []


def test_bytes_are_kept_as_they_came(connect: Connect) -> None:
    """The body is stored as it came, whatever character set the server names."""
    body = '{"a": "ü"}'.encode()
    with Script(page(body, 200, "application/json; charset=latin-1")) as server:
        answer = connect(server.url).get("/x")
    assert (answer.response.body, answer.data) == (body, {"a": "ü"})


def test_netrc_and_cookies_are_not_used(connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a password of .netrc nor a cookie of an earlier answer is sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = SimpleCookie({"session": "1"})["session"].OutputString()
    with Script(said({}, set_cookie=cookie)) as server:
        client = connect(server.url)
        client.get("/x")
        client.get("/x")
        assert tokens_of(server) == [None, None]
        assert server.seen[1].headers["Cookie"] is None


def test_not_modified(connect: Connect) -> None:
    """With an ETag the server may say that nothing changed: there is no data then, and it is counted."""
    with Script(lambda request: request.head(304, etag='"a"', **FULL)) as server:
        client = connect(server.url, ONE)
        answer = client.get("/x", etag='"a"')
        assert server.seen[0].headers["If-None-Match"] == '"a"'
    assert (answer.not_modified, answer.data, answer.etag) == (True, None, '"a"')
    assert (client.requests, client.conditional) == (1, 1)


def test_etag_that_is_no_header_is_left_out(connect: Connect) -> None:
    """An ETag that cannot be a header is not sent."""
    with Script(said({})) as server:
        connect(server.url).get("/x", etag='"a"\r\nX-Evil: 1')
        assert server.seen[0].headers["If-None-Match"] is None


@pytest.mark.parametrize("status", [200, 403, 404, 451, 500, 502])
def test_html_page_is_never_data(connect: Connect, clock: PretendClock, status: int) -> None:
    """A page of HTML is tried again, whatever its status; in the end it is an error, and says nothing of the item."""
    with Script(page(HTML, status)) as server:
        with pytest.raises(HttpError, match="tried 3 times") as caught:
            connect(server.url, ONE).get("/x")
        assert not isinstance(caught.value, GitHubGoneError)
        assert len(server.seen) == 3
    assert clock.slept == [2, 4]


@pytest.mark.parametrize(
    "failure",
    [
        page(b'{"message": "Server Error"}', 500, "application/json"),
        page(b"{", 200, "application/json"),
        page(b"", 200, "application/json"),
        page(b"[" * 90_000, 200, "application/json"),
        page(b"{}", 202, "application/json"),
        cut,
        hang_up,
        page(b"\x1f\x8b", 200, "application/json", content_encoding="gzip"),
        said({}, x_ratelimit_remaining="nan", x_ratelimit_limit="inf", status=503),
    ],
    ids=["500", "no-json", "empty", "deep", "202", "cut-off", "closed", "bad-gzip", "wild-headers"],
)
def test_failure_is_tried_again(connect: Connect, clock: PretendClock, failure: Answer) -> None:
    """What may be over soon is tried again after a pause, by our clock."""
    with Script(failure, said({"a": 1})) as server:
        assert connect(server.url, ONE).get("/x").data == {"a": 1}
        assert len(server.seen) == 2
    assert clock.slept == [2]


def test_server_says_how_long_it_is_down(connect: Connect, clock: PretendClock) -> None:
    """Retry-After of a server that is down is kept to; one that is too long is an error."""
    down = page(b"{}", 503, "application/json", retry_after=17)
    with Script(down, said({}), down) as server:
        connect(server.url).get("/x")
        with pytest.raises(HttpError, match="status 503; tried 1 time:"):
            connect(server.url, max_wait_seconds=10).get("/x")
    assert clock.slept == [17]


def test_primary_limit_turns_to_another_account(connect: Connect, clock: PretendClock) -> None:
    """When an account's budget is used up the next one serves, and goes on serving; nobody waits."""
    answers = (user("ann"), user("bob"), said({}, **FULL), PRIMARY, said({}, **FULL))
    with Script(*answers) as server:
        client = connect(server.url, ONE, TWO)
        for _ in range(3):
            client.get("/x")
        assert [request.path for request in server.seen[:2]] == ["/user", "/user"]
        assert tokens_of(server)[2:] == [f"token {ONE}"] * 2 + [f"token {TWO}"] * 2
    assert clock.slept == []
    assert client.budgets()["ann", "core"].remaining == 0
    assert client.budgets()["bob", "core"].remaining == 4999
    assert client.sent() == {("ann", "core"): 3, ("bob", "core"): 3}


def test_what_is_sent_again_counts_each_time(connect: Connect) -> None:
    """Whatever becomes of a request, it was sent; what is not sent does not count."""
    with Script(hang_up, cut, said({})) as server:
        client = connect(server.url, ONE)
        client.get("/x")
        with pytest.raises(HttpError, match="no address"):
            client.get("http://elsewhere.test/x")
        assert client.sent() == {("token 1", "core"): 3}
        assert client.requests == len(server.seen) == 3


def test_tokens_of_one_account_share_its_budget(connect: Connect, clock: PretendClock) -> None:
    """Two tokens of one account are no two budgets: the reset is waited for, by our clock."""
    with Script(user("ann"), user("ann"), PRIMARY, said({"a": 1}, **FULL)) as server:
        assert connect(server.url, ONE, TWO).get("/x").data == {"a": 1}
    assert clock.slept == [601]


def test_budget_that_the_last_answer_used_up_is_waited_for(connect: Connect, clock: PretendClock) -> None:
    """A request that would be refused is not sent: with 0 remaining the reset comes first. Searches count apart."""
    with Script(said({}, **USED_UP), said({})) as server:
        client = connect(server.url, ONE)
        client.get("/x")
        client.get("/search/commits")
        assert clock.slept == []
        client.get("/x")
    assert clock.slept == [601]


def test_quota_that_comes_back_too_late(connect: Connect) -> None:
    """A reset beyond the longest wait ends the run with an error that says when to come back."""
    with (
        Script(PRIMARY) as server,
        pytest.raises(QuotaExhaustedError, match=r"core requests .* after 2024-03-01 12:11 UTC"),
    ):
        connect(server.url, ONE, max_wait_seconds=60).get("/x")


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_bars_an_account(connect: Connect, clock: PretendClock, status: int) -> None:
    """A secondary limit with Retry-After bars the account so long, for every resource; another serves meanwhile."""
    refusal = said(SECONDARY, status, retry_after=90, **FULL)
    with Script(user("ann"), user("bob"), refusal, said({}), refusal, said({})) as server:
        client = connect(server.url, ONE, TWO)
        client.get("/x")
        client.get("/search/code")
        assert tokens_of(server)[2:] == [f"token {token}" for token in (ONE, TWO, TWO, TWO)]
    assert clock.slept == [90]


@pytest.mark.parametrize(
    "refusal",
    [
        said(SECONDARY, 403, **FULL),
        said(SECONDARY, 429, **FULL),
        said({"message": "Too many requests"}, 429),
        page(HTML, 429),
        said({"message": "API rate limit exceeded"}, 403),
        said({"message": "API rate limit exceeded"}, 403, **USED_UP | {"x_ratelimit_reset": NOW - 5}),
    ],
    ids=["secondary-403", "secondary-429", "429", "429-html", "primary-without-reset", "primary-with-old-reset"],
)
def test_limit_that_does_not_say_how_long(connect: Connect, clock: PretendClock, refusal: Answer) -> None:
    """Without a time a limit is waited for a minute at first, and twice as long each time that it comes back."""
    with Script(refusal, refusal, said({"a": 1})) as server:
        assert connect(server.url, ONE).get("/x").data == {"a": 1}
    assert clock.slept == [60, 120]


def test_limit_without_end(connect: Connect) -> None:
    """A server that always refuses is given up."""
    with (
        Script(said(SECONDARY, 403, retry_after=0)) as server,
        pytest.raises(HttpError, match="again and again"),
    ):
        connect(server.url, ONE).get("/x")


def test_refusal_that_is_no_limit(connect: Connect) -> None:
    """A 403 that names no limit is told in GitHub's words, at once, and without the token that it may quote."""
    with Script(said({"message": f"Resource not accessible by {ONE}"}, 403, **FULL)) as server:
        with pytest.raises(HttpError, match=r"status 403: Resource not accessible by \*\*\*"):
            connect(server.url, ONE).get("/x")
        assert len(server.seen) == 1


def test_query_that_github_cannot_search(connect: Connect) -> None:
    """A 422 is told in GitHub's own words, on one line."""
    body = {"message": "Validation Failed", "errors": [{"message": "The search is longer\nthan 256 characters."}]}
    with Script(said(body, 422)) as server, pytest.raises(HttpError, match=r"Validation Failed; The search is longer"):
        connect(server.url).get("/search/commits", {"q": "x"})


def test_bad_token_is_dropped(connect: Connect, warnings: list[str]) -> None:
    """A token that is refused is used no more; the warning names its position, and the others serve."""
    bad = said({"message": "Bad credentials"}, 401)
    with Script(bad, user("bob"), said({"a": 1})) as server:
        assert connect(server.url, ONE, TWO).get("/x").data == {"a": 1}
        assert tokens_of(server)[-1] == f"token {TWO}"
    assert warnings == ["GitHub does not accept token 1 of 2: it is expired, revoked or wrong"]


def test_all_tokens_bad(connect: Connect) -> None:
    """With no good token left nothing is asked anonymously behind the user's back."""
    with Script(said({"message": "Bad credentials"}, 401)) as server:
        client = connect(server.url, ONE)
        for _ in range(2):
            with pytest.raises(GitHubTokensError, match="MINER_GITHUB__TOKENS"):
                client.get("/x")
        assert len(server.seen) == 1


def test_401_of_a_proxy_drops_no_token(connect: Connect, warnings: list[str]) -> None:
    """A page of HTML with status 401 is a proxy's: the token stays."""
    with Script(page(HTML, 401), said({"a": 1})) as server:
        assert connect(server.url, ONE).get("/x").data == {"a": 1}
    assert warnings == []


def test_without_token(connect: Connect, warnings: list[str]) -> None:
    """Without a token requests go out anonymously, and it is said once that this is slow; GraphQL is refused."""
    with Script(said({})) as server:
        client = connect(server.url)
        client.get("/x")
        client.get("/x")
        assert tokens_of(server) == [None, None]
        with pytest.raises(GitHubTokensError, match="GraphQL"):
            client.graphql("{a}", {})
    assert len(warnings) == 1
    assert "60 requests an hour" in warnings[0]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_on_the_same_host_is_followed(connect: Connect, status: int) -> None:
    """A renamed repository is found where it is now; the answer tells that it moved."""
    script = Script()
    script.answers = (moved(status, f"{script.url}/repositories/7?a=1"), said(REPOSITORY))
    with script as server:
        state = connect(server.url, ONE).repository(7, known_as="fchollet/keras")
        assert server.seen[1].path == "/repositories/7?a=1"
        assert tokens_of(server) == [f"token {ONE}"] * 2
    assert (state.availability, state.renamed) == ("there", True)
    assert state.answer is not None
    assert state.answer.moved


@pytest.mark.parametrize(
    "location", ["https://evil.example/x", "//evil.example/x", "https://127.0.0.1/x", "http://[/x", ""]
)
def test_redirect_elsewhere_is_refused(connect: Connect, location: str) -> None:
    """Another host, port or scheme would get the token: it is not followed. Nor is a circle, for ever."""
    with Script(moved(301, location)) as server, pytest.raises(HttpError, match="redirects"):
        connect(server.url, ONE).get("/x")


@pytest.mark.parametrize(("status", "reason"), [(404, "404"), (410, "410"), (451, "451")])
def test_gone(connect: Connect, status: int, reason: str) -> None:
    """A repository that is deleted, private or taken down is gone, and the reason is kept."""
    with Script(said({"message": "Not Found"}, status, **FULL)) as server:
        client = connect(server.url, ONE)
        assert client.repository(7) == RepositoryState("gone", reason=reason)
        with pytest.raises(GitHubGoneError, match=str(status)):
            client.get("/repositories/7")


def test_blocked(connect: Connect) -> None:
    """A repository that GitHub disabled is gone, although the status is 403."""
    with Script(said({"message": "Repository access blocked", "block": {"reason": "tos"}}, 403, **FULL)) as server:
        assert connect(server.url, ONE).repository(7) == RepositoryState("gone", reason="403 blocked")


def test_repository_there(connect: Connect) -> None:
    """A repository is read by its number; its present name tells whether it was renamed."""
    with Script(said(REPOSITORY, etag='"e"')) as server:
        client = connect(server.url)
        state = client.repository(7, known_as="fchollet/keras")
        assert server.seen[0].path == "/repositories/7"
        assert not client.repository(7, known_as="Keras-Team/keras").renamed
    assert state.repository is not None
    assert (state.availability, state.renamed, state.repository.full_name) == ("there", True, "keras-team/keras")


def test_repository_not_modified(connect: Connect) -> None:
    """A repository that did not change is there."""
    with Script(lambda request: request.head(304)) as server:
        state = connect(server.url).repository(7, '"e"')
    assert (state.availability, state.repository) == ("there", None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(HTML, 404), "content type 'text/html'"),
        (said(REPOSITORY | {"id": 8}), "another repository"),
        (said([1]), "no object"),
        (said({"message": "Forbidden"}, 403), "Forbidden"),
    ],
    ids=["html", "other", "malformed", "forbidden"],
)
def test_unknown(connect: Connect, answer: Answer, reason: str) -> None:
    """Where GitHub's answer says nothing of a repository, it is neither there nor gone."""
    with Script(answer) as server:
        state = connect(server.url).repository(7)
    assert state.availability == "unknown"
    assert reason in state.reason


def test_quota_says_nothing_of_a_repository(connect: Connect) -> None:
    """An exhausted quota ends the run; it makes no repository unknown."""
    with Script(PRIMARY) as server, pytest.raises(QuotaExhaustedError):
        connect(server.url, max_wait_seconds=1).repository(7)


def test_graphql(connect: Connect) -> None:
    """A query is sent with its variables; what is not found costs its alias alone, and the rest is data."""
    errors = [{"type": "NOT_FOUND", "path": ["b"], "message": "Could not resolve to a Repository"}]
    with Script(said({"data": {"a": {"id": 1}, "b": None}, "errors": errors}, **FULL)) as server:
        client = connect(server.url, ONE)
        answer = client.graphql("query($x: Int) {a}", {"x": 1})
        request = server.seen[0]
        assert (request.command, request.path) == ("POST", "/graphql")
        assert request.document == {"query": "query($x: Int) {a}", "variables": {"x": 1}}
    assert answer.data == {"a": {"id": 1}, "b": None}
    assert [(error.alias, error.kind) for error in answer.errors] == [("b", "NOT_FOUND")]
    assert client.budgets()["token 1", "graphql"].remaining == 4999


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        (said({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, **USED_UP), 601),
        (said({"data": None, "errors": [{"type": "RATE_LIMITED"}]}), 60),
        (said(SECONDARY, 200), 60),
        (said({"data": None, "errors": [{"message": SECONDARY["message"]}]}, retry_after=33), 33),
        (said({"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}), 2),
    ],
    ids=["primary", "primary-without-reset", "secondary", "secondary-retry-after", "internal"],
)
def test_graphql_limits_come_with_status_200(connect: Connect, clock: PretendClock, refusal: Answer, wait: int) -> None:
    """Limits and failures of GraphQL come with status 200: they are waited for all the same."""
    with Script(refusal, said({"data": {"a": 1}}, **FULL)) as server:
        assert connect(server.url, ONE).graphql("{a}", {}).data == {"a": 1}
    assert clock.slept == [wait]


@pytest.mark.parametrize(
    "answer",
    [
        said({"data": None, "errors": [{"message": "Parse error on ONE"}]}),
        said({"errors": [{"message": "Field 'x' doesn't exist", "path": ["query", 1]}]}),
        said({"data": {"a": 1}, "errors": ["?"]}),
        moved(307, "/graphql2"),
    ],
    ids=["parse", "field", "no-object", "moved"],
)
def test_graphql_query_that_is_wrong(connect: Connect, answer: Answer) -> None:
    """A query that GitHub does not take is told at once."""
    with Script(answer) as server:
        with pytest.raises(HttpError, match="query"):
            connect(server.url, ONE).graphql("{a}", {})
        assert len(server.seen) == 1


def test_answer_that_is_too_long(connect: Connect) -> None:
    """An answer over the bound is not read to its end, also where it is short and unpacks to a long one."""
    with (
        Script(said("x" * 2_000_000)) as server,
        pytest.raises(HttpError, match=r"longer than 100,000 bytes; raise github\.max_response_bytes"),
    ):
        connect(server.url).get("/x")


def test_silent_server(connect: Connect) -> None:
    """A server that says nothing is left after the time that is allowed."""
    with Script(Handler.give_up) as server, pytest.raises(HttpError, match="took too long"):
        connect(server.url, timeout_seconds=1, attempts=1).get("/x")


def test_no_server(connect: Connect) -> None:
    """Where there is no server, the error says so after some tries."""
    with pytest.raises(HttpError, match=r"the connection failed .* tried 3 times"):
        connect("http://127.0.0.1:9").get("/x")


def test_stop(connect: Connect) -> None:
    """A stop that is asked for ends a request before it is sent."""
    with Script(said({})) as server:
        with pytest.raises(Interrupted):
            connect(server.url, stopped=lambda: True).get("/x")
        assert server.seen == []


@pytest.mark.parametrize(
    "answer",
    [
        said({"message": f"Bad {ONE}"}, 400),
        said({"message": f"Not {ONE}"}, 404),
        said({"message": f"Bad credentials {ONE}"}, 401),
        page(ONE.encode(), 500),
        moved(301, "https://evil.example/"),
        cut,
        said({"x": "y" * 200_000}),
    ],
    ids=["400", "404", "401", "500", "moved", "cut", "long"],
)
def test_token_is_never_shown(
    connect: Connect, caplog: pytest.LogCaptureFixture, warnings: list[str], answer: Answer
) -> None:
    """No error, warning, log record or repr holds a token, nor does the error that caused another."""
    for name in ("", "github", "github.Requester"):
        caplog.set_level(logging.DEBUG, name)
    with Script(answer) as server:
        client = connect(server.url, ONE)
        with pytest.raises(MinerError) as caught:
            client.get("/x")
    shown = "".join(traceback.format_exception(caught.value)) + repr(client._pool.__dict__) + "".join(warnings)
    causes: BaseException | None = caught.value
    while causes is not None:
        shown += repr(causes) + repr(causes.__dict__)
        causes = causes.__context__
    assert ONE not in shown
    assert all(ONE not in record.getMessage() for record in caplog.records)
