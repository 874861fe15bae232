"""Texts that speak of trained models, and messages that point at the fix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.study.reuse import points_at, speaks_of_reuse

TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "train.py", line 3, in <module>\n'
    "    model.fit(x, y)\n"
    '  File "/usr/lib/python3/site-packages/keras/engine.py", line 9, in fit\n'
    "    self._check(x)\n"
    "ValueError: Error when checking input: expected 'dense_input' to have 3 dimensions"
)


@pytest.mark.parametrize(
    "text",
    [
        "<p>I use a pre-trained VGG16</p>",
        "fine tuning the last layers",
        "<code>model = load_model('a.h5')</code>",
        "Transfer learning with Inception",
        "loading the trained model fails",
        "resnet50(weights='imagenet')",
        "<code>weights=&#39;imagenet&#39;</code>",
    ],
)
def test_texts_that_speak_of_reuse(text: str) -> None:
    """In prose and in code, plain or as HTML."""
    assert speaks_of_reuse(text)


@pytest.mark.parametrize(
    "text",
    [
        "My model does not learn",
        "how to load data in batches",
        "Fix weights of the loss",
        '<a href="https://example.org/pre-trained">link</a>',
        "tune the learning rate",
    ],
)
def test_texts_that_do_not(text: str) -> None:
    """Near misses; an address says nothing."""
    assert not speaks_of_reuse(text)


@pytest.mark.parametrize(
    ("diff", "points"),
    [
        pytest.param("-model.fit(x, y)\n+model.fit(x, y, epochs=3)\n", True, id="a-quoted-line-is-changed"),
        pytest.param("-a = 1\n+a = dense_input(1)\n", True, id="a-quoted-name-is-in-a-changed-line"),
        pytest.param("-optimizer = sgd()\n+optimizer = adam()\n", False, id="elsewhere"),
        pytest.param(" model.fit(x, y)\n+x = x.reshape(-1)\n", False, id="only-beside-it"),
        pytest.param("-        self._check(x)\n", False, id="a-line-of-the-library-is-not-the-askers"),
        pytest.param("--- a/dense_input\n+++ b/dense_input\n", False, id="the-header-is-no-change"),
    ],
)
def test_a_message_points_at_what_it_quotes(diff: str, points: bool) -> None:
    """A line of the asker's code in the traceback, or a name in the message."""
    assert points_at([TRACEBACK], [diff]) is points


def test_words_of_a_message_are_no_names() -> None:
    """``input`` stands in the message as a word, in the code as a name."""
    assert not points_at(["ValueError: the input is wrong"], ["-input = 3\n+input = 4\n"])
    assert points_at(["NameError: name 'inputs' is not defined"], ["-inputs = 3\n"])


def test_the_arrow_of_a_notebook_is_a_quoted_line() -> None:
    """IPython shows the line with an arrow."""
    said = "----> 2 loss.backward()\n      3\nRuntimeError: no grad"
    assert points_at([said], ["-loss.backward()\n+loss.mean().backward()\n"])


@given(st.lists(st.text(max_size=200), max_size=3), st.lists(st.text(max_size=200), max_size=3))
def test_any_texts_can_be_compared(messages: list[str], diffs: list[str]) -> None:
    """Strangers write both."""
    assert points_at(messages, diffs) in {True, False}
    assert not points_at([], diffs)
    assert speaks_of_reuse("\n".join(messages)) in {True, False}
