"""Counting cells by their labels."""

from __future__ import annotations

from miner.study.counts import Cell, Counts, vector
from miner.study.material import Material


def test_cells_are_counted_by_any_fields(material: Material) -> None:
    """Each cell counts with its number of fixes."""
    assert material.counts.by("source", "pattern") == {
        ("stackoverflow", "data_dimension"): 6,
        ("stackoverflow", "loss_function"): 2,
        ("stackoverflow", "unknown"): 2,
        ("github", "data_dimension"): 3,
        ("github", "versioning"): 12,
        ("github", "add_layer"): 1,
    }


def test_what_is_not_judged_in_a_scheme_is_in_no_figure_of_it(material: Material) -> None:
    """The fix without a bug type counts for its pattern alone; unknown is a judgement and counts."""
    assert material.counts.total("pattern") == 26
    assert material.counts.total("bug_type") == 25
    assert material.counts.values("root_cause")["unknown"] == 2


def test_every_pattern_and_library_has_its_place_also_without_a_fix(material: Material) -> None:
    """The paper's order; unknown last."""
    patterns = material.counts.patterns()
    assert (len(patterns), patterns[0], patterns[-1]) == (16, "loss_function", "unknown")
    assert material.counts.libraries() == ("caffe", "keras", "tensorflow", "theano", "torch")


def test_values_that_nobody_foresaw_are_not_lost() -> None:
    """A library or a pattern that the paper does not have comes behind those that it has."""
    counts = Counts((Cell("github", "jax", "magic"), Cell("github", "keras", "optimizer")))
    assert counts.libraries()[-1] == "jax"
    assert counts.patterns()[-1] == "magic"
    assert len(counts.patterns()) == 16


def test_a_vector_has_the_15_patterns_and_not_unknown(material: Material) -> None:
    """It is what tests compare."""
    counted = vector(material.counts.of(source="stackoverflow"))
    assert (len(counted), sum(counted), counted[0], counted[4]) == (15, 8, 2, 6)
