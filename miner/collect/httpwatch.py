"""Ends an HTTP exchange that takes too long, whatever the server does: a read timeout alone begins anew with each byte.

It watches where the bytes come in, below the status line, the headers and the body. It waits in short slices, so that a
stop that is asked for is seen while a server is silent.
"""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from miner.errors import Interrupted

_SLICE_SECONDS = 0.5


class Socket(Protocol):
    """What is used of a socket, with or without TLS."""

    def settimeout(self, value: float | None) -> None:
        """Let the next call wait so many seconds."""

    def recv_into(self, buffer: Any) -> int:
        """Wait for bytes, and give how many came; 0 at the end."""


class Watch:
    """Bounds one exchange at a time: the silence between two pieces, and the whole, both in seconds."""

    def __init__(
        self, monotonic: Callable[[], float], stopped: Callable[[], bool], *, silence: float, whole: float
    ) -> None:
        self._monotonic = monotonic
        self._stopped = stopped
        self._silence = silence
        self._whole = whole
        self._started = self._times()

    def start(self) -> None:
        """Let the time of the next exchange run from now on."""
        self._started = self._times()

    def receive(self, socket: Socket, buffer: Any) -> int:
        """Wait for bytes.

        :raises TimeoutError: when the time is over.
        :raises Interrupted: when a stop is asked for.
        """
        silent_since = self._times()
        while not self._stopped():
            if self._passed(self._started) >= self._whole or self._passed(silent_since) >= self._silence:
                raise TimeoutError
            socket.settimeout(_SLICE_SECONDS)
            with suppress(TimeoutError):
                return socket.recv_into(buffer)
        raise Interrupted

    def _times(self) -> tuple[float, float]:
        # A socket waits in real time, even where the clock only pretends to wait: whichever says so ends it.
        return self._monotonic(), time.monotonic()

    def _passed(self, since: tuple[float, float]) -> float:
        return max(now - then for now, then in zip(self._times(), since, strict=True))


class WatchedAdapter(HTTPAdapter):
    """A transport adapter whose connections are watched, through a proxy, too."""

    def __init__(self, watch: Watch) -> None:
        self._pools = _watched_pools(watch)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        """Make the pools of connections through a proxy."""
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        # The pools of a SOCKS proxy are what reaches it: with others the proxy would be passed by.
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager


class _Reader(io.RawIOBase):
    def __init__(self, watch: Watch, socket: Socket, file: io.BufferedIOBase) -> None:
        self._watch = watch
        self._socket = socket
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._watch.receive(self._socket, buffer)

    def close(self) -> None:
        # A socket stays open as long as a file that was made of it.
        self._file.close()
        super().close()


def _watched_pools(watch: Watch) -> dict[str, type[HTTPConnectionPool]]:
    class Response(http.client.HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(_Reader(watch, sock, self.fp))

    class Plain(HTTPConnection):
        response_class = Response

    class Secure(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
