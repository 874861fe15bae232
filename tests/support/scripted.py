"""A web server on loopback that does, request by request, what a test says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any

JSON = "application/json; charset=utf-8"


class Handler(BaseHTTPRequestHandler):
    """A request; ``server.script`` answers it."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_GET(self) -> None:
        """Do what the script says."""
        script = self.server.script
        script.requests.append(self)
        number = min(len(script.requests), len(script.answers)) - 1
        script.answers[number](self)

    def head(self, status: int = 200, **headers: str | int) -> None:
        """Send the status line and the headers; an underscore in a name stands for a hyphen."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def reply(self, body: bytes, status: int = 200, content_type: str = JSON, **headers: str | int) -> None:
        """Send a whole answer."""
        self.head(status, content_type=content_type, content_length=len(body), **headers)
        self.wfile.write(body)

    def give_up(self) -> None:
        """Wait until the test is over."""
        self.close_connection = True
        self.server.script.over.wait(30)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    script: Script

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what some tests are about."""


class Script:
    """Runs while its context is open. The n-th request gets the n-th answer, and those after the last one the last."""

    def __init__(self, *answers: Callable[[Handler], Any]) -> None:
        self.answers = answers
        self.requests: list[Handler] = []
        self.over = Event()
        self._listener = _Listener(("127.0.0.1", 0), Handler)
        self._listener.script = self
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self._listener.server_port}"

    def __enter__(self) -> Script:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


def said(value: object, status: int = 200, **headers: str | int) -> Callable[[Handler], None]:
    """Answer with JSON, compressed."""
    body = gzip.compress(json.dumps(value).encode())
    return lambda request: request.reply(body, status, content_encoding="gzip", **headers)
