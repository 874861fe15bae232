"""``miner collect`` from a Stack Exchange site and from a data dump, as a process."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from support.exports import export

KEY = "s3cr3tK3y(("
Miner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[StackExchange]:
    with StackExchange(Site(generate(250, tags=("theano", "keras"))), keys=[KEY]) as running:
        yield running


@pytest.fixture
def settings(server: StackExchange) -> dict[str, str]:
    return {"MINER_STACKOVERFLOW__API_URL": server.url, "MINER_STACKOVERFLOW__KEY": KEY}


def rows(printed: str) -> dict[tuple[str, str], str]:
    """Read what a command printed into a pipe: group, name and count, separated by tabs."""
    return {(group, name): count for group, name, count in (line.split("\t") for line in printed.splitlines())}


ASK = ("collect", "--source", "stackoverflow", "--library", "theano")


def test_a_site_is_asked_and_the_summary_tells_what_came(
    miner: Miner, server: StackExchange, settings: dict[str, str]
) -> None:
    done = miner(*ASK, **settings)
    assert done.returncode == 0, done.stderr
    summary = rows(done.stdout)
    assert int(summary["seen", "questions"]) > 100
    assert int(summary["fixes", "theano"]) > 10
    assert summary["requests", "sent"] == str(len(server.requests))
    assert int(summary["requests", "left today"]) == 10_000 - len(server.requests)
    assert "ask stackoverflow.com theano: finished" in done.stderr
    totals = rows(miner("status", **settings).stdout)
    assert totals["posts", "questions"] == summary["seen", "questions"]
    assert int(totals["posts", "comments"]) > 50
    assert server.violations == []


def test_a_plan_tells_requests_and_hours_and_writes_nothing(
    miner: Miner, server: StackExchange, settings: dict[str, str], tmp_path: Path
) -> None:
    """What it predicts is what the run then sends."""
    planned = miner(*ASK, "--plan", "--json", **settings)
    assert planned.returncode == 0, planned.stderr
    whole = json.loads(planned.stdout)[-1]
    assert (whole["item"], whole["state"]) == ("all tags", "in all")
    assert "days of the quota of 10,000, 9,998 left today" in whole["cost"]
    assert "hours" in whole["cost"]
    assert list(tmp_path.iterdir()) == []
    server.requests.clear()
    miner(*ASK, **settings)
    assert whole["requests"] == len(server.requests)
    again = json.loads(miner(*ASK, "--plan", "--json", **settings).stdout)
    server.requests.clear()
    miner(*ASK, **settings)
    # The filter is at hand.
    assert again[-1]["requests"] - 1 == len(server.requests)


def test_the_key_is_nowhere(miner: Miner, settings: dict[str, str], tmp_path: Path) -> None:
    """Not in what is printed, not in the database, not in the settings that are shown."""
    done = miner(*ASK, "--json", **settings)
    shown = miner("config", "show", **settings)
    refused = miner(*ASK, **settings | {"MINER_STACKOVERFLOW__KEY": KEY + "x"})
    unreachable = miner(
        *ASK,
        **settings | {"MINER_STACKOVERFLOW__API_URL": "http://127.0.0.1:9/2.3", "MINER_STACKOVERFLOW__ATTEMPTS": "1"},
    )
    for process in (done, shown, refused, unreachable):
        for printed in (process.stdout, process.stderr):
            assert KEY not in printed
            assert "s3cr3tK3y" not in printed
    assert [process.returncode for process in (done, shown, refused, unreachable)] == [0, 0, 1, 1]
    assert "check" in refused.stderr
    assert "MINER_STACKOVERFLOW__KEY" in refused.stderr
    written = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert len(written) > 2
    for file in written:
        assert b"s3cr3tK3y" not in file.read_bytes()


def test_ctrl_c_ends_a_wait_that_the_server_asked_for(
    server: StackExchange, settings: dict[str, str], tmp_path: Path
) -> None:
    """At once, at a page boundary, with the exit code that says so."""
    server.back_off("/questions", 200, 1)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
    command = [sys.executable, "-m", "miner", *ASK, "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=clean | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line).get("event") == "start":
                break
        while not server.requests or server.requests[-1].status == 0 or server.requests[-1].method != "/questions":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    assert len([request for request in server.requests if request.method == "/questions"]) == 1
    with sqlite3.connect(tmp_path / "data" / "miner.db") as connection:
        assert connection.execute("SELECT status FROM crawl_run").fetchall() == [("interrupted",)]
    connection.close()


def test_a_dump_is_read_and_read_once(miner: Miner, server: StackExchange, tmp_path: Path) -> None:
    site = next(iter(server.sites.values()))
    folder = export(site, tmp_path / "dumps" / "stackoverflow.com")
    done = miner("collect", "--dump", str(folder), "--dump-date", "2023-01-01")
    assert done.returncode == 0, done.stderr
    summary = rows(done.stdout)
    assert summary["seen", "questions"] == "250"
    again = rows(miner("collect", "--dump", str(folder), "--dump-date", "2023-01-01").stdout)
    assert again["seen", "questions"] == "0"
    planned = miner("collect", "--dump", str(folder), "--plan").stdout.splitlines()
    assert [line.split("\t")[1] for line in planned] == [
        "stackoverflow.com Posts", "stackoverflow.com Comments", "stackoverflow.com PostHistory",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["--dump", "nowhere.7z"], 2, "there is no dump 'nowhere.7z'", id="no such dump"),
        pytest.param(["--seeds", "x", "--source", "git"], 2, "names exactly what", id="a list and a source"),
        pytest.param(["--dump", "x", "--limit", "3"], 2, "--limit cannot be used with --dump", id="a part of a dump"),
        pytest.param(["--site", "stackoverflow", "--source", "stackoverflow"], 2, "site", id="no domain"),
        pytest.param(["--dump", "x", "--dump-date", "soon"], 2, "is not a date", id="no date"),
    ],
)
def test_a_users_mistake_is_told_in_words(miner: Miner, words: list[str], code: int, says: str, tmp_path: Path) -> None:
    """Before a database is made."""
    done = miner("collect", *words)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert not (tmp_path / "data").exists()
    assert "Traceback" not in done.stderr
