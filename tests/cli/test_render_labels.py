"""How conflicts are shown: no id is cut, on however narrow a terminal."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from miner.cli import render, render_labels
from miner.evaluation.figures import Figure
from miner.rating.agreement import Agreement, PairAgreement
from miner.rating.reconciling import Conflict, Voice
from miner.store.ratings import Item

ID = f"git:{'0123456789' * 4}#diff-{'abcdef01' * 8}R17"
CONFLICT = Conflict(
    Item(ID, "github", "keras", "x", "s", 1, None, 1),
    "pattern",
    (Voice("ada", "change_neural_architecture", "", 1), Voice("ben", "data_type", "", 1)),
)


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    for module in (render, render_labels):
        monkeypatch.setattr(module, "stdout", lambda: Console(force_terminal=True, width=width, no_color=True))


def test_an_id_stands_alone_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole, so that it can be copied, with who says what below it."""
    on_terminal(monkeypatch, 80)
    render_labels.print_conflicts([CONFLICT], None, "", as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        ID,
        "    pattern  ada: change_neural_architecture; ben: data_type",
    ]


def test_a_pipe_gets_a_line_a_conflict(capsys: pytest.CaptureFixture[str]) -> None:
    """For other programs; the next step goes elsewhere."""
    render_labels.print_conflicts([CONFLICT], None, "do this", as_json=False)
    written = capsys.readouterr()
    assert written.out == f"pattern\t{ID}\tada: change_neural_architecture; ben: data_type\n"
    assert written.err == "next: do this\n"


def test_pairs_with_nothing_in_common_are_counted_and_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has them all."""
    figure = Figure(1.0, 0.5, 1.0)
    pairs = (
        PairAgreement("pattern", "ada", "ben", 3, figure, figure),
        PairAgreement("pattern", "ada", "paper", 0, None, None),
    )
    found = Agreement("", pairs, (), (), ())
    render_labels.print_agreement(found, "", as_json=False)
    written = capsys.readouterr()
    assert "paper" not in written.out
    assert "ada\tben\t3" in written.out
    assert written.err == "warning: 1 pair of raters left out, without an item that both judged: --json has all\n"
    render_labels.print_agreement(found, "", as_json=True)
    assert [one["items"] for one in json.loads(capsys.readouterr().out)["pairs"]] == [3, 0]


def test_a_table_folds_what_does_not_fit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every character of it is there."""
    on_terminal(monkeypatch, 40)
    render.print_table(("id",), [(ID,)])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert "".join(line.strip() for line in lines) == ID
