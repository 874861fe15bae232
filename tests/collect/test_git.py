"""Git runs nothing that a repository brings, asks nobody, and keeps to its limits."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder
from support.repositories import git as run_git

from miner.collect import git
from miner.errors import (
    GitTimeoutError,
    MinerError,
    RepositoryCorruptError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryRefusedError,
    RepositoryTooLargeError,
)


def silent(_done: int, _total: int) -> None:
    return


def small(path: Path) -> Path:
    builder = RepositoryBuilder(path)
    builder.commit("one", {"a.py": "import keras\n"})
    return builder.build()


def test_no_secret_and_no_setting_of_the_user_reaches_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only named variables are handed on; the user's and the system's configuration are not read."""
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Somebody\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    environment = git.environment()
    assert "t0ken" not in environment.values()
    assert "GIT_EXTERNAL_DIFF" not in environment
    listed = git.run(["config", "--list"], item="x", timeout=10)
    assert b"user.name" not in listed
    assert b"core.hookspath=/dev/null" in listed


def test_git_asks_nobody_and_brings_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither opens a prompt, nor follows replaced objects, nor fetches missing ones from elsewhere."""
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
    environment = git.environment(["https", "ssh"])
    expected = {
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "https:ssh",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert git.environment()["GIT_ALLOW_PROTOCOL"] == "none"
    assert "BatchMode=yes" in environment["GIT_SSH_COMMAND"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.symlinks", "false"),
        ("core.attributesFile", "/dev/null"),
        ("init.templateDir", ""),
        ("fetch.recurseSubmodules", "false"),
        ("submodule.recurse", "false"),
        ("transfer.bundleURI", "false"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("credential.helper", ""),
        ("http.followRedirects", "initial"),
    ],
)
def test_the_configuration_keeps_git_from_running_anything(key: str, value: str) -> None:
    assert git.run(["config", "--get", key], item="x", timeout=10).decode() == f"{value}\n"


class Lifeline:
    """A fifo that a command and all that it starts have open for writing: it hangs up when the last of them died."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "fifo"
        os.mkfifo(self._path)
        self._reader = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)

    def command(self, rest: str) -> list[str]:
        """Give a command with a grandchild that holds the pipes."""
        return ["-c", f"alias.hold=!exec 3>{self._path}; sleep 600 & {rest}", "hold"]

    def is_cut(self) -> bool:
        """Wait until nobody is left; False if somebody lives on."""
        watch = select.poll()
        watch.register(self._reader, 0)
        events = watch.poll(10_000)
        os.close(self._reader)
        return [event for _, event in events] == [select.POLLHUP]


def test_grandchildren_of_a_command_that_takes_too_long_die_too(tmp_path: Path) -> None:
    lifeline = Lifeline(tmp_path)
    with pytest.raises(GitTimeoutError):
        git.run(lifeline.command("wait"), item="r", timeout=2)
    assert lifeline.is_cut()


def test_a_grandchild_that_holds_the_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Git has ended; what it printed counts, and what it left behind is ended."""
    lifeline = Lifeline(tmp_path)
    assert git.run(lifeline.command("echo printed"), item="r", timeout=60) == b"printed\n"
    assert lifeline.is_cut()


def test_a_grandchild_with_a_session_of_its_own_is_not_waited_for(tmp_path: Path) -> None:
    """It cannot be found to be ended, but holds up nobody."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = ["-c", f"alias.hold=!setsid sh -c 'exec 3<>{fifo}; read line <&3' & echo printed; exit", "hold"]
    try:
        assert git.run(command, item="r", timeout=60) == b"printed\n"
    finally:
        fifo.write_text("end\n")


def test_a_transfer_does_not_wait_for_a_grandchild(tmp_path: Path) -> None:
    lifeline = Lifeline(tmp_path)
    git.transfer(
        lifeline.command("true"),
        item="r",
        git_dir=small(tmp_path / "clone.git"),
        transports=[],
        timeout=60,
        max_bytes=10**9,
        on_progress=silent,
    )
    assert lifeline.is_cut()


def test_a_transfer_that_ended_before_it_was_looked_at_is_measured(tmp_path: Path) -> None:
    with pytest.raises(RepositoryTooLargeError, match=r"big: .*max_repository_bytes \(1\)"):
        git.transfer(
            ["--version"],
            item="big",
            git_dir=small(tmp_path / "clone.git"),
            transports=[],
            timeout=60,
            max_bytes=1,
            on_progress=silent,
        )


@pytest.mark.parametrize("url", ["ext::sh -c 'touch {marker}'", "file://{path}", "{path}"])
def test_a_transport_that_is_not_listed_is_refused(url: str, tmp_path: Path) -> None:
    """Even if such an address came as far as git."""
    path, marker = small(tmp_path / "r.git"), tmp_path / "marker"
    with pytest.raises(RepositoryRefusedError, match="transport is not allowed"):
        git.run(["ls-remote", "--", url.format(path=path, marker=marker)], item="x", timeout=10, transports=["https"])
    assert not marker.exists()


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(GitTimeoutError, match=r"r: 'git .*' took more than 0 s"):
        git.run(["ls-remote", "--", str(small(tmp_path / "r.git"))], item="r", timeout=0.0001, transports=["file"])


def test_a_transfer_that_grows_too_large_is_stopped(tmp_path: Path) -> None:
    """The folder's size is looked at while git runs."""
    clone = small(tmp_path / "clone.git")
    with pytest.raises(RepositoryTooLargeError, match=r"big: .*max_repository_bytes \(1\)"):
        git.transfer(
            ["-c", "alias.wait=!sleep 60", "wait"],
            item="big",
            git_dir=clone,
            transports=[],
            timeout=60,
            max_bytes=1,
            on_progress=silent,
        )


def test_a_transfer_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(GitTimeoutError, match=r"slow: .*clone_timeout_seconds"):
        git.transfer(
            ["-c", "alias.wait=!sleep 60", "wait"],
            item="slow",
            git_dir=small(tmp_path / "clone.git"),
            transports=[],
            timeout=0,
            max_bytes=10**9,
            on_progress=silent,
        )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: repository 'https://github.com/a/b/' not found", RepositoryMissingError),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", RepositoryMissingError),
        ("fatal: '/x' does not appear to be a git repository", RepositoryMissingError),
        ("fatal: loose object 12 (stored in x) is corrupt", RepositoryCorruptError),
        ("fatal: transport 'ext' not allowed", RepositoryRefusedError),
        ("fatal: write error: No space left on device", RepositoryTooLargeError),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", RepositoryError),
        ("fatal: unable to access 'https://x/corrupt-data/': Could not resolve host: corrupt.x", RepositoryError),
        ("fatal: unable to access 'https://x/does not exist/it's bad tree': timeout", RepositoryError),
        ("ssh: Could not resolve hostname corrupt.x: Name or service not known", RepositoryError),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", RepositoryError),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 429", RepositoryError),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 404", RepositoryMissingError),
        ("remote: Repository not found.\nfatal: Could not read from remote", RepositoryMissingError),
        ("remote: Enumerating objects: 3, done.\nfatal: early EOF", RepositoryError),
        ("error: object file /srv/x/objects/12/34 is empty\nfatal: loose object 12 is corrupt", RepositoryCorruptError),
        ("fatal: '/srv/corrupt-data' does not appear to be a git repository", RepositoryMissingError),
        ("", RepositoryError),
    ],
)
def test_what_git_says_becomes_an_error_with_advice(said: str, kind: type[MinerError]) -> None:
    error = git.failure("a/b", said)
    assert type(error) is kind
    assert str(error).startswith("a/b: ")


def test_an_error_shows_no_secret() -> None:
    error = git.failure("a/b", "fatal: unable to access 'https://me:s3cret@example.org/a/b': timeout")
    assert "s3cret" not in str(error)
    assert "https://example.org/a/b" in str(error)


def test_an_old_git_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.17.1\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MinerError, match=r"2\.32 or newer is needed.*2\.17\.1"):
        git.check_version()


def test_no_git_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MinerError, match="git is not installed"):
        git.check_version()


def test_a_conversation_that_gets_no_answer_in_time_ends(tmp_path: Path) -> None:
    """A command that reads and never answers is ended when its time is over, and what it started with it."""
    lifeline = Lifeline(tmp_path)
    command = lifeline.command("echo ready; cat >/dev/null")
    conversation = git.Conversation(command, small(tmp_path / "r.git"), timeout=2)
    conversation.ask(b"anybody there?\n")
    assert conversation.read() == b"ready\n"
    with pytest.raises(TimeoutError):
        conversation.read()
    assert conversation.outcome() == -signal.SIGKILL
    assert lifeline.is_cut()


def test_hooks_of_a_clone_do_not_run(tmp_path: Path) -> None:
    """A hook that lies in a clone, put there by whatever means, is not run by a fetch."""
    source, clone, marker = small(tmp_path / "s.git"), tmp_path / "c.git", tmp_path / "marker"
    run_git(clone, "init", "-q", "--bare", str(clone))
    for name in ("reference-transaction", "post-checkout", "post-merge", "fsmonitor-watchman"):
        hook = clone / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
    subprocess.run(["git", "--git-dir", str(clone), "config", "core.fsmonitor", str(hook)], check=True)
    git.run(
        ["fetch", "--quiet", "--", str(source), "+HEAD:refs/miner/default"],
        item="x",
        timeout=30,
        git_dir=clone,
        transports=["file"],
    )
    assert run_git(clone, "rev-parse", "refs/miner/default") == run_git(source, "rev-parse", "main")
    assert not marker.exists()
