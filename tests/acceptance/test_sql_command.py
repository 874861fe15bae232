"""``miner sql`` as an analyst pastes into it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

Miner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ready(miner: Miner) -> Miner:
    """An empty database is there."""
    assert miner("db", "upgrade").returncode == 0
    return miner


@pytest.mark.parametrize("comment", ["-- Which fixes?\n", "--Which\n", "--\n", "\n-- a=b\n"])
def test_a_query_may_begin_with_a_comment(ready: Miner, comment: str) -> None:
    """As the README prints them; none of it is an option."""
    done = ready("sql", f"{comment}SELECT 1 AS a, 2 AS b")
    assert (done.returncode, done.stdout) == (0, "1\t2\n")


def test_options_are_still_options(ready: Miner) -> None:
    """One that there is not is refused, and one with a value is read."""
    assert ready("sql", "--csv", "-- x\nSELECT 1 AS a").stdout == "a\n1\n"
    refused = ready("sql", "--cvs", "SELECT 1")
    assert refused.returncode == 2
    assert "--cvs" in refused.stderr


@pytest.mark.parametrize("command", ["sql", "collect", "export bundle", "label sample"])
def test_help_fits_eighty_columns_and_gives_flags_no_type(miner: Miner, command: str) -> None:
    """Nothing is cut."""
    text = miner(*command.split(), "--help", COLUMNS="80").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "<bool>" not in text
    assert "…" not in text


def test_a_swebench_file_without_fixes_is_an_error(ready: Miner, tmp_path_factory: pytest.TempPathFactory) -> None:
    """As an empty benchmark is, and nothing is left."""
    target = tmp_path_factory.mktemp("out") / "fixes.jsonl"
    done = ready("export", "swebench", "--out", str(target))
    assert done.returncode == 1
    assert "no commit with a fix is selected" in done.stderr
    assert not list(target.parent.iterdir())


@pytest.mark.parametrize("command", ["swebench", "bundle"])
@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        pytest.param(["--pattern", "foo"], 2, "'foo' is not a known pattern; known are loss_function, ", id="pattern"),
        pytest.param(["--rater", "nobody"], 1, "no item has a pattern from 'nobody': the database has ", id="rater"),
    ],
)
def test_an_export_is_chosen_by_what_there_is(
    ready: Miner, command: str, flags: list[str], code: int, says: str
) -> None:
    """What there is is named, and nothing is written."""
    done = ready("export", command, "--out", "out", *flags)
    assert done.returncode == code
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
