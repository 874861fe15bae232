"""Sentences that describe a change are told from those that explain, refer, ask or thank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.extract.prose import MAX_SENTENCE, describes_change, split


@pytest.mark.parametrize(
    "sentence",
    [
        "Change `softmax` to `sigmoid`.",
        "Use `categorical_crossentropy` instead of `mse`.",
        "You need to reshape the input to (32, 10).",
        "You should therefore pass logits to the loss function.",
        "Just replace the last layer with two outputs.",
        "Please upgrade tensorflow to 1.14.",
        "To fix this, set the batch size to 16.",
        "The labels should be of type long.",
        "Try lowering the learning rate.",
        "Make sure that both tensors are on the GPU.",
        "You can use `torch.cat` for that.",
        "I downgraded keras to 2.2.4 and it works.",
        "Adding a Flatten layer before it solved the problem.",
        "It was fixed by casting the data to float32.",
        "You forgot to call `zero_grad()`.",
        "The problem is the missing activation.",
        "Instead of `view`, use `permute`.",
        "Don't apply softmax before this loss.",
        "In your case, simply remove the `Dropout` layer.",
        "So you have to convert the images to RGB first.",
        "The solution is changing the optimizer.",
        "I would add batch normalization.",
    ],
)
def test_a_change_to_make_or_made_is_described(sentence: str) -> None:
    assert describes_change(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "See the documentation.",
        "Thanks",
        "Hope this helps, use it well with your model!",
        "You should check the documentation of `Dense`.",
        "Please add the code of your model to the question.",
        "Which version of keras do you use?",
        "The layer computes the product of input and weights.",
        "I want to convert a model to ONNX.",
        "I use pytorch 1.2 on Windows.",
        "Keras is a library.",
        "You don't need to change the model.",
        "It should be fine.",
        "You should try it.",
        "If you use `view`, the memory is shared.",
        "This happens because the batch is the first dimension.",
        "Update 2:",
        "Since you didn't include your model I can't tell.",
        "The method returns the gradient of the loss.",
        "",
    ],
)
def test_all_else_is_left(sentence: str) -> None:
    assert not describes_change(sentence)


def test_a_paragraph_is_split_at_ends_of_sentences_only() -> None:
    text = "Use one, e.g. `a.b`. Then  call\nit (see fig. 3). It is v1.2.3! `x` is\tdone. What?"
    assert split(text.replace("\n", " ")) == [
        "Use one, e.g. `a.b`.",
        "Then call it (see fig. 3).",
        "It is v1.2.3!",
        "`x` is done.",
        "What?",
    ]


def test_a_line_break_ends_a_sentence() -> None:
    assert split("add a layer\nremove another") == ["add a layer", "remove another"]


def test_a_listing_without_full_stops_is_not_read() -> None:
    assert not describes_change("Change the layer, " * MAX_SENTENCE)


@given(st.text())
def test_splitting_loses_nothing_but_blanks_and_what_closes_a_sentence(text: str) -> None:
    kept = "".join("".join(split(text)).split())
    assert [letter for letter in kept if letter.isalnum()] == [letter for letter in text if letter.isalnum()]
    assert isinstance(describes_change(text), bool)
