"""The audit of questions and answers: the questions of a tag that were asked in a slice of time, once more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import ceil

from sqlalchemy import Connection

from miner.audit.model import Asked, Difference, Slice
from miner.audit.sample import cut
from miner.clock import Clock
from miner.collect.apiwalk import PAGE_SIZE
from miner.collect.stackoverflow import StackExchange
from miner.job import activity_query
from miner.model import Thread
from miner.settings import StackOverflowSettings
from miner.store import audit as store
from miner.store import repository as ledger
from miner.store.coverage import MIN_EPOCH, Interval
from miner.store.postrows import SOURCE

_QUERY = re.compile(r"(\S+) tag=(.+) by=creation")


class StackOverflowAudit:
    """Asks a site, which the settings name; other sites of the ledger are left alone."""

    source = SOURCE
    unit = "requests"

    def __init__(self, settings: StackOverflowSettings, clock: Clock) -> None:
        self._site = settings.site
        self._api = StackExchange(settings, clock)
        self._is_ready = False

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._api.requests

    def population(self, connection: Connection, window: Interval) -> Iterator[Slice]:
        """Give the slices of the covered creation dates of each tag."""
        for row in store.covered_rows(connection, SOURCE):
            asked = _QUERY.fullmatch(row.query)
            if asked is not None and asked[1] == self._site:
                yield from cut(row, window, store.question_dates(connection, asked[1], asked[2]))

    def cost(self, drawn: list[Slice]) -> int:
        """Count a page for each hundred stored questions, and one request for the filter."""
        return sum(max(1, ceil(one.stored / PAGE_SIZE)) for one in drawn) + bool(drawn)

    def ask(self, connection: Connection, drawn: Slice) -> Asked:
        """Ask for the questions of a slice with their answers, and look for all of them."""
        if not self._is_ready:
            self._api.prepare()
            self._is_ready = True
        asked = _QUERY.fullmatch(drawn.query)
        tag = asked[2] if asked is not None else ""
        pages = list(self._api.created(tag, drawn.interval))
        threads = {thread.question.post_id: thread for page in pages for thread in page.threads}
        upto = _active_until(connection, self._site, tag)
        settled = {number: one for number, one in threads.items() if one.question.last_activity_at.timestamp() < upto}
        came = {post.post_id for one in settled.values() for post in (one.question, *one.answers)}
        accounted = store.posts(connection, self._site, came)
        stored = store.questions(connection, self._site, tag, drawn.interval)
        unreadable = {omission.subject for page in pages for omission in page.omissions}
        gone = [
            number
            for number, availability in stored.items()
            if number not in threads
            and availability != "gone"
            and not unreadable & {f"{kind}:{self._site}:{number}" for kind in ("question", "post")}
        ]
        differences = (
            *(self._missing(drawn, number, settled) for number in sorted(came - accounted)),
            *(self._difference("gone", drawn, number, "it was deleted, or lost the tag") for number in sorted(gone)),
            *(
                self._difference("later", drawn, number, f"active at {one.question.last_activity_at:%Y-%m-%d %H:%M}")
                for number, one in sorted(threads.items())
                if number not in settled
            ),
        )
        return Asked(drawn, len(came), len(came & accounted), differences)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _missing(self, drawn: Slice, number: int, threads: dict[int, Thread]) -> Difference:
        if number in threads:
            return self._difference("missing", drawn, number, f"a question of {_day(threads[number])}")
        of = next(one for one in threads.values() if number in _answers(one))
        return self._difference("missing", drawn, number, f"an answer to question {of.question.post_id}")

    def _difference(self, kind: str, drawn: Slice, number: int, detail: str) -> Difference:
        return Difference(kind, SOURCE, drawn.query, f"https://{self._site}/q/{number}", detail)  # type: ignore[arg-type]


def _active_until(connection: Connection, site: str, tag: str) -> float:
    """Give up to when all changes of a tag are at hand; whatever was active later comes with the next run."""
    covered: Iterable[Interval] = ledger.covered(connection, SOURCE, activity_query(site, tag))
    return next((one.until for one in covered if one.since == MIN_EPOCH), float("-inf"))


def _answers(thread: Thread) -> set[int]:
    return {answer.post_id for answer in thread.answers}


def _day(thread: Thread) -> str:
    return f"{thread.question.created_at:%Y-%m-%d}"
