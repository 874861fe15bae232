"""The work of a page of questions: which answers become fixes, with which pairs and labels."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.threads import AFTER, BEFORE, LOOKED, SITE, answer, code, comment, origin, question, thread

from miner.model import OmissionReason, SelectionRule, Thread
from miner.questions import Judge, QuestionTask, judge

JUDGE = Judge(5)
ACCEPTED = thread(question(accepted_answer_id=2), [answer(2)], [comment(9, 2)])


def test_an_accepted_answer_becomes_a_fix_with_a_pair_and_labels() -> None:
    """The pair is the question's code as the answer has it; the label names the span that gave it."""
    found = judge(ACCEPTED, JUDGE)
    assert found.omission is None
    assert found.rules == {2: SelectionRule.ACCEPTED_WITH_CODE}
    (fix,) = found.fixes
    assert (fix.fix_id, fix.library, fix.question_id, fix.answer_id) == (f"{SITE}:2", "keras", 1, 2)
    (pair,) = fix.pairs
    assert "sgd" in pair.before
    assert "adam" in pair.after
    first = next(label for label in fix.labels if label.scheme == "pattern" and label.rank == 1)
    assert first.value == "optimizer"
    evidence = first.evidence[0]
    assert evidence.line is not None
    side = pair.after if evidence.side == "new" else pair.before
    assert side.split("\n")[evidence.line - 1][evidence.start : evidence.end] == evidence.text


def test_the_library_comes_from_tags_where_no_code_tells() -> None:
    words = "<p>You should change the loss to <code>mse</code>.</p>"
    asked = question(body="<p>Why?</p>", tags=("pytorch",), accepted_answer_id=2)
    (fix,) = judge(thread(asked, [answer(2, body=words)]), JUDGE).fixes
    assert (fix.rule, fix.library, fix.pairs) == (SelectionRule.ACCEPTED_WITHOUT_CODE, "torch", ())
    patterns = [label.value for label in fix.labels if label.scheme == "pattern"]
    assert patterns == ["unknown"]
    tagged = next(label for label in fix.labels if label.scheme == "library")
    assert [(row.rule, row.side, row.text) for row in tagged.evidence] == [("library.tag", "tag", "pytorch")]


def test_code_says_more_than_tags() -> None:
    """A question of both libraries is of the one that its code imports."""
    asked = question(tags=("tensorflow", "keras"), accepted_answer_id=2)
    changed = answer(2, body=code("import keras\n" + AFTER))
    (fix,) = judge(thread(asked, [changed]), JUDGE).fixes
    assert fix.library == "keras"


def test_code_of_the_question_decides_between_its_tags() -> None:
    """Where the changed lines name neither library."""
    asked = question(tags=("tensorflow", "pytorch"), body=code("net = nn.Linear(3, 4)\nx = 1\n"), accepted_answer_id=2)
    (fix,) = judge(thread(asked, [answer(2, body="<p>You should change the size to 5.</p>")]), JUDGE).fixes
    assert fix.library == "torch"
    rules = {row.rule for label in fix.labels if label.value == "torch" for row in label.evidence}
    assert rules == {"library.tag", "library.question"}


def test_code_without_a_counterpart_is_no_evidence_of_a_pattern() -> None:
    """Every line of it would look added."""
    other = code("import torch\nprint(torch.nn.Dropout(0.5)(torch.zeros(3)))\n")
    asked = question(body="<p>What is dropout?</p>", accepted_answer_id=2)
    (fix,) = judge(thread(asked, [answer(2, body=other)]), JUDGE).fixes
    assert [pair.question_no for pair in fix.pairs] == [None]
    assert [label.value for label in fix.labels if label.scheme == "pattern"] == ["unknown"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        pytest.param(Judge(5, ("torch",)), OmissionReason.LIBRARY_NOT_SELECTED, id="another library is wanted"),
        pytest.param(Judge(5, ("keras", "torch")), None, id="its library is among those wanted"),
    ],
)
def test_a_library_that_is_not_wanted_is_a_reason(by: Judge, expected: OmissionReason | None) -> None:
    found = judge(ACCEPTED, by)
    assert (found.omission.reason if found.omission else None) is expected
    assert bool(found.fixes) is (expected is None)
    assert found.rules == {2: SelectionRule.ACCEPTED_WITH_CODE}


def test_a_question_of_none_of_the_libraries_has_that_reason() -> None:
    """Its tag was asked for by another name."""
    asked = question(tags=("r",), body=code("x = 1"), accepted_answer_id=2)
    found = judge(thread(asked, [answer(2, body=code("x = 2"))]), JUDGE)
    assert found.omission is not None
    assert found.omission.reason is OmissionReason.NO_LIBRARY_CODE


def test_without_classification_the_rule_is_told_and_no_fix() -> None:
    found = judge(ACCEPTED, replace(JUDGE, classify=False))
    assert (found.rules, found.fixes, found.omission) == ({2: SelectionRule.ACCEPTED_WITH_CODE}, (), None)


def test_a_rule_that_fails_costs_its_question_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("miner.classify.labelling.label", fail)
    found = QuestionTask((ACCEPTED, thread(question(5))), JUDGE, 1, origin(1)).run()
    reasons = {row[1]: row[2] for row in found.rows["omission"]}
    assert reasons == {f"question:{SITE}:1": "question_failed", f"question:{SITE}:5": "question_unanswered"}
    assert len(found.rows["post"]) == 3


def test_a_page_holds_the_posts_only_if_it_says_where_they_came_from() -> None:
    task = QuestionTask((ACCEPTED,), JUDGE, 7)
    alone = pickle.loads(pickle.dumps(task)).run()  # noqa: S301
    assert {name for name, rows in alone.rows.items() if rows} == {
        "fix", "label", "label_evidence", "pair", "post_observation", "snippet",
    }  # fmt: skip
    with_posts = replace(task, origin=origin(7)).run()
    assert len(with_posts.rows["post"]) == 2
    assert len(with_posts.rows["comment"]) == 1
    assert (with_posts.seen, with_posts.candidates, with_posts.fixes) == (1, 1, 1)
    assert with_posts.libraries == {"keras": 1}


def test_the_same_questions_give_the_same_rows() -> None:
    task = QuestionTask((ACCEPTED, thread(question(5), [answer(6, of=5, score=9)])), JUDGE, 1, origin(1))
    assert task.run().rows == task.run().rows


HTML = st.text(st.sampled_from("<>/precodb&;=()\n\"' .1x")) | st.sampled_from([code(BEFORE), code(AFTER), "<p>Use b."])


@given(
    bodies=st.lists(HTML.flatmap(lambda text: HTML.map(lambda more: text + more)), min_size=2, max_size=4),
    accepted=st.booleans(),
)
def test_any_html_gives_a_fix_or_a_reason(bodies: list[str], accepted: bool) -> None:
    """And never a defect of ours."""
    answers = [answer(2 + no, body=body, score=6) for no, body in enumerate(bodies[1:])]
    asked = question(body=bodies[0], accepted_answer_id=2 if accepted else None)
    found = judge(Thread(SITE, LOOKED, asked, tuple(answers)), JUDGE)
    assert bool(found.fixes) != (found.omission is not None)
    assert found.omission is None or found.omission.reason is not OmissionReason.QUESTION_FAILED
