"""Which changes are the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from miner.extract.patchid import patch_id
from miner.model import FileChange, FileKind, Hunk

LONG = "-model.add(Dense(10, input_shape=(784,)))\n+model.add(Dense(20, input_shape=(784,)))"
SHORT = "-x = 1\n+x = 2"


def file(*bodies: str, path: str = "a.py", no: int = 0, line: int = 1) -> FileChange:
    hunks = tuple(Hunk(at, line, 3, line, 3, "", body) for at, body in enumerate(bodies))
    return FileChange(
        no, "modify", FileKind.SOURCE, "python", path, path, "100644", "100644", "a", "b", None, 1, 1, hunks
    )


def test_a_backport_and_a_copy_share_the_id() -> None:
    """Line numbers, the lines around, the indentation and the path may differ."""
    before = patch_id([file(" import keras\n" + LONG)])
    indented = LONG.replace("-m", "-    m").replace("+m", "+\tm")
    assert before == patch_id([file(f" import tensorflow\n{indented}\n end", path="old/b.py", line=90)])


def test_other_lines_are_another_change() -> None:
    assert patch_id([file(LONG)]) != patch_id([file(LONG.replace("20", "30"))])


def test_a_small_change_is_told_by_what_is_around_it() -> None:
    """Else each "x = 1" that becomes "x = 2" would be one fix."""
    around = " model = Sequential(layers)\n model.compile(loss=loss, optimizer=optimizer)\n"
    assert patch_id([file(around + SHORT)]) != patch_id([file(around.replace("loss", "goal") + SHORT)])
    assert patch_id([file(around + SHORT)]) != patch_id([file(around + SHORT, path="c.py")])
    assert patch_id([file(around + SHORT)]) == patch_id([file(around + SHORT, path="lib/a.py", line=7)])


def test_a_small_change_with_nothing_around_it_has_no_id() -> None:
    """Nothing tells it from others."""
    assert patch_id([file(SHORT)]) == ""


def test_a_change_of_blanks_alone_has_no_id() -> None:
    assert patch_id([file("-\n+   \n+\n a")]) == ""
    assert patch_id([]) == ""


def test_a_part_of_a_commit_has_an_id_of_its_own() -> None:
    """A fix is some hunks of its commit; alone in another commit they are the same fix."""
    both = [file(LONG, LONG.replace("20", "30"))]
    assert patch_id(both, [(0, 1)]) == patch_id([file(LONG.replace("20", "30"))])
    assert patch_id(both) != patch_id(both, [(0, 0)])


@given(st.lists(st.text(alphabet="+- \\ab\t\x0b\ud800", max_size=60), max_size=4), st.randoms())
def test_the_order_of_files_does_not_count(bodies: list[str], chance: object) -> None:
    """Whatever the lines are."""
    files = [file(body, path=f"{no}.py", no=no) for no, body in enumerate(bodies)]
    assert patch_id(files) == patch_id(list(reversed(files)))
    assert patch_id(files) == patch_id([replace(one, no=one.no + 5) for one in files])
