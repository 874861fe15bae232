"""A clone follows its source: through pushes, rewrites, renamed branches, cut-off histories and broken fetches."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.repositories import ENVIRONMENT, RepositoryBuilder, git

from miner.collect.gitrepo import GitRepository
from miner.collect.locators import locate
from miner.errors import RepositoryError, RepositoryMissingError, RepositoryTooLargeError
from miner.settings import Settings, load


def settings(tmp_path: Path, **keys: Any) -> Settings:
    return load(environ={}, flags={"storage": {"data_dir": str(tmp_path / "data")}, "git": keys})


def repository(source: Path, tmp_path: Path, **keys: Any) -> GitRepository:
    chosen = settings(tmp_path, **keys)
    return GitRepository(locate(str(source), chosen.github, chosen.git), chosen)


def history(path: Path, commits: int = 3) -> RepositoryBuilder:
    builder = RepositoryBuilder(path)
    for number in range(commits):
        builder.commit(f"c{number}", {"a.py": f"{number}\n"}, parents=[number - 1] if number else [])
    builder.build()
    return builder


def silent(_done: int, _total: int) -> None:
    return


def shas(repo: GitRepository) -> set[str]:
    tip = repo.probe()
    repo.sync(tip, silent)
    return {commit.sha for commit in repo.history(tip)}


def test_the_tip_is_what_the_source_said(tmp_path: Path) -> None:
    """The default branch, its head, and the answer as it came, at the time given."""
    builder = history(tmp_path / "s.git")
    now = datetime(2026, 1, 2, tzinfo=UTC)
    tip = repository(builder.path, tmp_path).probe(now)
    assert (tip.shas, tip.identity, tip.default_branch) == ((builder.shas[-1],), builder.shas[-1], "main")
    assert tip.response.body.decode() == f"ref: refs/heads/main\tHEAD\n{builder.shas[-1]}\tHEAD\n"
    assert (tip.response.fetched_at, tip.response.url) == (now, builder.path.as_uri())


def test_a_push_brings_the_new_commits_only(tmp_path: Path) -> None:
    builder = history(tmp_path / "s.git")
    repo = repository(builder.path, tmp_path)
    assert shas(repo) == set(builder.shas)
    builder.commit("new", {"b.py": "1\n"}, parents=[2])
    builder.build(extend=True)
    assert shas(repo) == set(builder.shas)
    assert len(builder.shas) == 4


def test_a_rewritten_history_is_followed_and_the_old_one_kept(tmp_path: Path) -> None:
    """After a force-push the new commits come, and the old tip can still be reached."""
    builder = history(tmp_path / "s.git")
    repo = repository(builder.path, tmp_path)
    shas(repo)
    old = repo.probe()
    builder.commit("rewritten", {"a.py": "other\n"}, parents=[0])
    builder.build(extend=True)
    assert shas(repo) == {builder.shas[0], builder.shas[-1]}
    assert {commit.sha for commit in repo.reachable(old)} == set(builder.shas[:3])


def test_an_empty_repository_has_no_tip(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "s.git")], check=True, env=ENVIRONMENT)
    tip = repository(tmp_path / "s.git", tmp_path).probe()
    assert (tip.shas, tip.identity) == ((), "")


def test_a_missing_repository_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RepositoryMissingError, match="no such repository"):
        repository(tmp_path / "none.git", tmp_path).probe()


def test_a_shallow_source_is_known_by_its_boundary_and_deepened_later(tmp_path: Path) -> None:
    """The boundary commit's parents are unknown; once the source has them, so has the clone, at the same tip."""
    builder = history(tmp_path / "full.git", 6)
    shallow = tmp_path / "shallow.git"
    clone = ["git", "clone", "-q", "--bare", "--depth", "3", builder.path.as_uri(), str(shallow)]
    subprocess.run(clone, check=True, env=ENVIRONMENT)
    repo = repository(shallow, tmp_path)
    assert shas(repo) == set(builder.shas[3:])
    assert repo.shallow_boundary() == {builder.shas[3]}
    git(shallow, "fetch", "-q", "--unshallow", builder.path.as_uri())
    assert shas(repo) == set(builder.shas)
    assert not repo.is_shallow()


def test_all_branches_are_followed_when_asked_for(tmp_path: Path) -> None:
    """The default is the default branch alone; the identity of all branches changes when any of them moves."""
    builder = history(tmp_path / "s.git")
    builder.commit("side", {"b.py": "1\n"}, parents=[1], branch="side")
    builder.build(extend=True)
    assert shas(repository(builder.path, tmp_path)) == set(builder.shas[:3])
    every = repository(builder.path, tmp_path, branches="all")
    before = every.probe().identity
    assert shas(every) == set(builder.shas)
    builder.commit("more", {"b.py": "2\n"}, parents=[3], branch="side")
    builder.build(extend=True)
    assert every.probe().identity != before
    assert shas(every) == set(builder.shas)


def test_what_a_killed_fetch_left_does_not_stop_the_next(tmp_path: Path) -> None:
    """Locks that nobody holds and part-written packs are removed."""
    builder = history(tmp_path / "s.git")
    repo = repository(builder.path, tmp_path)
    shas(repo)
    left = ["shallow.lock", "packed-refs.lock", "refs/miner/default.lock", "objects/pack/tmp_pack_x", "config.lock"]
    for name in left:
        (repo.git_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.git_dir / name).write_text("x")
    builder.commit("new", {"b.py": "1\n"}, parents=[2])
    builder.build(extend=True)
    assert shas(repo) == set(builder.shas)
    assert [name for name in left if (repo.git_dir / name).exists()] == []


def test_a_clone_that_was_killed_early_is_finished(tmp_path: Path) -> None:
    """A folder without anything in it, or without its refs, is no clone yet."""
    builder = history(tmp_path / "s.git")
    repo = repository(builder.path, tmp_path)
    repo.git_dir.mkdir(parents=True)
    assert shas(repo) == set(builder.shas)
    shutil.rmtree(repo.git_dir / "refs" / "miner")
    assert shas(repo) == set(builder.shas)


def test_nothing_is_transferred_when_nothing_is_new(tmp_path: Path) -> None:
    """With the tip at hand the source is not asked again."""
    builder = history(tmp_path / "s.git")
    repo = repository(builder.path, tmp_path)
    tip = repo.probe()
    repo.sync(tip, silent)
    shutil.rmtree(builder.path)
    repo.sync(tip, silent)
    assert repo.has(tip)


def test_nothing_is_cloned_onto_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    builder = history(tmp_path / "s.git")
    repo = repository(builder.path, tmp_path, min_free_disk_bytes=10**18)
    with pytest.raises(RepositoryTooLargeError, match="bytes are free"):
        repo.sync(repo.probe(), silent)


def test_a_data_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    builder = history(tmp_path / "s.git")
    (tmp_path / "data").write_text("a file, not a folder")
    repo = repository(builder.path, tmp_path)
    with pytest.raises(RepositoryError, match=r"cannot write.*storage\.data_dir"):
        repo.sync(repo.probe(), silent)


def test_a_clone_has_no_work_tree_and_follows_no_link(tmp_path: Path) -> None:
    """Only git's own files lie in it, whatever the repository holds."""
    from support.repositories import Entry

    builder = RepositoryBuilder(tmp_path / "s.git")
    links = {"evil": Entry("120000", b"/etc"), ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::false\n'}
    builder.commit("links", {**links, "x": Entry("160000", b"1" * 40), ".gitattributes": "* filter=evil\n"})
    builder.build()
    repo = repository(builder.path, tmp_path)
    shas(repo)
    assert not [path for path in repo.git_dir.rglob("*") if path.is_symlink()]
    assert not (repo.git_dir / "evil").exists()
    assert not (repo.git_dir / "modules").exists()


def test_a_local_source_that_lacks_objects_is_read_where_it_is(tmp_path: Path) -> None:
    """Git refuses to copy it as a whole; its history is there all the same, also after a further push."""
    builder = history(tmp_path / "s.git", 4)
    builder.loosen()
    builder.object_file(f"{builder.shas[1]}:a.py").unlink()
    git(builder.path, "update-ref", "refs/heads/main", builder.shas[2])
    repo = repository(builder.path, tmp_path)
    assert shas(repo) == set(builder.shas[:3])
    assert repo.borrows()
    git(builder.path, "update-ref", "refs/heads/main", builder.shas[3])
    assert shas(repo) == set(builder.shas)


def test_a_repaired_source_is_copied_after_all(tmp_path: Path) -> None:
    """Once the source is whole, the clone no longer reads from it."""
    builder = history(tmp_path / "s.git", 4)
    builder.loosen()
    blob = builder.object_file(f"{builder.shas[1]}:a.py")
    data = blob.read_bytes()
    blob.unlink()
    repo = repository(builder.path, tmp_path)
    shas(repo)
    assert repo.borrows()
    blob.write_bytes(data)
    assert shas(repo) == set(builder.shas)
    assert not repo.borrows()


def test_a_default_branch_without_commits_hides_no_other_branch(tmp_path: Path) -> None:
    """HEAD names a branch that does not exist; all branches are wanted."""
    builder = history(tmp_path / "s.git")
    git(builder.path, "symbolic-ref", "HEAD", "refs/heads/none")
    assert repository(builder.path, tmp_path).probe().shas == ()
    assert shas(repository(builder.path, tmp_path, branches="all")) == set(builder.shas)


def test_what_a_failed_fetch_left_is_removed(tmp_path: Path) -> None:
    """A clone that is too large leaves nothing, also one that is looked at only when it is done."""
    builder = history(tmp_path / "s.git", 30)
    repo = repository(builder.path, tmp_path, max_repository_bytes=1000)
    with pytest.raises(RepositoryTooLargeError, match="max_repository_bytes"):
        repo.sync(repo.probe(), silent)
    assert list((repo.git_dir / "objects").rglob("tmp_*")) == []
