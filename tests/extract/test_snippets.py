"""A post's HTML comes apart into code, tracebacks, output, inline code and sentences, in order, whatever it is."""

from __future__ import annotations

import json
import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.extract.snippets import MAX_HTML, MAX_SNIPPETS, snippets
from miner.model import SnippetKind

CODE, TRACEBACK, OUTPUT = SnippetKind.CODE, SnippetKind.TRACEBACK, SnippetKind.OUTPUT
INLINE, SENTENCE = SnippetKind.INLINE, SnippetKind.SENTENCE
QUESTIONS = Path(__file__).parents[3] / "shared/data/stackoverflow_pytorch.jsonl"


def read(html: str) -> list[tuple[SnippetKind, str]]:
    return [(snippet.kind, snippet.text) for snippet in snippets(html)]


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<pre><code>net = Net(3)\nnet.fit(x)\n</code></pre>", id="code in pre"),
        pytest.param("<pre>net = Net(3)\nnet.fit(x)</pre>", id="old posts: pre without code"),
        pytest.param(
            '<pre class="lang-py prettyprint-override"><code>net = Net(3)\nnet.fit(x)</code></pre>', id="hint"
        ),
        pytest.param(
            '<pre class="lang-python s-code-block"><code>net = Net(3)\nnet.fit(x)</code></pre>', id="new hint"
        ),
        pytest.param("<blockquote><pre><code>net = Net(3)\nnet.fit(x)</code></pre></blockquote>", id="quoted"),
        pytest.param("<pre><code>net = Net(3)</code><code>net.fit(x)</code></pre>", id="one code a line"),
        pytest.param("<pre><code>net = Net(3)<br>net.fit(x)</code></pre>", id="line break element"),
        pytest.param(
            "<pre><code>net = Net(3)\r\nnet.fit(x)\r\n\r\n</code></pre>", id="CR LF and blank lines at the end"
        ),
        pytest.param("<p><code>net = Net(3)</code><br><code>net.fit(x)</code></p>", id="paragraph of statements"),
        pytest.param("<p>So <code>net = Net(3)\nnet.fit(x)</code></p>", id="code over several lines without pre"),
        pytest.param("<pre><code>net = Net(<b>3</b>)\nnet.<i>fit</i>(x)", id="never closed, with markup inside"),
        pytest.param("<PRE><CODE>net = Net(3)\nnet.fit(x)</CODE></PRE>", id="capitals"),
    ],
)
def test_a_block_is_one_piece_of_code(html: str) -> None:
    assert read(html) == [(CODE, "net = Net(3)\nnet.fit(x)")]
    assert snippets(html)[0].language == "python"


def test_pieces_stand_in_the_order_of_the_post_a_sentence_before_its_inline_code() -> None:
    html = """<p>The target is wrong. You should pass <code>y.long()</code> instead.</p>
    <pre><code>loss = criterion(out, y.long())</code></pre>
    <blockquote><p>Replace <code>a</code> with <code>b</code>.</p></blockquote>
    <pre><code>Epoch 1/2 - loss: 0.31</code></pre>
    <p>Thanks to <code>gdb</code>.</p>"""
    assert read(html) == [
        (SENTENCE, "You should pass `y.long()` instead."),
        (INLINE, "y.long()"),
        (CODE, "loss = criterion(out, y.long())"),
        (INLINE, "a"),
        (INLINE, "b"),
        (OUTPUT, "Epoch 1/2 - loss: 0.31"),
        (INLINE, "gdb"),
    ]
    assert [snippet.no for snippet in snippets(html)] == list(range(7))


def test_entities_are_decoded_tabs_become_columns_and_indentation_stays() -> None:
    assert read("<pre><code>\tif a &lt; b &amp;&amp; c:\n\t\tx = &quot;&#228;&quot;  \n\n</code></pre>") == [
        (CODE, '    if a < b && c:\n        x = "ä"')
    ]


def test_code_in_a_list_item_is_inline_however_alone_it_is() -> None:
    assert read("<ul><li><code>nn.Linear(3, 4)</code></li></ul>") == [(INLINE, "nn.Linear(3, 4)")]


def test_a_quoted_error_is_a_traceback_and_other_quoted_prose_is_nothing() -> None:
    html = "<blockquote><p>RuntimeError: size mismatch</p></blockquote>"
    html += "<blockquote><p>You should add a layer.</p></blockquote>"
    assert read(html) == [(TRACEBACK, "RuntimeError: size mismatch")]


@pytest.mark.parametrize(
    "html",
    [
        "<script>x = f(1)</script>",
        "<style>p { color: red }</style>",
        "<!-- <pre>x = f(1)</pre> -->",
        "<?php x ?>",
        "<p><del>You should use <code>x</code> instead of <code>y</code>.</del></p>",
        "<p>Good luck.</p>",
        "",
    ],
)
def test_what_is_no_prose_or_struck_out_gives_nothing(html: str) -> None:
    assert snippets(html) == ()


@pytest.mark.parametrize(
    ("html", "kinds"),
    [
        pytest.param("<div>" * 19_000 + "<pre>x = f(1)</pre>", [CODE], id="nested deeply"),
        pytest.param("<div>" * 100_000 + "<pre>x = f(1)</pre>", [], id="nested too deeply to be a post"),
        pytest.param("<p>You should use <code>x</code>.</p>" * 150_000, [SENTENCE, INLINE] * 1000, id="5 MB"),
        pytest.param("a\0<pre>\0x = f(1)\0</pre>", [CODE], id="NUL"),
        pytest.param("<pre>x = f('\ud800')</pre>\udfff", [CODE], id="lone surrogates"),
        pytest.param('<?xml version="1.0" encoding="utf-16"?><pre>x = f(1)</pre>', [CODE], id="processing instruction"),
        pytest.param("<!--" * 50_000, [], id="comments that never end"),
        pytest.param("<pre>" + "a" * 200_000, [OUTPUT], id="one long word"),
        pytest.param("<pre>" + "(" * 200_000, [OUTPUT], id="brackets"),
        pytest.param("<p>" + "You can " * 30_000, [], id="a sentence without end"),
    ],
)
def test_a_hostile_body_is_read_quickly(html: str, kinds: list[SnippetKind]) -> None:
    start = time.monotonic()
    found = [kind for kind, _ in read(html)]
    assert time.monotonic() - start < 5
    assert found == kinds


MARKUP = (
    "<pre>|</pre>|<code>|</code>|<p>|</p>|<blockquote>|</blockquote>|<li>|<br>|<b|<!--|-->|<?x|<![CDATA[|]]>|<script>"
    "|</script>|&lt;|&#0;|&#xd800;|\0|\r|\t|>>> x|In [1]: x|Traceback (most recent call last):\n|x = f(1)\n|Use `x`. "
    "|\ud800|\n"
)


@given(st.lists(st.sampled_from(MARKUP.split("|")) | st.text(max_size=8)).map("".join))
def test_any_text_gives_numbered_pieces_that_can_be_stored(html: str) -> None:
    found = snippets(html)
    assert [snippet.no for snippet in found] == list(range(len(found)))
    for snippet in found:
        assert snippet.text.strip()
        assert not set(snippet.text) & {"\0", "\r", "\t"}
        snippet.text.encode()


def test_what_is_kept_of_a_post_is_bounded() -> None:
    assert len(snippets("<pre>x = f(1)</pre>" * 9_000)) == MAX_SNIPPETS
    assert len(read("<pre>" + "x = f(1)\n" * 50_000)[0][1]) <= MAX_HTML


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=60))
def test_text_of_a_marked_block_comes_back_as_it_was_written(text: str) -> None:
    """Whatever kind it is taken for, no character of a line is lost, unless it is a prompt's."""
    body = f"value = call({text!r})"
    pieces = read(f'<pre class="lang-py"><code>{escape(body)}</code></pre>')
    assert any(">>" in body or body == piece for _, piece in pieces)


@pytest.mark.skipif(not QUESTIONS.exists(), reason="the sample of questions is not here")
def test_most_blocks_of_real_posts_are_code_and_most_python() -> None:
    with QUESTIONS.open(encoding="utf-8") as lines:
        threads = [json.loads(line) for line, _ in zip(lines, range(200), strict=False)]
    found = [piece for thread in threads for post in [thread, *thread["answers"]] for piece in snippets(post["body"])]
    blocks = [piece for piece in found if piece.kind in (CODE, OUTPUT, TRACEBACK)]
    code = [piece for piece in blocks if piece.kind is CODE]
    assert 0.6 < len(code) / len(blocks) < 0.9
    assert sum(piece.language == "python" for piece in code) / len(code) > 0.9
