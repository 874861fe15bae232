"""The flow from a site's tags to tables: complete, incremental, and the same whatever the site does meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers import faults
from servers.stackexchange import Request, StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import FIRST, LAST, generate
from support.clocks import PretendClock
from support.runs import Contents, Runner

from miner.job import Summary
from miner.store.coverage import MIN_EPOCH

SHARED = Path(__file__).parents[2] / "shared" / "data" / "stackoverflow_pytorch.jsonl"
MIDDLE = (FIRST + LAST) // 2
NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)


def at(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


class Asker:
    """A site, its server, and a miner that asks it; both go by one clock."""

    def __init__(self, site: Site, database_url: str, folder: Path, **server: Any) -> None:
        self.site = site
        self.clock = PretendClock(NOW)
        self.server = StackExchange(site, clock=self.clock.monotonic, **{"keys": ["known"], **server})
        self.server.date = lambda: self.clock.now().timestamp()
        self.runner = Runner(database_url, folder, clock=self.clock)
        self.settings: dict[str, Any] = {"key": "known", "attempts": 12}

    def elsewhere(self, path: Path) -> Asker:
        """Give a miner that asks the same server, and has a database of its own."""
        other = copy(self)
        other.runner = replace(self.runner, database_url=f"sqlite:///{path}")
        return other

    def collect(self, **request: Any) -> Summary:
        """Collect by the API alone."""
        self.runner.flags = {"stackoverflow": {"api_url": self.server.url, **self.settings}}
        return self.runner.collect(**{"sources": ("stackoverflow",), "libraries": ("keras",), **request})

    def contents(self, read: Contents) -> dict[str, list[tuple[Any, ...]]]:
        """Give all rows but the responses, which tell the quota that was left."""
        found = self.runner.tables(read)
        del found["raw_response"]
        return found

    def asked(self, method: str = "/questions") -> list[Request]:
        """Give the requests to a method so far."""
        return [request for request in self.server.requests if request.method == method]

    def forget(self) -> None:
        """Begin to count requests anew."""
        self.server.requests.clear()


Start = Callable[..., Asker]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start a server and a miner on a database of each kind."""
    yield from starter(database_url, tmp_path)


@pytest.fixture
def start_lite(sqlite_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start a server and a miner on SQLite."""
    yield from starter(sqlite_url, tmp_path)


def starter(database_url: str, folder: Path) -> Iterator[Start]:
    running: list[StackExchange] = []

    def begin(site: Site | None = None, url: str = database_url, **server: Any) -> Asker:
        asker = Asker(site or Site(generate(320, tags=("keras", "tf.keras"))), url, folder, **server)
        running.append(asker.server.__enter__())
        return asker

    yield begin
    for server in running:
        server.__exit__(None, None, None)


def tagged(site: Site, *tags: str) -> list[dict[str, Any]]:
    return [question for question in site.questions() if set(tags) & set(question["tags"])]


def test_a_site_becomes_posts_comments_fixes_and_labels(start: Start) -> None:
    """Every question of the tags with all that hangs on it; each has a fix or a reason."""
    asker = start()
    summary = asker.collect()
    questions = tagged(asker.site, "keras", "tf.keras", "keras-layer", "keras-2")
    answers = [answer for question in questions for answer in question["answers"]]
    posts = [*questions, *answers]
    comments = [comment for post in posts for comment in post.get("comments", [])]
    assert asker.server.violations == []
    assert asker.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(questions)
    assert asker.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'answer'") == len(answers)
    assert asker.runner.one("SELECT COUNT(*) FROM comment") == len(comments) > 100
    reasons = asker.runner.one("SELECT COUNT(*) FROM omission WHERE subject LIKE 'question:%'")
    repaired = asker.runner.one("SELECT COUNT(DISTINCT question_id) FROM fix")
    assert (repaired + reasons, summary.status) == (len(questions), "complete")
    assert summary.fixes == asker.runner.one("SELECT COUNT(*) FROM fix") > 50
    assert asker.runner.one("SELECT COUNT(*) FROM label WHERE scheme = 'pattern' AND rank = 1") == summary.fixes
    loose = "SELECT COUNT(*) FROM post WHERE response_sha256 NOT IN (SELECT response_sha256 FROM raw_response)"
    assert asker.runner.one(loose) == 0


def test_the_rule_by_which_an_answer_qualified_is_stored(start_lite: Start) -> None:
    asker = start_lite()
    asker.collect()
    expected: Counter[str] = Counter()
    for question in tagged(asker.site, "keras", "tf.keras"):
        accepted = question.get("accepted_answer_id")
        best = max((answer["score"] for answer in question["answers"]), default=-99)
        expected["accepted"] += accepted is not None
        expected["score"] += accepted is None and best >= 5
    rules = dict(
        asker.runner.rows("SELECT selection_rule, COUNT(DISTINCT question_id) FROM fix GROUP BY selection_rule")
    )
    silent = asker.runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'repair_not_described'")
    by_acceptance = rules["accepted_with_code"] + rules.get("accepted_without_code", 0)
    assert by_acceptance + rules["score"] + silent == expected.total()
    assert rules["score"] > 0
    unlike = "SELECT COUNT(*) FROM fix f WHERE NOT EXISTS (SELECT 1 FROM post_observation o WHERE o.site = f.site AND o.post_id = f.answer_id AND o.selection_rule = f.selection_rule)"  # noqa: E501
    assert asker.runner.one(unlike) == 0


def test_a_thousand_questions_cost_ten_requests(start_lite: Start) -> None:
    """With answers and all comments; and one more, once, for the filter."""
    questions = generate(1000, tags=("theano",))
    for number, question in enumerate(questions):
        # A second that goes on behind the end of a page costs one more.
        question["creation_date"] = FIRST + number * 86_400
    asker = start_lite(Site(questions))
    summary = asker.collect(libraries=("theano",))
    assert summary.questions == 1000
    assert len(asker.asked()) == 10
    assert summary.requests == 11


def test_nothing_new_costs_one_request_a_tag_and_changes_nothing(start: Start, contents: Contents) -> None:
    asker = start()
    asker.collect()
    before = asker.contents(contents)
    asker.forget()
    asker.clock.advance(hours=1)
    summary = asker.collect()
    assert len(asker.server.requests) == summary.tags
    after = asker.contents(contents)
    # The ledger tells that the time since is at hand, too.
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"coverage"}
    assert asker.runner.rows("SELECT * FROM coverage_gaps") == []


def test_what_changed_and_what_is_new_comes_with_the_next_run(start: Start) -> None:
    asker = start()
    asker.collect()
    old, other = (question["question_id"] for question in tagged(asker.site, "keras")[:2])
    asker.clock.advance(days=2)
    now = int(asker.clock.now().timestamp())
    asker.site.answer(old, "<p>Use this:</p><pre><code>a = b(1)</code></pre>", 9, now - 500)
    asker.site.edit(other, now - 400, title="Another title")
    new = asker.site.add(
        {"title": "New", "tags": ["keras"], "creation_date": now - 300, "last_activity_date": now - 300}
    )
    asker.forget()
    summary = asker.collect()
    assert summary.questions == 3
    assert len(asker.asked()) == summary.tags
    assert asker.runner.one("SELECT title FROM post WHERE post_id = :id", id=other) == "Another title"
    assert asker.runner.one("SELECT reason FROM omission WHERE subject = :of", of=f"question:stackoverflow.com:{new}")
    assert asker.runner.one("SELECT COUNT(*) FROM post WHERE question_id = :id", id=old) == 1 + len(
        asker.site.question(old)["answers"]
    )
    assert asker.runner.one("SELECT COUNT(*) FROM coverage WHERE query LIKE '%tag=keras by=creation'") == 1


def test_an_earlier_since_brings_the_earlier_part_alone(start: Start, contents: Contents, tmp_path: Path) -> None:
    """And the tables are those of one run over all."""
    asker = start()
    first = asker.collect(since=at(MIDDLE))
    assert asker.runner.one("SELECT MIN(created_at) FROM post WHERE kind = 'question'")
    assert first.questions < 320
    asker.forget()
    second = asker.collect()
    asked = [int(request.query["todate"]) for request in asker.asked() if "todate" in request.query]
    assert asked
    assert all(bound <= MIDDLE for bound in asked)
    whole = asker.elsewhere(tmp_path / "whole.db")
    summary = whole.collect()
    assert first.questions + second.questions == summary.questions
    found, expected = asker.contents(contents), whole.contents(contents)
    # Counts of the activity ledger tell how often it was asked.
    del found["coverage"], expected["coverage"]
    assert found == expected
    assert asker.runner.rows("SELECT since_epoch FROM coverage WHERE query LIKE '%by=creation'") == [(MIN_EPOCH,)] * 4


def test_questions_outside_of_the_window_are_not_stored(start_lite: Start) -> None:
    """Not even those that changed since."""
    asker = start_lite()
    asker.collect(since=at(MIDDLE), until=at(LAST))
    early = next(q for q in tagged(asker.site, "keras") if q["creation_date"] < MIDDLE)["question_id"]
    asker.clock.advance(days=1)
    asker.site.edit(early, int(asker.clock.now().timestamp()) - 10, title="x")
    asker.collect(since=at(MIDDLE), until=at(LAST))
    assert asker.runner.one("SELECT COUNT(*) FROM post WHERE question_id = :id", id=early) == 0


@pytest.mark.parametrize("kinds", [faults.QUICK], ids=["every quick fault"])
def test_a_site_that_fails_every_third_request_gives_the_same_tables(
    start: Start, contents: Contents, tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    """In every way that a server can fail; and the ledger is complete."""
    wrong = [kind for kind in kinds if kind != "redirect"]
    asker = start(faults=faults.every(3, wrong), patience=1)
    asker.settings["max_wait_seconds"] = 60
    summary = asker.collect()
    assert summary.status == "complete"
    assert {request.fault for request in asker.server.requests} > {""}
    asker.server.faults = faults.never
    calm = asker.elsewhere(tmp_path / "calm.db")
    calm.collect()
    # The ledgers end at different seconds.
    found, expected = asker.contents(contents), calm.contents(contents)
    assert [row[:4] + row[5:] for row in found.pop("coverage")] == [
        row[:4] + row[5:] for row in expected.pop("coverage")
    ]
    assert found == expected
    assert asker.server.violations == []


def test_a_quota_that_ends_stops_the_run_in_order_and_the_next_day_goes_on(
    start: Start, contents: Contents, tmp_path: Path
) -> None:
    asker = start(quota=10)
    asker.settings["quota_reserve"] = 5
    first = asker.collect()
    assert (first.status, first.quota_remaining) == ("partial", 5)
    gaps = dict(asker.runner.rows("SELECT query, reason FROM coverage_gaps"))
    assert set(gaps.values()) == {"quota_exhausted"}
    assert asker.runner.rows("SELECT DISTINCT reason FROM omission WHERE subject LIKE 'tag:%'") == [
        ("quota_exhausted",)
    ]
    rounds = 1
    while asker.collect().failed:
        asker.clock.advance(days=1)
        asker.server.new_day()
        rounds += 1
    assert rounds > 1
    assert asker.runner.rows("SELECT * FROM coverage_gaps") == []
    assert asker.runner.one("SELECT COUNT(*) FROM omission WHERE subject LIKE 'tag:%' AND resolved_run_id IS NULL") == 0
    asker.server.limits.keyed_quota = 10_000
    asker.server.new_day()
    calm = asker.elsewhere(tmp_path / "calm.db")
    calm.collect()
    found, expected = asker.contents(contents), calm.contents(contents)
    for tables in (found, expected):
        del tables["coverage"], tables["omission"]
    assert found == expected
    assert asker.server.violations == []


def test_votes_that_come_late_make_an_answer_qualify(start: Start) -> None:
    """They change no date that could be asked for: the question is looked at again when its age has grown."""
    asker = start()
    asker.collect()
    sql = "SELECT subject FROM omission WHERE reason = 'question_below_score' ORDER BY subject LIMIT 1"
    subject = asker.runner.one(sql)
    number = int(subject.rpartition(":")[2])
    answer = asker.site.question(number)["answers"][0]["answer_id"]
    asker.site.vote(answer, 12)
    asker.clock.advance(days=6)
    assert asker.collect().reobserved == 0
    asker.clock.advance(days=4000)
    asker.forget()
    summary = asker.collect()
    assert summary.reobserved > 0
    assert asker.runner.rows("SELECT answer_id, selection_rule FROM fix WHERE question_id = :id", id=number) == [
        (answer, "score")
    ]
    assert asker.runner.one("SELECT resolved_run_id FROM omission WHERE subject = :of", of=subject) is not None
    scores = asker.runner.rows(
        "SELECT score, selection_rule FROM post_observation WHERE post_id = :id ORDER BY observed_at", id=answer
    )
    assert len(scores) == 2
    assert scores[1] == (12, "score")


def test_an_acceptance_that_comes_late_is_seen_and_the_old_fix_stays(start_lite: Start) -> None:
    asker = start_lite()
    asker.collect()
    number, best = asker.runner.rows("SELECT question_id, answer_id FROM fix WHERE selection_rule = 'score'")[0]
    asker.site.accept(number, best)
    asker.clock.advance(days=5000)
    asker.collect()
    assert asker.runner.one("SELECT selection_rule FROM fix WHERE answer_id = :id", id=best) == "score"
    seen = asker.runner.rows(
        "SELECT selection_rule FROM post_observation WHERE post_id = :id ORDER BY observed_at", id=best
    )
    assert seen[0] == ("score",)
    assert seen[-1][0].startswith("accepted_")


def test_further_looks_take_a_share_of_the_quota_and_those_without_a_fix_first(start_lite: Start) -> None:
    """Each brings a hundred questions."""
    asker = start_lite(Site(generate(900, tags=("theano",))), quota=40)
    asker.settings |= {"reobserve_share": 0.1, "quota_reserve": 1}
    asker.collect(libraries=("theano",))
    asker.clock.advance(days=6000)
    asker.server.new_day()
    asker.forget()
    summary = asker.collect(libraries=("theano",))
    assert len(asker.asked("/questions/{ids}")) == 3
    assert summary.reobserved == 300
    unrepaired = {
        row[0]
        for row in asker.runner.rows(
            "SELECT post_id FROM post WHERE kind = 'question' AND post_id NOT IN (SELECT question_id FROM fix)"
        )
    }
    looked = {int(number) for one in asker.asked("/questions/{ids}") for number in one.path.rsplit("/")[-1].split(";")}
    assert looked <= unrepaired or unrepaired <= looked


def test_new_questions_and_further_looks_can_be_asked_for_apart(start_lite: Start) -> None:
    """One asks for no known question, the other for no tag; the looks alone keep to the share, but for the first."""
    asker = start_lite(Site(generate(900, tags=("theano",))))
    asker.collect(libraries=("theano",))
    asker.clock.advance(days=6000)
    asker.forget()
    assert asker.collect(libraries=("theano",), questions="new").reobserved == 0
    assert asker.asked("/questions/{ids}") == []
    asker.settings |= {"reobserve_share": 0.1, "quota_reserve": 1}
    asker.server.leave_quota(25)
    asker.forget()
    summary = asker.collect(libraries=("theano",), questions="again")
    assert (summary.status, summary.tags) == ("complete", 0)
    assert asker.asked("/questions") == []
    assert len(asker.asked("/questions/{ids}")) == 2
    assert summary.reobserved == 200


def test_looks_alone_fail_where_no_answer_comes(start_lite: Start) -> None:
    """Nothing was looked at then: that is no complete run."""
    asker = start_lite()
    asker.collect()
    asker.clock.advance(days=5000)
    asker.settings |= {"attempts": 1, "api_url": "http://127.0.0.1:9"}
    summary = asker.collect(questions="again")
    assert summary.status == "failed"
    assert list(summary.failed) == ["stackoverflow.com looks"]


def test_a_summary_tells_pages_and_what_is_left_of_the_quota(start_lite: Start) -> None:
    """Until the quota is full again, at midnight UTC."""
    asker = start_lite()
    summary = asker.collect()
    assert summary.pages["stackoverflow"] > 0
    (budget,), (sent,) = summary.budgets, summary.sent
    assert sent == {"source": "stackoverflow", "account": "key", "resource": "day", "requests": summary.requests}
    assert (budget["account"], budget["limit"], budget["remaining"]) == ("key", 10_000, summary.quota_remaining)
    assert at(budget["reset_epoch"]) == datetime(2022, 6, 2, tzinfo=UTC)


def test_a_question_that_is_deleted_keeps_its_rows(start_lite: Start) -> None:
    asker = start_lite()
    asker.collect()
    number = tagged(asker.site, "keras")[0]["question_id"]
    kept = asker.runner.one("SELECT COUNT(*) FROM post WHERE question_id = :id", id=number)
    asker.site.delete(number)
    asker.clock.advance(days=5000)
    asker.collect()
    gone = asker.runner.rows("SELECT availability FROM post WHERE question_id = :id", id=number)
    assert gone == [("gone",)] * kept
    omission = "SELECT subject FROM omission WHERE reason = 'question_deleted'"
    assert asker.runner.rows(omission) == [(f"question:stackoverflow.com:{number}",)]


def test_an_answer_that_is_deleted_keeps_its_fix_and_qualifies_no_more(start_lite: Start) -> None:
    asker = start_lite()
    asker.collect()
    answer = asker.runner.one("SELECT answer_id FROM fix WHERE selection_rule = 'score'")
    asker.clock.advance(days=2)
    asker.site.delete(answer, at=int(asker.clock.now().timestamp()) - 500)
    asker.collect()
    assert asker.runner.one("SELECT availability FROM post WHERE post_id = :id", id=answer) == "gone"
    assert asker.runner.one("SELECT COUNT(*) FROM fix WHERE answer_id = :id", id=answer) == 1


def test_questions_are_judged_anew_by_another_threshold_without_a_request(start: Start) -> None:
    asker = start()
    asker.collect()
    before = asker.runner.one("SELECT COUNT(*) FROM fix")
    sql = "SELECT COUNT(*) FROM omission WHERE reason = 'question_below_score' AND resolved_run_id IS NULL"
    below = asker.runner.one(sql)
    asker.settings["min_score"] = 1
    asker.forget()
    summary = asker.collect()
    assert len(asker.server.requests) == 0
    assert summary.questions == asker.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'")
    assert asker.runner.one("SELECT COUNT(*) FROM fix") > before
    assert asker.runner.one(sql) < below
    assert asker.runner.rows("SELECT DISTINCT min_score FROM post_observation ORDER BY 1") == [(1,), (5,)]


def test_without_classification_posts_and_rules_are_there_and_a_later_run_brings_fixes(start_lite: Start) -> None:
    asker = start_lite()
    asker.collect(classify=False)
    assert asker.runner.one("SELECT COUNT(*) FROM fix") == 0
    qualified = asker.runner.one("SELECT COUNT(*) FROM post_observation WHERE selection_rule IS NOT NULL")
    assert qualified > 50
    asker.collect()
    assert asker.runner.one("SELECT COUNT(*) FROM fix") == qualified


def test_a_limit_below_a_page_goes_on_where_it_was(start_lite: Start) -> None:
    asker = start_lite(Site(generate(60, tags=("theano",))))
    seen = []
    for _ in range(4):
        asker.collect(libraries=("theano",), limit=10)
        seen.append(asker.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'"))
    assert seen[0] == 10
    assert seen == sorted(set(seen))
    asker.collect(libraries=("theano",))
    assert asker.runner.rows("SELECT reported, stored FROM coverage WHERE query LIKE '%creation'") == [(60, 60)]


def test_a_clock_that_is_ahead_is_told_and_proves_nothing(start_lite: Start) -> None:
    """What is asked in the hour to come would be taken for at hand."""
    asker = start_lite()
    asker.server.date = lambda: asker.clock.now().timestamp() - 3600
    summary = asker.collect()
    assert "clock is 3600 seconds ahead" in next(iter(summary.failed.values()))
    assert asker.runner.one("SELECT COUNT(*) FROM coverage WHERE complete AND query LIKE '%creation'") == 0


def test_odd_characters_cost_nothing(start: Start) -> None:
    """NUL and lone surrogates, which a database cannot hold, in every text."""
    asker = start(Site(generate(30, tags=("theano",))))
    number = next(q["question_id"] for q in asker.site.questions() if q["answers"] and q["comments"])
    odd = "a\x00b\ud800c"
    asker.site.edit(number, at=LAST, title=odd, body=odd, content_license=odd, tags=["theano", odd])
    asker.site.comment(number, odd)
    asker.site.edit(
        number, at=LAST, comments=[{**one, "content_license": odd} for one in asker.site.question(number)["comments"]]
    )
    assert asker.collect(libraries=("theano",)).status == "complete"
    assert asker.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == 30


def test_a_run_that_brought_something_before_the_quota_ended_is_partial(start_lite: Start) -> None:
    """Though no tag was finished."""
    asker = start_lite(Site(generate(400, tags=("theano",))), quota=9)
    summary = asker.collect(libraries=("theano",))
    assert summary.questions > 0
    assert (len(summary.failed), summary.status) == (summary.tags, "partial")


def test_a_limit_stops_early_and_proves_nothing_beyond(start_lite: Start) -> None:
    asker = start_lite()
    first = asker.collect(limit=30)
    assert first.questions <= 30 * first.tags
    assert asker.runner.rows("SELECT COUNT(*) FROM coverage_gaps")[0][0] > 0
    asker.collect()
    questions = tagged(asker.site, "keras", "tf.keras", "keras-layer", "keras-2")
    assert asker.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(questions)


def test_a_site_that_does_not_answer_is_an_omission_and_an_incomplete_interval(start_lite: Start) -> None:
    """It is tried for one tag only: the others would wait as long."""
    asker = start_lite(faults=lambda _: "html_503")
    asker.settings["attempts"] = 2
    summary = asker.collect()
    assert summary.status == "failed"
    assert len(asker.server.requests) == 2
    assert len(summary.failed) == summary.tags == 4
    gaps = asker.runner.rows("SELECT reason FROM coverage_gaps")
    assert gaps == [("site_unreachable",)] * 4
    asker.server.faults = faults.never
    assert asker.collect().status == "complete"
    assert asker.runner.rows("SELECT reason FROM coverage_gaps") == []


def test_an_item_that_cannot_be_read_is_an_omission_and_the_rest_is_stored(start_lite: Start) -> None:
    asker = start_lite(Site(generate(60, tags=("theano",))))
    broken = asker.site.question(200)
    number = broken["question_id"]
    asker.site.edit(number, at=LAST, view_count="many")
    summary = asker.collect(libraries=("theano",))
    assert summary.questions == 59
    found = asker.runner.rows("SELECT subject FROM omission WHERE reason = 'post_unreadable'")
    assert found == [(f"question:stackoverflow.com:{number}",)]
    assert asker.runner.rows("SELECT reported, fetched, stored FROM coverage WHERE query LIKE '%creation'") == [
        (60, 60, 59)
    ]


def test_a_key_reaches_no_table(start_lite: Start) -> None:
    """Neither a URL of a response nor anything else."""
    asker = start_lite(keys=["s3cretkey"])
    asker.settings["key"] = "s3cretkey"
    asker.collect()
    dump = Path(asker.runner.database_url.removeprefix("sqlite:///"))
    assert b"s3cretkey" not in dump.read_bytes()
    assert all("key=" not in url for (url,) in asker.runner.rows("SELECT url FROM raw_response"))


@pytest.mark.skipif(not SHARED.exists(), reason="the development data is not here")
def test_real_questions_come_through(start_lite: Start) -> None:
    """968 questions, of which 706 have an answer that is accepted, or scores 5 or more where none is."""
    asker = start_lite(Site.from_jsonl(SHARED))
    summary = asker.collect(libraries=("torch",))
    assert summary.status == "complete"
    unreadable = asker.runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'post_unreadable'")
    assert summary.questions + unreadable == 968
    silent = asker.runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'repair_not_described'")
    others = asker.runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'library_not_selected'")
    assert asker.runner.one("SELECT COUNT(DISTINCT question_id) FROM fix") + silent + others == 706
