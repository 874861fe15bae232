"""The script that fits the weights of the bug-fix cues."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from miner.classify.cues import Place
from miner.evaluation.labels import LabelledMessage

SCRIPT = Path(__file__).parents[2] / "bench" / "fit_bugfix.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_bugfix", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up.
    sys.modules["fit_bugfix"] = module
    spec.loader.exec_module(module)
    return module


CUES = [{"fix": Place.HEAD}, {"add": Place.HEAD}, {}, {"fix": Place.BODY, "add": Place.HEAD}] * 30
TRUTHS = [True, False, False, True] * 30


def test_weights_say_what_the_labels_say(script: ModuleType) -> None:
    """Above 0.5 for what is labelled a fix, below for what is not; a place never seen weighs as those nearby."""
    weights = script.fit(CUES, TRUTHS)
    assert [weights.score(cues) >= 0.5 for cues in CUES] == TRUTHS
    assert weights.cells["fix", Place.SUBJECT] > 0
    assert weights.cells["fix", Place.BULLET] > 0


def test_a_cue_never_gets_the_wrong_sign(script: ModuleType) -> None:
    """A sample in which every fix is labelled wrongly gives no weight, not a negative one."""
    weights = script.fit(CUES, [not truth for truth in TRUTHS])
    assert not any(name == "fix" for name, _ in weights.cells)
    assert not any(name == "add" for name, _ in weights.cells)


def test_related_repositories_are_one_group(script: ModuleType) -> None:
    """A fork has the same name, a sister the same owner; both share their habits of writing messages."""
    rows = [LabelledMessage(name, "", "", True) for name in ("a/x", "b/x", "b/y", "c/z", "C/w")]
    first, fork, sister, other, cased = script.groups(rows)
    assert first == fork == sister != other == cased


def test_folds_and_weights_are_reproducible(script: ModuleType) -> None:
    """The same seed gives the same figures, another one other folds."""
    rows = [LabelledMessage(f"o{at}/n{at}", "", "Fix x" if at % 3 else "Fix typo", bool(at % 3)) for at in range(60)]
    assert script.cross_validate(rows, 5, 1).confusion == script.cross_validate(rows, 5, 1).confusion
    assert script.toml(script.fit(CUES, TRUTHS)) == script.toml(script.fit(CUES, TRUTHS))
