"""Commits whose message says fix and whose change says otherwise: they keep rows and evidence, and have no fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder
from support.runs import Contents, Runner

MODEL = "import keras\n\nmodel = keras.Sequential()\nmodel.add(keras.layers.Dense(10, input_shape=(784,)))\n"
FIXED = MODEL.replace("Dense(10", "Dense(20")


@pytest.fixture
def history(tmp_path: Path) -> RepositoryBuilder:
    """A commit that fixes code, and one that says the same of the documentation."""
    builder = RepositoryBuilder(tmp_path / "o+n.git")
    builder.commit("Add", {"a.py": MODEL, "README.md": MODEL})
    builder.commit("Fix wrong shape of the layer", {"a.py": FIXED}, parents=[0])
    builder.commit("Fix wrong shape of the layer", {"README.md": FIXED}, parents=[1])
    builder.build()
    return builder


@pytest.fixture
def miner(database_url: str, tmp_path: Path) -> Runner:
    return Runner(
        database_url, tmp_path / "data", {"github": {"clone_url": f"file://{tmp_path}/{{owner}}+{{name}}.git"}}
    )


def test_a_fix_of_the_documentation_is_an_omission(miner: Runner, history: RepositoryBuilder) -> None:
    """Its row, its files and the evidence of both sides are there, and a reason in words."""
    miner.collect("o/n")
    assert miner.rows("SELECT sha FROM fix") == [(history.shas[1],)]
    said = miner.rows("SELECT sha, reason, detail FROM omission WHERE sha IS NOT NULL")
    assert [row[:2] for row in said] == [(history.shas[2], "not_a_fix")]
    assert "diff.only_documentation (README.md)" in said[0][2]
    sha = history.shas[2]
    evidence = miner.rows("SELECT evidence_no, side FROM bug_fix_evidence WHERE sha = :sha ORDER BY 1", sha=sha)
    assert evidence == [(0, "message"), (1, "message"), (1000, "path")]
    scores = miner.rows("SELECT bug_fix_score >= 0.5 FROM git_commit WHERE sha <> :sha ORDER BY sha", sha=sha)
    assert {bool(row[0]) for row in scores} == {False, True}
    assert miner.one("SELECT bug_fix_score FROM git_commit WHERE sha = :sha", sha=sha) < 0.5
    assert miner.one("SELECT COUNT(*) FROM hunk WHERE sha = :sha", sha=sha) == 1


def test_a_commit_that_somebody_chose_has_its_fix_all_the_same(
    miner: Runner, history: RepositoryBuilder, tmp_path: Path
) -> None:
    """A list of seeds names it: that resolves the omission."""
    history.commit("Fix crash", {"a.py": FIXED.replace("(10, ", "(10,  ")}, parents=[2])
    history.commit("Fix crash", {"a.py": "# Why.\n" + FIXED.replace("(10, ", "(10,  ")}, parents=[3])
    history.build(extend=True)
    miner.collect("o/n")
    unresolved = "SELECT sha FROM omission WHERE reason = 'not_a_fix' AND resolved_run_id IS NULL"
    assert (history.shas[4],) in miner.rows(unresolved)
    path = tmp_path / "seeds.txt"
    path.write_text(f"https://github.com/o/n/commit/{history.shas[4]}\n")
    miner.collect(seeds=str(path))
    assert (history.shas[4],) in miner.rows("SELECT sha FROM fix")
    assert (history.shas[4],) not in miner.rows(unresolved)


def test_no_labels_wanted_is_no_omission(miner: Runner, history: RepositoryBuilder) -> None:
    """Then no commit has a fix, whatever it is."""
    miner.collect("o/n", classify=False)
    assert miner.one("SELECT COUNT(*) FROM omission WHERE reason = 'not_a_fix'") == 0
    miner.collect("o/n")
    assert miner.rows("SELECT sha FROM omission WHERE reason = 'not_a_fix'") == [(history.shas[2],)]


@pytest.mark.parametrize("seeds_first", [True, False])
def test_a_judgement_that_saw_the_change_replaces_one_that_did_not(
    miner: Runner, tmp_path: Path, contents: Contents, seeds_first: bool
) -> None:
    """A message that is no candidate by itself: chosen before the crawl or after it, the evidence is the same."""
    builder = RepositoryBuilder(tmp_path / "o+n.git")
    builder.commit("Add", {"a.py": MODEL})
    builder.commit("Add a bug", {"a.py": MODEL}, parents=[0])
    builder.commit("Add missing test for the crash", {"tests/test_a.py": MODEL}, parents=[1])
    builder.commit("Update the shape, it fails", {"setup.py": MODEL}, parents=[2])
    builder.build()
    path = tmp_path / "seeds.txt"
    path.write_text("".join(f"https://github.com/o/n/commit/{sha}\n" for sha in builder.shas))
    other = Runner("sqlite:///" + str(tmp_path / "other.db"), miner.data_dir, miner.flags)
    for runner, order in ((miner, seeds_first), (other, not seeds_first)):
        for chosen in (order, not order):
            if chosen:
                runner.collect(seeds=str(path))
            else:
                runner.collect("o/n")
    ours, theirs = miner.tables(contents), other.tables(contents)
    assert [row for row in ours["bug_fix_evidence"] if row[4] == "path"]
    for name in ("git_commit", "bug_fix_evidence", "fix"):
        assert ours[name] == theirs[name]
