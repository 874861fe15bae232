"""How results are printed, and what the process says to its caller."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from rich.console import Console

from miner.cli import render
from miner.cli.collect import exit_code
from miner.evaluation.bugfix import Evaluation, Judged
from miner.evaluation.figures import Confusion
from miner.evaluation.labels import LabelledMessage
from miner.job import PlanRow, Summary
from miner.model import BugFixVerdict, Evidence
from miner.store.status import Gap, Run, Status
from miner.store.values import MAX_EPOCH, MIN_EPOCH

EVIL = "evil\x1b]0;owned\x07\x1b[2J/repo"


@pytest.fixture
def summary() -> Summary:
    return Summary(
        run_id=3,
        repositories=4,
        up_to_date=1,
        seen=1200,
        merges=34,
        candidates=56,
        fixes=7,
        seconds=12.34,
        omissions=Counter(file_binary=2, no_library_code=50),
        patterns=Counter(unknown=3, data_dimension=3, optimizer=1),
        libraries=Counter(keras=7),
        failed={EVIL: "there is no such repository:\ncheck https://tok3n@host/x"},
    )


STATUS = Status(
    repositories={"there": 2, "gone": 1},
    commits=1000,
    questions=40,
    answers=50,
    comments=0,
    fixes=30,
    libraries={"keras": 20, "torch": 10},
    rater="heuristic/1",
    patterns={"unknown": 20, "optimizer": 10},
    omissions={"file_binary": 4},
    gaps=(Gap("git", EVIL, MIN_EPOCH, 1546300800, "not finished"), Gap("git", "b", 0, MAX_EPOCH, "not finished")),
    runs=(Run(2, "collect", "complete", datetime(2020, 1, 2, 3, 4, tzinfo=UTC), None),),
)


def test_what_issues_cost_is_in_the_summary_if_they_were_asked_for(summary: Summary) -> None:
    """Requests and points; and nothing of it in a run that asked none."""
    assert not [row for row in render.summary_rows(summary) if row[0] == "github"]
    summary.commits_asked, summary.graphql_requests, summary.graphql_points = 120, 3, 33
    rows = [row for row in render.summary_rows(summary) if row[0] == "github"]
    assert ("github", "commits asked about", "120") in rows
    assert ("github", "requests for them", "3") in rows
    assert ("github", "points for them", "33") in rows


def lines(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    out, err = capsys.readouterr()
    assert err == ""
    return [line.split("\t") for line in out.splitlines()]


def test_a_summary_in_a_pipe_is_lines_of_three_cells(summary: Summary, capsys: pytest.CaptureFixture[str]) -> None:
    """Largest counts first, equal ones by name; what strangers wrote is harmless, secrets are masked."""
    render.print_summary(summary, as_json=False)
    assert lines(capsys) == [
        ["repositories", "asked", "4"],
        ["repositories", "up to date", "1"],
        ["seen", "commits", "1200"],
        ["seen", "merges, skipped", "34"],
        ["seen", "bug-fix commits", "56"],
        ["failed", "all", "1"],
        ["fixes", "all", "7"],
        ["fixes", "keras", "7"],
        ["pattern", "data_dimension", "3"],
        ["pattern", "unknown", "3"],
        ["pattern", "optimizer", "1"],
        ["omitted", "no_library_code", "50"],
        ["omitted", "file_binary", "2"],
        ["failed", "evil/repo", "there is no such repository: check https://***@host/x"],
        ["time", "seconds", "12.3"],
    ]


def test_a_summary_of_questions_tells_what_was_asked_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of commits where no repository was asked for."""
    asked = Summary(tags=3, questions=400, qualified=90, fixes=80, reobserved=20, requests=12, quota_remaining=288)
    render.print_summary(asked, as_json=False)
    assert lines(capsys) == [
        ["seen", "questions", "400"],
        ["seen", "questions with a qualifying answer", "90"],
        ["tags", "asked", "3"],
        ["seen", "questions looked at again", "20"],
        ["requests", "sent", "12"],
        ["requests", "left today", "288"],
        ["failed", "all", "0"],
        ["fixes", "all", "80"],
        ["time", "seconds", "0.0"],
    ]
    render.print_summary(Summary(dumps=1, questions=5), as_json=False)
    assert lines(capsys)[:3] == [
        ["seen", "questions", "5"],
        ["seen", "questions with a qualifying answer", "0"],
        ["failed", "all", "0"],
    ]


def test_a_summary_on_a_terminal_is_a_table(
    summary: Summary, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cells in columns, and no escape sequence of a stranger's."""
    monkeypatch.setattr(render, "stdout", lambda: Console(force_terminal=True, width=100, no_color=True))
    render.print_summary(summary, as_json=False)
    shown = capsys.readouterr().out
    assert "\x1b]" not in shown
    assert "\x1b[2J" not in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["seen", "commits", "1200"] in rows
    assert ["pattern", "data_dimension", "3"] in rows


def test_a_summary_for_a_machine_is_one_object(summary: Summary, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with every field, and the run's status."""
    render.print_summary(summary, as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["seen"] == 1200
    assert told["omissions"] == {"file_binary": 2, "no_library_code": 50}
    assert told["status"] == "partial"
    assert "tok3n" not in line
    assert "\x1b" not in line


def test_a_status_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Intervals without a bound are said in words."""
    render.print_status(STATUS, as_json=False)
    assert lines(capsys) == [
        ["repositories", "there", "2"],
        ["repositories", "gone", "1"],
        ["commits", "all", "1000"],
        ["posts", "questions", "40"],
        ["posts", "answers", "50"],
        ["fixes", "all", "30"],
        ["fixes", "keras", "20"],
        ["fixes", "torch", "10"],
        ["pattern", "unknown", "20"],
        ["pattern", "optimizer", "10"],
        ["omitted", "file_binary", "4"],
        ["gap", "evil/repo", "the beginning to 2019-01-01: not finished"],
        ["gap", "b", "1970-01-01 to today: not finished"],
        ["run 2", "collect complete", "2020-01-02 03:04"],
    ]


def test_a_status_for_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """Times are ISO 8601."""
    render.print_status(STATUS, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["runs"][0]["started_at"] == "2020-01-02T03:04:00+00:00"
    assert told["gaps"][1]["until_epoch"] == MAX_EPOCH


PLAN = (
    PlanRow("git", EVIL, "clone", None, "1 clone"),
    PlanRow("git", "a/b", "nothing new", 0, "1 ls-remote"),
)


def test_a_plan_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not known yet is a question mark, not a nought."""
    render.print_plan(PLAN, as_json=False)
    assert lines(capsys) == [
        ["git", "evil/repo", "clone", "?", "1 clone"],
        ["git", "a/b", "nothing new", "0", "1 ls-remote"],
    ]


def test_a_plan_for_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """A list of rows; not known is null."""
    render.print_plan(PLAN, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [row["items"] for row in told] == [None, 0]


EVALUATION = Evaluation(
    0.5,
    Confusion(8, 2, 0, 10),
    (
        Judged(
            LabelledMessage("a/b", "c0ffee", EVIL + "\n\u202efix\t" + "x" * 1000, False),
            BugFixVerdict(0.875, (Evidence("message.fix", 4.5, "fix\x1b[2J", "message", 1, 4),)),
        ),
        Judged(LabelledMessage("a/b", "c0ffef", "https://tok3n@host/x", True), BugFixVerdict(0.25, ())),
    ),
)


def test_an_evaluation_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Counts without an interval, figures with one; no errors where none were asked for."""
    render.print_evaluation(EVALUATION, 0, as_json=False)
    assert lines(capsys) == [
        ["commits", "20", "", ""],
        ["threshold", "0.5", "", ""],
        ["true positives", "8", "", ""],
        ["false positives", "2", "", ""],
        ["false negatives", "0", "", ""],
        ["true negatives", "10", "", ""],
        ["precision", "0.800", "0.490", "0.943"],
        ["recall", "1.000", "0.676", "1.000"],
        ["f1", "0.889", "0.658", "0.971"],
        ["accuracy", "0.900", "0.699", "0.972"],
    ]


def test_errors_are_harmless_for_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, cut, with its evidence; no escape sequence, no reordering, no secret."""
    render.print_evaluation(EVALUATION, 5, as_json=False)
    *_, first, second = lines(capsys)
    assert first[:4] == ["false alarm", "0.88", "a/b", "c0ffee"]
    assert first[4].startswith("evil/repo fix xxx")
    assert len(first[4]) < 310
    assert first[5] == "fix +4.5 'fix\\x1b[2J'"
    assert second == ["missed", "0.25", "a/b", "c0ffef", "https://***@host/x", ""]


def test_an_evaluation_for_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures are numbers under their own names; errors are there where they were asked for."""
    render.print_evaluation(EVALUATION, 1, as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["n"], told["precision"], told["recall"], told["accuracy"]) == (20, 0.8, 1.0, 0.9)
    assert told["f1"] == pytest.approx(16 / 18)
    assert told["intervals"]["precision"] == [pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3)]
    assert told["confusion"]["false_positives"] == 2
    assert [error["evidence"][0]["rule"] for error in told["errors"]] == ["message.fix"]
    assert "\x1b" not in line


def test_a_figure_of_nothing_is_not_nought(capsys: pytest.CaptureFixture[str]) -> None:
    """A question mark, and null for a machine."""
    nothing = Evaluation(0.5, Confusion(0, 0, 0, 3), ())
    render.print_evaluation(nothing, 0, as_json=False)
    assert ["precision", "?", "?", "?"] in lines(capsys)
    render.print_evaluation(nothing, 0, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["f1"] is None
    assert "errors" not in told


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        pytest.param(Summary(repositories=2), 0, id="complete"),
        pytest.param(Summary(repositories=0), 0, id="nothing was asked for"),
        pytest.param(Summary(repositories=2, failed={"a/b": "gone"}), 3, id="one of two failed"),
        pytest.param(Summary(tags=1, dumps=1, failed={"x": "gone"}), 3, id="a dump failed, a tag did not"),
        pytest.param(Summary(tags=1, failed={"x": "gone"}), 1, id="the only tag failed"),
        pytest.param(Summary(repositories=1, failed={"a/b": "gone"}), 1, id="all failed"),
        pytest.param(Summary(repositories=2, failed={"a/b": "gone"}, interrupted=True), 130, id="interrupted"),
    ],
)
def test_exit_codes(summary: Summary, code: int) -> None:
    """As the README lists them."""
    assert exit_code(summary) == code
