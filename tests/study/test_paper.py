"""What the paper prints, and how ours compares."""

from __future__ import annotations

from pathlib import Path

import pytest

from miner.errors import StudyError
from miner.study.exhibits import Comparison
from miner.study.paper import compare, printed, with_file
from miner.study.registry import REGISTRY


def test_only_what_has_a_source_is_there() -> None:
    """The totals of the abstract, two p-values and two groups; a new figure needs a source, and a line here."""
    assert printed() == {
        "table1": {"stackoverflow/all": 415, "github/all": 555, "all/all": 667},
        "table4": {"keras/tensorflow": 0.84, "groups": "Caffe, Theano, Torch; Keras, TensorFlow"},
        "sources": {"stackoverflow/github": 0.83},
    }
    assert set(printed()) <= {entry.id for entry in REGISTRY}


@pytest.mark.parametrize(
    ("ours", "paper", "expected"),
    [
        (415, 415, Comparison("x", "415", "415")),
        (0.2765, 0.84, Comparison("x", "0.28", "0.84")),
        (0.838, 0.84, Comparison("x", "0.84", "0.84")),
        (18.75, 18.8, Comparison("x", "18.8", "18.8")),
        (None, 0.84, Comparison("x", "", "0.84")),
        (3, None, None),
    ],
)
def test_figures_are_compared_as_they_are_printed(
    ours: float | None, paper: float | None, expected: Comparison | None
) -> None:
    """To as many digits as the paper has; without the paper's figure there is nothing to compare."""
    assert compare("x", ours, paper) == expected


def test_a_file_adds_figures(tmp_path: Path) -> None:
    """Its own win over the known ones; the others stay."""
    path = tmp_path / "paper.toml"
    path.write_text('[table1]\n"github/all" = 556\n[table5]\n"github/keras" = 12.5\n', encoding="utf-8")
    found = with_file(path)
    assert found["table1"] == {"stackoverflow/all": 415, "github/all": 556, "all/all": 667}
    assert found["table5"] == {"github/keras": 12.5}
    assert with_file(None) == printed()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("[table1", "is not TOML"),
        ("x = 3", "must be a section"),
        ("[a]\nb = [1]", r"\[a\] must"),
    ],
)
def test_a_bad_file_is_told_in_words(tmp_path: Path, text: str | None, words: str) -> None:
    """Which file, and what is wrong."""
    path = tmp_path / "paper.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=words):
        with_file(path)
