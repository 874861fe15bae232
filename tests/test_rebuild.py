"""A rebuild from the archive and the clones gives the tables of the runs, byte by byte, and asks nobody."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import zstandard
from servers import faults
from servers.github import GitHub
from servers.github_generator import generate as make_hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from support.clocks import PretendClock
from support.exports import export
from support.rebuilding import KILLED, assert_same, environment, rebuilt
from support.repositories import RepositoryBuilder, git, keras_history
from support.rules import own_rules
from support.runs import Recorder, Runner
from support.tables import written

from miner import apiflow
from miner.classify import ruleset
from miner.classify.rulesource import SHIPPED
from miner.collect.archive import archive_of
from miner.errors import Interrupted, MinerError, RebuildError, SchemaError
from miner.job import CollectRequest
from miner.pipeline import collect
from miner.rebuild import rebuild
from miner.relabel import RelabelRequest, relabel

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
TOKEN = "ghp_Secret123"  # noqa: S105 - the loopback server's


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Runner:
    return Runner(database_url, tmp_path / "data", clock=PretendClock(NOW))


@pytest.fixture
def lite(sqlite_url: str, tmp_path: Path) -> Runner:
    return Runner(sqlite_url, tmp_path / "data", clock=PretendClock(NOW))


@pytest.fixture
def third(tmp_path: Path) -> str:
    """A database to rebuild into, where one kind is enough."""
    return f"sqlite:///{tmp_path / 'third.db'}"


def test_questions_come_back_through_several_runs(runner: Runner, others: list[str]) -> None:
    """A first run, one after changes, and one that looks again; with the server gone, twice."""
    site = Site(generate(320, tags=("keras", "tf.keras")))
    server = StackExchange(site, clock=runner.clock.monotonic, keys=["known"])
    server.date = lambda: runner.clock.now().timestamp()
    with server:
        runner.flags = {"stackoverflow": {"api_url": server.url, "key": "known", "attempts": 12}}
        asked = {"sources": ("stackoverflow",), "libraries": ("keras",)}
        assert runner.collect(**asked, until=datetime(2021, 1, 1, tzinfo=UTC)).status == "complete"
        number = site.questions()[5]["question_id"]
        site.vote(number, 50)
        site.edit(number, at=int(runner.clock.now().timestamp()), title="Another title")
        runner.clock.advance(days=40)
        assert runner.collect(**asked).status == "complete"
        runner.clock.advance(days=400)
        assert runner.collect(**asked).reobserved > 0
    for target in others:
        found = rebuilt(runner, target)
        assert found.is_whole, found
        assert len(found.runs) == 3
        assert_same(runner, target)


def test_searches_and_what_they_found_come_back(runner: Runner, others: list[str], tmp_path: Path) -> None:
    """Through "not modified", a renamed repository, one that took its name, one that is gone, one rewritten."""
    hub = make_hub(8, tmp_path / "hub", commits=12)
    nothing = RepositoryBuilder(tmp_path / "nothing.git").build()
    libraries = ("caffe", "keras", "tensorflow", "theano", "torch")
    server = GitHub(hub, clock=runner.clock, tokens={TOKEN: "someone", TOKEN + "2": "else"})
    with server:
        runner.flags = {
            "github": {
                "api_url": server.url,
                "clone_url": server.clone_url,
                "tokens": f"{TOKEN},{TOKEN}2",
                "searches": {name: [f"{name} in:name,description"] for name in libraries},
            },
            "git": {"repositories": [str(nothing)]},
        }
        assert runner.collect(sources=("github", "git")).status == "complete"
        assert runner.collect(sources=("github", "git")).not_modified > 0
        first, second, third = list(hub.repositories)[:3]
        taken = hub.repositories[first].full_name
        hub.rename(first, "renamed-keras", owner="somebody")
        hub.delete(second)
        git(hub.repositories[third].path, "update-ref", "HEAD", "HEAD~2")
        hub.refresh(third)
        runner.clock.advance(days=3)
        assert runner.collect(sources=("github", "git")).renamed == 1
        hub.recreate(taken, path=hub.repositories[third].path, description="keras again")
        runner.clock.advance(days=3)
        runner.collect(sources=("github", "git"))
    for target in others:
        found = rebuilt(runner, target)
        assert found.is_whole, found
        assert len(found.runs) == 4
        assert_same(runner, target)


def test_paths_branches_and_rewritten_histories_come_back(
    runner: Runner, others: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path is known from elsewhere too, and the repositories themselves are gone: clones are enough."""
    builder = keras_history(tmp_path / "one.git", 40)
    keras_history(tmp_path / "two.git", 15, seed=4)
    monkeypatch.chdir(tmp_path)
    runner.collect("one.git", builder.path.parent / "two.git", tmp_path / "missing.git", limit=9)
    runner.flags = {"git": {"branches": "all"}}
    runner.collect("one.git", since=datetime(2019, 1, 1, tzinfo=UTC))
    git(builder.path, "update-ref", "HEAD", "HEAD~3")
    runner.collect("one.git")
    monkeypatch.chdir("/")
    for name in ("one", "two"):
        (tmp_path / f"{name}.git").rename(tmp_path / f"{name}-gone.git")
    for target in others:
        assert rebuilt(runner, target).is_whole
        assert_same(runner, target)


def test_a_repository_that_lost_its_name_comes_back(runner: Runner, others: list[str], tmp_path: Path) -> None:
    """With what was labelled anew from its clone, though the name's clone went on with the other repository."""
    hub = make_hub(3, tmp_path / "hub", commits=12)
    first = next(iter(hub.repositories))
    name = hub.repositories[first].full_name
    server = GitHub(hub, clock=runner.clock, tokens={TOKEN: "someone"})
    with server:
        runner.flags = {"github": {"api_url": server.url, "clone_url": server.clone_url, "tokens": TOKEN}}
        assert runner.collect(name, sources=("git",)).fixes > 0
        hub.rename(first, "elsewhere")
        other = keras_history(tmp_path / "other.git", 20, seed=9)
        made = hub.recreate(name, path=other.path, description="another one")
        assert runner.collect(name, sources=("git",)).status == "complete"
        assert runner.collect(name, sources=("github", "git")).status == "complete"
        hub.rename(made.id, "moved-on")
        assert runner.collect(name, sources=("github", "git")).renamed == 1
    flags = runner.flags
    runner.flags = {**flags, "classify": {"rules_dir": str(own_rules(tmp_path / "rules"))}}
    try:
        assert relabel(runner.settings(), RelabelRequest(), runner.recorder).status == "complete"
        assert runner.one("SELECT COUNT(*) FROM repository") == 2
        for target in others:
            found = rebuilt(runner, target)
            assert found.is_whole, found
            assert len(found.runs) == 5
            assert_same(runner, target)
    finally:
        ruleset.use(SHIPPED)


def test_an_archive_need_not_be_a_folder(lite: Runner, third: str, tmp_path: Path) -> None:
    """Any file system that fsspec knows will do."""
    lite.flags = {"archive": {"url": f"memory://{tmp_path.name}/archive"}}
    builder = keras_history(tmp_path / "r.git", 20)
    lite.collect(builder.path, limit=5)
    lite.collect(builder.path)
    assert not (lite.data_dir / "archive").exists()
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)


def test_a_dump_and_what_the_api_brought_since_come_back(lite: Runner, third: str, tmp_path: Path) -> None:
    """Both are runs of one chain."""
    site = Site(generate(150, seed=3, tags=("keras", "theano")))
    folder = export(site, tmp_path / "stackoverflow.com")
    with StackExchange(site, clock=lite.clock.monotonic, keys=["known"]) as server:
        server.date = lambda: lite.clock.now().timestamp()
        lite.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
        asked = {"libraries": ("keras",)}
        lite.collect(dump=str(folder), dump_date=datetime(2022, 3, 1, tzinfo=UTC), limit=None, **asked)
        number = site.questions()[5]["question_id"]
        site.edit(number, at=int(lite.clock.now().timestamp()) - 500, title="Another title")
        lite.collect(sources=("stackoverflow",), **asked)
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)


def test_a_commit_that_its_clone_lost_is_told(lite: Runner, third: str, tmp_path: Path) -> None:
    """It is an omission that names the commit, and the rebuild is not whole; the other repository comes back."""
    for name, seed in (("one", 1), ("two", 2)):
        keras_history(tmp_path / f"{name}.git", 15, seed=seed)
    lite.collect(tmp_path / "one.git", tmp_path / "two.git")
    (clone,) = (lite.data_dir / "repositories").glob("*one.git-*.git")
    tip = git(clone, "rev-parse", "refs/miner/default").strip()
    shutil.rmtree(clone)
    found = rebuilt(lite, third)
    assert not found.is_whole
    assert [(run.recorded_status, run.status) for run in found.runs] == [("complete", "partial")]
    again = replace(lite, database_url=third)
    (detail,) = again.rows("SELECT detail FROM omission WHERE reason = 'repository_unreachable'")[0]
    assert f"does not have commit {tip} any more" in detail
    assert again.one("SELECT COUNT(*) FROM fix") > 0


@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_stop_in_the_midst_of_a_request_comes_back(lite: Runner, third: str, after: int) -> None:
    """The request was not answered, and nothing is made up for it; counts of the run are the same."""
    site = Site(generate(300, tags=("keras", "tf.keras")))

    def fault(number: int) -> str:
        if number == after:
            os.kill(os.getpid(), signal.SIGINT)
            return "hang"
        return ""

    server = StackExchange(site, clock=lite.clock.monotonic, keys=["known"], faults=fault, patience=1)
    server.date = lambda: lite.clock.now().timestamp()
    with server:
        lite.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
        asked = {"sources": ("stackoverflow",), "libraries": ("keras",)}
        assert lite.collect(**asked).interrupted
        server.faults = faults.never
        assert not lite.collect(**asked).interrupted
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)


def test_a_rebuild_that_is_broken_off_leaves_nothing_that_looks_whole(lite: Runner, third: str, tmp_path: Path) -> None:
    """Neither a collect nor another rebuild takes the database."""
    builder = keras_history(tmp_path / "r.git", 60)
    lite.collect(builder.path, limit=9)
    lite.collect(builder.path)

    class Stopper(Recorder):
        def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
            if task == "rebuild":
                os.kill(os.getpid(), signal.SIGINT)

    settings = lite.settings()
    with pytest.raises(Interrupted, match="not whole"):
        rebuild(settings, archive_of(settings), third, Stopper())
    with pytest.raises(SchemaError, match="broken off"):
        replace(lite, database_url=third).collect(builder.path)
    with pytest.raises(SchemaError, match="broken off"):
        rebuilt(lite, third)


def test_a_stop_at_a_page_comes_back(lite: Runner, third: str, tmp_path: Path) -> None:
    """The run ends behind the same page, and the next one brings the rest."""
    builder = keras_history(tmp_path / "r.git", 60)

    class Stopper(Recorder):
        def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
            if task == "mine" and done >= 14:
                os.kill(os.getpid(), signal.SIGINT)

    assert collect(lite.settings(), CollectRequest(repositories=(str(builder.path),)), Stopper()).interrupted
    lite.collect(builder.path)
    found = rebuilt(lite, third)
    assert [run.status for run in found.runs] == ["interrupted", "complete"]
    assert_same(lite, third)


@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_killed_runs_come_back(lite: Runner, third: str, tmp_path: Path, moment: str) -> None:
    """Each is as it was left, also where the archive has a page that was not committed; the last brings the rest."""
    kills = 5
    builder = keras_history(tmp_path / "r.git", 60)
    site = Site(generate(600, tags=("keras", "theano")))
    with StackExchange(site, keys=["known"]) as server:
        for at in [*range(5, 5 + 3 * kills, 3), 0]:
            environ = environment(lite, STACKOVERFLOW__API_URL=server.url, STACKOVERFLOW__KEY="known")
            flags = ["--source", "stackoverflow", "--source", "git", "--library", "keras", "--repo", str(builder.path)]
            process = subprocess.Popen(
                [sys.executable, "-c", KILLED, moment, str(at), "collect", "--quiet", *flags], env=environ
            )
            assert process.wait() == (-signal.SIGKILL if at else 0)
    found = rebuilt(lite, third)
    assert [run.status for run in found.runs] == ["running"] * kills + ["complete"]
    assert_same(lite, third)


@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_killed_searches_come_back(lite: Runner, third: str, tmp_path: Path, moment: str) -> None:
    """With a proxy's refusals in between, and tokens of two accounts."""
    nothing = RepositoryBuilder(tmp_path / "nothing.git").build()
    hub = make_hub(6, tmp_path / "hub")
    faulty = faults.sequence(*(["", "", "", "html_503", "", "reset"] * 20))
    with GitHub(hub, tokens={TOKEN: "someone", TOKEN + "2": "else"}, faults=faulty) as server:
        environ = environment(
            lite,
            GITHUB__API_URL=server.url,
            GITHUB__CLONE_URL=server.clone_url,
            GITHUB__TOKENS=f"{TOKEN},{TOKEN}2",
            GITHUB__SEARCHES='{caffe = ["deep in:description"], keras = ["keras in:name"]}',
            GIT__REPOSITORIES=f'["{nothing}"]',
        )
        flags = ["--source", "github", "--source", "git", "--library", "caffe", "--library", "keras"]
        for at in (3, 6, 11, 0):
            command = [sys.executable, "-c", KILLED, moment, str(at), "collect", "--quiet", *flags]
            assert subprocess.Popen(command, env=environ).wait() == (-signal.SIGKILL if at else 0)
    found = rebuilt(lite, third)
    assert [run.status for run in found.runs] == ["running"] * 3 + ["complete"]
    assert_same(lite, third)


def test_a_failed_run_comes_back(lite: Runner, third: str, tmp_path: Path) -> None:
    """One that could not read its list of seeds is as it was, error and all; so is one that a defect ended."""
    with pytest.raises(MinerError):
        lite.collect(seeds=str(tmp_path / "nothing.txt"))

    class Broken(Recorder):
        def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
            if task == "mine" and done >= 14:
                raise ZeroDivisionError

    builder = keras_history(tmp_path / "r.git", 60)
    with pytest.raises(ZeroDivisionError):
        collect(lite.settings(), CollectRequest(repositories=(str(builder.path),)), Broken())
    lite.collect(builder.path)
    assert lite.rows("SELECT status FROM crawl_run ORDER BY run_id") == [("failed",), ("failed",), ("complete",)]
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)


def test_secrets_are_in_neither_archive_nor_database(
    lite: Runner, third: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens and keys are in no object, no journal, no row and no log, though the servers quote them."""
    caplog.set_level("DEBUG")
    key, token = "S3CRET+key/((", "ghp_0123456789abcdefSecret"
    hub = make_hub(3, tmp_path / "hub", commits=5)
    site = Site(generate(30, tags=("keras",)))
    site.edit(site.questions()[0]["question_id"], at=1, body=f"<p>My key is {key}, isn't it</p>")
    next(iter(hub.repositories.values())).description = f"keras, and my token is {token}"
    stackexchange = StackExchange(site, clock=lite.clock.monotonic, keys=[key])
    stackexchange.date = lambda: lite.clock.now().timestamp()
    github = GitHub(hub, clock=lite.clock, tokens={token: "someone"})
    with stackexchange, github:
        lite.flags = {
            "stackoverflow": {"api_url": stackexchange.url, "key": key},
            "github": {
                "api_url": github.url,
                "clone_url": github.clone_url.replace("://", "://user:hunter2hunter2@"),
                "tokens": token,
                "searches": {"keras": ["keras in:name,description"]},
            },
            "git": {"repositories": []},
        }
        lite.collect(sources=("github", "stackoverflow", "git"), libraries=("keras",))
        lite.collect("https://user:hunter2hunter2@127.0.0.1/no/such.git?token=hunter2hunter2")
    rebuilt(lite, third)
    told = everything(lite.data_dir / "archive") + written(lite.database_url) + written(third) + caplog.text
    told += repr(lite.recorder.warnings)
    assert "/search/repositories" in told
    assert "My key is ***, isn" in told
    assert "my token is ***" in told
    for secret in (key, token, quote_plus(key), quote(key, safe=""), "hunter2"):
        assert secret not in told


def everything(folder: Path) -> str:
    """Give all that the files below a folder hold, unpacked."""
    unpack = zstandard.ZstdDecompressor()
    found = (
        unpack.decompressobj().decompress(path.read_bytes()) if path.suffix == ".zst" else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    return b"".join(found).decode("utf-8", "replace")


def test_a_full_archive_ends_the_run_with_nothing_committed(lite: Runner, third: str, tmp_path: Path) -> None:
    """It says so; with room again the next run brings all, and both come back."""
    builder = keras_history(tmp_path / "r.git", 30)
    site = Site(generate(200, tags=("keras",)))
    with StackExchange(site, keys=["known"]) as server:
        environ = environment(lite, STACKOVERFLOW__API_URL=server.url, STACKOVERFLOW__KEY="known")
        flags = [
            "collect",
            "--source",
            "stackoverflow",
            "--source",
            "git",
            "--library",
            "keras",
            "--repo",
            str(builder.path),
        ]
        done = subprocess.run(
            [sys.executable, "-c", FULL, *flags], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "there is no room left for the archive" in done.stderr
        assert "Traceback" not in done.stderr
        committed = lite.rows("SELECT response_sha256 FROM raw_response")
        assert committed
        assert lite.one("SELECT COUNT(*) FROM post") == 0
        archive = archive_of(lite.settings())
        assert all(archive.get(digest) for (digest,) in committed)
        assert subprocess.run([sys.executable, "-m", "miner", *flags], env=environ, check=False).returncode == 0
    assert lite.one("SELECT COUNT(*) FROM post") > 0
    rebuilt(lite, third)
    assert_same(lite, third)


FULL = """
import errno, os
from pathlib import Path
from miner.collect import archive
from miner.cli import main

write = archive._write_file

def full(path, data, *, durable):
    if len(data) > 4000:
        raise OSError(errno.ENOSPC, "No space left on device")
    write(path, data, durable=durable)

archive._write_file = full
main()
"""
"""Runs the miner with an archive that has no room for an answer of the API."""


def test_a_database_that_holds_something_is_refused(lite: Runner, tmp_path: Path) -> None:
    """Also the one that was collected into."""
    lite.collect(keras_history(tmp_path / "r.git", 5).path)
    before = written(lite.database_url)
    with pytest.raises(RebuildError, match="is not empty"):
        rebuilt(lite, lite.database_url)
    assert written(lite.database_url) == before


def test_an_archive_of_two_databases_wants_to_know_which(lite: Runner, third: str, tmp_path: Path) -> None:
    """Each is one chain of runs; a rebuilt one goes on with it."""
    builder = keras_history(tmp_path / "r.git", 20)
    other = replace(lite, database_url=f"sqlite:///{tmp_path / 'other.db'}")
    lite.collect(builder.path, limit=5)
    other.collect(builder.path)
    lite.collect(builder.path)
    with pytest.raises(RebuildError, match=r"2 databases.*--head"):
        rebuilt(lite, third)
    (head,) = lite.rows("SELECT journal FROM crawl_run ORDER BY run_id DESC")[0]
    assert len(rebuilt(lite, third, head=head).runs) == 2
    assert_same(lite, third)
    again = replace(lite, database_url=third)
    again.collect(builder.path)
    fourth = f"sqlite:///{tmp_path / 'fourth.db'}"
    (head,) = again.rows("SELECT journal FROM crawl_run ORDER BY run_id DESC")[0]
    assert [run.run_id for run in rebuilt(lite, fourth, head=head).runs] == [1, 2, 3]
    assert_same(again, fourth)


def test_what_a_newer_version_asks_in_addition_is_told(
    lite: Runner, third: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that no run sent fails its tag alone; an order that differs and a setting that is gone do no harm."""
    site = Site(generate(120, tags=("keras", "tf.keras", "theano")))
    server = StackExchange(site, clock=lite.clock.monotonic, keys=["known"])
    server.date = lambda: lite.clock.now().timestamp()
    with server:
        lite.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
        lite.collect(sources=("stackoverflow",), libraries=("keras",))
    known = apiflow.tags
    monkeypatch.setattr(apiflow, "tags", lambda *asked: (*reversed(known(*asked)), "theano"))
    found = rebuilt(lite, third)
    (run,) = found.runs
    assert not found.is_whole
    assert run.missing
    assert all("tagged=theano" in request for request in run.missing)
    again = replace(lite, database_url=third)
    assert again.rows("SELECT subject FROM omission WHERE reason = 'site_unreachable'") == [
        ("tag:stackoverflow.com:theano",)
    ]
    assert again.one("SELECT COUNT(*) FROM fix") == lite.one("SELECT COUNT(*) FROM fix") > 0


def test_seeds_come_back_without_their_list(runner: Runner, others: list[str], tmp_path: Path) -> None:
    """The list is kept in the archive; posts, commits, lines and entries that led nowhere are as they were."""
    folder = tmp_path / "clones"
    folder.mkdir()
    builder = keras_history(folder / "owner+name.git", 20)
    site = Site(generate(60, tags=("keras",)))
    link, shas = "https://github.com/owner/name", builder.shas
    number, other = (site.questions()[at]["question_id"] for at in (3, 4))
    listed = tmp_path / "seeds.txt"
    entries = [f"{link}/commit/{shas[5]}", f"{link}/commit/{shas[7][:9]}", f"{link}/commit/{'0' * 40}", "nonsense"]
    listed.write_text("\n".join([*entries, f"{link}/blob/{shas[2]}/train.py#L1", str(number), str(other), "999999"]))
    with StackExchange(site, clock=runner.clock.monotonic, keys=["known"]) as server:
        server.date = lambda: runner.clock.now().timestamp()
        runner.flags = {
            "github": {"clone_url": f"file://{folder}/{{owner}}+{{name}}.git"},
            "stackoverflow": {"api_url": server.url, "key": "known"},
        }
        assert runner.collect(seeds=str(listed)).seeds == 8
    listed.unlink()
    (folder / "owner+name.git").rename(folder / "gone")
    for target in others:
        assert rebuilt(runner, target).is_whole
        assert_same(runner, target)


def test_a_dump_comes_back_and_is_asked_for_where_it_is_not(
    runner: Runner, others: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dump is not copied: it has to be where it was, or in a folder that is named, and be the same."""
    site = Site(generate(150, seed=3, tags=("keras", "theano")))
    folder = export(site, tmp_path / "stackoverflow.com")
    monkeypatch.chdir(tmp_path)
    runner.flags = {"dump": {"block_bytes": 20_000}}
    asked = {"dump": folder.name, "dump_date": datetime(2022, 3, 1, tzinfo=UTC), "libraries": ("keras",)}
    assert runner.collect(dump="nothing.example.org").status == "failed"
    assert runner.collect(**asked).status == "complete"
    monkeypatch.chdir("/")
    assert rebuilt(runner, others[0]).is_whole
    assert_same(runner, others[0])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.rename(elsewhere / folder.name)
    with pytest.raises(RebuildError, match=r"read the data dump .*stackoverflow.com.*--dumps"):
        rebuilt(runner, others[1])
    assert rebuilt(runner, others[1], dumps=elsewhere).is_whole
    assert_same(runner, others[1])
    with (elsewhere / folder.name / "Posts.xml").open("ab") as file:
        file.write(b" ")
    with pytest.raises(RebuildError, match="another dump"):
        rebuilt(runner, f"sqlite:///{tmp_path / 'wrong.db'}", dumps=elsewhere)


@pytest.mark.parametrize("kind", sorted(faults.KINDS))
def test_a_fault_and_how_it_ended_come_back(lite: Runner, third: str, kind: str) -> None:
    """What was tried again is tried again, what failed fails with the same words."""
    site = Site(generate(120, tags=("keras",)))
    server = StackExchange(site, clock=lite.clock.monotonic, keys=["known"], faults=faults.sequence("", "", "", kind))
    server.date = lambda: lite.clock.now().timestamp()
    with server:
        more = {"attempts": 2, "timeout_seconds": 2, "max_response_bytes": 3_000_000}
        lite.flags = {"stackoverflow": {"api_url": server.url, "key": "known", **more}}
        asked = {"sources": ("stackoverflow",), "libraries": ("keras",)}
        lite.collect(**asked)
        lite.clock.advance(days=2)
        lite.collect(**asked)
    assert rebuilt(lite, third).is_whole
    assert_same(lite, third)
