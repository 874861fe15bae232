"""The server that stands for GitHub counts as GitHub does, and notices who breaks its rules."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest
import requests
from support.clocks import PretendClock

from servers.github import GitHub
from servers.github_client import Client
from servers.github_data import Hub
from servers.github_limits import Allowance

TOKENS = {"one": "ada", "two": "ada", "three": "bob"}
PATH = "/repos/ada/vision"


@pytest.fixture
def clock() -> PretendClock:
    return PretendClock()


@pytest.fixture
def server(clock: PretendClock) -> Iterator[GitHub]:
    hub = Hub()
    hub.add_repository("ada", "vision")
    with GitHub(hub, clock=clock, tokens=TOKENS, validate=True) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def client(server: GitHub, session: requests.Session) -> Client:
    return Client(server, session, "one")


def test_all_answers_tell_the_budget(client: Client, clock: PretendClock) -> None:
    """Limit, remaining, used, resource and the time of the reset are in the headers of errors too."""
    head = client.send("/repos/no/where").headers
    reset = int(clock.now().timestamp()) + 3600
    told = [head[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Used", "Resource", "Reset")]
    assert told == ["5000", "4999", "1", "core", str(reset)]
    assert head["X-GitHub-Request-Id"]
    assert head["X-GitHub-Media-Type"] == "github.v3; format=json"
    assert head["Date"] == clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")


def test_tokens_of_an_account_share_its_budgets(client: Client, server: GitHub, session: requests.Session) -> None:
    """Another account has its own; each resource has its own; without a token there are 60 an hour."""
    client.get(PATH)
    client.names("vision")
    assert (client.left(), client.left("search"), client.left("graphql")) == (4_999, 29, 5_000)
    assert Client(server, session, "two").left() == 4_999
    assert Client(server, session, "three").left() == 5_000
    assert (Client(server, session).left(), Client(server, session).left("search")) == (60, 10)


def test_a_used_up_budget_comes_back_at_the_reset(client: Client, server: GitHub, clock: PretendClock) -> None:
    """The answer is 403 with nothing remaining; to ask again before the reset breaks a rule."""
    server.set_remaining("ada", "search", 1)
    assert client.send("/search/repositories", q="vision").headers["X-RateLimit-Remaining"] == "0"
    refused = client.send("/search/repositories", q="vision")
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert refused.json()["message"].startswith("API rate limit exceeded for user ID ")
    assert client.get(PATH)
    assert server.violations == []
    client.send("/search/repositories", q="vision")
    assert server.violations == ["ada asked for search again before the reset"]
    clock.advance(60)
    assert client.names("vision") == ["vision"]


def test_limits_and_their_status_can_be_set(clock: PretendClock, session: requests.Session) -> None:
    """GitHub uses 429 as well; nobody's limit is that of the address."""
    hub = Hub()
    hub.add_repository("ada", "vision")
    with GitHub(hub, clock=clock, limit_status=429, anonymous_limits={"core": Allowance(2, 3600)}) as server:
        client = Client(server, session)
        assert [client.send(PATH).status_code for _ in range(3)] == [200, 200, 429]
        assert "Authenticated requests get a higher rate limit" in client.send(PATH).json()["message"]


@pytest.mark.parametrize(("status", "retry_after"), [(403, 30), (429, 30), (429, None), (403, None)])
def test_a_secondary_limit_says_to_stay_away(
    client: Client, server: GitHub, clock: PretendClock, status: int, retry_after: int | None
) -> None:
    """It costs nothing and leaves the budget as it is; without Retry-After it lasts a minute."""
    server.secondary(status=status, retry_after=retry_after)
    refused = client.send(PATH)
    assert refused.status_code == status
    assert refused.headers.get("Retry-After") == (str(retry_after) if retry_after else None)
    assert refused.json()["message"].startswith("You have exceeded a secondary rate limit.")
    assert refused.headers["X-RateLimit-Remaining"] == "5000"
    clock.advance((retry_after or 60) - 1)
    assert client.send(PATH).status_code == status
    assert server.violations == ["ada came 1 s before a secondary limit ended"]
    clock.advance(1)
    assert client.send(PATH).status_code == 200


def test_a_secondary_limit_is_an_accounts(client: Client, server: GitHub, session: requests.Session) -> None:
    """Another account may go on."""
    server.secondary(account="bob")
    assert client.send(PATH).status_code == 200
    assert Client(server, session, "three").send(PATH).status_code == 403
    assert client.send(PATH).status_code == 200
    assert server.violations == []


def test_too_many_requests_a_minute_meet_the_secondary_limit(
    client: Client, server: GitHub, clock: PretendClock
) -> None:
    """Where it is switched on; a minute later it is forgotten."""
    server.limits.per_minute = 3
    assert [client.send(PATH).status_code for _ in range(4)] == [200, 200, 200, 403]
    clock.advance(60)
    assert client.send(PATH).status_code == 200


def test_manners_are_watched(client: Client, server: GitHub) -> None:
    """Without a User-Agent nothing is answered; to leave Accept out is noted."""
    assert client.send(PATH, headers={"User-Agent": ""}).status_code == 403
    assert client.send(PATH, headers={"Accept": ""}).status_code == 200
    assert server.violations == [f"GET {PATH} has no User-Agent", f"GET {PATH} has no Accept"]


def test_two_requests_of_an_account_at_a_time_break_a_rule(server: GitHub) -> None:
    """Requests come one after the other, whichever token they bear."""
    inside, go_on = Event(), Event()

    def wait(_request: object) -> None:
        inside.set()
        assert go_on.wait(5)

    def ask(token: str) -> None:
        with requests.Session() as session:
            Client(server, session, token).send(PATH)

    server.before = wait
    first, second = Thread(target=ask, args=("one",)), Thread(target=ask, args=("two",))
    first.start()
    assert inside.wait(5)
    second.start()
    while not server.violations and second.is_alive():
        second.join(0.01)
    go_on.set()
    first.join()
    second.join()
    assert server.violations == ["2 requests of ada at a time"]


def test_requests_are_counted(client: Client, server: GitHub, session: requests.Session) -> None:
    """Each is in the log, with its account, budget, status and cost, and without its token."""
    client.get(PATH)
    client.names("vision")
    Client(server, session).send("/repos/no/where")
    told = [(one.method, one.path, one.account, one.status, one.resource, one.cost) for one in server.requests]
    assert told == [
        ("GET", PATH, "ada", 200, "core", 1),
        ("GET", "/search/repositories", "ada", 200, "search", 1),
        ("GET", "/repos/no/where", "", 404, "core", 1),
    ]
    assert (server.count("core"), server.count(status=404), server.count("search", account="ada")) == (2, 1, 1)
    report = session.get(f"{server.url}/_report", timeout=5).text
    assert "vision" in report
    assert "one" not in report.replace("none", "")
