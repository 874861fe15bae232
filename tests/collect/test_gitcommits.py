"""A history is listed whole, and its commits are read as they are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import START, RepositoryBuilder, keras_history

from miner.collect.gitcommits import decode, list_history, read_commits


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


@pytest.mark.parametrize("epoch", [0, 4_102_444_800, 300_000_000_000, 5 * 10**18])
def test_dates_that_no_calendar_holds_lose_the_time_and_keep_the_number(epoch: int, tmp_path: Path) -> None:
    """1970, 2100, the year 11,476, and one beyond what an interval of the ledger holds."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a": "1"}, epoch=epoch)
    builder.build()
    (commit,) = read_commits(builder.path, builder.shas, item="r", timeout=30)
    assert commit.committed_epoch == min(epoch, 2**62 - 1)
    assert (commit.committed_at is None) == (epoch > 253_402_300_799)


@given(st.binary(max_size=200))
def test_any_bytes_become_text_and_none_is_lost(data: bytes) -> None:
    """What is not UTF-8, or holds NUL, is kept as bytes beside its text."""
    text, raw = decode(data)
    assert (text.encode() if raw is None else raw) == data
