"""Jobs of each source to disturb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers.github import GitHub
from servers.github_generator import generate as make_hub
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import Engine
from support.comparing import Contents
from support.exports import export
from support.jobs import Job
from support.repositories import RepositoryBuilder, keras_history


@pytest.fixture(scope="session")
def hub_job(sources: Path) -> Iterator[tuple[list[str], dict[str, str], dict[str, Any]]]:
    """Search for repositories, and mine what is found."""
    nothing = RepositoryBuilder(sources / "nothing.git").build()
    with GitHub(make_hub(4, sources / "hub", commits=12), tokens={"known": "someone"}) as server:
        settings = {
            "GITHUB__API_URL": server.url,
            "GITHUB__CLONE_URL": server.clone_url,
            "GITHUB__TOKENS": "known",
            "GITHUB__SEARCHES": '{caffe = [], tensorflow = ["tensorflow in:name"], keras = ["deep in:description"]}',
            "GIT__REPOSITORIES": f'["{nothing}"]',
            "COLLECT__PAGE_COMMITS": "5",
        }
        flags = ["--source", "github", "--source", "git", "--library", "tensorflow", "--library", "keras"]
        yield flags, {f"MINER_{name}": text for name, text in settings.items()}, {"github": server}


@pytest.fixture(scope="session")
def site() -> Iterator[StackExchange]:
    """A site with some hundred questions."""
    with StackExchange(Site(generate(400, tags=("caffe", "theano"))), keys=["known"]) as server:
        yield server
        assert server.violations == []


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the repositories, dumps and seeds: no job changes any."""
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="session")
def undisturbed() -> dict[str, Job]:
    """The jobs of the sources that were run undisturbed so far: one run serves all tests."""
    return {}


@pytest.fixture
def job(
    request: pytest.FixtureRequest,
    source: str,
    tmp_path: Path,
    contents: Callable[[Engine], Contents],
    undisturbed: dict[str, Job],
) -> Job:
    """The job of a source, with what an undisturbed run of it gives, in a folder of its own."""
    if source not in undisturbed:
        made = _made(request, source, tmp_path, contents)
        made.whole()
        undisturbed[source] = made
    known = undisturbed[source]
    for server in known.servers.values():
        server.renew()
    expected = {table: list(rows) for table, rows in known.expected.items()}
    return replace(known, settings=dict(known.settings), folder=tmp_path, read=contents, expected=expected)


def _made(request: pytest.FixtureRequest, source: str, folder: Path, contents: Callable[[Engine], Contents]) -> Job:
    made = Job([], {"MINER_COLLECT__WORKERS": "1"}, folder, contents)
    sources: Path = request.getfixturevalue("sources")
    if source == "git":
        history = keras_history(sources / "r.git", 40)
        made.flags = ["--repo", str(history.path)]
        made.settings |= {"MINER_COLLECT__PAGE_COMMITS": "6"}
    elif source == "stackoverflow":
        server = request.getfixturevalue("site")
        made.flags = ["--source", "stackoverflow", "--library", "theano"]
        made.settings |= _asking(server)
        made.servers["site"] = server
    elif source == "github":
        made.flags, settings, made.servers = request.getfixturevalue("hub_job")
        made.settings |= settings
    elif source == "dump":
        export(Site(generate(200)), sources / "stackoverflow.com")
        made.flags = ["--dump", str(sources / "stackoverflow.com")]
        made.settings |= {"MINER_DUMP__BLOCK_BYTES": "30000", "MINER_DUMP__PAGE_QUESTIONS": "20"}
    else:
        server = request.getfixturevalue("site")
        made.flags = ["--seeds", str(_seeds(sources, server))]
        made.servers["site"] = server
        made.settings |= _asking(server) | {
            "MINER_GITHUB__CLONE_URL": f"file://{sources}/clones/{{owner}}+{{name}}.git",
            "MINER_COLLECT__PAGE_COMMITS": "2",
        }
    return made


def _asking(server: StackExchange) -> dict[str, str]:
    return {"MINER_STACKOVERFLOW__API_URL": server.url, "MINER_STACKOVERFLOW__KEY": "known"}


def _seeds(folder: Path, server: StackExchange) -> Path:
    """Write a list of posts, commits, a line, and two that lead nowhere."""
    (folder / "clones").mkdir()
    history = keras_history(folder / "clones" / "owner+name.git", 20)
    questions = [question["question_id"] for question in server.sites["stackoverflow"].questions()[:20]]
    site, repository = "https://stackoverflow.com/q", "https://github.com/owner/name"
    lines = [f"{site}/{number}" for number in (*questions, 99999999)]
    lines += [f"{repository}/commit/{sha}" for sha in (*history.shas[3:10], "0123456789" * 4)]
    lines.append(f"{repository}/blob/{history.shas[3]}/pkg/model0.py#L5")
    path = folder / "seeds.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
