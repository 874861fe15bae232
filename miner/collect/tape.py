"""What passes between a run and the world: it can be recorded, and a rebuild plays it back.

All that a run learns and that its database does not hold goes through its tape: answers to requests, what git says of a
source, times, whether a stop was asked for. The tape of :func:`current` does none of both, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, quote_plus

from miner.clock import WALL, Clock
from miner.secrets import MASK

if TYPE_CHECKING:
    import requests

_SHORTEST_SECRET = 10
"""A shorter secret may be an ordinary word; putting something in its place would falsify what a source said."""


class JournalEnd(BaseException):
    """The run that is played back was killed here, or failed. No flow may go on, so it is no Exception."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, without secrets: ``etag`` is that of the answer at hand. ``secrets`` are told to nobody."""

    method: str
    url: str
    body: str = ""
    etag: str | None = None
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self.method} {self.url}"


class End(NamedTuple):
    """How a run ended: ``extra`` goes into its summary, ``seconds`` is how long it took."""

    status: str
    extra: dict[str, Any]
    seconds: float


class Tape:
    """The tape of a run that nobody records."""

    journal: str | None = None
    """The name of the run's record in the archive."""
    run_id: int | None = None
    """The run's number, once it has one; one that is played back has it from the start."""
    plays = False
    """Whether it plays back: then nothing is asked of the world."""
    end: End | None = None
    """How the run ended that is played back; None: it was killed."""

    def begin(self, run_id: int, told: Mapping[str, Any]) -> None:
        """A run begins. ``told`` is what it was asked for, with what settings, less secrets."""

    def ending(self, end: End) -> End:
        """A run ends; give how to enter that."""
        return end

    def close(self) -> None:
        """Nothing will come any more."""

    def committing(self) -> None:
        """A page, or something else, is about to be committed."""

    def writing(self) -> None:
        """A transaction begins that will write.

        :raises JournalEnd: if the run that is played back wrote no more.
        """

    def clock(self, clock: Clock) -> Clock:
        """Give the clock that the run goes by."""
        return clock

    def stopped(self, asked: Callable[[], bool]) -> Callable[[], bool]:
        """Give what tells the run whether a stop was asked for."""
        return asked

    def wall_time(self) -> datetime:
        """Give the time to enter as that of a row's writing."""
        return datetime.now(UTC)

    def send(self, sent: Sent, perform: Callable[[], requests.Response]) -> requests.Response:
        """Send a request, or give what was answered to it."""
        del sent
        return perform()

    def came(self, sent: Sent, status: int, headers: Mapping[str, str], body: bytes, moment: datetime) -> bytes:
        """The whole answer came, decoded; give it without secrets."""
        del status, headers, moment
        return without(sent.secrets, body)

    def failed(self, sent: Sent, kind: type[BaseException], message: str = "") -> None:
        """No answer came."""

    def git(self, kind: str, item: str, work: Callable[[], Any]) -> Any:
        """Have something told by git, as plain values, or give what it told."""
        del kind, item
        return work()

    def tokens(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        """Give the tokens for GitHub that requests go out with."""
        return tokens

    def clone(self, path: Path) -> Path:
        """Give the place of a clone, from the place where the settings put it."""
        return path

    def moved(self, old: str, new: str) -> None:
        """A clone's folder has another name now."""

    def put(self, body: bytes) -> str:
        """Keep something that the run depends on, and give its SHA-256 in hex."""
        return sha256(body).hexdigest()

    def keep(self, path: Path, body: bytes) -> None:
        """Keep a file that the run depends on: one that was read before it began, or what was drawn by chance."""

    def read_file(self, path: Path) -> Path:
        """A small file will be read; give where it is."""
        return path

    def dump(self, path: Path) -> Path:
        """A data dump will be read; give where it is.

        :raises DumpError: if the run that is played back could not open it.
        """
        return path

    def opened_dump(self, path: Path, identity: str, error: str = "") -> None:
        """It was opened, and ``identity`` tells it from others; or it could not be."""


_CURRENT: ContextVar[Tape | None] = ContextVar("CURRENT", default=None)
_NONE = Tape()


def current() -> Tape:
    """Give the tape of the run that goes on in this thread."""
    return _CURRENT.get() or _NONE


@contextmanager
def taping(tape: Tape) -> Iterator[None]:
    """Let a tape be the current one."""
    token, wall = _CURRENT.set(tape), WALL.set(tape.wall_time)
    try:
        yield
    finally:
        WALL.reset(wall)
        _CURRENT.reset(token)


def without(secrets: tuple[str, ...], body: bytes) -> bytes:
    """Put ``***`` for the secrets of a request in what was answered to it: a server may quote them."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            for written in sorted(_spellings(secret), key=len, reverse=True):
                if written.encode() in body:
                    body = body.replace(written.encode(), MASK.encode())
    return body


def _spellings(secret: str) -> set[str]:
    """Give a secret as text, URLs and JSON have it."""
    in_json = json.dumps(secret)[1:-1]
    in_url = {quote_plus(secret), quote(secret), quote(secret, safe="")}
    return {secret, in_json, in_json.replace("/", "\\/"), *in_url}
