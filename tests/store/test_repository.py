"""The queries of a crawl: runs, repositories, pages, coverage and omissions."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from support.pages import NOON, VERDICT, commit, fix, page, sha

from miner.errors import MinerError
from miner.model import Omission, OmissionReason, RawResponse
from miner.store import repository
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH, Coverage, Interval
from miner.store.rows import PageBuilder
from miner.store.session import open_engine, reading, writing
from miner.store.tables import coverage, crawl_run, git_commit, omission, raw_response, repository_alias
from miner.store.tables import repository as repository_table

Read = Callable[[Engine], dict[str, list[tuple[object, ...]]]]


def start(engine: Engine) -> int:
    with writing(engine) as connection:
        return repository.start_run(connection, "collect", {"since": "2019"}, "0.1.0", "heuristic/1")


def register(engine: Engine, run_id: int, name: str = "o/n", **changed: object) -> int:
    known = {"host": "github.com", "clone_url": f"https://github.com/{name}.git", **changed}
    with writing(engine) as connection:
        return repository.register_repository(connection, run_id=run_id, name=name, **known)  # type: ignore[arg-type]


def write(engine: Engine, run_id: int, repository_id: int, proof: Coverage | None = None) -> dict[str, int]:
    with writing(engine) as connection:
        return repository.write_page(connection, page(run_id, repository_id), proof)


def test_a_run_is_running_until_it_is_finished(engine: Engine) -> None:
    run_id = start(engine)
    with writing(engine) as connection:
        before = connection.execute(select(crawl_run)).one()
        repository.finish_run(connection, run_id, "partial", {"seen": 3})
        after = connection.execute(select(crawl_run)).one()
    assert (before.status, before.finished_at, json.loads(before.arguments)) == ("running", None, {"since": "2019"})
    assert (after.status, json.loads(after.summary)) == ("partial", {"seen": 3})
    assert after.finished_at >= after.started_at


def test_a_rolled_back_run_leaves_no_hole_in_the_numbers(engine: Engine) -> None:
    def give_up() -> None:
        with writing(engine) as connection:
            assert repository.start_run(connection, "collect", {}, "0") == 1
            raise MinerError("given up")

    with pytest.raises(MinerError, match="given up"):
        give_up()
    assert [start(engine), start(engine)] == [1, 2]


def test_runs_that_start_at_once_have_numbers_of_their_own(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: start(engine), range(12))) == list(range(1, 13))


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"name": "o/n"}, id="same-name"),
        pytest.param({"name": "O/N"}, id="other-case"),
        pytest.param({"name": "x/y", "clone_url": "https://github.com/o/n.git"}, id="same-url"),
        pytest.param({"name": "x/y", "asked": ["o/n"]}, id="asked-by-its-old-name"),
        pytest.param({"name": "x/y", "clone_url": "https://token@github.com/o/n.git"}, id="url-with-a-token"),
    ],
)
def test_a_repository_is_known_by_every_name_it_was_asked_by(engine: Engine, again: dict[str, object]) -> None:
    run_id = start(engine)
    assert register(engine, run_id) == register(engine, run_id, **again) == 1  # type: ignore[arg-type]


def test_a_renamed_repository_keeps_its_number_and_takes_githubs_name(engine: Engine) -> None:
    run_id = start(engine)
    assert register(engine, run_id, github_id=99) == register(engine, run_id, "new/name", github_id=99)
    with reading(engine) as connection:
        assert connection.scalars(select(repository_table.c.name)).all() == ["new/name"]
        assert "o/n" in connection.scalars(select(repository_alias.c.name)).all()


def test_githubs_number_is_learned_later(engine: Engine) -> None:
    run_id = start(engine)
    assert register(engine, run_id) == register(engine, run_id, github_id=99)
    with reading(engine) as connection:
        assert connection.scalars(select(repository_table.c.github_id)).all() == [99]


def test_a_name_that_another_repository_took_over_is_another_repository(engine: Engine) -> None:
    run_id = start(engine)
    assert register(engine, run_id, github_id=1) != register(engine, run_id, github_id=2)


def test_the_same_name_on_another_host_is_another_repository(engine: Engine) -> None:
    run_id = start(engine)
    elsewhere = register(engine, run_id, host="example.org", clone_url="https://example.org/o/n")
    assert register(engine, run_id) != elsewhere


def test_no_secret_of_an_address_is_stored(engine: Engine, contents: Read) -> None:
    run_id = start(engine)
    register(engine, run_id, clone_url="https://ada:s3cret@github.com/o/n", asked=["https://gh_s3cret@github.com/o/n"])
    register(engine, run_id, "p/q", clone_url="ssh://git:s3cret@github.com/p/q")
    assert "s3cret" not in repr(contents(engine))


def test_a_page_is_stored_with_the_coverage_that_it_proves(engine: Engine) -> None:
    run_id = start(engine)
    proof = Coverage("git", "q", "tip", Interval(0, 10), run_id, 3, 3, 3)
    assert write(engine, run_id, register(engine, run_id), proof) == {
        "git_commit": 3,
        "repository_commit": 3,
        "bug_fix_evidence": 3,
        "file_change": 3,
        "hunk": 3,
        "fix": 3,
        "fix_hunk": 3,
        "label": 3,
        "label_evidence": 3,
        "omission": 1,
    }
    with reading(engine) as connection:
        assert repository.covered(connection, "git", "q", "tip") == [Interval(0, 10)]
        assert repository.covered(connection, "git", "q", "other") == []


def test_writing_a_page_again_in_a_later_run_changes_nothing(engine: Engine, contents: Read) -> None:
    for _ in range(2):
        run_id = start(engine)
        repository_id = register(engine, run_id)
        new = write(engine, run_id, repository_id, Coverage("git", "q", "tip", Interval(0, 10), run_id, 3, 3, 3))
        if run_id == 1:
            first = contents(engine)
    assert contents(engine) == first
    assert set(new.values()) == {0}


def test_a_page_that_fails_leaves_nothing(engine: Engine, contents: Read) -> None:
    run_id = start(engine)
    repository_id = register(engine, run_id)
    before = contents(engine)

    def fail() -> None:
        with writing(engine) as connection:
            repository.write_page(
                connection, page(run_id, repository_id), Coverage("git", "q", "t", Interval(0, 1), run_id)
            )
            raise MinerError("killed")

    with pytest.raises(MinerError, match="killed"):
        fail()
    assert contents(engine) == before


def test_a_commit_of_two_forks_is_one_row(engine: Engine) -> None:
    run_id = start(engine)
    for name in ("a/n", "b/n"):
        new = write(engine, run_id, register(engine, run_id, name))
    assert (new["git_commit"], new["repository_commit"]) == (0, 3)


def test_two_processes_that_mine_forks_do_not_stop_each_other(database_url: str, engine: Engine) -> None:
    """Pages of the same commits in opposite order, written at the same time."""
    run_id = start(engine)
    repository_id = register(engine, run_id)
    pages = [page(run_id, repository_id, range(50)), page(run_id, repository_id, range(49, -1, -1))]

    def mine(rows: dict[str, list[tuple[object, ...]]]) -> None:
        own = open_engine(database_url)
        with writing(own) as connection:
            repository.write_page(connection, rows, Coverage("git", "q", "t", Interval(0, 9), run_id, 50, 50, 50))
        own.dispose()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(mine, pages))
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(git_commit)) == 50
        assert len(repository.covered(connection, "git", "q", "t")) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.sets(st.integers(-1000, 1000), max_size=6), order=st.randoms())
def test_the_stored_ledger_is_one_row_however_the_crawl_was_split(engine: Engine, cuts: set[int], order) -> None:  # type: ignore[no-untyped-def]
    run_id = start(engine)
    pages = list(pairwise([MIN_EPOCH, *sorted(cuts), MAX_EPOCH]))
    order.shuffle(pages)
    with writing(engine) as connection:
        for since, until in pages:
            repository.add_coverage(connection, Coverage("git", f"q{run_id}", "", Interval(since, until), run_id, 1, 1))
        mine = select(coverage).where(coverage.c.run_id == run_id)
        assert connection.execute(mine).one()[4:9] == (MAX_EPOCH, len(pages), len(pages), 0, 0)
        assert repository.covered(connection, "git", f"q{run_id}") == [Interval()]


def test_an_interval_that_failed_is_not_covered_until_it_is_complete(engine: Engine) -> None:
    run_id = start(engine)
    with writing(engine) as connection:
        failed = Coverage("git", "q", "t", Interval(0, 9), run_id, 5, 2, 2, 0, complete=False, reason="stopped")
        repository.add_coverage(connection, failed)
        assert repository.covered(connection, "git", "q", "t") == []
        repository.add_coverage(connection, Coverage("git", "q", "t", Interval(0, 5), run_id, 2, 2, 2))
        found = connection.execute(select(coverage).order_by(coverage.c.since_epoch)).all()
        assert [(row.since_epoch, row.until_epoch, row.complete) for row in found] == [(0, 5, True), (5, 9, False)]
        repository.add_coverage(connection, Coverage("git", "q", "t", Interval(5, 9), run_id, 3, 3, 3))
        assert connection.execute(select(coverage)).one().fetched == 5


def test_a_query_of_any_length_has_its_coverage(engine: Engine) -> None:
    query = "o/n " * 5000
    run_id = start(engine)
    with writing(engine) as connection:
        repository.add_coverage(connection, Coverage("git", query, "t", Interval(0, 9), run_id))
        assert repository.covered(connection, "git", query, "t") == [Interval(0, 9)]
        assert repository.covered(connection, "git", query + "x", "t") == []


def test_the_tips_of_a_query_are_those_read_completely_the_latest_first(engine: Engine) -> None:
    for tip, complete in (("old", True), ("new", True), ("failed", False)):
        run_id = start(engine)
        with writing(engine) as connection:
            repository.add_coverage(connection, Coverage("git", "q", tip, Interval(0, 9), run_id, complete=complete))
    with reading(engine) as connection:
        assert repository.tips(connection, "git", "q") == ["new", "old"]


def test_an_omission_is_resolved_and_open_again(engine: Engine) -> None:
    left_out = Omission(OmissionReason.REPOSITORY_UNREACHABLE, "repository:o/n", "no answer")
    states = []
    for step in ("leave out", "resolve", "resolve", "leave out"):
        run_id = start(engine)
        with writing(engine) as connection:
            if step == "resolve":
                states.append(repository.resolve_omissions(connection, run_id, "git", ["repository:o/n", "x"]))
            else:
                repository.record_omission(connection, run_id, "git", left_out)
            states.append(connection.scalar(select(omission.c.resolved_run_id)))
    assert states == [None, 1, 2, 0, 2, None]


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize(
    ("reason", "resolved"),
    [(OmissionReason.LIBRARY_NOT_SELECTED, True), (OmissionReason.HISTORY_SHALLOW, False)],
)
def test_a_fix_resolves_that_its_commit_was_not_selected(
    engine: Engine, reason: OmissionReason, resolved: bool, proven: bool
) -> None:
    run_id = start(engine)
    with writing(engine) as connection:
        repository.record_omission(connection, run_id, "git", Omission(reason, f"commit:{sha(0)}", sha=sha(0)))
    run_id = start(engine)
    rows = page(run_id, register(engine, run_id))
    with writing(engine) as connection:
        if proven:
            repository.write_page(connection, rows, Coverage("git", "q", "t", Interval(0, 9), run_id))
        else:
            repository.write_page(connection, rows, run_id=run_id)
        found = connection.scalar(select(omission.c.resolved_run_id).where(omission.c.reason == reason.value))
    assert found == (run_id if resolved else None)


def test_a_page_does_not_resolve_what_it_leaves_out_itself(engine: Engine) -> None:
    """A commit may repair a selected library and one that was not selected; also when the page is written again."""
    run_id = start(engine)
    builder = PageBuilder("git", run_id, register(engine, run_id))
    builder.commit(commit(0), VERDICT)
    builder.fix(fix(sha(0)), NOON)
    builder.omissions([Omission(OmissionReason.LIBRARY_NOT_SELECTED, f"commit:{sha(0)}", "torch", sha(0))])
    for _ in range(2):
        with writing(engine) as connection:
            repository.write_page(connection, builder.rows, Coverage("git", "q", "t", Interval(0, 9), run_id))
            assert connection.scalars(select(omission.c.resolved_run_id)).all() == [None]


def test_labels_of_another_rater_are_added_beside_the_first(engine: Engine) -> None:
    run_id = start(engine)
    write(engine, run_id, register(engine, run_id))
    builder = PageBuilder("git", run_id)
    builder.labels(f"git:{sha(0)}:1", fix(sha(0), pattern="unknown", rater="ada").labels)
    with writing(engine) as connection:
        assert repository.write_page(connection, builder.rows) == {"label": 1, "label_evidence": 1}


def test_a_response_is_stored_once(engine: Engine) -> None:
    response = RawResponse("git", "https://example.org", 200, "text/plain", NOON, b"body")
    with writing(engine) as connection:
        assert repository.put_response(connection, response) == repository.put_response(connection, response)
        assert len(connection.execute(select(raw_response)).all()) == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:pw@example.org/x", "https://example.org/x"),
        ("https://token@example.org/x@y", "https://example.org/x@y"),
        ("ssh://git@example.org/x", "ssh://git@example.org/x"),
        ("ssh://git:pw@example.org/x", "ssh://git@example.org/x"),
        ("git@example.org:o/n.git", "git@example.org:o/n.git"),
        ("/srv/a:b@c", "/srv/a:b@c"),
    ],
)
def test_secrets_are_taken_out_of_an_address(url: str, shown: str) -> None:
    assert repository.without_secrets(url) == shown
