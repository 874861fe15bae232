"""A block of a post is told to be code, a traceback or output, and in which language."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.extract.snippetkinds import parts
from miner.model import SnippetKind

CODE, TRACEBACK, OUTPUT = SnippetKind.CODE, SnippetKind.TRACEBACK, SnippetKind.OUTPUT


def read(block: str, marks: str = "") -> list[tuple[SnippetKind, str]]:
    return [(part.kind, part.text) for part in parts(dedent(block).strip("\n"), marks)]


@pytest.mark.parametrize(
    "block",
    [
        "model.add(Dense(3))",
        "x = torch.tensor([[1, 2],\n                  [3, 4]])",
        "for batch in loader:\n    step(batch)",
        "x.view(-1)[0]",
        "head.weight[:, 0].data[...] = old",
        "def forward(self, a, b=None,\n            c=None):",
        "import numpy as np",
        "# scale it\nimg /= 255.",
        ".to(device)",
        "%timeit f(x)",
        "x = f(y)  # ValueError: bad shape",
        "if loss > best:\n    raise ValueError('loss: 0.5')",
        "print('Epoch 1, loss: 0.5')",
    ],
)
def test_python_without_a_mark_is_code(block: str) -> None:
    assert [(part.kind, part.language) for part in parts(block)] == [(CODE, "python")]


@pytest.mark.parametrize(
    ("language", "block"),
    [
        ("prototxt", 'layer {\n  name: "ip1"\n  type: "InnerProduct"\n  bottom: "data"\n}'),
        ("lua", "local net = nn.Sequential()\nnet:add(nn.Linear(10, 5))\nif gpu then\n  net:cuda()\nend"),
        ("c++", "#include <torch/script.h>\nint main() {\n  auto x = torch::ones({2});\n}"),
        ("shell", "pip install torch==1.4.0"),
        ("shell", "# first\n$ conda activate dl\n$ sudo apt-get install cmake"),
        ("matlab", "% train it\nnet = train(net, x);  % slow\n% test it\ny = net(x);  % fast"),
        ("r", "library(keras)\nmodel <- keras_model_sequential()"),
        ("java", "import org.tf.Graph;\nGraph graph = new Graph();"),
        ("javascript", "const model = tf.sequential();\nconsole.log(model);"),
        ("yaml", "name: dl\nchannels:\n  - defaults\ndependencies:\n  - numpy"),
        ("", "worker.Execute(input);\nworker.Stop(now);"),
    ],
)
def test_other_languages_are_code_with_their_name(language: str, block: str) -> None:
    assert [(part.kind, part.language) for part in parts(block)] == [(CODE, language)]


@pytest.mark.parametrize(
    ("marks", "language"),
    [("lang-cpp prettyprint", "c++"), ("language-lua", "lua"), ("lang-r s-code-block", "r"), ("lang-none", "python")],
)
def test_a_mark_tells_the_language_of_what_looks_like_python(marks: str, language: str) -> None:
    assert [part.language for part in parts("x = f(y)", marks)] == [language]


@pytest.mark.parametrize(
    "block",
    [
        'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    x = f(1)\nTypeError: no',
        '  File "a.py", line 3, in f\n    y = g(x)\nKeyError: 3',
        "ValueError: shapes (3,) and (4,) differ",
        "RuntimeError('bad')",
        "AssertionError",
        "<ipython-input-3-abc> in <module>\n----> 1 model.fit(x)\n\nTypeError: no",
        "F0513 12:00:01.123 12 net.cpp:99] Check failed: a == b\n*** Check failure stack trace: ***",
        "2019-01-01 10:00:00.12: E tensorflow/stream.cc:3] failed",
        "terminate called after throwing an instance of 'c10::Error'\nframe #0: f()",
        "Segmentation fault (core dumped)",
        "a.cpp:3:5: error: no such file",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
    ],
)
def test_errors_are_tracebacks_also_cut_ones(block: str) -> None:
    assert [part.kind for part in parts(block, "lang-py")] == [TRACEBACK]


@pytest.mark.parametrize(
    "block",
    [
        "Epoch 1/10\n32/60 [====>....] - ETA: 1s - loss: 0.5",
        "[ 1/10] train_loss: 1.56 valid_loss: 1.54",
        "tensor([[1, 2],\n        [3, 4]])",
        "array([1., 2.])",
        "torch.Size([2, 3])",
        "[[1, 2],\n [3, 4]]",
        "Net(\n  (fc): Linear(in_features=3, out_features=4, bias=True)\n  (act): ReLU()\n)",
        "_______________\nLayer (type)    Output Shape    Param #\n======\n"
        "dense_1 (Dense)  (None, 3)   12\nTotal params: 12",
        "$ pip install x\nCollecting x\nSuccessfully installed x-1.0",
        "torch==1.4.0\nnumpy==1.18.1",
        "tensorflow: 1.13.1",
        "a.py:3: UserWarning: deprecated",
        "True",
        "root\n├── a.py\n└── b.py",
        "The driver on this machine is too old for this library.",
    ],
)
def test_what_a_console_shows_is_output(block: str) -> None:
    assert [part.kind for part in parts(block)] == [OUTPUT]


def test_a_python_session_becomes_code_without_prompts_then_its_output() -> None:
    block = """
        >>> x = torch.ones(2,
        ...                3)
        >>> for row in x:
        ...     print(row)
        ...
        tensor([1., 1., 1.])
        >>> x.size()
        torch.Size([2, 3])
        """
    code = "x = torch.ones(2,\n               3)\nfor row in x:\n    print(row)\n\nx.size()"
    assert read(block) == [(CODE, code), (OUTPUT, "tensor([1., 1., 1.])\ntorch.Size([2, 3])")]


def test_a_notebook_becomes_code_without_prompts_then_its_output() -> None:
    block = """
        In [1]: import torch

        In [2]: def f(x):
           ...:     return x
           ...:
        In[3]: f(torch.ones(1))
        Out[3]: tensor([1.])
        """
    assert read(block) == [
        (CODE, "import torch\ndef f(x):\n    return x\n\nf(torch.ones(1))"),
        (OUTPUT, "Out[3]: tensor([1.])"),
    ]


def test_the_error_of_a_session_is_a_traceback() -> None:
    block = '>>> f(1)\nTraceback (most recent call last):\n  File "<stdin>", line 1\nTypeError: no'
    assert [kind for kind, _ in read(block)] == [CODE, TRACEBACK]


def test_code_is_cut_from_the_traceback_between() -> None:
    block = """
        x = f(1)
        Traceback (most recent call last):
          File "a.py", line 1
            x = f(1)
        TypeError: no

        y = g(2)
        """
    assert [kind for kind, _ in read(block)] == [CODE, TRACEBACK, CODE]
    assert read(block)[2] == (CODE, "y = g(2)")


def test_code_is_cut_from_the_output_after_it() -> None:
    assert read("x = f(1)\nprint(x)\n\ntensor([1.,\n        2.])") == [
        (CODE, "x = f(1)\nprint(x)"),
        (OUTPUT, "tensor([1.,\n        2.])"),
    ]


@given(st.text(), st.text(max_size=20))
def test_no_block_raises_and_no_part_is_blank(block: str, marks: str) -> None:
    assert all(part.text.strip() for part in parts(block, marks))
