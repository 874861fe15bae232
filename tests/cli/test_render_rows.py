"""Rows of a query on a terminal: a table, or upright where it is too wide."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from miner.cli import render, render_rows


def printed(monkeypatch: pytest.MonkeyPatch, columns: list[str], rows: list[list[str]], width: int = 80) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=width, color_system=None, markup=False, highlight=False)
    monkeypatch.setattr(render, "stdout", lambda: console)
    monkeypatch.setattr(render_rows, "stdout", lambda: console)
    render_rows.print_rows(columns, rows)
    return file.getvalue()


def test_what_fits_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header and a line a row, up to the last column of the terminal."""
    text = printed(monkeypatch, ["a", "b"], [["x" * 39, "y" * 39]])
    assert [line.split() for line in text.splitlines()] == [["a", "b"], ["x" * 39, "y" * 39]]


def test_what_does_not_fit_is_printed_a_column_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut: long values go on below their start."""
    text = printed(monkeypatch, ["fix_id", "b"], [["x" * 100, "1"], ["é", ""]])
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[1:4] == ["fix_id  " + "x" * 72, "        " + "x" * 28, "b       1"]
    assert lines[4].startswith("-- row 2 -")
    assert lines[5:] == ["fix_id  é", "b"]
    assert max(map(cell_len, lines)) <= 80


def test_code_keeps_its_lines_and_does_nothing_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of escape sequences nothing acts, and passwords are masked."""
    text = printed(monkeypatch, ["body"], [["-  a\n+\tb\x1b[2J\nhttps://me:secret@host/" + "x" * 90]])
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[1:3] == ["body  -  a", "      +    b\ufffd[2J"]
    assert "\x1b" not in text
    assert "secret" not in text


def test_an_answer_without_rows_shows_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one sees that the query ran."""
    assert printed(monkeypatch, ["fix_id", "pattern"], []).split() == ["fix_id", "pattern"]
