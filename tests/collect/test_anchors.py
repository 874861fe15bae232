"""An anchor of a commit's page leads to the file and the hunk that it was taken from."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.collect.anchors import Place, digests, resolve
from miner.collect.seeds import Anchor
from miner.model import FileChange, FileKind, Hunk


def hunk(no: int, old_start: int, old_lines: int, new_start: int, new_lines: int) -> Hunk:
    return Hunk(no, old_start, old_lines, new_start, new_lines, "", "")


def file(no: int, old: str | None, new: str | None, *hunks: Hunk) -> FileChange:
    return FileChange(
        no, "M", FileKind.SOURCE, "python", old, new, "100644", "100644", None, None, None, 1, 1, tuple(hunks)
    )


def at(path: str, side: str | None = None, line: int | None = None, *, kind: str = "md5") -> Anchor:
    where = {"L": "old", "R": "new", None: None}[side]
    return Anchor(hashlib.new(kind, path.encode()).hexdigest(), where, line)  # type: ignore[arg-type]


FILES = (
    file(0, "a.py", "a.py", hunk(0, 10, 7, 10, 9), hunk(1, 40, 7, 42, 6), hunk(2, 52, 7, 53, 7)),
    file(1, "old name.py", "new/\u00e9.py", hunk(0, 1, 3, 1, 4)),
    file(2, "gone.py", None, hunk(0, 1, 20, 0, 0)),
    file(3, None, "added.py", hunk(0, 0, 0, 1, 20)),
    file(4, "data.bin", "data.bin"),
)


def test_digests_are_those_of_old_and_of_new_links() -> None:
    """A digest that a link of 2020 has, and the SHA-256 of the same path."""
    path = "tests/parsing-tests/unit-tests-vimodel.ref"
    assert digests(path) == {"49f73cce5a630bb6facc40ec6cee7e93", hashlib.sha256(path.encode()).hexdigest()}


@pytest.mark.parametrize(
    ("anchor", "place"),
    [
        pytest.param(at("a.py", "L", 12), Place(0, 0), id="line of the old side"),
        pytest.param(at("a.py", "R", 18), Place(0, 0), id="last line of a hunk"),
        pytest.param(at("a.py", "L", 41), Place(0, 1), id="a side's own numbers"),
        pytest.param(at("a.py", "R", 42, kind="sha256"), Place(0, 1), id="sha256"),
        pytest.param(at("a.py", "L", 7), Place(0, 0), id="three lines before a hunk"),
        pytest.param(at("a.py", "L", 6), Place(0, None), id="four lines before a hunk"),
        pytest.param(at("a.py", "L", 19), Place(0, 0), id="three lines after a hunk"),
        pytest.param(at("a.py", "L", 30), Place(0, None), id="between hunks"),
        pytest.param(at("a.py", "L", 48), Place(0, 1), id="the nearer of two hunks"),
        pytest.param(at("a.py", "R", 50), Place(0, 1), id="of two as near the first"),
        pytest.param(at("a.py"), Place(0, None), id="no line"),
        pytest.param(at("new/\u00e9.py", "R", 2), Place(1, 0), id="renamed: the new path"),
        pytest.param(at("old name.py", "L", 2), Place(1, 0), id="renamed: the old path"),
        pytest.param(at("gone.py", "L", 20), Place(2, 0), id="deleted file"),
        pytest.param(at("gone.py", "R", 20), Place(2, None), id="a side that a deleted file has not"),
        pytest.param(at("added.py", "R", 1), Place(3, 0), id="added file"),
        pytest.param(at("data.bin", "R", 1), Place(4, None), id="file without hunks"),
        pytest.param(at("other.py", "R", 1), None, id="file that the commit did not change"),
    ],
)
def test_the_hunk_is_that_of_the_line(anchor: Anchor, place: Place | None) -> None:
    assert resolve(anchor, FILES) == place


def test_a_path_after_the_change_counts_before_one_before_it() -> None:
    """The old file was moved away and another was put in its place."""
    files = (file(0, "a.py", "b.py", hunk(0, 1, 1, 1, 1)), file(1, None, "a.py", hunk(0, 0, 0, 1, 1)))
    assert resolve(at("a.py", "R", 1), files) == Place(1, 0)


@given(st.text(), st.sampled_from(["L", "R"]), st.integers(min_value=1, max_value=10**9))
def test_any_path_and_line_give_a_place_of_that_file(path: str, side: str, line: int) -> None:
    place = resolve(at(path, side, line), (file(7, path, path, hunk(3, line, 1, line, 1)),))
    assert place == (Place(7, 3) if path else None)
