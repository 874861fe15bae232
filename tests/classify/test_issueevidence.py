"""Issues, pull requests and reverts as evidence that a commit is a bug fix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miner.classify import bugfix
from miner.classify.issueevidence import BUG_LABEL, CLOSES, IssueFact, judge, reverted


def fact(**changes: object) -> IssueFact:
    values: dict[str, object] = {"name": "github.com/o/n#7", "kind": "issue", "relation": "closes", "title": "It fails"}
    return IssueFact(**{**values, "labels": (), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "rules"),
    [
        pytest.param(fact(), {"issue.closes": 0.5}, id="closes"),
        pytest.param(fact(relation="mentions"), {}, id="mentions"),
        pytest.param(fact(labels=("bug",)), {"issue.closes": 0.5, "issue.bug_label": 2.0}, id="bug"),
        pytest.param(fact(labels=("type:Bug/Performance",), relation="mentions"), {"issue.bug_label": 1.0}, id="typed"),
        pytest.param(fact(labels=("debug",), relation="mentions"), {}, id="a-word-within-a-word"),
        pytest.param(fact(labels=("not a bug",), relation="mentions"), {"issue.no_bug_label": -0.75}, id="denied"),
        pytest.param(
            fact(labels=("enhancement",), relation="mentions"), {"issue.other_label": -0.75}, id="enhancement"
        ),
        pytest.param(fact(labels=("Docs",), relation="mentions"), {"issue.cosmetic_label": -1.0}, id="docs"),
        pytest.param(
            fact(kind="pull_request", relation="merged_by", title="Fix crash"), {"issue.pull_title": 2.0}, id="title"
        ),
        pytest.param(
            fact(kind="pull_request", relation="closes", title="Fix crash"), {"issue.pull_title": 2.0}, id="landed"
        ),
        pytest.param(fact(kind="pull_request", relation="mentions", title="Fix crash"), {}, id="another-pull"),
        pytest.param(fact(kind="pull_request", relation="merged_by", title="Add layers"), {}, id="title-says-nothing"),
    ],
)
def test_what_an_issue_says(one: IssueFact, rules: dict[str, float]) -> None:
    """By what the commit does with it, by its labels' words, and by the title of the pull request that brought it."""
    assert {row.rule: row.weight for row in judge("Change the shape", [one])} == rules


@pytest.mark.parametrize("message", ["Fix crash (#7)", "Fix crash", "fix crash!\n\nMore.", "Merge it\n\nFix crash"])
def test_a_title_that_the_message_repeats_counts_once(message: str) -> None:
    """A squash merge has it for its subject."""
    assert judge(message, [fact(kind="pull_request", relation="merged_by", title="Fix crash")]) == ()


def test_each_rule_counts_once_whatever_the_order() -> None:
    """Of several issues the one for which it is strongest."""
    facts = [
        fact(labels=("bug", "regression"), relation="mentions"),
        fact(name="github.com/o/n#8", labels=("bug",)),
        fact(name="github.com/o/n#9", labels=("bug",)),
    ]
    found = judge("", facts)
    assert {row.rule: row.text for row in found} == {
        "issue.bug_label": "github.com/o/n#8: bug",
        "issue.closes": "github.com/o/n#8",
    }
    assert judge("", reversed(facts)) == found


def test_a_bug_report_raises_a_commit_near_the_threshold() -> None:
    """A message that half says so, and an issue that says the rest."""
    verdict = bugfix.judge("Handle the error of an empty batch")
    assert 0.2 < verdict.score < 0.5
    assert bugfix.combined(verdict, judge("", [fact(labels=("bug",))])).score >= 0.5


def test_no_label_takes_back_what_a_message_says_plainly() -> None:
    """A commit may mix; its issue is one of its parts."""
    verdict = bugfix.judge("Fix crash on an empty batch")
    assert bugfix.combined(verdict, judge("", [fact(labels=("enhancement", "docs"))])).score > 0.5
    assert bugfix.combined(verdict, [reverted("a" * 40)]).score > 0.5
    assert CLOSES < BUG_LABEL < 5.4


LABELS = st.lists(st.text(max_size=60), max_size=4).map(tuple)
FACTS = st.builds(
    IssueFact,
    st.text(max_size=250),
    st.sampled_from(["issue", "pull_request"]),
    st.sampled_from(["closes", "merged_by", "mentions"]),
    st.text(max_size=300),
    st.one_of(LABELS, st.just(("bug", "docs", "question"))),
)


@settings(deadline=None)
@given(st.text(max_size=300), st.lists(FACTS, max_size=4), st.randoms())
def test_any_issue_is_judged(message: str, facts: list[IssueFact], chance: object) -> None:
    """Spans are within their texts, and the order of what came does not matter."""
    found = judge(message, facts)
    assert all(0 <= row.start <= row.end <= len(row.text) <= 200 and row.weight for row in found)
    assert len({row.rule for row in found}) == len(found)
    chance.shuffle(facts)  # type: ignore[attr-defined]
    assert judge(message, facts) == found
