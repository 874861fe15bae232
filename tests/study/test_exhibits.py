"""Every table and figure, from labels whose counts are worked out by hand (see conftest)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from miner.study import (
    effects,
    figure1,
    figure2,
    figure3,
    figure6,
    prior_scheme,
    section7,
    sources,
    sub_patterns,
    table1,
    table2,
    table3,
    table4,
    table5,
    table6,
)
from miner.study.charts import Alluvial, Bars, Heatmap, Stacked
from miner.study.counts import Cell, Counts
from miner.study.exhibits import Comparison, Exhibit, Scalar, Value
from miner.study.material import Aftermath, Challenges, Material, NewBug
from miner.study.names import ids
from miner.study.registry import REGISTRY

Change = Callable[..., Material]


def row(exhibit: Exhibit, **wanted: Scalar) -> Mapping[str, Scalar]:
    """Give the one row with some values."""
    (found,) = [one for one in exhibit.records.objects() if wanted.items() <= one.items()]
    return found


def test_table_1_counts_bugs_and_fixes(changed: Change) -> None:
    """A question or commit may have several fixes; all libraries are summed up."""
    bugs = {
        ("stackoverflow", "keras"): 7,
        ("stackoverflow", "torch"): 2,
        ("github", "keras"): 5,
        ("github", "tensorflow"): 6,
    }
    exhibit = table1.build(changed(bugs=bugs, left_out={"question_unanswered": 4}, unread=2))
    assert row(exhibit, library="keras", source="github") == {
        "library": "keras",
        "source": "github",
        "bugs": 5,
        "fixes": 7,
        "paper_fixes": None,
    }
    assert [row(exhibit, library="all", source=s)["bugs"] for s in ("stackoverflow", "github")] == [9, 11]
    assert [row(exhibit, library="all", source=s)["fixes"] for s in ("stackoverflow", "github")] == [10, 16]
    notes = " ".join(exhibit.notes)
    assert "question_unanswered 4" in notes
    assert "could not be read and count nowhere (rating_rejection): 2." in notes


def test_table_1_stands_beside_the_papers(changed: Change) -> None:
    """What the paper prints is compared; what it is not known to print stays empty."""
    exhibit = table1.build(changed(paper={"table1": {"stackoverflow/all": 10, "github/all": 555, "all/all": 26}}))
    assert exhibit.comparisons == (
        Comparison("fixes, all, Stack Overflow", "10", "10"),
        Comparison("fixes, all, GitHub", "16", "555"),
        Comparison("(bug, repair) instances", "26", "26"),
    )
    assert [one.same for one in exhibit.comparisons] == [True, False, True]


def test_table_2_defines_every_pattern(material: Material) -> None:
    """Definition, count and share; unknown has no definition."""
    exhibit = table2.build(material)
    assert len(exhibit.records.rows) == 16
    found = row(exhibit, pattern="versioning")
    assert (found["fixes"], found["share"]) == (12, pytest.approx(12 / 26))
    assert str(found["definition"]).startswith("Adapt the code")
    assert row(exhibit, pattern="unknown")["definition"] == ""


def test_figure_1_gives_shares_with_wilson_intervals(material: Material) -> None:
    """6 of 10: the interval of Wilson is .313 to .832; of the 8 known ones it is three quarters."""
    exhibit = figure1.build(material)
    found = row(exhibit, source="stackoverflow", pattern="data_dimension")
    assert (found["fixes"], found["share"], found["share_of_known"]) == (6, 0.6, 0.75)
    assert (found["share_low"], found["share_high"]) == (
        pytest.approx(0.3127, abs=1e-4),
        pytest.approx(0.8318, abs=1e-4),
    )
    assert row(exhibit, source="github", pattern="monitor")["share"] == 0
    charts = exhibit.charts
    assert [chart.name for chart in charts] == ["figure1a", "figure1b"]
    assert all(isinstance(chart, Bars) and sum(chart.counts) in {10, 16} for chart in charts)
    assert "2 of 26 fixes are unknown" in exhibit.notes[0]


def test_patterns_have_the_same_order_and_colours_everywhere(material: Material) -> None:
    """In both parts of figure 1 and in the figure of table 3."""
    a, b = figure1.build(material).charts
    (stacked,) = table3.build(material).charts
    assert isinstance(a, Bars)
    assert isinstance(b, Bars)
    assert isinstance(stacked, Stacked)
    assert a.labels == b.labels == stacked.series
    assert a.colours == b.colours == stacked.colours
    assert len(set(a.colours)) == 16


def test_table_3_counts_patterns_by_library_and_source(material: Material) -> None:
    """8 of the 9 fixes of TensorFlow on GitHub are versioning; Caffe has no fix and no share."""
    exhibit = table3.build(material)
    found = row(exhibit, source="github", library="tensorflow", pattern="versioning")
    assert (found["fixes"], found["of"], found["share"]) == (8, 9, pytest.approx(8 / 9))
    none = row(exhibit, source="github", library="caffe", pattern="versioning")
    assert (none["fixes"], none["of"], none["share"]) == (0, 0, None)
    assert len(exhibit.records.rows) == 2 * 5 * 16
    (chart,) = exhibit.charts
    assert isinstance(chart, Stacked)
    assert chart.rows == ("Keras, Stack Overflow", "Keras, GitHub", "TensorFlow, GitHub", "Torch, Stack Overflow")


def test_a_figure_of_the_paper_is_compared_as_it_is_printed(changed: Change) -> None:
    """A whole number is a count, another is per cent to as many digits; 8 of 9 are 88.9 %."""
    paper = {"table3": {"github/tensorflow/versioning": 88.9, "github/keras/versioning": 5}}
    compared = table3.build(changed(paper=paper)).comparisons
    assert [(one.ours, one.paper, one.same) for one in compared] == [("4", "5", False), ("88.9", "88.9", True)]


@pytest.mark.parametrize(
    ("build", "name", "data", "api", "notes"),
    [(figure2.build, "figure2", 6, 4, 0), (figure3.build, "figure3", 3, 12, 1)],
)
def test_figures_2_and_3_count_patterns_by_bug_type(
    material: Material, build: Callable[[Material], Exhibit], name: str, data: int, api: int, notes: int
) -> None:
    """Of the source alone; a fix whose bug type nobody judged is told."""
    exhibit = build(material)
    assert row(exhibit, pattern="data_dimension", bug_type="data")["fixes"] == data
    assert row(exhibit, pattern="data_dimension", bug_type="data")["share_of_bug_type"] == 1
    assert sum(int(one["fixes"] or 0) for one in exhibit.records.objects() if one["bug_type"] == "api") == api
    (chart,) = exhibit.charts
    assert isinstance(chart, Heatmap)
    assert (chart.name, chart.columns) == (name, ("API bug", "Data bug"))
    assert len(exhibit.notes) == notes


def test_table_4_compares_each_pair_with_known_fixes(material: Material) -> None:
    """Torch has an unknown fix only, so there is one pair; the t-test's p is of 15 counts each."""
    exhibit = table4.build(material)
    (found,) = exhibit.records.objects()
    assert (found["library_a"], found["library_b"], found["fixes_a"], found["fixes_b"]) == (
        "keras",
        "tensorflow",
        15,
        9,
    )
    # Means 1 and 0.6; sums of squares 9^2 + 2^2 + 4^2 - 15 = 86 and 8^2 + 1^2 - 5.4 = 59.6; t = 0.4 / sqrt(0.6933)
    # = 0.4804 with 28 degrees of freedom.
    assert found["p_t_test_independent"] == pytest.approx(0.6347, abs=5e-4)
    assert found["p_permutation"] == found["p_permutation_holm"]
    assert any("Keras, TensorFlow" in note for note in exhibit.notes)
    assert any("0.28" in note for note in exhibit.notes)


def test_table_4_is_students_t_on_the_counts_of_the_patterns(changed: Change) -> None:
    """Of 15 fixes of one pattern, and of 2 of each of the 15.

    Means 1 and 2, variances 210 / 14 = 15 and 0: t = -1 with 28 degrees of freedom, both variances pooled (Welch would
    have 14). The differences 13 and 14 times -2 have the mean -1 and the variance 15: t = -1 with 14. From Student's
    distribution: .3259 and .3343.
    """
    keras = Cell("github", "keras", ids("pattern")[0], fixes=15)
    tensorflow = [Cell("stackoverflow", "tensorflow", one, fixes=2) for one in ids("pattern")]
    unknown = Cell("github", "tensorflow", "unknown", fixes=99)
    exhibit = table4.build(changed(counts=Counts((keras, *tensorflow, unknown))))
    one = row(exhibit, library_a="keras", library_b="tensorflow")
    assert (one["fixes_a"], one["fixes_b"]) == (15, 30)
    assert one["p_t_test_independent"] == pytest.approx(0.3258747, abs=1e-6)
    assert one["p_t_test_paired"] == pytest.approx(0.3342819, abs=1e-6)


def test_the_groups_of_libraries_stand_beside_the_papers(changed: Change) -> None:
    """Two libraries that do not differ are not the paper's two groups; without two libraries nothing is compared."""
    (compared,) = table4.build(changed(paper={"table4": {"groups": "Keras, TensorFlow"}})).comparisons
    assert (compared.ours, compared.same) == ("Keras, TensorFlow", True)
    only = changed(counts=Counts((Cell("github", "keras", "monitor"),)), paper={"table4": {"groups": "Keras"}})
    assert table4.build(only).comparisons == ()


def test_sources_are_compared_over_all_and_in_each_library(material: Material) -> None:
    """Only Keras has known fixes in both."""
    exhibit = sources.build(material)
    assert [one["library"] for one in exhibit.records.objects()] == ["all", "keras"]
    found = row(exhibit, library="all")
    assert (found["fixes_stackoverflow"], found["fixes_github"]) == (8, 16)
    assert float(found["p_permutation"] or 0) < 0.05


def test_sub_patterns_are_shares_of_their_patterns_fixes(material: Material) -> None:
    """All three on GitHub scale up; both of Stack Overflow's losses are added."""
    exhibit = sub_patterns.build(material)
    found = row(exhibit, pattern="data_dimension", sub_pattern="resize_up", source="github")
    assert (found["fixes"], found["of"]) == (3, 3)
    assert row(exhibit, sub_pattern="dropout", source="github")["share"] == 1
    assert exhibit.notes == ("Resized in either way: 3 of 9, 33.3 % (12.1 to 64.6).",)
    (chart,) = exhibit.charts
    assert isinstance(chart, Bars)
    assert sum(chart.counts) == 12


def test_the_prior_scheme_leaves_out_who_has_no_label(material: Material) -> None:
    """7 of 15 judged fixes on GitHub are MC-DAP."""
    exhibit = prior_scheme.build(material)
    found = row(exhibit, source="github", prior_pattern="MC-DAP")
    assert (found["fixes"], found["of"]) == (7, 15)
    by_group = {line[0]: line[1:] for line in exhibit.grids[1].rows}
    assert [cell.text for cell in by_group["Method call"] if isinstance(cell, Value)] == ["8", "15"]
    assert exhibit.notes == ("1 of 26 fixes have no prior pattern from this rater and are not in this table.",)


OLD = Cell("github", "keras", "versioning", None, None, "api", "api_change", "crash")
NEW = Cell("github", "keras", "data_type", None, None, "data", None, "bad_performance")
ASKED = Cell("stackoverflow", "torch", "data_dimension", None, None, "data", "unaligned_tensor", "crash")
AFTERMATH = Aftermath(
    {("github", "keras", "versioning"): 8, ("github", "keras", ""): 2, ("stackoverflow", "torch", "data_dimension"): 4},
    (
        NewBug("git:a:1", "new_bug", OLD, NEW, "x = y", "git:b:1", 3.0),
        NewBug("s/1", "new_bug", ASKED, Cell("stackoverflow", "torch", impact="crash"), "now I get an error"),
        NewBug("s/2", "not_repaired", ASKED, Cell("stackoverflow", "torch"), "still the same"),
    ),
)


def test_table_5_counts_new_bugs_among_what_could_be_followed(changed: Change) -> None:
    """A fix that did not repair is no new bug; how it was found is told."""
    exhibit = table5.build(changed(aftermath=AFTERMATH))
    found = row(exhibit, source="github", library="keras")
    assert (found["followed"], found["new_bugs"], found["share"], found["within_a_year"]) == (10, 1, 0.1, 1)
    asked = row(exhibit, source="stackoverflow", library="all")
    assert (asked["followed"], asked["new_bugs"], asked["within_a_year"], asked["not_repaired"]) == (4, 1, None, 1)
    assert any("known again by what they say" in note for note in exhibit.notes)


def test_table_5_says_what_could_not_be_followed(material: Material) -> None:
    """No zero that looks like a finding."""
    exhibit = table5.build(material)
    assert exhibit.notes[0].startswith("No fix from Stack Overflow could be followed")
    assert exhibit.notes[1].startswith("No fix from GitHub could be followed")
    assert row(exhibit, source="github", library="all")["share"] is None


def test_figure_6_leads_from_old_bugs_to_new_ones(changed: Change) -> None:
    """What nobody judged of the new bug is unknown."""
    exhibit = figure6.build(changed(aftermath=AFTERMATH))
    found = row(exhibit, source="github")
    assert [found[key] for key in ("library", "bug_type", "root_cause", "impact")] == [
        "keras",
        "api",
        "api_change",
        "crash",
    ]
    assert [found[key] for key in ("new_bug_type", "new_root_cause", "new_impact")] == [
        "data",
        "unknown",
        "bad_performance",
    ]
    assert found["fixes"] == 1
    whole, bug_type, impact = exhibit.charts
    assert all(isinstance(chart, Alluvial) for chart in exhibit.charts)
    assert isinstance(bug_type, Alluvial)
    assert isinstance(whole, Alluvial)
    assert isinstance(impact, Alluvial)
    assert bug_type.flows == ((("API bug", "Data bug"), 1), (("Data bug", "Unknown"), 1))
    assert [name for name, _ in impact.nodes[1]] == ["Bad performance", "Crash"]
    assert whole.columns == ("Library", "Bug type", "Root cause", "Impact")


def test_effects_count_impacts_causes_and_new_bugs_by_pattern(changed: Change) -> None:
    """One of 8 versioning fixes brought a new bug; all 12 had crashed."""
    exhibit = effects.build(changed(aftermath=AFTERMATH))
    crash = row(exhibit, pattern="versioning", scheme="impact", value="crash")
    assert (crash["fixes"], crash["of"]) == (12, 12)
    new = row(exhibit, pattern="versioning", scheme="aftermath")
    assert (new["fixes"], new["of"]) == (1, 8)
    assert [(chart.name, chart.of) for chart in exhibit.charts if isinstance(chart, Heatmap)] == [
        ("effects_impact", "row"),
        ("effects_root_cause", "row"),
    ]


def test_section_7_counts_what_it_could_look_at(changed: Change) -> None:
    """3 of 4 messages do not point at the fix."""
    keras, torch = ("stackoverflow", "keras"), ("github", "torch")
    found = Challenges({keras: 8, torch: 5}, {keras: 2}, {keras: 4}, {keras: 1})
    exhibit = section7.build(changed(challenges=found))
    reuse = row(exhibit, challenge="model_reuse", source="stackoverflow", library="all")
    assert (reuse["fixes"], reuse["of"]) == (2, 8)
    elsewhere = row(exhibit, challenge="message_elsewhere", library="keras")
    assert (elsewhere["fixes"], elsewhere["of"], elsewhere["share"]) == (3, 4, 0.75)


def test_table_6_orders_releases_by_their_numbers(changed: Change) -> None:
    """1.10 comes after 1.9; what no table of renames has comes last."""
    changes = {("tensorflow", "1.10"): 2, ("tensorflow", "not told"): 3}
    exhibit = table6.build(
        changed(challenges=Challenges(api_changes=changes, known_changes={("tensorflow", "1.9"): 7}))
    )
    found = [(one["version"], one["known_changes"], one["fixes"]) for one in exhibit.records.objects()]
    assert found == [("1.9", 7, 0), ("1.10", None, 2), ("not told", None, 3)]


@pytest.mark.parametrize("entry", REGISTRY, ids=lambda entry: entry.id)
def test_nothing_judged_gives_a_table_and_no_figure(empty: Material, entry: object) -> None:
    """An empty database is no error."""
    exhibit = entry.build(empty)  # type: ignore[attr-defined]
    assert exhibit.charts == ()
    assert exhibit.title
    assert all(len(line) == len(exhibit.records.columns) for line in exhibit.records.rows)


@pytest.mark.parametrize("entry", REGISTRY, ids=lambda entry: entry.id)
@pytest.mark.parametrize(
    "cells",
    [
        pytest.param((Cell("github", "keras", "monitor", fixes=3),), id="one-library"),
        pytest.param((Cell("stackoverflow", "torch", "unknown", fixes=3),), id="unknown-only"),
        pytest.param((Cell("github", "jax", "magic", bug_type="odd", impact="odd"),), id="values-of-nobody"),
        pytest.param((Cell("github", "keras"),), id="no-pattern"),
    ],
)
def test_odd_databases_give_tables(changed: Change, entry: object, cells: tuple[Cell, ...]) -> None:
    """Rows as wide as the header, in every table."""
    exhibit = entry.build(changed(counts=Counts(cells)))  # type: ignore[attr-defined]
    assert exhibit.id == entry.id  # type: ignore[attr-defined]
    for grid in exhibit.grids:
        assert all(len(line) == len(grid.header) for line in grid.rows)
