"""What strangers wrote cannot act on the terminal, and secrets do not reach it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.console import mask_secrets, print_error, print_warning, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("keras-team/keras", "keras-team/keras", id="plain"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colour"),
        pytest.param("\x1b]0;title\x07name", "name", id="window title"),
        pytest.param("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link", id="hyperlink"),
        pytest.param("\x9b2Jname", "name", id="8-bit control sequence"),
        pytest.param("\x1b", "", id="lone escape"),
        pytest.param("\x1b[", "", id="unfinished control sequence"),
        pytest.param("a\rb\nc\td", "a b c d", id="line breaks"),
        pytest.param("gpj\u202eexe", "gpjexe", id="right-to-left override"),
        pytest.param("\udcff", "", id="lone surrogate"),
        pytest.param("größe 層 😀", "größe 層 😀", id="letters of any script"),
        pytest.param("[bold]x[/bold]", "[bold]x[/bold]", id="markup is text"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """Escape sequences and invisible characters go, everything else stays."""
    assert printable(text) == shown


@given(st.text(st.characters(), max_size=80))
def test_printable_leaves_nothing_that_acts_on_a_terminal(text: str) -> None:
    """Whatever comes in, one line of printable characters comes out, and it is a fixed point."""
    shown = printable(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("postgresql://u:p@h/d", "postgresql://u:***@h/d", id="password"),
        pytest.param("postgresql+psycopg://u:p:q@h/d", "postgresql+psycopg://u:***@h/d", id="password with a colon"),
        pytest.param("postgresql://u:p@ss@h/d", "postgresql://u:***@h/d", id="password with an at sign"),
        pytest.param("postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=***&x=1", id="query"),
        pytest.param("https://ghp_1@github.com/a/b", "https://***@github.com/a/b", id="token as user"),
        pytest.param("http://t@h/a and https://u:t@h/b", "http://***@h/a and https://***@h/b", id="two URLs"),
        pytest.param("https://h/a?access_token=t", "https://h/a?access_token=***", id="token in the query"),
        pytest.param("ssh://git@github.com/a/b", "ssh://git@github.com/a/b", id="ssh user is no secret"),
        pytest.param("https://github.com/a/b@v1", "https://github.com/a/b@v1", id="at sign in the path"),
        pytest.param("sqlite:///data/miner.db", "sqlite:///data/miner.db", id="no secret"),
    ],
)
def test_mask_secrets(text: str, shown: str) -> None:
    """Only the secret part of a URL is masked."""
    assert mask_secrets(text) == shown


def test_an_error_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks, escapes, markup and passwords of a message do not take effect; standard output stays empty."""
    print_error(ValueError("no [red]repo[/red]\n\x1b[2J postgresql://u:secret@h/d " + "x" * 200))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: no [red]repo[/red] postgresql://u:***@h/d " + "x" * 200 + "\n"


def test_a_warning_names_its_item(capsys: pytest.CaptureFixture[str]) -> None:
    """The item stands before the message."""
    print_warning("a/b\x1b[1m", "is gone")
    assert capsys.readouterr().err == "warning: a/b: is gone\n"
