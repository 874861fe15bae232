"""What goes wrong on the way is seen as such by a client, and counts."""

from __future__ import annotations

import pytest
import requests
from support.clocks import PretendClock

from servers import faults
from servers.client import Client
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate

SMALL = generate(40, seed=5)


@pytest.fixture
def clock() -> PretendClock:
    return PretendClock()


@pytest.fixture
def site() -> Site:
    return Site(SMALL)


def outcome(server: StackExchange) -> tuple[object, ...]:
    """Give what a client sees of a fault: the error that it ran into, or the status and what the JSON says."""
    with requests.Session() as session:
        try:
            response = Client(server, session).send("/questions", pagesize=5)
            parsed = response.json()
        except requests.RequestException as error:
            return (type(error).__name__,)
    return response.status_code, parsed.get("error_id", parsed.get("items")) if isinstance(parsed, dict) else parsed


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("reset", ("ConnectionError",)),
        ("reset_midway", ("ChunkedEncodingError",)),
        ("closed", ("ConnectionError",)),
        ("truncated", ("ChunkedEncodingError",)),
        ("truncated_chunks", ("ChunkedEncodingError",)),
        ("truncated_gzip", ("JSONDecodeError",)),
        ("mislabelled", ("ContentDecodingError",)),
        ("html_200", ("JSONDecodeError",)),
        ("html_502", ("JSONDecodeError",)),
        ("html_503", ("JSONDecodeError",)),
        ("cut_json", ("JSONDecodeError",)),
        ("not_an_object", (200, [1, 2, 3])),
        ("no_items", (200, None)),
        ("odd_items", (200, [None, 7, "x"])),
        ("internal_error", (400, 500)),
        ("internal_error_500", (500, 500)),
        ("unavailable", (400, 503)),
        ("unavailable_503", (503, 503)),
        ("throttled", (400, 502)),
        ("too_many", ("JSONDecodeError",)),
        ("redirect", ("JSONDecodeError",)),
        ("drip", ("ChunkedEncodingError",)),
        ("hang", ("ConnectionError",)),
    ],
)
def test_each_fault_is_seen_as_such(kind: str, seen: tuple[object, ...], site: Site) -> None:
    with StackExchange(site, faults=faults.every(1, [kind]), patience=0.3) as server:
        assert outcome(server) == seen
    assert [request.fault for request in server.requests] == [kind]
    assert server.violations == []


@pytest.mark.parametrize("kind", ["html_200", "html_502", "html_503", "too_many", "redirect", "wrong_type"])
def test_the_faults_that_are_web_pages_say_so(kind: str, site: Site) -> None:
    with StackExchange(site, faults=faults.sequence(kind)) as server, requests.Session() as session:
        response = Client(server, session).send("/questions")
    expected = {"html_200": 200, "html_502": 502, "html_503": 503, "too_many": 429, "redirect": 301, "wrong_type": 200}
    assert [response.status_code, response.headers["Content-Type"]] == [expected[kind], "text/html; charset=utf-8"]


@pytest.mark.parametrize(("kind", "most_bytes_sent"), [("endless", None), ("bomb", 1_000_000)])
def test_large_bodies_are_larger_than_anyone_wants(kind: str, most_bytes_sent: int | None, site: Site) -> None:
    with StackExchange(site, faults=faults.sequence(kind)) as server, requests.Session() as session:
        query = {"site": "stackoverflow"}
        with session.get(f"{server.url}/questions", params=query, stream=True, timeout=5) as response:
            unpacked = 0
            for block in response.iter_content(1 << 16):
                unpacked += len(block)
                if unpacked > 50_000_000:
                    break
            assert unpacked > 50_000_000
            if most_bytes_sent:
                assert int(response.headers["Content-Length"]) < most_bytes_sent


def test_a_hanging_server_can_be_left(site: Site) -> None:
    schedule = faults.every(1, ["hang"])
    with StackExchange(site, faults=schedule, patience=60) as server, pytest.raises(requests.ReadTimeout):
        requests.get(f"{server.url}/questions", timeout=0.1)


@pytest.mark.parametrize(("kind", "wait"), [("throttled", 3), ("too_many", 2)])
def test_to_come_back_too_early_after_a_throttle_is_noted(
    kind: str, wait: int, site: Site, clock: PretendClock
) -> None:
    schedule = faults.sequence(kind, "", kind)
    with StackExchange(site, clock=clock.monotonic, faults=schedule) as server, requests.Session() as session:
        client = Client(server, session)
        client.send("/questions")
        clock.sleep(wait)
        client.get("/questions")
        client.send("/questions")
        clock.sleep(wait - 0.5)
        assert client.error("/questions")[0] == 502
        assert [violation.split(" before")[0] for violation in server.violations] == ["/questions came 0.5 s"]


def test_to_follow_a_redirect_elsewhere_is_noted(site: Site) -> None:
    with StackExchange(site, faults=faults.sequence("redirect")) as server, requests.Session() as session:
        session.get(f"{server.url}/questions", timeout=5)
        assert server.violations == ["a redirect to another host was followed"]


def test_faulted_requests_count_and_keep_a_backoff_for_later(site: Site) -> None:
    schedule = faults.every(2, ["html_502"])
    with StackExchange(site, faults=schedule) as server, requests.Session() as session:
        client = Client(server, session)
        client.get("/questions")
        server.back_off("/questions", 5)
        client.send("/questions")
        page = client.get("/questions")
        assert [page["quota_remaining"], page["backoff"]] == [297, 5]
        assert [request.fault for request in server.requests] == ["", "html_502", ""]


def test_a_schedule_goes_through_all_faults_in_turn() -> None:
    schedule = faults.every(3)
    spoilt = {number: schedule(number) for number in range(1, 3 * len(faults.ALL) + 1)}
    assert [kind for kind in spoilt.values() if kind] == list(faults.ALL)
    assert all(bool(kind) == (number % 3 == 0) for number, kind in spoilt.items())
    with pytest.raises(ValueError, match="no such fault: flood"):
        faults.every(3, ["flood"])


@pytest.mark.parametrize("kind", sorted(faults.QUICK))
def test_the_answer_after_a_fault_is_sound(kind: str, site: Site, clock: PretendClock) -> None:
    """No fault makes another one of its own, whether the connection is used again or not."""
    schedule = faults.sequence(kind)
    with StackExchange(site, clock=clock.monotonic, faults=schedule) as server, requests.Session() as session:
        client = Client(server, session)
        try:
            client.send("/questions")
        except requests.RequestException:
            session.close()
        clock.sleep(10)
        assert len(client.get("/questions")["items"]) == 30
        assert server.violations == []
