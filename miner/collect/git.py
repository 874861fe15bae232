"""Runs git so that a hostile repository can neither run anything nor take more time, memory or disk than it is given.

Every command sees one configuration file (``config/git.ini``), a closed list of transports, no terminal and no
credential helper. Clones are bare: there is no work tree, so no smudge filter, no checked-out symlink and no submodule.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from miner.collect.gitfailures import failure
from miner.errors import (
    GitKilledError,
    GitTimeoutError,
    Interrupted,
    MinerError,
    RepositoryTooLargeError,
)
from miner.resources import resource
from miner.secrets import without_secrets as without_secrets

MINIMUM_VERSION = (2, 32)

_LOOK_EVERY_SECONDS = 0.5
_LAST_BREATH_SECONDS = 10
_ASKS_TO_END = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
_PIPE_BYTES = 1 << 20
# A git that diffs thousands of commits asks the system for the same memory again and again; glibc can keep it.
_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}

_KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
)


def environment(transports: Iterable[str] = ()) -> dict[str, str]:
    """Give the environment of every git command: only ``transports`` are allowed, and nothing asks the user."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(resource("config/git.ini")),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=30",
        "GIT_ALLOW_PROTOCOL": ":".join(transports) or "none",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


def check_version() -> str:
    """Give git's version.

    :raises MinerError: if there is no git, or one older than :data:`MINIMUM_VERSION`.
    """
    wanted = ".".join(map(str, MINIMUM_VERSION))
    if shutil.which("git") is None:
        raise MinerError(f"git is not installed: install git {wanted} or newer")
    text = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False, env=environment()).stdout
    found = re.search(r"(\d+)\.(\d+)\S*", text)
    if not found or (int(found[1]), int(found[2])) < MINIMUM_VERSION:
        raise MinerError(f"git {wanted} or newer is needed; 'git --version' says: {text.strip() or 'nothing'}")
    return found[0]


def run(
    arguments: Sequence[str],
    *,
    item: str,
    timeout: float,
    git_dir: Path | None = None,
    transports: Iterable[str] = (),
    input: bytes | None = None,  # noqa: A002 - the word of subprocess
) -> bytes:
    """Run one git command to its end and give what it printed.

    :param item: what to name in an error.
    :param timeout: seconds.
    :raises RepositoryError: (a child of) if git fails or takes too long.
    """
    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    with _started(arguments, git_dir, transports, stdin=stdin, stdout=subprocess.PIPE) as process:
        try:
            printed, said = _communicate(process, input, time.monotonic() + timeout)
        except subprocess.TimeoutExpired:
            raise GitTimeoutError(
                f"{item}: 'git {arguments[0]}' took more than {timeout:.0f} s; see [git] in the config"
            ) from None
    _raise_if_failed(process, item, said.decode("utf-8", "replace"))
    return printed


def transfer(
    arguments: Sequence[str],
    *,
    item: str,
    git_dir: Path,
    transports: Iterable[str],
    timeout: float,
    max_bytes: int,
    on_progress: Callable[[int, int], None],
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Run a fetch, end it when it takes too long or the clone grows too large, and report objects done and in all.

    What was brought is measured once more at the end: a fast transfer ends before it is looked at.

    :raises RepositoryError: (a child of) if it fails, takes too long or grows too large.
    :raises Interrupted: once ``stopped`` holds.
    """
    progress = _Progress(on_progress)
    with _started(arguments, git_dir, transports, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        _watch(process, progress, item, git_dir, time.monotonic() + timeout, max_bytes, stopped)
    _raise_if_failed(process, item, progress.said())
    _raise_if_too_large(item, git_dir, max_bytes)


def folder_bytes(folder: Path) -> int:
    """Give the size in bytes of all files below a folder; one that vanishes meanwhile counts nothing."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


class Conversation:
    """A long-running git command that answers what is written to it, with a time limit for every answer."""

    def __init__(self, arguments: Sequence[str], git_dir: Path, *, timeout: float) -> None:
        self._timeout = timeout
        self._deadline = 0.0
        self._process = subprocess.Popen(
            _command(arguments, git_dir),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment() | _KEEP_MEMORY,
            start_new_session=True,
        )
        self._in = _descriptor(self._process.stdin)
        self._out = _descriptor(self._process.stdout)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # Git can write ahead while a diff is parsed.
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._readable = select.poll()
        self._readable.register(self._out, select.POLLIN)

    def ask(self, question: bytes) -> None:
        """Send a question; the time for its answer starts now. A command that has ended hears nothing."""
        self.expect()
        with contextlib.suppress(BrokenPipeError):
            os.write(self._in, question)

    def expect(self) -> None:
        """Let the time for an answer start now, that to a question among several sent together."""
        self._deadline = time.monotonic() + self._timeout

    def read(self, size: int = 1 << 20) -> bytes:
        """Give the next bytes, at most ``size``; none when the command has ended.

        :raises TimeoutError: if the answer takes too long. The command is then ended.
        """
        left = max(0.0, self._deadline - time.monotonic())
        if not self._readable.poll(left * 1000):
            self.close()
            raise TimeoutError
        return os.read(self._out, size)

    def outcome(self) -> int:
        """Give the exit code of a command that has nothing more to say; negative: the signal that ended it.

        :raises GitKilledError: if somebody asked it to end: what it did not say then is no fault of the repository.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_LAST_BREATH_SECONDS)
        code = self._process.poll()
        self.close()
        raise_if_asked_to_end(code)
        return code or 0

    def close(self) -> None:
        """End the command and its children."""
        if self._process.poll() is None:
            _end_session(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()


def raise_if_asked_to_end(code: int | None) -> None:
    """Tell git's own failure from that of somebody who ended it.

    :raises GitKilledError: if the exit code is that of SIGTERM, SIGINT, SIGHUP or SIGQUIT.
    """
    if code is not None and -code in _ASKS_TO_END:
        raise GitKilledError(f"git was ended by {signal.Signals(-code).name}: run the same command again")


def _descriptor(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise ValueError("not a pipe")
    return stream.fileno()


def _command(arguments: Sequence[str], git_dir: Path | None) -> list[str]:
    return ["git", *(["--git-dir", str(git_dir)] if git_dir else []), *arguments]


@contextlib.contextmanager
def _started(
    arguments: Sequence[str], git_dir: Path | None, transports: Iterable[str], *, stdin: int, stdout: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Start git in a session of its own, and end all of that session if anything is raised."""
    with subprocess.Popen(
        _command(arguments, git_dir),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(transports),
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            _end_session(process)
            raise


def _end_session(process: subprocess.Popen[bytes]) -> None:
    # A fetch has children of its own, which would go on writing.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _communicate(process: subprocess.Popen[bytes], question: bytes | None, deadline: float) -> tuple[bytes, bytes]:
    """Give what git printed and said; a child that outlives git and holds its pipes is not waited for."""
    ended = False
    while True:
        left = deadline - time.monotonic()
        try:
            return process.communicate(question, timeout=max(0.0, min(_LOOK_EVERY_SECONDS, left)))
        except subprocess.TimeoutExpired as error:
            question = None
            if ended:
                _end_session(process)
                return error.output or b"", error.stderr or b""
            ended = process.poll() is not None
            if left <= 0 and not ended:
                raise


def _raise_if_failed(process: subprocess.Popen[bytes], item: str, said: str) -> None:
    raise_if_asked_to_end(process.returncode)
    if process.returncode != 0:
        raise failure(item, said)


def _raise_if_too_large(item: str, git_dir: Path, max_bytes: int) -> None:
    if folder_bytes(git_dir) > max_bytes:
        raise RepositoryTooLargeError(
            f"{item}: the clone grew beyond git.max_repository_bytes ({max_bytes:,}); raise that to take it"
        )


def _watch(
    process: subprocess.Popen[bytes],
    progress: _Progress,
    item: str,
    git_dir: Path,
    deadline: float,
    max_bytes: int,
    stopped: Callable[[], bool],
) -> None:
    errors = _descriptor(process.stderr)
    readable = select.poll()
    readable.register(errors, select.POLLIN)
    looked = time.monotonic()
    heard = True
    while True:
        if not heard:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_LOOK_EVERY_SECONDS)
                return
        elif readable.poll(_LOOK_EVERY_SECONDS * 1000):
            heard = progress.read(errors)
        elif process.poll() is not None:
            # A child that outlives git holds the pipe open.
            _end_session(process)
            return
        if time.monotonic() - looked < _LOOK_EVERY_SECONDS:
            continue
        if stopped():
            raise Interrupted
        if time.monotonic() > deadline:
            raise GitTimeoutError(f"{item}: the transfer took longer than git.clone_timeout_seconds allows")
        _raise_if_too_large(item, git_dir, max_bytes)
        looked = time.monotonic()


class _Progress:
    """Keeps git's messages, and turns its progress lines (ended by a carriage return) into numbers."""

    def __init__(self, on_progress: Callable[[int, int], None]) -> None:
        self._on_progress = on_progress
        self._rest = b""
        self._said: list[str] = []

    def read(self, stream: int) -> bool:
        """Take what there is to read; False: there will be no more."""
        chunk = os.read(stream, 65536)
        *lines, rest = re.split(rb"[\r\n]", self._rest + chunk)
        self._rest = rest[:65536]
        for line in lines:
            self._take(line)
        return bool(chunk)

    def said(self) -> str:
        """Give the messages, those that report progress left out."""
        return "\n".join([*self._said, self._rest.decode("utf-8", "replace")])

    def _take(self, line: bytes) -> None:
        counted = re.match(rb"(?:Receiving objects|Resolving deltas): +\d+% \((\d+)/(\d+)\)", line)
        if counted:
            self._on_progress(int(counted[1]), int(counted[2]))
        elif b"% (" not in line and len(self._said) < 200:
            self._said.append(line.decode("utf-8", "replace"))
