"""Commits, diffs and blobs come as they are, and a damaged one takes nothing else with it."""

from __future__ import annotations

import os
import shutil
import signal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import DAY, START, RepositoryBuilder, git, keras_history

from miner.collect.gitobjects import BlobReader, DiffReader, decode, list_history, read_commits
from miner.errors import GitKilledError


def diff_reader(path: Path, *, max_commit_bytes: int = 10**7, max_file_bytes: int = 10**6) -> DiffReader:
    return DiffReader(path, timeout=30, max_file_bytes=max_file_bytes, max_commit_bytes=max_commit_bytes)


def damage(builder: RepositoryBuilder, name: str) -> None:
    """Overwrite a loose object with bytes that are no object."""
    file = builder.object_file(name)
    file.chmod(0o644)
    file.write_bytes(b"damaged")


def test_every_commit_is_listed_once_whatever_its_date(tmp_path: Path) -> None:
    """A history whose dates go back and forth is listed whole; 'git log --since' would stop early."""
    builder = keras_history(tmp_path / "r.git", 60)
    listed = list_history(builder.path, ["main"], item="r", timeout=30)
    assert sorted(commit.sha for commit in listed) == sorted(builder.shas)
    assert any(later.epoch < earlier.epoch for later, earlier in pairwise(listed))
    assert sum(commit.parents > 1 for commit in listed) == 5


def test_a_message_that_is_not_utf8_is_kept_twice(tmp_path: Path) -> None:
    """Latin-1 is read, and its bytes are kept; an encoding that the commit declares is converted by git."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Größe für Eingabe behoben".encode("latin-1"), {"a": "1"})
    builder.commit("Größe".encode("latin-1"), {"a": "2"}, parents=[0], encoding="ISO-8859-1")
    builder.commit("plain", {"a": "3"}, parents=[1], author="Jürgen <j@example.org>".encode("latin-1"))
    builder.build()
    first, declared, plain = read_commits(builder.path, builder.shas, item="r", timeout=30)
    assert first.message == "Größe für Eingabe behoben"
    assert first.message_raw == first.message.encode("latin-1")
    assert (declared.message, declared.message_raw) == ("Größe", None)
    assert (plain.author_name, plain.message_raw) == ("Jürgen", None)


def test_dates_are_utc_with_their_offset(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a": "1"}, epoch=START)
    builder.build()
    (commit,) = read_commits(builder.path, builder.shas, item="r", timeout=30)
    assert commit.committed_at is not None
    assert commit.committed_at.isoformat() == "2017-07-14T02:40:00+00:00"
    assert (commit.committed_epoch, commit.committed_offset, commit.parents) == (START, 120, ())


@pytest.mark.parametrize("epoch", [0, 4_102_444_800, 300_000_000_000])
def test_dates_that_no_calendar_holds_lose_the_time_and_keep_the_number(epoch: int, tmp_path: Path) -> None:
    """1970, 2100 and the year 11,476."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a": "1"}, epoch=epoch)
    builder.build()
    (commit,) = read_commits(builder.path, builder.shas, item="r", timeout=30)
    assert commit.committed_epoch == epoch
    assert (commit.committed_at is None) == (epoch > 253_402_300_799)


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
    damage(builder, f"{builder.shas[20]}:a.py")
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


def test_blobs_are_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """By id and by path; one that is missing, no blob, too large or named with a line break is None."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "import keras\n", "big.txt": "x" * 2000, "empty": "", "d/e.py": "1"})
    builder.build()
    sha = builder.shas[0]
    reader = BlobReader(builder.path, timeout=30, max_bytes=1000)
    names = [f"{sha}:{name}" for name in ("a.py", "none.py", "big.txt", "d", "a\nb", "empty", "d/e.py")]
    assert list(reader.read_all(names)) == [b"import keras\n", None, None, None, None, b"", b"1"]
    assert reader.read(git(builder.path, "rev-parse", f"{sha}:a.py")) == b"import keras\n"
    assert reader.size(f"{sha}:big.txt") == 2000
    assert reader.size("0" * 40) is None
    reader.close()


def test_a_damaged_blob_is_none_and_the_next_one_comes(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n", "b.py": "2\n"}, epoch=START + DAY)
    builder.build()
    path = builder.loosen()
    damage(builder, f"{builder.shas[0]}:a.py")
    reader = BlobReader(path, timeout=30, max_bytes=1000)
    assert reader.read(f"{builder.shas[0]}:a.py") is None
    assert reader.read(f"{builder.shas[0]}:b.py") == b"2\n"
    reader.close()


@given(st.binary(max_size=200))
def test_any_bytes_become_text_and_none_is_lost(data: bytes) -> None:
    """What is not UTF-8, or holds NUL, is kept as bytes beside its text."""
    text, raw = decode(data)
    assert (text.encode() if raw is None else raw) == data


def test_a_missing_file_costs_itself_and_not_its_commit(tmp_path: Path) -> None:
    """The rest of the commit's diff comes, and the file is named; a commit without readable trees is left out."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n", "data [1].bin": "x" * 100})
    builder.commit("two", {"a.py": "2\n", "data [1].bin": "y" * 100}, parents=[0])
    builder.commit("three", {"a.py": "3\n", "d/b.py": "1\n"}, parents=[1])
    builder.build()
    path = builder.loosen()
    damage(builder, f"{builder.shas[1]}:data [1].bin")
    damage(builder, f"{builder.shas[2]}:d")
    reader = diff_reader(path)
    one, two, three = reader.diffs(builder.shas)
    reader.close()
    assert (one.problem, one.unreadable) == ("", ())
    assert (two.problem, two.unreadable) == ("", ("data [1].bin",))
    assert two.data.endswith(b"\n-1\n+2")
    assert three.problem


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_git_that_was_asked_to_end_says_nothing_of_the_repository(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal to the whole group is no damaged object: nothing is left out for it."""
    (tmp_path / "git").write_text(f"#!/bin/sh\nread line\nkill -{number.value} $$\n")
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
