"""The archive's size is bounded by whole runs, and what is wrong with it is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.repositories import keras_history
from support.runs import Recorder, Runner

from miner.archiving import archive_size, prune, status, verify
from miner.collect.archive import archive_of
from miner.errors import RebuildError
from miner.rebuild import rebuild
from miner.settings import Settings

YEARS = timedelta(days=1000)


@pytest.fixture
def runner(sqlite_url: str, tmp_path: Path) -> Runner:
    """A miner that ran three times over a repository that grew, and once over another one."""
    builder = keras_history(tmp_path / "r.git", 12)
    made = Runner(sqlite_url, tmp_path / "data")
    made.collect(builder.path)
    builder.commit("Fix the loss", {"train.py": "import keras\nmodel.compile(loss='mae')\n"}, parents=[11])
    builder.build(extend=True)
    made.collect(builder.path)
    made.collect(builder.path, keras_history(tmp_path / "other.git", 5, seed=3).path)
    return made


def limited(runner: Runner, **limits: int) -> Settings:
    return runner.settings(archive=limits)


def now() -> datetime:
    return datetime.now(UTC)


def test_the_size_counts_answers_and_bytes(runner: Runner) -> None:
    """Three states of two repositories were told by git; the bytes are those of the files."""
    objects, size = archive_size(runner.settings())
    folder = runner.data_dir / "archive"
    assert objects == len(list(folder.glob("objects/*/*.zst"))) == 3
    assert size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    told = status(archive_of(runner.settings()))
    assert (told.objects, told.bytes, told.runs, told.pruned) == (objects, size, 3, 0)


def test_without_a_limit_nothing_goes(runner: Runner) -> None:
    assert prune(runner.settings(), now() + YEARS).runs == ()


def test_old_runs_go_and_the_newest_stays(runner: Runner) -> None:
    """A body goes with the last run that needs it: the third run asked for the second state, too."""
    settings = limited(runner, keep_days=30)
    assert prune(settings, now()).runs == ()
    foretold = prune(settings, now() + YEARS, dry_run=True)
    assert status(archive_of(settings)).runs == 3
    gone = prune(settings, now() + YEARS)
    assert [run_id for _, run_id in gone.runs] == [1, 2]
    assert (foretold.runs, foretold.objects, foretold.bytes) == (gone.runs, gone.objects, gone.bytes)
    assert gone.objects == 1
    left = status(archive_of(settings))
    assert (left.runs, left.pruned, left.objects) == (1, 2, 2)
    assert verify(archive_of(settings)).problems == ()


def test_a_size_lets_the_oldest_go_until_it_holds(runner: Runner) -> None:
    whole = archive_size(runner.settings())[1]
    assert prune(limited(runner, max_bytes=whole), now()).runs == ()
    assert [run_id for _, run_id in prune(limited(runner, max_bytes=whole - 1), now()).runs] == [1]


def test_a_size_that_cannot_hold_leaves_the_newest(runner: Runner) -> None:
    assert [run_id for _, run_id in prune(limited(runner, max_bytes=1), now()).runs] == [1, 2]


def test_a_run_that_goes_on_stays(runner: Runner) -> None:
    """One that never ended is taken for killed after a day of silence only."""
    archive = archive_of(runner.settings())
    name = archive.journals()[0]
    lines = [line for line in archive.lines(name) if line["event"] != "end"]
    archive.drop(name)
    archive.append(name, 1, lines, durable=True)
    settings = limited(runner, max_bytes=1)
    assert [run_id for _, run_id in prune(settings, now()).runs] == [2]
    assert [run_id for _, run_id in prune(settings, now() + timedelta(days=2)).runs] == [1]


def test_a_prune_that_was_killed_is_finished_by_the_next(runner: Runner) -> None:
    """The tomb is written first."""
    archive = archive_of(runner.settings())
    archive.entomb(archive.journals()[0], {"run_id": 1, "parent": None})
    assert [run_id for _, run_id in prune(runner.settings(), now()).runs] == [1]
    # What the first run was told, the second one compared with: it needs it, too.
    assert (status(archive).runs, status(archive).objects) == (2, 3)


def test_a_rebuild_tells_what_was_pruned(runner: Runner, tmp_path: Path) -> None:
    """It wants to be told to go on without; the rest is there then, and the result says that it is not whole."""
    settings = limited(runner, keep_days=30)
    prune(settings, now() + YEARS)
    target = f"sqlite:///{tmp_path / 'again.db'}"
    with pytest.raises(RebuildError, match=r"the runs 1, 2 are missing.*--partial"):
        rebuild(settings, archive_of(settings), target, Recorder())
    found = rebuild(settings, archive_of(settings), target, Recorder(), partial=True)
    assert (found.is_whole, found.lost, [run.run_id for run in found.runs]) == (False, (1, 2), [3])
    # The clone still has what the first runs brought, and the last one asked for the same.
    assert replace(runner, database_url=target).one("SELECT COUNT(*) FROM fix") == runner.one(
        "SELECT COUNT(*) FROM fix"
    )


def test_a_pruned_answer_is_asked_for_anew(runner: Runner, tmp_path: Path) -> None:
    """The next run does without what the database still names."""
    for path in (runner.data_dir / "archive" / "objects").glob("*/*"):
        path.unlink()
    assert runner.collect(tmp_path / "r.git").status == "complete"
    assert archive_size(runner.settings())[0] == 1


def test_a_look_at_everything_finds_what_is_damaged_and_what_is_missing(runner: Runner) -> None:
    """Each is a sentence that names it; the others are looked at all the same."""
    archive = archive_of(runner.settings())
    assert verify(archive).problems == ()
    first, second, _ = sorted((runner.data_dir / "archive" / "objects").glob("*/*"))
    first.write_bytes(b"damaged")
    second.unlink()
    (runner.data_dir / "archive" / "runs" / f"{archive.journals()[0]}.jsonl.zst").write_bytes(b"damaged")
    problems = "\n".join(verify(archive).problems)
    assert first.name.removesuffix(".zst") in problems
    assert f"needs object {second.name.removesuffix('.zst')}, which is missing" in problems
    assert archive.journals()[0] in problems


def test_bodies_of_an_older_version_are_moved_at_the_next_collect(runner: Runner, tmp_path: Path) -> None:
    """A database that was migrated has them in its table; what is read from it is the same before and after."""
    import zlib

    from sqlalchemy import select, update

    from miner.store import bodies, repository
    from miner.store.session import open_engine, reading, writing
    from miner.store.tables import raw_response

    engine = open_engine(runner.database_url)
    archive = archive_of(runner.settings())
    with writing(engine) as connection:
        for digest in connection.scalars(select(raw_response.c.response_sha256)).all():
            body = zlib.compress(archive.get(digest) or b"")
            same = raw_response.c.response_sha256 == digest
            connection.execute(update(raw_response).where(same).values(body=body))
    address = runner.one("SELECT MIN(url) FROM raw_response")
    with reading(engine) as connection:
        before = repository.response_to(connection, "git", address)
    for path in (runner.data_dir / "archive" / "objects").glob("*/*"):
        path.unlink()
    runner.collect(tmp_path / "r.git")
    assert runner.one("SELECT COUNT(*) FROM raw_response WHERE body IS NOT NULL") == 0
    bodies.attach(engine, archive_of(runner.settings()))
    with reading(engine) as connection:
        assert repository.response_to(connection, "git", address) == before
    engine.dispose()
    assert before
