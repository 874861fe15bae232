from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.classify import imports


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import keras", [("keras", "keras")]),
        ("import tensorflow as tf, numpy", [("tensorflow", "tf"), ("numpy", "numpy")]),
        ("import a.b.c", [("a.b.c", "a")]),
        ("    from keras.layers import Dense as D, LSTM", [("keras.layers.Dense", "D"), ("keras.layers.LSTM", "LSTM")]),
        (
            "from keras.layers import (Dense,\n    LSTM)",
            [("keras.layers.Dense", "Dense"), ("keras.layers.LSTM", "LSTM")],
        ),
        ("from keras import *", [("keras", "*")]),
        ("from .. import backend as K", [("...backend", "K")]),
        (">>> import torch", [("torch", "torch")]),
        ('    "import torch\\n",', [("torch", "torch")]),
        ("local nn = require 'nn'", [("lua:nn", "nn")]),
        ("require('cunn')", [("lua:cunn", "cunn")]),
        ("#include <torch/torch.h>", [("torch", "torch")]),
        ("this is important", []),
        ("x = important(1)", []),
    ],
)
def test_finds(text: str, expected: list[tuple[str, str]]) -> None:
    """What is imported and what it is bound to, in the order of the text."""
    assert [(found.target, found.name) for found in imports.find(text)] == expected


def test_stops_at_the_bound() -> None:
    """A file of nothing but imports is read up to the bound."""
    assert len(list(imports.find("import a, b\n" * 10_000))) == imports.MAX_IMPORTS


@given(st.text() | st.lists(st.sampled_from(["import", "from", " ", "a", ".", "(", ",", "\n", "as", "*"])).map("".join))
def test_any_text_is_read(text: str) -> None:
    """Spans lie inside any text."""
    for found in imports.find(text):
        assert 0 <= found.start < found.end <= len(text)
