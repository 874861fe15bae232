"""Sends one request through PyGithub and gives back exactly what came: bounded in time and bytes, never tried again.

PyGithub makes the request (address, authentication, version of the API). It sends it over a connection that is lent to
it, because its own would read an answer of any size, wait outside of the clock for status 202, follow redirects without
end, and read limits from headers that may hold anything. So it is told that all went well, and nothing else.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, ItemsView, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from github import Auth
from github.Requester import HTTPRequestsConnectionClass, Requester, RequestsResponse

from miner.clock import Clock
from miner.collect import tape
from miner.collect.http import USER_AGENT, Transient, decoded, in_words, watched_session
from miner.collect.httpwatch import Watch
from miner.errors import HttpError, Interrupted

API_VERSION = "2022-11-28"
"""What X-GitHub-Api-Version says: https://docs.github.com/en/rest/about-the-rest-api/api-versions."""

_MEDIA_TYPE = "application/vnd.github+json"
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 30.0
_PIECE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one request brought: the names of ``headers`` are in lower case; ``url`` holds no secret."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime

    @property
    def content_type(self) -> str:
        """What the server said that the body is."""
        return self.headers.get("content-type", "")


class GitHubWire:
    """The way to one API. ``requests`` counts what was sent. Not for several threads at a time."""

    def __init__(
        self, api_url: str, *, timeout_seconds: float, max_bytes: int, clock: Clock, stopped: Callable[[], bool]
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self._timeout = timeout_seconds
        self._connection = _Connection(self.api_url, timeout_seconds, max_bytes, clock, stopped)
        self._requesters: dict[str | None, Requester] = {}
        self._stopped = stopped

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._connection.sent

    @property
    def graphql_url(self) -> str:
        """The address of the GraphQL API that belongs to the REST API."""
        return self._requester(None).graphql_url

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def address(self, path: str, parameters: Mapping[str, str | int]) -> str:
        """Give the whole address of a path, or of an address, with parameters: the same each time."""
        url = path if "://" in path else f"{self.api_url}{path}"
        return Requester.add_parameters_to_url(url, dict(parameters))

    def get(self, url: str, token: str | None, etag: str | None = None) -> Exchange:
        """Ask for an address of the API.

        :param etag: of the answer that is at hand: the server says 304 if it is still right.
        :raises Transient: when no whole answer came.
        :raises HttpError: when the answer is too long, or the address cannot be asked.
        :raises Interrupted: when a stop is asked for.
        """
        return self._send("GET", url, token, headers=_headers() | ({"If-None-Match": etag} if etag else {}))

    def post(self, url: str, document: object, token: str | None) -> Exchange:
        """Send a document as JSON. It raises what :meth:`get` does."""
        return self._send("POST", url, token, headers=_headers(), input=document)

    def _send(self, verb: str, url: str, token: str | None, **request: Any) -> Exchange:
        if self._stopped():
            raise Interrupted
        self._requester(token).requestJson(verb, url, cnx=self._connection, **request)
        return self._connection.taken()

    def _requester(self, token: str | None) -> Requester:
        if token not in self._requesters:
            self._requesters[token] = Requester(
                auth=None if token is None else Auth.Token(token),
                base_url=self.api_url,
                timeout=int(self._timeout),
                user_agent=USER_AGENT,
                per_page=100,
                verify=True,
                retry=None,
                pool_size=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
        return self._requesters[token]


class _Connection(HTTPRequestsConnectionClass):
    """The connection that PyGithub sends by. It keeps the last exchange as it came."""

    def __init__(
        self, api_url: str, timeout_seconds: float, max_bytes: int, clock: Clock, stopped: Callable[[], bool]
    ) -> None:
        parts = urlsplit(api_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._timeout = (min(_CONNECT_SECONDS, timeout_seconds), timeout_seconds)
        self._max_bytes = max_bytes
        self._clock = clock
        silence = min(_SILENCE_SECONDS, timeout_seconds)
        self._watch = Watch(clock.monotonic, stopped, silence=silence, whole=timeout_seconds)
        self.session = watched_session(self._watch)
        self._tape = tape.current()
        self.sent = 0
        self._exchange: Exchange | None = None

    def taken(self) -> Exchange:
        """Give the last exchange, once."""
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            raise RuntimeError("PyGithub sent nothing over the connection that it was lent")
        return exchange

    def request(
        self,
        verb: str,
        url: str,
        input: str | io.BufferedReader | None,  # noqa: A002 - the name is PyGithub's
        headers: dict[str, str],
        stream: bool = False,  # noqa: ARG002
    ) -> None:
        """Note what PyGithub wants to send."""
        self.verb, self.url, self._content, self.headers = verb, url, input, headers

    def getresponse(self) -> RequestsResponse:
        """Send it, and read the whole answer."""
        self._watch.start()
        self.sent += 1
        address = f"{self._origin}{self.url}"
        sent = self._noted(address)
        try:
            with self._tape.send(sent, lambda: self._send(address)) as response:
                self._exchange = self._read(sent, response)
                return _Told(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, zlib.error) as error:
            kind = type(error)
        except HttpError as error:
            self._tape.failed(sent, type(error), str(error))
            raise
        self._tape.failed(sent, kind)
        # The libraries' errors hold the request with its token: they are told by their type and never chained.
        if issubclass(kind, ValueError):
            raise HttpError(f"{address}: this is no address that can be asked ({kind.__name__}); check github.api_url")
        raise Transient(f"{in_words(kind)} ({kind.__name__})")

    def _noted(self, address: str) -> tape.Sent:
        _, _, token = self.headers.get("Authorization", "").partition(" ")
        content = self._content if isinstance(self._content, str) else ""
        return tape.Sent(self.verb, address, content, self.headers.get("If-None-Match"), (token,) if token else ())

    def _send(self, address: str) -> requests.Response:
        return self.session.request(
            self.verb,
            address,
            headers=self.headers,
            data=self._content,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        )

    def _read(self, sent: tape.Sent, response: requests.Response) -> Exchange:
        pieces, size = [], 0
        raw = response.raw.stream(_PIECE_BYTES, decode_content=False)
        for piece in decoded(raw, response.headers.get("Content-Encoding", "")):
            size += len(piece)
            if size > self._max_bytes:
                raise HttpError(
                    f"{sent.url}: the answer is longer than {self._max_bytes:,} bytes; "
                    "raise github.max_response_bytes if that is right"
                )
            pieces.append(piece)
        headers = {name.lower(): value for name, value in response.headers.items()}
        moment = self._clock.now()
        body = self._tape.came(sent, response.status_code, headers, b"".join(pieces), moment)
        return Exchange(sent.url, response.status_code, headers, body, moment)


class _Told(RequestsResponse):
    """What PyGithub learns of an answer: nothing, as it would act on status 202 and redirects, and log the body."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response)
        self.status = 200

    def getheaders(self) -> ItemsView[str, str]:
        return {"status": str(self.response.status_code)}.items()

    def read(self) -> str:
        return ""


def _headers() -> dict[str, str]:
    return {"Accept": _MEDIA_TYPE, "X-GitHub-Api-Version": API_VERSION}
