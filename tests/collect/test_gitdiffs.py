"""Diffs come in order, and what is damaged or too large takes nothing else with it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder, keras_history

from miner.collect.gitblobs import BlobReader
from miner.collect.gitdiffs import DiffReader
from miner.errors import GitKilledError


def diff_reader(path: Path, *, max_commit_bytes: int = 10**7, max_file_bytes: int = 10**6) -> DiffReader:
    return DiffReader(path, timeout=30, max_file_bytes=max_file_bytes, max_commit_bytes=max_commit_bytes)


def test_diffs_come_in_the_order_asked_for(tmp_path: Path) -> None:
    """More commits than are asked for ahead, an empty one among them."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    for number in range(50):
        builder.commit(f"c{number}", {"a.py": f"{number // 2}\n"}, parents=[number - 1] if number else [])
    builder.build()
    reader = diff_reader(builder.path)
    asked = builder.shas[::-1]
    diffs = list(reader.diffs(asked))
    reader.close()
    assert [diff.sha for diff in diffs] == asked
    assert [bool(diff.data) for diff in diffs] == [number % 2 == 0 for number in range(50)][::-1]
    assert diffs[1].data.endswith(b"\n+24")


def test_a_merge_is_diffed_against_its_first_parent(tmp_path: Path) -> None:
    """What the branch into which it went had already is no part of it."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n"})
    builder.commit("two", {"b.py": "2\n"}, parents=[0])
    builder.commit("three", {"c.py": "3\n"}, parents=[0], branch="side")
    builder.commit("merge", {"c.py": "3\n"}, parents=[1, 2])
    builder.build()
    reader = diff_reader(builder.path)
    (diff,) = reader.diffs(builder.shas[3:])
    reader.close()
    assert b"c.py" in diff.data
    assert b"b.py" not in diff.data


def test_a_diff_over_the_limit_is_dropped_and_the_next_ones_come(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n"})
    builder.commit("large", {"b.py": "x = 1\n" * 50_000}, parents=[0])
    builder.commit("three", {"a.py": "3\n"}, parents=[1])
    builder.build()
    reader = diff_reader(builder.path, max_commit_bytes=100_000)
    one, large, three = reader.diffs(builder.shas)
    reader.close()
    assert (one.problem, three.problem) == ("", "")
    assert large.too_large
    assert large.data == b""
    assert "bytes" in large.problem
    assert three.data.endswith(b"\n+3")


def test_a_damaged_object_costs_its_commits_alone(tmp_path: Path) -> None:
    """The two commits that need the blob lack their only file; those before and after it come whole."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    for number in range(40):
        builder.commit(f"c{number}", {"a.py": f"{number}\n" * 20}, parents=[number - 1] if number else [])
    builder.build()
    path = builder.loosen()
    builder.damage(f"{builder.shas[20]}:a.py")
    reader = diff_reader(path)
    diffs = list(reader.diffs(builder.shas))
    reader.close()
    assert [diff.sha for diff in diffs] == builder.shas
    assert [number for number, diff in enumerate(diffs) if diff.unreadable] == [20, 21]


def test_a_file_over_the_limit_is_never_loaded(tmp_path: Path) -> None:
    """Git calls it binary without reading it."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "x = 1\n" * 1000})
    builder.build()
    reader = diff_reader(builder.path, max_file_bytes=1000)
    (diff,) = reader.diffs(builder.shas)
    reader.close()
    assert b"Binary files /dev/null and b/a.py differ" in diff.data


def test_a_missing_file_costs_itself_and_not_its_commit(tmp_path: Path) -> None:
    """The rest of the commit's diff comes, and the file is named; a commit without readable trees is left out."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n", "data [1].bin": "x" * 100})
    builder.commit("two", {"a.py": "2\n", "data [1].bin": "y" * 100}, parents=[0])
    builder.commit("three", {"a.py": "3\n", "d/b.py": "1\n"}, parents=[1])
    builder.build()
    path = builder.loosen()
    builder.damage(f"{builder.shas[1]}:data [1].bin")
    builder.damage(f"{builder.shas[2]}:d")
    reader = diff_reader(path)
    one, two, three = reader.diffs(builder.shas)
    reader.close()
    assert (one.problem, one.unreadable) == ("", ())
    assert (two.problem, two.unreadable) == ("", (two.unreadable[0], b"data [1].bin"))
    assert two.data.endswith(b"\n-1\n+2")
    assert three.problem


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_git_that_was_asked_to_end_says_nothing_of_the_repository(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal to the whole group is no damaged object: nothing is left out for it."""
    # A shell in the background ignores SIGINT, and a script cannot undo that: Python can.
    end = f"signal.signal({number.value}, signal.SIG_DFL); os.kill(os.getpid(), {number.value})"
    code = f"import os, signal, sys; sys.stdin.readline(); {end}"
    (tmp_path / "git").write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}'\n")
    (tmp_path / "git").chmod(0o755)
    builder = keras_history(tmp_path / "r.git", 3)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reader = diff_reader(builder.path)
    with pytest.raises(GitKilledError, match=number.name):
        list(reader.diffs(builder.shas))
    blobs = BlobReader(builder.path, timeout=30, max_bytes=1000)
    with pytest.raises(GitKilledError, match=number.name):
        blobs.size("x")


def test_a_git_that_is_killed_once_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second git, alone with the commit, brings the diff; the first one's end leaves no trace."""
    real, mark = shutil.which("git"), tmp_path / "killed"
    die = f"[ ! -e {mark} ] && {{ : >{mark}; read line; kill -9 $$; }}"
    script = f'#!/bin/sh\n[ "$5" = diff-tree ] && {die}\nexec {real} "$@"\n'
    (tmp_path / "git").write_text(script)
    (tmp_path / "git").chmod(0o755)
    builder = keras_history(tmp_path / "r.git", 5)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reader = diff_reader(builder.path)
    diffs = list(reader.diffs(builder.shas))
    reader.close()
    assert mark.exists()
    assert [(diff.sha, diff.problem, diff.unreadable) for diff in diffs] == [(sha, "", ()) for sha in builder.shas]
