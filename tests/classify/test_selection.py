"""Which answers qualify, and by which rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.threads import answer, question, thread

from miner.classify.selection import NOT_SELECTED, select
from miner.model import OmissionReason, Post, SelectionRule, Snippet, SnippetKind

WITH_CODE = (Snippet(0, SnippetKind.CODE, "python", "a = 1"),)
DESCRIBED = (Snippet(0, SnippetKind.SENTENCE, "", "Use b instead of a."),)
NOTHING = (Snippet(0, SnippetKind.OUTPUT, "", "1.0"), Snippet(1, SnippetKind.INLINE, "", "a"))


def chosen(posts: list[Post], accepted: int | None, pieces: tuple[Snippet, ...]) -> list[tuple[int, SelectionRule]]:
    found = select(thread(question(accepted_answer_id=accepted), posts), 5, lambda _: pieces)
    return [(post.post_id, rule) for post, rule in found.answers]


def reason(posts: list[Post], accepted: int | None, pieces: tuple[Snippet, ...]) -> OmissionReason | None:
    found = select(thread(question(accepted_answer_id=accepted), posts), 5, lambda _: pieces)
    assert (found.reason is None) == bool(found.answers)
    assert bool(found.detail) == (found.reason is not None)
    return found.reason


def test_an_accepted_answer_with_code_qualifies_whatever_its_score() -> None:
    assert chosen([answer(2, score=-3), answer(3, score=50)], 2, WITH_CODE) == [(2, SelectionRule.ACCEPTED_WITH_CODE)]


def test_an_accepted_answer_that_describes_the_repair_qualifies_without_code() -> None:
    assert chosen([answer(2)], 2, DESCRIBED) == [(2, SelectionRule.ACCEPTED_WITHOUT_CODE)]


def test_where_an_answer_is_accepted_no_other_qualifies_by_its_score() -> None:
    """The accepted answer tells nothing: the question has no fix."""
    assert reason([answer(2), answer(3, score=50)], 2, NOTHING) is OmissionReason.REPAIR_NOT_DESCRIBED


def test_where_nothing_is_accepted_the_highest_answer_qualifies_from_the_threshold_on() -> None:
    assert chosen([answer(2, score=5), answer(3, score=4)], None, WITH_CODE) == [(2, SelectionRule.SCORE)]
    assert reason([answer(2, score=4), answer(3, score=4)], None, WITH_CODE) is OmissionReason.QUESTION_BELOW_SCORE


def test_all_answers_that_share_the_highest_score_qualify() -> None:
    posts = [answer(2, score=9), answer(3, score=8), answer(4, score=9)]
    assert chosen(posts, None, DESCRIBED) == [(2, SelectionRule.SCORE), (4, SelectionRule.SCORE)]


def test_an_answer_with_a_high_score_must_tell_something() -> None:
    assert reason([answer(2, score=9)], None, NOTHING) is OmissionReason.REPAIR_NOT_DESCRIBED


@pytest.mark.parametrize(
    ("posts", "accepted", "expected"),
    [
        pytest.param([], None, OmissionReason.QUESTION_UNANSWERED, id="no answer"),
        pytest.param([], 2, OmissionReason.ACCEPTED_ANSWER_MISSING, id="the accepted answer alone did not come"),
        pytest.param([answer(3, score=9)], 2, OmissionReason.ACCEPTED_ANSWER_MISSING, id="others came"),
    ],
)
def test_what_does_not_qualify_has_its_reason(
    posts: list[Post], accepted: int | None, expected: OmissionReason
) -> None:
    assert reason(posts, accepted, WITH_CODE) is expected


@given(
    scores=st.lists(st.integers(-20, 20), max_size=6),
    accepted=st.none() | st.integers(2, 9),
    pieces=st.sampled_from([WITH_CODE, DESCRIBED, NOTHING]),
    least=st.integers(-5, 15),
)
def test_a_question_has_either_an_answer_that_qualifies_or_a_reason(
    scores: list[int], accepted: int | None, pieces: tuple[Snippet, ...], least: int
) -> None:
    posts = [answer(2 + no, score=score) for no, score in enumerate(scores)]
    found = select(thread(question(accepted_answer_id=accepted), posts), least, lambda _: pieces)
    assert (found.reason in NOT_SELECTED) != bool(found.answers)
    for post, rule in found.answers:
        assert post in posts
        assert (rule is SelectionRule.SCORE) == (accepted is None)
        assert rule is not SelectionRule.SCORE or post.score == max(scores) >= least
