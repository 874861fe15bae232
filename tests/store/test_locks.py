"""Locks exclude other processes, say who holds them, and end with their holder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.clocks import PretendClock
from support.holders import holding

from miner.clock import SystemClock
from miner.errors import BusyError, Interrupted, StoreError, StoreReadOnlyError
from miner.store import locks as module
from miner.store.locks import Holder, Locks, told
from miner.store.session import open_engine, reading, writing


@pytest.fixture
def locks(engine: Engine) -> Iterator[Locks]:
    with Locks(engine, "collect", PretendClock()) as made:
        yield made


def test_another_process_is_told_who_holds_a_lock(database_url: str, locks: Locks) -> None:
    """By command, process, host and time; a lock of another name is free, and this one once it is let go."""
    with holding(database_url, "git", what="daemon") as other:
        locks.take(["github"])
        with pytest.raises(BusyError, match="git is in use by 'miner daemon'") as caught:
            locks.take(["git"])
        assert f"(process {other.pid} on {socket.gethostname()[:24]}, since 20" in str(caught.value)
    locks.take(["git"])


def test_a_killed_holder_frees_its_locks(database_url: str, engine: Engine) -> None:
    """Without anybody cleaning up, and without a lease that must run out."""
    with holding(database_url, "git") as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
    # A server notices that a connection ended when it next looks: a moment later.
    with Locks(engine, "collect", SystemClock()) as locks:
        locks.take(["git"], wait_seconds=30)


def test_all_are_taken_or_none(database_url: str, locks: Locks, engine: Engine) -> None:
    """Who does not get the second keeps nothing of the first."""
    with holding(database_url, "stackoverflow"):
        with pytest.raises(BusyError, match="stackoverflow is in use"):
            locks.take(["git", "stackoverflow"])
        with Locks(engine, "other", PretendClock()) as other:
            other.take(["git"])


def test_the_same_process_is_excluded_too(engine: Engine, locks: Locks) -> None:
    """Two threads of a process are two."""
    locks.take(["git"])
    with Locks(engine, "other", PretendClock()) as other:
        with pytest.raises(BusyError, match=f"'miner collect' .process {os.getpid()} "):
            other.take(["git"])
        locks.release(["git", "never held"])
        other.take(["git"])
        with pytest.raises(BusyError, match="'miner other'"):
            locks.take(["git"])


def test_waiting_ends_when_the_time_is_over(database_url: str, engine: Engine) -> None:
    """It says once who is waited for, by the clock that is given."""
    clock, said = PretendClock(), list[str]()
    with holding(database_url, "git"), Locks(engine, "collect", clock) as locks, pytest.raises(BusyError):
        locks.take(["git"], wait_seconds=10, say=said.append)
    assert clock.slept == [1.0] * 10
    assert len(said) == 1
    assert said[0].endswith("waiting until that ends")


def test_waiting_ends_with_the_lock(database_url: str, engine: Engine) -> None:
    """Whoever waits has it as soon as it is free."""
    with holding(database_url, "git") as other:

        class Freeing(PretendClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                other.communicate("\n")

        clock = Freeing()
        with Locks(engine, "collect", clock) as locks:
            locks.take(["git"], wait_seconds=10**9)
    assert clock.slept == [1.0]


def test_waiting_ends_at_a_stop(database_url: str, engine: Engine) -> None:
    """The clock raises, as it does while a server is waited for."""

    class Stopped(PretendClock):
        def sleep(self, seconds: float) -> None:
            raise Interrupted

    with holding(database_url, "git"), Locks(engine, "collect", Stopped()) as locks, pytest.raises(Interrupted):
        locks.take(["git"], wait_seconds=10)


def test_a_server_that_ends_the_connection_is_noticed(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is free for others then: the holder is told that it holds nothing any more."""
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.0)
    engine = open_engine(postgresql_url)
    with Locks(engine, "collect", PretendClock()) as locks:
        locks.take(["git"])
        assert not locks.lost()
        locks.require()
        with writing(engine) as connection:
            ended = connection.exec_driver_sql(
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'"
            ).scalar()
        assert ended == 1
        assert locks.lost()
        with pytest.raises(StoreError, match="ended the connection that held the lock"):
            locks.require()
        with Locks(engine, "other", PretendClock()) as other:
            other.take(["git"], wait_seconds=5)
    engine.dispose()


def test_a_lock_of_another_database_is_another(engine: Engine, locks: Locks, tmp_path: Path) -> None:
    locks.take(["git"])
    elsewhere = open_engine(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    with Locks(elsewhere, "other", PretendClock()) as other:
        other.take(["git"])
    elsewhere.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_not_locked(url: str) -> None:
    """Nobody else can see it."""
    engine = open_engine(url)
    with Locks(engine, "a", PretendClock()) as one, Locks(engine, "b", PretendClock()) as other:
        one.take(["git"])
        other.take(["git"])
        assert not one.lost()
    engine.dispose()


def test_a_link_to_a_file_is_the_same_file(sqlite_url: str, tmp_path: Path) -> None:
    """Two names of one database are one database."""
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE x (y INTEGER)")
    (tmp_path / "link.db").symlink_to(tmp_path / "miner.db")
    linked = open_engine(f"sqlite:///{tmp_path / 'link.db'}")
    with Locks(engine, "a", PretendClock()) as one, Locks(linked, "b", PretendClock()) as other:
        one.take(["git"])
        with pytest.raises(BusyError):
            other.take(["git"])
    for used in (engine, linked):
        used.dispose()


def test_a_forked_process_takes_no_lock_with_it(sqlite_url: str, tmp_path: Path) -> None:
    """A worker that outlives its parent keeps nobody out: file locks are not inherited."""
    code = (
        "import os, sys; from miner.clock import SystemClock; from miner.store.locks import Locks; "
        "from miner.store.session import open_engine; "
        "Locks(open_engine(sys.argv[1]), 'collect', SystemClock()).take(['git']); child = os.fork()\n"
        "if child: print(child, flush=True); os.kill(os.getpid(), 9)\n"
        "os.close(1); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, sqlite_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.wait()
        os.kill(worker, 0)
        engine = open_engine(sqlite_url)
        with Locks(engine, "other", PretendClock()) as locks:
            locks.take(["git"])
        engine.dispose()
        assert parent.stdin is not None
        parent.stdin.write("\n")


def test_a_folder_that_cannot_be_written_is_an_error(sqlite_url: str, tmp_path: Path) -> None:
    """Nothing could be collected into it."""
    engine = open_engine(sqlite_url)
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    (tmp_path / "miner.db-lock-git").mkdir()
    with Locks(engine, "a", PretendClock()) as locks, pytest.raises(StoreReadOnlyError, match="beside the database"):
        locks.take(["git"])
    engine.dispose()


@pytest.mark.parametrize(
    ("note", "words"),
    [
        pytest.param(
            "miner collect h 7 2026-01-02T03:04Z", "'miner collect' (process 7 on h, since 2026-01-02 03:04 UTC)"
        ),
        pytest.param("", "another process"),
        pytest.param("psql", "another process (psql)"),
    ],
)
def test_who_holds_a_lock_in_words(note: str, words: str) -> None:
    """Also of a program that is not ours."""
    assert told(note) == words


def test_a_note_fits_into_a_name_of_postgresql() -> None:
    """It would be cut off elsewhere than we like."""
    note = Holder.here("collect-and-more", PretendClock().now()).note()
    assert len(note.encode()) <= 63


def test_a_command_of_several_words_is_told_in_words() -> None:
    """By the first of them."""
    assert told(Holder.here("label import", PretendClock().now()).note()).startswith("'miner label' (process ")
