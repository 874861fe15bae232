"""The one place that speaks HTTP: GET with bounds on time and bytes, retries, and a limit on requests a second.

A request may carry secret parameters. They are in no message, log record or ``repr``: the errors of the libraries below
hold the full address, so they are described by their type and never chained.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urlsplit

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from miner import __version__
from miner.clock import Clock
from miner.collect import tape
from miner.collect.httpwatch import Watch, WatchedAdapter
from miner.errors import HttpError, Interrupted, NoAnswerError
from miner.secrets import MASK, without_secrets

USER_AGENT = f"bug-fix-miner/{__version__}"
LONGEST_WAIT_SECONDS = 10**9
"""A wait that is longer is taken for this one, so that the moment after it can be told."""

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 30.0
_PIECE_BYTES = 65_536
_BACKOFF = wait_random_exponential(multiplier=2, max=60)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server sent: ``body`` is decoded; ``url`` holds no secret; ``retry_after`` is in seconds.

    ``date`` is the server's own time, if it said so.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    fetched_at: datetime
    retry_after: float | None = None
    date: datetime | None = None


class Transient(Exception):  # noqa: N818 - it says whether to try again
    """A failure that may be over soon. ``wait``: the seconds that the server wants to be left alone, if it said so.

    ``answered``: whether an answer came, at least in part.
    """

    def __init__(self, reason: str, wait: float | None = None, *, answered: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.answered = answered


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """The bounds of a client's requests: one try's seconds and decoded bytes, tries, the longest wait, and the pace."""

    timeout_seconds: float
    max_bytes: int
    attempts: int
    max_wait_seconds: float
    requests_per_second: float


class HttpClient:
    """A client of one service. ``requests`` counts what was sent, retries included."""

    def __init__(self, limits: HttpLimits, clock: Clock, stopped: Callable[[], bool] = lambda: False) -> None:
        self._limits = limits
        self._clock = clock
        self._stopped = stopped
        self._free_at = float("-inf")
        silence = min(_SILENCE_SECONDS, limits.timeout_seconds)
        self._watch = Watch(clock.monotonic, stopped, silence=silence, whole=limits.timeout_seconds)
        self._session = watched_session(self._watch)
        self._tape = tape.current()
        self.requests = 0

    def close(self) -> None:
        """Close the connections. The client can be used again."""
        self._session.close()

    def get(
        self,
        url: str,
        parameters: Mapping[str, str],
        read: Callable[[Reply], T],
        *,
        secret: Mapping[str, str] | None = None,
        ready: Callable[[], None] = lambda: None,
    ) -> T:
        """Ask for ``url``, and give what ``read`` makes of the reply.

        :param read: raises :class:`Transient` for a reply after which the request is worth another try, and any other
            error for one after which it is not.
        :param secret: further parameters, which are told to nobody but the server.
        :param ready: called before each try; what it raises ends the request.
        :raises HttpError: when the server gave nothing that ``read`` took, wants a longer wait than is allowed, sends
            too much, or redirects: that would carry the secret parameters elsewhere.
        :raises Interrupted: when a stop is asked for.
        """
        request = _Request(url, parameters, secret or {})
        retrying = Retrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=_wait,
            retry=retry_if_exception(self._is_worth_it),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            result: T = retrying(self._attempt, request, read, ready)
        except Transient as failure:
            kind = HttpError if failure.answered else NoAnswerError
            message = self._explained(request, failure)
        else:
            return result
        raise kind(message)

    def _attempt(self, request: _Request, read: Callable[[Reply], T], ready: Callable[[], None]) -> T:
        if self._stopped():
            raise Interrupted
        ready()
        self._pace()
        reply = self._exchange(request)
        try:
            return read(reply)
        except Transient as failure:
            if failure.wait is None:
                failure.wait = reply.retry_after
            raise

    def _pace(self) -> None:
        # A millisecond more than the pace: the server's clock may be a little faster.
        now = self._clock.monotonic()
        if self._free_at > now:
            self._clock.sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + 1 / self._limits.requests_per_second + 0.001

    def _exchange(self, request: _Request) -> Reply:
        self._watch.start()
        self.requests += 1
        sent = tape.Sent("GET", request.address, secrets=tuple(filter(None, request.secret.values())))
        try:
            with self._tape.send(sent, lambda: self._send(request)) as response:
                body = self._body(request, response)
                moment = self._clock.now()
                body = self._tape.came(sent, response.status_code, response.headers, body, moment)
                return _reply(request, response, body, moment)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, zlib.error) as error:
            kind = type(error)
        except HttpError as error:
            self._tape.failed(sent, type(error), str(error))
            raise
        self._tape.failed(sent, kind)
        if issubclass(kind, ValueError):
            raise HttpError(f"{request}: this is no address that can be asked ({kind.__name__}); check the settings")
        raise Transient(f"{in_words(kind)} ({kind.__name__})", answered=not is_silence(kind))

    def _send(self, request: _Request) -> requests.Response:
        return self._session.get(
            request.url,
            params={**request.parameters, **request.secret},
            stream=True,
            allow_redirects=False,
            timeout=(min(_CONNECT_SECONDS, self._limits.timeout_seconds), self._limits.timeout_seconds),
        )

    def _body(self, request: _Request, response: requests.Response) -> bytes:
        if 300 <= response.status_code < 400:
            place = _host(request.masked(response.headers.get("Location", "")))
            raise HttpError(
                f"{request}: the server redirects ({response.status_code}) to {place}; that is not followed, because "
                "the request's secrets would go there: correct the address in the settings"
            )
        pieces, size = [], 0
        raw = response.raw.stream(_PIECE_BYTES, decode_content=False)
        for piece in decoded(raw, response.headers.get("Content-Encoding", "")):
            size += len(piece)
            if size > self._limits.max_bytes:
                raise HttpError(
                    f"{request}: the answer is longer than {self._limits.max_bytes:,} bytes; "
                    "raise max_response_bytes if that is right"
                )
            pieces.append(piece)
        return b"".join(pieces)

    def _is_worth_it(self, error: BaseException) -> bool:
        return isinstance(error, Transient) and (error.wait or 0) <= self._limits.max_wait_seconds

    def _explained(self, request: _Request, failure: Transient) -> str:
        said = request.masked(f"{request}: {failure.reason}")
        if self._is_worth_it(failure):
            tries = self._limits.attempts
            return f"{said}; tried {tries} time{'s' if tries > 1 else ''}: check the network, or try again later"
        until = self._clock.now() + timedelta(seconds=failure.wait or 0)
        return f"{said}; the server wants to be left alone: run the same command again after {until:%Y-%m-%d %H:%M} UTC"


class _Request:
    """A request; as a text it has no secret."""

    def __init__(self, url: str, parameters: Mapping[str, str], secret: Mapping[str, str]) -> None:
        self.url = url
        self.parameters = parameters
        self.secret = secret

    @property
    def address(self) -> str:
        return f"{self.url}?{urlencode(self.parameters)}" if self.parameters else self.url

    def masked(self, text: str) -> str:
        for value in filter(None, self.secret.values()):
            for written in (value, quote_plus(value), quote(value, safe="")):
                text = text.replace(written, MASK)
        return text

    def __str__(self) -> str:
        return self.masked(without_secrets(self.url))


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        # Where redirects are not followed, requests still reads a redirect's body, without a bound.
        return None


class _MaskingFilter(logging.Filter):
    """Takes the values of secret parameters out of what urllib3 says about a request at level DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), ()
        return True


_MASKING = _MaskingFilter()


def watched_session(watch: Watch) -> requests.Session:
    """Make a session whose exchanges are watched; it reads no .netrc, keeps no cookie and logs no secret."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(_MASKING)
    session = _Session()
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"})
    # Any authentication keeps requests from looking for one in .netrc; proxies come from the environment all the same.
    session.auth = _unauthenticated
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, WatchedAdapter(watch))
    return session


def _unauthenticated(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _reply(request: _Request, response: requests.Response, body: bytes, fetched_at: datetime) -> Reply:
    content_type = response.headers.get("Content-Type", "")
    wait = retry_after_seconds(response.headers.get("Retry-After", ""), fetched_at)
    date = _moment(response.headers.get("Date", ""))
    return Reply(request.address, response.status_code, content_type, body, fetched_at, wait, date)


def _host(location: str) -> str:
    try:
        return ascii(urlsplit(location).hostname or "another path")
    except ValueError:
        return "no address"


def retry_after_seconds(retry_after: str, now: datetime) -> float | None:
    """Read a Retry-After, https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date."""
    if retry_after.isascii() and retry_after.strip().isdigit():
        return min(float(retry_after), LONGEST_WAIT_SECONDS)
    moment = _moment(retry_after)
    return None if moment is None else min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT_SECONDS)


def _moment(text: str) -> datetime | None:
    """Read a date as HTTP writes it."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _wait(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    demanded = failure.wait if isinstance(failure, Transient) else None
    return _BACKOFF(state) if demanded is None else demanded


def is_silence(kind: type[BaseException]) -> bool:
    """Tell by its error whether an exchange ended before anything was answered."""
    return issubclass(kind, (requests.ConnectionError, requests.ConnectTimeout))


def in_words(kind: type[BaseException]) -> str:
    """Say what went wrong in an exchange, by the error that it ended with."""
    timeouts = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    if issubclass(kind, timeouts):
        return "the server took too long"
    if issubclass(kind, requests.exceptions.SSLError):
        return "no secure connection could be made"
    if issubclass(kind, zlib.error):
        return "the answer is compressed wrongly, or cut off"
    if issubclass(kind, requests.ConnectionError):
        return "the connection failed"
    return "the answer was cut off"


def decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Undo the content encoding piece by piece, none of which is large: a short answer may decode to endless bytes.

    :raises zlib.error: for what cannot be decoded, or ends too early.
    """
    if encoding.lower() in ("", "identity"):
        yield from pieces
        return
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise zlib.error("unknown content encoding")
    decoder: Any = None
    for piece in pieces:
        data = piece
        while data:
            if decoder is None or decoder.eof:
                decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
            yield decoder.decompress(data, _PIECE_BYTES)
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    if decoder is not None and not decoder.eof:
        raise zlib.error("cut off")
