from __future__ import annotations

from miner.classify.bugfix import judge
from miner.evaluation.bugfix import Judged, compare, evaluate
from miner.evaluation.figures import Confusion
from miner.evaluation.labels import LabelledMessage
from miner.model import BugFixVerdict


def row(message: str, is_bug_fix: bool) -> LabelledMessage:
    return LabelledMessage("o/n", message, message, is_bug_fix)


def test_messages_are_judged_as_a_run_judges_them() -> None:
    """By the same function, with its evidence."""
    fix, missed = row("Fix the crash", True), row("Add a layer", True)
    found = evaluate([fix, missed, row("Add x", False), row("Fix the build", False)], 0.5)
    assert found.confusion == Confusion(1, 1, 1, 1)
    assert Judged(missed, judge("Add a layer")) in found.errors
    assert fix not in [error.row for error in found.errors]


def test_a_score_at_the_threshold_says_bug_fix() -> None:
    """As it does when commits are collected."""
    verdict = BugFixVerdict(0.25, ())
    assert compare([Judged(row("x", True), verdict)], 0.25).confusion == Confusion(1, 0, 0, 0)
    assert compare([Judged(row("x", True), verdict)], 0.26).confusion == Confusion(0, 0, 1, 0)


def test_the_most_confident_errors_come_first() -> None:
    """Equally confident ones in the order of the label set."""
    scores = {"a": 0.75, "b": 1.0, "c": 0.75}
    errors = compare([Judged(row(name, False), BugFixVerdict(s, ())) for name, s in scores.items()], 0.5).errors
    assert [error.row.message for error in errors] == ["b", "a", "c"]
