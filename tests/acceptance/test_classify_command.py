"""``miner classify`` and ``miner explain`` as a process: with a user's rules, stopped, asked for what is not there."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.repositories import keras_history
from support.rules import FAILS, own_rules

Miner = Callable[..., subprocess.CompletedProcess[str]]
OWN = {"MINER_CLASSIFY__RULES_DIR": "rules"}


@pytest.fixture
def collected(miner: Miner, tmp_path: Path) -> list[str]:
    """Collect a history, and give the ids of its fixes."""
    builder = keras_history(tmp_path / "r.git", 40)
    own_rules(tmp_path / "rules")
    done = miner("collect", "--repo", str(builder.path), "--quiet")
    assert done.returncode == 0, done.stderr
    return [row[0] for row in ask(tmp_path, "SELECT fix_id FROM fix ORDER BY 1")]


def ask(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "data" / "miner.db") as connection:
        rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


def rows(text: str) -> dict[tuple[str, str], str]:
    return {(group, name): count for group, name, count in (line.split("\t") for line in text.splitlines())}


def test_rules_of_a_folder_label_what_is_stored(miner: Miner, collected: list[str], tmp_path: Path) -> None:
    """The difference first, then the labels, in worker processes; the second run has nothing to do."""
    differing = miner("classify", "--diff", "--json", **OWN)
    changed = json.loads(differing.stdout)["difference"]["changed"]
    (group,) = {change["to"] for change in changed if change["scheme"] == "pattern"}
    assert group == "batches"
    done = miner("classify", "--workers", "2", **OWN)
    assert done.returncode == 0, done.stderr
    summary = rows(done.stdout)
    assert int(summary["pattern", "batches"]) > 0
    assert summary["fixes", "all"] == str(len(collected))
    assert "+own." in summary["rules", "rater"]
    again = rows(miner("classify", **OWN).stdout)
    assert (again["seen", "commits"], again["fixes", "all"]) == ("0", "0")
    status = rows(miner("status").stdout)
    assert status["pattern", "batches"] == summary["pattern", "batches"]
    assert status["fixes", "all"] == str(len(collected))


def test_a_difference_is_printed_in_groups(miner: Miner, collected: list[str]) -> None:
    """Scheme, from, to, number and examples, which explain takes as they are."""
    lines = [line.split("\t") for line in miner("classify", "--diff", **OWN).stdout.splitlines()]
    _, before, after, number, examples = next(line for line in lines if line[0] == "pattern")
    assert after == "batches"
    assert int(number) >= 1
    explained = json.loads(miner("explain", examples.split()[0], "--json").stdout)["fixes"]
    assert explained[0]["fix_id"] in collected
    assert next(one["value"] for one in explained[0]["labels"] if one["scheme"] == "pattern") == before


@pytest.mark.parametrize("command", [["classify"], ["collect", "--repo", "r.git"]])
def test_a_wrong_rule_is_told_before_anything_is_done(
    miner: Miner, collected: list[str], tmp_path: Path, command: list[str]
) -> None:
    """With file and line, exit code 2, and without a traceback."""
    (tmp_path / "rules" / "batches.py").write_text("def vote(facts library):\n", encoding="utf-8")
    done = miner(*command, **OWN)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "batches.py, line 1:" in done.stderr
    assert len(ask(tmp_path, "SELECT * FROM crawl_run")) == 1


def test_a_rule_that_fails_loses_no_commit(miner: Miner, collected: list[str], tmp_path: Path) -> None:
    """In a collect, too: the other labels are there, and the omission names file and line, wherever the folder is."""
    own_rules(tmp_path / "rules", FAILS)
    done = miner("collect", "--repo", "r.git", "--database-url", "sqlite:///other.db", "--json", **OWN)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fixes"] == len(collected)
    with sqlite3.connect(tmp_path / "other.db") as connection:
        (detail, *_) = connection.execute("SELECT detail FROM omission WHERE reason = 'rule_failed'").fetchone()
    connection.close()
    assert detail.startswith("batches.py, line 11: the rule failed")


def test_ctrl_c_ends_it_at_a_page_and_the_next_run_goes_on(miner: Miner, collected: list[str], tmp_path: Path) -> None:
    """What was finished is stored; the rest comes with the next run."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}
    environ = clean | OWN | {"MINER_COLLECT__PAGE_COMMITS": "1"}
    command = [sys.executable, "-m", "miner", "classify", "--json", "--workers", "1"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line).get("event") == "start":
                process.send_signal(signal.SIGINT)
                break
        printed, _ = process.communicate(timeout=60)
    told = json.loads(printed)
    assert (process.returncode, told["status"]) == (130, "interrupted")
    left = json.loads(miner("classify", "--json", **OWN).stdout)
    assert left["status"] == "complete"
    assert told["fixes"] + left["fixes"] == len(collected)
    assert [row[0] for row in ask(tmp_path, "SELECT status FROM crawl_run ORDER BY run_id")] == [
        "complete", "interrupted", "complete",
    ]  # fmt: skip


def test_a_fix_is_explained(miner: Miner, collected: list[str], tmp_path: Path) -> None:
    """By its id, the start of it, and its commit; carets stand below what voted."""
    fix_id = collected[0]
    sha = fix_id.split(":")[1]
    whole = miner("explain", fix_id, COLUMNS="80")
    assert whole.returncode == 0, whole.stderr
    assert {miner("explain", text, COLUMNS="80").stdout for text in (fix_id[:14], sha, sha[:10])} == {whole.stdout}
    lines = whole.stdout.splitlines()
    assert lines[0] == fix_id
    (at, rule) = next((at, line) for at, line in enumerate(lines) if "^" in line and "message." not in line)
    evidence = {row[0] for row in ask(tmp_path, "SELECT rule FROM label_evidence")}
    assert any(name in rule for name in evidence)
    column = rule.index("^")
    marked = lines[at - 1][column : column + rule.count("^")]
    assert (marked,) in ask(tmp_path, "SELECT DISTINCT text FROM label_evidence")
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("nonsense", "there is no fix 'nonsense'", id="unknown"),
        pytest.param("stackoverflow.com:1", "there is no fix 'stackoverflow.com:1'", id="unknown post"),
        pytest.param("0000000000", "there is no commit '0000000000'", id="unknown commit"),
        pytest.param("git:", "is the start of several fixes: git:", id="the start of many"),
    ],
)
def test_what_is_not_there_is_told(miner: Miner, collected: list[str], text: str, says: str) -> None:
    """On one line, with exit code 1."""
    done = miner("explain", text)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_commit_without_a_fix_says_why(miner: Miner, collected: list[str], tmp_path: Path) -> None:
    """And an id that is nearly right names those that are near."""
    ((sha,), *_) = ask(tmp_path, "SELECT sha FROM git_commit WHERE sha NOT IN (SELECT sha FROM fix)")
    assert "its message does not say that it repairs a bug" in miner("explain", str(sha)).stderr
    near = collected[0][:20] + ("0" if collected[0][20] != "0" else "1")
    assert f"near it are {collected[0]}" in miner("explain", near).stderr


def test_without_a_database_both_say_what_to_do(miner: Miner) -> None:
    """As every command that reads one."""
    for command in (["classify"], ["explain", "x"]):
        done = miner(*command)
        assert done.returncode == 1
        assert "run 'miner collect'" in done.stderr
