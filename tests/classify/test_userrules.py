"""A user's own rules: what they add, and what is said of those that are wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.changes import change_of, fixtures
from support.rules import FAILS, RULE, TAXONOMY, own_rules

from miner.classify import engine, ruleset, splitting
from miner.classify.rulesource import SHIPPED, RuleSource, rater_of
from miner.classify.taxonomies import pattern_weights
from miner.classify.version import RATER
from miner.errors import MinerError, RulesError
from miner.settings import libraries

CHANGE = change_of("-BATCH = 32\n+BATCH = 64")


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """Leave the shipped rules in force."""
    yield
    ruleset.use(SHIPPED)


def use(folder: Path) -> ruleset.Ruleset:
    return ruleset.use(RuleSource(folder))


def test_a_rule_of_the_user_gives_its_pattern(tmp_path: Path) -> None:
    """With default weights, and evidence like any other; splitting sees it too."""
    used = use(own_rules(tmp_path / "rules"))
    first, *_ = engine.classify(CHANGE, "keras")
    assert (first.value, first.evidence[0].rule, first.evidence[0].text) == ("batches", "batches.size", "BATCH = 64")
    assert [entry.name for entry in used.entries][-1] == "Batches"
    assert splitting.split(CHANGE, "keras")[0].labels[0].value == "batches"
    ruleset.use(SHIPPED)
    assert "batches" not in {label.value for label in engine.classify(CHANGE, "keras")}


def test_weights_of_a_taxonomy_decide(tmp_path: Path) -> None:
    """A rule that weighs little is not first."""
    use(own_rules(tmp_path / "rules", taxonomy=TAXONOMY + "bias = -3.0\nrule = 0.5\n"))
    assert engine.classify(CHANGE, "keras")[0].value != "batches"


def test_a_rule_of_a_shipped_patterns_name_adds_votes(tmp_path: Path) -> None:
    """The shipped rule still votes beside it."""
    change = change_of("-model.fit(x, epochs=1)\n+model.fit(x, epochs=9)\n-BATCHES = 1\n+BATCHES = 2")
    use(own_rules(tmp_path / "rules", taxonomy="", name="iterations"))
    reasons = {row.rule for row in engine.classify(change, "keras")[0].evidence}
    assert {"iterations.size", "iterations.argument"} <= reasons


def test_other_labels_stay_as_they_are_where_the_rule_is_silent(tmp_path: Path) -> None:
    """What comes first changes for no fixture of the shipped rules: a rule that says nothing is rare by default."""
    shipped = [engine.classify(fixture.change, fixture.library)[0].value for fixture in fixtures("match")]
    use(own_rules(tmp_path / "rules", RULE.replace("batch", "nowhere")))
    assert [engine.classify(fixture.change, fixture.library)[0].value for fixture in fixtures("match")] == shipped


def test_the_rater_names_the_users_rules(tmp_path: Path) -> None:
    """By their content, not by where they lie; labels are signed with it."""
    folder = own_rules(tmp_path / "rules")
    rater = rater_of(RuleSource(folder))
    assert rater.startswith(f"{RATER}+own.")
    assert rater == rater_of(RuleSource(Path(shutil.copytree(folder, tmp_path / "copy"))))
    assert rater != rater_of(RuleSource(own_rules(tmp_path / "other", RULE + "\n# changed\n")))
    assert rater != rater_of(RuleSource(own_rules(tmp_path / "more", taxonomy=TAXONOMY + "rule = 3.0\n")))
    use(folder)
    assert {label.rater for label in ruleset.signed(engine.classify(CHANGE, "keras"))} == {rater}
    assert rater_of(SHIPPED) == RATER


def test_the_rater_names_what_of_the_libraries_decides_labels(tmp_path: Path) -> None:
    """Another module is another rater; another search is not."""
    shipped = (Path(__file__).parents[2] / "config" / "libraries.toml").read_text(encoding="utf-8")
    same, other = tmp_path / "same.toml", tmp_path / "other.toml"
    same.write_text(shipped.replace("searches = [", 'searches = ["deep learning", '), encoding="utf-8")
    other.write_text(
        f'{shipped}\n[jax]\nmodules = ["jax"]\naliases = []\ndistributions = []\ntags = []\nrepositories = []\n',
        encoding="utf-8",
    )
    assert libraries(same) != libraries()
    assert rater_of(RuleSource(None, same)) == RATER
    assert rater_of(RuleSource(None, other)) != RATER


def test_a_rule_that_fails_leaves_out_its_votes_alone(tmp_path: Path) -> None:
    """What it raised is told with file and line, once a change."""
    folder = own_rules(tmp_path / "rules", FAILS)
    use(folder)
    change = change_of("-BATCH = 1\n+BATCH = 2\n-model.compile(loss='mse')\n+model.compile(loss='mae')")
    assert engine.classify(change, "keras")[0].value == "loss_function"
    (failure,) = ruleset.take_failures()
    assert failure.where == "batches.py, line 11"
    assert "ZeroDivisionError" in str(failure)
    assert ruleset.take_failures() == []


@pytest.mark.parametrize(
    "gives",
    [
        pytest.param('"batches"', id="text"),
        pytest.param('Vote("size", 3.0, None)', id="no span"),
        pytest.param('Vote("size", -1.0, assignment.span)', id="negative weight"),
        pytest.param('Vote("size", float("nan"), assignment.span)', id="no number"),
        pytest.param('Vote("size", "3", assignment.span)', id="weight as text"),
    ],
)
def test_what_is_no_vote_is_a_failure(tmp_path: Path, gives: str) -> None:
    """Not a label made from it."""
    use(own_rules(tmp_path / "rules", RULE.replace('Vote("size", 3.0, assignment.span)', gives)))
    assert "batches" not in {label.value for label in engine.classify(CHANGE, "keras")}
    assert len(ruleset.take_failures()) == 1


@pytest.mark.parametrize(
    ("rule", "taxonomy", "says"),
    [
        pytest.param("def vote(facts, library)\n", TAXONOMY, r"batches\.py, line 1: expected ':'", id="syntax"),
        pytest.param("import nowhere_to_be_found\n", TAXONOMY, r"batches\.py, line 1: ModuleNotFound", id="import"),
        pytest.param("TRIGGERS = {'batch'}\n", TAXONOMY, r"batches\.py: has no function vote", id="no vote"),
        pytest.param("def vote(f, l): ...\n", TAXONOMY, r"batches\.py: has no TRIGGERS", id="no triggers"),
        pytest.param("TRIGGERS = 'batch'\ndef vote(f, l): ...\n", TAXONOMY, "has no TRIGGERS", id="triggers as text"),
        pytest.param("TRIGGERS = {1}\ndef vote(f, l): ...\n", TAXONOMY, "has no TRIGGERS", id="triggers as numbers"),
        pytest.param(RULE, "", r"batches\.py: no taxonomy names the pattern batches", id="unknown id"),
        pytest.param(RULE, "[batches\n", r"taxonomy\.toml: is not TOML: .*line 1", id="no TOML"),
        pytest.param(RULE, "[batches]\n", r"taxonomy\.toml: batches\.name: Field required", id="no name"),
        pytest.param(RULE, "batches = 1\n", r"taxonomy\.toml: batches: Input should be", id="no table"),
        pytest.param(RULE, TAXONOMY + "wieght = 1.0\n", "wieght: Extra inputs", id="misspelt key"),
        pytest.param(RULE, TAXONOMY + '[optimizer]\nname = "x"\n', "optimizer is a pattern of the package", id="taken"),
        pytest.param(RULE, TAXONOMY + '["a b"]\nname = "x"\n', "'a b' is no id", id="no id"),
        pytest.param("raise RuntimeError('x')\n", TAXONOMY, r"batches\.py, line 1: RuntimeError: x", id="raises"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, rule: str, taxonomy: str, says: str) -> None:
    """Before anything is labelled."""
    with pytest.raises(RulesError, match=says):
        use(own_rules(tmp_path / "rules", rule, taxonomy))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A misspelt path must not mean: no rules."""
    with pytest.raises(RulesError, match="cannot read the folder"):
        use(tmp_path / "nowhere")


def test_helpers_beside_the_rules_are_no_rules(tmp_path: Path) -> None:
    """Files that start with an underscore, and other files, are passed over."""
    folder = own_rules(tmp_path / "rules")
    (folder / "_helper.py").write_text("not python", encoding="utf-8")
    (folder / "README.md").write_text("about", encoding="utf-8")
    assert [pattern for pattern, _ in use(folder).patterns].count("batches") == 1


def test_a_shipped_rule_without_fitted_weights_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new rule labels before the weights are fitted again."""
    fitted = {pattern: row for pattern, row in pattern_weights().items() if pattern != "optimizer"}
    monkeypatch.setattr(ruleset, "fitted_weights", lambda: fitted)
    ruleset.ruleset.cache_clear()
    try:
        ruleset.use(SHIPPED)
        change = change_of("-model.compile(optimizer='sgd')\n+model.compile(optimizer='adam')")
        assert engine.classify(change, "keras")[0].value == "optimizer"
    finally:
        monkeypatch.undo()
        ruleset.ruleset.cache_clear()


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_any_text_as_a_rule_is_told_in_words(tmp_path: Path, rule: str, taxonomy: str) -> None:
    """Whatever stands in the files, there is no traceback: hypothesis writes no Python that ends the process."""
    folder = own_rules(tmp_path / "rules", "", "")
    (folder / "batches.py").write_text(rule, encoding="utf-8", errors="replace")
    (folder / "taxonomy.toml").write_text(taxonomy, encoding="utf-8", errors="replace")
    with pytest.raises(MinerError):
        use(folder)
