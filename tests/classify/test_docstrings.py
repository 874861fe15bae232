"""Changes of docstrings alone are told from changes of code, and of strings that look like docstrings."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import miner
from miner.classify import docstrings
from miner.classify.diffevidence import Part, part_of
from miner.classify.docstrings import may_touch_only_docstrings, touches_only_docstrings
from miner.extract.hunks import hunks
from miner.model import FileChange, FileKind

MODULES = sorted(Path(miner.__file__).parent.rglob("*.py"))
CODE = '''"""Module."""


class Dense(object):  # A layer.
    r\'\'\'Makes it {dense}.

    Units are (whole) numbers.
    \'\'\'

    TEXT = """
    Not a docstring, {text}.
    """
    """An attribute."""

    def call(self, x,
             y="#"):
        """
        Calls {call} it.
        """
        f(
            """A kernel, {kernel}."""
        )
        return '"""' + x  # {comment}
'''
VALUES = dict.fromkeys(("dense", "text", "call", "kernel", "comment"), "one")


def only_docstrings(old: str, new: str) -> bool:
    found = hunks(old, new)
    return may_touch_only_docstrings(found) and touches_only_docstrings(found, old, new)


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (["dense"], True),
        (["call"], True),
        (["dense", "call"], True),
        (["text"], False),
        (["kernel"], False),
        (["comment"], False),
        (["dense", "text"], False),
    ],
)
def test_what_is_in_a_docstring(names: list[str], is_one: bool) -> None:
    """A string that stands first in a class or a function, and no other one."""
    old = CODE.format(**VALUES)
    assert only_docstrings(old, CODE.format(**{**VALUES, **dict.fromkeys(names, "two\n    words")})) is is_one
    assert only_docstrings(CODE.format(**{**VALUES, **dict.fromkeys(names, "words")}), old) is is_one


def test_it_is_evidence_if_the_file_can_be_read() -> None:
    """Else nothing is known, and the message stands."""
    old, new = CODE.format(**VALUES), CODE.format(**{**VALUES, "call": "two"})
    file = FileChange(
        *(0, "modify", FileKind.SOURCE, "python", "a.py", "a.py", "100644", "100644", "a", "b", None, 1, 1),
        hunks(old, new),
    )
    assert part_of(file, lambda _: (old, new)) is Part.DOCSTRINGS
    assert part_of(file, lambda _: None) is Part.CODE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_the_lines_are_those_that_python_says(path: Path) -> None:
    """On this program's own modules."""
    text = path.read_text(encoding="utf-8")
    expected: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            first = node.body[0]
            expected.update(range(first.lineno, (first.end_lineno or 0) + 1))
    assert set(docstrings._lines_of_docstrings(text)) == expected


@pytest.mark.parametrize(
    ("above", "is_one"),
    [
        ("def f():\n" + "    # A long comment: it is no code.\n" * 40, True),
        ("def f():\n    x = 1" + "  # A long comment:\n    #" * 4, False),
        ("x = [\n" + "    1, 2, 3,\n" * 60 + "]\nclass A:", True),
        ("x = [\n" + "    1, 2, 3,\n" * 60 + "]", False),
        ("f('a \\\n" + "b \\\n" * 300 + "c:')", False),
        ("f('a \\\n" + "b \\\n" * 300 + "# c')\nclass A:", True),
        ('"""Module."""', False),
    ],
    ids=["comments", "code and comments", "class", "list", "string", "class behind a string", "docstring"],
)
def test_what_stands_above_tells(above: str, is_one: bool) -> None:
    """However far it reaches: comments are none of it, and a string that goes on over lines is one string."""
    text = above + '\n    """Words."""\n'
    last = text.count("\n")
    assert (last in docstrings._lines_of_docstrings(text)) is is_one


def test_the_last_changed_line_decides_too() -> None:
    """A file is read as far as it changes, and to its end if a string is left open there."""
    old = CODE.format(**VALUES) + "'" * 3 + "open"
    new = old.replace("Makes it one", "Makes it two")
    assert only_docstrings(old, new)
    assert not only_docstrings(old, new + "\nmore words here")


@settings(deadline=None)
@given(
    st.text(st.sampled_from("\"'#:\\ \nrab()"), max_size=60), st.text(st.sampled_from("\"'#:\\ \nrab()"), max_size=60)
)
def test_any_text_is_read(old: str, new: str) -> None:
    """Also one that is no Python; a change of nothing touches nothing."""
    assert touches_only_docstrings(hunks(old, old), old, old)
    touches_only_docstrings(hunks(old, new), old, new)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_string_without_an_end_is_read_in_linear_time(quote: str) -> None:
    """Eight times the escaped quotes cost less than 24 times the time (64 were it quadratic)."""

    def seconds(number: int) -> float:
        text = f"x = {quote}" + f"\\{quote}" * number + '\ndef f():\n    """Words."""\n'
        started = time.process_time()
        assert list(docstrings._lines_of_docstrings(text)) == [3]
        return time.process_time() - started

    assert seconds(160_000) < max(0.5, 24 * seconds(20_000))
