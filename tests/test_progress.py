"""How a run shows its progress."""

from __future__ import annotations

import io
import json
import threading

import pytest
from rich.console import Console

from miner.progress import JsonReporter, LineReporter, QuietReporter, RichReporter, TerminalReporter, duration, reporter


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Give the time in seconds."""
        return self.now


def run(shown: TerminalReporter, clock: Clock) -> None:
    """Mine 100 commits in 50 seconds, telling the reporter every second."""
    shown.start("mine", "a/b\x1b[2J", 100, "commits")
    for second in range(1, 51):
        clock.now = float(second)
        shown.advance("mine", "a/b\x1b[2J", second * 2)
    shown.finish("mine", "a/b\x1b[2J")


def test_lines_come_at_most_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Start, finish, and in between one line in ten seconds, with rate and time left."""
    clock = Clock()
    run(LineReporter(clock), clock)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "mine a/b: started",
        "mine a/b: at 20 of 100 commits (2 commits/s) 0:00:40 left",
        "mine a/b: at 40 of 100 commits (2 commits/s) 0:00:30 left",
        "mine a/b: at 60 of 100 commits (2 commits/s) 0:00:20 left",
        "mine a/b: at 80 of 100 commits (2 commits/s) 0:00:10 left",
        "mine a/b: at 100 of 100 commits (2 commits/s) 0:00:00 left",
        "mine a/b: finished 100 of 100 commits (2 commits/s) in 50.0 s",
    ]


def test_a_task_without_a_total_has_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    """A total may become known on the way."""
    clock = Clock()
    shown = LineReporter(clock)
    shown.start("clone", "a/b", None, "objects")
    clock.now = 10.0
    shown.advance("clone", "a/b", 1500)
    clock.now = 20.0
    shown.advance("clone", "a/b", 3000, total=6000)
    assert capsys.readouterr().err.splitlines() == [
        "clone a/b: started",
        "clone a/b: at 1,500 objects (150 objects/s)",
        "clone a/b: at 3,000 of 6,000 objects (150 objects/s) 0:00:20 left",
    ]


def test_json_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line is one object; a secret in an address is masked."""
    clock = Clock()
    shown = JsonReporter(clock)
    run(shown, clock)
    shown.warn("https://t@h/a", "is gone")
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [event["event"] for event in events] == ["start", *["progress"] * 5, "finish", "warning"]
    assert events[1] | {"item": ""} == {
        "event": "progress",
        "task": "mine",
        "item": "",
        "unit": "commits",
        "done": 20,
        "total": 100,
        "seconds": 10.0,
    }
    assert events[-1] == {"event": "warning", "item": "https://***@h/a", "message": "is gone"}


def test_quiet_prints_warnings_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning is never lost."""
    clock = Clock()
    shown = QuietReporter()
    run(shown, clock)
    shown.warn("a/b", "is gone")
    assert capsys.readouterr() == ("", "warning: a/b: is gone\n")


def terminal(width: int = 120) -> tuple[Console, io.StringIO]:
    """Give a console that writes to memory as to a terminal."""
    screen = io.StringIO()
    return Console(file=screen, force_terminal=True, width=width, markup=False), screen


def test_bars_show_item_amount_and_unit() -> None:
    """What a stranger wrote arrives without its escape sequences; the cursor comes back at the end."""
    console, screen = terminal()
    with RichReporter(console) as shown:
        shown.start("mine", "a/b\x1b[5m[red]", 2000, "commits")
        shown.advance("mine", "a/b\x1b[5m[red]", 1000)
        shown.finish("mine", "a/b\x1b[5m[red]")
    drawn = screen.getvalue()
    assert "mine a/b[red]" in drawn
    assert "0/2,000 commits" in drawn
    assert "\x1b[5m" not in drawn
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_a_bar_is_one_line_on_a_narrow_terminal() -> None:
    """A long name gives way to the figures."""
    console, screen = terminal(width=60)
    with RichReporter(console) as shown:
        shown.start("mine", "an-organisation/" + "a-long-name-" * 9, 2000, "commits")
        assert screen.getvalue().count("\n") <= 1
        assert "0/2,000 commits" in screen.getvalue()


def test_bars_start_no_thread() -> None:
    """A process that is forked while bars are shown inherits no lock that a thread holds."""
    before = threading.active_count()
    console, _ = terminal()
    with RichReporter(console) as shown:
        shown.start("mine", "a/b", None, "commits")
        assert threading.active_count() == before


def test_nothing_is_drawn_before_the_first_task() -> None:
    """A run that has nothing to do leaves the terminal alone."""
    console, screen = terminal()
    with RichReporter(console):
        pass
    assert screen.getvalue() == ""


@pytest.mark.parametrize("kind", [RichReporter, LineReporter, JsonReporter, QuietReporter])
def test_news_of_an_unknown_task_is_ignored(kind: type[TerminalReporter], capsys: pytest.CaptureFixture[str]) -> None:
    """A late message of a task that has finished does no harm."""
    with kind() as shown:
        shown.advance("mine", "a/b", 1)
        shown.finish("mine", "a/b")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("as_json", "quiet", "kind"),
    [
        (False, False, LineReporter),
        (True, False, JsonReporter),
        (False, True, QuietReporter),
        (True, True, QuietReporter),
    ],
)
def test_the_reporter_suits_a_pipe(as_json: bool, quiet: bool, kind: type[object]) -> None:
    """Under pytest standard error is no terminal."""
    assert type(reporter(as_json=as_json, quiet=quiet)) is kind


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00:00"), (59.6, "0:01:00"), (3661, "1:01:01")])
def test_duration(seconds: float, shown: str) -> None:
    """Seconds are rounded before they are split."""
    assert duration(seconds) == shown
