"""Order, names and colours."""

from __future__ import annotations

import pytest

from miner.study.names import GREY, SCHEMES, colour, ids, name, ordered, short


def test_what_is_found_comes_in_the_schemes_order() -> None:
    """What the scheme does not have comes behind, unknown last; nothing is left out."""
    assert ordered("impact", ["unknown", "zeal", "hang", "crash"]) == ("crash", "hang", "zeal", "unknown")


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        ("pattern", "api_contract", "API contract"),
        ("library", "tensorflow", "TensorFlow"),
        ("library", "jax", "jax"),
        ("impact", "unknown", "Unknown"),
        ("sub_pattern", "resize_up", "resize up"),
    ],
)
def test_names_for_readers(scheme: str, value: str, expected: str) -> None:
    """The value itself where it has no name."""
    assert name(scheme, value) == expected


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        ("bug_type", "structural_logic", "SB: logic"),
        ("bug_type", "non_model_logic", "NMSB: logic"),
        ("root_cause", "api_change", "APIC"),
        ("root_cause", "other_root_cause", "Others"),
        ("pattern", "monitor", "Monitor"),
    ],
)
def test_short_names_are_the_papers_abbreviations(scheme: str, value: str, expected: str) -> None:
    """They fit into a figure."""
    assert short(scheme, value) == expected


@pytest.mark.parametrize("scheme", ["pattern", "library", "impact", "root_cause", "bug_type"])
def test_every_value_has_a_colour_of_its_own(scheme: str) -> None:
    """And none has that of unknown."""
    colours = [colour(scheme, value) for value in ids(scheme)]
    assert len(set(colours)) == len(colours)
    assert GREY not in colours
    assert colour(scheme, "unknown") == GREY


def test_prior_patterns_have_the_colour_of_their_group() -> None:
    """Nine groups, nine colours, none of them a fix pattern's."""
    colours = {value: colour("prior_pattern", value) for value in ids("prior_pattern")}
    assert colours["MC-DAP"] == colours["MC-DNP"] != colours["SQ-AMO"]
    assert len(set(colours.values())) == 9
    assert set(colours.values()).isdisjoint(colour("pattern", value) for value in ids("pattern"))


def test_every_scheme_is_known() -> None:
    """Sub-patterns belong to their pattern and have no order of their own."""
    assert {scheme: len(ids(scheme)) for scheme in SCHEMES} == {
        "pattern": 15,
        "sub_pattern": 0,
        "prior_pattern": 27,
        "bug_type": 12,
        "root_cause": 8,
        "impact": 6,
    }
