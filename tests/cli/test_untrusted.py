"""No text of a stranger acts on the terminal, whichever command shows it, in a terminal or in a pipe."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miner import console
from miner.audit.model import Audit, Difference, SourceAudit
from miner.cli import doctor, render, render_audit
from miner.doctor.findings import failure
from miner.errors import MinerError
from miner.evaluation.bugfix import evaluate
from miner.evaluation.labels import LabelledMessage
from miner.job import PlanRow, Summary
from miner.progress import reporter
from miner.store.status import Gap, Run, Status

ATTACKS = st.sampled_from([
    "\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\x1bP+q\x1b\\", "\x1b]8;;http://x\x1b\\", "\x90x\x9c", "\u202e",
    "\u2066", "\r", "\n", "\x08", "\x00", "\x1b", "\x1b[", "\ufeff", "\u2028", "\x1b%G", "[red]", ":smile:", "\x7f",
])  # fmt: skip
HOSTILE = st.lists(st.one_of(ATTACKS, st.text(max_size=4)), min_size=1, max_size=8).map("".join)
OWN = re.compile(r"\x1b\[[0-9;]*[mKAJ]|\x1b\[\?25[lh]")
NOW = datetime(2020, 1, 1, tzinfo=UTC)


def summary(text: str) -> None:
    render.print_summary(
        Summary(failed={text: text}, omissions=Counter({text: 2}), libraries=Counter({text: 1})), as_json=False
    )


def status(text: str) -> None:
    gap, run = Gap("git", text, 0, 9, text), Run(1, text, text, NOW, None)
    counts = {text: 1}
    render.print_status(Status(counts, 1, 1, 1, 1, 1, counts, text, counts, counts, (gap,), (run,)), as_json=False)


def plan(text: str) -> None:
    render.print_plan([PlanRow("git", text, "clone", None, text)], as_json=False)


def audit(text: str) -> None:
    difference = Difference("missing", "git", text, text, text)
    source = SourceAudit("git", "requests", 1, 1, 1, 1, 1, 0, None, "", (difference,), (text,))
    render_audit.print_audit(Audit(0, (source,), (Gap("git", text, 0, 9, text),)), as_json=False)


def looked(text: str) -> None:
    doctor._print(failure(text, text, text))


def evaluation(text: str) -> None:
    labelled = [LabelledMessage(text, "a" * 40, f"fix {text}", False)]
    render.print_evaluation(evaluate(labelled, 0.0), 1, as_json=False)


def warned(text: str) -> None:
    with reporter(as_json=False, quiet=False) as progress:
        progress.start("clone", text, 10, "objects")
        progress.advance("clone", text, 5)
        progress.warn(text, text)
        progress.finish("clone", text)


def failed(text: str) -> None:
    console.print_error(MinerError(text))


SHOWN = [summary, status, plan, audit, looked, evaluation, warned, failed]


@pytest.fixture(params=[False, True], ids=["pipe", "terminal"])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """Both kinds of output, as the consoles see them."""
    if request.param:
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", "300")
    for made in (console.stdout, console.stderr):
        made.cache_clear()
    yield request.param
    for made in (console.stdout, console.stderr):
        made.cache_clear()


@pytest.mark.parametrize("show", SHOWN, ids=lambda function: function.__name__)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(text=HOSTILE)
def test_what_strangers_wrote_does_not_act(
    show: Callable[[str], None], terminal: bool, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but what the miner itself sends to a terminal: colours, and where the cursor is."""
    for made in (console.stdout, console.stderr):
        made.cache_clear()
    capsys.readouterr()
    show(text)
    shown = "".join(capsys.readouterr())
    assert console.stdout().is_terminal is terminal
    assert shown
    left = OWN.sub("", shown) if terminal else shown
    acting = [c for c in left if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t\r"]
    assert acting == []
    assert "\r" not in left or terminal
