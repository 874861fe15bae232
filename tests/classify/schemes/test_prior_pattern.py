# ruff: noqa: E501 - a diff a line
"""Which patterns of Pan et al. (2009) a change shows: for each, changes that do and changes that only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.changes import change_of

from miner.classify.rules import TRIGGERS
from miner.classify.schemes import prior_pattern
from miner.classify.signals import read_hunks
from miner.classify.taxonomies import taxonomy
from miner.model import Change, ChangedFile, Hunk

NAMES = frozenset(entry.id for entry in taxonomy("prior_patterns"))


def shown(body: str, heading: str = "", language: str = "python") -> list[str]:
    (file,) = change_of(body, language=language).files
    (hunk,) = file.hunks
    hunk = Hunk(hunk.no, hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines, heading, body)
    change = Change((ChangedFile(0, file.path, language, (hunk,)),))
    labels = prior_pattern.labels(change, dict(read_hunks(change, TRIGGERS)))
    assert [label.rank for label in labels] == list(range(1, len(labels) + 1))
    return [label.value for label in labels]


MATCHES = {
    "IF-APC": [
        "-run(x)\n+if x is not None:\n+    run(x)",
        " def f(x):\n-    return g(x)\n+    if x:\n+        return g(x)\n+    a = 1\n+    b = 2",
    ],
    "IF-APCJ": [" def f(x):\n+    if not x:\n+        return None\n     run(x)", " for x in y:\n+    if x: continue\n     a = x"],
    "IF-APTC": [
        " y = f(x)\n+if y < 0:\n+    y = 0\n+    z = 1",
        " out = net(x)\n+if out is None:\n+    log(x)\n+    out = x\n return out",
    ],
    "IF-CC": ["-if x:\n+if x is not None:\n     a = 1", " if a:\n     b = 1\n-elif c > 1:\n+elif c > 2:\n     b = 2"],
    "IF-ABR": [" if x:\n     a = 1\n+else:\n+    a = 2", " if x:\n     a = 1\n+elif y:\n+    a = 2\n else:\n     a = 3"],
    "IF-RBR": [" if x:\n     a = 1\n-else:\n-    a = 2", " if x:\n     a = 1\n-elif y:\n-    a = 2\n b = 3"],
    "IF-RMV": ["-if x:\n-    run(x)\n+run(x)", " def f():\n-    if debug:\n-        a = 1\n+    a = 1\n     b = 2"],
    "MC-DNP": ["-f(a)\n+f(a, 1)", "-model.fit(x, y, shuffle=True)\n+model.fit(x, y)"],
    "MC-DAP": ["-f(a)\n+f(b)", "-model.add(Dense(10))\n+model.add(Dense(20))"],
    "MC-DM": ["-x.read(a)\n+x.load(a)", "-y = model.predict(x)\n+y = model.predict_classes(x)"],
    "SQ-AMO": [" model.add(a)\n+model.add(b)\n model.compile()", " x.open()\n+x.reset()\n+x.seed(1)\n x.run()"],
    "SQ-RMO": [" model.add(a)\n-model.add(b)\n model.compile()", " x.open()\n-x.reset()\n x.run()"],
    "SQ-AFO": [" self.a = 1\n+self.b = 2\n self.c = 3", " def f(self):\n+    self.built = True\n     return 1"],
    "SQ-RFO": [" self.a = 1\n-self.b = 2\n self.c = 3", " def f(self):\n-    self.built = True\n     return 1"],
    "SQ-AROB": [" if x:\n+    net.reset()\n y = 1", " for x in y:\n-    log.write(x)\n z = 1"],
    "LP-CC": ["-for i in a:\n+for i in b:\n     x = i", "-while i < n:\n+while i <= n:\n     i += 1"],
    "LP-CE": [" while i < n:\n-    i += 1\n+    i += 2", " while left:\n     run = 1\n-    left -= a\n+    left -= b"],
    "AS-CE": ["-x = a + 1\n+x = a + 2", "-y = z\n+y = -z"],
    "SW-ARSB": [" match x:\n+    case 3:\n+        y = 1\n     case 4:", " match x:\n     case 3:\n         y = 1\n-    case 4:\n-        y = 2"],
    "TY-ARTC": ["-x = 1\n+try:\n+    x = 1\n+except KeyError:\n+    x = 2", "-try:\n-    x = 1\n-finally:\n-    y = 2\n+x = 1"],
    "TY-ARCB": [" try:\n     x = 1\n+except KeyError:\n+    x = 2\n except OSError:", " except A:\n     x = 1\n-except B:\n-    x = 2\n y = 3"],
    "MD-CHG": ["-def f(a):\n+def f(a, b):\n     pass", "-def call(self, x, mask=None):\n+def call(self, inputs):\n     a = 1"],
    "MD-ADD": [" x = 1\n+def f(a):\n+    return 1", "     def a(self):\n         return 1\n+    def b(self):\n+        return 2"],
    "MD-RMV": [" x = 1\n-def f(a):\n-    return 1", "-async def f(a):\n-    return 1\n y = 2"],
    "CF-ADD": [" class A:\n     x = 1\n+    y = 2", " class A(B):\n+    size: int = 3\n \n     def f(self):"],
    "CF-CHG": [" class A:\n-    x = 1\n+    x = 2", " class A:\n     y = 1\n-    x = [1]\n+    x = (1,)\n     z = 1"],
    "CF-RMV": [" class A:\n     x = 1\n-    y = 2", " class A(B):\n-    size: int = 3\n \n     def f(self):"],
}  # fmt: skip

NEAR_MISSES = {
    "IF-APC": [" a = 1\n+if x:\n+    b = 1\n+    c = 2", "-if x:\n+if y:\n     run(x)"],
    "IF-APCJ": ["+if x:\n+    a = 1\n+    return a", " if x:\n+    return 1"],
    "IF-APTC": ["-run(x)\n+if x:\n+    run(x)", " # if so:\n+# if not:"],
    "IF-CC": ["+if x:\n+    a = 1", "-# when if x: holds\n+# when if y: holds"],
    "IF-ABR": ["+if x:\n+    a = 1\n b = 2", "-x = 1\n+x = 2 if a else 3"],
    "IF-RBR": ["-if x:\n-    a = 1\n b = 2", " if x:\n     a = 1\n-elif y:\n+elif z:\n     a = 2"],
    "IF-RMV": ["-if x:\n-    a = 1\n b = 2", "-if x:\n+if y:\n     a = 1"],
    "MC-DNP": ["-f(a)\n+f(b)", "-f(a)\n+g(a)"],
    "MC-DAP": ["-f(a)\n+f(a, b)", "-x = a\n+x = b"],
    "MC-DM": ["-x.read(a)\n+y.read(a)", "-Convolution2D(8)\n+Conv2D(8)"],
    "SQ-AMO": ["-f(a)\n+f(b)", "-y = f\n+y = g"],
    "SQ-RMO": [" f(a)\n+f(b)", "-f(a)\n+f(a, b)"],
    "SQ-AFO": [" self.a = 1\n-self.b = 2", "-self.a = 1\n+self.a = 2"],
    "SQ-RFO": [" self.a = 1\n+self.b = 2", " a = 1\n-b = 2"],
    "SQ-AROB": [" a = 1\n+net.reset()\n y = 1", " if x:\n+    net.reset()\n+    net.run()\n y = 1"],
    "LP-CC": ["+for i in a:\n+    x = i", "-# for i in a:\n+# for i in b:"],
    "LP-CE": [" if i < n:\n-    i += 1\n+    i += 2", " while left:\n-    right += 1\n+    wrong += 2"],
    "AS-CE": ["+x = a + 1", "-x = f(a)\n+x = f(b)"],
    "SW-ARSB": ["-    case 3:\n+    case 4:\n         y = 1", " # in case of x\n+# in case of y"],
    "TY-ARTC": ["-# try: it\n+# try: that", " try:\n     x = 1\n-except A:\n+except B:\n     y = 1"],
    "TY-ARCB": [
        " try:\n     x = 1\n-except A:\n+except B:\n     y = 1",
        "+try:\n+    x = 1\n+except KeyError:\n+    x = 2",
    ],
    "MD-CHG": ["+def f(a):\n+    return 1", "-y = f(a)\n+y = f(a, b)"],
    "MD-ADD": ["-def f(a):\n+def f(a, b):\n     pass", "-# def f(a):\n+# def f(b):"],
    "MD-RMV": ["-def f(a):\n+def f(a, b):\n     pass", "+def f(a):\n+    pass"],
    "CF-ADD": [" def f(self):\n+    y = 2", "+y = 2"],
    "CF-CHG": [" class A:\n     def f(self):\n-        x = 1\n+        x = 2", "-x = 1\n+x = 2"],
    "CF-RMV": [" class A:\n     y = 1\n-    x = 1\n+    x = 2", " def f(self):\n-    y = 2"],
}


def test_every_pattern_is_tried() -> None:
    """The tables here hold every pattern that a label can have; a switch's and a method's ids are the taxonomy's."""
    assert MATCHES.keys() == NEAR_MISSES.keys() == NAMES
    assert all(len(bodies) == 2 for table in (MATCHES, NEAR_MISSES) for bodies in table.values())


@pytest.mark.parametrize(("pattern", "body"), [(name, body) for name, bodies in MATCHES.items() for body in bodies])
def test_a_change_shows_its_pattern(pattern: str, body: str) -> None:
    assert pattern in shown(body)


@pytest.mark.parametrize(("pattern", "body"), [(name, body) for name, bodies in NEAR_MISSES.items() for body in bodies])
def test_a_change_that_only_looks_like_it_does_not(pattern: str, body: str) -> None:
    assert pattern not in shown(body)


def test_a_class_is_known_by_the_heading() -> None:
    """A hunk far below the line that names the class still tells a field of it."""
    assert shown("     x = 1\n-    y = 1\n+    y = 2", heading="class A(object):")[0] == "CF-CHG"
    assert "CF-CHG" not in shown("     x = 1\n-    y = 1\n+    y = 2", heading="def f(self):")


@pytest.mark.parametrize(
    ("body", "language", "pattern"),
    [
        pytest.param("-  if x then\n+  if y then\n     a = 1", "lua", "IF-CC", id="lua"),
        pytest.param(
            "-  for (int i = 0; i < n; i++) {\n+  for (int i = 0; i < n; i += 2) {", "c++", "LP-CE", id="c++ step"
        ),
        pytest.param(
            "-  for (int i = 0; i < n; i++) {\n+  for (int i = 1; i < n; i++) {", "c++", "LP-CC", id="c++ start"
        ),
        pytest.param("   switch (x) {\n+  case 3:\n+    y = 1;\n   case 4:", "c++", "SW-ARSB", id="c++ switch"),
    ],
)
def test_other_languages_are_read_by_the_line(body: str, language: str, pattern: str) -> None:
    assert shown(body, language=language)[0] == pattern


@pytest.mark.parametrize(
    "body", ["", " a = 1", "-# a comment\n+# another comment", '-"""Do."""\n+"""Do it."""', "-a  =  1\n+a = 1"]
)
def test_nothing_to_tell_is_unknown(body: str) -> None:
    """Comments, docstrings and white space show no pattern: one label, without confidence and evidence."""
    change = change_of(body)
    (label,) = prior_pattern.labels(change, dict(read_hunks(change, TRIGGERS)))
    assert (label.value, label.confidence, label.evidence) == ("unknown", None, ())


def test_the_most_frequent_pattern_is_first() -> None:
    """Two changed conditions weigh more than one call more."""
    body = "-if a:\n+if b:\n     x = 1\n-if c:\n+if d:\n     x = 2\n+net.run()"
    values = shown(body)
    assert values[0] == "IF-CC"
    assert "SQ-AMO" in values


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*"+- \n\t(){}=.,:;#", "if ", "else", "for ", "def ", "class A:", "self.x", "\n+", "\n-"])
    ).map("".join),
    st.sampled_from(["python", "notebook", "lua", "c++", ""]),
)
def test_any_hunk_is_read(body: str, language: str) -> None:
    """Any text gives labels of the scheme, each shown by a span inside a line of the hunk."""
    change = change_of(body, language=language)
    lines = [line[1:] for line in body.split("\n")]
    for label in prior_pattern.labels(change, dict(read_hunks(change, TRIGGERS))):
        assert label.value in NAMES | {"unknown"}
        for row in label.evidence:
            assert any(line[row.start : row.end].startswith(row.text) for line in lines)


def test_a_fix_of_many_patterns_has_labels() -> None:
    """Where many are shown alike none is sure, and the foremost are named all the same."""
    body = "-if a:\n+if b:\n     x = 1\n-for i in a:\n+for i in b:\n     y = 1\n+self.z = 3\n+net.run()\n-q = 1 + r\n+q = 2 + r"
    assert len(shown(body)) == 5
