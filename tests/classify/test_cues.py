"""Every cue beside words that look like it."""

from __future__ import annotations

import pytest

from miner.classify.bugfix import cues_of
from miner.classify.cues import CUES, NAMED_FIX, NEGATED, NOTHING, Place, Sign
from miner.classify.taxonomies import bugfix_weights

NAMES = {cue.name for cue in CUES if cue.name != NOTHING} | {NAMED_FIX, NEGATED}

SHOWN = {
    "cosmetic_fix": ["fix typo", "Fix some minor spelling mistakes", "doc fixes", "Correct a typo", "fix formatting"],
    "issue_fix": ["Fixes #12", "fix for bug 12", "Fix: GH-12", "fixes https://example.org/12"],
    "fix": ["Fix crash when docs are missing", "hotfix", "compile fix for windows", "fix format string"],
    "issue_close": ["Closes #12", "resolves: ABC-12"],
    "correction": ["Correct the axis", "use properly", "Solve the puzzle of shapes"],
    "guard": ["Avoid a copy", "prevents reentry"],
    "revert": ["Revert the change", "rolled back to 1.2", "back out the change"],
    "restore": ["Restore the flag"],
    "workaround": ["Hack for old compilers", "Work around the driver"],
    "silenced_test": ["Disable the slow tests", "skip test of dot"],
    "bug": ["A bug in dot", "buggy axis"],
    "symptom": ["wrong axis", "race condition", "off-by-one", "an infinite loop", "it crashed", "no longer fails"],
    "error": ["an error in dot", "KeyError in fit"],
    "problem": ["an issue in dot", "Problems"],
    "missing": ["Add missing import", "lacks a check"],
    "working": ["dot doesn't work", "Now works with masks", "works properly", "cannot be found"],
    "slip": ["Oops", "forgot the axis"],
    "expected": ["should not be applied", "axis should be one"],
    "cause": ["because the axis is one", "due to rounding", "this causes NaN"],
    "past_trouble": ["it did not end", "couldn't be read"],
    "reported": ["reported by a user", "Found by a user"],
    "conventional": ["feat: strides", "chore(deps): things", "docs: x"],
    "add": ["Add strides", "new layer"],
    "update": ["Bump version", "Update things"],
    "refactor": ["Refactor the backend", "rename x"],
    "remove": ["Remove x", "drops y, deleted"],
    "merge": ["Merge branch 'x'"],
    "cosmetic": ["typo", "whitespace"],
    NAMED_FIX: ["Merge branch 'fix/padding'", "Merge pull request #1 from a/hotfix-loss"],
    NEGATED: ["Not a bug", "no error", "until we fix it", "never wrong"],
}
NOT_SHOWN = {
    "cosmetic_fix": ["fix crash in the docs", "Add x\n\n- fix typo"],
    "issue_fix": ["Fix the issue", "Fix 12 things"],
    "fix": ["fixed-size array", "prefix", "fixture", "fix typo", "fix_me()", "fixed point"],
    "issue_close": ["Close the file", "resolve the name"],
    "correction": ["resolve conflicts", "correct a typo", "resolution"],
    "guard": ["guardian"],
    "revert": ["roll the dice", "look back", "rev"],
    "restore": ["store"],
    "workaround": ["work", "hackathon"],
    "silenced_test": ["disable dropout", "test skip connections"],
    "bug": ["bug tracker", "debug", "bug report template"],
    "symptom": ["out of ideas", "race track", "double precision", "use memory"],
    "error": ["error message", "error handling", "exception class", "error codes"],
    "problem": ["issue template", "issue tracker"],
    "missing": ["missing docstrings", "miss"],
    "working": ["work", "now runs", "does"],
    "slip": ["forget gate"],
    "expected": ["should"],
    "cause": ["leads the way not"],
    "past_trouble": ["does not", "did"],
    "reported": ["report", "found it"],
    "conventional": ["documents", "Change\n\ndocs: x"],
    "add": ["address", "Fix x\n\n- add y"],
    "update": ["date", "Fix x\n\n- update y"],
    "refactor": ["factor", "Fix x\n\n- rename y"],
    "remove": ["removal", "Fix x\n\n- remove y"],
    "merge": ["emergency"],
    "cosmetic": ["doctor", "Fix x\n\n- whitespace"],
    NAMED_FIX: ["prefix/x", "Merge branch 'x'\n\nfirst\n\nsee a/fix-b"],
    NEGATED: ["a bug", "notebook error", "Do not crash on x", "No longer fails on x", "won't hang"],
}


def cases(table: dict[str, list[str]]) -> list[object]:
    return [pytest.param(name, message, id=f"{name}: {message}") for name in table for message in table[name]]


@pytest.mark.parametrize(("name", "message"), cases(SHOWN))
def test_a_cue_is_seen(name: str, message: str) -> None:
    """In the forms in which people write it."""
    assert name in cues_of(message)


@pytest.mark.parametrize(("name", "message"), cases(NOT_SHOWN))
def test_what_looks_like_a_cue_is_none(name: str, message: str) -> None:
    """In other words, other places and other senses."""
    assert name not in cues_of(message)


def test_every_cue_has_its_cases() -> None:
    """A cue is tested when it is added."""
    assert set(SHOWN) == set(NOT_SHOWN) == NAMES


@pytest.mark.parametrize(
    ("message", "place"),
    [
        pytest.param("Fix x", Place.HEAD, id="first"),
        pytest.param("[core] net: Fix x", Place.HEAD, id="after a tag and a scope"),
        pytest.param("Merge pull request #1 from a/b\n\nFix x", Place.HEAD, id="first after the line of a merge"),
        pytest.param("x fix", Place.SUBJECT, id="in the subject"),
        pytest.param("x\n\n- fix y\n- z", Place.BODY, id="in a list"),
        pytest.param("x (#1)\n\n* y\n* fix z", Place.BULLET, id="in the list of a squash merge"),
        pytest.param("x (#1)\r\n\r\n* y\r\n\r\n* fix z\r\n", Place.BULLET, id="in such a list with Windows line ends"),
        pytest.param("x (#1)\n\n* y\n\nthis fixes z", Place.BODY, id="below one item"),
        pytest.param("x (#1)\n\n* y\n* z\nand fix a", Place.BODY, id="in another line of a squash merge"),
        pytest.param("x\n\n- fix y\n\nfix z", Place.BODY, id="twice"),
        pytest.param("Fix x (#1)\n\n* y\n* fix z", Place.HEAD, id="in several: the foremost"),
    ],
)
def test_places(message: str, place: Place) -> None:
    """Where a cue stands decides its weight."""
    assert cues_of(message)["fix"] is place


def test_weights_and_cues_belong_together() -> None:
    """Each cue has a weight in some place, and each weight is of a cue: fit again when this fails."""
    assert {name for name, _ in bugfix_weights().weights} == NAMES
    assert {place for _, place in bugfix_weights().weights} <= set(Place)


def test_no_weight_contradicts_what_its_cue_says() -> None:
    """A fault or a repair cannot speak against a fix, other work not for one."""
    signs = {cue.name: cue.sign for cue in CUES} | {NAMED_FIX: Sign.FOR, NEGATED: Sign.AGAINST}
    for (name, place), weight in bugfix_weights().weights.items():
        assert weight * signs[name] > 0 or signs[name] is Sign.EITHER, (name, place)


def test_a_cosmetic_repair_alone_is_no_fix() -> None:
    """The protocol: typos, documentation, style and warnings are not bugs."""
    weights = bugfix_weights()
    assert weights.bias + max(weights.weights["cosmetic_fix", place] for place in ("head", "subject")) < 0
