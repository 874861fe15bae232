"""What goes wrong on the way to GitHub is seen as such by a client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from support.clocks import PretendClock

from servers import github_faults
from servers.github import GitHub
from servers.github_client import Client
from servers.github_data import Hub


@pytest.fixture
def client() -> Iterator[Client]:
    hub = Hub()
    hub.add_repository("ada", "vision", id=2)
    with GitHub(hub, clock=PretendClock(), tokens={"one": "ada"}) as server, requests.Session() as session:
        yield Client(server, session, "one")


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("html_200", (200, "JSONDecodeError")),
        ("html_502", (502, "JSONDecodeError")),
        ("error_500", (500, {"message": "Server Error"})),
        ("error_502", (502, {"message": "Server Error"})),
        ("empty", (200, "JSONDecodeError")),
        ("no_content", (204, "JSONDecodeError")),
        ("no_fields", (200, {})),
        ("not_an_object", (200, [1, 2, 3])),
        ("cut_json", (200, "JSONDecodeError")),
        ("too_many", (429, "JSONDecodeError")),
        ("redirect", (301, "JSONDecodeError")),
        ("truncated", ("ChunkedEncodingError",)),
        ("closed", ("ConnectionError",)),
        ("reset", ("ConnectionError",)),
    ],
)
def test_a_fault_is_seen_as_such_and_the_next_request_is_answered(client: Client, kind: str, seen: tuple[Any]) -> None:
    """Whatever went wrong, the connection, or the next one, works."""
    client.server.faults = github_faults.sequence(kind)
    try:
        response = client.send("/repos/ada/vision")
        try:
            outcome: tuple[Any, ...] = (response.status_code, response.json())
        except requests.JSONDecodeError as error:
            outcome = (response.status_code, type(error).__name__)
    except requests.RequestException as error:
        outcome = (type(error).__name__,)
    assert outcome == seen
    client.server.clock.advance(2)  # type: ignore[attr-defined]
    assert client.get("/repos/ada/vision")["id"] == 2
    assert client.server.requests[0].fault == kind
    assert client.server.violations == []


def test_a_redirect_to_another_host_must_not_be_followed(client: Client) -> None:
    """Who follows it is seen; requests does not send the token there."""
    client.server.faults = github_faults.sequence("redirect")
    url = f"{client.server.url}/repos/ada/vision"
    assert client.session.get(url, headers={"Authorization": "Bearer one"}, timeout=5).status_code == 404
    assert client.server.violations == ["a redirect to another host was followed"]


def test_an_unknown_fault_is_no_schedule() -> None:
    """A misspelt fault is an error of the test, not a sound answer."""
    with pytest.raises(ValueError, match="no such fault: nonsense"):
        github_faults.every(2, ["nonsense"])
    assert [github_faults.every(2, ["empty"])(number) for number in (1, 2, 3, 4)] == ["", "empty", "", "empty"]
