"""The denominators in words."""

from __future__ import annotations

import pytest

from miner.study.basis import Basis, sentences, unit
from miner.study.choice import Choice, LabelTable

RULES = Choice(LabelTable.LABEL, "heuristic/1")
PERSON = Choice(LabelTable.RATING, "ada")


def test_rules_are_told_beside_collected_fixes() -> None:
    """What has no label, and what is superseded, is said apart."""
    assert sentences(Basis(26, 1_030, 2), RULES) == (
        "26 of the 1,030 fixes collected in this database have a label of this rater.",
        "Without one, and in no figure: 1,004 (collected fixes; 'miner classify' labels them with the rules in force).",
        "Superseded, and in no figure or total: 2 (fixes with such a label that newer rules split otherwise or see no "
        "more).",
    )
    assert len(sentences(Basis(26, 26), RULES)) == 1


def test_items_of_people_are_no_part_of_the_collected_fixes() -> None:
    """387 rows of a file beside 166 collected fixes, of which others judged some, are not 387 of 553."""
    told = sentences(Basis(judged=387, collected=166, superseded=2, items=553, linked=12, repeated=3), PERSON)
    assert told[0].endswith("have a label of this rater: 12 lead to a fix collected in this database, 373 do not.")
    assert told[0].startswith("387 rated items (rows of label files, and fixes drawn as samples)")
    assert [sentence.partition(" (")[0] for sentence in told[1:]] == [
        "Superseded: 2",
        "Repeated: 3",
        "Not counted: 166",
        "Collected fixes in this database: 166",
    ]
    assert not any("553" in sentence for sentence in told)


@pytest.mark.parametrize(("choice", "expected"), [(RULES, "collected fixes"), (PERSON, "rated items")])
def test_what_is_counted_has_a_name(choice: Choice, expected: str) -> None:
    """For footers and short lines."""
    assert unit(choice) == expected


def test_a_choice_says_when_the_rules_in_force_do_not_count() -> None:
    """They have labelled nothing yet; a person's labels have nothing to do with them."""
    other = Choice(LabelTable.LABEL, "heuristic/1", rules="heuristic/1", in_force="heuristic/2")
    assert str(other) == "labels of heuristic/1; not those of the rules in force, heuristic/2"
    assert str(Choice(LabelTable.LABEL, "heuristic/1", in_force="heuristic/1")) == "labels of heuristic/1"
    assert str(Choice(LabelTable.RATING, "ada", rules="heuristic/1", in_force="heuristic/2")) == "labels of ada"
