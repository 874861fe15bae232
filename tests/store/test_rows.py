"""Rows that workers make, and what a database gives back of them."""

import pickle
import subprocess
import sys
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from support.pages import NOON, VERDICT, commit, file_change, fix, page, sha
from support.threads import answer, comment, origin, question, thread

from miner.model import Omission, OmissionReason, RawResponse
from miner.questions import Judge, QuestionTask
from miner.store import repository
from miner.store.postrows import PostPage
from miner.store.rows import PageBuilder
from miner.store.session import reading, writing
from miner.store.tables import git_commit, hunk, label_evidence, metadata, omission, raw_response


@pytest.fixture
def builder(engine: Engine) -> PageBuilder:
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0")
        number = repository.register_repository(
            connection, run_id=run_id, name="o/n", host="github.com", clone_url="https://github.com/o/n.git"
        )
    return PageBuilder("git", run_id, number, "bugfix/1")


def store(engine: Engine, builder: PageBuilder) -> None:
    with writing(engine) as connection:
        repository.write_page(connection, pickle.loads(pickle.dumps(builder.rows)))  # noqa: S301


def test_workers_need_no_database_code() -> None:
    """Making rows imports neither SQLAlchemy nor a driver."""
    code = "import sys, miner.store.rows; sys.exit(bool({'sqlalchemy', 'psycopg', 'sqlite3'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_row_has_a_value_for_each_column_of_its_table() -> None:
    rows = page(1, 1)
    rows.update({"raw_response": [(None,) * 8], "coverage": [(None,) * 13]})
    moment = thread(question(accepted_answer_id=2, last_edited_at=NOON), [answer(2)], [comment(3, 2)])
    of_posts = PostPage(1)
    of_posts.vote("s", 1, 1, "up", NOON)
    of_posts.link("s", 1, 2, "linked", NOON)
    rows |= of_posts.rows | QuestionTask((moment,), Judge(5), 1, origin(1)).run().rows
    rows.update({"link": [(None,) * 5], "fix_cluster": [(None,) * 2]})
    widths = {name: {len(row) for row in rows[name]} for name in rows}
    of_github = {"discovery", "github_repository", "http_validator", "seed"}
    others = {"crawl_run", "daemon_job", "daemon_outcome", "dump", "dump_table", "repository", "repository_alias"}
    assert set(metadata.tables) - set(widths) == of_github | others
    assert widths == {name: {len(metadata.tables[name].columns)} for name in rows}


def test_a_commit_comes_back_as_it_went_in(engine: Engine, builder: PageBuilder) -> None:
    builder.commit(commit(1, message_raw=b"\xe9"), VERDICT)
    store(engine, builder)
    with reading(engine) as connection:
        found = connection.execute(select(git_commit)).one()._asdict()
    assert found == {
        "sha": sha(1),
        "author_name": "Ada",
        "author_email": "ada@example.org",
        "authored_at": NOON,
        "authored_offset_minutes": 60,
        "committer_name": "Ben",
        "committer_email": "ben@example.org",
        "committed_at": NOON,
        "committed_offset_minutes": -90,
        "committed_epoch": int(NOON.timestamp()),
        "parents": sha(2),
        "message": "Fix it",
        "message_raw": b"\xe9",
        "bug_fix_score": 0.875,
        "bug_fix_rater": "bugfix/1",
    }


def test_a_label_leads_to_the_span_that_it_rests_on(engine: Engine, builder: PageBuilder) -> None:
    builder.commit(commit(1), VERDICT)
    builder.fix(fix(sha(1)), NOON)
    store(engine, builder)
    with reading(engine) as connection:
        found = connection.execute(select(label_evidence)).one()
    assert tuple(found) == (
        *(f"git:{sha(1)}:1", "pattern", "heuristic/1", 1, 0),
        *("call_added", 1.5, "new", 0, 0, 1, 0, 7, "Dropout"),
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("a\x00b", "a\ufffdb", id="nul"),
        pytest.param("\U0001f600", "\U0001f600", id="emoji-of-4-bytes"),
        pytest.param("\ud800", "\ufffd", id="lone-surrogate"),
        pytest.param("%s {x} :y ' \\", "%s {x} :y ' \\", id="sql-characters"),
    ],
)
def test_a_message_that_is_no_plain_text(engine: Engine, builder: PageBuilder, message: str, expected: str) -> None:
    builder.commit(commit(1, message, message_raw=b"\xe9\x00"), VERDICT)
    store(engine, builder)
    with reading(engine) as connection:
        found = connection.execute(select(git_commit.c.message, git_commit.c.message_raw)).one()
    assert tuple(found) == (expected, b"\xe9\x00")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(categories=None)), st.binary(), st.integers())
def test_nothing_that_a_stranger_commits_breaks_an_insert(
    engine: Engine, builder: PageBuilder, text: str, raw: bytes, number: int
) -> None:
    builder.rows.clear()
    builder.commit(commit(1, text, author_name=text, committed_epoch=number, authored_offset=number), VERDICT)
    builder.files(sha(1), [file_change(body=text, body_raw=raw)])
    builder.omissions([Omission(OmissionReason.FILE_NOT_TEXT, f"file:{sha(1)}:{text * 200}", text, sha(1))])
    with writing(engine) as connection:
        repository.write_page(connection, builder.rows)
        assert connection.scalar(select(hunk.c.body_raw)) == raw
        connection.rollback()


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_times_at_the_ends_of_the_calendar(engine: Engine, builder: PageBuilder, year: int) -> None:
    moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    builder.commit(commit(1, committed_at=moment, authored_at=None), VERDICT)
    store(engine, builder)
    with reading(engine) as connection:
        found = connection.execute(select(git_commit.c.committed_at, git_commit.c.authored_at)).one()
    assert tuple(found) == (moment, None)


def test_an_epoch_beyond_all_calendars_is_bounded(engine: Engine, builder: PageBuilder) -> None:
    builder.commit(commit(1, committed_at=None, committed_epoch=2**64), VERDICT)
    store(engine, builder)
    with reading(engine) as connection:
        assert connection.scalar(select(git_commit.c.committed_epoch)) == 2**62 - 1


def test_two_files_with_long_paths_are_two_omissions(engine: Engine, builder: PageBuilder) -> None:
    """PostgreSQL indexes no row of more than 2,704 bytes; a path may have 4,096."""
    paths = ["é" * 2000 + end for end in ("a", "b")]
    builder.omissions(Omission(OmissionReason.FILE_BINARY, f"file:{sha(1)}:{path}") for path in paths)
    store(engine, builder)
    with reading(engine) as connection:
        assert len(connection.execute(select(omission)).all()) == 2


def test_a_response_is_stored_once_and_whole(engine: Engine, builder: PageBuilder) -> None:
    body = b"\x00\xff" * 1000
    response = RawResponse("git", "https://example.org", 200, "text/plain", NOON, body)
    digests = {builder.response(response), builder.response(response)}
    store(engine, builder)
    with reading(engine) as connection:
        found = connection.execute(select(raw_response)).one()
    assert {found.response_sha256} == digests
    assert (zlib.decompress(found.body), found.body_bytes, found.fetched_at) == (body, len(body), NOON)
