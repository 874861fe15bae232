"""What the daemon serves, and to whom it does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Gauge

from miner.daemon.web import Web
from miner.errors import MinerError


class Served:
    """A server whose probes say what the test wants."""

    def __init__(self) -> None:
        self.wrong = ""
        registry = CollectorRegistry()
        Gauge("one", "One.", registry=registry).set(1)
        self.web = Web("127.0.0.1", 0, registry, lambda: self.wrong, lambda: "not yet")

    def ask(self, method: str, path: str) -> tuple[int, str]:
        """Send a request."""
        connection = HTTPConnection("127.0.0.1", self.web.port, timeout=30)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    with made.web:
        yield made


def test_each_path_has_its_answer(served: Served) -> None:
    """200 where all is well, 503 with the reason where it is not."""
    assert served.ask("GET", "/healthz") == (200, "ok\n")
    assert served.ask("GET", "/readyz") == (503, "not yet\n")
    assert served.ask("GET", "/metrics") == (200, "# HELP one One.\n# TYPE one gauge\none 1.0\n")
    served.wrong = "the thread"
    assert served.ask("GET", "/healthz") == (503, "the thread\n")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/metrics/../etc/passwd", 404), ("POST", "/healthz", 405), ("DELETE", "/metrics", 405)],
)
def test_it_serves_nothing_else(served: Served, method: str, path: str, status: int) -> None:
    assert served.ask(method, path)[0] == status


def test_a_client_that_says_nothing_keeps_nobody_out(served: Served) -> None:
    """Each has a thread of its own."""
    with socket.create_connection(("127.0.0.1", served.web.port)):
        assert served.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_cannot_be_had_is_an_error(served: Served, host: str) -> None:
    """It names the address and the settings."""
    with pytest.raises(MinerError, match=r"cannot listen on .*: .*set daemon.host and daemon.port"):
        Web(host, served.web.port, CollectorRegistry(), str, str)
