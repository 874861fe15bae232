"""Prints how many requests a thousand questions cost, with answers and comments: the miner's beside Perceval's.

    python bench/stackoverflow_requests.py [--questions 5000] [--perceval PYTHON]

Both ask the same server on loopback, which is as strict as the API (tests/servers). PYTHON is an interpreter that has
Perceval (``pip install perceval`` into an environment of its own: it is GPL, and no dependency). Its filter is known to
Stack Exchange alone, so the server gives it one with the fields of the response that Perceval's own tests have on
record. Looking again, here at 1,000 questions, is for votes and acceptance, which change no date: the miner asks by id,
Perceval knows no way but to fetch a tag anew. Both have a key: without one Perceval fails at page 26, after 2,500
questions. The miner's first collect includes the one request that makes its filter.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miner.clock import SystemClock
from miner.collect.stackoverflow import ApiPage, StackExchange
from miner.settings import load
from miner.store.coverage import Interval

TAG = "keras"
KEY = "bench"
LOOKED_AT = 1_000
PERCEVAL = """
import json, sys
from perceval.backends.core import stackexchange
client = stackexchange.StackExchangeClient
client.STACKEXCHANGE_API_URL, client.VERSION_API, client.VQUESTIONS_FILTER = sys.argv[1:4]
questions = answers = comments = texts = 0
tag, key = sys.argv[4:]
for item in stackexchange.StackExchange(site="stackoverflow", tagged=tag, api_token=key).fetch():
    posts = [item["data"], *item["data"].get("answers", [])]
    found = [comment for post in posts for comment in post.get("comments", [])]
    questions, answers, comments = questions + 1, answers + len(posts) - 1, comments + len(found)
    texts += sum("body" in comment or "body_markdown" in comment for comment in found)
print(json.dumps([questions, answers, comments, texts]))
"""
PERCEVAL_FIELDS = {
    "": "backoff error_id error_message error_name has_more items page page_size quota_max quota_remaining total type",
    "question": "answer_count answers body_markdown close_vote_count comment_count comments creation_date"
    " delete_vote_count down_vote_count favorite_count is_answered last_activity_date link owner question_id"
    " reopen_vote_count score tags title up_vote_count view_count",
    "answer": "answer_id body_markdown comment_count creation_date down_vote_count is_accepted last_activity_date link"
    " owner question_id score tags title up_vote_count",
    "comment": "comment_id creation_date edited link owner post_id post_type score",
    "shallow_user": "accept_rate badge_counts display_name link profile_image reputation user_id user_type",
}


@dataclass
class Cost:
    """What came, and for how many requests."""

    name: str
    requests: int
    questions: int
    answers: int
    comments: int
    texts: int

    def __str__(self) -> str:
        share = self.requests / self.questions * 1_000
        came = f"{self.questions:11,}{self.answers:9,}{self.comments:10,}{self.texts:12,}"
        return f"{self.name:24}{self.requests:10,}{share:16.1f}{came}"


class Bench:
    """A server with a site, and what asks it."""

    def __init__(self, server: Any, perceval: str | None) -> None:
        self.server = server
        self.perceval = perceval
        settings = load(environ={}, flags={"stackoverflow": {"api_url": server.url, "key": KEY}}).stackoverflow
        self.client = StackExchange(settings, SystemClock())

    def ours(self, name: str, ask: Callable[[], list[ApiPage]]) -> Cost:
        """Let the miner's client ask."""
        before = len(self.server.requests)
        threads = [thread for page in ask() for thread in page.threads]
        comments = [comment for thread in threads for comment in thread.comments]
        answers = sum(len(thread.answers) for thread in threads)
        requests = len(self.server.requests) - before
        return Cost(name, requests, len(threads), answers, len(comments), sum(bool(one.text) for one in comments))

    def created(self) -> list[ApiPage]:
        """Collect a tag, the filter included."""
        self.client.prepare()
        return list(self.client.created(TAG, Interval()))

    def looked_at(self, ids: list[int]) -> list[ApiPage]:
        """Look again at some questions."""
        return [self.client.by_id(ids[start : start + 100]) for start in range(0, len(ids), 100)]

    def theirs(self, name: str) -> Cost:
        """Let Perceval collect a tag."""
        filters = importlib.import_module("servers.stackexchange_filters")
        fields = [f"{kind}.{name}" for kind, names in PERCEVAL_FIELDS.items() for name in names.split()]
        known = filters.create(fields, [], filters.BUILT_IN["none"], False).name
        base, version = self.server.url.rsplit("/", 1)
        before = len(self.server.requests)
        command = [str(self.perceval), "-c", PERCEVAL, base, version, known, TAG, KEY]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"Perceval ended with exit code {done.returncode}: {done.stderr[-2000:]}")
        return Cost(name, len(self.server.requests) - before, *json.loads(done.stdout))


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=5_000)
    parser.add_argument("--perceval", metavar="PYTHON")
    asked = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    servers: Any = importlib.import_module("servers.stackexchange")
    generator: Any = importlib.import_module("servers.stackexchange_generator")
    site = servers.Site(generator.generate(asked.questions, tags=[TAG]))
    # A clock that jumps a second at each look: Perceval knows no limit of requests a second.
    seconds = itertools.count()
    with servers.StackExchange(site, clock=lambda: float(next(seconds)), keys=[KEY]) as server:
        report(Bench(server, asked.perceval), site)
    print(f"rules broken: {len(server.violations)}")


def report(bench: Bench, site: Any) -> None:
    """Run everything and print the table."""
    ids = sorted(question["question_id"] for question in site.questions())
    again = ids[:: max(1, len(ids) // LOOKED_AT)][:LOOKED_AT]
    ours = bench.ours("miner, collect", bench.created)
    ours_again = bench.ours("miner, look again", lambda: bench.looked_at(again))
    print(f"{'':24}{'requests':>10}{'a thousand':>16}{'questions':>11}{'answers':>9}{'comments':>10}{'with text':>12}")
    print(ours, ours_again, sep="\n")
    if bench.perceval:
        theirs, theirs_again = bench.theirs("Perceval, collect"), bench.theirs("Perceval, look again")
        print(theirs, theirs_again, sep="\n")
        print(f"collect: Perceval takes {theirs.requests / ours.requests:.2f} times the miner's requests")
        print(f"look again at {len(again):,}: {theirs_again.requests / ours_again.requests:.2f} times")


if __name__ == "__main__":
    main()
