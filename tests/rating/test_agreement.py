"""Raters beside one another, the rules among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.labels import collect, rate, rows

from miner.classify.version import RATER
from miner.rating.agreement import Agreement, AgreementRequest, agreement
from miner.rating.coefficients import cohen_kappa, krippendorff_alpha
from miner.rating.reconciling import agree
from miner.rating.sampling import SampleRequest, sample
from miner.store.session import reading


def compared(engine: Engine, **asked: object) -> Agreement:
    with reading(engine) as connection:
        return agreement(connection, AgreementRequest(**asked))  # type: ignore[arg-type]


def pairs(found: Agreement) -> dict[tuple[str, str], tuple[int, float | None]]:
    return {(one.first, one.second): (one.items, one.kappa and one.kappa.value) for one in found.pairs}


@pytest.fixture
def rated(engine: Engine, tmp_path: Path) -> Engine:
    """The rules judged five fixes, Ada six commits, Ben four of them and Cleo two."""
    collect(engine, [("keras", value, 0.5, 0) for value in ("monitor", "monitor", "data_type", "optimizer", "unknown")])
    six = ("monitor", "data_type", "data_type", "optimizer", "monitor", "activation")
    rate(engine, tmp_path, "ada", *enumerate(six))
    rate(engine, tmp_path, "ben", *enumerate(("monitor", "monitor", "data_type", "optimizer")))
    rate(engine, tmp_path, "cleo", (0, "monitor"), (1, "monitor"))
    return engine


def test_each_two_are_compared_on_what_both_judged(rated: Engine) -> None:
    """Ada and Ben: three of four alike, by chance 5 of 16; the rules' unknown is a value that nobody else said."""
    found = pairs(compared(rated))
    assert found[("ada", "ben")] == (4, pytest.approx((3 / 4 - 5 / 16) / (1 - 5 / 16)))
    assert found[("ada", RATER)] == (5, pytest.approx((3 / 5 - 7 / 25) / (1 - 7 / 25)))
    assert found[("ben", RATER)] == (4, pytest.approx(1.0))
    assert found[("cleo", RATER)][0] == found[("ada", "cleo")][0] == 2


def test_the_view_says_the_same(rated: Engine) -> None:
    """On both databases, for the rules and for what was reconciled, too."""
    agree(rated)
    query = "SELECT rater_a, rater_b, items, kappa FROM agreement WHERE scheme = 'pattern'"
    seen = {frozenset((a, b)): (items, kappa) for a, b, items, kappa in rows(rated, query)}
    told = {frozenset(two): (items, kappa) for two, (items, kappa) in pairs(compared(rated)).items()}
    assert seen.keys() == told.keys()
    for two, (items, kappa) in told.items():
        assert seen[two] == (items, kappa if kappa is None else pytest.approx(kappa))


def test_unknown_may_count_as_missing(rated: Engine) -> None:
    found = pairs(compared(rated, without_unknown=True))
    assert found[("ada", RATER)] == (4, pytest.approx((3 / 4 - 5 / 16) / (1 - 5 / 16)))


def test_all_together_without_and_with_the_rules(rated: Engine) -> None:
    """Fleiss' kappa is of items that all judged, alpha of those that two did."""
    people, everybody = compared(rated).groups
    assert people.raters == ("ada", "ben", "cleo")
    assert (people.complete, people.items) == (2, 4)
    assert everybody.raters == ("ada", "ben", "cleo", RATER)
    assert (everybody.complete, everybody.items) == (2, 5)
    # monitor 3 times; monitor 2, data_type 1: agreed (1 + 1/3) / 2, by chance 25/36 + 1/36.
    assert people.fleiss is not None
    assert people.fleiss.value == pytest.approx((2 / 3 - 26 / 36) / (1 - 26 / 36))
    assert compared(rated, rules=False).groups == (people,)


def test_who_judged_nothing_in_common_is_not_put_together(rated: Engine, tmp_path: Path) -> None:
    rate(rated, tmp_path, "zoe", (9, "monitor"))
    found = compared(rated, rules=False)
    assert [one.raters for one in found.groups] == [("ada", "ben", "cleo")]
    assert pairs(found)[("ada", "zoe")] == (0, None)


def test_the_series_tells_agreement_after_so_many_labels(rated: Engine) -> None:
    """Of all until then, and of the last ones alone; the last point holds all."""
    series = [one for one in compared(rated, every=3).series if (one.first, one.second) == ("ada", "ben")]
    assert [(one.items, one.block) for one in series] == [(3, 3), (4, 1)]
    first = [("monitor", "monitor"), ("data_type", "monitor"), ("data_type", "data_type")]
    assert series[0].kappa == series[0].block_kappa == cohen_kappa(first)
    assert series[1].kappa == cohen_kappa([*first, ("optimizer", "optimizer")])
    assert series[1].block_kappa is None


def test_groups_have_a_series_too(rated: Engine) -> None:
    """Its last point is the group's figure of all items."""
    found = compared(rated, every=3, rules=False)
    assert [(one.items, one.complete) for one in found.group_series] == [(3, 1), (4, 2)]
    assert found.group_series[-1] == found.groups[0]
    # Cleo judged the first two commits last.
    first = [("data_type",) * 2, ("optimizer",) * 2, ("monitor",) * 3]
    assert found.group_series[0].alpha == krippendorff_alpha(first)


def test_the_order_is_that_in_which_both_had_judged(engine: Engine, tmp_path: Path) -> None:
    """Ada's second file comes after Ben's: what it judges is last."""
    rate(engine, tmp_path, "ada", (2, "monitor"))
    rate(engine, tmp_path, "ben", (0, "monitor"), (2, "data_type"))
    rate(engine, tmp_path, "ada", (0, "monitor"))
    (first, second) = compared(engine, every=1).series
    assert first.kappa is not None
    assert first.kappa.value == 0
    assert second.kappa == cohen_kappa([("monitor", "data_type"), ("monitor", "monitor")])


def test_what_was_said_first_can_be_compared(rated: Engine, tmp_path: Path) -> None:
    """A discussion may have changed what raters say now."""
    rate(rated, tmp_path, "ada", (1, "monitor"))
    assert pairs(compared(rated))[("ada", "ben")] == (4, pytest.approx(1.0))
    assert pairs(compared(rated, first=True))[("ada", "ben")] == (4, pytest.approx((3 / 4 - 5 / 16) / (1 - 5 / 16)))


def test_what_was_reconciled_is_compared_with_the_rules_alone(rated: Engine) -> None:
    """It is made of what people said."""
    agree(rated)
    found = compared(rated)
    assert pairs(found)[(RATER, "reconciled")][0] == 3
    assert ("ada", "reconciled") not in pairs(found)
    assert all("reconciled" not in one.raters for one in found.groups)


def test_choices_narrow_what_is_compared(rated: Engine, tmp_path: Path) -> None:
    rate(rated, tmp_path, "ada", (0, "crash"), scheme="impact")
    rate(rated, tmp_path, "ben", (0, "hang"), scheme="impact")
    assert {one.scheme for one in compared(rated).pairs} == {"pattern", "impact"}
    assert {one.scheme for one in compared(rated, schemes=["impact"]).pairs} == {"impact"}
    assert set(pairs(compared(rated, raters=["ada", "ben"], rules=False))) == {("ada", "ben")}
    assert pairs(compared(rated, sets=["nowhere"])) == {}
    assert compared(rated, rules=False).rules == ""
    assert compared(rated).rules == RATER


def test_a_batch_narrows_to_its_items(rated: Engine, tmp_path: Path) -> None:
    """Items of a sample of the label set, whoever judged them in whatever file."""
    name = rows(rated, "SELECT DISTINCT set_name FROM rating_item")[0][0]
    drawn = sample(rated, SampleRequest("b", size=2, sets=(name,)))
    assert len(drawn.items) == 2
    assert all(one.items <= 2 for one in compared(rated, batch="b").pairs)


def test_nothing_to_compare_is_no_error(engine: Engine) -> None:
    assert compared(engine) == Agreement("", (), (), (), ())
