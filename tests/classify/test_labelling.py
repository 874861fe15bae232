"""All labels of a fix: which schemes it has, in which order, and what is known already."""

from __future__ import annotations

import pytest
from support.changes import change_of, fixtures

from miner.classify import labelling, splitting
from miner.classify.labelling import Context
from miner.classify.version import RATER
from miner.model import Change, Label

KERAS = (Label("library", "keras", 1, 1.0, RATER, ()),)
SCHEMES = ["library", "pattern", "prior_pattern", "bug_type", "root_cause", "impact"]


def schemes(labels: tuple[Label, ...]) -> list[str]:
    return list(dict.fromkeys(label.scheme for label in labels))


@pytest.mark.parametrize(
    "change", [Change(()), change_of("-a = 1\n+a = 2"), change_of("+# x", language="markdown", path="a.md")]
)
def test_every_scheme_has_a_label(change: Change) -> None:
    """Also where nothing is known of it; sub-patterns are of some patterns only."""
    labels = labelling.label(change, KERAS, Context())
    assert schemes(labels) == SCHEMES
    assert [label.rank for label in labels if label.scheme == "pattern"] == [1]


@pytest.mark.parametrize("fixture", fixtures("match"), ids=lambda fixture: fixture.name)
def test_labels_of_a_scheme_are_ranked(fixture: object) -> None:
    """Ranks count from 1, confidences fall and add up to at most 1, and all but "unknown" have evidence."""
    labels = labelling.label(fixture.change, KERAS, Context("Fix crash: ValueError"))  # type: ignore[attr-defined]
    for scheme in schemes(labels):
        found = [label for label in labels if label.scheme == scheme]
        assert [label.rank for label in found] == list(range(1, len(found) + 1))
        if found[0].value == "unknown":
            assert [label.confidence for label in found] == [None]
            continue
        confidences = [label.confidence or 0 for label in found]
        assert confidences == sorted(confidences, reverse=True)
        assert sum(confidences) <= 1
        assert all(label.evidence or scheme == "library" for label in found)
        assert all(label.rater == RATER for label in found)


def test_only_a_question_can_be_about_no_bug() -> None:
    """What a commit repairs is a bug by what its message was judged to be."""
    asked = labelling.label(Change(()), KERAS, Context("What is the difference?", is_question=True))
    assert [label.value for label in asked if label.scheme == "question"] == ["no_bug"]
    assert "question" not in schemes(labelling.label(Change(()), KERAS, Context("What is the difference?")))


def test_what_is_known_already_gives_the_same() -> None:
    """The facts and patterns that splitting a change gave are used, not read again."""
    for fixture in fixtures("match"):
        (part, *others) = splitting.split(fixture.change, "keras")
        if not others:
            again = labelling.label(fixture.change, KERAS, Context(), part.labels, part.facts)
            assert again == labelling.label(fixture.change, KERAS, Context())
    given = (Label("pattern", "monitor", 1, 0.8, RATER, ()),)
    assert given[0] in labelling.label(change_of("-a = 1\n+a = 2"), KERAS, Context(), given, {})
