"""The flow from a list of posts, commits and lines to exactly what it names."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from support.repositories import RepositoryBuilder, git
from support.runs import Contents, Runner

from miner.errors import SeedsError
from miner.job import Summary

CODE = "import keras\n\nmodel = keras.Sequential()\nmodel.add(keras.layers.Dense(10))\nmodel.compile(loss='mse')\n"
GITHUB = "https://github.com/owner/name"


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    """A repository owner/name: a first version, a change that no message calls a fix, one of text, and a removal."""
    built = RepositoryBuilder(tmp_path / "clones" / "owner+name.git")
    built.path.parent.mkdir()
    built.commit("Add a model", {"train.py": CODE, "other.py": "x = 1\n"})
    built.commit("Make it wider", {"train.py": "# A model.\n" + CODE.replace("Dense(10)", "Dense(20)")}, parents=[0])
    built.commit("Write about it", {"README.md": "A model.\n"}, parents=[1])
    built.commit("Tidy up", {"other.py": "x = 2\n"}, parents=[2])
    built.build()
    return built


@pytest.fixture
def runner(database_url: str, tmp_path: Path, repository: RepositoryBuilder) -> Runner:
    """A miner whose GitHub is a folder."""
    flags = {"github": {"clone_url": f"file://{tmp_path}/clones/{{owner}}+{{name}}.git"}}
    return Runner(database_url, tmp_path / "data", flags)


def collect(runner: Runner, tmp_path: Path, *seeds: str) -> Summary:
    """Collect a list of seeds."""
    (tmp_path / "seeds.txt").write_text("\n".join(seeds), encoding="utf-8")
    return runner.collect(seeds=str(tmp_path / "seeds.txt"))


def digest(path: str, name: str = "md5") -> str:
    return hashlib.new(name, path.encode()).hexdigest()


@pytest.mark.parametrize("name", ["md5", "sha256"])
def test_an_anchor_leads_to_the_hunk_of_a_commit_that_nobody_called_a_fix(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder, name: str
) -> None:
    """Old anchors hold the MD5 of the path, new ones the SHA-256; the fix holds the hunk that the line is in."""
    seed = f"{GITHUB}/commit/{repository.shas[1][:10]}#diff-{digest('train.py', name)}R5"
    summary = collect(runner, tmp_path, seed)
    assert (summary.status, summary.seeds, summary.fixes) == ("complete", 1, 1)
    found = runner.rows(
        "SELECT seed.sha, seed.path, fix.library, seed.line FROM seed "
        "JOIN fix_hunk ON fix_hunk.file_no = seed.file_no AND fix_hunk.hunk_no = seed.hunk_no "
        "JOIN fix ON fix.fix_id = fix_hunk.fix_id AND fix.sha = seed.sha"
    )
    assert found == [(repository.shas[1], "train.py", "keras", 5)]
    assert runner.one("SELECT COUNT(*) FROM git_commit") == 1


def test_a_merge_commit_shows_what_it_brought_into_its_first_parent(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """That is what GitHub shows under its link, and what an anchor in it counts by."""
    built = RepositoryBuilder(repository.path)
    built.commit("Add a model", {"train.py": CODE})
    built.commit("Write", {"README.md": "A model.\n"}, parents=[0])
    built.commit("Make it wider", {"train.py": CODE.replace("Dense(10)", "Dense(20)")}, parents=[0], branch="side")
    built.commit("Merge side", {"train.py": CODE.replace("Dense(10)", "Dense(20)")}, parents=[1, 2])
    shutil.rmtree(repository.path)
    built.build()
    summary = collect(runner, tmp_path, f"{GITHUB}/commit/{built.shas[3]}#diff-{digest('train.py')}R4")
    assert (summary.status, summary.fixes) == ("complete", 1)
    found = runner.rows("SELECT file_change.new_path, hunk.body FROM file_change JOIN hunk USING (sha, file_no)")
    assert [path for path, _ in found] == ["train.py"]
    assert "+model.add(keras.layers.Dense(20))" in found[0][1]


def test_a_line_leads_to_the_first_later_commit_that_changes_it(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """The link shows the buggy line; the fix is what changed it, wherever the line had moved to."""
    seed = f"{GITHUB}/blob/{repository.shas[0]}/train.py#L4"
    assert collect(runner, tmp_path, seed).fixes == 1
    assert runner.rows("SELECT kind, sha, file_no, hunk_no FROM seed") == [("line", repository.shas[1], 0, 0)]


@pytest.mark.parametrize(
    ("seed", "reason"),
    [
        ("/blob/{0}/train.py#L1", "line_unchanged"),
        ("/blob/{0}/train.py#L99", "line_missing"),
        ("/blob/{0}/nothing.py#L1", "line_missing"),
        ("/commit/" + "0123456789" * 4, "commit_missing"),
        ("/commit/{1}#diff-" + "0" * 32 + "R1", "anchor_unresolved"),
        ("/blob/{0}/train.py", "seed_unreadable"),
        ("/issues/1", "seed_unreadable"),
    ],
)
def test_a_seed_that_leads_nowhere_is_an_omission(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder, seed: str, reason: str
) -> None:
    """Each entry is a row in seed or omission, and the others are collected all the same."""
    seed = GITHUB + seed.format(*repository.shas)
    collect(runner, tmp_path, seed, f"{GITHUB}/commit/{repository.shas[1]}")
    assert runner.rows("SELECT subject, reason FROM omission WHERE subject LIKE 'seed:%'") == [(f"seed:{seed}", reason)]
    assert runner.one("SELECT COUNT(*) FROM fix") == 1


def test_a_repository_that_is_gone_keeps_its_seeds_in_view(runner: Runner, tmp_path: Path) -> None:
    """A seed of it has a row that leads to nothing; the run is partial."""
    seed = "https://github.com/owner/gone/commit/0123456789abcdef"
    assert collect(runner, tmp_path, seed, f"{GITHUB}/commit/0000000").status == "partial"
    assert runner.rows("SELECT sha, repository_id FROM seed WHERE seed = :seed", seed=seed) == [(None, None)]
    assert ("repository:owner/gone", "repository_missing") in runner.rows("SELECT subject, reason FROM omission")


def test_a_second_run_changes_nothing(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder, contents: Contents
) -> None:
    """What a list named is not mined again, and the tables stay as they are."""
    seeds = [f"{GITHUB}/commit/{sha}" for sha in repository.shas] + [f"{GITHUB}/blob/{repository.shas[0]}/train.py#L4"]
    collect(runner, tmp_path, *seeds)
    before = runner.tables(contents)
    again = collect(runner, tmp_path, *seeds)
    # The one of text alone has no fix and is looked at again: other flags may find more in such a commit.
    assert again.seen == 1
    assert runner.tables(contents) == before


def test_a_commit_that_no_branch_holds_is_asked_for_once(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """A host keeps what a pull request had, though no branch has it."""
    loose = repository.commit("Fix it", {"train.py": CODE.replace("10", "30")}, parents=[0], branch="gone")
    repository.build(extend=True)
    git(repository.path, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(repository.path, "update-ref", "-d", "refs/heads/gone")
    collect(runner, tmp_path, f"{GITHUB}/commit/{repository.shas[loose]}")
    assert runner.rows("SELECT sha FROM fix") == [(repository.shas[loose],)]


def test_an_outage_takes_nothing_away(runner: Runner, tmp_path: Path, repository: RepositoryBuilder) -> None:
    """What a seed led to stays, the omission goes when the repository is back."""
    seed = f"{GITHUB}/commit/{repository.shas[1]}"
    collect(runner, tmp_path, seed)
    away = repository.path.rename(tmp_path / "away.git")
    assert collect(runner, tmp_path, seed).status == "failed"
    assert runner.rows("SELECT sha, repository_id FROM seed") == [(repository.shas[1], 1)]
    away.rename(repository.path)
    assert collect(runner, tmp_path, seed).status == "complete"
    assert runner.one("SELECT COUNT(*) FROM omission WHERE resolved_run_id IS NULL") == 0


def test_an_empty_repository_is_an_omission(runner: Runner, tmp_path: Path) -> None:
    """There is no clone to look into."""
    RepositoryBuilder(tmp_path / "clones" / "owner+empty.git").build()
    seeds = ("https://github.com/owner/empty/commit/" + "a" * 40, "https://github.com/owner/empty/blob/main/a.py#L1")
    collect(runner, tmp_path, *seeds)
    reasons = runner.rows("SELECT reason FROM omission ORDER BY 1")
    assert reasons == [("commit_missing",), ("commit_missing",), ("repository_empty",)]


def test_a_crawl_before_hides_no_seed(runner: Runner, tmp_path: Path, repository: RepositoryBuilder) -> None:
    """A commit that names no library is a fix of a list all the same, if its tree names one; also after --library."""
    fixed = repository.commit("Fix it", {"other.py": "def f():\n    return 3\n"}, parents=[3])
    repository.build(extend=True)
    runner.collect("owner/name")
    assert runner.one("SELECT COUNT(*) FROM fix") == 0
    seed = f"{GITHUB}/commit/{repository.shas[fixed]}"
    (tmp_path / "seeds.txt").write_text(seed, encoding="utf-8")
    runner.collect(seeds=str(tmp_path / "seeds.txt"), libraries=("torch",))
    assert collect(runner, tmp_path, seed).fixes == 1
    assert runner.rows("SELECT library FROM fix") == [("keras",)]


def test_a_branch_or_a_tag_is_a_revision(runner: Runner, tmp_path: Path, repository: RepositoryBuilder) -> None:
    """Also one that is no wanted branch; the default branch is as it is now, whatever a list brought before."""
    git(repository.path, "update-ref", "refs/heads/old", repository.shas[0])
    git(repository.path, "update-ref", "refs/tags/v1", repository.shas[0])
    seeds = [f"{GITHUB}/blob/{name}/train.py#L4" for name in ("old", "v1")]
    collect(runner, tmp_path, *seeds, f"{GITHUB}/blob/main/train.py#L4", f"{GITHUB}/blob/none/train.py#L4")
    assert {row[0] for row in runner.rows("SELECT sha FROM seed WHERE sha IS NOT NULL")} == {repository.shas[1]}
    assert runner.rows("SELECT reason FROM omission WHERE subject LIKE 'seed:%' ORDER BY 1") == [
        ("commit_missing",),
        ("line_unchanged",),
    ]


def test_a_commit_that_two_repositories_hold_is_held_by_both(
    runner: Runner, tmp_path: Path, repository: RepositoryBuilder
) -> None:
    """A fork's seed is not mined twice, and its repository is known to hold the commit."""
    shutil.copytree(repository.path, repository.path.with_name("fork+name.git"))
    sha = repository.shas[1]
    collect(runner, tmp_path, f"{GITHUB}/commit/{sha}", f"https://github.com/fork/name/commit/{sha}")
    assert runner.one("SELECT COUNT(*) FROM repository_commit") == 2
    assert runner.one("SELECT COUNT(*) FROM fix") == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://me:ghp_Secret123@github.com/owner/name/commit/0000000",
        "me:ghp_Secret123@github.com/owner/name/commit/0000000",
        "https://github.com/owner/name/blob/main/train.py?token=ghp_Secret123#L4",
        "https://me:ghp_Secret123@example.com/?x=ghp_Secret123",
    ],
)
def test_a_secret_in_a_link_is_never_kept(runner: Runner, tmp_path: Path, link: str, contents: Contents) -> None:
    """Neither in a table nor in a warning."""
    collect(runner, tmp_path, link, f"{GITHUB}/commit/0000000")
    assert "Secret123" not in repr(runner.tables(contents))
    assert "Secret123" not in repr(runner.recorder.warnings)


def test_a_list_that_cannot_be_read_is_an_error(runner: Runner, tmp_path: Path) -> None:
    """A missing file is the user's mistake, and says so."""
    with pytest.raises(SeedsError, match=r"missing\.txt"):
        runner.collect(seeds=str(tmp_path / "missing.txt"))


@pytest.fixture
def server() -> Iterator[StackExchange]:
    """A site with two questions about Keras."""
    site = Site()
    for number in (1, 2, 3):
        question: dict[str, Any] = {"question_id": number, "title": f"Q{number}", "tags": ["keras"]}
        question |= {"body": "<pre><code>import keras\nmodel.add(Dense(10))\n</code></pre>"}
        site.add(question)
    body = "<pre><code>import keras\nmodel.add(Dense(20))\n</code></pre>"
    for number in (2, 3):
        site.answer(number, body, score=9)
    with StackExchange(site) as opened:
        yield opened


def test_posts_are_collected_by_the_id_of_a_question_or_an_answer(
    runner: Runner, tmp_path: Path, server: StackExchange
) -> None:
    """Question 1 is not among the seeds and does not come; an answer brings its question; an id of nothing is told."""
    runner.flags = {**runner.flags, "stackoverflow": {"api_url": server.url}}
    answer = server.sites["stackoverflow"].question(3)["answers"][0]["answer_id"]
    link = f"https://stackoverflow.com/a/{answer}"
    summary = collect(runner, tmp_path, "2", link, "999999")
    assert summary.fixes == 2
    assert runner.rows("SELECT seed, post_id, question_id FROM seed ORDER BY post_id") == [
        ("2", 2, 2),
        (link, answer, 3),
        ("999999", 999999, None),
    ]
    assert runner.rows("SELECT DISTINCT question_id FROM fix ORDER BY 1") == [(2,), (3,)]
    assert runner.one("SELECT COUNT(*) FROM post WHERE post_id = 1") == 0
    assert runner.rows("SELECT subject FROM omission WHERE reason = 'post_missing'") == [("seed:999999",)]
