"""A commit that is mined again: the database holds it whole, of one version."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from support.pages import NOON, VERDICT, commit, file_change, fix, page, sha

from miner.model import Evidence, Omission, OmissionReason
from miner.store import repository, schema
from miner.store.coverage import Coverage, Interval
from miner.store.rows import PageBuilder, PageRows
from miner.store.session import open_engine, reading, writing
from miner.store.tables import metadata, omission

Read = Callable[[Engine], dict[str, list[tuple[object, ...]]]]
FILES = ("file_change", "hunk", "fix_hunk")
PATHS = ("a.py", "b.py", "c.py")


def version(
    paths: Collection[str] = PATHS,
    left_out: Collection[tuple[OmissionReason, str]] = (),
    *,
    body: str = "-a\n+b\n",
    rater: str = "heuristic/1",
    fixed: bool = True,
) -> PageRows:
    """A page of one commit that has files at the paths, numbered in order."""
    builder = PageBuilder("git", 1, 1, rater)
    builder.commit(commit(), VERDICT)
    builder.files(sha(0), [file_change(no, body, path=path) for no, path in enumerate(paths)])
    if fixed:
        builder.fix(replace(fix(sha(0), rater=rater), hunks=tuple((no, 0) for no in range(len(paths)))), NOON)
    builder.omissions(leave_out(*what) for what in left_out)
    return builder.rows


def leave_out(reason: OmissionReason, path: str) -> Omission:
    subject = f"commit:{sha(0)}" if reason.name.startswith("COMMIT_") else f"file:{sha(0)}:{path}"
    return Omission(reason, subject, "", sha(0))


def store(engine: Engine, *pages: PageRows) -> None:
    """Write pages, each in a run of its own, of a repository of its own."""
    for rows in pages:
        with writing(engine) as connection:
            run_id = repository.start_run(connection, "collect", {}, "0")
            name = f"o/n{run_id}"
            repository.register_repository(connection, run_id=run_id, name=name, host="", clone_url=f"/{name}")
            repository.write_page(connection, rows, run_id=run_id)


def resolved(engine: Engine) -> dict[str, int | None]:
    """The run that resolved each omission, by its reason and path."""
    with reading(engine) as connection:
        return {
            f"{row.reason} {row.subject.rpartition(':')[2]}": row.resolved_run_id
            for row in connection.execute(select(omission))
        }


@pytest.fixture
def clean(tmp_path: Path, contents: Read) -> Callable[[PageRows], dict[str, list[tuple[object, ...]]]]:
    """What a database holds that sees only one page."""

    def read(rows: PageRows) -> dict[str, list[tuple[object, ...]]]:
        engine = open_engine(f"sqlite:///{tmp_path / 'clean.db'}")
        schema.prepare(engine)
        store(engine, rows)
        found = contents(engine)
        engine.dispose()
        return found

    return read


def test_the_first_judgement_of_a_commit_stays_whole(engine: Engine, contents: Read) -> None:
    """A newer classifier finds more evidence; the fork's hold on the commit is entered all the same."""
    first, newer = PageBuilder("git", 1, 1, "bugfix/1"), PageBuilder("git", 1, 2, "bugfix/2")
    first.commit(commit(), VERDICT)
    newer.commit(
        commit(), replace(VERDICT, score=0.5, evidence=(*VERDICT.evidence, Evidence("x", 1.0, "y", "new", 0, 1)))
    )
    store(engine, first.rows)
    before = contents(engine)
    store(engine, PageBuilder("git", 1).rows, newer.rows)
    after = contents(engine)
    for name in ("git_commit", "bug_fix_evidence"):
        assert after[name] == before[name]
    assert after["repository_commit"] == [(sha(0), 1), (sha(0), 2)]


@pytest.mark.parametrize(
    "reason",
    [
        OmissionReason.FILE_UNREADABLE,
        OmissionReason.FILE_TOO_LARGE,
        OmissionReason.FILE_BINARY,
        OmissionReason.FILE_NOT_TEXT,
        OmissionReason.FILE_GENERATED,
        OmissionReason.DIFF_TOO_LARGE,
    ],
)
def test_a_complete_copy_after_a_damaged_one_equals_a_clean_database(
    engine: Engine, contents: Read, clean: Any, reason: OmissionReason
) -> None:
    """The damaged copy lacks the first file, so that it numbers the others otherwise."""
    complete = version(body="-a\n+c\n")
    store(engine, version(PATHS[1:], [(reason, "a.py")]), complete)
    expected, found = clean(complete), contents(engine)
    for name in FILES:
        assert found[name] == expected[name]
    assert resolved(engine) == {f"{reason.value} a.py": 2}


def test_a_version_that_brings_some_replaces_and_leaves_the_rest_open(
    engine: Engine, contents: Read, clean: Any
) -> None:
    too_large, unreadable = (OmissionReason.FILE_TOO_LARGE, "b.py"), (OmissionReason.FILE_UNREADABLE, "a.py")
    better = version(("a.py", "c.py"), [too_large])
    store(engine, version(("c.py",), [too_large, unreadable]), better)
    expected, found = clean(better), contents(engine)
    for name in FILES:
        assert found[name] == expected[name]
    assert resolved(engine) == {"file_too_large b.py": None, "file_unreadable a.py": 2}


def test_what_the_stored_version_leaves_out_again_is_open_again(engine: Engine) -> None:
    a, b = (OmissionReason.FILE_UNREADABLE, "a.py"), (OmissionReason.FILE_UNREADABLE, "b.py")
    store(engine, version(("b.py", "c.py"), [a]), version(("a.py", "c.py"), [b]), version(("b.py", "c.py"), [a]))
    assert resolved(engine) == {"file_unreadable a.py": None, "file_unreadable b.py": 3}


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(version(PATHS[1:], [(OmissionReason.FILE_UNREADABLE, "a.py")]), id="a-damaged-copy"),
        pytest.param(version(PATHS, [(OmissionReason.FILE_NOT_TEXT, "a.py")], body="-a\n+c\n"), id="other-hunks"),
        pytest.param(version((), [(OmissionReason.COMMIT_TOO_LARGE, "")], fixed=False), id="a-lower-limit"),
        pytest.param(version((), fixed=False), id="no-candidate-any-more"),
    ],
)
@pytest.mark.parametrize("first", [version(), version(("b.py",), [(OmissionReason.FILE_BINARY, "c.py")])])
def test_a_version_that_brings_nothing_new_changes_nothing(
    engine: Engine, contents: Read, first: PageRows, later: PageRows
) -> None:
    """Nor does what it leaves out itself become an omission: it is there."""
    binary = list(first.get("omission", ()))
    later = {**later, "omission": [*later.get("omission", ()), *binary]}
    store(engine, first)
    before = contents(engine)
    store(engine, later, later)
    after = contents(engine)
    for name in (*FILES, "git_commit", "bug_fix_evidence", "fix", "label", "label_evidence", "omission"):
        assert after[name] == before[name]


@pytest.mark.parametrize(
    "reason", [OmissionReason.COMMIT_TOO_LARGE, OmissionReason.COMMIT_UNREADABLE, OmissionReason.COMMIT_FAILED]
)
@pytest.mark.parametrize("known", [True, False])
def test_files_of_a_commit_that_had_none_are_added(
    engine: Engine, contents: Read, clean: Any, reason: OmissionReason, known: bool
) -> None:
    empty = version((), [(reason, "")], fixed=False)
    if not known:
        empty = {"omission": empty["omission"]}
    complete = version()
    store(engine, empty, complete)
    expected, found = clean(complete), contents(engine)
    for name in FILES:
        assert found[name] == expected[name]
    assert list(resolved(engine).values()) == [2]


def test_a_commit_that_is_left_out_again_stays_open(engine: Engine) -> None:
    rows = version((), [(OmissionReason.COMMIT_TOO_LARGE, "")], fixed=False)
    other = version((), [(OmissionReason.COMMIT_UNREADABLE, "")], fixed=False)
    store(engine, rows, rows)
    assert list(resolved(engine).values()) == [None]
    store(engine, other)
    assert sorted(resolved(engine).values(), key=str) == [3, None]


def test_a_commit_that_is_no_candidate_now_brings_nothing(engine: Engine) -> None:
    store(engine, version((), [(OmissionReason.COMMIT_TOO_LARGE, "")], fixed=False), version((), fixed=False))
    assert list(resolved(engine).values()) == [None]


def test_a_label_is_of_one_version_and_a_fix_keeps_its_library(engine: Engine, contents: Read) -> None:
    """The same rater gives one more rank and more evidence: none of it is added to what is there."""
    store(engine, version())
    before = contents(engine)
    (label,) = fix(sha(0)).labels
    more = replace(label, evidence=label.evidence * 2)
    builder = PageBuilder("git", 1, 1)
    builder.commit(commit(), VERDICT)
    second = replace(label, rank=2, value="unknown", confidence=None)
    builder.fix(replace(fix(sha(0), library="torch"), labels=(more, second)), NOON)
    store(engine, builder.rows)
    after = contents(engine)
    for name in ("fix", "label", "label_evidence", "fix_hunk"):
        assert after[name] == before[name]


def test_labels_of_a_newer_rater_are_added_whole(engine: Engine, contents: Read) -> None:
    store(engine, version(), version(rater="heuristic/2"))
    found = contents(engine)
    assert [row[:4] for row in found["label"]] == [row[:4] for row in found["label_evidence"]]
    assert {row[2] for row in found["label"]} == {"heuristic/1", "heuristic/2"}


def test_writing_either_version_again_changes_nothing(engine: Engine, contents: Read) -> None:
    damaged, complete = version(PATHS[1:], [(OmissionReason.FILE_UNREADABLE, "a.py")]), version()
    store(engine, damaged, complete)
    before = contents(engine)
    for rows in (complete, damaged, complete):
        with writing(engine) as connection:
            new = repository.write_page(connection, rows, run_id=2)
        assert set(new.values()) == {0}
        assert contents(engine) == before


def test_a_page_may_hold_new_and_known_commits(engine: Engine, contents: Read, clean: Any) -> None:
    both = page(1, 1, range(4))
    store(engine, page(1, 1, range(2)), both)
    expected, found = clean(both), contents(engine)
    for table in metadata.tables:
        if not table.startswith(("repository", "crawl", "daemon")):
            assert found[table] == expected[table]


@contextmanager
def statements(connection: Connection) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement.split()[0])

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def test_a_page_of_new_commits_asks_only_twice(engine: Engine) -> None:
    store(engine, PageBuilder("git", 1).rows)
    with writing(engine) as connection, statements(connection) as seen:
        repository.write_page(connection, page(1, 1, range(300)))
    assert seen.count("SELECT") == 2
    assert not {"DELETE", "UPDATE"} & set(seen)


def test_two_processes_with_two_versions_of_a_commit_do_not_mix_them(
    database_url: str, engine: Engine, contents: Read
) -> None:
    """Whichever writes first, the files are those of the complete version."""
    store(engine, PageBuilder("git", 1).rows)
    complete = version()

    def mine(rows: PageRows) -> None:
        own = open_engine(database_url)
        with writing(own) as connection:
            repository.write_page(connection, rows, Coverage("git", "q", "t", Interval(0, 9), 1, 1, 1, 1))
        own.dispose()

    damaged = version(PATHS[1:], [(OmissionReason.FILE_UNREADABLE, "a.py")])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(mine, [damaged, complete]))
    found = contents(engine)
    assert [row[:2] for row in found["file_change"]] == [row[:2] for row in complete["file_change"]]
    assert [row[:3] for row in found["fix_hunk"]] == complete["fix_hunk"]
