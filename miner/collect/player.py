"""Plays a recorded run back: what was answered then is answered again, at the times of then, and nothing is asked.

A request is looked up by what it asks, not by its place, so a newer version of the miner may ask in another order, or
less. What it asks and the run did not is no answer that could be made up: it fails, and is told.
"""

# Much of what a run passes to its tape is for a recorder alone.
# ruff: noqa: ARG002

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import requests
import urllib3

from miner.clock import Clock
from miner.collect.archive import Archive, Line
from miner.collect.played import PlayedClock, failure_of
from miner.collect.recorder import error_of, request_key, sent_key
from miner.collect.tape import End, JournalEnd, Sent, Tape
from miner.errors import DumpError, HttpError, Interrupted, RebuildError, RepositoryError

_OF_CLONE = frozenset({"fetch", "keep", "shallow", "borrows"})
"""What a run need not have asked for a rebuild to go on: the clone is there, and is not brought up to date."""


class Places(Protocol):
    """Where a rebuild finds what is not in the archive."""

    def clone(self, folder: str) -> Path:
        """Give a clone, by the folder that it had at this moment."""

    def moved(self) -> None:
        """The next of the recorded renamings of clones happened."""

    def file(self, path: str, body: bytes) -> Path:
        """Give a file of a name and content."""

    def dump(self, path: str) -> Path:
        """Give a dump, by the path that it had."""


class Player(Tape):
    """Plays one journal. ``missing`` lists what was asked for that the journal does not have.

    ``differs``: what the run told of itself when it was complete is not what it told then.
    """

    plays = True

    def __init__(self, archive: Archive, journal: str, lines: list[Line], places: Places, last: dict[str, str]) -> None:
        """Take a journal.

        :param last: the last body of each address, over all journals: where an ETag is not at hand any more, it
            stands for "not modified". It is added to.
        """
        self.journal = journal
        self.run_id = int(lines[0]["run_id"])
        ends = [line for line in lines if line["event"] == "end"]
        # Where the database did not take that it was complete, it was entered as failed behind that.
        self.end = End(ends[-1]["status"], ends[-1]["extra"], ends[-1]["seconds"]) if ends else None
        self.missing: list[str] = []
        self.differs = False
        self._archive, self._lines, self._places, self._last = archive, lines, places, last
        self._at = self._open = self._asked = 0
        self._answers: dict[tuple[str, ...], deque[int]] = defaultdict(deque)
        for index, line in enumerate(lines):
            self._answers[_key(line)].append(index)
        self._external = [index for index, line in enumerate(lines) if line["event"] in ("answer", "failure", "git")]
        self._is_stopped = False
        self._ending = False
        self._times: dict[str, Iterator[Any]] = {}
        self._told: dict[str, datetime] = {}
        self._go_on(0)

    def begin(self, run_id: int, told: Mapping[str, Any]) -> None:
        """The run begins as it did."""
        self._go_on(1)

    def ending(self, end: End) -> End:
        """Give how the run ended, but for what it counts.

        :raises JournalEnd: if it was killed before.
        """
        if self.end is None:
            raise JournalEnd
        self._ending = True
        complete = end.status == self.end.status == "complete"
        self.differs = complete and bool(self.end.extra) and end.extra != self.end.extra
        index = next((i for i, line in enumerate(self._lines) if line["event"] == "end"), None)
        if index is not None:
            self._go_on(index + 1)
        return end._replace(seconds=self.end.seconds)

    def committing(self) -> None:
        """Go on, if the run committed something here."""
        if self._event() == "commit":
            self._go_on(self._at + 1)

    def writing(self) -> None:
        """End the run where it was killed, or failed."""
        if self._ending or self._at == 0 or (self._external and self._external[-1] >= self._at):
            return
        if self._event() == "" or (self._event() == "end" and self._broke):
            raise JournalEnd

    def clock(self, clock: Clock) -> Clock:
        """Give a clock that shows the times that the run read, and does not wait."""
        return PlayedClock(lambda: self._time("now"), lambda: self._is_stopped)

    def stopped(self, asked: Callable[[], bool]) -> Callable[[], bool]:
        """Say that a stop was asked for from where it was."""

        def told() -> bool:
            if self._event() == "stop" and not self._lines[self._at]["busy"]:
                self._asked += 1
                if self._asked > self._lines[self._at]["asked"]:
                    self._stop()
            if asked():
                raise Interrupted
            return self._is_stopped

        return told

    def _stop(self) -> None:
        self._is_stopped = True
        self._go_on(self._at + 1)

    def _interrupt(self) -> None:
        if self._event() == "stop" and self._lines[self._at]["busy"]:
            self._stop()
            raise Interrupted

    def wall_time(self) -> datetime:
        """Give the time that the run entered here."""
        return self._time("wall")

    def send(self, sent: Sent, perform: Callable[[], requests.Response]) -> requests.Response:
        """Give the answer that came, or fail as it failed."""
        self._interrupt()
        self._open = self._next(sent_key(sent), repr(sent), HttpError)
        line = self._lines[self._open]
        if line["event"] == "failure":
            raise failure_of(line)
        return self._answer(sent, line)

    def came(self, sent: Sent, status: int, headers: Mapping[str, str], body: bytes, moment: datetime) -> bytes:
        """Go on behind the answer."""
        self._go_on(self._open + 1)
        return body

    def failed(self, sent: Sent, kind: type[BaseException], message: str = "") -> None:
        """Go on behind the failure."""
        self._go_on(self._open + 1)

    def git(self, kind: str, item: str, work: Callable[[], Any]) -> Any:
        """Give what git told, or fail as it failed. What is asked of the clone alone, the clone can still tell."""
        self._interrupt()
        if kind in _OF_CLONE and not self._answers[("git", kind, item)] and self._ended:
            return None if kind in ("fetch", "keep") else work()
        index = self._next(("git", kind, item), f"git {kind} {item}", RepositoryError)
        line = self._lines[index]
        self._go_on(index + 1)
        if "error" in line:
            raise error_of(*line["error"])
        result = line["result"]
        return (
            {**result, "body": self._body(result["body"])} if isinstance(result, dict) and "body" in result else result
        )

    def tokens(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        """Give as many as there were; they are no secret."""
        found = self._answers[("tokens",)]
        if not found:
            # It was killed before it told, and asked nothing.
            return ("played-1",)
        index = found.popleft()
        self._go_on(index + 1)
        return tuple(f"played-{number}" for number in range(self._lines[index]["count"]))

    def clone(self, path: Path) -> Path:
        """Give the clone as it is, wherever it was moved since."""
        return self._places.clone(path.name)

    def moved(self, old: str, new: str) -> None:
        """Follow."""
        self._places.moved()

    def read_file(self, path: Path) -> Path:
        """Give a file with the content that was read."""
        found = self._answers[("file", str(path))]
        if not found:
            return path
        index = found.popleft()
        self._go_on(index + 1)
        return self._places.file(str(path), self._body(self._lines[index]["sha256"]))

    def keep(self, path: Path, body: bytes) -> None:
        """Go on behind the file: :meth:`kept` gave it."""
        if self._event() == "file":
            self._go_on(self._at + 1)

    @property
    def keeps_file(self) -> bool:
        """Whether :meth:`kept` has a file to give."""
        return any(line["event"] == "file" for line in self._lines)

    def kept(self) -> Path:
        """Give the file that the run kept: what it read before it began, or what it drew.

        :raises RebuildError: if the archive has it no more.
        """
        line = next((line for line in self._lines if line["event"] == "file"), None)
        if line is None:
            raise RebuildError(f"the journal {self.journal} of run {self.run_id} names no file: it is damaged")
        return self._places.file(line["path"], self._body(line["sha256"]))

    def dump(self, path: Path) -> Path:
        """Give the dump, wherever it is now.

        :raises DumpError: if it could not be opened.
        """
        found = self._answers[("dump",)]
        line = self._lines[found[0]] if found else {"path": str(path), "error": ""}
        if line["error"]:
            self._go_on(found.popleft() + 1)
            raise DumpError(line["error"])
        return self._places.dump(line["path"])

    def opened_dump(self, path: Path, identity: str, error: str = "") -> None:
        """Let only the dump pass that was read.

        :raises RebuildError: if it is another one.
        """
        found = self._answers[("dump",)]
        if not found:
            return
        index = found.popleft()
        if self._lines[index]["identity"] != identity:
            named = self._lines[index]["path"]
            where = f"that is now at {named}, or in the folder of --dumps"
            raise RebuildError(f"run {self.run_id} read another dump than the one {where}: put the right one there")
        self._go_on(index + 1)

    @property
    def _ended(self) -> bool:
        """Whether the run did all that it was asked for, as far as it could."""
        return self.end is not None and self.end.status != "interrupted" and not self._broke

    @property
    def _broke(self) -> bool:
        """Whether the run ended in the midst of something, and not by a stop at a page boundary."""
        if self.end is None:
            return False
        asked = any(line["event"] == "stop" for line in self._lines)
        return "error" in self.end.extra or (self.end.status == "interrupted" and not asked)

    def _event(self) -> str:
        return str(self._lines[self._at]["event"]) if self._at < len(self._lines) else ""

    def _go_on(self, at: int) -> None:
        self._at, self._asked = at, 0
        line = self._lines[at] if at < len(self._lines) else {}
        self._times = {"now": iter(line.get("now", ())), "wall": _unrolled(line.get("wall", ()))}

    def _time(self, kind: str) -> datetime:
        """Give the next time of a kind; where a newer version of the miner asks more often, the last one again."""
        text = next(self._times[kind], None)
        if text is not None:
            self._told[kind] = datetime.fromisoformat(text)
        if kind not in self._told:
            first = (text for line in self._lines for text in (*line.get("now", ()), *_unrolled(line.get("wall", ()))))
            self._told[kind] = datetime.fromisoformat(next(first))
        return self._told[kind]

    def _next(self, key: tuple[str, ...], what: str, kind: type[HttpError] | type[RepositoryError]) -> int:
        found = self._answers[key]
        if found:
            return found.popleft()
        if self.end is None or self._broke:
            raise JournalEnd
        if not self._ended:
            self._is_stopped = True
            raise Interrupted
        self.missing.append(what)
        raise kind(f"{what}: run {self.run_id} did not ask this, so the archive has no answer to it")

    def _answer(self, sent: Sent, line: Line) -> requests.Response:
        status, digest = int(line["status"]), str(line["sha256"])
        if status == 200:
            self._last[sent.url] = digest
        elif status == 304 and sent.etag != line.get("if_none_match") and sent.url in self._last:
            status, digest = 200, self._last[sent.url]
        response = requests.Response()
        response.status_code = status
        headers = {name: text for name, text in line["headers"].items() if name != "content-encoding"}
        response.headers.update(headers)
        response.raw = urllib3.HTTPResponse(BytesIO(self._body(digest)), headers, status, preload_content=False)
        return response

    def _body(self, digest: str) -> bytes:
        body = self._archive.get(digest)
        if body is None:
            raise RebuildError(
                f"the archive {self._archive.name} has no object {digest} any more, which run {self.run_id} needs: "
                "'miner archive verify' lists all that is missing; bring it back from a copy"
            )
        return body


def _key(line: Line) -> tuple[str, ...]:
    event = line["event"]
    if event in ("answer", "failure"):
        return request_key(line)
    if event == "git":
        return ("git", line["kind"], line["item"])
    return ("file", line["path"]) if event == "file" else (event,)


def _unrolled(noted: Any) -> Iterator[str]:
    return (text for text, count in noted for _ in range(count))
