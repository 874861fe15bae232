"""HTTP requests end in time and within bounds, are tried again where that is worth it, and tell nobody a secret."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import struct
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from support.clocks import PretendClock
from support.scripted import Handler, Script, said

from miner import __version__
from miner.collect import httpwatch
from miner.collect.http import HttpClient, HttpLimits, Reply, Transient
from miner.errors import HttpError, Interrupted, MinerError

KEY = "S3CRET/key+1"
SECRET = {"key": KEY}
LIMITS = {
    "timeout_seconds": 20.0,
    "max_bytes": 1_000_000,
    "attempts": 3,
    "max_wait_seconds": 300.0,
    "requests_per_second": 20.0,
}
Answer = Callable[[Handler], Any]


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often whether a silent server is to be left."""
    monkeypatch.setattr(httpwatch, "_SLICE_SECONDS", 0.01)


@pytest.fixture
def client(clock: PretendClock) -> Iterator[HttpClient]:
    made = HttpClient(HttpLimits(**LIMITS), clock)
    yield made
    made.close()


def read(reply: Reply) -> Any:
    """Take JSON with status 200, and nothing else."""
    if reply.status != 200 or not reply.content_type.startswith("application/json"):
        raise Transient(f"status {reply.status}")
    try:
        return json.loads(reply.body)
    except ValueError:
        raise Transient("no JSON") from None


def reset(request: Handler) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.close_connection = True


def hang_up(request: Handler) -> None:
    request.close_connection = True


def cut(request: Handler) -> None:
    request.head(content_type="application/json", content_length=100)
    request.wfile.write(b'{"a":')
    request.close_connection = True


def cut_chunks(request: Handler) -> None:
    request.head(content_type="application/json", transfer_encoding="chunked")
    request.wfile.write(b"5\r\n[1, 2\r\n")
    request.close_connection = True


def cut_gzip(request: Handler) -> None:
    request.reply(gzip.compress(b"[1]" * 99)[:-9], content_encoding="gzip")


def no_gzip(request: Handler) -> None:
    request.reply(b"[1]", content_encoding="gzip")


def other_encoding(request: Handler) -> None:
    request.reply(b"[1]", content_encoding="br")


def too_many_headers(request: Handler) -> None:
    request.head(**{f"x{number}": number for number in range(200)})
    request.close_connection = True


def no_http(request: Handler) -> None:
    request.wfile.write(b"what?\r\n\r\n")
    request.close_connection = True


def redirect(request: Handler) -> None:
    request.head(301, location=f"http://user:{KEY}@elsewhere.example/x?key={KEY}", transfer_encoding="chunked")
    with suppress(OSError):
        for _ in range(1 << 10):
            request.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


def html(request: Handler) -> None:
    request.reply(b"<html>", 502, "text/html")


def endless(request: Handler) -> None:
    request.head(content_type="application/json", transfer_encoding="chunked")
    with suppress(OSError):
        while not request.server.script.over.is_set():
            request.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


def bomb(request: Handler) -> None:
    packer = zlib.compressobj(9, wbits=31)
    body = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64)) + packer.flush()
    request.reply(body, content_encoding="gzip")


TRANSIENT = [reset, hang_up, cut, cut_chunks, cut_gzip, no_gzip, other_encoding, too_many_headers, no_http, html]
FINAL = [redirect, endless, bomb]


def test_a_reply_is_decoded_and_its_url_has_no_secret(client: HttpClient, clock: PretendClock) -> None:
    """The server gets the secret parameter, the reply does not."""
    with Script(said({"a": "ü"})) as server:
        reply = client.get(f"{server.url}/x", {"tag": "c++;é"}, lambda reply: reply, secret=SECRET)
    assert json.loads(reply.body) == {"a": "ü"}
    assert reply.url == f"{server.url}/x?tag=c%2B%2B%3B%C3%A9"
    assert server.requests[0].path == "/x?tag=c%2B%2B%3B%C3%A9&key=S3CRET%2Fkey%2B1"
    assert (reply.status, reply.content_type) == (200, "application/json; charset=utf-8")
    assert reply.fetched_at == clock.now()
    assert client.requests == 1


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("identity", bytes),
        ("deflate", zlib.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
    ],
)
def test_every_content_encoding_that_a_server_may_use_is_undone(
    client: HttpClient, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(b'["' + b"x" * 200_000 + b'"]')
    with Script(lambda request: request.reply(body, content_encoding=encoding)) as server:
        assert client.get(server.url, {}, read) == ["x" * 200_000]


def test_the_client_says_who_it_is_and_nothing_else(
    client: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No password of a .netrc is sent, and no cookie comes back."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password S3CRET\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Script(said([], set_cookie="a=b; Path=/")) as server:
        client.get(server.url, {}, read)
        client.get(server.url, {}, read)
    headers = server.requests[1].headers
    assert headers["User-Agent"] == f"bug-fix-miner/{__version__}"
    assert headers["Accept-Encoding"] == "gzip"
    assert "Authorization" not in headers
    assert "Cookie" not in headers


def test_the_proxy_of_the_environment_is_used(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with Script(said([1])) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert client.get("http://api.example/x", {}, read) == [1]
    assert proxy.requests[0].path == "http://api.example/x"


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: fault.__name__)
def test_what_may_be_over_soon_is_tried_again(client: HttpClient, clock: PretendClock, fault: Answer) -> None:
    """After a while that is never the same."""
    with Script(fault, fault, said([1])) as server:
        assert client.get(server.url, {}, read) == [1]
    assert client.requests == 3
    waits = [wait for wait in clock.slept if wait > 0.1]
    assert all(wait <= 60 for wait in clock.slept)
    assert len(set(waits)) == len(waits)


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: fault.__name__)
def test_what_does_not_end_is_an_error(client: HttpClient, fault: Answer) -> None:
    """It says how often it was tried."""
    with Script(fault) as server, pytest.raises(HttpError, match="tried 3 times"):
        client.get(server.url, {}, read, secret=SECRET)
    assert client.requests == 3


def test_nobody_there_is_an_error(client: HttpClient) -> None:
    with Script(html) as server:
        url = server.url
    with pytest.raises(HttpError, match=r"the connection failed.*check the network"):
        client.get(url, {}, read)


@pytest.mark.parametrize("url", ["http://[::1", "http://:80/", "gopher://x/", "http://a..b/", "http://"])
def test_an_impossible_address_is_not_tried_again(client: HttpClient, url: str) -> None:
    with pytest.raises(HttpError):
        client.get(url, {}, read, secret=SECRET)
    assert client.requests <= 3


def test_an_error_that_is_not_transient_ends_the_request(client: HttpClient) -> None:
    """It is the reader's decision."""

    def refuse(reply: Reply) -> None:
        raise HttpError("no")

    with Script(said([])) as server, pytest.raises(HttpError, match="no"):
        client.get(server.url, {}, refuse)
    assert client.requests == 1


def test_a_redirect_is_not_followed(client: HttpClient) -> None:
    """It would carry the key elsewhere; its body is not read either."""
    with Script(redirect) as server, pytest.raises(HttpError, match=r"redirects \(301\) to .*elsewhere\.example"):
        client.get(server.url, {}, read, secret=SECRET)
    assert client.requests == 1


@pytest.mark.parametrize("fault", [endless, bomb], ids=lambda fault: fault.__name__)
def test_a_body_has_a_bound(client: HttpClient, fault: Answer) -> None:
    """Of its decoded bytes; it is not tried again."""
    with Script(fault) as server, pytest.raises(HttpError, match="longer than 1,000,000 bytes"):
        client.get(server.url, {}, read)
    assert client.requests == 1


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_drips_is_left(client: HttpClient, clock: PretendClock, part: str) -> None:
    """Each byte is in time for a read timeout, but the whole is not."""
    body = b"[1]" + b" " * 97

    def drip(request: Handler) -> None:
        text = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        whole = text + body
        quick = 0 if part == "head" else len(text)
        request.wfile.write(whole[:quick])
        with suppress(OSError):
            for at in range(quick, len(whole)):
                clock.advance(1)
                request.wfile.write(whole[at : at + 1])

    with Script(drip) as server, pytest.raises(HttpError, match=r"took too long.*tried 3 times"):
        client.get(server.url, {}, read)


def test_a_silent_server_is_left(client: HttpClient, clock: PretendClock) -> None:
    def silence(request: Handler) -> None:
        clock.advance(21)
        request.give_up()

    with Script(silence, said([1])) as server:
        assert client.get(server.url, {}, read) == [1]
    assert client.requests == 2


def test_real_time_counts_where_the_clock_stands_still() -> None:
    """A socket never waits for longer than the limit."""
    client = HttpClient(HttpLimits(**{**LIMITS, "timeout_seconds": 0.05}), PretendClock())
    with Script(Handler.give_up) as server, pytest.raises(HttpError, match="took too long"):
        client.get(server.url, {}, read)


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_waited_for(client: HttpClient, clock: PretendClock, as_date: bool) -> None:
    """As seconds or as a date."""
    until = format_datetime(clock.now() + timedelta(seconds=77), usegmt=True) if as_date else "77"
    with Script(said([], 429, retry_after=until), said([1])) as server:
        assert client.get(server.url, {}, read) == [1]
    assert 77 in clock.slept


@pytest.mark.parametrize("retry_after", ["0", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "²"])
def test_an_odd_retry_after_does_no_harm(client: HttpClient, retry_after: str) -> None:
    answer = said([], 503, retry_after=retry_after.encode().decode("latin-1"))
    with Script(answer, said([1])) as server:
        assert client.get(server.url, {}, read) == [1]


@pytest.mark.parametrize("retry_after", ["301", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_that_is_too_long_is_an_error(client: HttpClient, clock: PretendClock, retry_after: str) -> None:
    """It says when to come back, and nothing is waited for."""
    with Script(said([], 503, retry_after=retry_after)) as server, pytest.raises(HttpError, match=r"after \d{4}-\d\d-"):
        client.get(server.url, {}, read)
    assert client.requests == 1
    assert clock.slept == []


def test_requests_keep_their_distance(client: HttpClient, clock: PretendClock) -> None:
    """Twenty a second at most, however fast the server is."""
    with Script(said([])) as server:
        for _ in range(11):
            client.get(server.url, {}, read)
    assert clock.monotonic() >= 0.5


def test_a_stop_ends_a_request(clock: PretendClock) -> None:
    """Before it is sent, and while the server is silent."""
    stopping: list[int] = []

    def silence(request: Handler) -> None:
        stopping.append(1)
        request.give_up()

    client = HttpClient(HttpLimits(**LIMITS), clock, lambda: bool(stopping))
    with Script(silence) as server:
        for _ in range(2):
            with pytest.raises(Interrupted):
                client.get(server.url, {}, read, secret=SECRET)
    assert client.requests == 1


def test_ready_is_asked_before_each_try(client: HttpClient) -> None:
    """What it raises ends the request."""
    calls: list[int] = []

    def ready() -> None:
        calls.append(client.requests)
        if len(calls) == 3:
            raise HttpError("not now")

    with Script(html) as server, pytest.raises(HttpError, match="not now"):
        client.get(server.url, {}, read, ready=ready)
    assert calls == [0, 1, 2]


@pytest.mark.parametrize("fault", [*TRANSIENT, *FINAL], ids=lambda fault: fault.__name__)
def test_no_secret_is_told(client: HttpClient, caplog: pytest.LogCaptureFixture, fault: Answer) -> None:
    """Not by the error, nor by one that it came from, nor by the log of the libraries below."""
    caplog.set_level(logging.DEBUG)
    with Script(fault) as server, pytest.raises(HttpError) as caught:
        client.get(server.url, {"a": "b"}, read, secret=SECRET)
    told = caplog.text + "".join(all_of(caught.value))
    assert "127.0.0.1" in told
    assert "S3CRET" not in told


def test_no_secret_is_told_where_nobody_is_there(client: HttpClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HttpError) as caught:
        client.get("http://127.0.0.1:9/", {}, read, secret=SECRET)
    assert "S3CRET" not in caplog.text + "".join(all_of(caught.value))


def all_of(error: BaseException | None) -> Iterator[str]:
    """Every text of an error and of those that it came from, even where that is not shown."""
    assert isinstance(error, MinerError)
    yield "".join(traceback.format_exception(error))
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield f"{one} {one!r} {one.args!r}"
            todo += [one.__cause__, one.__context__]
