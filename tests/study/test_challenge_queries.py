"""Section 7, read from the database."""

from __future__ import annotations

from sqlalchemy import Engine, insert
from support.pages import sha
from support.studies import add_commits, add_posts

from miner.classify.version import RATER
from miner.store import repository
from miner.store.session import reading, writing
from miner.store.tables import label, label_evidence
from miner.study import queries
from miner.study.challenge_queries import challenges
from miner.study.material import Challenges


def read(engine: Engine, labels: str = "heuristic", in_force: str = "") -> Challenges:
    with reading(engine) as connection:
        return challenges(connection, queries.choose(connection, labels, in_force=in_force))


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
    add_evidence(engine)
    assert read(engine).api_changes == {("keras", "2.0"): 1, ("keras", "not told"): 1}


def test_evidence_is_that_of_the_rules_whose_labels_count(engine: Engine) -> None:
    """Of an older version that is named, or of those in force; other rules' evidence of the fix says nothing."""
    add_commits(engine)
    add_evidence(engine)
    with writing(engine) as connection:
        repository.start_run(connection, "classify", {}, "0", "heuristic/own")
        values = {"fix_id": f"git:{sha(0)}:1", "scheme": "pattern", "rank": 1, "confidence": 1.0, "run_id": 2}
        connection.execute(insert(label).values(rater="heuristic/own", value="versioning", **values))
    assert read(engine).api_changes == {("keras", "not told"): 1}
    assert read(engine, in_force=RATER).api_changes == {("keras", "2.0"): 1, ("keras", "not told"): 1}
    assert read(engine, f"rater:{RATER}").api_changes == {("keras", "2.0"): 1, ("keras", "not told"): 1}


def add_evidence(engine: Engine) -> None:
    with writing(engine) as connection:
        columns = ("fix_id", "scheme", "rater", "rank", "evidence_no", "rule", "weight", "side", "text")
        values = (f"git:{sha(0)}:1", "pattern", RATER, 1, 1, "versioning.renamed_symbol", 2.8, "old", "Convolution2D")
        row = dict(zip(columns, values, strict=True))
        connection.execute(insert(label_evidence).values(**row, start_column=0, end_column=3))
