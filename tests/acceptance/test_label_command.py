"""``miner label`` as its users run it: the paper's protocol from a label set to an export."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.labels import link, write_csv, write_paper

Miner = Callable[..., subprocess.CompletedProcess[str]]

DATABASE = ("--database-url", "sqlite:///labels.db")
COMMITS = [(link(no, no + 1), "Monitor", "keras", "API Bug") for no in range(4)]


@pytest.fixture
def paper(miner: Miner, tmp_path: Path) -> Path:
    """Import a label set of four commits and a post."""
    path = write_paper(tmp_path / "labels.xlsx", COMMITS, [(7, "Optimizer", "torch", "Data Bug")])
    assert miner("label", "import", "labels.xlsx", "--rater", "paper", *DATABASE).returncode == 0
    return path


def told(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fill(path: Path, patterns: Sequence[str]) -> None:
    """Do what a rater does: put values into the column of labels."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row, pattern in zip(sorted(rows, key=lambda row: row["item_id"]), patterns, strict=True):
        row["pattern"] = pattern
    write_csv(path, list(rows[0]), *(list(row.values()) for row in rows))


def test_the_protocol_of_the_paper(miner: Miner, paper: Path, tmp_path: Path) -> None:
    """Import, blind sheets, agreement, conflicts, a moderator, an export: nothing but files goes to and fro."""
    words = ("label", "sample", "b", "--set", "labels", "--rater", "ada", "--rater", "ben", "--format", "csv")
    drawn = told(miner(*words, "--to", "sheets", "--json", *DATABASE))
    assert (drawn["population"], len(drawn["items"]), drawn["new"]) == (5, 5, True)
    assert drawn["sheets"] == ["sheets/b.ada.csv", "sheets/b.ben.csv"]
    fill(tmp_path / "sheets/b.ada.csv", ("Monitor", "Monitor", "Data type", "Activation", "Optimizer"))
    fill(tmp_path / "sheets/b.ben.csv", ("Monitor", "Monitor", "Data type", "Data type", ""))
    for name, added in (("ada", 5), ("ben", 4)):
        assert told(miner("label", "import", f"sheets/b.{name}.csv", "--json", *DATABASE))["added"] == added
    found = told(miner("label", "agreement", "--batch", "b", "--json", *DATABASE))
    pair = next(one for one in found["pairs"] if (one["first"], one["second"]) == ("ada", "ben"))
    assert (pair["items"], pair["observed"]["value"]) == (4, 0.75)
    assert pair["kappa"]["value"] == pytest.approx((3 / 4 - 6 / 16) / (1 - 6 / 16))
    assert found["groups"][0]["raters"] == ["ada", "ben", "paper"]
    assert told(miner("label", "reconcile", "--agreed", "--scheme", "pattern", "--json", *DATABASE))["added"] == 3
    conflicts = told(miner("label", "reconcile", "--to", "conflicts.csv", "--json", *DATABASE))["conflicts"]
    assert {tuple(one["judgements"].items()) for one in conflicts} == {
        (("ada", "activation"), ("ben", "data_type"), ("paper", "monitor")),
        (("ada", "data_type"), ("ben", "data_type"), ("paper", "monitor")),
    }
    with (tmp_path / "conflicts.csv").open(newline="", encoding="utf-8-sig") as file:
        decisions = [(row["item_id"], row["scheme"], "Data type") for row in csv.DictReader(file)]
    write_csv(tmp_path / "decided.csv", ("item_id", "scheme", "decision"), *decisions)
    words = ("label", "reconcile", "--from", "decided.csv", "--moderator", "dora", "--json", *DATABASE)
    assert told(miner(*words))["added"] == 2
    assert told(miner("label", "reconcile", "--json", *DATABASE))["conflicts"] == []
    words = ("label", "export", "out.jsonl", "--rater", "reconciled", "--json", *DATABASE)
    assert told(miner(*words)) == {"file": "out.jsonl", "labels": 5}
    values = [json.loads(line)["value"] for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(values) == ["data_type", "data_type", "monitor", "monitor", "optimizer"]


def test_a_reader_gets_tables(miner: Miner, paper: Path, tmp_path: Path) -> None:
    """The figures under headings, counts by name, conflicts with who says what."""
    words = ("link", "pattern")
    write_csv(tmp_path / "ada.csv", words, *((one[0], "Monitor") for one in COMMITS[:3]), (COMMITS[3][0], "Data type"))
    done = miner("label", "import", "ada.csv", "--rater", "ada", *DATABASE)
    assert "labels added\t4" in done.stdout
    lines = miner("label", "agreement", *DATABASE).stdout.splitlines()
    assert "each two (Cohen's kappa)" in lines
    assert "pattern\tada\tpaper\t4\t0.750\t0.000\t-1.000\t1.000" in lines
    assert miner("label", "reconcile", *DATABASE).stdout.endswith("\tada: data_type; paper: monitor\n")
    assert "items\t5 of 5" in miner("label", "sample", "b", "--set", "labels", *DATABASE).stdout
    assert miner("label", "export", "x.csv", *DATABASE).stdout == "file\tx.csv\nlabels\t19\n"


def test_each_step_tells_the_next_one(miner: Miner, paper: Path, tmp_path: Path) -> None:
    """On standard error, in a line of its own; a machine is not told."""
    words = ("label", "sample", "b", "--set", "labels", "--rater", "ada", "--format", "csv", "--size", "5")
    assert miner(*words, *DATABASE).stderr.startswith("next: each rater, alone, chooses a value a row (pattern)")
    assert miner("label", "import", "b.ada.csv", *DATABASE).stderr.startswith("next: no row of it has a label")
    fill(tmp_path / "b.ada.csv", ("Monitor", "Monitor", "Data type", "Monitor", "Optimizer"))
    assert miner("label", "import", "b.ada.csv", *DATABASE).stderr == ""
    assert miner("label", "agreement", *DATABASE).stderr.startswith("next: raters differ on 1 judgement that nobody")
    assert miner("label", "reconcile", "--to", "c.csv", *DATABASE).stdout == "conflicts\t1\nsheet\tc.csv\n"
    done = miner("label", "reconcile", "--from", "c.csv", "--moderator", "dora", *DATABASE)
    assert done.stderr.startswith("next: no row of it has a decision")
    done = miner("label", "reconcile", "--scheme", "impact", "--to", "d.csv", *DATABASE)
    assert (done.stdout, "d.csv was not written" in done.stderr) == ("", True)
    assert miner("label", "reconcile", "--scheme", "impact", "--json", *DATABASE).stderr == ""


def test_what_cannot_be_read_is_a_warning_and_the_run_partial(miner: Miner, tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ("link", "pattern"), (7, "Monitro"), ("x", "Monitor"), (8, "Monitor"))
    done = miner("label", "import", "a.csv", "--rater", "ada", *DATABASE)
    assert done.returncode == 3
    assert "a.csv: row 2: pattern 'Monitro' is no known pattern, or could mean several; Monitor is near" in done.stderr
    assert "a.csv: row 3: link 'x' is neither a link nor the id of a post" in done.stderr
    assert "labels added\t1" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("import", "none.csv", "--rater", "a"), 1, "none.csv: No such file or directory: name a file of labels"),
        (("import", "labels.xlsx"), 1, "has no column rater: say with --rater whose labels these are"),
        (("import", "labels.xlsx", "--rater", "a", "--scheme", "colour"), 2, "'colour' is no scheme"),
        (("export", "out.pdf"), 1, "the name of an export ends with .csv, .jsonl, .xlsx"),
        (("export", "labels.xlsx/out.csv"), 1, "cannot write"),
        (("sample", "b", "--size", "5"), 1, "there is nothing to draw from"),
        (("agreement", "--batch", "b"), 1, "there is no batch 'b'"),
        (("reconcile", "--to", "x.pdf"), 1, "the name of a sheet ends with .xlsx or .csv"),
        (("reconcile", "--agreed", "--to", "x.csv"), 2, "name one of --to, --from and --agreed"),
        (("reconcile", "--from", "x.csv"), 2, "--from and --moderator go together"),
        (("reconcile", "--from", "x.csv", "--moderator", "a", "--batch", "b"), 2, "leave --batch away"),
        (("reconcile", "--agreed", "--batch", "b"), 1, "there is no batch 'b'"),
    ],
)
def test_mistakes_are_told_in_words(miner: Miner, paper: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = miner("label", *words, *DATABASE)
    assert done.returncode == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_without_a_database_only_import_makes_one(miner: Miner, tmp_path: Path) -> None:
    for words in (("agreement",), ("export", "a.csv"), ("sample", "b"), ("reconcile",)):
        done = miner("label", *words, *DATABASE)
        assert done.returncode == 1
        assert "there is no database labels.db yet" in done.stderr
    assert not (tmp_path / "labels.db").exists()


def test_a_terminal_is_not_written_to_by_a_label(miner: Miner, tmp_path: Path) -> None:
    """Escape sequences in what strangers wrote do not reach it."""
    write_csv(tmp_path / "a.csv", ("link", "pattern"), (7, "\x1b[2J\x1b]0;title\x07Witchcraft"))
    done = miner("label", "import", "a.csv", "--rater", "ada", *DATABASE)
    assert "Witchcraft" in done.stderr
    assert "\x1b" not in done.stderr
