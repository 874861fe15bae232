"""The loopback GitHub's side of HTTP: requests as they come in, connections, and threads that end."""

from __future__ import annotations

import json
import socket
import struct
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from servers.github_git import PREFIX as GIT_PREFIX
from servers.github_limits import Clock

LONGEST_BODY = 1_000_000


@dataclass
class Request:
    """What a client asked for and what it got. ``account`` is empty without a token; a status of 0 is no answer.

    ``resource`` is the budget it is counted in, ``git`` for git's own requests, and ``cost`` what it took of it.
    """

    number: int
    method: str
    path: str
    query: dict[str, str]
    account: str
    resource: str
    conditional: bool = False
    time: float = 0
    status: int = 0
    cost: int = 0
    fault: str = ""


@dataclass
class Sent:
    """A request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: dict[str, str] = field(init=False)
    path: str = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @property
    def token(self) -> str | None:
        """The token, if any."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        return value.strip() if kind.lower() in ("token", "bearer") else (kind or None)


class Owner(Protocol):
    """What a connection needs of the server."""

    clock: Clock

    @property
    def violations(self) -> list[str]:
        """The rules that were broken."""
        raise NotImplementedError

    def answer(self, handler: Handler, body: bytes = b"") -> None:
        """Answer a request to the API."""

    def answer_git(self, handler: Handler) -> None:
        """Answer a request of git."""

    def report(self) -> dict[str, Any]:
        """Give what was asked for and what was broken."""
        raise NotImplementedError


class Handler(BaseHTTPRequestHandler):
    """One connection, which is kept open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener
    extra: Mapping[str, str] = {}

    def version_string(self) -> str:
        """Give the header Server."""
        return "github.com"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give a time as HTTP writes it; by default the server's own."""
        return super().date_time_string(self.server.owner.clock.now().timestamp() if timestamp is None else timestamp)

    def end_headers(self) -> None:
        """Send the headers that were put in ``extra`` too, once."""
        for name, value in self.extra.items():
            self.send_header(name, value)
        self.extra = {}
        super().end_headers()

    def do_GET(self) -> None:
        """Answer a GET."""
        path = urlsplit(self.path).path
        if path.startswith(GIT_PREFIX):
            self.server.owner.answer_git(self)
        elif path == "/_report":
            self.plain(200, json.dumps(self.server.owner.report()).encode(), {})
        elif path == "/elsewhere":
            self.server.owner.violations.append("a redirect to another host was followed")
            if self.headers.get("Authorization"):
                self.server.owner.violations.append("a token was sent to another host")
            self.plain(404, b"{}", {})
        else:
            self.server.owner.answer(self)

    def do_POST(self) -> None:
        """Answer a POST: of git, or of GraphQL."""
        if urlsplit(self.path).path.startswith(GIT_PREFIX):
            self.server.owner.answer_git(self)
            return
        self.server.owner.answer(self, self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LONGEST_BODY)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Say nothing."""

    def plain(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send an answer that is none of the API's; what is left of the request is not read."""
        self.close_connection = True
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Listener(ThreadingHTTPServer):
    """Knows its open connections, so as to end them: their threads would wait for ever."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, owner: Owner, port: int) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

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
