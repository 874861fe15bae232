"""Section 7, read from the database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert
from support.pages import sha
from support.studies import add_commits, add_posts

from miner.classify.version import RATER
from miner.store.session import reading, writing
from miner.store.tables import label_evidence
from miner.study import queries
from miner.study.challenge_queries import challenges, known_changes, version_of
from miner.study.material import Challenges


def read(engine: Engine) -> Challenges:
    with reading(engine) as connection:
        return challenges(connection, queries.choose(connection, "heuristic"))


def test_messages_of_commits_are_looked_at(engine: Engine) -> None:
    """One of two fixes of Keras speaks of loaded weights."""
    add_commits(engine)
    found = read(engine)
    assert found.texts == {("github", "keras"): 2, ("github", "tensorflow"): 1}
    assert {key: number for key, number in found.reusing.items() if number} == {("github", "keras"): 1}


def test_error_messages_are_compared_with_the_fix(engine: Engine) -> None:
    """The traceback quotes the line that the answers change."""
    add_posts(engine, {})
    found = read(engine)
    assert found.messages == found.pointing == {("stackoverflow", "keras"): 3}


def test_versioning_fixes_are_counted_by_the_release_that_they_follow(engine: Engine) -> None:
    """One fix renames what Keras 2.0 renamed, of the other the release is not told."""
    add_commits(engine)
    with writing(engine) as connection:
        columns = ("fix_id", "scheme", "rater", "rank", "evidence_no", "rule", "weight", "side", "text")
        values = (f"git:{sha(0)}:1", "pattern", RATER, 1, 1, "versioning.renamed_symbol", 2.8, "old", "Convolution2D")
        row = dict(zip(columns, values, strict=True))
        connection.execute(insert(label_evidence).values(**row, start_column=0, end_column=3))
    assert read(engine).api_changes == {("keras", "2.0"): 1, ("keras", "not told"): 1}


@pytest.mark.parametrize(
    ("rule", "text", "library", "expected"),
    [
        ("versioning.renamed_symbol", "Convolution2D", "keras", ("keras", "2.0")),
        ("versioning.renamed_symbol", "keras.layers.Convolution2D", "tensorflow", ("keras", "2.0")),
        ("versioning.upgraded_symbol", "tf.log", "keras", ("tensorflow", "2.0")),
        ("versioning.renamed_symbol", "Convolution2D", "torch", ("torch", "not told")),
        ("versioning.moved_import", "from a import b", "keras", ("keras", "not told")),
        ("versioning.renamed_symbol", "no_such_name", "keras", ("keras", "not told")),
    ],
)
def test_the_evidence_tells_the_release(rule: str, text: str, library: str, expected: tuple[str, str]) -> None:
    """By the tables of renames, of the fix's library and, between the two, Keras and TensorFlow."""
    assert version_of(rule, text, library) == expected


def test_the_known_changes_are_those_of_the_tables() -> None:
    """TensorFlow 2.0 has by far the most."""
    known = known_changes()
    assert max(known, key=lambda key: known[key]) == ("tensorflow", "2.0")
    assert known["keras", "2.0"] > 10
