"""The flow from repositories to tables: complete, incremental, and the same however often it was stopped."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.repositories import DAY, ENVIRONMENT, START, RepositoryBuilder, git, keras_history
from support.runs import Contents, Recorder, Runner

from miner.classify.bugfix import BIAS
from miner.errors import MinerError, StoreError
from miner.job import CollectRequest
from miner.pipeline import collect
from miner.plan import plan
from miner.store import locks
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Runner:
    return Runner(database_url, tmp_path / "data")


@pytest.fixture
def lite(sqlite_url: str, tmp_path: Path) -> Runner:
    return Runner(sqlite_url, tmp_path / "data")


def at(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def test_a_repository_becomes_commits_diffs_fixes_and_labels(runner: Runner, tmp_path: Path) -> None:
    """Every commit but merges has a row; candidates have diffs; fixes of Keras code have labels with evidence."""
    builder = keras_history(tmp_path / "r.git", 40)
    summary = runner.collect(builder.path)
    merges = int(git(builder.path, "rev-list", "--count", "--merges", "main"))
    assert (summary.seen, summary.merges) == (40 - merges, merges)
    assert runner.one("SELECT count(*) FROM git_commit") == 40 - merges
    assert summary.fixes == runner.one("SELECT count(*) FROM fix") > 5
    assert runner.rows("SELECT DISTINCT library FROM fix") == [("keras",)]
    assert (
        runner.one("SELECT count(*) FROM fix WHERE fix_id NOT IN (SELECT fix_id FROM label WHERE scheme='pattern')")
        == 0
    )
    unexplained = "SELECT count(*) FROM label l WHERE value <> 'unknown' AND NOT EXISTS (SELECT 1 FROM label_evidence e WHERE e.fix_id = l.fix_id AND e.scheme = l.scheme AND e.rater = l.rater AND e.rank = l.rank)"  # noqa: E501
    assert runner.one(unexplained) == 0
    assert runner.one("SELECT status FROM crawl_run") == "complete"


def test_evidence_spans_lie_on_the_lines_that_they_name(lite: Runner, tmp_path: Path) -> None:
    """The matched text stands at the named line and columns of the file before or after the commit."""
    builder = keras_history(tmp_path / "r.git", 30)
    lite.collect(builder.path)
    found = lite.rows(
        "SELECT f.sha, c.old_path, c.new_path, e.side, e.line, e.start_column, e.end_column, e.text"
        " FROM label_evidence e JOIN fix f USING (fix_id) JOIN file_change c USING (sha, file_no)"
        " WHERE e.side IN ('old', 'new') AND e.line IS NOT NULL",
    )
    assert len(found) > 20
    for sha, old, new, side, line, start, end, matched in found:
        name = f"{sha}^:{old}" if side == "old" else f"{sha}:{new}"
        lines = git(builder.path, "show", name).split("\n")
        assert "\n".join(lines[line - 1 :])[start:end].startswith(matched[:200].split("\n")[0])


def test_the_same_again_asks_once_and_changes_nothing(runner: Runner, tmp_path: Path, contents: Contents) -> None:
    builder = keras_history(tmp_path / "r.git", 25)
    runner.collect(builder.path)
    before = runner.tables(contents)
    runner.recorder.events.clear()
    summary = runner.collect(builder.path)
    assert (summary.up_to_date, summary.seen, runner.recorder.events) == (1, 0, [])
    assert runner.tables(contents) == before


def test_since_holds_for_dates_out_of_order(lite: Runner, tmp_path: Path) -> None:
    """Every commit at or after the date is there, also behind an older one, and none before it."""
    builder = keras_history(tmp_path / "r.git", 50)
    since = START + 25 * DAY
    lite.collect(builder.path, since=at(since))
    dated = [line.split() for line in git(builder.path, "log", "--no-merges", "--format=%H %ct", "main").split("\n")]
    wanted = {sha for sha, epoch in dated if int(epoch) >= since}
    stopped_early = set(git(builder.path, "log", "--no-merges", f"--since={since}", "--format=%H", "main").split())
    assert {sha for (sha,) in lite.rows("SELECT sha FROM git_commit")} == wanted
    assert stopped_early < wanted


def test_until_is_the_first_second_left_out(lite: Runner, tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    for number in range(4):
        builder.commit("Fix crash", {"a.py": f"import keras\n{number}\n"}, parents=[number - 1] if number else [])
    builder.build()
    lite.collect(builder.path, since=at(START + DAY), until=at(START + 2 * DAY))
    assert lite.rows("SELECT sha FROM git_commit") == [(builder.shas[1],)]
    assert lite.rows("SELECT since_epoch, until_epoch, complete FROM coverage") == [
        (START + DAY, START + 2 * DAY, True)
    ]


def test_an_earlier_since_brings_the_earlier_part(runner: Runner, tmp_path: Path, contents: Contents) -> None:
    """The tables are those of one run over all, and only the gap was mined."""
    builder = keras_history(tmp_path / "r.git", 40)
    first = runner.collect(builder.path, since=at(START + 20 * DAY))
    second = runner.collect(builder.path)
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "other")
    summary = whole.collect(builder.path)
    assert first.seen + second.seen == summary.seen
    assert runner.one("SELECT count(*) FROM coverage") == 1
    assert runner.tables(contents) == whole.tables(contents)


def test_a_push_is_mined_alone_also_with_old_dates(lite: Runner, tmp_path: Path, contents: Contents) -> None:
    """A branch with old commits that is merged later is not lost behind a date that was covered."""
    builder = keras_history(tmp_path / "r.git", 20)
    lite.collect(builder.path)
    old = builder.commit("Fix old crash", {"pkg/old.py": "import keras\n"}, epoch=START - 500 * DAY, parents=[3])
    builder.commit("Fix new crash", {"pkg/new.py": "import keras\n"}, epoch=START + 400 * DAY, parents=[19, old])
    builder.commit("Fix newest", {"pkg/new.py": "import keras\nx = 1\n"}, epoch=START + 401 * DAY, parents=[21])
    builder.build(extend=True)
    summary = lite.collect(builder.path)
    assert (summary.seen, summary.merges) == (2, 2)
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "other")
    whole.collect(builder.path)
    ours, theirs = lite.tables(contents), whole.tables(contents)
    for name in ("git_commit", "file_change", "hunk", "fix", "label", "label_evidence", "omission"):
        assert ours[name] == theirs[name], name


def test_a_force_push_is_followed_and_said(runner: Runner, tmp_path: Path) -> None:
    """What was there before is kept; an omission names the old tip."""
    builder = keras_history(tmp_path / "r.git", 10)
    runner.collect(builder.path)
    old = builder.shas[9]
    builder.commit("Fix crash another way", {"pkg/model0.py": "import keras\nx = 1\n"}, parents=[5])
    builder.build(extend=True)
    summary = runner.collect(builder.path)
    assert summary.seen == 1
    assert runner.rows("SELECT reason, sha FROM omission WHERE reason = 'history_rewritten'") == [
        ("history_rewritten", old)
    ]
    assert runner.one("SELECT count(*) FROM git_commit WHERE sha = :sha", sha=old) == 1
    assert runner.collect(builder.path).up_to_date == 1


def test_a_limit_leaves_a_gap_that_the_next_run_fills(lite: Runner, tmp_path: Path, contents: Contents) -> None:
    builder = keras_history(tmp_path / "r.git", 30)
    assert lite.collect(builder.path, limit=10).seen == 10
    assert lite.rows("SELECT complete FROM coverage ORDER BY since_epoch") == [(False,), (True,)]
    lite.collect(builder.path)
    assert lite.rows("SELECT since_epoch, until_epoch, complete FROM coverage") == [(MIN_EPOCH, MAX_EPOCH, True)]
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "data")
    whole.collect(builder.path)
    assert lite.tables(contents) == whole.tables(contents)


def test_one_that_fails_does_not_stop_the_others(runner: Runner, tmp_path: Path) -> None:
    """Missing, refused and empty repositories are omissions with advice; one that comes back resolves its own."""
    good = keras_history(tmp_path / "good.git", 5)
    empty = tmp_path / "empty.git"
    subprocess.run(["git", "init", "-q", "--bare", str(empty)], check=True, env=ENVIRONMENT)
    missing = tmp_path / "missing.git"
    summary = runner.collect(missing, "ext::sh -c true", empty, good.path)
    assert summary.seen == 5
    assert set(summary.failed) == {str(missing), "ext::sh -c true"}
    assert runner.rows("SELECT reason FROM omission WHERE subject LIKE 'repository:%' ORDER BY reason") == [
        ("repository_empty",),
        ("repository_missing",),
        ("repository_refused",),
    ]
    assert runner.one("SELECT status FROM crawl_run") == "partial"
    shutil.copytree(good.path, missing)
    assert runner.collect(missing).failed == {}
    resolved = "SELECT resolved_run_id FROM omission WHERE reason = 'repository_missing'"
    assert runner.one(resolved) == 2


def test_a_shallow_source_is_never_reported_complete(lite: Runner, tmp_path: Path) -> None:
    """Its boundary commit has no diff, since its parents are not known; the whole history comes once it is there."""
    builder = keras_history(tmp_path / "r.git", 10)
    shallow = tmp_path / "shallow.git"
    command = ["git", "clone", "-q", "--bare", "--depth", "4", builder.path.as_uri(), str(shallow)]
    subprocess.run(command, check=True, env=ENVIRONMENT)
    lite.collect(shallow)
    assert lite.rows("SELECT complete, reason FROM coverage") == [(False, "history_shallow")]
    assert lite.one("SELECT count(*) FROM omission WHERE reason = 'history_shallow'") >= 1
    boundary = builder.shas[6]
    assert lite.one("SELECT count(*) FROM file_change WHERE sha = :sha", sha=boundary) == 0
    git(shallow, "fetch", "-q", "--unshallow", builder.path.as_uri())
    lite.collect(shallow)
    assert lite.rows("SELECT complete FROM coverage") == [(True,)]
    assert lite.one("SELECT count(*) FROM git_commit") == 10


def test_bad_commits_cost_only_themselves(runner: Runner, tmp_path: Path) -> None:
    """30,000 files, 200 MB, Latin-1, NUL bytes and a date beyond the calendar in one history."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Fix crash", {"a.py": "import keras\n"})
    builder.commit("Fix many files", {f"d{n % 100}/f{n}.py": "import keras\n" for n in range(30_000)}, parents=[0])
    builder.commit("Fix large file", {"big.bin": b"keras\n" * 35_000_000}, parents=[1])
    builder.commit("Behebt Größe, fix crash".encode("latin-1"), {"b.py": "import keras\nx = '\0'\n" * 900}, parents=[2])
    builder.commit("Fix wrong date", {"a.py": "import keras\nx = 1\n"}, parents=[3], epoch=300_000_000_000)
    builder.build()
    summary = runner.collect(builder.path)
    assert (summary.seen, summary.candidates, summary.failed) == (5, 5, {})
    found = dict(runner.rows("SELECT sha, reason FROM omission WHERE reason <> 'no_library_code'"))
    assert found == {
        builder.shas[1]: "commit_too_large",
        builder.shas[2]: "file_too_large",
        builder.shas[3]: "file_binary",
        builder.shas[4]: "commit_date_invalid",
    }
    assert runner.one("SELECT message FROM git_commit WHERE sha = :s", s=builder.shas[3]) == "Behebt Größe, fix crash"
    assert runner.one("SELECT count(*) FROM fix WHERE sha = :s", s=builder.shas[4]) == 1


def test_a_damaged_repository_is_an_omission(lite: Runner, tmp_path: Path) -> None:
    """A missing commit object ends its repository, with what to do; the others go on."""
    builder = keras_history(tmp_path / "r.git", 5)
    builder.loosen()
    builder.object_file(builder.shas[2]).unlink()
    summary = lite.collect(builder.path, keras_history(tmp_path / "good.git", 5, seed=2).path)
    assert summary.seen == 5
    assert list(summary.failed) == [str(builder.path)]
    assert lite.one("SELECT reason FROM omission WHERE subject LIKE 'repository:%'") == "repository_corrupt"


def test_a_fork_shares_its_commits(runner: Runner, tmp_path: Path) -> None:
    """One row a commit however many repositories hold it."""
    builder = keras_history(tmp_path / "r.git", 10)
    fork = tmp_path / "fork.git"
    shutil.copytree(builder.path, fork)
    runner.collect(builder.path, fork)
    assert runner.one("SELECT count(*) FROM repository") == 2
    assert runner.one("SELECT count(*) FROM git_commit") == 10
    assert runner.one("SELECT count(*) FROM repository_commit") == 20


def test_library_keeps_fixes_of_that_library_only(lite: Runner, tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Fix crash", {"a.py": "import keras\nkeras.backend.clear_session()\n"})
    builder.commit("Fix crash", {"b.py": "import torch\ntorch.zeros(1)\n"}, parents=[0])
    builder.commit("Fix crash", {"c.py": "print(1)\n"}, parents=[1])
    builder.build()
    lite.collect(builder.path, libraries=("torch",))
    assert lite.rows("SELECT library FROM fix") == [("torch",)]
    assert lite.rows("SELECT sha, reason FROM omission ORDER BY reason") == [
        (builder.shas[0], "library_not_selected"),
        (builder.shas[2], "no_library_code"),
    ]
    lite.collect(builder.path)
    assert lite.rows("SELECT library FROM fix ORDER BY library") == [("keras",), ("torch",)]


def test_without_labels_the_rest_is_the_same(lite: Runner, tmp_path: Path, contents: Contents) -> None:
    """Diffs come without labels, and the labels can be brought later."""
    builder = keras_history(tmp_path / "r.git", 20)
    lite.collect(builder.path, classify=False)
    assert lite.one("SELECT count(*) FROM label WHERE scheme = 'pattern'") == 0
    lite.collect(builder.path)
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "data")
    whole.collect(builder.path)
    ours, theirs = lite.tables(contents), whole.tables(contents)
    for name in ("git_commit", "file_change", "hunk", "fix", "fix_hunk", "label", "label_evidence"):
        assert ours[name] == theirs[name], name


def test_a_stop_ends_at_a_page_and_the_next_run_goes_on(lite: Runner, tmp_path: Path, contents: Contents) -> None:
    """Ctrl-C in the middle: some pages are there, the run says interrupted, and the rest comes with the next run."""
    builder = keras_history(tmp_path / "r.git", 60)

    class Stopper(Recorder):
        def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
            if task == "mine" and done >= 14:
                os.kill(os.getpid(), signal.SIGINT)

    request = CollectRequest(repositories=(str(builder.path),))
    summary = collect(lite.settings(), request, Stopper())
    assert summary.interrupted
    assert summary.seen == 14
    assert lite.one("SELECT status FROM crawl_run") == "interrupted"
    lite.collect(builder.path)
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "data")
    whole.collect(builder.path)
    assert lite.tables(contents) == whole.tables(contents)


def test_two_spellings_are_one_repository(lite: Runner, tmp_path: Path) -> None:
    """owner/name through a mirror folder, and its URL on GitHub."""
    keras_history(tmp_path / "mirrors" / "keras-team+keras", 5)
    lite.flags = {"github": {"clone_url": f"{(tmp_path / 'mirrors').as_uri()}/{{owner}}+{{name}}"}}
    lite.collect("keras-team/keras", "https://github.com/Keras-Team/keras.git")
    assert lite.rows("SELECT repository_id, host, name FROM repository") == [(1, "github.com", "keras-team/keras")]


def test_a_plan_writes_nothing(lite: Runner, tmp_path: Path) -> None:
    """It says clone, then nothing new; what cannot be reached is said so."""
    builder = keras_history(tmp_path / "r.git", 5)
    request = CollectRequest(repositories=(str(builder.path), str(tmp_path / "none.git")))
    states = [row.state for row in plan(lite.settings(), request, lite.recorder)]
    assert states == ["clone", "unreachable"]
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "miner.db").exists()
    lite.collect(builder.path)
    assert [row.state for row in plan(lite.settings(), request, lite.recorder)] == ["nothing new", "unreachable"]


def test_a_worker_that_dies_is_said_so(lite: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails with advice; what was finished stays, and the next run goes on."""
    from miner.mining import GitTask

    builder = keras_history(tmp_path / "r.git", 20)
    whole = GitTask.run

    def die_at_the_second(task: GitTask) -> Any:
        if builder.shas[3] in task.shas:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(task)

    with monkeypatch.context() as patch:
        patch.setattr(GitTask, "run", die_at_the_second)
        with pytest.raises(MinerError, match="a worker process died"):
            lite.collect(builder.path)
    assert lite.one("SELECT status FROM crawl_run") == "failed"
    lite.collect(builder.path)
    assert lite.one("SELECT count(*) FROM git_commit") == 19


def test_all_branches_are_mined_and_a_push_to_one_brings_its_commits_alone(lite: Runner, tmp_path: Path) -> None:
    """The setting git.branches = all; what another branch brought is not mined again."""
    builder = keras_history(tmp_path / "r.git", 8)
    builder.commit("Fix on a side", {"pkg/side.py": "import keras\n"}, parents=[4], branch="side")
    builder.build(extend=True)
    lite.flags = {"git": {"branches": "all"}}
    assert lite.collect(builder.path).seen == 9
    assert lite.collect(builder.path).up_to_date == 1
    builder.commit("Fix it again", {"pkg/side.py": "import keras\nx = 1\n"}, parents=[8], branch="side")
    builder.build(extend=True)
    assert lite.collect(builder.path).seen == 1


def test_a_repository_that_is_gone_keeps_its_rows(runner: Runner, tmp_path: Path) -> None:
    builder = keras_history(tmp_path / "r.git", 8)
    runner.collect(builder.path)
    shutil.rmtree(builder.path)
    runner.collect(builder.path)
    assert runner.rows("SELECT availability FROM repository") == [("gone",)]
    assert runner.one("SELECT count(*) FROM git_commit") == 8


def test_a_source_without_some_objects_is_mined_but_for_them(lite: Runner, tmp_path: Path) -> None:
    """The file that cannot be read is an omission; the other files of its commit are there."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Fix crash", {"a.py": "import keras\n"})
    builder.commit("Fix wrong shape", {"a.py": "import keras\nx = 1\n", "model.h5": "weights"}, parents=[0])
    builder.build()
    builder.loosen()
    builder.object_file(f"{builder.shas[1]}:model.h5").unlink()
    assert lite.collect(builder.path).failed == {}
    assert lite.rows("SELECT subject, reason FROM omission ORDER BY reason") == [
        (f"file:{builder.shas[1]}:model.h5", "file_unreadable"),
        (f"repository:{builder.path}", "objects_missing"),
    ]
    assert lite.one("SELECT count(*) FROM fix") == 2
    changed = "SELECT file_no, new_path FROM file_change WHERE sha = :s ORDER BY file_no"
    assert lite.rows(changed, s=builder.shas[1]) == [(0, "a.py"), (1, "model.h5")]


def test_a_window_without_commits_is_covered_and_no_failure(runner: Runner, tmp_path: Path) -> None:
    """Nothing at all in it, and a merge alone; also when it becomes so by a push."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Fix crash", {"a.py": "import keras\n"})
    builder.commit("Fix other", {"b.py": "import keras\n"}, parents=[0])
    builder.commit("Side", {"c.py": "import keras\n"}, parents=[0])
    builder.commit("Merge", {"c.py": "import keras\n"}, parents=[1, 2], epoch=START + 100 * DAY)
    builder.build()
    empty = runner.collect(builder.path, since=at(START + 200 * DAY))
    merge = runner.collect(builder.path, since=at(START + 50 * DAY))
    assert (empty.seen, empty.failed, merge.seen, merge.merges, merge.failed) == (0, {}, 0, 1, {})
    early = runner.collect(builder.path, until=at(START + 10 * DAY))
    builder.commit("Fix late", {"d.py": "import keras\n"}, parents=[3], epoch=START + 300 * DAY)
    builder.build(extend=True)
    again = runner.collect(builder.path, until=at(START + 10 * DAY))
    assert (early.seen, again.seen, again.failed) == (3, 0, {})
    assert runner.one("SELECT count(*) FROM coverage_gaps") == 0


def test_what_a_narrower_run_leaves_out_is_no_omission_if_it_is_there(lite: Runner, tmp_path: Path) -> None:
    """All libraries first, then one of them: the other fixes are in the database, whatever this run wanted."""
    builder = keras_history(tmp_path / "r.git", 10)
    lite.collect(builder.path)
    lite.collect(builder.path, libraries=("torch",))
    assert lite.one("SELECT count(*) FROM omission WHERE reason = 'library_not_selected'") > 0
    unresolved = "SELECT count(*) FROM omission WHERE reason = 'library_not_selected' AND resolved_run_id IS NULL"
    assert lite.one(unresolved) == 0


def test_the_score_is_that_of_the_evidence(lite: Runner, tmp_path: Path) -> None:
    """As docs/schema.md says: the logistic of the weights' sum with the bias that they are fitted with."""
    lite.collect(keras_history(tmp_path / "r.git", 16).path)
    found = lite.rows(
        "SELECT bug_fix_score, coalesce(sum(weight), 0) FROM git_commit LEFT JOIN bug_fix_evidence USING (sha)"
        " GROUP BY sha",
    )
    assert len({score for score, _ in found}) > 2
    for score, weights in found:
        assert score == pytest.approx(1 / (1 + math.exp(-BIAS - weights)), abs=1e-4)


def test_what_an_earlier_state_did_not_bring_is_not_taken_for_known(
    lite: Runner, tmp_path: Path, contents: Contents
) -> None:
    """A late --since, a push, and then everything: the years before are mined at the new state."""
    builder = keras_history(tmp_path / "r.git", 30)
    lite.collect(builder.path, since=at(START + 20 * DAY))
    builder.commit("Fix new crash", {"pkg/new.py": "import keras\n"}, epoch=START + 400 * DAY, parents=[29])
    builder.build(extend=True)
    lite.collect(builder.path)
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "other")
    whole.collect(builder.path)
    ours, theirs = lite.tables(contents), whole.tables(contents)
    for name in ("git_commit", "hunk", "fix", "label_evidence"):
        assert ours[name] == theirs[name], name


def test_an_update_that_was_broken_off_costs_no_second_mining(lite: Runner, tmp_path: Path) -> None:
    """Two pushes, the first one mined in part: only what nobody brought is mined."""
    builder = keras_history(tmp_path / "r.git", 20)
    lite.collect(builder.path)
    for number in (20, 21):
        epoch = START + number * 30 * DAY
        builder.commit("Fix it", {"pkg/n.py": f"import keras\n{number}\n"}, epoch=epoch, parents=[number - 1])
    builder.build(extend=True)
    assert lite.collect(builder.path, limit=1).seen == 1
    builder.commit("Fix more", {"pkg/n.py": "import keras\n"}, epoch=START + 700 * DAY, parents=[21])
    builder.build(extend=True)
    assert lite.collect(builder.path).seen == 2


def test_the_ledger_counts_what_is_stored(lite: Runner, tmp_path: Path) -> None:
    """As many as were reported, but for the merges."""
    builder = keras_history(tmp_path / "r.git", 40)
    lite.collect(builder.path)
    merges = int(git(builder.path, "rev-list", "--count", "--merges", "main"))
    found = lite.rows("SELECT reported, fetched, stored, skipped FROM coverage")
    assert found == [(40, 40 - merges, 40 - merges, merges)]


def test_a_page_too_large_for_memory_is_mined_in_parts(
    lite: Runner, tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for next to nothing each commit is a part, and the tables are the same."""
    builder = keras_history(tmp_path / "r.git", 20)
    with monkeypatch.context() as patch:
        patch.setattr("miner.mining._MOST_BYTES", 10)
        assert lite.collect(builder.path).seen == 19
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "data")
    whole.collect(builder.path)
    assert lite.tables(contents) == whole.tables(contents)


def test_a_rule_that_fails_over_one_commit_costs_its_fix_alone(
    lite: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit and its diff are there, and an omission asks for a report."""
    builder = keras_history(tmp_path / "r.git", 10)

    def fail(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("miner.classify.splitting.split", fail)
    summary = lite.collect(builder.path)
    assert (summary.seen, summary.fixes, summary.failed) == (10, 0, {})
    assert lite.one("SELECT count(*) FROM omission WHERE reason = 'commit_failed' AND detail LIKE '%too deep%'") > 0
    assert lite.one("SELECT count(*) FROM hunk") > 0


def test_limits_that_are_raised_bring_what_they_left_out(lite: Runner, tmp_path: Path) -> None:
    """The commit's omission is resolved, and its diff and fix are there."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Fix crash", {"a.py": "import keras\n", "b.py": "import keras\n"})
    builder.build()
    lite.flags = {"git": {"max_commit_files": 1}}
    assert lite.collect(builder.path).fixes == 0
    lite.flags = {}
    assert lite.collect(builder.path).fixes == 1
    assert lite.one("SELECT count(*) FROM file_change") == 2
    assert lite.rows("SELECT reason FROM omission WHERE resolved_run_id IS NULL") == []


def test_paths_that_name_different_repositories_are_different(
    lite: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same relative path in two folders."""
    for name in ("one", "two"):
        keras_history(tmp_path / name / "r.git", 5, seed=len(name))
        monkeypatch.chdir(tmp_path / name)
        lite.collect("./r.git")
    assert lite.one("SELECT count(*) FROM repository") == 2


def test_a_lock_that_is_lost_ends_the_run_at_a_page(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: Contents
) -> None:
    """The server ended its connection: another may begin, so this one stops; the next run goes on where it was."""
    path = keras_history(tmp_path / "r.git", 40).path
    whole = Runner(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path / "other")
    whole.collect(path)
    runner = Runner(postgresql_url, tmp_path / "data")
    monkeypatch.setattr(locks, "CHECK_SECONDS", 0.0)

    class Ending(Recorder):
        def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
            if task == "mine" and done:
                runner.rows("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'")

    runner.recorder = Ending()
    with pytest.raises(StoreError, match="ended the connection that held the lock"):
        runner.collect(path)
    assert 0 < runner.one("SELECT COUNT(*) FROM git_commit") < 40
    runner.recorder = Recorder()
    runner.collect(path)
    assert runner.tables(contents) == whole.tables(contents)
