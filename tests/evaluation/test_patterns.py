from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.evaluation.figures import wilson
from miner.evaluation.patterns import Apart, Case, Guess, Kept, evaluate


def case(label: str, *guesses: str, sure: float = 0.5, group: str = "c1", library: str = "keras") -> Case:
    """A labelled fix for which the guesses were made, each less sure than the one before it."""
    ranking = tuple(Guess(guess, sure / (place + 1)) for place, guess in enumerate(guesses))
    return Case(f"link to {label}", label, library, group, ranking)


SIX = [
    case("versioning", "versioning", sure=0.9),
    case("versioning", "versioning", "data_type", sure=0.5, library="theano"),
    case("versioning", "data_type", "monitor", "versioning", sure=0.8),
    case("data_type", "versioning", "activation", "monitor", "data_type", sure=0.4, group="c2"),
    case("data_type", "data_type", sure=0.7, group="c3"),
    case("add_layer", group="c3"),
]
"""Right 3 of 6, within three 4 of 6; one abstention."""


def test_figures_by_hand() -> None:
    """Shares with Wilson's intervals, F1 averaged over the patterns of the labels, kappa with unknown as a category."""
    told = evaluate(SIX, Apart())
    assert (told.n, told.abstained) == (6, 1)
    assert (told.top1, told.top3) == (wilson(3, 6), wilson(4, 6))
    # versioning: 2 hits, 3 labels, 3 guesses; data type: 1, 2, 2; add layer: 0, 1, 0.
    assert told.rows.macro_f1 == pytest.approx((4 / 6 + 2 / 4 + 0) / 3)
    # By chance 3/6 * 3/6 + 2/6 * 2/6 + 1/6 * 0 agree.
    assert told.rows.kappa == pytest.approx((3 / 6 - 13 / 36) / (1 - 13 / 36))


def test_each_pattern_is_counted_against_all_others() -> None:
    """A pattern that was only guessed is told too, without recall; the most frequent label stands first."""
    told = evaluate([*SIX, case("versioning", "monitor")], Apart())
    assert list(told.per_pattern) == ["versioning", "data_type", "add_layer", "monitor"]
    versioning, monitor = told.per_pattern["versioning"], told.per_pattern["monitor"]
    assert (versioning.precision, versioning.recall) == (wilson(2, 3), wilson(2, 4))
    assert (monitor.precision, monitor.recall) == (wilson(0, 1), None)
    assert versioning.n == told.n == 7


def test_the_confusion_has_the_label_first() -> None:
    """Every row is in it once; an abstention is unknown."""
    assert dict(evaluate(SIX, Apart()).confusion) == {
        ("versioning", "versioning"): 2,
        ("versioning", "data_type"): 1,
        ("data_type", "versioning"): 1,
        ("data_type", "data_type"): 1,
        ("add_layer", "unknown"): 1,
    }


def test_rows_of_a_commit_weigh_one_together() -> None:
    """Commit 1 is right in 2 of 3 rows, commit 2 in none, commit 3 in one of two."""
    told = evaluate(SIX, Apart()).by_commit
    assert (told.n, told.top1, told.top3) == (
        3,
        pytest.approx((2 / 3 + 0 + 1 / 2) / 3),
        pytest.approx((1 + 0 + 1 / 2) / 3),
    )
    # Labels weigh 1, 1.5 and 0.5; guesses 1 2/3, 5/6 and (unknown) 0.5; hits 2/3 and 0.5.
    assert told.macro_f1 == pytest.approx((2 * (2 / 3) / (1 + 5 / 3) + 2 * 0.5 / (1.5 + 5 / 6) + 0) / 3)
    chance = (1 * 5 / 3 + 1.5 * 5 / 6) / 9
    assert told.kappa == pytest.approx(((2 / 3 + 1 / 2) / 3 - chance) / (1 - chance))


def test_libraries_are_told_by_name() -> None:
    """Each has its own shares."""
    told = evaluate(SIX, Apart()).per_library
    assert [(name, share.n, share.top1) for name, share in told.items()] == [
        ("keras", 5, wilson(2, 5)),
        ("theano", 1, wilson(1, 1)),
    ]


def test_the_surest_labels_are_kept_first() -> None:
    """A share of the rows is rounded up; abstentions come last and are wrong."""
    assert evaluate(SIX, Apart()).coverage == (
        Kept(0.25, 2, 0.8, wilson(1, 2)),
        Kept(0.5, 3, 0.7, wilson(2, 3)),
        Kept(0.75, 5, 0.4, wilson(3, 5)),
        Kept(1.0, 6, None, wilson(3, 6)),
    )


def test_errors_are_the_most_confident_first() -> None:
    """An abstention is an error, and the last."""
    errors = evaluate(SIX, Apart()).errors
    assert [(error.label, error.prediction, error.confidence) for error in errors] == [
        ("versioning", "data_type", 0.8),
        ("data_type", "versioning", 0.4),
        ("add_layer", "unknown", None),
    ]


def test_rows_without_a_fix_are_wrong_where_all_rows_count() -> None:
    """What is missing and what cannot be read counts; a line in no fix has a case already."""
    told = evaluate(SIX, Apart(not_in_database=2, no_fix=1, hunk_not_in_fix=4, unreadable=1))
    assert told.top1 == wilson(3, 6)
    assert told.top1_all_rows == wilson(3, 10)


def test_the_baseline_always_guesses_the_most_frequent_label() -> None:
    """Its F1 is that of one pattern, divided by the number of all; three frequent labels are its top three."""
    baseline = evaluate(SIX, Apart()).baseline
    assert baseline is not None
    assert baseline.patterns == ("versioning", "data_type", "add_layer")
    assert (baseline.top1, baseline.top3) == (0.5, 1.0)
    assert baseline.macro_f1 == pytest.approx((2 * 0.5 / 1.5) / 3)


def test_nothing_compared_has_no_figures() -> None:
    """No division by zero: a figure is not defined, but missing rows are all wrong."""
    told = evaluate([], Apart(not_in_database=2))
    assert (told.n, told.top1, told.rows.macro_f1, told.by_commit.kappa, told.baseline) == (0, None, None, None, None)
    assert told.top1_all_rows == wilson(0, 2)
    assert evaluate([], Apart()).top1_all_rows is None


def test_kappa_of_a_single_category_is_not_defined() -> None:
    """Where nothing else could have been said, agreement tells nothing."""
    assert evaluate([case("monitor", "monitor")] * 3, Apart()).rows.kappa is None


PATTERNS = st.sampled_from(["versioning", "data_type", "add_layer", "monitor"])
CASES = st.lists(
    st.builds(
        lambda label, guesses, sure, group: case(label, *guesses, sure=sure, group=group),
        PATTERNS,
        st.lists(PATTERNS, unique=True),
        st.floats(0, 1),
        st.sampled_from(["c1", "c2", "c3"]),
    ),
    min_size=1,
)


@given(st.lists(PATTERNS, min_size=2).filter(lambda labels: len(set(labels)) > 1))
def test_perfect_predictions_are_all_one(labels: list[str]) -> None:
    """Every figure of a rater that agrees with all labels is 1."""
    told = evaluate([case(label, label, group=str(no // 2)) for no, label in enumerate(labels)], Apart())
    assert told.top1 is not None
    assert told.top1.value == 1
    for means in (told.rows, told.by_commit):
        assert [means.top1, means.top3, means.macro_f1, means.kappa] == pytest.approx([1, 1, 1, 1])
    assert told.errors == ()
    assert [kept.precision and kept.precision.value for kept in told.coverage] == [1, 1, 1, 1]


@given(CASES)
def test_figures_agree_with_each_other(cases: list[Case]) -> None:
    """Whatever was guessed: shares are shares, all rows are in the confusion, full coverage is top-1."""
    told = evaluate(cases, Apart())
    assert told.top1 is not None
    assert told.top3 is not None
    assert 0 <= told.top1.value <= told.top3.value <= 1
    assert told.rows.top1 == pytest.approx(told.top1.value)
    assert sum(told.confusion.values()) == told.n == len(cases)
    assert told.coverage[-1].precision == told.top1
    assert len(told.errors) == told.n - sum(told.confusion[name, name] for name in told.per_pattern)
    for means in (told.rows, told.by_commit):
        assert means.macro_f1 is not None
        assert 0 <= means.macro_f1 <= 1 + 1e-9
        assert means.kappa is None or -1 - 1e-9 <= means.kappa <= 1 + 1e-9
