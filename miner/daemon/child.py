"""Runs a job in a process of its own, which ends when the daemon does, however that ends.

The settings go through a pipe, never onto a command line, where everybody could read them. The pipe stays open: when it
ends, the daemon is gone, and the child stops at its next page like after a SIGTERM. The outcome comes back through a
second pipe; log lines go where the daemon's go.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from miner import logs
from miner.clock import Clock
from miner.daemon.jobs import Outcome, job_of, perform
from miner.settings import Settings

_STDIN, _STDOUT, _STDERR = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Order:
    settings: Settings
    job: str
    form: logs.Form


class Children:
    """The jobs that run now, each in a process that leads a session of its own: Ctrl-C in a terminal is ours to tell.

    Its methods may be called from several threads.
    """

    def __init__(self, clock: Clock, form: logs.Form) -> None:
        self._clock = clock
        self._form = form
        self._guard = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopping = False

    @property
    def number(self) -> int:
        """How many run."""
        return len(self._processes)

    def run(self, settings: Settings, name: str) -> Outcome:
        """Run a job and wait for its end.

        :raises SettingsError: if there is no such job.
        """
        job, started = job_of(settings, name), self._clock.now()
        process = self._start()
        if process is None:
            return self._ended(name, job.run, "interrupted", "the daemon stops", started)
        try:
            outcome = _exchange(process, _Order(settings, name, self._form))
        finally:
            with self._guard:
                self._processes.discard(process)
        if outcome is not None:
            return outcome
        if self._stopping or process.returncode == -signal.SIGTERM:
            return self._ended(name, job.run, "interrupted", "it was told to stop before it began", started)
        how = _how(process.returncode)
        message = f"its process ended without a word ({how}), perhaps for want of memory; what was finished is stored"
        return self._ended(name, job.run, "failed", message, started)

    def stop(self) -> None:
        """Let none begin any more, and tell those that run to stop at their next page."""
        with self._guard:
            self._stopping = True
            for process in self._processes:
                process.terminate()

    def kill(self) -> None:
        """End them at once, with all that they started. Waits for nothing: it may be called by a signal's handler."""
        for process in tuple(self._processes):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes] | None:
        command = [sys.executable, "-m", __name__]
        with self._guard:
            if self._stopping:
                return None
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
            self._processes.add(process)
            return process

    def _ended(self, name: str, kind: Any, outcome: str, message: str, started: datetime) -> Outcome:
        return Outcome(name, kind, outcome, message, started, self._clock.now())


def _exchange(process: subprocess.Popen[bytes], order: _Order) -> Outcome | None:
    """Send the order, and wait for the outcome; None if the child ends without one."""
    assert process.stdin is not None  # noqa: S101 - for the type checker
    assert process.stdout is not None  # noqa: S101
    with process.stdin as to_child, process.stdout as from_child:
        with suppress(BrokenPipeError):
            pickle.dump(order, to_child)
            to_child.flush()
        told = from_child.read()
        process.wait()
    try:
        outcome = pickle.loads(told)  # noqa: S301 - from our own child
    except (EOFError, pickle.UnpicklingError):
        return None
    return outcome if isinstance(outcome, Outcome) else None


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"exit code {code}"


def main() -> None:
    """Be the child: take the order, run the job, tell the outcome."""
    # What a library prints must not get between the outcome's bytes.
    answer = os.fdopen(os.dup(_STDOUT), "wb")
    os.dup2(_STDERR, _STDOUT)
    order = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    logs.set_up(order.form)
    # It holds no lock while it waits: the workers of a collect are forked from here.
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    outcome = perform(order.settings, order.job, logs.LogReporter())
    with answer, suppress(BrokenPipeError):
        pickle.dump(outcome, answer)


def _stop_with_parent() -> None:
    while os.read(_STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
