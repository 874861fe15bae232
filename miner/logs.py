"""What a process says that runs for months: one line an event, for people in a terminal, as JSON for everything else.

An event has a name, fields (job, run, source, item, ...) and a message. No line holds a secret or an escape sequence.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from miner.console import mask_secrets, mask_values, printable

Form = Literal["human", "json"]

PROGRESS_SECONDS = 60.0

_NOTHING: tuple[object, ...] = (None, "", {}, [])
_LOGGER = logging.getLogger("miner")
_context: ContextVar[Mapping[str, Any]] = ContextVar("fields", default={})  # noqa: B039 - never changed in place


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Give every event of the block these fields."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def event(name: str, message: str = "", *, level: int = logging.INFO, exc_info: bool = False, **fields: Any) -> None:
    """Say that something happened.

    :param exc_info: whether the exception that is handled belongs to it.
    """
    _LOGGER.log(level, "%s", message, exc_info=exc_info, extra={"event": name, "fields": fields})


def form_of(wanted: Literal["auto", "human", "json"], stream: TextIO) -> Form:
    """Give the form of the lines: for people where somebody watches."""
    if wanted == "auto":
        return "human" if stream.isatty() else "json"
    return wanted


def set_up(form: Form, stream: TextIO | None = None) -> None:
    """Let all that is logged in this process, also by libraries, go to a stream (standard error) in one form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Human() if form == "human" else _Json())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _LOGGER.setLevel(logging.INFO)


class LogReporter:
    """A :class:`miner.job.Reporter` that logs: starts and ends of tasks, warnings, and how far long tasks are."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: dict[tuple[str, str], float] = {}
        self._said: dict[tuple[str, str], float] = {}
        self._done: dict[tuple[str, str], int] = {}

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """Say that the task began."""
        self._started[task, item] = self._said[task, item] = self._clock()
        event("task started", task=task, item=item, total=total, unit=unit)

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """Say how far the task is, at most once a minute."""
        self._done[task, item] = done
        if self._clock() - self._said.get((task, item), self._clock()) >= PROGRESS_SECONDS:
            self._said[task, item] = self._clock()
            event("task at", task=task, item=item, done=done, total=total)

    def finish(self, task: str, item: str) -> None:
        """Say that the task ended."""
        self._said.pop((task, item), None)
        seconds = self._clock() - self._started.pop((task, item), self._clock())
        event("task ended", task=task, item=item, done=self._done.pop((task, item), 0), seconds=round(seconds, 3))

    def warn(self, item: str, message: str) -> None:
        """Log the warning."""
        event("warning", message, level=logging.WARNING, item=item)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _time(record).isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        line |= {"event": _name(record), **mask_values(_fields(record))}
        line |= {"message": message} if (message := mask_secrets(record.getMessage())) else {}
        if record.exc_info:
            line["traceback"] = mask_secrets(self.formatException(record.exc_info))
        # Everything beyond ASCII is escaped, so that no line can steer a terminal.
        return json.dumps(line, default=str).replace("\x7f", "\\u007f")


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{key}={_word(value)}" for key, value in _fields(record).items() if value not in _NOTHING)
        words = [_name(record), fields, record.getMessage()]
        if record.exc_info:
            words.append(self.formatException(record.exc_info))
        text = "  ".join(mask_secrets(printable(word)) for word in words if word)
        return f"{_time(record):%Y-%m-%d %H:%M:%S} {record.levelname.lower():7} {text}"


def _word(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{kept}" for key, kept in value.items())
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _name(record: logging.LogRecord) -> str:
    return str(getattr(record, "event", record.name))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {**_context.get(), **getattr(record, "fields", {})}
