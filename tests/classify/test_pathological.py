"""Input made to be slow or deep: the whole way from a change to its fixes neither hangs nor recurses to death.

There is no clock here: work that is not bounded does not come back at all, or ends the process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.changes import change_of

from miner.classify import bugfix, engine, libraries, splitting
from miner.extract.patchid import patch_id
from miner.model import Change, ChangedFile, FileChange, FileKind, Hunk, Label
from miner.settings import libraries as known_libraries

CATALOGUE = libraries.Catalogue(known_libraries())
LANGUAGES = ("python", "notebook", "lua", "c++", "prototxt", "")
MINIFIED, NESTED, HUNKS = 5_000_000, 100_000, 10_000
OPENING = ("(", "[", "{", "Dense(", "f'{", "lambda: ", "x if ", "not ", "-", "a.", "a[", "if x:\n+ ", '"""', "\\\n+")


def label(change: Change) -> tuple[Label, ...]:
    """Go the whole way: the library, the fixes, and each fix's own part of the change."""
    found = libraries.detect(CATALOGUE, change)
    parts = splitting.split(change, found[0].value if found else "keras")
    assert sum(len(part.places) for part in parts) == sum(len(file.hunks) for file in change.files)
    for part in parts:
        held = splitting.part(change, part.places)
        libraries.detect(CATALOGUE, held)
        assert engine.classify(held, "keras")
    return parts[0].labels


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("token", ["Dense(1);", "tf.nn.relu(x),", "import keras;", "loss=", '"a" ', "x\t"])
def test_a_minified_line_of_five_megabytes(token: str, language: str) -> None:
    """On both sides, with the whole text at hand."""
    line = token * (MINIFIED // len(token))
    assert label(change_of(f"-{line}\n+{line}1", language=language, source=line))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("opening", OPENING)
def test_brackets_nested_a_hundred_thousand_deep(opening: str, language: str) -> None:
    """On one line, on lines below the limit of a line, and a bracket a line."""
    deep = opening * NESTED
    short = "\n".join("+" + (opening * (900 // len(opening))).replace("\n", "\n+") for _ in range(200))
    tall = "\n".join(["+" + opening.replace("\n", "\n+")] * NESTED)
    for body in (f"+{deep}", short, tall):
        assert label(change_of(f"-model.compile(loss='mse')\n{body}", language=language, source=deep))


@pytest.mark.parametrize("files", [1, 100, HUNKS])
def test_a_diff_of_ten_thousand_hunks(files: int) -> None:
    """In one file or spread over many, of two patterns in turn, so that there is something to split."""
    bodies = ("-model.add(Dense(1))\n+model.add(Dense(2))", "-m.compile(loss='mse')\n+m.compile(loss='mae')")
    hunks = [Hunk(no, no + 1, 1, no + 1, 1, "", bodies[no % 2]) for no in range(HUNKS // files)]
    change = Change(
        tuple(ChangedFile(no, f"a{no}.py", "python", tuple(hunks), "import keras\n") for no in range(files))
    )
    assert label(change)[0].value in ("layer_dimension", "loss_function")
    changed = [
        FileChange(f.no, "modify", FileKind.SOURCE, "python", f.path, f.path, "", "", None, None, None, 1, 1, f.hunks)
        for f in change.files
    ]
    assert patch_id(changed)


@pytest.mark.parametrize("unit", ["fix ", "fix #1 ", "not ", 'revert "', "fix(", "\n", "bug\n\n", "éa"])
def test_a_message_of_five_megabytes(unit: str) -> None:
    """Its score is a score like any other."""
    assert 0 <= bugfix.judge(unit * (MINIFIED // len(unit))).score <= 1


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(
        st.tuples(st.sampled_from("+- "), st.sampled_from([*OPENING, *")]}=,:'#"]), st.integers(1, 30_000)), max_size=20
    ),
    st.sampled_from(LANGUAGES),
    st.booleans(),
)
def test_any_pile_of_brackets(lines: list[tuple[str, str, int]], language: str, with_source: bool) -> None:
    """Whatever is repeated however often, on either side, in whatever language."""
    body = "\n".join(sign + (unit * count).replace("\n", f"\n{sign}") for sign, unit, count in lines)
    assert label(change_of(body, language=language, source=body if with_source else None))


def test_a_small_stack_is_enough(tmp_path: Path) -> None:
    """A worker's stack may be smaller than that of this process: nothing recurses as deep as the input."""
    program = (
        "from classify.test_pathological import NESTED, OPENING, change_of, label\n"
        "for opening in OPENING:\n"
        "    for language in ('python', 'lua', 'c++'):\n"
        "        short = '\\n'.join('+' + opening * 400 for _ in range(300))\n"
        "        assert label(change_of('-Dense(1)\\n+' + opening * NESTED, language=language))\n"
        "        assert label(change_of('-Dense(1)\\n' + short, language=language))\n"
    )

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))

    done = run(program, tmp_path, limited)
    assert done.returncode == 0, done.stderr


def run(program: str, folder: Path, before: Callable[[], None]) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{program}"],
        cwd=folder,
        preexec_fn=before,
        capture_output=True,
        text=True,
        check=False,
    )
