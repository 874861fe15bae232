"""The flow from a data dump to tables: the same tables as by the API, resumable, and nothing doubled."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import FIRST, LAST, generate
from support import dumps
from support.clocks import PretendClock
from support.exports import export
from support.runs import Contents, Runner

from miner.job import Summary
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH

REAL = Path(__file__).parents[2] / "shared" / "data" / "ai.stackexchange.com"
AS_OF = datetime(2022, 3, 1, tzinfo=UTC)
TAGS = ("keras", "tf.keras", "pytorch")
NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def site() -> Site:
    """A site whose questions are partly of libraries that are asked for here."""
    return Site(generate(300, seed=3, tags=("keras", "tf.keras", "pytorch", "theano", "r")))


@pytest.fixture(scope="module")
def folder(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's dump."""
    return export(site, tmp_path_factory.mktemp("dump") / "stackoverflow.com")


class Reading:
    """Reads dumps into one database."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.clock = PretendClock(NOW)
        self.runner = Runner(database_url, folder, clock=self.clock, flags={"dump": {"block_bytes": 20_000}})

    def collect(self, dump: Path, **request: Any) -> Summary:
        """Read a dump."""
        return self.runner.collect(
            **{
                "dump": str(dump),
                "dump_date": AS_OF,
                "site": "stackoverflow.com",
                "libraries": ("keras", "torch"),
                **request,
            }
        )


@pytest.fixture
def reader(database_url: str, tmp_path: Path) -> Reading:
    return Reading(database_url, tmp_path)


@pytest.fixture
def lite(sqlite_url: str, tmp_path: Path) -> Reading:
    return Reading(sqlite_url, tmp_path)


@pytest.fixture
def server(site: Site) -> Iterator[StackExchange]:
    clock = PretendClock(NOW)
    with StackExchange(site, clock=clock.monotonic, keys=["known"]) as running:
        yield running


def wanted(site: Site) -> list[dict[str, Any]]:
    return [question for question in site.questions() if set(TAGS) & set(question["tags"])]


def test_a_dump_becomes_posts_comments_fixes_and_labels(reader: Reading, site: Site, folder: Path) -> None:
    summary = reader.collect(folder)
    questions = wanted(site)
    answers = [answer for question in questions for answer in question["answers"]]
    comments = [comment for post in (*questions, *answers) for comment in post.get("comments", [])]
    edits = {
        (post.get("answer_id", post["question_id"]), post["last_edit_date"])
        for post in (*questions, *answers)
        if "last_edit_date" in post
    }
    assert (summary.status, summary.questions) == ("complete", len(questions))
    assert dict(reader.runner.rows("SELECT kind, COUNT(*) FROM post GROUP BY kind")) == {
        "question": len(questions),
        "answer": len(answers),
    }
    assert reader.runner.one("SELECT COUNT(*) FROM comment") == len(comments)
    assert reader.runner.one("SELECT COUNT(*) FROM post_edit") == len(edits)
    assert summary.fixes == reader.runner.one("SELECT COUNT(*) FROM fix") > 50
    reasons = reader.runner.one("SELECT COUNT(*) FROM omission WHERE subject LIKE 'question:%'")
    assert reader.runner.one("SELECT COUNT(DISTINCT question_id) FROM fix") + reasons == len(questions)


def test_a_dump_and_the_api_give_the_same_rows(
    reader: Reading, lite: Reading, folder: Path, server: StackExchange, contents: Contents
) -> None:
    """But for names of authors, which a dump without users has not, and for which sent a row."""
    reader.collect(folder)
    lite.runner.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
    lite.runner.collect(sources=("stackoverflow",), libraries=("keras", "torch"))
    found, expected = reader.runner.tables(contents), lite.runner.tables(contents)
    for name in ("coverage", "dump", "dump_table", "raw_response"):
        del found[name], expected[name]
    for tables in (found, expected):
        tables["post"] = [nameless(row, 8) for row in tables["post"]]
        tables["comment"] = [nameless(row, 4) for row in tables["comment"]]
    assert found == expected


def nameless(row: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    return row[:at] + row[at + 1 :]


@pytest.mark.parametrize("order", ["dump first", "api first"])
def test_a_dump_and_the_api_mixed_double_nothing(
    lite: Reading, folder: Path, server: StackExchange, site: Site, order: str
) -> None:
    """After the dump, the API is asked for what changed since; before it, the dump's older rows change nothing."""
    lite.runner.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}

    def ask() -> Summary:
        return lite.runner.collect(sources=("stackoverflow",), libraries=("keras", "torch"))

    if order == "dump first":
        lite.collect(folder)
        asked = ask()
        newest = newest_of(site)
        later = [question for question in wanted(site) if question["last_activity_date"] >= newest]
        assert asked.questions - asked.reobserved == len(later)
        assert all("fromdate" not in request.query for request in server.requests)
    else:
        ask()
        assert lite.collect(folder).status == "complete"
        names = lite.runner.rows("SELECT author_name FROM post WHERE author_id IS NOT NULL")
        assert ("",) not in names
    questions = wanted(site)
    assert lite.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(questions)
    assert lite.runner.one("SELECT COUNT(*) FROM post") == len(questions) + sum(len(q["answers"]) for q in questions)
    assert lite.runner.rows("SELECT * FROM coverage_gaps") == []


def newest_of(site: Site) -> int:
    """Give when the newest stored post was written: what is later the dump may not have seen."""
    return max(post["creation_date"] for question in wanted(site) for post in (question, *question["answers"]))


def test_a_dump_proves_the_time_up_to_its_last_post_and_is_not_read_twice(
    reader: Reading, folder: Path, site: Site, contents: Contents
) -> None:
    reader.collect(folder)
    ledger = reader.runner.rows(
        "SELECT since_epoch, until_epoch, complete, reported, stored FROM coverage WHERE query LIKE :q",
        q="%tag=keras by=creation",
    )
    tagged = [question["creation_date"] for question in site.questions() if "keras" in question["tags"]]
    count, newest_questions = len(tagged), sum(date >= newest_of(site) for date in tagged)
    assert ledger == [(MIN_EPOCH, newest_of(site), True, count - newest_questions, count - newest_questions)]
    before = reader.runner.tables(contents)
    reader.runner.recorder.events.clear()
    reader.collect(folder)
    assert reader.runner.recorder.events == []
    assert reader.runner.tables(contents) == before


def test_a_dump_of_older_state_makes_the_api_ask_for_what_changed_since(
    lite: Reading, folder: Path, server: StackExchange, site: Site
) -> None:
    """The API was asked for the last year alone; the dump then brings the rest, as it was a while ago."""
    lite.runner.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
    since = datetime.fromtimestamp(LAST - 20_000_000, UTC)
    ask = {"sources": ("stackoverflow",), "libraries": ("keras", "torch")}
    lite.runner.collect(since=since, **ask)
    old = datetime.fromtimestamp(LAST - 40_000_000, UTC)
    lite.collect(folder, dump_date=old, until=old)
    server.requests.clear()
    lite.runner.collect(**ask)
    bounds = {int(request.query["min"]) for request in server.requests if "min" in request.query}
    assert min(bounds) == int(old.timestamp())
    assert lite.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(wanted(site))


@pytest.mark.parametrize("seed", range(3))
def test_a_reading_that_is_stopped_again_and_again_gives_the_same_tables(
    reader: Reading, lite: Reading, folder: Path, contents: Contents, seed: int
) -> None:
    """At any block, of any table, and while it judges."""
    chance = random.Random(seed)  # noqa: S311
    lite.collect(folder)
    left = [0]

    def give_up(*_: Any, **__: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    advance = reader.runner.recorder.advance
    for _ in range(12):
        left[0] = chance.randint(0, 6)
        reader.runner.recorder.advance = give_up  # type: ignore[method-assign]
        try:
            reader.collect(folder)
        except KeyboardInterrupt:
            continue
        break
    reader.runner.recorder.advance = advance  # type: ignore[method-assign]
    assert reader.collect(folder).status == "complete"
    assert reader.runner.tables(contents) == lite.runner.tables(contents)


def test_answers_before_their_question_are_kept_and_loose_ones_are_not(lite: Reading, tmp_path: Path) -> None:
    """Also where the file is not in the order of ids, and a block ends between the two."""
    rows = [
        dumps.answer(5, 7),
        dumps.answer(6, 99),
        dumps.question(7, "<keras>"),
        dumps.answer(8, 3),
        dumps.answer(9, 7),
        dumps.question(3, "<keras>"),
        dumps.question(10, "<r>"),
        dumps.answer(11, 10),
    ]
    lite.runner.flags = {"dump": {"block_bytes": 300}}
    lite.collect(dumps.write(tmp_path / "d", Posts=dumps.table(rows)))
    found = lite.runner.rows("SELECT post_id, question_id FROM post ORDER BY post_id")
    assert found == [(3, 3), (5, 7), (7, 7), (8, 3), (9, 7)]


def test_a_window_bounds_the_questions_by_their_creation(lite: Reading, site: Site, folder: Path) -> None:
    middle = datetime.fromtimestamp((FIRST + LAST) // 2, UTC)
    inside = [question for question in wanted(site) if question["creation_date"] >= middle.timestamp()]
    lite.collect(folder, since=middle)
    assert lite.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(inside)
    assert lite.runner.one("SELECT COUNT(*) FROM post") == len(inside) + sum(len(q["answers"]) for q in inside)
    lite.collect(folder)
    assert lite.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(wanted(site))
    assert {row[0] for row in lite.runner.rows("SELECT since_epoch FROM coverage")} == {MIN_EPOCH}


def test_archives_give_the_same_as_a_folder(
    reader: Reading, lite: Reading, site: Site, tmp_path: Path, contents: Contents
) -> None:
    """One of all tables, with tags between bars; and one a table."""
    files = export(site, tmp_path / "files", piped=True)
    whole = dumps.pack(tmp_path / "stackoverflow.com.7z", *files.glob("*.xml"))
    for file in files.glob("*.xml"):
        dumps.pack(tmp_path / "parts" / f"stackoverflow.com-{file.stem}.7z", file)
    reader.collect(whole)
    lite.collect(tmp_path / "parts" / "stackoverflow.com-Posts.7z")
    found, expected = reader.runner.tables(contents), lite.runner.tables(contents)
    for tables in (found, expected):
        del tables["dump"], tables["dump_table"]
    assert found == expected
    assert len(found["post"]) > 300


def test_votes_tell_the_score_of_any_day(lite: Reading, tmp_path: Path) -> None:
    votes = [(1, 2, 2, "2016-01-01"), (2, 2, 2, "2016-01-02"), (3, 2, 3, "2016-01-03"), (4, 2, 1, "2016-01-04")]
    other = [(5, 2, 16, "2016-01-05"), (6, 77, 2, "2016-01-01")]
    rows = [
        dumps.row({"Id": vote, "PostId": post, "VoteTypeId": kind, "CreationDate": f"{day}T00:00:00.000"})
        for vote, post, kind, day in (*votes, *other)
    ]
    links = [
        dumps.row({"Id": 1, "CreationDate": "2016-01-01T00:00:01.1", "PostId": 1, "RelatedPostId": 5, "LinkTypeId": 3})
    ]
    posts = [dumps.question(1, "<keras>"), dumps.answer(2, 1)]
    folder = dumps.write(
        tmp_path / "d",
        Posts=dumps.table(posts),
        Votes=dumps.table(rows, "Votes"),
        PostLinks=dumps.table(links, "PostLinks"),
    )
    lite.collect(folder)
    sql = "SELECT SUM(CASE kind WHEN 'up' THEN 1 WHEN 'down' THEN -1 ELSE 0 END) FROM vote WHERE post_id = 2 AND voted_on <= :day"  # noqa: E501
    assert [lite.runner.one(sql, day=f"2016-01-0{day} 00:00:00+00:00") for day in (1, 2, 3, 4)] == [1, 2, 1, 1]
    assert lite.runner.rows("SELECT kind, COUNT(*) FROM vote GROUP BY kind ORDER BY kind") == [
        ("accepted", 1),
        ("down", 1),
        ("up", 2),
    ]
    assert lite.runner.rows("SELECT post_id, related_post_id, kind FROM post_link") == [(1, 5, "duplicate")]


def test_a_file_that_is_cut_off_is_an_omission_and_what_was_before_is_kept(
    lite: Reading, site: Site, folder: Path, tmp_path: Path
) -> None:
    """Nothing is proved, the run has failed, and the whole dump brings the rest."""
    posts = (folder / "Posts.xml").read_bytes()
    broken = dumps.write(tmp_path / "stackoverflow.com", Posts=posts[: len(posts) * 2 // 3])
    summary = lite.collect(broken)
    assert summary.status == "failed"
    assert "without </posts>" in summary.failed["stackoverflow.com"]
    kept = lite.runner.one("SELECT COUNT(*) FROM post")
    assert kept > 100
    assert lite.runner.rows("SELECT * FROM coverage") == []
    assert lite.runner.rows("SELECT reason FROM omission WHERE resolved_run_id IS NULL") == [("dump_unreadable",)]
    lite.collect(folder)
    assert lite.runner.one("SELECT COUNT(*) FROM post WHERE kind = 'question'") == len(wanted(site))
    assert (
        lite.runner.rows("SELECT reason FROM omission WHERE reason = 'dump_unreadable' AND resolved_run_id IS NULL")
        == []
    )


def test_a_row_that_cannot_be_read_costs_itself_alone(lite: Reading, tmp_path: Path) -> None:
    rows = [
        dumps.question(1, "<keras>", CreationDate="yesterday"),
        dumps.question(2, "<keras>"),
        b'  <row Id="3" PostTypeId="1" Tags="&lt;keras&gt;" Body="&nope;" />\n',
    ]
    comments = [dumps.row({"Id": 9, "PostId": 2, "Text": "no date"})]
    folder = dumps.write(tmp_path / "d", Posts=dumps.table(rows), Comments=dumps.table(comments, "Comments"))
    assert lite.collect(folder).status == "complete"
    assert lite.runner.rows("SELECT post_id FROM post") == [(2,)]
    subjects = [
        row[0] for row in lite.runner.rows("SELECT subject FROM omission WHERE reason = 'post_unreadable' ORDER BY 1")
    ]
    assert [subject.split(":")[:3] for subject in subjects] == [
        ["post", "stackoverflow.com", "1"],
        ["row", "Comments", "stackoverflow.com"],
        ["row", "Posts", "stackoverflow.com"],
    ]


def test_the_moment_of_a_dump_can_be_corrected(
    reader: Reading, lite: Reading, folder: Path, contents: Contents
) -> None:
    """An archive that was packed anew does not tell it. All that the dump brought is then of that moment."""
    reader.collect(folder, dump_date=AS_OF + timedelta(days=9))
    reader.collect(folder)
    lite.collect(folder)
    assert reader.runner.tables(contents) == lite.runner.tables(contents)
    for table in ("post", "comment", "post_observation"):
        moments = reader.runner.rows(f"SELECT DISTINCT observed_at FROM {table}")  # noqa: S608
        assert [str(moment)[:10] for (moment,) in moments] == ["2022-03-01"]
    summary = lite.collect(folder, dump_date=NOW + timedelta(days=1))
    assert "a day to come" in summary.failed["stackoverflow.com"]


def test_a_dump_must_tell_its_site(lite: Reading, tmp_path: Path) -> None:
    """By its name or by a flag; the two must agree, and another site is another dump."""
    nameless = dumps.write(tmp_path / "d", Posts=dumps.table([dumps.question(1, "<keras>")]))
    assert "say it, as --site DOMAIN" in lite.collect(nameless, site=None).failed["d"]
    lite.collect(nameless, site="ai.stackexchange.com")
    lite.collect(nameless)
    assert lite.runner.rows("SELECT site FROM post ORDER BY site") == [
        ("ai.stackexchange.com",),
        ("stackoverflow.com",),
    ]
    named = nameless.rename(tmp_path / "ai.stackexchange.com")
    assert "is named after ai.stackexchange.com" in lite.collect(named).failed["ai.stackexchange.com"]


def test_a_dump_that_is_half_read_and_judged_meanwhile_gives_what_a_whole_one_gives(
    lite: Reading, tmp_path: Path, server: StackExchange
) -> None:
    """Answers that come later let their question be judged again."""
    rows = [dumps.question(1, "<keras>", AcceptedAnswerId=2), dumps.answer(2, 1, Body="<pre><code>a = 1</code></pre>")]
    posts = dumps.table(rows)
    folder = dumps.write(tmp_path / "d", Posts=posts[: posts.index(b'<row Id="2"')])
    assert lite.collect(folder).status == "failed"
    lite.runner.flags = {"stackoverflow": {"api_url": server.url, "key": "known"}}
    lite.runner.collect(sources=("stackoverflow",), libraries=("keras",))
    assert (
        lite.runner.one("SELECT reason FROM omission WHERE subject = 'question:stackoverflow.com:1'")
        == "accepted_answer_missing"
    )
    lite.collect(dumps.write(tmp_path / "whole", Posts=posts))
    assert lite.runner.one("SELECT answer_id FROM fix WHERE question_id = 1") == 2
    assert (
        lite.runner.one("SELECT resolved_run_id FROM omission WHERE subject = 'question:stackoverflow.com:1'")
        is not None
    )


def test_early_answers_of_one_reading_outlive_the_end_of_another(lite: Reading, tmp_path: Path) -> None:
    rows = [dumps.answer(5, 7), dumps.question(6, "<pytorch>"), dumps.question(7, "<keras>")]
    posts = dumps.table(rows)
    cut = dumps.write(tmp_path / "d", Posts=posts[: posts.index(b'<row Id="7"')])
    lite.collect(cut, libraries=("keras",))
    whole = dumps.write(tmp_path / "d2", Posts=posts)
    lite.collect(whole, libraries=("torch",))
    assert lite.runner.one("SELECT COUNT(*) FROM post WHERE post_id = 5") == 1
    lite.collect(whole, libraries=("keras",))
    assert lite.runner.rows("SELECT post_id FROM post ORDER BY post_id") == [(5,), (6,), (7,)]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda folder: folder / "nowhere", "there is no dump", id="nothing there"),
        pytest.param(
            lambda folder: dumps.write(folder / "d", Posts=b"<!DOCTYPE html><html></html>"), "", id="an HTML page"
        ),
        pytest.param(
            lambda folder: dumps.write(
                folder / "d",
                Posts=dumps.HEAD + b'<!DOCTYPE posts [<!ENTITY a "b">]>\n<posts>\n</posts>',
            ),
            "",
            id="an entity",
        ),
    ],
)
def test_what_is_no_dump_is_refused_in_words(
    lite: Reading, tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    summary = lite.collect(make(tmp_path))
    assert summary.status == "failed"
    assert says in "".join(summary.failed.values())
    assert len(lite.runner.recorder.warnings) == 1


@pytest.mark.skipif(not REAL.exists(), reason="the development data is not here")
def test_a_real_dump_comes_through(reader: Reading) -> None:
    """604 questions, of which six are about the libraries."""
    summary = reader.collect(REAL, libraries=(), dump_date=None, site=None)
    assert (summary.status, summary.questions) == ("complete", 6)
    assert reader.runner.one("SELECT site FROM dump") == "ai.stackexchange.com"
    assert reader.runner.one("SELECT rows_seen FROM dump_table WHERE name = 'Comments'") > 1000
    day = reader.runner.one("SELECT as_of FROM dump")
    shown = datetime.fromisoformat(day) if isinstance(day, str) else day
    assert timedelta() < shown - datetime(2017, 3, 1, tzinfo=UTC) < timedelta(days=30)
    assert MAX_EPOCH not in {row[0] for row in reader.runner.rows("SELECT until_epoch FROM coverage")}
