"""Git runs nothing that a repository brings, asks nobody, and keeps to its limits."""

from __future__ import annotations

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
    """A command that reads and never answers is ended when its time is over."""
    conversation = git.Conversation(["-c", "alias.mute=!cat >/dev/null", "mute"], small(tmp_path / "r.git"), timeout=0)
    conversation.ask(b"anybody there?\n")
    with pytest.raises(TimeoutError):
        conversation.read()


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
