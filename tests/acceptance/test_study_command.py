"""``miner study`` as a process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.studies import add_commits, add_posts, add_rating

from miner.store import schema
from miner.store.session import open_engine, writing

Miner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def database(tmp_path: Path) -> Sequence[str]:
    """Three fixes of commits, three of posts, and one item that Ada labelled."""
    url = f"sqlite:///{tmp_path / 'miner.db'}"
    engine = open_engine(url)
    schema.prepare(engine)
    add_commits(engine)
    add_posts(engine, {1: "Now I get a TypeError"})
    with writing(engine) as connection:
        add_rating(connection, "git:a#1", "ada", {"pattern": "monitor"})
    engine.dispose()
    return ("--database-url", url)


def test_a_report_is_written(miner: Miner, tmp_path: Path, database: Sequence[str]) -> None:
    """The page, and the files beside it; a line an exhibit tells what was made."""
    done = miner("study", "--out", "report", *database)
    assert (done.returncode, done.stderr) == (0, "")
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"index.html", "study.json", "table1.csv", "figure1a.svg", "figure1b.png", "figure6.csv"} <= names
    lines = done.stdout.splitlines()
    assert lines[0].startswith("labels\tlabels of heuristic/")
    assert lines[-1] == "written\treport/index.html"
    assert lines[-2] == "basis\t6 of the 6 fixes collected in this database have a label of this rater."
    assert len(lines) == 18


def test_one_table_for_a_reader(miner: Miner, tmp_path: Path, database: Sequence[str]) -> None:
    """Without a folder it is printed, with what to know about it; nothing is written."""
    done = miner("study", "--only", "table5", *database)
    assert done.returncode == 0
    assert "# Table 5: fixes that bring new bugs" in done.stdout
    assert "Source\tLibrary\tFollowed\tNew bugs\tWithin a year\tNot repaired\n" in done.stdout
    assert "GitHub\tKeras\t1\t1, 100.0 % (20.7 to 100.0)" in done.stdout
    assert "- GitHub: a fix brought a new bug if" in done.stdout
    assert "Table 4" not in done.stdout
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("miner.db")] == []


def test_what_is_not_as_the_paper_prints_it_is_told(miner: Miner, database: Sequence[str]) -> None:
    """Beside ours in the table, and once more below it."""
    told = miner("study", "--only", "table1", *database).stdout
    assert "3 [paper 555]" in told
    assert "- Not as the paper prints it: fixes, all, GitHub: ours 3, the paper's 555.\n" in told


def test_one_object_for_a_machine(miner: Miner, database: Sequence[str]) -> None:
    """With the labels that count and, if it was written, the files."""
    done = miner("study", "--json", "--only", "table1", "--only", "table5", "--out", "out", *database)
    told = json.loads(done.stdout)
    assert (told["judged"], told["basis"]["collected"], sorted(told["exhibits"])) == (6, 6, ["table1", "table5"])
    (keras,) = [
        row for row in told["exhibits"]["table1"]["rows"] if (row["library"], row["source"]) == ("keras", "github")
    ]
    assert (keras["bugs"], keras["fixes"]) == (2, 2)
    assert told["files"] == ["out/index.html", "out/table1.csv", "out/table5.csv", "out/study.json"]


def test_whose_labels_count_is_a_choice(miner: Miner, database: Sequence[str]) -> None:
    """A person's, or those of the rules that are sure enough."""
    words = ("study", "--only", "figure1", "--json", *database)
    ada = json.loads(miner(*words, "--labels", "rater:ada").stdout)
    assert (ada["labels"], ada["judged"]) == ("labels of ada", 1)
    sure = json.loads(miner(*words, "--min-confidence", "0.5", "--once").stdout)
    assert "below a confidence of 0.5" in sure["labels"]
    assert "copies of one fix count once" in sure["labels"]
    unknown = [row for row in sure["exhibits"]["figure1"]["rows"] if row["pattern"] == "unknown"]
    assert {row["source"]: row["fixes"] for row in unknown}["github"] == 1


def test_an_empty_database_gives_an_empty_report(miner: Miner, tmp_path: Path) -> None:
    """And a warning."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    schema.prepare(open_engine(url))
    done = miner("study", "--out", "out", "--database-url", url)
    assert done.returncode == 0
    assert done.stderr.startswith("warning: no fix has a label of this rater: every table is empty; collect fixes, or")
    assert "No fix is judged" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_figures_of_the_paper_can_be_added(miner: Miner, tmp_path: Path, database: Sequence[str]) -> None:
    """They stand beside ours."""
    (tmp_path / "paper.toml").write_text('[table1]\n"github/keras" = 2\n', encoding="utf-8")
    done = miner("study", "--only", "table1", "--json", "--paper", "paper.toml", *database)
    compared = json.loads(done.stdout)["exhibits"]["table1"]["comparisons"]
    assert {"what": "fixes, Keras, GitHub", "ours": "2", "paper": "2", "same": True} in compared


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--labels", "everybody"), 2, "write heuristic, reconciled or rater:NAME"),
        (("--labels", "rater:"), 2, "write heuristic, reconciled or rater:NAME"),
        (("--labels", "rater:eve"), 1, "no item has a label of 'eve'"),
        (("--labels", "reconciled"), 1, "no item has a label of 'reconciled'"),
        (("--labels", "rater:ada", "--min-confidence", "0.5"), 2, "are for labels of the rules"),
        (("--only", "table9"), 1, "'table9' is no table or figure of the study"),
        (("--paper", "none.toml"), 1, "none.toml: No such file or directory"),
        (("--out", "miner.db"), 2, "miner.db"),
    ],
)
def test_a_mistake_is_told_in_words(
    miner: Miner, database: Sequence[str], words: Sequence[str], code: int, said: str
) -> None:
    """What is wrong and what to do; no traceback."""
    done = miner("study", *words, *database)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_no_database_is_one_line_of_error(miner: Miner, tmp_path: Path) -> None:
    """It says to collect first; none is made."""
    done = miner("study", "--database-url", f"sqlite:///{tmp_path / 'none.db'}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run 'miner collect'" in done.stderr
