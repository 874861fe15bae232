from __future__ import annotations

import math
import time

import pytest
from hypothesis import example, given, settings
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
    "works again": "Now the progress bar works properly",
    "wrong state in a should sentence": "The mask should not be applied twice",
    "mixed with other work": "Refactor the loader\n\n- move helpers\n- fix the order of channels\n- rename things",
    "squash with a real fix": "Use a cache (#12)\n\n* fix wrong key of the cache\n* rename",
    "failure that is averted": "Do not crash on an empty batch",
    "maintainer's trailer beside a fix": "Fix the padding\n\nSigned-off-by: A <a@example.org>",
    "merge of a fix branch": "Merge branch 'bugfix/padding' into develop",
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
    "message for the user's mistake": "Raise a clear error message for a wrong shape",
    "squash that repairs its own tests": "Add a layer (#12)\n\n* fix tests\n* Fix lint\n* fix the build",
    "squash that repairs its own style": "Add a layer (#12)\n\n* add it\n* fix formatting\n* Fix some docstrings",
    "squash with fixes of nothing": "Add a layer (#12)\n\n* fix\n* small fix\n* Fixes\r\n* some more fixes\n* fix",
    "squash of conventional commits": "Add a layer (#12)\n\n* fix: lint for black\n* fix(ci): imports\n* fix(docs): x",
    "conventional typo": "fix: typo in a name",
    "conventional documentation": "fix(docs): say it better",
    "fixed size": "Add fixed-size buffers",
    "fixed point": "Implement fixed point arithmetic",
    "issue tracker": "Link to the bug tracker",
    "bug template": "Add a bug report template",
    "trailer": "Add strides\n\nBUG=\nTEST=fix it and see",
    "note of a maintainer": "Add strides\n\n[jane: fix line ends]",
    "quoted line": "Add strides\n\n> please fix this",
    "conflicts": "Resolve merge conflicts",
    "announcement": "Add a skip until we fix it",
    "warning": "Fix compiler warnings",
    "missing documentation": "Add missing docstrings",
}
WORDS = ["fix", "Fix ", "typo", "no ", "#1 ", "bug", "[a] ", "\n", "* ", "a.b: ", "merge ", "(#1)\n", "crash "]
WORDS += ['revert "', '" ', "> ", "cc: ", "tests ", "docs", "add ", "İ", "\r\n", "now works ", "fixed size ", "don't "]


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
    assert {row.rule for row in verdict.evidence} >= {"message.fix", "message.refactor", "message.symptom"}
    assert [abs(row.weight) for row in verdict.evidence] == sorted(
        (abs(row.weight) for row in verdict.evidence), reverse=True
    )
    assert any(row.weight < 0 for row in verdict.evidence)
    assert all(message[row.start : row.end] == row.text and row.side == "message" for row in verdict.evidence)


@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_the_evidence_sums_to_the_score(words: list[str]) -> None:
    """The score is the logistic of the bias and the weights, and nothing else."""
    verdict = bugfix.judge("".join(words))
    total = bugfix.BIAS + sum(row.weight for row in verdict.evidence)
    assert verdict.score == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-4)
    assert len({row.rule for row in verdict.evidence}) == len(verdict.evidence)


@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_a_message_is_always_judged_the_same(words: list[str]) -> None:
    """There is no state between messages."""
    message = "".join(words)
    assert bugfix.judge(message) == bugfix.judge(message)


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("more", [1, 5])
def test_repeating_a_fix_adds_nothing(ends: str, more: int) -> None:
    """A cue counts once, at its foremost place, however long the list is."""
    one, many = (ends.join(["Tidy up", "", *["- fix the padding"] * count]) for count in (1, 1 + more))
    assert bugfix.judge(one) == bugfix.judge(many)


def test_other_work_in_the_body_does_not_speak_against() -> None:
    """A commit that mixes is a fix, if one part is: only the subject says what kind of work it is."""
    fix = "Fix the padding"
    assert bugfix.judge(f"{fix}\n\n- add a flag\n- rename things\n- update docs").score == bugfix.judge(fix).score


def test_what_a_revert_undoes_is_not_what_it_does() -> None:
    """The subject that a revert quotes gives no evidence; the revert does."""
    rules = {row.rule for row in bugfix.judge('Revert "Fix typo and add a crash test" (#7)').evidence}
    assert rules == {"message.revert"}


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


@given(st.lists(st.sampled_from(WORDS)))
def test_any_words_are_judged(words: list[str]) -> None:
    """The words that the cues are made of, in any order, give a score and spans inside the message."""
    message = "".join(words)
    for row in bugfix.judge(message).evidence:
        assert message[row.start : row.end] == row.text


@pytest.mark.parametrize(
    "unit",
    [
        *("fix ", "fix (#1) ", "doc ", "[a] ", "(", "1 ", "a.b:", "a/", "- ", "resolve ", "\n", " "),
        *('revert "', "* fix ", "fix a ", "disable a ", "cc: ", "[a: ", "not fix ", "fix\n", "İ"),
    ],
)
def test_a_long_message_is_bounded(unit: str) -> None:
    """A message of five megabytes made of one trap costs no more than its beginning."""
    started = time.process_time()
    bugfix.judge("fix" + unit * (5_000_000 // len(unit)))
    assert time.process_time() - started < 1


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["", "merge ", "a (#1)\n"]), st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_any_long_message_is_bounded(opening: str, words: list[str]) -> None:
    """The same for any few words, repeated."""
    unit = "".join(words)
    started = time.process_time()
    bugfix.judge(opening + unit * (bugfix.MAX_MESSAGE // len(unit) + 1))
    assert time.process_time() - started < 1
