from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from support.changes import FOLDER, Fixture, change_of, fixtures

from miner.classify import documentation, engine
from miner.classify.rules import RULES, TRIGGERS, pattern_of
from miner.classify.taxonomies import taxonomy

MATCHES = fixtures("match")
NEAR_MISSES = fixtures("near_miss")


@pytest.mark.parametrize("fixture", MATCHES, ids=lambda fixture: fixture.name)
def test_match_ranks_its_pattern_first(fixture: Fixture) -> None:
    """A matching diff gets its folder's pattern first, with the evidence that the fixture states."""
    first, *_ = engine.classify(fixture.change, fixture.library)
    assert first.value == fixture.pattern
    assert fixture.evidence in [(row.side, row.line, row.text) for row in first.evidence]


@pytest.mark.parametrize("fixture", NEAR_MISSES, ids=lambda fixture: fixture.name)
def test_near_miss_is_another_pattern(fixture: Fixture) -> None:
    """A diff that only looks like a pattern does not get it as its first label."""
    first, *_ = engine.classify(fixture.change, fixture.library)
    assert first.value != fixture.pattern


@pytest.mark.parametrize("fixture", MATCHES + NEAR_MISSES, ids=lambda fixture: fixture.name)
def test_evidence_lies_where_it_says(fixture: Fixture) -> None:
    """Each evidence's text stands at its line and columns of its side of the hunk."""
    for label in engine.classify(fixture.change, fixture.library):
        for row in label.evidence:
            assert row.file_no is not None
            assert row.hunk_no is not None
            hunk = fixture.change.files[row.file_no].hunks[row.hunk_no]
            sign, number = ("-", hunk.old_start) if row.side == "old" else ("+", hunk.new_start)
            lines = [line[1:] for line in hunk.body.split("\n") if line[:1] in (" ", sign)]
            assert row.line is not None
            assert lines[row.line - number][row.start : row.end] == row.text


@pytest.mark.parametrize("rule", RULES, ids=pattern_of)
def test_every_rule_has_fixtures_and_a_page(rule: object) -> None:
    """A rule has at least two matching and two near-miss fixtures, and a docstring that says what it does not match."""
    pattern = pattern_of(rule)  # type: ignore[arg-type]
    assert len(list((FOLDER / pattern).glob("match_*.diff"))) >= 2
    assert len(list((FOLDER / pattern).glob("near_miss_*.diff"))) >= 2
    assert "Does not match:" in (rule.__doc__ or "")


@pytest.mark.parametrize("rule", RULES, ids=pattern_of)
def test_a_docstring_has_definition_paper_decision_and_examples_that_are_true(rule: ModuleType) -> None:
    """Two matches get the pattern first, two near misses do not."""
    docstring, pattern = rule.__doc__ or "", pattern_of(rule)
    told = " ".join(docstring.split())
    assert all(word in told for word in ("Paper: Table 2", "Decided by ", "Does not match: "))
    (entry,) = (entry for entry in taxonomy("fix_patterns") if entry.id == pattern)
    assert docstring.startswith(f"{entry.name}: ")
    matches = documentation.examples(docstring, documentation.MATCHES)
    near_misses = documentation.examples(docstring, documentation.NEAR_MISSES)
    assert len(matches) >= 2
    assert len(near_misses) >= 2
    assert {engine.classify(change_of(one), "keras")[0].value for one in matches} == {pattern}
    assert pattern not in {engine.classify(change_of(one), "keras")[0].value for one in near_misses}


def test_pattern_ids_agree_everywhere() -> None:
    """Pattern id = module = fixture folder = taxonomy id; no module is left unregistered."""
    registered = {pattern_of(rule) for rule in RULES}
    modules = {path.stem for path in Path(str(RULES[0].__file__)).parent.glob("*.py")} - {"__init__"}
    folders = {path.name for path in FOLDER.iterdir()}
    entries = {entry.id for entry in taxonomy("fix_patterns")}
    assert registered == modules == folders == entries
    assert len(RULES) == len(registered) == 15


def test_triggers_are_lower_case_names() -> None:
    """Triggers can match: they are compared with single lowered names."""
    assert all(trigger == trigger.lower() and "." not in trigger for trigger in TRIGGERS)


def test_page_of_the_patterns_is_current() -> None:
    """docs/patterns.md is what the rules' docstrings give now."""
    page = Path(__file__).parents[2] / "docs" / "patterns.md"
    assert page.read_text(encoding="utf-8") == documentation.render()
