from __future__ import annotations

import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.changes import change_of, fixtures

from miner import __version__
from miner.classify import engine, libraries, version
from miner.model import Change, ChangedFile, Hunk
from miner.settings import libraries as known_libraries

CATALOGUE = libraries.Catalogue(known_libraries())
BOUND_SECONDS = 5.0
"""Far above what the bounded work costs (tens of milliseconds), far below what unbounded work would."""

CODE = st.lists(
    st.sampled_from([*"+- \n\t()[]{}=.,:'\"#\\@<>1aé\x00", "Dense", "loss", "import ", "tf", '"""', "\n+", "\n-"])
).map("".join)


def test_labels_are_ranked() -> None:
    """Ranks count from 1, confidences fall and add up to at most 1, and each label has its evidence."""
    body = "-model.compile(loss='mse', optimizer='sgd')\n+model.compile(loss='mae', optimizer='adam')\n+print(1)"
    labels = engine.classify(change_of(body), "keras")
    assert [label.rank for label in labels] == list(range(1, len(labels) + 1))
    confidences = [label.confidence or 0 for label in labels]
    assert confidences == sorted(confidences, reverse=True)
    assert 0 < sum(confidences) <= 1
    assert {"loss_function", "optimizer"} <= {label.value for label in labels}
    assert all(label.evidence and label.scheme == "pattern" and label.rater == engine.RATER for label in labels)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Change(()), id="nothing changed"),
        pytest.param(change_of("-a = 1\n+a = 2"), id="no trigger"),
        pytest.param(change_of("-# the loss of the model\n+# The loss of a model"), id="comment only"),
        pytest.param(change_of("-loss = 1\n+loss = 2", path="notes.md", language="markdown"), id="not code"),
        pytest.param(change_of(""), id="empty hunk"),
    ],
)
def test_abstains_with_one_unknown_label(change: Change) -> None:
    """Where no rule has enough to go by there is exactly one label, "unknown", without confidence or evidence."""
    (label,) = engine.classify(change, "keras")
    assert (label.value, label.rank, label.confidence, label.evidence) == ("unknown", 1, None, ())


def test_topics_alone_make_no_first_label() -> None:
    """Names that merely speak of weights are in most changes to a library's own code: no rule, no label."""
    change = change_of("-y = check(weight_shape)\n+y = check(grad_shape, bias_shape)")
    (label,) = engine.classify(change, "keras")
    assert label.value == "unknown"


def test_tests_are_read_only_where_nothing_else_changed() -> None:
    """What a test does says nothing of the fix, unless the fix is of the test."""
    body = "-net.compile(loss='mse')\n+net.compile(loss='mae')"
    test = ChangedFile(1, "tests/test_net.py", "python", (Hunk(0, 1, 1, 1, 1, "", body),))
    code = ChangedFile(0, "net.py", "python", (Hunk(0, 1, 1, 1, 1, "", "-epochs = 1\n+epochs = 9"),))
    assert engine.classify(Change((test,)), "keras")[0].value == "loss_function"
    first, *others = engine.classify(Change((code, test)), "keras")
    assert first.value == "iterations"
    assert "loss_function" not in [label.value for label in others if label.evidence[0].file_no == 1]


def test_a_docstring_gives_no_label() -> None:
    """Changed lines inside a docstring are not code, with the file at hand or without."""
    body = ' def build():\n     """Build it.\n \n-    model.add(Dense(10))\n+    model.add(Dense(12))\n     """'
    assert engine.classify(change_of(body), "keras")[0].value == "unknown"
    source = "\n" * 8 + 'def build():\n    """Build it.\n\n    model.add(Dense(12))\n    more\n    """\n'
    inside = change_of("     # Example\n-    model.add(Dense(10))\n+    model.add(Dense(12))\n     more", source=source)
    moved = Change(
        (ChangedFile(0, "a.py", "python", (Hunk(0, 11, 3, 11, 3, "", inside.files[0].hunks[0].body),), source),)
    )
    assert engine.classify(moved, "keras")[0].value == "unknown"


@pytest.mark.parametrize(
    ("path", "language", "body", "pattern"),
    [
        pytest.param(
            "a.py", "python", " print 'x'\n-model.fit(x, epochs=1)\n+model.fit(x, epochs=9)", "iterations", id="py2"
        ),
        pytest.param(
            "a.ipynb",
            "notebook",
            '-    "model.add(Dense(10))\\n",\n+    "model.add(Dense(12))\\n",',
            "layer_dimension",
            id="notebook",
        ),
        pytest.param("a.lua", "lua", "-net:add(nn.Tanh())\n+net:add(nn.ReLU())", "activation", id="lua"),
        pytest.param("n.prototxt", "prototxt", "-  batch_size: 100\n+  batch_size: 64", "iterations", id="prototxt"),
        pytest.param(
            "a.cc", "c++", "-  auto y = x.view({1, 2});\n+  auto y = x.view({2, 1});", "data_dimension", id="c++"
        ),
        pytest.param(
            "", "", "-model.fit(x, epochs=1)\n+model.fit(x, epochs=9)", "iterations", id="snippet without a path"
        ),
    ],
)
def test_reads_other_languages(path: str, language: str, body: str, pattern: str) -> None:
    """Python 2, notebooks, Lua, C++ and prototxt give labels too."""
    assert engine.classify(change_of(body, path=path, language=language), "torch")[0].value == pattern


def test_an_argument_list_without_its_call_is_read() -> None:
    """A hunk that starts in the middle of a call still tells what became of its arguments."""
    body = "               metrics=['acc'],\n-              loss='mse')\n+              loss='mae')\n model.fit(x)"
    (first, *_) = engine.classify(change_of(body), "keras")
    assert first.value == "loss_function"
    assert (first.evidence[0].line, first.evidence[0].text) == (11, "loss='mae'")


PATHOLOGICAL = {
    "minified line of 5 MB": change_of("+" + "Dense(1);" * 600_000),
    "source of 5 MB on one line": change_of("-Dense(1)\n+Dense(2)", source="import tf;" * 500_000),
    "10,000 brackets in a line": change_of("+x = Dense(" + "(" * 10_000),
    "10,000 brackets on 10,000 lines": change_of("\n".join(["+Dense("] * 10_000)),
    "brackets below the line limit": change_of("\n".join(["+Dense" + "(" * 900] * 100)),
    "10,000 hunks": Change(
        (
            ChangedFile(
                0, "a.py", "python", tuple(Hunk(no, no, 1, no, 1, "", "-Dense(1)\n+Dense(2)") for no in range(10_000))
            ),
        )
    ),
    "a hunk of 100,000 lines": change_of("\n".join(["+x = Dense(1)"] * 100_000)),
    "operators": change_of("\n".join(["+ dense " + "not -~" * 150] * 80)),
    "lambdas": change_of("\n".join(["+ dense " + "lambda: " * 120] * 80)),
    "escaped quotes": change_of("\n".join(['+ dense "' + '\\"' * 450] * 80)),
    "calls in calls in lua": change_of("\n".join(["+" + "dense(a(b " * 90] * 80), path="a.lua", language="lua"),
}


@pytest.mark.parametrize("change", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
def test_pathological_input_is_bounded(change: Change) -> None:
    """Input made to be slow neither hangs nor overflows."""
    started = time.process_time()
    assert engine.classify(change, "keras")
    libraries.detect(CATALOGUE, change)
    assert time.process_time() - started < BOUND_SECONDS


@settings(deadline=None)
@given(CODE, CODE, st.sampled_from(["python", "notebook", "lua", "c++", "prototxt", ""]), st.booleans())
def test_any_hunk_is_classified(body: str, source: str, language: str, with_source: bool) -> None:
    """Any text gives labels, and spans that lie inside a line of the hunk."""
    change = change_of(body, language=language, source=source if with_source else None)
    labels = engine.classify(change, "keras") + libraries.detect(CATALOGUE, change)
    lines = [line[1:] for line in body.split("\n")]
    for label in labels:
        for row in label.evidence:
            if row.hunk_no is not None:
                assert 0 <= row.start <= row.end
                assert any(line[row.start : row.end].startswith(row.text) for line in lines)


@settings(deadline=None)
@given(st.text(), st.text(alphabet=st.characters()))
def test_any_text_is_classified(body: str, source: str) -> None:
    """Text of any characters, lone surrogates among them, gives labels."""
    assert engine.classify(change_of("+Dense(" + body, source=source), "keras")


def test_the_same_in_every_process() -> None:
    """Labels do not hang on the order of sets or addresses: another process with another hash seed gives the same."""
    program = (
        "from support.changes import fixtures\n"
        "from miner.classify import engine\n"
        "print([engine.classify(f.change, f.library) for k in ('match', 'near_miss') for f in fixtures(k)])"
    )
    folder = str(Path(__file__).parents[1])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": folder, "PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_rater_names_version_and_rules() -> None:
    """The rater tells the package's version and a digest of the rules, which any change to them changes."""
    assert engine.RATER == version.RATER
    assert engine.RATER.startswith(f"heuristic/{__version__}+")


def test_rater_changes_with_a_rule(tmp_path: Path) -> None:
    """The digest hangs on names and contents, and not on line endings."""
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    before = version.digest(tmp_path)
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")
    assert version.digest(tmp_path) == before
    (tmp_path / "a.py").write_bytes(b"x = 2\n")
    assert version.digest(tmp_path) != before


def test_labels_can_be_sent_between_processes() -> None:
    """Labels survive pickling, as a pool of workers needs."""
    fixture = fixtures("match")[0]
    labels = engine.classify(fixture.change, fixture.library)
    assert pickle.loads(pickle.dumps(labels)) == labels  # noqa: S301 - what the test has made itself
