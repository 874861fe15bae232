"""Stands between a client and a server on loopback, and does something in the middle of an answer."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from types import TracebackType
from typing import Any

BLOCK = 1 << 12


class _Relay(BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        """Pass bytes both ways until one side has ended, or it is told to stop."""
        proxy: CuttingProxy = self.server.proxy
        with socket.create_connection(proxy.upstream) as upstream:
            while True:
                readable, _, _ = select.select([self.request, upstream], [], [])
                for source, target in ((self.request, upstream), (upstream, self.request)):
                    if source in readable:
                        data = source.recv(BLOCK)
                        if not data:
                            return
                        if source is upstream and not proxy.goes_on(len(data)):
                            # The client sees a reset, not an end.
                            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            self.request.close()
                            return
                        target.sendall(data)


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    proxy: CuttingProxy

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what the tests are about."""


class CuttingProxy:
    """Runs while its context is open. After ``at`` bytes of answers it acts once: it calls ``act``, or cuts."""

    def __init__(self, url: str) -> None:
        host, _, port = url.partition("//")[2].partition("/")[0].partition(":")
        self.upstream = (host, int(port))
        self.at: int | None = None
        self.act: Callable[[], object] | None = None
        self.passed = 0
        self._listener = _Listener(("127.0.0.1", 0), _Relay)
        self._listener.proxy = self
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})

    def through(self, url: str) -> str:
        """Give an address of the server as one of this."""
        host, port = self.upstream
        return url.replace(f"{host}:{port}", f"127.0.0.1:{self._listener.server_address[1]}")

    def goes_on(self, more: int) -> bool:
        """Count bytes, and tell whether they may pass."""
        before, self.passed = self.passed, self.passed + more
        if self.at is None or not before < self.at <= self.passed:
            return True
        self.at = None
        if self.act is None:
            return False
        self.act()
        return True

    def __enter__(self) -> CuttingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
