from __future__ import annotations

import pytest
from support.changes import change_of

from miner.classify import signals
from miner.classify.facts import Facts, Kind
from miner.model import Change, ChangedFile, Hunk

ANY = frozenset({"f", "g", "dense", "model", "loss", "x", "tf", "import", "for", "print", "units"})


def facts(body: str, **more: str) -> Facts:
    return signals.read(change_of(body, **more), ANY)


def arguments(found: Facts) -> list[tuple[Kind, str, str | None, str, str]]:
    return [(fact.kind, fact.call, fact.keyword, fact.old, fact.new) for fact in found.arguments]


def calls(found: Facts) -> list[tuple[Kind, str, str]]:
    return [(fact.kind, fact.name, fact.old_name) for fact in found.calls]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("-f(1)\n+f(2)", (Kind.CHANGED, "f", None, "1", "2"), id="changed by position"),
        pytest.param("-f(a=1)\n+f(a=2)", (Kind.CHANGED, "f", "a", "1", "2"), id="changed by keyword"),
        pytest.param("-f(1)\n+f(1, b=2)", (Kind.ADDED, "f", "b", "", "2"), id="added"),
        pytest.param("-f(1, b=2)\n+f(1)", (Kind.REMOVED, "f", "b", "2", ""), id="removed"),
        pytest.param("-f(1, b=2)\n+f(1, c=2)", (Kind.RENAMED, "f", "c", "2", "2"), id="keyword renamed"),
        pytest.param("-f(1, b)\n+f(b, 1)", (Kind.MOVED, "f", None, "1", "1"), id="moved"),
        pytest.param(
            " f(\n   1,\n-  2,\n+  3,\n )", (Kind.CHANGED, "f", None, "2", "3"), id="in a call over many lines"
        ),
        pytest.param(" f(\n   1,\n+  b=3,\n )", (Kind.ADDED, "f", "b", "", "3"), id="a line added to a call"),
        pytest.param(
            "   f(g(1),\n-    2)\n+    3)\n x", (Kind.CHANGED, "f", None, "2", "3"), id="closed by a changed line"
        ),
        pytest.param("-    units=2)\n+    units=3)", (Kind.CHANGED, "", "units", "2", "3"), id="call out of sight"),
        pytest.param("-f(1, tf.a(x))\n+f(2, tf.b(x))", (Kind.CHANGED, "f", None, "1", "2"), id="beside a renamed call"),
        pytest.param("-Dense(1)(x)\n+Dense(1)(y)", (Kind.CHANGED, "Dense()", None, "x", "y"), id="call of a call"),
    ],
)
def test_argument_facts(body: str, expected: tuple[Kind, str, str | None, str, str]) -> None:
    """What became of one argument is one fact."""
    assert arguments(facts(body)) == [expected]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(" x = 1\n+f(1)", [(Kind.ADDED, "f", "")], id="added"),
        pytest.param("-f(1)\n x = 1", [(Kind.REMOVED, "f", "")], id="removed"),
        pytest.param("-y = tf.a(x)\n+y = tf.b(x)", [(Kind.RENAMED, "tf.b", "tf.a")], id="renamed with its arguments"),
        pytest.param("-g(f(1))\n+g(f(2))", [], id="the same call with another argument"),
        pytest.param("-  f(1)\n+    f(1)", [], id="moved to another indentation"),
        pytest.param("-f(1)\n-g(2)\n+g(2)\n+f(1)", [], id="another order"),
        pytest.param("-f(1)  # once\n+f(1)  # twice f(2)", [], id="another comment"),
        pytest.param("-f('g(1)')\n+f('g(2)')", [], id="a call in a string"),
    ],
)
def test_call_facts(body: str, expected: list[tuple[Kind, str, str]]) -> None:
    """Calls that came, went or took each other's place; equal calls cancel out."""
    assert calls(facts(body)) == expected


def test_assignment_facts() -> None:
    """An assignment tells its target and both values; another target for a value is a renaming."""
    found = facts("-loss = 1\n-x = f\n+loss = 2\n+y = f\n+z = 3")
    told = [(fact.kind, fact.target, fact.old_target, fact.old, fact.new) for fact in found.assignments]
    assert told == [
        (Kind.CHANGED, "loss", "loss", "1", "2"),
        (Kind.RENAMED, "y", "x", "f", "f"),
        (Kind.ADDED, "z", "", "", "3"),
    ]


def test_default_of_a_parameter_is_an_assignment() -> None:
    """Another default in a function's head is told like another value for a name."""
    (fact,) = facts("-def f(x, loss: int = 1, y=2):\n+def f(x, loss: int = 3, y=2):").assignments
    assert (fact.kind, fact.target, fact.old, fact.new, fact.span.start) == (Kind.CHANGED, "loss", "1", "3", 9)


def test_import_and_statement_facts() -> None:
    """Imports by full name; statements by their keyword, Python 2's print among them."""
    found = facts("-from a import f\n+from b import f\n+for x in y:\n+    print 'loss', x")
    assert [(fact.kind, fact.target) for fact in found.imports] == [(Kind.REMOVED, "a.f"), (Kind.ADDED, "b.f")]
    assert [(fact.kind, fact.what) for fact in found.statements] == [(Kind.ADDED, "for"), (Kind.ADDED, "print")]


def test_token_fact() -> None:
    """An edit of a single token is noted as such, with its place."""
    (fact,) = facts("-x = model.relu\n+x = model.tanh").tokens
    assert (fact.old, fact.new) == ("model.relu", "model.tanh")
    assert (fact.span.side, fact.span.line, fact.span.start, fact.span.end) == ("new", 10, 4, 14)


def test_word_facts_are_only_telling_names() -> None:
    """Names that rules know are facts where they stand on one side only; others are not."""
    found = facts("-x = tf.float32\n+x = tf.float64 + something")
    assert [(fact.kind, fact.word) for fact in found.words] == [
        (Kind.REMOVED, "tf.float32"),
        (Kind.ADDED, "tf.float64"),
    ]


@pytest.mark.parametrize(
    ("body", "line", "start", "text"),
    [
        pytest.param("     é = 'é'\n-    é = f('é', 1)\n+    é = f('é', 2)", 11, 15, "2", id="letters of two bytes"),
        pytest.param("-        f(1)\n+        f(2)", 10, 10, "2", id="dedented"),
        pytest.param("-\tf(1)\n+\tf(2)", 10, 3, "2", id="tab"),
        pytest.param("-f(1)\r\n+f(2)\r", 10, 2, "2", id="carriage return"),
        pytest.param("         f(1)\n-    x = f(3)\n+    x = f(2)", 11, 10, "2", id="outdented after the first line"),
        pytest.param("     )\n-    x = f(3)\n+    x = f(2)", 11, 10, "2", id="after a closing bracket"),
        pytest.param(
            "-f(1)\n\\ No newline at end of file\n+f(2)\n\\ No newline at end of file", 10, 2, "2", id="no newline"
        ),
    ],
)
def test_spans_are_exact(body: str, line: int, start: int, text: str) -> None:
    """Line and column are those of the file, whatever was cut off for the parser."""
    (fact,) = facts(body).arguments
    assert (fact.span.line, fact.span.start, fact.span.end, fact.span.text) == (line, start, start + len(text), text)


def test_notebook_spans_are_those_of_the_json() -> None:
    """Code in a notebook is read out of its JSON; spans count the JSON's columns."""
    (fact,) = facts('-    "f(1)\\n",\n+    "f(2)\\n",', path="a.ipynb", language="notebook").arguments
    assert (fact.span.start, fact.span.end, fact.span.text) == (7, 8, "2")


@pytest.mark.parametrize(
    ("body", "source", "heading", "expected"),
    [
        pytest.param(' def f():\n     """Do.\n-    f(1)\n+    f(2)\n     """', None, "", 0, id="opened in the hunk"),
        pytest.param('-    f(1)\n+    f(2)\n     """\n     x = 1', None, "", 0, id="closed in the hunk"),
        pytest.param(
            '     """\n     x = 1\n-    f(1)\n+    f(2)', None, "", 0, id="unclear: taken for the end of a docstring"
        ),
        pytest.param('     """\n-    f(1)\n+    f(2)', "", "def f():", 0, id="opened after the heading"),
        pytest.param(
            "-    f(1)\n+    f(2)", "\n" * 7 + 'def f():\n    """Do.\n    f(2)\n    """', "", 0, id="by the file"
        ),
        pytest.param('-    f(1)\n+    f(2)\n     y = """a\n     """', "x = 1\n" * 20, "", 1, id="code before a string"),
        pytest.param(' s = """a"""\n-f(1)\n+f(2)', None, "", 1, id="opened and closed in a line"),
    ],
)
def test_docstrings_are_no_code(body: str, source: str | None, heading: str, expected: int) -> None:
    """Lines of a triple-quoted string give no facts; the file decides where the hunk alone cannot."""
    lines = body.split("\n")
    hunk = Hunk(0, 10, len(lines), 10, len(lines), heading, body)
    change = Change((ChangedFile(0, "a.py", "python", (hunk,), source),))
    assert len(signals.read(change, ANY).arguments) == expected


def test_only_hunks_with_a_trigger_are_read() -> None:
    """Without a trigger in the changed lines nothing is parsed; a line inside a call looks at its context."""
    assert len(signals.read(change_of("-a(1)\n+a(2)"), ANY)) == 0
    assert len(signals.read(change_of(" f(\n-  1)\n+  2)"), ANY)) > 0


def test_reads_a_bounded_number_of_lines() -> None:
    """A change gives facts of its first lines only."""
    hunks = tuple(Hunk(no, no, 1, no, 1, "", "-f(1)\n+f(2)") for no in range(10_000))
    found = signals.read(Change((ChangedFile(0, "a.py", "python", hunks),)), ANY)
    assert len(found.arguments) == min(signals.MAX_LINES // 2, signals.MAX_HUNKS)


def test_over_long_lines_are_skipped() -> None:
    """A minified line gives nothing, and does not hide its neighbours."""
    found = facts("-f(1)\n+f(2)\n+" + "f(3);" * 1000)
    assert arguments(found) == [(Kind.CHANGED, "f", None, "1", "2")]


def layers(found: Facts) -> list[tuple[Kind, str, str]]:
    return [(fact.kind, fact.old_layer, fact.layer) for fact in found.layers]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(" m.add(Dense(1))\n+m.add(Dropout(0.5))", [(Kind.ADDED, "", "Dropout")], id="added"),
        pytest.param("-x = LSTM(8)(x)\n y = x", [(Kind.REMOVED, "LSTM", "LSTM")], id="removed"),
        pytest.param("-x = LSTM(8)\n+x = GRU(8)", [(Kind.RENAMED, "LSTM", "GRU")], id="replaced"),
        pytest.param("-x = Dense(8)\n+x = Dense(9)", [(Kind.CHANGED, "Dense", "Dense")], id="resized"),
        pytest.param("-x = Convolution2D(8)\n+x = Conv2D(8)", [], id="renamed by its library"),
        pytest.param("-a = Dense(8)\n+b = Dense(8)", [], id="the same layer under another name"),
        pytest.param(
            "-a = Dense(8)\n-b = Dense(9)\n+a = Dense(8)\n+d = Dropout(1)\n+b = Dense(9)",
            [(Kind.ADDED, "", "Dropout")],
            id="added between others",
        ),
        pytest.param("-m.add(Activation('relu'))\n+m.add(LeakyReLU())", [], id="activations are no layers"),
    ],
)
def test_layer_facts(body: str, expected: list[tuple[Kind, str, str]]) -> None:
    """Layers are compared in the order of their construction on both sides."""
    triggers = ANY | {"lstm", "dropout", "conv2d", "activation"}
    assert layers(signals.read(change_of(body), triggers)) == expected


def test_what_came_instead_of_many_lines_is_read() -> None:
    """Of a file that was written anew both sides are read, though all of the old one comes first."""
    body = "\n".join(["-f(1)"] * 200 + ["+f(2)"] * 200 + [" x = 1"])
    found = facts(body)
    assert arguments(found)[0] == (Kind.CHANGED, "f", None, "1", "2")
    assert {fact.span.line for fact in found.arguments} <= set(range(10, 210))


def test_a_hunk_can_be_read_without_a_parser() -> None:
    """Its facts are those of its lines; a hunk that was cut already is not cut again."""
    (file,) = change_of("-f(1)\n+f(2)\n+g(3)").files
    found = signals.read_lightly(file, file.hunks[0])
    assert arguments(found) == [(Kind.CHANGED, "f", None, "1", "2")]
    assert calls(found) == [(Kind.ADDED, "g", "")]
    assert not found.is_parsed
    assert signals.read_lightly(file, file.hunks[0], found.cut).cut is found.cut
