"""The machine's clock is set back, in a run or between two: nothing is lost, and what is asked for later is right."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import Engine
from support.clocks import PretendClock
from support.comparing import Contents, differences
from support.jobs import ROUNDS
from support.runs import Runner

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
LATER = timedelta(days=1)


class TurnedClock(PretendClock):
    """A clock that somebody sets back, by ``back``, after it was looked at so often; monotonic time goes on."""

    def __init__(self, start: datetime, looks: int, back: timedelta) -> None:
        super().__init__(start)
        self.looks = looks
        self.back = back

    def now(self) -> datetime:
        """Give the time in UTC."""
        self.looks -= 1
        return super().now() - (self.back if self.looks < 0 else timedelta())


class Asking:
    """A miner that asks a site which goes on by itself: real time is ``moment``, whatever the miner's clock says."""

    def __init__(self, url: str, folder: Path, read: Callable[[Engine], Contents]) -> None:
        self.url, self.folder, self.read = url, folder, read
        self.site = Site(generate(150, tags=("keras", "theano")))
        self.server = StackExchange(self.site, keys=["known"])
        self.moment = NOW
        self.server.date = lambda: self.moment.timestamp()

    def collect(self, clock: PretendClock) -> None:
        """Collect by a clock."""
        # The quota's and the limits' clock: seconds since the server's start.
        flags: dict[str, dict[str, Any]] = {"stackoverflow": {"api_url": self.server.url, "key": "known"}}
        runner = Runner(self.url, self.folder, flags, clock=clock)
        summary = runner.collect(sources=("stackoverflow",), libraries=("keras",))
        assert summary.status == "complete", summary.failed

    def change(self) -> None:
        """A day later: a question gets a better answer, another is new, a third is edited."""
        first, second = [question["question_id"] for question in self.site.questions()[:2]]
        at = int((self.moment - timedelta(hours=2)).timestamp())
        self.site.answer(first, "<pre><code>model.compile(loss='mse')\n</code></pre>", score=50, at=at)
        self.site.edit(second, at=at, body="<p>Edited</p><pre><code>import keras\n</code></pre>")
        self.site.add({"question_id": 9_999_999, "title": "New", "tags": ["keras"], "creation_date": at})

    def tables(self) -> Contents:
        """Give the tables but for the looks, responses and ledger, which hold the times at which the clock stood."""
        runner = Runner(self.url, self.folder)
        found = runner.tables(self.read)
        return {name: rows for name, rows in found.items() if name not in ("raw_response", "coverage")}


@pytest.fixture
def start(tmp_path: Path, contents: Callable[[Engine], Contents]) -> Iterator[Callable[[str], Asking]]:
    """Start a site and a miner with a database of its own."""
    running: list[Asking] = []

    def begin(name: str) -> Asking:
        asking = Asking(f"sqlite:///{tmp_path}/{name}.db", tmp_path / name, contents)
        running.append(asking)
        asking.server.__enter__()
        return asking

    yield begin
    for asking in running:
        asking.server.__exit__(None, None, None)
        assert asking.server.violations == []


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(days=400)], ids=["minutes", "more than a year"])
@pytest.mark.parametrize("when", ["in the first run", "between the runs"])
def test_a_clock_set_back_loses_nothing(start: Callable[[str], Asking], back: timedelta, when: str) -> None:
    """Three runs; by the third the clock is right again, and the tables are those of a machine whose always was."""
    chance = random.Random(f"{back} {when}")  # noqa: S311 - moments, not a secret
    whole = start("whole")
    whole.collect(PretendClock(NOW))
    whole.moment += LATER
    whole.change()
    whole.collect(PretendClock(whole.moment))
    whole.moment += timedelta(minutes=10)
    whole.collect(PretendClock(whole.moment))
    assert "9999999" in repr(whole.tables()["post"])
    for number in range(ROUNDS):
        asking = start(f"turned{number}")
        looks = chance.randint(0, 8) if when == "in the first run" else 1000
        asking.collect(TurnedClock(NOW, looks, back))
        asking.moment += LATER
        asking.change()
        asking.collect(PretendClock(asking.moment - back) if looks == 1000 else PretendClock(asking.moment))
        asking.moment += timedelta(minutes=10)
        asking.collect(PretendClock(asking.moment))
        assert differences(asking.tables(), whole.tables()) == {}
