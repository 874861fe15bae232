"""Which release a change of an API came with."""

from __future__ import annotations

import pytest

from miner.study.releases import known_changes, release_of


@pytest.mark.parametrize(
    ("rule", "text", "library", "expected"),
    [
        ("versioning.renamed_symbol", "Convolution2D", "keras", ("keras", "2.0")),
        ("versioning.renamed_symbol", "keras.layers.Convolution2D", "tensorflow", ("keras", "2.0")),
        ("versioning.upgraded_symbol", "tf.log", "keras", ("tensorflow", "2.0")),
        ("versioning.renamed_symbol", "Convolution2D", "torch", ("torch", "not told")),
        ("versioning.moved_import", "from a import b", "keras", ("keras", "not told")),
        ("versioning.renamed_symbol", "no_such_name", "keras", ("keras", "not told")),
        ("versioning.renamed_symbol@torch-0.4", "x.data[0]", "torch", ("torch", "0.4")),
        ("versioning.upgraded_keyword@tensorflow-1.0", "dim=1", "keras", ("tensorflow", "1.0")),
        ("versioning.renamed_symbol@torch-torchvision-0.2", "Scale", "torch", ("torch", "torchvision 0.2")),
    ],
)
def test_the_evidence_tells_the_release(rule: str, text: str, library: str, expected: tuple[str, str]) -> None:
    """By the rule's name; else by the tables of renames of the library (Keras and TensorFlow know each other)."""
    assert release_of(rule, text, library) == expected


def test_the_known_changes_are_those_of_the_tables() -> None:
    """TensorFlow 2.0 has by far the most."""
    known = known_changes()
    assert max(known, key=lambda key: known[key]) == ("tensorflow", "2.0")
    assert known["keras", "2.0"] > 10
