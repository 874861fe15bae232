"""Log lines: one an event, in one form, without secrets and escape sequences."""

from __future__ import annotations

import io
import json
import logging
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import PretendClock

from miner import logs
from miner.logs import LogReporter, bound, event

Log = io.StringIO
ODD = 'a "title"\n\x1b[31mred\x07 \u202e\x9b2J https://me:hunter2@host/x?token=hunter2'


@pytest.fixture
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """Let what is logged go into a text, in the form of the test's marker or as JSON."""
    root, ours = logging.getLogger(), logging.getLogger("miner")
    before = list(root.handlers), root.level, ours.level
    stream = io.StringIO()
    logs.set_up(getattr(request, "param", "json"), stream)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def lines(log: Log) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_is_one_json_object(log: Log) -> None:
    """With time, level, name, the fields around it and its own, and a message."""
    with bound(run=7, source="git"), bound(source="github"):
        event("page", "done", item="a/b", number=3)
    event("end")
    first, last = lines(log)
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "info", "event": "page", "run": 7, "source": "github", "item": "a/b", "number": 3, "message": "done",
    }  # fmt: skip
    assert set(last) == {"time", "level", "event"}


@pytest.mark.parametrize("log", ["json", "human"], indirect=True)
def test_no_secret_and_no_escape_sequence_gets_through(log: Log) -> None:
    """From a message, a field, or an exception; each event stays one line."""
    try:
        raise ValueError(ODD)
    except ValueError:
        event("odd", ODD, item=ODD, nested={"key": [ODD]}, exc_info=True)
    text = log.getvalue()
    assert text.count("\n") == 1
    assert "hunter2" not in text
    assert not set(text) & set("\x1b\x07\x9b\u202e")
    assert "red" in text
    assert "ValueError" in text


@given(st.text(), st.text())
def test_any_text_is_one_line(message: str, item: str) -> None:
    """Whoever wrote it, in both forms."""
    for form in (logs._Json(), logs._Human()):
        record = logging.LogRecord("miner", logging.INFO, "", 0, "%s", (message,), None)
        record.fields = {"item": item}
        line = form.format(record)
        assert len(line.splitlines()) == 1
        assert {unicodedata.category(character) for character in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


@pytest.mark.parametrize("log", ["human"], indirect=True)
def test_people_read_a_line_a_word_a_field(log: Log) -> None:
    with bound(job="fetch"):
        event("job failed", "no room", level=logging.ERROR, run=None, seconds=1.5, brought={"a": 1, "b": 2}, more=[])
    assert log.getvalue().split(" ", 2)[2] == "error   job failed  job=fetch seconds=1.5 brought=a:1,b:2  no room\n"


def test_what_libraries_log_has_the_same_form(log: Log) -> None:
    """Warnings, under the library's name; what they say below that is left out."""
    logging.getLogger("some.library").warning("careful: %s", "x")
    logging.getLogger("some.library").info("chatter")
    assert [(line["event"], line["message"]) for line in lines(log)] == [("some.library", "careful: x")]


def test_a_long_task_shows_itself_once_a_minute(log: Log) -> None:
    """However often it advances; its end says how much was done in which time."""
    clock = PretendClock()
    reporter = LogReporter(clock.monotonic)
    reporter.start("mine", "a/b", 100, "commits")
    for done in range(100):
        clock.advance(2)
        reporter.advance("mine", "a/b", done)
    reporter.finish("mine", "a/b")
    reporter.warn("a/b", "something was left out")
    assert [line["event"] for line in lines(log)] == ["task started", *["task at"] * 3, "task ended", "warning"]
    assert (lines(log)[4]["done"], lines(log)[4]["seconds"]) == (99, 200.0)


@pytest.mark.parametrize(
    ("wanted", "terminal", "form"),
    [("auto", True, "human"), ("auto", False, "json"), ("human", False, "human"), ("json", True, "json")],
)
def test_the_form_follows_the_terminal_unless_told(wanted: Any, terminal: bool, form: str) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    assert logs.form_of(wanted, Stream()) == form
