"""The settings: where a value comes from, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from miner.errors import SettingsError
from miner.settings import in_seconds, libraries, load

WriteConfig = Callable[[str], Path]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, where no config file is found."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write_config(tmp_path: Path) -> WriteConfig:
    def write(text: str) -> Path:
        path = tmp_path / "given.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_shipped_defaults_are_complete() -> None:
    """Without file, environment and flags every setting has a value."""
    settings = load(environ={})
    assert settings.database.url == "sqlite:///data/miner.db"
    assert settings.collect.sources == ("github", "git", "stackoverflow")


def test_each_layer_wins_over_the_one_below(write_config: WriteConfig) -> None:
    """Defaults < file < environment < flags, key by key."""
    path = write_config("[collect]\nworkers = 3\npage_commits = 30\n[git]\nmax_commit_files = 7\n")
    environ = {"MINER_COLLECT__WORKERS": "4", "MINER_COLLECT__PAGE_COMMITS": "40"}
    settings = load(path, environ, {"collect": {"workers": 5}})
    assert settings.collect.workers == 5
    assert settings.collect.page_commits == 40
    assert settings.git.max_commit_files == 7
    assert settings.collect.sources == ("github", "git", "stackoverflow")


def test_a_flag_that_is_none_was_not_given() -> None:
    """None leaves what the layers below say."""
    assert load(environ={"MINER_DATABASE__URL": "sqlite:///e.db"}, flags={"database": {"url": None}}).database.url == (
        "sqlite:///e.db"
    )


@pytest.mark.parametrize("name", ["config/miner.toml", "miner.toml"])
def test_a_config_file_of_the_working_directory_is_found(elsewhere: Path, name: str) -> None:
    """Without --config, config/miner.toml or miner.toml counts."""
    path = elsewhere / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("[collect]\nworkers = 9\n", encoding="utf-8")
    assert load(environ={}).collect.workers == 9


def test_a_named_config_file_replaces_the_one_of_the_working_directory(
    elsewhere: Path, write_config: WriteConfig
) -> None:
    """Two config files are never mixed."""
    (elsewhere / "miner.toml").write_text("[collect]\nworkers = 9\npage_commits = 9\n", encoding="utf-8")
    settings = load(write_config("[collect]\nworkers = 8\n"), {})
    assert settings.collect.workers == 8
    assert settings.collect.page_commits != 9


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('["a/b", "c/d"]', ("a/b", "c/d"), id="list"),
        pytest.param("[]", (), id="empty list"),
    ],
)
def test_the_environment_is_read_as_toml(text: str, value: tuple[str, ...]) -> None:
    """A list in the environment is a list."""
    assert load(environ={"MINER_GIT__REPOSITORIES": text}).git.repositories == value


def test_what_is_not_toml_is_text() -> None:
    """A URL needs no quotes in the environment."""
    url = "postgresql://u:p%40ss@host:5432/name?sslmode=require#x"
    assert load(environ={"MINER_DATABASE__URL": url}).database.url == url


def test_other_variables_of_the_environment_are_ignored() -> None:
    """Only MINER_<SECTION>__<KEY> counts."""
    environ = {"MINER_HOME": "x", "XMINER_DATABASE__URL": "x", "DATABASE__URL": "x"}
    assert load(environ=environ) == load(environ={})


@given(st.text(max_size=60))
def test_any_text_in_the_environment_is_a_value_or_a_settings_error(text: str) -> None:
    """No text raises anything but SettingsError."""
    with suppress(SettingsError):
        assert isinstance(load(environ={"MINER_DATABASE__URL": text}).database.url, str)


def test_a_number_too_long_for_python_is_text() -> None:
    """Python refuses to read integers of more than 4300 digits; that is no crash."""
    digits = "1" * 5000
    assert load(environ={"MINER_DATABASE__URL": digits}).database.url == digits


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        pytest.param("[collect]\nwokers = 3\n", "unknown setting collect.wokers", id="unknown key"),
        pytest.param("[colect]\nworkers = 3\n", "unknown setting colect", id="unknown section"),
        pytest.param("workers = 3\n", "unknown setting workers", id="key outside a section"),
        pytest.param('[collect]\nworkers = "many"\n', "setting collect.workers", id="text for a number"),
        pytest.param("[collect]\nworkers = 0\n", "setting collect.workers", id="zero workers"),
        pytest.param("[collect]\nworkers = 1.5\n", "setting collect.workers", id="half a worker"),
        pytest.param('[collect]\nsources = ["svn"]\n', "setting collect.sources.0", id="unknown source"),
        pytest.param("collect = 3\n", "setting collect", id="a value for a section"),
        pytest.param("[database]\nurl = 3\n", "setting database.url", id="number for a text"),
        pytest.param("[classify]\nbug_fix_threshold = 1.01\n", "setting classify.bug_fix_threshold", id="above one"),
        pytest.param('[github]\nclone_url = "https://h/{owner}"\n', "setting github.clone_url", id="no {name}"),
        pytest.param('[github]\nclone_url = "https://h/{owner}/{name}/{x}"\n', "{owner} and {name}", id="odd field"),
        pytest.param('[github]\nclone_url = "https://h/{owner}/{name"\n', "{owner} and {name}", id="open brace"),
        pytest.param('[git]\ntransports = ["ext"]\n', "setting git.transports.0", id="ext transport"),
        pytest.param("[git\n", "is not TOML", id="not TOML"),
        pytest.param(
            '[daemon.jobs.a]\nrun = "fetch"\n', "say when it runs, with one of cron and every", id="job without time"
        ),
        pytest.param(
            '[daemon.jobs.a]\nrun = "fetch"\nevery = "1h"\ncron = "* * * * *"\n', "say when it runs", id="two times"
        ),
        pytest.param('[daemon.jobs.a]\nrun = "fetch"\nevery = "1 h"\n', "time span is written like", id="no time span"),
        pytest.param('[daemon.jobs.a]\nrun = "fetch"\nevery = "0h"\n', "daemon.jobs.a.every", id="no time at all"),
        pytest.param(
            '[daemon.jobs.a]\nrun = "fetch"\nevery = "1h"\njitter = "1h"\n', "jitter must be shorter", id="jitter"
        ),
        pytest.param('[daemon.jobs.a]\nrun = "mine"\nevery = "1h"\n', "daemon.jobs.a.run", id="unknown kind of job"),
        pytest.param('[daemon.jobs."A b"]\nrun = "fetch"\nevery = "1h"\n', "daemon.jobs.A b", id="odd name of a job"),
        pytest.param("[daemon]\nport = 70000\n", "setting daemon.port", id="no port"),
    ],
)
def test_a_wrong_config_file_is_refused(write_config: WriteConfig, toml: str, named: str) -> None:
    """The error names the setting and the file."""
    path = write_config(toml)
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    assert named in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_bytes(b"\xff\xfe"), Path.exists])
def test_a_config_file_that_cannot_be_read_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A folder, bytes that are not UTF-8 and a missing file are SettingsErrors that name the path."""
    path = tmp_path / "odd.toml"
    make(path)
    with pytest.raises(SettingsError, match=r"odd\.toml"):
        load(path, {})


def test_the_jobs_of_a_file_replace_those_that_are_shipped(write_config: WriteConfig) -> None:
    """All of them: what is not named does not run."""
    path = write_config('[daemon]\nport = 1\n[daemon.jobs.mine]\nrun = "fetch"\nevery = "90m"\nsince = 2019-01-01\n')
    daemon = load(path, {}).daemon
    assert (daemon.port, list(daemon.jobs)) == (1, ["mine"])
    assert in_seconds(daemon.jobs["mine"].every) == 5400
    assert daemon.jobs["mine"].since == datetime(2019, 1, 1, tzinfo=UTC)


def test_a_refused_value_is_not_repeated_in_the_error() -> None:
    """The value may be a secret."""
    with pytest.raises(SettingsError) as caught:
        load(environ={"MINER_GITHUB__CLONE_URL": "https://tok3n@github.com/{owner}"})
    assert "tok3n" not in str(caught.value)


def test_settings_do_not_change() -> None:
    """They are frozen, in every section."""
    settings = load(environ={})
    with pytest.raises(ValidationError, match="frozen"):
        settings.collect.workers = 3


def test_the_five_libraries_of_the_paper_are_known() -> None:
    """And each says what tells that code uses it."""
    assert [library.name for library in libraries()] == ["caffe", "keras", "tensorflow", "theano", "torch"]
    assert all(library.modules and library.repositories for library in libraries())


def test_a_wrong_libraries_file_is_refused(write_config: WriteConfig) -> None:
    """The error names the library's key."""
    with pytest.raises(SettingsError, match=r"keras|0|modules"):
        libraries(write_config("[keras]\nmodule = []\n"))
