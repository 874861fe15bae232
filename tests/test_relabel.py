"""Labelling anew gives what a collect with the same rules gives; it is resumable, and it fetches nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from sqlalchemy import Engine
from support.exports import export
from support.repositories import RepositoryBuilder, keras_history
from support.rules import FAILS, own_rules
from support.runs import Runner

from miner.classify import ruleset
from miner.classify.rulesource import SHIPPED
from miner.classify.version import RATER
from miner.mining import close_readers
from miner.relabel import Relabelled, RelabelRequest, relabel
from miner.store.session import open_engine, writing

Contents = dict[str, list[tuple[Any, ...]]]
Read = Callable[[Engine], Contents]

NETWORK = "import keras\n{}\nBATCH = {}\nmodel.compile(loss='{}')\n"
SPLITS = """
def vote(facts, library):
    for token in facts.tokens:
        yield Vote("token", 5.0, token.span)


TRIGGERS = {"batch"}
"""


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """Leave no rules and no git command of this test behind."""
    yield
    ruleset.use(SHIPPED)
    close_readers()


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Runner:
    return Runner(database_url, tmp_path / "data")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty commits of a Keras project, and one that uses no library."""
    builder = keras_history(tmp_path_factory.mktemp("git") / "r.git", 60)
    builder.commit("Fix the batch", {"a.py": "BATCH = 1\n"}, parents=[59])
    builder.build(extend=True)
    return builder.path


def with_rules(runner: Runner, folder: Path | None) -> Runner:
    """Let a runner work with a user's rules, or without."""
    flags = {**runner.flags, "classify": {"rules_dir": "" if folder is None else str(folder)}}
    return Runner(runner.database_url, runner.data_dir, flags, runner.recorder, runner.clock)


def classify(runner: Runner, folder: Path | None = None, **request: Any) -> Relabelled:
    return relabel(with_rules(runner, folder).settings(), RelabelRequest(**request), runner.recorder)


def in_force(runner: Runner) -> dict[str, list[tuple[Any, ...]]]:
    """Give what is in force, with a fix named by its commit or post and its hunks."""
    hunks: dict[str, list[tuple[int, int]]] = {}
    for fix_id, *place in runner.rows("SELECT fix_id, file_no, hunk_no FROM fix_hunk ORDER BY 1, 2, 3"):
        hunks.setdefault(fix_id, []).append((place[0], place[1]))
    gone = {row[0] for row in runner.rows("SELECT fix_id FROM superseded_fix")}

    def named(sql: str) -> list[tuple[Any, ...]]:
        rows = [row for row in runner.rows(sql) if row[0] not in gone]
        # A fix of a post has no hunks, and its id says all.
        return sorted(((row[0].split(":")[1], hunks.get(row[0]), *row[1:]) for row in rows), key=repr)

    return {
        "fix": named("SELECT fix_id, source, library FROM fix"),
        "label": named("SELECT fix_id, scheme, rater, rank, value, confidence FROM current_label"),
        "evidence": named(
            "SELECT e.fix_id, e.scheme, e.rater, e.rank, evidence_no, rule, weight, side, file_no, hunk_no, line, "
            "start_column, end_column, text FROM label_evidence AS e JOIN current_label AS l "
            "ON e.fix_id = l.fix_id AND e.scheme = l.scheme AND e.rater = l.rater AND e.rank = l.rank"
        ),
        "cluster": named("SELECT fix_id, cluster_id FROM fix_cluster"),
        "overview": named("SELECT fix_id, library, pattern, confidence, rater FROM fix_overview"),
        "omission": sorted(
            runner.rows("SELECT subject, reason, detail FROM omission WHERE resolved_run_id IS NULL"), key=repr
        ),
    }


def fresh(runner: Runner, tmp_path: Path, folder: Path | None, *repositories: Path, **request: Any) -> Any:
    """Collect with some rules into a database of its own, and give what is in force there."""
    other = Runner(f"sqlite:///{tmp_path}/fresh.db", tmp_path / "fresh", runner.flags)
    with_rules(other, folder).collect(*repositories, **request)
    return in_force(other)


def test_labelling_anew_equals_a_collect(runner: Runner, history: Path, tmp_path: Path) -> None:
    """Fixes, labels, evidence, clusters and omissions; each fix is in force once; a second run has nothing to do."""
    runner.collect(history)
    before = in_force(runner)
    rules = own_rules(tmp_path / "rules")
    done = classify(runner, rules)
    assert in_force(runner) == fresh(runner, tmp_path, rules, history) != before
    assert (done.status, done.commits, done.lacking) == ("complete", len({row[0] for row in before["fix"]}) + 1, {})
    assert done.patterns["batches"] > 0
    again = classify(runner, rules)
    assert (again.commits, again.fixes, again.superseded) == (0, 0, 0)


def test_going_back_to_the_shipped_rules_restores_what_was(runner: Runner, history: Path, tmp_path: Path) -> None:
    """With their own labels, which were kept."""
    runner.collect(history)
    before = in_force(runner)
    classify(runner, own_rules(tmp_path / "rules"))
    classify(runner)
    assert in_force(runner) == before


def test_a_commit_is_split_anew(runner: Runner, tmp_path: Path) -> None:
    """Old fixes are kept with their labels and are in force no more."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    gap = "\n".join(f"x{at} = {at}" for at in range(20))
    builder.commit("Add", {"a.py": NETWORK.format(gap, 1, "mse")})
    builder.commit("Fix it", {"a.py": NETWORK.format("import keras.layers\n" + gap, 2, "mae")}, parents=[0])
    builder.build()
    runner.collect(builder.path)
    (first,) = in_force(runner)["fix"]
    rules = own_rules(tmp_path / "rules", "from miner.classify.voting import Vote\n" + SPLITS)
    differing = classify(runner, rules, diff=True).difference
    done = classify(runner, rules)
    assert differing is not None
    assert (differing.new, differing.superseded) == (done.new_fixes, done.superseded)
    assert in_force(runner) == fresh(runner, tmp_path, rules, builder.path)
    assert (
        runner.one("SELECT COUNT(*) FROM label WHERE rater = :rater AND rank = 1 AND scheme = 'pattern'", rater=RATER)
        == 1
    )
    assert first[0] == builder.shas[1]


def test_a_database_from_before_commits_were_split_comes_out_right(
    runner: Runner, history: Path, tmp_path: Path
) -> None:
    """Its one fix of a commit, of all hunks, gives way to those that the rules see."""
    runner.collect(history)
    expected = in_force(runner)
    engine = open_engine(runner.database_url)
    with writing(engine) as connection:
        make_unsplit(connection)
    engine.dispose()
    assert in_force(runner) != expected
    classify(runner)
    assert in_force(runner) == expected


def make_unsplit(connection: Any) -> None:
    """Leave of each commit one fix of all its hunks, with the labels of an old rater."""
    run = connection.exec_driver_sql
    run("DELETE FROM label_evidence")
    run("DELETE FROM label WHERE rank > 1")
    for table in ("label", "fix_cluster", "fix_hunk", "fix"):
        run(f"DELETE FROM {table} WHERE fix_id NOT IN (SELECT MIN(fix_id) FROM fix GROUP BY sha)")  # noqa: S608
    run("DELETE FROM fix_cluster")
    run("DELETE FROM fix_hunk")
    run(
        "INSERT INTO fix_hunk SELECT fix.fix_id, hunk.file_no, hunk.hunk_no FROM fix "
        "JOIN hunk ON hunk.sha = fix.sha JOIN file_change AS f ON f.sha = hunk.sha AND f.file_no = hunk.file_no "
        "WHERE f.kind = 'source'"
    )
    run("UPDATE label SET rater = 'heuristic/0.0.1+old', value = 'data_type' WHERE scheme = 'pattern'")
    run("UPDATE label SET rater = 'heuristic/0.0.1+old' WHERE scheme <> 'pattern'")
    run("UPDATE crawl_run SET rater = 'heuristic/0.0.1+old'")


def test_what_was_collected_without_labels_gets_them(runner: Runner, history: Path, tmp_path: Path) -> None:
    """As a collect with labels would have given them."""
    runner.collect(history, classify=False)
    assert in_force(runner)["fix"] == []
    classify(runner)
    assert in_force(runner) == fresh(runner, tmp_path, None, history)


def test_a_difference_writes_nothing(runner: Runner, history: Path, tmp_path: Path, contents: Read) -> None:
    """It counts the fixes whose first choice changes, by scheme and from what to what."""
    runner.collect(history)
    rules = own_rules(tmp_path / "rules")
    before, runs = runner.tables(contents), runner.rows("SELECT * FROM crawl_run")
    done = classify(runner, rules, diff=True)
    assert (runner.tables(contents), runner.rows("SELECT * FROM crawl_run")) == (before, runs)
    assert done.difference is not None
    # What follows from the pattern changes with it.
    groups = [group for group in done.difference.groups() if group[0] == "pattern"]
    assert groups
    assert all(after == "batches" for _, _, after, _, _ in groups)
    assert sum(number for *_, number, _ in groups) + done.difference.same <= done.fixes
    old = dict(runner.rows("SELECT fix_id, pattern FROM fix_overview"))
    assert all(old[one] == before for _, before, _, _, examples in groups for one in examples)
    classify(runner, rules)
    assert runner.one("SELECT COUNT(*) FROM fix_overview WHERE pattern = 'batches'") == sum(g[3] for g in groups)
    nothing = classify(runner, rules, diff=True).difference
    assert nothing is not None
    assert list(nothing.groups()) == []


def test_a_limit_is_gone_on_from(runner: Runner, history: Path, tmp_path: Path) -> None:
    """Piece by piece it comes to the same."""
    runner.collect(history)
    rules = own_rules(tmp_path / "rules")
    seen = [classify(runner, rules, limit=4).commits for _ in range(12)]
    assert seen[:3] == [4, 4, 4]
    assert seen[-1] == 0
    assert in_force(runner) == fresh(runner, tmp_path, rules, history)


def test_only_the_fixes_of_a_library_are_labelled(runner: Runner, history: Path, tmp_path: Path) -> None:
    """Those of another wait for their turn."""
    runner.collect(history)
    rules = own_rules(tmp_path / "rules")
    assert classify(runner, rules, libraries=("torch",)).commits == 0
    assert classify(runner, rules, libraries=("keras",)).commits > 0


def test_without_the_clone_nothing_is_labelled_from_less(runner: Runner, history: Path, tmp_path: Path) -> None:
    """The commits keep their labels, it is said how to get the clone, and with it they get the new ones."""
    runner.collect(history)
    before = in_force(runner)
    rules = own_rules(tmp_path / "rules")
    shutil.move(runner.data_dir / "repositories", tmp_path / "away")
    done = classify(runner, rules)
    assert (done.status, done.commits) == ("partial", 0)
    assert sum(done.lacking.values()) == len({row[0] for row in before["fix"]}) + 1
    (item, message) = runner.recorder.warnings[-1]
    assert item in done.lacking
    assert f"git clone --bare file://{history}" in message
    assert in_force(runner) == before
    shutil.move(tmp_path / "away", runner.data_dir / "repositories")
    classify(runner, rules)
    assert in_force(runner) == fresh(runner, tmp_path, rules, history)


def test_a_clone_that_lacks_a_file_labels_the_others(runner: Runner, tmp_path: Path) -> None:
    """A clone without its blobs, as one that was filtered, labels nothing from less."""
    builder = keras_history(tmp_path / "r.git", 20)
    runner.collect(builder.path)
    sha, blob = runner.rows(
        "SELECT f.sha, f.new_blob FROM file_change AS f JOIN fix ON fix.sha = f.sha "
        "WHERE f.kind = 'source' AND "
        "f.new_blob IN (SELECT new_blob FROM file_change GROUP BY new_blob HAVING COUNT(*) = 1) ORDER BY 1 LIMIT 1"
    )[0]
    (clone,) = (runner.data_dir / "repositories").glob("*.git")
    copy = RepositoryBuilder(clone)
    copy.loosen()
    copy.object_file(blob).unlink()
    rules = own_rules(tmp_path / "rules")
    done = classify(runner, rules)
    assert list(done.lacking.values()) == [1]
    old = runner.rows("SELECT DISTINCT rater FROM fix_overview WHERE sha = :sha", sha=sha)
    assert old == [(RATER,)]
    assert runner.one("SELECT COUNT(DISTINCT rater) FROM fix_overview") == 2


def test_a_rule_that_fails_costs_its_votes_alone(runner: Runner, history: Path, tmp_path: Path) -> None:
    """Each commit keeps its other labels, an omission names file and line, and goes when the rule is mended."""
    runner.collect(history)
    fixes = len(in_force(runner)["fix"])
    rules = own_rules(tmp_path / "rules", FAILS)
    done = classify(runner, rules)
    assert len(in_force(runner)["fix"]) == fixes
    assert done.omissions["rule_failed"] > 0
    (detail, *_) = runner.rows("SELECT DISTINCT detail FROM omission WHERE reason = 'rule_failed'")
    assert detail[0].startswith("batches.py, line 11: ")
    assert in_force(runner) == fresh(runner, tmp_path, rules, history)
    classify(runner, own_rules(tmp_path / "rules2"))
    assert runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'rule_failed' AND resolved_run_id IS NULL") == 0


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dump of questions, some of no library that is known."""
    site = Site(generate(300, seed=3, tags=("keras", "theano", "pytorch")))
    return export(site, tmp_path_factory.mktemp("dump") / "stackoverflow.com")


def read_dump(runner: Runner, dump: Path, **request: Any) -> None:
    runner.collect(dump=str(dump), dump_date=None, site="stackoverflow.com", **request)


def test_answers_are_labelled_anew_as_a_collect_labels_them(runner: Runner, dump: Path, tmp_path: Path) -> None:
    """From the stored pairs; a second run has nothing to do."""
    read_dump(runner, dump)
    rules = own_rules(tmp_path / "rules")
    done = classify(runner, rules)
    assert (done.status, done.commits) == ("complete", 0)
    assert done.posts > 50
    other = Runner(f"sqlite:///{tmp_path}/fresh.db", tmp_path / "fresh")
    read_dump(with_rules(other, rules), dump)
    assert in_force(runner) == in_force(other)
    assert classify(runner, rules).posts == 0


def test_a_rule_that_fails_over_an_answer_costs_its_votes_alone(runner: Runner, dump: Path, tmp_path: Path) -> None:
    """In a collect and anew alike: the fix has its other labels, and the omission names the line."""
    rules = own_rules(tmp_path / "rules", "TRIGGERS = {'fit'}\n\n\ndef vote(facts, library):\n    return 1 / 0\n")
    read_dump(with_rules(runner, rules), dump)
    collected = in_force(runner)
    failed = [row for row in collected["omission"] if row[1] == "rule_failed"]
    assert failed
    assert all("line 5" in row[2] for row in failed)
    classify(runner)
    assert [row for row in in_force(runner)["omission"] if row[1] == "rule_failed"] == []
    classify(runner, rules)
    assert in_force(runner)["label"] == collected["label"]


def test_answers_that_were_collected_without_labels_get_them(runner: Runner, dump: Path, tmp_path: Path) -> None:
    """As a collect with labels would have given them."""
    read_dump(runner, dump, classify=False)
    done = classify(runner)
    assert done.new_fixes > 50
    other = Runner(f"sqlite:///{tmp_path}/fresh.db", tmp_path / "fresh")
    read_dump(other, dump)
    assert in_force(runner) == in_force(other)
    assert classify(runner).posts == 0


def test_libraries_of_the_user_are_mined_and_labelled(runner: Runner, tmp_path: Path) -> None:
    """A commit that names none of the shipped libraries has a fix once the user's file names one that it uses."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("Add", {"a.py": "import jax\n\nx = jax.numpy.zeros(1, dtype='float32')\n"})
    builder.commit("Fix it", {"a.py": "import jax\n\nx = jax.numpy.zeros(1, dtype='float64')\n"}, parents=[0])
    builder.build()
    runner.collect(builder.path)
    assert in_force(runner)["fix"] == []
    shipped = (Path(__file__).parents[1] / "config" / "libraries.toml").read_text(encoding="utf-8")
    own = tmp_path / "libraries.toml"
    own.write_text(
        f'{shipped}\n[jax]\nmodules = ["jax"]\naliases = ["jnp"]\ndistributions = ["jax"]\ntags = ["jax"]\n'
        "repositories = []\n",
        encoding="utf-8",
    )
    runner.flags = {"collect": {"libraries_file": str(own)}}
    classify(runner)
    assert [row[3] for row in in_force(runner)["fix"]] == ["jax"]
    assert in_force(runner)["omission"] == []
