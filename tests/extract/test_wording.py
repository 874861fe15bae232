from __future__ import annotations

import pytest
from support.threads import question

from miner.extract.snippets import snippets
from miner.extract.wording import MAX_ERROR, wording


def words(body: str) -> str:
    asked = question(body=body)
    return wording(asked, snippets(body)).removeprefix(f"{asked.title}\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("<p>My loss is <b>NaN</b></p>", "My loss is NaN", id="prose"),
        pytest.param("<p>Why?</p><pre><code>x = crash()\ny = 1</code></pre>", "Why?", id="code is left out"),
        pytest.param("<p>a &lt; b &amp; c</p>", "a < b & c", id="entities"),
        pytest.param("<p>call <code>fit</code> twice</p>", "call fit twice", id="code in a line"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_words_of_a_question(body: str, expected: str) -> None:
    assert " ".join(words(body).split()) == expected


def test_errors_are_words_too() -> None:
    """A traceback is in a block like code, and is kept; of a long one the end."""
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: bad shape'
    assert words(f"<p>Why?</p><pre><code>{trace}</code></pre>").endswith("ValueError: bad shape")
    long = "Traceback (most recent call last):\n" + '  File "a.py", line 1, in f\n    f()\n' * 1000 + "ValueError: bad"
    found = words(f"<pre><code>{long}</code></pre>")
    assert found.endswith("ValueError: bad")
    assert len(found) < MAX_ERROR + 10


def test_the_title_comes_first() -> None:
    asked = question(body="<p>x</p>")
    assert wording(asked, ()).startswith(f"{asked.title}\n")
