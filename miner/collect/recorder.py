"""Records a run: every body goes into the archive, and the run's journal tells in which order all came.

The journal is in the archive before the transaction is committed that follows from it. Each line also has the times
that were read since the line before, so that a rebuild decides and enters what the run did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from miner import errors
from miner.clock import Clock
from miner.collect.archive import Archive, Line
from miner.collect.tape import End, Sent, Tape, without
from miner.errors import RepositoryError
from miner.secrets import without_secrets
from miner.settings import Section, Settings

if TYPE_CHECKING:
    import requests

FORMAT: Final = 1
"""The version of the journals that are written."""

KEPT_HEADERS: Final = (
    "content-encoding",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "x-github-request-id",
)
"""The headers that clients read, beside those that begin with ``x-ratelimit-``. The body is kept decoded."""

_ELSEWHERE: Final = ("database", "storage", "archive")
# Where a user's own lists and rules are: what they say now counts for a rebuild, too.
_FILES: Final = frozenset({"token_file", "opt_out_file", "libraries_file", "rules_dir"})
"""Sections that say where things are, and nothing of what is collected."""


class Recorder(Tape):
    """Writes a run's journal. ``get`` and ``put`` are the archive's; a journal also tells which bodies its run used."""

    def __init__(self, archive: Archive, of_all: Mapping[str, Any] | None = None) -> None:
        """Record into an archive.

        :param of_all: what the journal tells of any run: the settings, and which database it is.
        """
        self.journal = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{token_hex(4)}"
        self._archive = archive
        self._of_all = dict(of_all or {})
        self._lines: list[Line] = []
        self._parts = 0
        self._times: dict[str, list[Any]] = {}
        self._used: list[str] = []
        self._began = False
        self._stopped = False
        self._asked = 0
        self._busy = False
        self._durable = False

    def get(self, digest: str) -> bytes | None:
        """Give a body, and note that the run used it: it is kept as long as the run is."""
        if digest not in self._used:
            self._used.append(digest)
        return self._archive.get(digest)

    def put(self, body: bytes) -> str:
        """Keep a body."""
        return self._archive.put(body)

    def begin(self, run_id: int, told: Mapping[str, Any]) -> None:
        """Begin the journal."""
        self._began, self.run_id = True, run_id
        self._add("start", format=FORMAT, run_id=run_id, at=_moment(), **told, **self._of_all)

    def ending(self, end: End) -> End:
        """Enter how the run ends."""
        self._add("end", **end._asdict())
        return end

    def close(self) -> None:
        """Put the journal's parts together."""
        if self._parts:
            self._archive.close(self.journal or "")

    def committing(self) -> None:
        """Have on disk what the transaction follows from."""
        if not self._began:
            return
        self._add("commit", at=_moment())
        self._parts += 1
        self._archive.append(self.journal or "", self._parts, self._lines, durable=self._durable)
        self._lines, self._durable = [], False

    def clock(self, clock: Clock) -> Clock:
        """Give a clock whose times are noted."""
        return _NotedClock(clock, lambda moment: self._times.setdefault("now", []).append(moment.isoformat()))

    def stopped(self, asked: Callable[[], bool]) -> Callable[[], bool]:
        """Give the question whose first yes is noted: how often it was asked before, or in the midst of what."""

        def noted() -> bool:
            if asked() and not self._stopped:
                self._stopped = True
                self._add("stop", asked=self._asked, busy=self._busy)
            # While something goes on it is asked every moment: that tells nothing.
            self._asked += not self._busy
            return self._stopped

        return noted

    def wall_time(self) -> datetime:
        """Give the time, and note its second."""
        now = datetime.now(UTC).replace(microsecond=0)
        noted = self._times.setdefault("wall", [])
        if noted and noted[-1][0] == now.isoformat():
            noted[-1][1] += 1
        else:
            noted.append([now.isoformat(), 1])
        return now

    def send(self, sent: Sent, perform: Callable[[], requests.Response]) -> requests.Response:
        """Send a request."""
        self._busy = True
        return super().send(sent, perform)

    def came(self, sent: Sent, status: int, headers: Mapping[str, str], body: bytes, moment: datetime) -> bytes:
        """Archive an answer."""
        body = super().came(sent, status, headers, body, moment)
        kept = {name.lower(): value for name, value in headers.items()}
        kept = {name: _said(sent, text) for name, text in kept.items() if _is_kept(name)}
        answer = {"status": status, "headers": kept, "sha256": self.put(body), "bytes": len(body)}
        self._add("answer", **_request(sent), **answer, at=moment.isoformat())
        self._durable = True
        return body

    def failed(self, sent: Sent, kind: type[BaseException], message: str = "") -> None:
        """Enter that no answer came."""
        self._add("failure", **_request(sent), kind=f"{kind.__module__}.{kind.__qualname__}", message=message)

    def git(self, kind: str, item: str, work: Callable[[], Any]) -> Any:
        """Have something told by git, and enter what it told or how it failed."""
        self._busy = True
        try:
            result = work()
        except RepositoryError as error:
            self._add("git", kind=kind, item=item, error=[type(error).__name__, str(error)])
            raise
        told = {**result, "body": self.put(result["body"])} if isinstance(result, dict) and "body" in result else result
        self._add("git", kind=kind, item=item, result=told)
        self._durable = True
        return result

    def tokens(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        """Enter how many tokens there are."""
        self._add("tokens", count=len(tokens))
        return tokens

    def moved(self, old: str, new: str) -> None:
        """Enter that a clone's folder has another name."""
        self._add("moved", old=old, new=new)

    def read_file(self, path: Path) -> Path:
        """Archive a file that will be read. One that cannot be is its reader's to complain about."""
        try:
            body = path.read_bytes()
        except OSError:
            return path
        self._add("file", path=str(path), sha256=self.put(body), bytes=len(body))
        self._durable = True
        return path

    def keep(self, path: Path, body: bytes) -> None:
        """Archive a file that was read."""
        self._add("file", path=path.name, sha256=self.put(body), bytes=len(body))

    def opened_dump(self, path: Path, identity: str, error: str = "") -> None:
        """Enter which dump was read: it is too large to be kept here, too."""
        self._add("dump", path=str(path.absolute()), identity=identity, error=error)

    def _add(self, event: str, **told: Any) -> None:
        used = {"used": self._used} if self._used else {}
        self._lines.append({"event": event, **told, **self._times, **used})
        self._times, self._used = {}, []
        self._asked, self._busy = 0, False


def told_of(settings: Settings) -> dict[str, Any]:
    """Give what a journal tells of the settings of a run: no secret, and nothing of where things are."""
    sections = {name: _values(section) for name, section in settings if name not in _ELSEWHERE}
    keyed = bool(settings.stackoverflow.key.get_secret_value())
    return {"settings": sections, "stackoverflow_key": keyed}


def error_of(kind: str, message: str) -> RepositoryError:
    """Make the error anew that a journal holds."""
    found = getattr(errors, kind, None)
    is_ours = isinstance(found, type) and issubclass(found, RepositoryError)
    return found(message) if is_ours and found is not None else RepositoryError(message)


def request_key(line: Line) -> tuple[str, ...]:
    """Give what makes two requests the same: not the ETag, which depends on what was at hand."""
    return ("http", line["method"], line["url"], line.get("body_sha256", ""))


def _moment() -> str:
    """Give the time in full: which of two runs was first is not told by seconds."""
    return datetime.now(UTC).isoformat()


def _request(sent: Sent) -> Line:
    body = {"body": sent.body, "body_sha256": sha256(sent.body.encode()).hexdigest()} if sent.body else {}
    return {"method": sent.method, "url": sent.url, **body, **({"if_none_match": sent.etag} if sent.etag else {})}


def sent_key(sent: Sent) -> tuple[str, ...]:
    """Give what makes a request the same as one of a journal."""
    return request_key(_request(sent))


def _is_kept(name: str) -> bool:
    return name in KEPT_HEADERS or name.startswith("x-ratelimit-")


def _said(sent: Sent, text: str) -> str:
    return without(sent.secrets, text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _values(section: Section) -> dict[str, Any]:
    plain = section.model_dump(mode="json")
    hidden = {name for name, value in section if isinstance(value, SecretStr)} | _FILES
    return {name: _plain(value) for name, value in plain.items() if name not in hidden}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(kept) for name, kept in value.items()}
    if isinstance(value, list):
        return [_plain(kept) for kept in value]
    return without_secrets(value) if isinstance(value, str) else value


class _NotedClock:
    """A clock that tells somebody the times that it gives."""

    def __init__(self, clock: Clock, note: Callable[[datetime], None]) -> None:
        self._clock = clock
        self._note = note

    def now(self) -> datetime:
        moment = self._clock.now()
        self._note(moment)
        return moment

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
