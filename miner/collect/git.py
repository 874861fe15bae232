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
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO

from miner.errors import (
    GitKilledError,
    GitTimeoutError,
    Interrupted,
    MinerError,
    RepositoryCorruptError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryRefusedError,
    RepositoryTooLargeError,
)
from miner.resources import resource

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
_FAILURES: tuple[tuple[re.Pattern[str], type[RepositoryError], str], ...] = (
    (
        re.compile(
            r"transport '.*' not allowed|protocol .* not (allowed|supported)|unable to find remote helper", re.I
        ),
        RepositoryRefusedError,
        "its transport is not allowed; see git.transports in the config",
    ),
    (
        re.compile(
            r"repository .*not found|does not appear to be a git repository|does not exist|not a git repository"
            r"|could not read Username|Authentication failed|returned error: 40[134]|returned error: 410",
            re.I,
        ),
        RepositoryMissingError,
        "there is no such repository, or it is private: check the name",
    ),
    (
        re.compile(
            r"corrupt|bad (object|tree|blob)|unable to read|missing (blob|tree|object)|inflate:|did not send all"
            r"|failed to traverse",
            re.I,
        ),
        RepositoryCorruptError,
        "git found damaged objects; if they are in the source, repair it with 'git fsck' there",
    ),
    (
        re.compile(r"No space left on device|Disk quota exceeded", re.I),
        RepositoryTooLargeError,
        "the disk is full: free some space, or name another storage.data_dir",
    ),
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


def without_secrets(text: str) -> str:
    """Take user names, passwords and tokens out of every URL in a text."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1", text)


def failure(item: str, stderr: str) -> RepositoryError:
    """Turn what git printed on failing into the error that tells the user what to do."""
    said = without_secrets(stderr).strip()
    lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:", "remote:"))]
    quoted = "; ".join(lines[:3]) or said[-300:] or "git said nothing"
    for pattern, kind, advice in _FAILURES:
        if pattern.search(said):
            return kind(f"{item}: {advice} ({quoted})")
    return RepositoryError(f"{item}: git failed ({quoted}); check the network, or github.clone_url, and run it again")


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
    try:
        done = subprocess.run(
            _command(arguments, git_dir),
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=environment(transports),
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise GitTimeoutError(
            f"{item}: 'git {arguments[0]}' took more than {timeout:.0f} s; see [git] in the config"
        ) from None
    raise_if_asked_to_end(done.returncode)
    if done.returncode != 0:
        raise failure(item, done.stderr.decode("utf-8", "replace"))
    return done.stdout


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

    :raises RepositoryError: (a child of) if it fails, takes too long or grows too large.
    :raises Interrupted: once ``stopped`` holds.
    """
    with subprocess.Popen(
        _command(arguments, git_dir),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(transports),
        start_new_session=True,
    ) as process:
        said: list[str] = []
        errors = _descriptor(process.stderr)
        reader = threading.Thread(target=_read_progress, args=(errors, said, on_progress), daemon=True)
        reader.start()
        try:
            _watch(process, item, git_dir, time.monotonic() + timeout, max_bytes, stopped)
        except BaseException:
            # The whole session: a fetch has children of its own, which would go on writing.
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            reader.join()
    raise_if_asked_to_end(process.returncode)
    if process.returncode != 0:
        raise failure(item, "\n".join(said))


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
        self._deadline = time.monotonic() + self._timeout
        with contextlib.suppress(BrokenPipeError):
            os.write(self._in, question)

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
        """End the command."""
        self._process.kill()
        self._process.communicate()


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


def _watch(
    process: subprocess.Popen[bytes],
    item: str,
    git_dir: Path,
    deadline: float,
    max_bytes: int,
    stopped: Callable[[], bool],
) -> None:
    while True:
        try:
            process.wait(timeout=_LOOK_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
        if stopped():
            raise Interrupted
        if time.monotonic() > deadline:
            raise GitTimeoutError(f"{item}: the transfer took longer than git.clone_timeout_seconds allows")
        if folder_bytes(git_dir) > max_bytes:
            raise RepositoryTooLargeError(
                f"{item}: the clone grew beyond git.max_repository_bytes ({max_bytes:,}); raise that to take it"
            )


def _read_progress(stream: int, said: list[str], on_progress: Callable[[int, int], None]) -> None:
    """Keep git's messages, and turn its progress lines (ended by a carriage return) into numbers."""
    rest = b""
    while chunk := os.read(stream, 65536):
        *lines, rest = re.split(rb"[\r\n]", rest + chunk)
        for line in lines:
            counted = re.match(rb"(?:Receiving objects|Resolving deltas): +\d+% \((\d+)/(\d+)\)", line)
            if counted:
                on_progress(int(counted[1]), int(counted[2]))
            elif b"% (" not in line and len(said) < 200:
                said.append(line.decode("utf-8", "replace"))
    if rest:
        said.append(rest.decode("utf-8", "replace"))
