"""Fixes whose lines a later fix changes again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.study.later import SECONDS_A_DAY, ChangedAgain, FixedHunk, changed_again, tells_something

LINE = "loss = mean_squared_error(y, p)"
OTHER = "loss = binary_crossentropy(y, p)"


def hunk(
    fix: str, day: float, body: str, old: str | None = "a.py", new: str | None = "a.py", repo: int = 1
) -> FixedHunk:
    return FixedHunk(repo, f"sha of {fix.partition('/')[0]}", int(day * SECONDS_A_DAY), fix, old, new, body)


def found(*hunks: FixedHunk) -> list[tuple[str, str]]:
    return [(one.fix_id, one.later_fix_id) for one in changed_again(hunks)]


def test_a_line_that_a_fix_brought_and_a_later_one_takes_away() -> None:
    """Wherever it has moved meanwhile: it is known by what it says."""
    first = hunk("a", 1, f" def f():\n-    pass\n+    {LINE}\n")
    second = hunk("b", 3.5, f"-        {LINE}\n+        {OTHER}\n")
    assert list(changed_again([first, second])) == [ChangedAgain("a", "b", LINE, 2.5)]


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (hunk("b", 2, f"-{OTHER}\n"), "another line"),
        (hunk("b", 2, f" {LINE}\n+{OTHER}\n"), "a line beside it"),
        (hunk("b", 2, f"-{LINE}\n+    {LINE}\n"), "its indentation alone"),
        (hunk("b", 2, f"-{LINE}\n", old="b.py", new="b.py"), "the same line of another file"),
        (hunk("b", 2, f"-{LINE}\n", repo=2), "another repository"),
        (hunk("b", 1, f"-{LINE}\n"), "a commit of the same second"),
    ],
)
def test_what_is_no_change_of_it(second: FixedHunk, what: str) -> None:
    """Each a near miss."""
    assert found(hunk("a", 1, f"+{LINE}\n"), second) == [], what


@pytest.mark.parametrize(
    "line",
    [
        "model.fit(x)",
        "input_shape = self.input_spec",
        "from keras import layers",
        "tuner_id=tuner_id,",
        "for name in names:",
        "return self.total + other",
        "num_output: conv_size",
        "top[0]->Reshape(num, channels);",
    ],
)
def test_lines_of_code_tell_something(line: str) -> None:
    """Two names or more."""
    assert tells_something(line)


@pytest.mark.parametrize(
    "line",
    [
        "else:",
        "return None",
        "x = 1",
        ")",
        "# model.fit(x) is slow",
        "// top[0]->Reshape(num);",
        "* model.fit(x)",
        "axis: int for the axis to expand.",
        "Returns a key in form of the backend array",
        "this [guide](https://example.org/guide).",
    ],
)
def test_lines_that_tell_nothing_do_not_count(line: str) -> None:
    """They are everywhere, or no code."""
    assert not tells_something(line)
    assert found(hunk("a", 1, f"+    {line}\n"), hunk("b", 2, f"-    {line}\n")) == []


def test_who_brought_the_line_last_is_to_blame() -> None:
    """A fix whose line was replaced is not changed again when that line comes back and goes."""
    steps = [
        hunk("a", 1, f"+{LINE}\n"),
        hunk("b", 2, f"-{LINE}\n+{OTHER}\n"),
        hunk("c", 3, f"-{OTHER}\n+{LINE}\n"),
        hunk("d", 4, f"-{LINE}\n"),
    ]
    assert found(*steps) == [("a", "b"), ("b", "c"), ("c", "d")]


def test_a_rename_in_a_fix_is_followed() -> None:
    """The lines of the old name are those of the new one."""
    steps = [
        hunk("a", 1, f"+{LINE}\n"),
        hunk("b", 2, "-y = one(x)\n+y = two(x)\n", old="a.py", new="c.py"),
        hunk("c", 3, f"-{LINE}\n", old="c.py", new="c.py"),
    ]
    assert found(*steps) == [("a", "c")]


def test_a_line_that_moves_within_a_commit_is_not_changed() -> None:
    """It goes in one hunk and comes in another of the same file."""
    moved = [hunk("b", 2, f"-{LINE}\n"), hunk("b", 2, f"+{LINE}\n")]
    assert found(hunk("a", 1, f"+{LINE}\n"), *moved) == []
    assert found(hunk("a", 1, f"+{LINE}\n"), *moved, hunk("c", 3, f"-{LINE}\n")) == [("a", "c")]


def test_two_fixes_of_one_commit_do_not_change_each_other() -> None:
    """They were made at once."""
    both = [hunk("a/1", 1, f"+{LINE}\n"), hunk("a/2", 1, f"-{OTHER}\n+{LINE}\n")]
    assert found(*both) == []


def test_a_file_that_is_deleted_is_a_change_of_its_lines() -> None:
    """By the fix that deletes it."""
    assert found(hunk("a", 1, f"+{LINE}\n", old=None), hunk("b", 2, f"-{LINE}\n", new=None)) == [("a", "b")]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.lists(st.sampled_from([f"+{LINE}", f"-{LINE}", f"+{OTHER}", f"-{OTHER}", " x", ""]), max_size=5),
        ),
        max_size=8,
    )
)
def test_any_history_leads_forward(steps: list[tuple[int, list[str]]]) -> None:
    """A later fix is later, and never the same one."""
    hunks = [hunk(f"f{no}", day, "\n".join(lines)) for no, (day, lines) in enumerate(sorted(steps))]
    for one in changed_again(hunks):
        assert one.fix_id != one.later_fix_id
        assert one.days > 0
