"""How a run shows its progress: bars on a terminal, lines in a log, JSON lines for a machine, or nothing.

All of it goes to standard error; standard output is for results. A reporter is a context manager, and none of them
starts a thread: worker processes may be forked at any time.
"""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Self

from miner.console import mask_secrets, print_warning, printable, stderr

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

LINE_SECONDS = 10.0
REDRAW_SECONDS = 0.1
MIN_NAME_WIDTH = 12
FIGURES_WIDTH = 52


class TerminalReporter(Protocol):
    """A :class:`miner.job.Reporter` that the command line opens and closes."""

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """A task ("clone", "list", "mine") begins on an item; ``total`` units of work are ahead, if known."""

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """``done`` units of the task are done since its start."""

    def finish(self, task: str, item: str) -> None:
        """The task ended."""

    def warn(self, item: str, message: str) -> None:
        """Something was left out; the message says what to do."""

    def close(self) -> None:
        """Give the terminal back. Calling it again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class _Closing:
    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class QuietReporter(_Closing):
    """Warnings only."""

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """Say nothing."""

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """Say nothing."""

    def finish(self, task: str, item: str) -> None:
        """Say nothing."""

    def warn(self, item: str, message: str) -> None:
        """Print the warning."""
        print_warning(item, message)


class RichReporter(_Closing):
    """Progress bars with rate and time left, for a terminal. A bar leaves the screen when its task is finished."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._bars: dict[tuple[str, str], TaskID] = {}
        self._drawn = 0.0

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """Add a bar; a bar without a total pulses."""
        if self._progress is None:
            self._progress = _new_progress(self._console or stderr())
            self._progress.start()
        shown = mask_secrets(printable(f"{task} {item}"))
        bar = self._progress.add_task(shown, total=total, unit=unit)
        self._bars[task, item] = bar
        self._draw(force=True)

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """Move the bar, at most ten redraws a second."""
        bar = self._bars.get((task, item))
        if self._progress is None or bar is None:
            return
        if total is None:
            self._progress.update(bar, completed=done)
        else:
            self._progress.update(bar, completed=done, total=total)
        self._draw()

    def finish(self, task: str, item: str) -> None:
        """Remove the bar."""
        bar = self._bars.pop((task, item), None)
        if self._progress is not None and bar is not None:
            self._progress.remove_task(bar)
            self._draw(force=True)

    def warn(self, item: str, message: str) -> None:
        """Print the warning above the bars."""
        print_warning(item, message)

    def close(self) -> None:
        """Take the bars off the screen."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._bars.clear()

    def _draw(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if self._progress is not None and (force or now - self._drawn >= REDRAW_SECONDS):
            self._progress.refresh()
            self._drawn = now


class _EventReporter(_Closing, ABC):
    """Calls ``_event`` for each start and finish, and for a task's progress at most once in LINE_SECONDS."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[tuple[str, str], _Task] = {}
        self._last = clock()

    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        """Say that the task began."""
        self._open[task, item] = _Task(total, unit, self._clock())
        self._event("start", task, item, self._open[task, item])

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        """Say how far the task is, if nothing was said for a while."""
        known = self._open.get((task, item))
        if known is None:
            return
        known.done = done
        known.total = known.total if total is None else total
        known.seconds = self._clock() - known.started
        if self._clock() - self._last >= LINE_SECONDS:
            self._last = self._clock()
            self._event("progress", task, item, known)

    def finish(self, task: str, item: str) -> None:
        """Say that the task ended."""
        known = self._open.pop((task, item), None)
        if known is not None:
            known.seconds = self._clock() - known.started
            self._event("finish", task, item, known)

    @abstractmethod
    def _event(self, event: str, task: str, item: str, state: _Task) -> None:
        """Write one event."""


class _Task:
    __slots__ = ("done", "seconds", "started", "total", "unit")

    def __init__(self, total: int | None, unit: str, started: float) -> None:
        self.done = 0
        self.total = total
        self.unit = unit
        self.started = started
        self.seconds = 0.0

    @property
    def rate(self) -> float | None:
        """Units a second."""
        return self.done / self.seconds if self.done and self.seconds > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds left at that rate."""
        if self.total is None or self.rate is None:
            return None
        return max(self.total - self.done, 0) / self.rate


class LineReporter(_EventReporter):
    """One line when a task starts and ends, and one every ten seconds: for logs and pipes."""

    def warn(self, item: str, message: str) -> None:
        """Print the warning."""
        print_warning(item, message)

    def _event(self, event: str, task: str, item: str, state: _Task) -> None:
        word = {"start": "started", "progress": "at", "finish": "finished"}[event]
        parts = [f"{task} {item}: {word}"]
        if event != "start":
            parts.append(_amount(state))
        if event == "finish":
            parts.append(f"in {state.seconds:.1f} s")
        elif event == "progress" and state.left is not None:
            parts.append(f"{duration(state.left)} left")
        _write(mask_secrets(printable(" ".join(parts))))


class JsonReporter(_EventReporter):
    """One JSON object a line on standard error, for a machine that follows the run."""

    def warn(self, item: str, message: str) -> None:
        """Write the warning."""
        _write(json.dumps({"event": "warning", "item": mask_secrets(item), "message": mask_secrets(message)}))

    def _event(self, event: str, task: str, item: str, state: _Task) -> None:
        line: dict[str, Any] = {"event": event, "task": task, "item": mask_secrets(item), "unit": state.unit}
        line |= {"done": state.done, "total": state.total, "seconds": round(state.seconds, 3)}
        _write(json.dumps(line))


def reporter(*, as_json: bool, quiet: bool) -> TerminalReporter:
    """Give the reporter that suits the wishes and the terminal."""
    if quiet:
        return QuietReporter()
    if as_json:
        return JsonReporter()
    return RichReporter() if stderr().is_terminal else LineReporter()


def duration(seconds: float) -> str:
    """Give seconds as ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _amount(state: _Task) -> str:
    of = f" of {state.total:,}" if state.total else ""
    rate = f" ({state.rate:,.0f} {state.unit}/s)" if state.rate else ""
    return f"{state.done:,}{of} {state.unit}{rate}"


def _write(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _new_progress(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.table import Column
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            of = f"/{task.total:,.0f}" if task.total else ""
            rate = f" {task.speed:,.0f}/s" if task.speed else ""
            return Text(f"{task.completed:,.0f}{of} {task.fields['unit']}{rate}", style="progress.data.speed")

    # One line a bar, however narrow the terminal: the name gives way first.
    name = Column(no_wrap=True, max_width=max(MIN_NAME_WIDTH, console.width - FIGURES_WIDTH))
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=name),
        BarColumn(bar_width=10),
        Rate(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
