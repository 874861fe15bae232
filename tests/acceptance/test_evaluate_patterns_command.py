"""``miner evaluate patterns`` as a process, on a database that ``miner collect`` would have made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from hashlib import md5
from pathlib import Path

import openpyxl
import pytest
from support.repositories import MODEL, RepositoryBuilder
from support.runs import Runner

Miner = Callable[..., subprocess.CompletedProcess[str]]

HEADER = ("Bug Fix Pattern from Prior Study", "Bug Fix Pattern", "Library", "Bug Type")
VALUES = {"batch": 16, "units": 64, "width": 20, "activation": "relu", "loss": "mse", "optimizer": "sgd", "epochs": 5}
CHANGES: Sequence[dict[str, object]] = ({"loss": "categorical_crossentropy"}, {"optimizer": "adam"}, {"epochs": 50})
"""One change a commit: to the loss, to the optimizer, to the number of epochs."""


@pytest.fixture
def shas(tmp_path: Path) -> list[str]:
    """Mine three bug fixes into the database of the settings' default; give their shas."""
    builder = RepositoryBuilder(tmp_path / "n.git")
    builder.commit("Add a model", {"a.py": MODEL.format(**VALUES)})
    values: dict[str, object] = dict(VALUES)
    for parent, change in enumerate(CHANGES):
        values |= change
        builder.commit("Fix wrong training of the model", {"a.py": MODEL.format(**values)}, parents=[parent])
    path = builder.build()
    Runner(f"sqlite:///{tmp_path / 'miner.db'}", tmp_path / "data").collect(path)
    return builder.shas[1:]


@pytest.fixture
def database(tmp_path: Path) -> tuple[str, ...]:
    return ("--database-url", f"sqlite:///{tmp_path / 'miner.db'}")


def write(path: Path, rows: Sequence[tuple[str, str]], posts: Sequence[tuple[int, str]] = ((1, "Monitor"),)) -> Path:
    book = openpyxl.Workbook()
    for name, first, cells in (("GitHub", "Bug", rows), ("StackOverflow", "Post#", posts)):
        sheet = book.create_sheet(name)
        sheet.append((first, *HEADER))
        for link, pattern in cells:
            sheet.append((link, "x", pattern, "keras", "API Bug"))
    book.save(path)
    return path


@pytest.fixture
def labels(tmp_path: Path, shas: list[str]) -> Path:
    """Two labels that the rules agree with, one that they do not; a commit that is not stored, and no pattern."""
    digest = md5(b"a.py", usedforsecurity=False).hexdigest()
    links = [f"https://github.com/o/n/commit/{sha}#diff-{digest}" for sha in shas]
    rows = [
        (f"{links[0]}R12", "Loss Function"),
        (links[1], "optimizers"),
        (f"{links[2]}L17", "Change Neural Arch"),
        (f"https://github.com/o/n/commit/{'0' * 40}", "Monitor"),
        (links[0], "Witchcraft"),
    ]
    return write(tmp_path / "labels.xlsx", rows)


def test_figures_for_a_machine(miner: Miner, labels: Path, database: Sequence[str]) -> None:
    """One JSON object with the keys that are documented; a pattern that is not known is a warning."""
    done = miner("evaluate", "patterns", "--labels", str(labels), "--json", *database)
    assert done.returncode == 0
    assert "rows not compared: 1; it is no known fix pattern: 'Witchcraft' (sheet GitHub, row 6)" in done.stderr
    told = json.loads(done.stdout)
    assert (told["n"], told["top1"], told["top1_all_rows"]) == (3, pytest.approx(2 / 3), pytest.approx(2 / 5))
    assert told["macro_f1"] == pytest.approx(2 / 3)
    assert told["kappa"] == pytest.approx((2 / 3 - 2 / 9) / (1 - 2 / 9))
    assert (told["not_in_database"], told["no_fix"], told["hunk_not_in_fix"], told["unreadable"]) == (1, 0, 0, 1)
    assert told["confusion"]["change_neural_architecture"] == {"iterations": 1}
    assert told["per_pattern"]["loss_function"]["n"] == told["per_pattern"]["loss_function"]["recall"] == 1
    assert told["per_library"]["keras"]["n"] == told["commit_weighted"]["n"] == 3
    assert [point["n"] for point in told["coverage_curve"]] == [1, 2, 3, 3]
    assert sorted(told["intervals"]) == ["top1", "top1_all_rows", "top3"]
    assert told["baseline"]["top1"] == pytest.approx(1 / 3)
    assert told["rater"].startswith("heuristic/")
    assert "errors" not in told


def test_figures_and_errors_for_a_reader(miner: Miner, labels: Path, database: Sequence[str]) -> None:
    """Tables under headings, what the short names stand for, and the error with what was seen in it."""
    done = miner("evaluate", "patterns", "--labels", str(labels), "--errors", "5", *database)
    assert done.returncode == 0
    assert "top-1\t0.667\t0.208\t0.939" in done.stdout
    assert "LF\t1\t1\t1.000\t1.000\t1.000\tloss_function" in done.stdout
    assert "label\tCNA\tLF\tOpt\tIte\t?" in done.stdout
    assert "CNA\t.\t.\t.\t1\t." in done.stdout
    error = done.stdout.splitlines()[-1].split("\t")
    assert error[1:3] == ["change_neural_architecture", "iterations"]
    assert "epochs" in error[4]


def test_errors_for_a_machine_carry_their_evidence(miner: Miner, labels: Path, database: Sequence[str]) -> None:
    """Link, label, prediction, confidence and every span that voted."""
    done = miner("evaluate", "patterns", "--labels", str(labels), "--errors", "1", "--json", *database)
    (error,) = json.loads(done.stdout)["errors"]
    assert (error["label"], error["prediction"]) == ("change_neural_architecture", "iterations")
    assert error["link"].startswith("https://github.com/o/n/commit/")
    assert 0 < error["confidence"] <= 1
    assert any("epochs" in row["text"] for row in error["evidence"])


def test_a_terminal_gets_aligned_tables(miner: Miner, labels: Path, database: Sequence[str]) -> None:
    """Columns begin at the same place in every line."""
    words = ("evaluate", "patterns", "--labels", str(labels), *database)
    lines = miner(*words, FORCE_COLOR="1", NO_COLOR="1").stdout.splitlines()
    rows = [line for line in lines if line.endswith(("loss_function", "change_neural_architecture"))]
    assert len({max(row.find("loss_function"), row.find("change_neural")) for row in rows}) == 1
    assert not any("\t" in line for line in lines)


def test_the_source_chooses_the_sheet(miner: Miner, labels: Path, database: Sequence[str]) -> None:
    """Commits unless told otherwise; posts, or both."""
    words = ("evaluate", "patterns", "--labels", str(labels), "--json", *database)
    told = {name: json.loads(miner(*words, "--source", name).stdout) for name in ("github", "stackoverflow", "all")}
    assert [(one["n"], one["not_in_database"]) for one in told.values()] == [(3, 1), (0, 1), (3, 2)]
    assert told["stackoverflow"]["top1"] is None
    assert miner(*words, "--source", "gitlab").returncode == 2


def test_a_set_of_which_nothing_is_collected_is_told_with_what_to_do(
    miner: Miner, tmp_path: Path, shas: list[str], database: Sequence[str]
) -> None:
    """How many rows, and the command that collects them."""
    path = write(tmp_path / "other labels.xlsx", [(f"https://github.com/o/n/commit/{'0' * 40}", "Monitor")])
    done = miner("evaluate", "patterns", "--labels", str(path), *database)
    assert done.returncode == 0
    assert "no row can be compared: 1 name what is not in this database" in done.stderr
    assert f"with: miner collect --seeds '{path}'\n" in done.stderr


def test_the_rules_of_a_users_own_are_compared(
    miner: Miner, tmp_path: Path, labels: Path, database: Sequence[str]
) -> None:
    """Not the shipped ones, whose labels are there as well; those are named with --rater."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "monitor.py").write_text(
        "from miner.classify.voting import Vote\n\nTRIGGERS = {'nothing_like_it'}\n\n\n"
        "def vote(facts, library):\n    yield from ()\n",
        encoding="utf-8",
    )
    environ = {"MINER_CLASSIFY__RULES_DIR": str(rules)}
    words = ("evaluate", "patterns", "--labels", str(labels), "--json", *database)
    shipped = json.loads(miner(*words).stdout)["rater"]
    assert json.loads(miner(*words, **environ).stdout)["rater"] == shipped
    assert miner("classify", *database, **environ).returncode in (0, 3)
    own = json.loads(miner(*words, **environ).stdout)["rater"]
    assert own != shipped
    assert json.loads(miner(*words).stdout)["rater"] == shipped
    told = json.loads(miner("study", "--only", "table2", "--json", *database, **environ).stdout)
    assert (told["rater"], told["labels"], told["basis"]["collected"]) == (own, f"labels of {own}", 3)
    drawn = miner("label", "sample", "b", "--json", *database, **environ)
    assert json.loads(json.loads(drawn.stdout)["query"])["rules"] == own


def test_a_rater_without_labels_is_an_error(miner: Miner, labels: Path, database: Sequence[str]) -> None:
    """It says who labelled."""
    done = miner("evaluate", "patterns", "--labels", str(labels), "--rater", "ada", *database)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no fix has a pattern of the rater 'ada': the database has heuristic/" in done.stderr


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(None, "No such file", id="no file"),
        pytest.param(b"", "is no xlsx file", id="empty"),
        pytest.param(b"Bug,Bug Fix Pattern\n", "is no xlsx file", id="CSV"),
        pytest.param(b"PK\x03\x04" + bytes(100), "is no xlsx file that can be read", id="damaged"),
    ],
)
def test_a_bad_file_is_one_line_of_error(miner: Miner, tmp_path: Path, data: bytes | None, words: str) -> None:
    """What is wrong, no traceback, exit code 1."""
    path = tmp_path / "bad.xlsx"
    if data is not None:
        path.write_bytes(data)
    done = miner("evaluate", "patterns", "--labels", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_database_is_one_line_of_error(miner: Miner, tmp_path: Path) -> None:
    """It says to collect first; none is made."""
    path = write(tmp_path / "labels.xlsx", [(f"https://github.com/o/n/commit/{'0' * 40}", "Monitor")])
    done = miner("evaluate", "patterns", "--labels", str(path), "--database-url", f"sqlite:///{tmp_path / 'none.db'}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run 'miner collect'" in done.stderr
    assert not (tmp_path / "none.db").exists()
