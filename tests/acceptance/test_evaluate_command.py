"""``miner evaluate`` as a process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Miner = Callable[..., subprocess.CompletedProcess[str]]

LABELS = """repository,sha,message,is_bug_fix
a/b,1,"Fix the crash on empty batches",True
a/b,2,"Add a layer",False
a/b,3,"Fix typo",False
a/b,4,"Tune the padding",True
"""


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(LABELS, encoding="utf-8")
    return path


def test_figures_for_a_machine(miner: Miner, labels: Path) -> None:
    """One JSON object with the keys that are documented."""
    done = miner("evaluate", "bugfix", "--labels", str(labels), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["n"] == 4
    assert (told["precision"], told["recall"], told["accuracy"]) == (1.0, 0.5, 0.75)
    assert told["f1"] == pytest.approx(2 / 3)


def test_figures_and_errors_for_a_reader(miner: Miner, labels: Path) -> None:
    """The counts, the figures, and the error with what was seen in it."""
    done = miner("evaluate", "bugfix", "--labels", str(labels), "--errors", "3")
    assert done.returncode == 0
    assert "recall\t0.500\t" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("missed\t")
    assert "Tune the padding" in done.stdout


def test_the_threshold_is_the_setting_or_the_flag(miner: Miner, labels: Path) -> None:
    """The flag wins."""
    words = ("evaluate", "bugfix", "--labels", str(labels), "--json")
    setting = {"MINER_CLASSIFY__BUG_FIX_THRESHOLD": "0"}
    assert json.loads(miner(*words, **setting).stdout)["recall"] == 1.0
    assert json.loads(miner(*words, "--threshold", "1", **setting).stdout)["recall"] == 0.0
    assert miner(*words, "--threshold", "2").returncode == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(None, "No such file", id="no file"),
        pytest.param(b"", "lacks the column", id="empty"),
        pytest.param(b"sha,message\n", "lacks the column repository, is_bug_fix", id="columns"),
        pytest.param(LABELS.encode() + b"a,b,c,d\n", "line 6: is_bug_fix is 'd'", id="value"),
        pytest.param(LABELS.encode("utf-16"), "is not UTF-8", id="encoding"),
    ],
)
def test_a_bad_file_is_one_line_of_error(miner: Miner, tmp_path: Path, data: bytes | None, words: str) -> None:
    """What is wrong and where, no traceback, exit code 1."""
    path = tmp_path / "bad.csv"
    if data is not None:
        path.write_bytes(data)
    done = miner("evaluate", "bugfix", "--labels", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
