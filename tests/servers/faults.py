"""What can go wrong between a client and a web service, to be played instead of an answer.

A fault is named; ``KINDS`` has them all, and each one's docstring says what the client sees. A schedule says which
fault, if any, the n-th request meets: ``every(3)`` goes through all of them, ``sequence("", "reset")`` spoils the
second request only.
"""

from __future__ import annotations

import gzip
import json
import select
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

from servers.stackexchange_rules import ApiError, Limits

Schedule = Callable[[int], str]

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
HTML_PAGE = b"<!DOCTYPE html>\n<html><head><title>Offline</title></head><body><h1>We are offline</h1></body></html>\n"
THROTTLE_SECONDS = 3
RETRY_AFTER_SECONDS = 2
DRIP_SECONDS = 0.05
ENDLESS_BYTES = 1 << 30
BOMB_BYTES = 1 << 28


class Logged(Protocol):
    """A request's line in the log."""

    method: str
    status: int
    error_id: int


@dataclass
class Exchange:
    """A request that waits for its answer, and the answer that it ought to get."""

    handler: BaseHTTPRequestHandler
    request: Logged
    status: int
    body: bytes
    limits: Limits
    patience: float
    # Whether the client got all the bytes that it was told of: then the connection can be used again.
    whole: bool = False

    def head(self, status: int, **headers: str | int) -> None:
        """Send the head; ``content_type`` is the header Content-Type."""
        self.request.status = status
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-").title(), str(value))
        self.handler.end_headers()

    def send(self, status: int, body: bytes, content_type: str = JSON_TYPE, **headers: str | int) -> None:
        """Send a whole answer as it is."""
        self.head(status, content_type=content_type, content_length=len(body), **headers)
        self.handler.wfile.write(body)
        self.whole = True

    def zipped(self, status: int, body: bytes, content_type: str = JSON_TYPE) -> None:
        """Send a whole answer, compressed whatever the client accepts."""
        self.send(status, gzip.compress(body), content_type, content_encoding="gzip")

    def error(self, status: int, error: ApiError, **more: int) -> None:
        """Send an error of the API."""
        self.request.error_id = error.error_id
        self.zipped(status, json.dumps({**error.body, **more}).encode())

    def hung_up(self, seconds: float) -> bool:
        """Wait so long; True as soon as the client, or the server's end, closes the connection."""
        readable, _, _ = select.select([self.handler.connection], [], [], seconds)
        return bool(readable)

    def part(self, cut: bytes, announced: int) -> None:
        """Send fewer bytes than announced."""
        self.head(self.status, content_type=JSON_TYPE, content_encoding="gzip", content_length=announced)
        self.handler.wfile.write(cut)

    def chunk(self, data: bytes) -> None:
        """Send a chunk of a body whose head said that it comes in chunks."""
        if data:
            self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def reset_on_close(self) -> None:
        """Have the connection end with a reset."""
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def never(_number: int) -> str:
    """Let every request be answered."""
    return ""


def every(step: int, kinds: Sequence[str] = ()) -> Schedule:
    """Spoil each ``step``-th request, with all the kinds in turn."""
    chosen = tuple(kinds) or ALL
    _check(chosen)
    return lambda number: "" if number % step else chosen[(number // step - 1) % len(chosen)]


def sequence(*kinds: str) -> Schedule:
    """Spoil the first requests as listed, an empty one being none."""
    _check(kinds)
    return lambda number: kinds[number - 1] if number <= len(kinds) else ""


def play(kind: str, exchange: Exchange) -> None:
    """Play a fault."""
    KINDS[kind](exchange)
    if not exchange.whole:
        exchange.handler.close_connection = True


def _check(kinds: Sequence[str]) -> None:
    unknown = set(kinds) - {"", *KINDS}
    if unknown:
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")


def _reset(exchange: Exchange) -> None:
    """A reset connection, before any byte of an answer."""
    exchange.reset_on_close()


def _reset_midway(exchange: Exchange) -> None:
    """A reset connection, in the middle of the body."""
    body = gzip.compress(exchange.body)
    exchange.part(body[: len(body) // 2], len(body))
    exchange.reset_on_close()


def _closed(_exchange: Exchange) -> None:
    """A closed connection, before any byte of an answer."""


def _truncated(exchange: Exchange) -> None:
    """Half of the body that Content-Length promised."""
    body = gzip.compress(exchange.body)
    exchange.part(body[: len(body) // 2], len(body))


def _truncated_chunks(exchange: Exchange) -> None:
    """Half of a body in chunks, and no last chunk."""
    body = gzip.compress(exchange.body)
    exchange.head(exchange.status, content_type=JSON_TYPE, content_encoding="gzip", transfer_encoding="chunked")
    exchange.chunk(body[: len(body) // 2])


def _truncated_gzip(exchange: Exchange) -> None:
    """A whole body by its length, of which the end of the gzip stream is missing."""
    body = gzip.compress(exchange.body)
    exchange.send(exchange.status, body[: len(body) * 3 // 4], content_encoding="gzip")


def _mislabelled(exchange: Exchange) -> None:
    """Plain JSON that calls itself gzip."""
    exchange.send(exchange.status, exchange.body, content_encoding="gzip")


def _html_200(exchange: Exchange) -> None:
    """A web page, not compressed, with status 200."""
    exchange.send(200, HTML_PAGE, HTML_TYPE)


def _html_502(exchange: Exchange) -> None:
    """The web page of a gateway, with status 502."""
    exchange.send(502, HTML_PAGE, HTML_TYPE)


def _html_503(exchange: Exchange) -> None:
    """The web page of an outage, with status 503."""
    exchange.send(503, HTML_PAGE, HTML_TYPE)


def _wrong_type(exchange: Exchange) -> None:
    """The right answer, called a web page."""
    exchange.zipped(exchange.status, exchange.body, HTML_TYPE)


def _cut_json(exchange: Exchange) -> None:
    """Half of the JSON in a sound gzip stream."""
    exchange.zipped(exchange.status, exchange.body[: len(exchange.body) // 2])


def _not_an_object(exchange: Exchange) -> None:
    """JSON that is a list."""
    exchange.zipped(200, b"[1, 2, 3]")


def _no_items(exchange: Exchange) -> None:
    """A wrapper without items."""
    exchange.zipped(200, b'{"has_more": false, "quota_max": 300, "quota_remaining": 299}')


def _odd_items(exchange: Exchange) -> None:
    """A wrapper whose items are no objects."""
    exchange.zipped(200, b'{"items": [null, 7, "x"], "has_more": false, "quota_max": 300, "quota_remaining": 299}')


def _internal_error(exchange: Exchange) -> None:
    """The API's internal_error as documented, with status 400."""
    exchange.error(400, ApiError(500, "an unexpected error occurred"))


def _internal_error_500(exchange: Exchange) -> None:
    """The API's internal_error with status 500."""
    exchange.error(500, ApiError(500, "an unexpected error occurred"))


def _unavailable(exchange: Exchange) -> None:
    """The API's temporarily_unavailable as documented, with status 400."""
    exchange.error(400, ApiError(503, "this method is temporarily unavailable"))


def _unavailable_503(exchange: Exchange) -> None:
    """The API's temporarily_unavailable with status 503."""
    exchange.error(503, ApiError(503, "this method is temporarily unavailable"))


def _throttled(exchange: Exchange) -> None:
    """A throttle_violation that ends in 3 seconds, with a backoff that says the same: to come earlier breaks a rule."""
    message = f"too many requests from this IP, more requests available in {THROTTLE_SECONDS} seconds"
    backoff = exchange.limits.back_off(exchange.request.method, THROTTLE_SECONDS)
    exchange.error(400, ApiError(502, message), **backoff)


def _too_many(exchange: Exchange) -> None:
    """Status 429 of a gateway with ``Retry-After: 2``: to come earlier breaks a rule."""
    exchange.limits.hold(RETRY_AFTER_SECONDS)
    exchange.send(429, HTML_PAGE, HTML_TYPE, retry_after=RETRY_AFTER_SECONDS)


def _redirect(exchange: Exchange) -> None:
    """A redirect to another host: to follow it breaks a rule."""
    _, port = exchange.handler.connection.getsockname()
    exchange.send(301, HTML_PAGE, HTML_TYPE, location=f"http://localhost:{port}/elsewhere")


def _drip(exchange: Exchange) -> None:
    """A body that comes a byte now and then, each in time for a read timeout."""
    body = gzip.compress(exchange.body)
    exchange.part(b"", len(body))
    until = time.monotonic() + exchange.patience
    for place in range(len(body)):
        if exchange.hung_up(DRIP_SECONDS) or time.monotonic() > until:
            return
        exchange.handler.wfile.write(body[place : place + 1])
    exchange.whole = True


def _hang(exchange: Exchange) -> None:
    """No answer, and no end of the connection."""
    exchange.hung_up(exchange.patience)


def _endless(exchange: Exchange) -> None:
    """Chunks without end, of items that the client has to read; it ends after a gigabyte or when patience does."""
    exchange.head(200, content_type=JSON_TYPE, content_encoding="gzip", transfer_encoding="chunked")
    until = time.monotonic() + exchange.patience
    packer = zlib.compressobj(0, wbits=31)
    exchange.chunk(packer.compress(b'{"items": ['))
    for _ in range(ENDLESS_BYTES >> 16):
        if time.monotonic() > until:
            return
        exchange.chunk(packer.compress(b'"x", ' * 13_107))


def _bomb(exchange: Exchange) -> None:
    """A small gzip body, right by its length, that unpacks to valid JSON of 256 megabytes."""
    exchange.send(200, b"".join(_packed_spaces(BOMB_BYTES)), content_encoding="gzip")


def _packed_spaces(size: int) -> Iterator[bytes]:
    """Give a gzip stream of an empty wrapper and ``size`` spaces; each megabyte is the same few bytes."""
    before, block, after = b'{"items": [], "has_more": false', b" " * (1 << 20), b"}"
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    yield _deflated(before, zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(before)
    packed = _deflated(block, zlib.Z_FULL_FLUSH)
    for _ in range(size >> 20):
        yield packed
        checksum = zlib.crc32(block, checksum)
    yield _deflated(after, zlib.Z_FINISH)
    yield struct.pack("<II", zlib.crc32(after, checksum), (len(before) + size + len(after)) % (1 << 32))


def _deflated(data: bytes, flush: int) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush(flush)


def _named(*functions: Callable[[Exchange], Any]) -> dict[str, Callable[[Exchange], Any]]:
    return {function.__name__.removeprefix("_"): function for function in functions}


SLOW = _named(_drip, _hang)
LARGE = _named(_endless, _bomb)
QUICK = _named(
    _reset,
    _reset_midway,
    _closed,
    _truncated,
    _truncated_chunks,
    _truncated_gzip,
    _mislabelled,
    _html_200,
    _html_502,
    _html_503,
    _wrong_type,
    _cut_json,
    _not_an_object,
    _no_items,
    _odd_items,
    _internal_error,
    _internal_error_500,
    _unavailable,
    _unavailable_503,
    _throttled,
    _too_many,
    _redirect,
)
KINDS = {**QUICK, **SLOW, **LARGE}
ALL = tuple(KINDS)
