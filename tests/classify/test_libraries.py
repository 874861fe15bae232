from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.changes import change_of

from miner.classify import libraries
from miner.model import Change
from miner.settings import libraries as known_libraries

CATALOGUE = libraries.Catalogue(known_libraries())
OWN_SETUP = 'setup(\n    name="keras",\n    install_requires=["numpy", "Theano"],\n)\n'


def ranked(change: Change, manifest: libraries.Manifest = ()) -> list[str]:
    return [label.value for label in libraries.detect(CATALOGUE, change, manifest)]


@pytest.mark.parametrize(
    ("path", "language", "source", "body", "expected"),
    [
        pytest.param("a.py", "python", "import torch\n", "-x = 1\n+x = torch.ones(2)", ["torch"], id="import and use"),
        pytest.param("a.py", "python", "import torch\n", "-x = 1\n+x = 2", ["torch"], id="import alone"),
        pytest.param("a.py", "python", "import numpy as np\n", "-x = 1\n+x = np.ones(2)", [], id="no library"),
        pytest.param("a.py", "python", "", "-x = 1\n+x = tf.ones(2)", [], id="a name that the file does not import"),
        pytest.param(
            "a.py", "python", None, "-x = 1\n+x = tf.ones(2)", ["tensorflow"], id="conventional name, no file"
        ),
        pytest.param("a.py", "python", None, "-x = y.T\n+x = y.T.T", [], id="T is not theano by itself"),
        pytest.param(
            "a.py", "python", None, "+import theano.tensor as T\n+x = T.dot(a, b)", ["theano"], id="import in the hunk"
        ),
        pytest.param(
            "a.py",
            "python",
            "import tensorflow as tf\n",
            "-m.add(tf.keras.layers.Dense(1))\n+m.add(tf.keras.layers.Dense(2))",
            ["keras", "tensorflow"],
            id="tf.keras is keras",
        ),
        pytest.param(
            "a.py",
            "python",
            "import torch\nfrom keras.layers import (\n    Dense,\n    LSTM as Memory,\n)\n",
            "-x = Memory(1)\n+x = Memory(2)",
            ["keras", "torch"],
            id="names of a list in brackets",
        ),
        pytest.param("a.lua", "lua", "require 'nn'\nlocal x = 1\n", "-x = 1\n+x = nn.Linear(2)", ["torch"], id="lua"),
        pytest.param("a.py", "python", "import nn\n", "-x = 1\n+x = nn.Linear(2)", [], id="nn is torch's in lua only"),
        pytest.param("net.prototxt", "prototxt", None, "-lr: 1\n+lr: 2", ["caffe"], id="an ending of its own"),
        pytest.param("a.cc", "c++", '#include "caffe/layer.hpp"\n', "-int x;\n+int y;", ["caffe"], id="c++ include"),
        pytest.param(
            "a.ipynb",
            "notebook",
            None,
            '+    "import tensorflow as tf\\n",\n+    "x = tf.ones(2)"',
            ["tensorflow"],
            id="notebook",
        ),
        pytest.param("readme.md", "markdown", None, "+import torch", [], id="prose is not code"),
    ],
)
def test_library_of_a_change(path: str, language: str, source: str | None, body: str, expected: list[str]) -> None:
    """The library that the changed lines name most comes first; a change that touches none gets no label."""
    assert ranked(change_of(body, path=path, language=language, source=source)) == expected


def test_own_repository_counts_without_an_import() -> None:
    """In a library's own repository, code with relative imports is code of the library."""
    manifest = libraries.manifest_evidence(CATALOGUE, "setup.py", OWN_SETUP)
    change = change_of("-x = 1\n+x = K.ones(2)", source="from .. import backend as K\n")
    assert ranked(change) == []
    assert ranked(change, manifest) == ["keras"]


def test_manifest_alone_is_not_enough() -> None:
    """A repository that requires a library may be changed where it does not use it."""
    manifest = libraries.manifest_evidence(CATALOGUE, "requirements.txt", "torch==1.0\n")
    assert ranked(change_of("-x = 1\n+x = 2", source="import os\n"), manifest) == []


def test_manifest_decides_a_tie() -> None:
    """Of two libraries that the code uses alike, the one that the manifest names comes first."""
    change = change_of("-x = 1\n+x = 2", source="import torch\nimport keras\n")
    assert ranked(change) == ["keras", "torch"]
    assert ranked(change, libraries.manifest_evidence(CATALOGUE, "requirements.txt", "torch\n")) == ["torch", "keras"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("setup.py", OWN_SETUP, [("keras", "self", 2), ("theano", "requires", 3)]),
        ("requirements-dev.txt", "# torch\ntensorflow-gpu>=1.4\n", [("tensorflow", "requires", 2)]),
        (
            "pyproject.toml",
            '[project]\nname = "pytorch-tools"\ndependencies = ["torch>=2"]',
            [("torch", "requires", 3)],
        ),
        ("environment.yml", "dependencies:\n  - pytorch=1.2\n", [("torch", "requires", 2)]),
        ("train.py", "keras", []),
        ("requirements.txt", "torchaudio-tools\nmy-keras\nkeras_extras\n", []),
    ],
)
def test_manifest_names(path: str, text: str, expected: list[tuple[str, str, int]]) -> None:
    """A manifest tells what a repository is and requires; names that only begin or end like a library's are others."""
    found = libraries.manifest_evidence(CATALOGUE, path, text)
    assert [(library, row.rule.rpartition(".")[2], row.line) for library, row in found] == expected
    assert all(row.side == "manifest" and row.text[row.start : row.end] for _, row in found)


def test_evidence_names_the_line() -> None:
    """Evidence from a hunk has the side, the line and the columns of the name."""
    (label,) = libraries.detect(CATALOGUE, change_of(" y = 1\n-x = 1\n+x = torch.ones(2)", source="import torch\n"))
    use = next(row for row in label.evidence if row.rule == "library.name")
    assert (use.side, use.line, use.start, use.end, use.text) == ("new", 11, 4, 14, "torch.ones")
    origin = next(row for row in label.evidence if row.rule == "library.import")
    assert (origin.side, origin.line, origin.start, origin.end) == ("new", 1, 7, 12)


def test_shares_add_up() -> None:
    """Confidences are shares of all evidence."""
    labels = libraries.detect(CATALOGUE, change_of("+x = torch.ones(2)", source="import torch\nimport keras\n"))
    assert sum(label.confidence or 0 for label in labels) == pytest.approx(1, abs=0.001)
    assert [label.rank for label in labels] == [1, 2]


def test_catalogue_can_be_sent_to_a_worker() -> None:
    """A pickled catalogue finds the same."""
    copy = pickle.loads(pickle.dumps(CATALOGUE))  # noqa: S301 - what the test has made itself
    change = change_of("+import torch")
    assert libraries.detect(copy, change) == libraries.detect(CATALOGUE, change)


@given(st.text(), st.sampled_from(["setup.py", "requirements.txt", "x.rockspec"]))
def test_any_manifest_is_read(text: str, path: str) -> None:
    """Any text is read; spans lie inside the evidence's line."""
    for _, row in libraries.manifest_evidence(CATALOGUE, path, text + "\nkeras"):
        assert 0 <= row.start < row.end <= len(row.text)
