from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miner.classify import bugfix

FIXES = {
    "fix verb first": "Fix crash when the input has no channels",
    "conventional commit": "fix(layers): handle masks of length zero",
    "tag before the verb": "[core] Fixed wrong axis in batch dot",
    "issue link": "Fixes #1234",
    "in a body bullet": "Add a flag for strides\n\n* fix the padding of odd sizes\n* add a test",
    "of the build": "Fix build on Windows",
    "of a test": "fix failing test of the optimizer",
    "hotfix branch": "Merge pull request #12 from somebody/hotfix-loss\n\nfix the loss of empty batches",
    "symptom without a fix verb": "Loss was computed incorrectly and crashed: NullPointerException, broken since 1.2",
    "revert": 'Revert "Use a faster path for dot"\n\nThis broke the build and fails on GPUs.',
    "mixed with a typo": "Fix typo in docs and fix crash in fit()",
    "missing": "Added missing import",
}
NOT_FIXES = {
    "feature": "Add support for dilated convolutions",
    "documentation": "Update README.md",
    "typo": "Fix typo in docstring of Dense",
    "style": "fix pep8",
    "lint": "Fix lint warnings",
    "spelling over a gap": "Fix some minor spelling mistakes",
    "comment": "fixed comment",
    "refactoring": "Refactor the backend module",
    "version bump": "Bump version to 2.3.1",
    "merge": "Merge branch 'master' of github.com:somebody/something",
    "error message": "Improve error message for a wrong shape",
    "debug is not a bug": "Add debug drawing",
    "prefix is not a fix": "Rename prefix to suffix",
    "empty": "",
    "conventional chore": "chore: update dependencies",
}


@pytest.mark.parametrize("message", FIXES.values(), ids=FIXES)
def test_fix_is_seen(message: str) -> None:
    """A message that says that something was wrong and is repaired scores at or above the threshold."""
    assert bugfix.judge(message).score >= 0.5


@pytest.mark.parametrize("message", NOT_FIXES.values(), ids=NOT_FIXES)
def test_other_work_is_not_a_fix(message: str) -> None:
    """Features, documentation, style, versions and merges score below the threshold."""
    assert bugfix.judge(message).score < 0.5


def test_evidence_is_kept_for_and_against() -> None:
    """Every cue that counts is a row, strongest first, with its span in the message."""
    message = "Refactor the loader\n\nFix a crash on empty files"
    verdict = bugfix.judge(message)
    assert {row.rule for row in verdict.evidence} >= {"message.fix", "message.refactor", "message.defect"}
    assert [abs(row.weight) for row in verdict.evidence] == sorted(
        (abs(row.weight) for row in verdict.evidence), reverse=True
    )
    assert any(row.weight < 0 for row in verdict.evidence)
    assert all(message[row.start : row.end] == row.text and row.side == "message" for row in verdict.evidence)


def test_a_negated_fault_counts_less() -> None:
    """What is said not to be a bug is none."""
    assert bugfix.judge("Not a bug").score < bugfix.judge("A bug").score


def test_only_the_beginning_is_read() -> None:
    """Words after the bound change nothing."""
    filler = "x " * (bugfix.MAX_MESSAGE // 2)
    assert bugfix.judge(filler + "fix crash") == bugfix.judge(filler)


@given(st.text())
@example("\ud800 fix İ fix a bug")
@example("\nMerge\n")
@example("merge")
def test_any_message_is_judged(message: str) -> None:
    """Any text gives a score in [0, 1] and spans that lie inside it, also where lower case has another length."""
    verdict = bugfix.judge(message)
    assert 0 <= verdict.score <= 1
    for row in verdict.evidence:
        assert message[row.start : row.end] == row.text
        assert row.text


@given(st.lists(st.sampled_from(["fix", "Fix ", "typo", "no ", "#1 ", "bug", "[a] ", "\n", "* ", "a.b: ", "merge "])))
def test_any_words_are_judged(words: list[str]) -> None:
    """The words that the cues are made of, in any order, give a score and spans inside the message."""
    message = "".join(words)
    for row in bugfix.judge(message).evidence:
        assert message[row.start : row.end] == row.text


@pytest.mark.parametrize(
    "unit", ["fix ", "fix (#1) ", "doc ", "[a] ", "(", "1 ", "a.b:", "a/", "- ", "resolve ", "\n", " "]
)
def test_a_long_message_is_bounded(unit: str) -> None:
    """A message of a megabyte made of one trap costs no more than its beginning."""
    started = time.process_time()
    bugfix.judge("fix" + unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 1
