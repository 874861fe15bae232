"""A strict Stack Exchange API 2.3 over real HTTP on loopback.

    with StackExchange(Site.from_jsonl(path), clock=clock, keys=["known"]) as server:
        ...  # a client of server.url
    assert server.violations == []

It does what https://api.stackexchange.com/docs says, and is never kinder than that: a client that breaks a rule gets
the API's error, and what it did is in ``violations``.

From the documentation: all bounds inclusive, ``min`` and ``max`` of the sort's field, more than five tags find nothing,
30 items a page, 100 ids, whole seconds; errors with status 400; one quota an address, backoff by method, 30 requests a
second. From what others saw the API do: the errors' messages and few fields, page 25, the escapes of safe filters.
Assumed, where nothing says how it is: errors and faults use up quota, throttled requests do not; a ban is 30 seconds;
repeated or blank parameters, ``YYYY-MM-DD`` and unknown filter fields are refused; empty lists are absent; ties have an
order of their own.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import RLock, Thread
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from servers import faults as fault_kinds
from servers import stackexchange_methods as methods
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from servers.stackexchange_rules import ApiError, Limits, bad

VERSION = "/2.3"
LONGEST_FORM = 1_000_000

Pairs = list[tuple[str, str]]
Payload = dict[str, Any]


@dataclass
class Request:
    """What a client asked for, without its key, and what it got. A status of 0 is no answer at all."""

    number: int
    verb: str
    path: str
    method: str
    query: dict[str, str]
    keyed: bool
    time: float
    status: int = 0
    error_id: int = 0
    fault: str = ""


class StackExchange:
    """The server; it runs while its context is open.

    ``sites`` are further sites by their short names. ``clock`` decides about backoff, quota and requests a second: give
    the client's, where that one only pretends to wait. A slow fault ends after ``patience`` real seconds.
    """

    def __init__(
        self,
        site: Site,
        *,
        sites: dict[str, Site] | None = None,
        clock: Callable[[], float] = time.monotonic,
        keys: Collection[str] = (),
        quota: int = 10_000,
        anonymous_quota: int = 300,
        faults: fault_kinds.Schedule = fault_kinds.never,
        patience: float = 30,
        port: int = 0,
    ) -> None:
        self.sites = {"stackoverflow": site, **(sites or {})}
        self.requests: list[Request] = []
        self.faults = faults
        # Called with each request before it is answered: here the site may change between two pages.
        self.before: Callable[[Request], object] = lambda _request: None
        # What the Date header says, in seconds since 1970.
        self.date: Callable[[], float] = time.time
        self.patience = patience
        self.limits = Limits(clock, keys, quota, anonymous_quota)
        self._lock = RLock()
        self._listener = _Listener(self, port)
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where the methods are: what a client has for ``https://api.stackexchange.com/2.3``."""
        return f"http://127.0.0.1:{self._listener.server_port}{VERSION}"

    def renew(self) -> None:
        """Be as a server that was just started; what was broken of its rules stays."""
        with self._lock:
            self.requests.clear()
            self.faults = fault_kinds.never
            self.limits.new_day()

    @property
    def violations(self) -> list[str]:
        """The rules that were broken, in words."""
        return self.limits.violations

    def __enter__(self) -> StackExchange:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()

    def new_day(self) -> None:
        """Give the whole quota back, as midnight does."""
        with self._lock:
            self.limits.new_day()

    def leave_quota(self, requests: int) -> None:
        """Let so many more requests through today."""
        with self._lock:
            self.limits.leave(requests)

    def back_off(self, method: str, seconds: int, times: int = 1) -> None:
        """Send ``backoff`` with the next answers or errors of a method, such as ``/questions/{ids}``."""
        with self._lock:
            self.limits.plan_backoff(method, seconds, times)

    def back_off_every(self, step: int, seconds: int) -> None:
        """Send ``backoff`` with each ``step``-th answer or error, of whatever method."""
        with self._lock:
            self.limits.plan_backoffs(step, seconds)

    def report(self) -> Payload:
        """Give what was asked for and what was broken."""
        with self._lock:
            return {"requests": [asdict(request) for request in self.requests], "violations": list(self.violations)}

    def answer(self, handler: _Handler, pairs: Pairs) -> None:
        """Answer one request to the API."""
        keys = [value for name, value in pairs if name == "key"]
        pairs = [(name, value) for name, value in pairs if name != "key"]
        with self._lock:
            request, ids = self._log(handler, pairs, keyed=bool(keys))
            self.before(request)
            status, payload = self._decide(request, ids, pairs, keys)
        body = json.dumps(payload, separators=(",", ":")).encode()
        exchange = fault_kinds.Exchange(handler, request, status, body, self.limits, self.patience)
        if request.fault:
            fault_kinds.play(request.fault, exchange)
        else:
            request.error_id = int(payload.get("error_id", 0))
            exchange.zipped(status, body)

    def _log(self, handler: _Handler, pairs: Pairs, keyed: bool) -> tuple[Request, str]:
        path = unquote(urlsplit(handler.path).path)
        method, ids = _route(handler.command, path)
        now = self.limits.clock()
        request = Request(len(self.requests) + 1, handler.command, path, method, dict(pairs), keyed, now)
        self.requests.append(request)
        return request, ids

    def _decide(self, request: Request, ids: str, pairs: Pairs, keys: list[str]) -> tuple[int, Payload]:
        """Give the answer that is due, and note in the log which fault is played instead."""
        try:
            self.limits.admit(request.method, keys[0] if keys else None)
        except ApiError as error:
            return 400, error.body
        request.fault = self.faults(request.number)
        try:
            _check_repeated(pairs, keys)
            return 200, self._wrapper(request, ids)
        except ApiError as error:
            return 400, {**error.body, **self._backoff(request)}

    def _wrapper(self, request: Request, ids: str) -> Payload:
        if not request.method:
            raise ApiError(404, "no method found with this name")
        shown = methods.asked_filter(request.query)
        if not request.keyed:
            methods.check_depth(request.query)
        page = methods.run(request.method, ids, request.query, self.sites)
        wrapper = {
            "items": [shown.shape(page.kind, item) for item in page.items],
            "has_more": page.has_more,
            "quota_max": self.limits.quota_max,
            "quota_remaining": self.limits.quota_remaining,
            "page": page.number,
            "page_size": page.size,
            "total": page.total,
            "type": page.kind,
            **self._backoff(request),
        }
        return {name: value for name, value in wrapper.items() if f".{name}" in shown.fields}

    def _backoff(self, request: Request) -> dict[str, int]:
        """Take the backoff that is due, unless a fault keeps the client from seeing it."""
        return {} if request.fault else self.limits.take_backoff(request.method)


def _route(verb: str, path: str) -> tuple[str, str]:
    try:
        method, ids = methods.route(path.removeprefix(VERSION) if path.startswith(f"{VERSION}/") else "")
    except ApiError:
        return "", ""
    return (method, ids) if verb == "GET" or method in methods.POST_METHODS else ("", "")


def _check_repeated(pairs: Pairs, keys: list[str]) -> None:
    """Refuse a parameter that is there twice: which one counts is documented nowhere."""
    times = Counter(["key"] * len(keys) + [name for name, _ in pairs])
    for name, count in times.items():
        if count > 1:
            raise bad(name)


class _Handler(BaseHTTPRequestHandler):
    """One connection, which is kept open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give a time as HTTP writes it; by default the server's own."""
        return super().date_time_string(self.server.owner.date() if timestamp is None else timestamp)

    def do_GET(self) -> None:
        """Answer a GET."""
        target = urlsplit(self.path)
        if target.path == "/_report":
            self._plain(200, json.dumps(self.server.owner.report()).encode())
        elif target.path == "/elsewhere":
            self.server.owner.violations.append("a redirect to another host was followed")
            self._plain(404, b"{}")
        else:
            self.server.owner.answer(self, parse_qsl(target.query, keep_blank_values=True))

    def do_POST(self) -> None:
        """Answer a POST: its parameters are a form."""
        form = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LONGEST_FORM)).decode()
        query = urlsplit(self.path).query
        self.server.owner.answer(
            self, parse_qsl(query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Say nothing: a request line may hold a key."""

    def _plain(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", fault_kinds.JSON_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Listener(ThreadingHTTPServer):
    """Knows its open connections, so as to end them: their threads would wait for ever."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, owner: StackExchange, port: int) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection in order, unless it is to end with a reset."""
        self._open.discard(request)
        lingers = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        if struct.unpack("ii", lingers) == (1, 0):
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every connection that is still open."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The client was faster.
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Take a client that went away for granted; any other error is one of the server, and must be seen."""
        if not isinstance(sys.exception(), ConnectionError):
            self.owner.violations.append(f"the server failed: {traceback.format_exc()}")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m servers.stackexchange", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    content = parser.add_mutually_exclusive_group(required=True)
    content.add_argument("--items", type=Path, metavar="FILE.jsonl", help="questions as a safe filter gives them")
    content.add_argument("--generate", type=int, metavar="N", help="make up so many questions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bursts", type=_numbers, default=(), metavar="N,N", help="questions asked within one second")
    parser.add_argument("--key", action="append", default=[], help="a key that is known")
    parser.add_argument("--quota", type=int, default=10_000)
    parser.add_argument("--anonymous-quota", type=int, default=300)
    parser.add_argument("--faults", type=_schedule, default=fault_kinds.never, metavar="every=3[,KIND,...]")
    parser.add_argument("--patience", type=float, default=30, help="seconds after which a slow fault ends")
    parser.add_argument("--backoff", type=_numbers, metavar="N,S", help="each N-th answer has a backoff of S seconds")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


def _schedule(text: str) -> fault_kinds.Schedule:
    step, *kinds = text.removeprefix("every=").split(",")
    return fault_kinds.every(int(step), kinds)


def main() -> None:
    """Serve until SIGINT or SIGTERM. The first line printed is the URL; GET /_report tells what was asked for."""
    given = _arguments().parse_args()
    ends = {signal.SIGINT, signal.SIGTERM}
    # Threads inherit this: the signals are for sigwait alone.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    site = (
        Site.from_jsonl(given.items) if given.items else Site(generate(given.generate, given.seed, bursts=given.bursts))
    )
    options = {"keys": given.key, "quota": given.quota, "anonymous_quota": given.anonymous_quota}
    with StackExchange(site, **options, faults=given.faults, patience=given.patience, port=given.port) as server:
        if given.backoff:
            server.back_off_every(*given.backoff)
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
