"""What comments below an answer complain of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.study.complaints import judge

NEW = [
    "Thanks! But now I get `ValueError: shapes (3,4) and (5,) not aligned`",
    "That works, however I am getting another error: AttributeError: 'NoneType' object has no attribute 'shape'",
    "I tried it and it throws TypeError: expected str",
    "RuntimeError: CUDA out of memory",
    "after that the loss is nan",
    "it runs into a segmentation fault",
    "Now it crashes at the second epoch",
    "I don't get the shape error anymore, but now there is a new error",
]
STAYS = [
    "I still get the same error",
    "Did not work for me",
    "It doesn't help, sorry",
    "same problem here after changing it",
    "still not working",
]
NOTHING = [
    "Thanks, it works!",
    "Great, no more errors.",
    "I don't get the error any more",
    "It runs without any error now, thank you",
    "I was getting a ValueError, this solved it",
    "What does the axis argument do?",
    "Could you explain what happens to the batch size?",
    "I used to get an exception with the old version",
    "",
]


@pytest.mark.parametrize("text", NEW)
def test_a_new_error_is_a_new_bug(text: str) -> None:
    """The words that say so are kept."""
    found = judge(text)
    assert found is not None
    assert found.kind == "new_bug"
    assert found.words


@pytest.mark.parametrize("text", STAYS)
def test_an_error_that_stays_is_no_new_bug(text: str) -> None:
    """The fix did not repair."""
    found = judge(text)
    assert found is not None
    assert found.kind == "not_repaired"


@pytest.mark.parametrize("text", NOTHING)
def test_thanks_and_questions_complain_of_nothing(text: str) -> None:
    """Errors that are denied or told of the time before are none."""
    assert judge(text) is None


@pytest.mark.parametrize(
    ("text", "impact"),
    [
        ("now I get ValueError: bad shape", "crash"),
        ("now CUDA runs out of memory: MemoryError", "memory_out_of_bound"),
        ("but then the loss is nan", "bad_performance"),
        ("but then it hangs for ever", "hang"),
        ("it does not work", "unknown"),
    ],
)
def test_the_words_tell_the_impact(text: str, impact: str) -> None:
    """Unknown where they do not."""
    found = judge(text)
    assert found is not None
    assert found.impact == impact


@given(st.text(max_size=600))
def test_any_text_can_be_read(text: str) -> None:
    """Strangers write anything; it ends, and what it finds is in the text's words."""
    found = judge(text)
    assert found is None or found.kind in {"new_bug", "not_repaired"}
