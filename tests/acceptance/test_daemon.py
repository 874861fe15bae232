"""``miner daemon`` as a process with real signals, on SQLite and PostgreSQL, against servers on loopback."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from servers.github import GitHub
from servers.github_generator import generate as make_hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import Engine
from support.daemons import PATIENCE_SECONDS, Daemon, toml
from support.holders import holding
from support.repositories import keras_history
from support.runs import Runner

from miner.store.session import open_engine, writing

Miner = Callable[..., subprocess.CompletedProcess[str]]
Contents = dict[str, list[tuple[Any, ...]]]
Start = Callable[..., Daemon]

KEY, TOKEN = "S3CRETkey", "S3CRETtoken"
FETCH = {"run": "fetch", "every": "1h"}
UPKEEP = {"run": "maintenance", "every": "1h"}
QUESTIONS = {"run": "questions", "every": "1h", "libraries": ["theano"]}
LONG = 150
"""Commits, of one page each: longer than any test looks on."""


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Start]:
    """Give a function that starts a daemon with jobs; whatever still runs at the end is killed."""
    started: list[Daemon] = []

    def begin(
        jobs: Mapping[str, Mapping[str, Any]] | None,
        *flags: str,
        environ: Mapping[str, str] | None = None,
        **daemon: Any,
    ) -> Daemon:
        if jobs is not None:
            (tmp_path / "daemon.toml").write_text(toml(jobs, **daemon), encoding="utf-8")
        started.append(Daemon(tmp_path, database_url, environ or {}, *flags))
        return started[-1]

    yield begin
    for daemon in started:
        with daemon:
            pass


@pytest.fixture
def long_job(tmp_path: Path) -> dict[str, str]:
    """The settings of a fetch that takes a while."""
    path = keras_history(tmp_path / "long.git", LONG).path
    return {"MINER_GIT__REPOSITORIES": f'["{path}"]', "MINER_COLLECT__PAGE_COMMITS": "1", "MINER_COLLECT__WORKERS": "1"}


def undisturbed(tmp_path: Path, settings: Mapping[str, str], miner: Miner, *flags: str) -> str:
    """Collect into another database, in one go; give its URL."""
    url = f"sqlite:///{tmp_path / 'whole.db'}"
    done = miner("collect", "--database-url", url, *flags, **settings, MINER_STORAGE__DATA_DIR=str(tmp_path / "other"))
    assert done.returncode == 0, done.stderr
    return url


def rows(url: str, contents: Callable[[Engine], Contents]) -> Contents:
    engine = open_engine(url)
    try:
        return contents(engine)
    finally:
        engine.dispose()


def test_it_runs_its_jobs_and_brings_what_collect_brings(
    start: Start, miner: Miner, database_url: str, tmp_path: Path, contents: Callable[[Engine], Contents]
) -> None:
    """Questions, discovery, clones and upkeep; metrics tell of each, and SIGTERM ends it with exit code 0."""
    with (
        StackExchange(Site(generate(400, tags=("caffe", "theano"))), keys=[KEY]) as site,
        GitHub(make_hub(4, tmp_path / "hub"), tokens={TOKEN: "someone"}) as hub,
    ):
        repository = keras_history(tmp_path / "r.git", 20).path
        environ = {
            "MINER_STACKOVERFLOW__API_URL": site.url,
            "MINER_STACKOVERFLOW__KEY": KEY,
            "MINER_GITHUB__API_URL": hub.url,
            "MINER_GITHUB__CLONE_URL": hub.clone_url,
            "MINER_GITHUB__TOKENS": TOKEN,
            "MINER_GITHUB__SEARCHES": '{theano = ["deep in:description"]}',
            "MINER_GIT__REPOSITORIES": f'["{repository}"]',
        }
        jobs = {
            "questions": QUESTIONS,
            "again": {**QUESTIONS, "run": "reobserve"},
            "discover": {"run": "discover", "every": "1h", "libraries": ["theano"]},
            "upkeep": UPKEEP,
        }
        daemon = start(jobs, environ=environ)
        daemon.until("daemon active")
        ended = daemon.ended(*jobs)
        assert {event["event"] for event in ended.values()} == {"job complete"}, daemon.events
        (tmp_path / "daemon.toml").write_text(
            toml({**jobs, "fetch": FETCH | {"libraries": ["theano"]}}), encoding="utf-8"
        )
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until("settings reloaded")
        assert daemon.ended("fetch")["fetch"]["event"] == "job complete"
        assert daemon.get("/healthz")[0] == daemon.get("/readyz")[0] == 200
        text = daemon.get("/metrics")[1]
        assert 'miner_job_runs_total{kind="questions",name="questions",outcome="complete"} 1.0' in text
        assert 'miner_budget_remaining_requests{account="key",resource="day",source="stackoverflow"} 99' in text
        assert 'miner_budget_limit_requests{account="token 1",resource="search",source="github"} 30.0' in text
        for source in ("git", "github", "stackoverflow"):
            assert daemon.metric(f'miner_pages_total{{source="{source}"}}') > 0
            assert 0 <= daemon.metric(f'miner_lag_seconds{{source="{source}"}}') < 1000
        sent = 'miner_requests_total{account="token 1",resource="search",source="github"}'
        assert daemon.metric(sent) == sum(request.path.startswith("/search/") for request in hub.requests)
        assert daemon.metric("miner_new_fixes_total") > 0
        assert daemon.stop() == 0
        # What was fetched after the searches is asked about by the next ones.
        again = miner("collect", "--database-url", database_url, "--source", "github", "--library", "theano", **environ)
        assert again.returncode == 0, again.stderr
        whole = undisturbed(
            tmp_path,
            environ,
            miner,
            "--library",
            "theano",
            "--source",
            "github",
            "--source",
            "git",
            "--source",
            "stackoverflow",
        )
        assert site.violations == []
    logged = json.dumps(daemon.rest())
    assert KEY not in logged + text
    assert TOKEN not in logged + text
    assert {"daemon stopping", "daemon stopped"} <= {event.get("event") for event in daemon.events}
    ours, theirs = rows(database_url, contents), rows(whole, contents)
    for table in ("fix", "fix_hunk", "label", "label_evidence", "post", "git_commit", "discovery", "omission"):
        assert ours[table] == theirs[table], table
    assert len(ours["fix"]) > 10


def test_sigterm_stops_a_job_at_a_page_and_the_next_daemon_goes_on(
    start: Start,
    miner: Miner,
    database_url: str,
    tmp_path: Path,
    long_job: Mapping[str, str],
    contents: Callable[[Engine], Contents],
) -> None:
    """Exit code 0; what was committed stays, and what was left is fetched at once, though the job is not due."""
    daemon = start({"fetch": FETCH}, environ=long_job)
    daemon.until("task started", task="mine")
    runner = Runner(database_url, tmp_path / "data")
    while runner.one("SELECT COUNT(*) FROM git_commit") == 0:
        assert daemon.process.poll() is None
    assert daemon.stop() == 0
    assert daemon.until("job interrupted")["job"] == "fetch"
    assert runner.one("SELECT outcome FROM daemon_outcome") == "interrupted"
    assert 0 < runner.one("SELECT COUNT(*) FROM git_commit") < LONG
    assert runner.one("SELECT status FROM crawl_run") == "interrupted"
    again = start(None, environ=long_job)
    assert again.ended("fetch")["fetch"]["event"] == "job complete"
    assert again.stop() == 0
    whole = undisturbed(tmp_path, long_job, miner, "--source", "git")
    assert rows(database_url, contents) == rows(whole, contents)


def test_a_second_signal_ends_all_at_once(start: Start, long_job: Mapping[str, str]) -> None:
    """Also a job that does not answer, with exit code 130."""
    daemon = start({"fetch": FETCH}, environ=long_job)
    daemon.until("task started", task="mine")
    (job,) = daemon.children()
    job.suspend()
    daemon.process.send_signal(signal.SIGTERM)
    daemon.until("daemon stopping")
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(PATIENCE_SECONDS) == 130
    assert psutil.wait_procs([job], PATIENCE_SECONDS)[1] == []


def test_a_killed_daemon_leaves_nothing_behind(
    start: Start,
    miner: Miner,
    database_url: str,
    tmp_path: Path,
    long_job: Mapping[str, str],
    contents: Callable[[Engine], Contents],
) -> None:
    """Its job stops by itself, its locks are free, and the next daemon ends what it began."""
    daemon = start({"fetch": FETCH}, environ=long_job)
    daemon.until("task started", task="mine")
    jobs = daemon.children()
    daemon.process.kill()
    assert psutil.wait_procs(jobs, PATIENCE_SECONDS)[1] == []
    assert Runner(database_url, tmp_path / "data").one("SELECT outcome FROM daemon_outcome") == "running"
    again = start(None, environ=long_job)
    assert again.ended("fetch")["fetch"]["event"] == "job complete"
    assert again.stop() == 0
    whole = undisturbed(tmp_path, long_job, miner, "--source", "git")
    assert rows(database_url, contents) == rows(whole, contents)


def test_of_two_daemons_one_works(
    start: Start,
    miner: Miner,
    database_url: str,
    tmp_path: Path,
    long_job: Mapping[str, str],
    contents: Callable[[Engine], Contents],
) -> None:
    """The other ends with exit code 4, or stands by and takes over when the first is killed; no row is doubled."""
    first = start({"fetch": FETCH}, environ=long_job)
    first.until("task started", task="mine")
    (job,) = first.children()
    job.suspend()
    refused = start(None)
    assert refused.process.wait(PATIENCE_SECONDS) == 4
    assert f"daemon is in use by 'miner daemon' (process {first.process.pid} on " in str(refused.rest())
    second = start(None, "--wait", environ=long_job)
    second.until("standby")
    assert second.get("/healthz")[0] == 200
    assert second.get("/readyz") == (503, "standby: another daemon is at work, or this one stops\n")
    assert second.metric("miner_daemon_active") == 0
    first.process.kill()
    second.until("daemon active")
    # The first one's job has not noticed yet: the second one's waits for its lock.
    assert f"git is in use by 'miner collect' (process {job.pid} on " in second.until("warning")["message"]
    job.resume()
    assert second.ended("fetch")["fetch"]["event"] == "job complete"
    assert second.get("/readyz") == (200, "ok\n")
    assert second.stop() == 0
    whole = undisturbed(tmp_path, long_job, miner, "--source", "git")
    assert rows(database_url, contents) == rows(whole, contents)


def test_sighup_takes_new_settings_and_refuses_wrong_ones(start: Start, tmp_path: Path) -> None:
    """What is wrong is said, and what was in force stays; a job that is gone is not known any more."""
    daemon = start({"upkeep": UPKEEP, "old": {"run": "maintenance", "cron": "0 4 * * *"}})
    daemon.ended("upkeep")
    for wrong, says in (
        (toml({"upkeep": {"run": "maintenance", "cron": "61 * * * *"}}), "daemon.jobs.upkeep: cron"),
        (toml({"upkeep": {"run": "nothing", "every": "1h"}}), "daemon.jobs.upkeep.run"),
        ("[daemon\n", "is not TOML"),
    ):
        (tmp_path / "daemon.toml").write_text(wrong, encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        assert says in daemon.until("settings refused")["message"]
    assert daemon.metric("miner_config_reload_successful") == 0
    assert 'miner_job_next_run_timestamp_seconds{name="old"}' in daemon.get("/metrics")[1]
    found = {"upkeep": UPKEEP, "more": {"run": "maintenance", "every": "2h"}}
    (tmp_path / "daemon.toml").write_text(toml(found, port=1, metrics_cache_seconds=0), encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until("restart needed")
    assert daemon.until("settings reloaded")["jobs"] == ["more", "upkeep"]
    assert daemon.ended("more")["more"]["event"] == "job complete"
    assert daemon.metric("miner_config_reload_successful") == 1
    assert daemon.stop() == 0


def test_a_job_that_fails_leaves_the_daemon_alive(start: Start) -> None:
    """Whether it says what is wrong or its process dies; both are in the metrics, and others run."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        environ = {
            "MINER_STACKOVERFLOW__API_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}",
            "MINER_STACKOVERFLOW__ATTEMPTS": "1",
        }
        jobs = {"questions": QUESTIONS, "upkeep": UPKEEP}
        daemon = start(jobs, environ=environ, metrics_cache_seconds=0)
        ended = daemon.ended(*jobs)
    assert ended["questions"]["event"] == "job failed"
    assert "127.0.0.1" in ended["questions"]["message"]
    assert ended["upkeep"]["event"] == "job complete"
    assert daemon.get("/healthz") == (200, "ok\n")
    assert daemon.metric('miner_job_runs_total{kind="questions",name="questions",outcome="failed"}') == 1
    assert daemon.metric('miner_job_failures{name="questions"}') == 1
    assert daemon.metric('miner_job_failures{name="upkeep"}') == 0
    assert daemon.stop() == 0


def test_a_job_whose_process_is_killed_has_failed(start: Start, long_job: Mapping[str, str]) -> None:
    """As by a system without memory: the daemon says so, and goes on."""
    daemon = start({"fetch": FETCH}, environ=long_job)
    daemon.until("task started", task="mine")
    daemon.children()[0].kill()
    ended = daemon.until("job failed")
    assert "ended without a word (by signal 9)" in ended["message"]
    assert daemon.get("/healthz") == (200, "ok\n")
    assert daemon.stop() == 0


def test_a_source_that_is_in_use_is_left_alone(
    start: Start, database_url: str, tmp_path: Path, long_job: Mapping[str, str]
) -> None:
    """By a one-off collect beside the daemon: the job is busy, which is no failure."""
    daemon = start({"upkeep": UPKEEP}, environ=long_job, lock_wait_seconds=0)
    daemon.ended("upkeep")
    with holding(database_url, "git") as other:
        found = toml({"upkeep": UPKEEP, "fetch": FETCH}, lock_wait_seconds=0)
        (tmp_path / "daemon.toml").write_text(found, encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        busy = daemon.ended("fetch")["fetch"]
        assert busy["event"] == "job busy"
        assert f"process {other.pid} " in busy["message"]
    assert daemon.stop() == 0


def test_it_is_ready_only_with_the_right_schema(start: Start, database_url: str) -> None:
    """It lives still, and says what is wrong."""
    daemon = start({"upkeep": UPKEEP})
    daemon.ended("upkeep")
    engine = open_engine(database_url)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    status, said = daemon.get("/readyz")
    assert status == 503
    assert "at 9999, which this version of the miner does not know" in said
    assert daemon.get("/healthz") == (200, "ok\n")


def test_a_port_in_use_is_one_line_of_error(start: Start) -> None:
    """Exit code 1, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon = start({}, port=port)
        assert daemon.process.wait(PATIENCE_SECONDS) == 1
    (line,) = daemon.rest()
    assert line["text"].startswith(f"error: the daemon cannot listen on 127.0.0.1:{port}: ")
    assert "set daemon.host and daemon.port" in line["text"]


def test_a_server_that_was_away_is_found_again(tmp_path: Path, postgresql_url: str) -> None:
    """Its connections were ended: the daemon starts nothing without its lock, takes it again, and goes on."""
    (tmp_path / "daemon.toml").write_text(toml({"upkeep": {"run": "maintenance", "every": "2s"}}), encoding="utf-8")
    with Daemon(tmp_path, postgresql_url, {}) as daemon:
        daemon.ended("upkeep")
        engine = open_engine(postgresql_url)
        with writing(engine) as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        engine.dispose()
        daemon.until("lock lost")
        daemon.until("daemon active")
        daemon.ended("upkeep")
        assert daemon.get("/readyz") == (200, "ok\n")
        assert daemon.stop() == 0
