"""What a commit touches, as evidence against its being a bug fix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miner.classify import bugfix
from miner.classify.diffevidence import WEIGHTS, Part, judge, part_of
from miner.extract.filekinds import kind_of, language_of
from miner.extract.hunks import hunks
from miner.model import FileChange


def change(path: str, before: str, after: str) -> FileChange:
    """Give a file's change as the diffs of git are read."""
    found = hunks(before, after)
    lines = [line for hunk in found for line in hunk.body.split("\n")]
    added, deleted = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return FileChange(
        *(0, "modify", kind_of(path), language_of(path), path, path, "100644", "100644", "a", "b", None),
        *(added, deleted, found),
    )


@pytest.mark.parametrize(
    ("path", "before", "after", "part"),
    [
        pytest.param("a.py", "x = 1", "x = 2", Part.CODE, id="code"),
        pytest.param("a.py", "x = 1", "x = 1\ny = 2", Part.CODE, id="code-added"),
        pytest.param("README.md", "x", "y", Part.DOCUMENTATION, id="readme"),
        pytest.param("docs/a.rst", "x", "y", Part.DOCUMENTATION, id="docs"),
        pytest.param("docs/autogen.py", "x = 1", "x = 2", Part.CODE, id="a-program-among-the-docs"),
        pytest.param("changes_detector.py", "x = 1", "x = 2", Part.CODE, id="a-program-named-like-a-changelog"),
        pytest.param("tests/test_a.py", "x = 1", "x = 2", Part.TESTS, id="tests"),
        pytest.param("tests/test_a.py", "x = 1", "x = 1\ny = 2", Part.NEW_TESTS, id="tests-only-added"),
        pytest.param(".travis.yml", "python: 2.7", "python: 3.6", Part.CONFIGURATION, id="ci"),
        pytest.param("setup.py", "requires=['a']", "requires=['b']", Part.CONFIGURATION, id="build"),
        pytest.param("setup.py", "    version='1.0.1',", "    version='1.0.2',", Part.VERSION, id="version"),
        pytest.param("a/__init__.py", '__version__ = "1.0"', '__version__ = "1.1rc1"', Part.VERSION, id="version-rc"),
        pytest.param("a.py", "if keras.__version__ == '1.0':", "if keras.__version__ == '1.1':", Part.CODE, id="asked"),
        pytest.param("a.py", "version = 1", "version = load(1)", Part.CODE, id="version-by-a-call"),
        pytest.param("requirements.txt", "numpy==1.1", "numpy==1.2", Part.CONFIGURATION, id="a-dependency's-version"),
        pytest.param("vendor/a.py", "x = 1", "x = 2", Part.COPIES, id="vendored"),
        pytest.param("a_pb2.py", "x = 1", "x = 2", Part.COPIES, id="generated"),
        pytest.param("a.py", "x=1", "x = 1  ", Part.COSMETIC, id="spaces"),
        pytest.param("a.py", "x = 1\n\ny = 2", "x = 1\ny = 2", Part.COSMETIC, id="blank-lines"),
        pytest.param("a.py", "x = 1", "# Why.\nx = 1", Part.COSMETIC, id="comment"),
        pytest.param("a.py", "x = 1  # one", "x = 1  # uno", Part.COSMETIC, id="comment-behind"),
        pytest.param("a.cpp", "  f(a,b);", "\tf(a, b);", Part.COSMETIC, id="indentation-of-c++"),
        pytest.param("a.cpp", "#define A 1", "#define A 2", Part.CODE, id="what-is-a-comment-elsewhere"),
        pytest.param("a.lua", "x = 1 -- one", "x = 1", Part.COSMETIC, id="comment-of-lua"),
        pytest.param("a.py", "if a:\n    b()\n    c()", "if a:\n    b()\nc()", Part.CODE, id="indentation-of-python"),
        pytest.param("a.py", "\tx = 1", "        x = 1", Part.COSMETIC, id="tabs-of-python"),
        pytest.param("a.py", "x = 'a b'", "x = 'ab'", Part.CODE, id="spaces-in-a-text"),
        pytest.param("a.py", "notx", "not x", Part.CODE, id="words-apart"),
        pytest.param("a.py", "a()\nx = 1\nb()", "x = 1\nb()\na()", Part.CODE, id="moved"),
        pytest.param("a.py", "a()\nb()", "b()\na()", Part.CODE, id="swapped"),
        pytest.param("a.py", "crash()", "# crash()", Part.CODE, id="commented-out"),
        pytest.param("a.py", "#!/usr/bin/python", "#!/usr/bin/python3", Part.CODE, id="interpreter"),
        pytest.param("a.py", "# coding: latin-1", "# coding: utf-8", Part.CODE, id="encoding"),
        pytest.param("model.bin", "", "", Part.CODE, id="no-hunks"),
    ],
)
def test_a_file_is_one_part_of_a_change(path: str, before: str, after: str, part: Part) -> None:
    """By its path, and by what of its lines a program sees."""
    assert part_of(change(path, before, after)) is part


README = change("README.md", "x", "y")
TEST = change("tests/test_a.py", "x = 1", "x = 2")
CODE = change("a.py", "x = 1", "x = 2")


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        pytest.param([README], ["diff.only_documentation"], id="one"),
        pytest.param([README, TEST], ["diff.only_tests"], id="the-nearest-to-a-fix"),
        pytest.param([TEST, README], ["diff.only_tests"], id="whatever-the-order"),
        pytest.param([README, CODE], [], id="a-mixed-commit-is-a-fix-if-one-part-is"),
        pytest.param([], [], id="nothing-known"),
    ],
)
def test_a_commit_is_judged_by_its_part_that_is_nearest_to_a_fix(files: list[FileChange], rule: list[str]) -> None:
    """One piece of evidence, or none."""
    assert [evidence.rule for evidence in judge(files)] == rule


@pytest.mark.parametrize(
    ("message", "files", "is_fix"),
    [
        pytest.param("Fix wrong output shape of Dense", [CODE], True, id="code"),
        pytest.param("Fix wrong output shape of Dense", [README], False, id="documentation"),
        pytest.param("Fix the padding", [change("a.py", "x=1", "x = 1")], False, id="style"),
        pytest.param("Fix test of the optimizer", [TEST], True, id="a-test"),
        pytest.param("Fix the build on Windows", [change("setup.py", "a = 1", "a = 2")], True, id="the-build"),
        pytest.param("Fix version", [change("a.py", "version = '1'", "version = '2'")], False, id="a-version-number"),
    ],
)
def test_the_protocol_of_what_is_a_fix(message: str, files: list[FileChange], is_fix: bool) -> None:
    """A fix of a test or of the build is one, documentation and style are not."""
    assert (bugfix.combined(bugfix.judge(message), judge(files)).score >= 0.5) is is_fix


def test_nothing_that_is_touched_speaks_for_a_fix_and_only_code_says_nothing() -> None:
    """So that no diff need be read of a commit whose message is no candidate."""
    assert {*WEIGHTS, Part.CODE} == set(Part)
    assert all(weight < 0 for weight in WEIGHTS.values())


TEXTS = st.text(st.sampled_from("ab='\"#/-% \t\r\n\\@1.\0é"), max_size=40)


@settings(deadline=None)
@given(st.sampled_from(["a.py", "a.cpp", "a.lua", "a.m", "a", "a.md", "setup.py", "tests/a.py", "a.yml"]), TEXTS, TEXTS)
def test_any_change_is_judged(path: str, before: str, after: str) -> None:
    """The evidence's span is its text, and a change that is undone is judged alike but for what is only added."""
    found = judge([change(path, before, after)])
    assert all(e.text[e.start : e.end] == e.text for e in found)
    undone = part_of(change(path, after, before))
    same = {undone, part_of(change(path, before, after))}
    assert len(same) == 1 or same == {Part.TESTS, Part.NEW_TESTS}
