"""``miner collect``, ``--plan`` and ``miner status`` as a process: what they print, and how they end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Miner = Callable[..., subprocess.CompletedProcess[str]]

COMMITS = (
    ("Add a network", "import keras\n\nmodel = keras.Sequential()\nmodel.compile(loss='mse', optimizer='sgd')\n"),
    ("Fix divergence", "import keras\n\nmodel = keras.Sequential()\nmodel.compile(loss='mse', optimizer='adam')\n"),
    ("Mention the licence", "# Apache-2.0\nimport keras\n\nmodel = keras.Sequential()\n"),
)


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """Make a repository of three commits, one of which repairs a bug; give its path from the working folder."""
    folder = tmp_path / "net"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for day, (message, source) in enumerate(COMMITS, start=1):
        (folder / "net.py").write_text(source, encoding="utf-8")
        git(folder, "add", "net.py")
        git(folder, "commit", "--quiet", "--message", message, date=f"2020-01-0{day}T12:00:00+00:00")
    return "net"


@pytest.fixture
def nobody() -> Iterator[dict[str, str]]:
    """Give settings by which nobody answers at the addresses of the APIs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        yield {"MINER_STACKOVERFLOW__API_URL": address, "MINER_GITHUB__API_URL": address}


def git(folder: Path, *words: str, date: str = "") -> None:
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {f"GIT_{who}_DATE": date for who in ("AUTHOR", "COMMITTER") if date}
    no_config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", folder, *words], check=True, env=os.environ | no_config | identity | dates)


def rows(text: str) -> dict[tuple[str, str], str]:
    """Read what a command printed into a pipe: group, name and count, separated by tabs."""
    cells = [line.split("\t") for line in text.splitlines()]
    return {(group, name): count for group, name, count in cells}


def test_collect_prints_its_summary_and_status_the_database(miner: Miner, repository: str) -> None:
    """Into a pipe: results are lines of three cells; progress is lines on standard error; exit code 0."""
    done = miner("collect", "--repo", repository)
    assert done.returncode == 0, done.stderr
    summary = rows(done.stdout)
    assert summary["seen", "commits"] == "3"
    assert summary["seen", "bug-fix commits"] == "1"
    assert summary["fixes", "all"] == summary["fixes", "keras"] == "1"
    assert summary["pattern", "optimizer"] == "1"
    assert "mine" in done.stderr
    assert "finished 3 of 3 commits" in done.stderr
    totals = rows(miner("status").stdout)
    assert totals["commits", "all"] == "3"
    assert totals["fixes", "keras"] == "1"
    assert totals["pattern", "optimizer"] == "1"


def test_a_second_run_has_nothing_to_do(miner: Miner, repository: str) -> None:
    """The repository is up to date, and nothing is counted twice."""
    miner("collect", "--repo", repository)
    summary = rows(miner("collect", "--repo", repository).stdout)
    assert summary["repositories", "up to date"] == "1"
    assert summary["seen", "commits"] == "0"


def test_json_is_one_object_on_standard_output(miner: Miner, repository: str) -> None:
    """Progress is JSON lines on standard error."""
    done = miner("collect", "--repo", repository, "--json")
    told = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert (told["seen"], told["fixes"], told["status"]) == (3, 1, "complete")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"start", "finish"} <= {event["event"] for event in events}
    status = json.loads(miner("status", "--json").stdout)
    assert (status["commits"], status["libraries"]) == (3, {"keras": 1})


def test_quiet_says_nothing(miner: Miner, repository: str) -> None:
    """No progress and no summary where nothing went wrong."""
    done = miner("collect", "--repo", repository, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("flags", "seen"),
    [
        pytest.param(["--since", "2020-01-02"], "2", id="since"),
        pytest.param(["--until", "2020-01-02"], "1", id="until"),
        pytest.param(["--since", "2020-01-02T12:00:00Z", "--until", "2020-01-02T12:00:01Z"], "1", id="both"),
        pytest.param(["--since", "2020-01-02T14:00:01+02:00"], "1", id="since with an offset"),
        pytest.param(["--limit", "2"], "2", id="limit"),
    ],
)
def test_dates_and_limit_bound_what_is_seen(miner: Miner, repository: str, flags: list[str], seen: str) -> None:
    """--since is in the interval, --until is not."""
    assert rows(miner("collect", "--repo", repository, *flags).stdout)["seen", "commits"] == seen


def test_without_classification_there_are_commits_and_diffs_alone(miner: Miner, repository: str) -> None:
    """Fixes and labels come with the next run that classifies."""
    summary = rows(miner("collect", "--repo", repository, "--no-classify").stdout)
    assert summary["fixes", "all"] == "0"
    assert summary["seen", "bug-fix commits"] != "0"
    assert not [name for group, name in summary if group == "pattern"]
    assert rows(miner("collect", "--repo", repository).stdout)["fixes", "keras"] == "1"


def test_a_library_narrows_the_fixes(miner: Miner, repository: str) -> None:
    """A fix of another library is left out with its reason."""
    summary = rows(miner("collect", "--repo", repository, "--library", "torch").stdout)
    assert summary["fixes", "all"] == "0"
    assert [name for group, name in summary if group == "omitted"] != []


def test_a_missing_repository_beside_a_good_one_is_exit_code_3(miner: Miner, repository: str) -> None:
    """The warning names it; the good one is in the database."""
    done = miner("collect", "--repo", "nowhere", "--repo", repository, "--quiet")
    assert done.returncode == 3
    assert done.stderr.startswith("warning: ")
    assert "nowhere" in done.stderr
    assert rows(miner("status").stdout)["commits", "all"] == "3"


def test_a_missing_repository_alone_is_exit_code_1(miner: Miner) -> None:
    """Nothing could be collected."""
    done = miner("collect", "--repo", "./nowhere")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("source", ["stackoverflow", "github"])
def test_a_plan_without_a_network_ends_at_once(miner: Miner, nobody: dict[str, str], source: str) -> None:
    """After two tries of its first request, with an error that says what to do; exit code 1, as nothing is known."""
    done = miner("collect", "--source", source, "--plan", MINER_GITHUB__TOKENS="ghp_one,ghp_two", **nobody)
    assert done.returncode == 1
    told = [line.split("\t") for line in done.stdout.splitlines()]
    assert {row[2] for row in told} == {"unreachable"}
    warnings = [line for line in done.stderr.splitlines() if "check the network" in line]
    assert len(warnings) == 1
    assert "tried 2 times" in warnings[0]
    assert "ghp_" not in done.stderr


@pytest.mark.parametrize("sources", [("stackoverflow",), ("git",), ("github",), ("stackoverflow", "git")])
def test_a_repository_is_for_the_sources_that_have_a_use_for_it(
    miner: Miner, repository: str, nobody: dict[str, str], sources: tuple[str, ...]
) -> None:
    """Where the sources leave mining out, naming what to mine is a wrong usage, and nothing is done."""
    words = [word for source in sources for word in ("--source", source)]
    if sources == ("stackoverflow",):
        done = miner("collect", *words, "--repo", repository)
        assert done.returncode == 2
        assert "--source git" in done.stderr
        assert miner("status").returncode != 0
        return
    done = miner("collect", *words, "--repo", repository, "--plan", "--library", "caffe", **nobody)
    assert ["git", "clone"] in [[row[0], row[2]] for row in (line.split("\t") for line in done.stdout.splitlines())]


def test_a_plan_does_nothing(miner: Miner, repository: str, tmp_path: Path) -> None:
    """Neither a database nor a clone is made."""
    before = sorted(path.name for path in tmp_path.iterdir())
    done = miner("collect", "--repo", repository, "--plan")
    assert done.returncode == 0
    source, item, state, _, cost = done.stdout.rstrip("\n").split("\t")
    assert (source, Path(item).name, state) == ("git", "net", "clone")
    assert "ls-remote" in cost
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_database_that_cannot_be_written_is_exit_code_1(miner: Miner, repository: str, tmp_path: Path) -> None:
    """One line says what to do."""
    (tmp_path / "file").touch()
    done = miner("collect", "--repo", repository, "--database-url", "sqlite:///file/miner.db")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
