"""The same change has the same patch id wherever it was made again, and other changes have others."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import ENVIRONMENT, RepositoryBuilder, git

from miner.collect.gitblobs import BlobReader
from miner.collect.gitdiffs import DiffReader
from miner.extract.diffs import Limits, extract
from miner.extract.hunks import hunks
from miner.extract.patchid import patch_id
from miner.model import FileChange, FileKind

LIMITS = Limits(max_file_bytes=100_000, max_diff_bytes=50_000, max_commit_files=100)
LINES = [f"layer_{number} = Dense({number * 7}, activation='relu')\n" for number in range(60)]
BASE = "".join(LINES)
FIXED = BASE.replace("Dense(70,", "Dense(71, input_shape=(28,),").replace("layer_20 =", "layer_twenty =")


def changes(path: Path, shas: Sequence[str]) -> list[tuple[FileChange, ...]]:
    diffs = DiffReader(path, timeout=60, max_file_bytes=100_000, max_commit_bytes=10**7)
    blobs = BlobReader(path, timeout=60, max_bytes=100_000)
    found = [extract(raw, blobs, LIMITS).files for raw in diffs.diffs(shas)]
    diffs.close()
    blobs.close()
    return found


def built(builder: RepositoryBuilder) -> list[str]:
    """Build a repository and give the patch ids of its commits."""
    return [patch_id(files) for files in changes(builder.build(), builder.shas)]


def gits(builder: RepositoryBuilder) -> list[str]:
    """Give git's own stable patch ids of a built repository's commits."""
    shown = [git(builder.path, "show", sha).encode() + b"\n" for sha in builder.shas]
    return [git(builder.path, "patch-id", "--stable", data=patch).split(" ")[0] for patch in shown]


def changed(before: str, after: str, path: str = "a.py", no: int = 0) -> FileChange:
    """Give the change of one file, as an extraction would."""
    found = hunks(before, after)
    return FileChange(
        no, "modify", FileKind.SOURCE, "python", path, path, "100644", "100644", "1" * 40, "2" * 40, None, 0, 0, found
    )


def id_of(before: str, after: str, path: str = "a.py") -> str:
    return patch_id([changed(before, after, path)])


def pick(path: Path, work: Path, onto: str, sha: str) -> str:
    """Cherry-pick a commit onto another in a clone, and give the new commit's sha."""
    environment = ENVIRONMENT | {"GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org"}
    for command in (
        ["clone", "-q", str(path), str(work)],
        ["-C", str(work), "checkout", "-q", onto],
        ["-C", str(work), "cherry-pick", "-x", sha],
    ):
        subprocess.run(["git", *command], check=True, env=environment, capture_output=True)
    return git(work / ".git", "rev-parse", "HEAD")


def test_a_cherry_pick_onto_a_moved_file_has_the_commits_id(tmp_path: Path) -> None:
    """Git's own cherry-pick, into a file that was renamed and that grew at its top; git's patch id is another there."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("base", {"net.py": BASE, "other.py": BASE.replace("layer", "other")})
    builder.commit("fix", {"net.py": FIXED}, parents=[0])
    builder.commit("move", {"net.py": None, "pkg/model.py": "import keras\n" * 5 + BASE}, parents=[0], branch="old")
    builder.build()
    picked = pick(builder.path, tmp_path / "work", builder.shas[2], builder.shas[1])
    fix, again = changes(tmp_path / "work" / ".git", [builder.shas[1], picked])
    assert again[0].path == "pkg/model.py"
    assert fix[0].hunks[0].old_start != again[0].hunks[0].old_start
    assert patch_id(fix) == patch_id(again) != ""


def test_a_backport_among_other_lines_has_the_commits_id(tmp_path: Path) -> None:
    """Lines shifted, context changed, and the line between two changes gone; git sees the shift alone."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    after = BASE.replace("layer_10 =", "layer_ten =").replace("layer_12 =", "layer_twelve =")
    builder.commit("base", {"net.py": BASE})
    builder.commit("fix", {"net.py": after}, parents=[0])
    builder.commit("shifted", {"net.py": "\n" * 9 + BASE}, parents=[0], branch="b")
    builder.commit("shifted fix", {"net.py": "\n" * 9 + after}, parents=[2], branch="b")
    builder.commit("older", {"net.py": BASE.replace(LINES[8], "pass\n").replace(LINES[11], "")}, branch="c")
    builder.commit(
        "older fix", {"net.py": after.replace(LINES[8], "pass\n").replace(LINES[11], "")}, parents=[4], branch="c"
    )
    ids, theirs = built(builder), gits(builder)
    assert ids[1] == ids[3] == ids[5] != ""
    assert theirs[1] == theirs[3] != theirs[5]


@pytest.mark.parametrize(
    "unequal", [False, True], ids=["what-git-calls-equal-is-equal", "what-differs-for-git-differs"]
)
def test_it_agrees_with_gits_patch_id(unequal: bool, tmp_path: Path) -> None:
    """Where paths and context are the same: shifted lines, whitespace and several files, and lines that differ."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    top = "# a licence\n" * 7
    builder.commit("base", {"a.py": BASE, "b.py": BASE[:900]})
    builder.commit("fix", {"a.py": FIXED, "b.py": "import numpy as np\nimport keras\n" + BASE[:900]}, parents=[0])
    builder.commit("base", {"a.py": top + BASE, "b.py": BASE[:900]}, branch="b")
    again = FIXED.replace("twenty =", "XX =" if unequal else "twenty  =\t")
    builder.commit(
        "fix",
        {"a.py": top + again, "b.py": "import numpy as  np\nimport keras\n" + BASE[:900]},
        parents=[2],
        branch="b",
    )
    ids, theirs = built(builder), gits(builder)
    assert (ids[1] == ids[3], theirs[1] == theirs[3]) == (not unequal, not unequal)


def test_a_copied_file_and_its_fix_share_ids_with_the_original(tmp_path: Path) -> None:
    """In another repository, under another name, with Windows line ends."""
    one, two = RepositoryBuilder(tmp_path / "1.git"), RepositoryBuilder(tmp_path / "2.git")
    for builder, name, end in ((one, "net.py", "\n"), (two, "src/vendored_net.py", "\r\n")):
        builder.commit("add", {name: BASE.replace("\n", end)})
        builder.commit("fix", {name: FIXED.replace("\n", end)}, parents=[0])
    ids = built(one)
    assert ids == built(two)
    assert len(set(ids)) == 2


def test_a_change_without_text_has_no_id(tmp_path: Path) -> None:
    """Whitespace, line ends, the end of the last line, a mere rename, binary data, nothing at all."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("base", {"a.py": BASE, "b.bin": b"\0" * 99})
    for files in (
        {"a.py": BASE.replace("layer", "  layer").replace(" = ", "=")},
        {"a.py": BASE.replace("\n", "\r\n")},
        {"a.py": BASE.removesuffix("\n")},
        {"a.py": BASE.replace("\n", "\n\n\n")},
        {"a.py": None, "moved.py": BASE},
        {"b.bin": b"\0\1" * 99},
    ):
        builder.commit("change", files, parents=[0])
    assert built(builder)[1:] == [""] * 6
    assert patch_id([]) == ""


def test_the_order_of_files_does_not_count_but_their_number_does() -> None:
    files = [changed(BASE, FIXED, "a.py", 0), changed(FIXED, BASE, "b.py", 1)]
    twice = [changed(BASE, FIXED, "a.py", 0), changed(BASE, FIXED, "b.py", 1)]
    assert patch_id(files) == patch_id(files[::-1])
    assert len({patch_id(files), patch_id(files[:1]), patch_id(files[1:]), patch_id(twice)}) == 4


def test_some_hunks_of_a_change_have_the_id_of_a_change_of_these() -> None:
    """A fix that is part of a commit is the same as one that is a commit of its own."""
    first = BASE.replace("layer_5 = Dense(35,", "layer_five = Dense(35, use_bias=False,")
    both = first.replace("layer_50 =", "layer_fifty =")
    whole = [changed(BASE, both), changed(BASE, FIXED, "b.py", 1)]
    assert len(whole[0].hunks) == 2
    assert patch_id(whole, {(0, 0)}) == id_of(BASE, first)
    assert patch_id(whole, [(1, 0), (1, 1)]) == id_of(BASE, FIXED)
    assert patch_id(whole, []) == patch_id(whole, [(7, 7)]) == ""


def test_a_small_change_is_told_by_the_lines_around_it_and_the_files_name() -> None:
    """Such a change is made in many places by people who never heard of each other; its cherry-pick is still found."""
    before, after = f"import os\n{BASE}", BASE
    small = id_of(before, after, "pkg/net.py")
    assert small == id_of(before, after, "moved/net.py") == id_of(before + "x = 1\n", after + "x = 1\n", "net.py") != ""
    assert small != id_of(before, after, "main.py")
    assert small != id_of(before.replace("layer", "unit"), after.replace("layer", "unit"), "net.py")
    epochs = id_of(f"epochs=10\n{BASE}", f"epochs=20\n{BASE}")
    assert epochs not in ("", id_of(f"epochs=10\n{FIXED[300:]}", f"epochs=20\n{FIXED[300:]}"))


def test_a_small_change_with_nothing_around_it_has_no_id() -> None:
    """A new requirements.txt of one line says nothing of where it comes from."""
    assert id_of("", "tensorflow\n", "requirements.txt") == ""
    assert id_of("x = 1\n", "x = 2\n") == ""


def test_a_line_that_moves_is_a_change_and_is_told_by_where_it_moves() -> None:
    """The removed and the added line are the same: they do not say what was repaired."""
    zero = "optimizer.zero_grad()  # the gradients of the batch before\n"
    start, step = "loss.backward(retain_graph=False)\n", "optimizer.step(closure=None)\n"
    late, early = id_of(start + zero + step, zero + start + step), id_of(start + zero + step, start + step + zero)
    assert "" not in (late, early)
    assert late != early


def test_undoing_a_change_is_another_change() -> None:
    assert id_of(BASE, FIXED) != id_of(FIXED, BASE)


TEXTS = st.lists(st.text(max_size=12) | st.sampled_from(LINES[:6]), max_size=12).map("\n".join)


@given(before=TEXTS, after=TEXTS, shift=st.integers(0, 99))
def test_any_two_texts_give_an_id_that_only_words_change(before: str, after: str, shift: int) -> None:
    """Whatever strangers write: no error; line numbers and indentation make no difference."""
    file = changed(before, after)
    moved = tuple(
        replace(
            hunk, old_start=hunk.old_start + shift, body="\n".join(f"{x[:1]} \t{x[1:]}" for x in hunk.body.split("\n"))
        )
        for hunk in file.hunks
    )
    found = patch_id([file])
    assert found == patch_id([replace(file, old_path="x/a.py", new_path="x/a.py", hunks=moved)])
    assert len(found) in (0, 64)


def test_half_of_a_surrogate_pair_is_text() -> None:
    assert len(id_of(BASE, f"{BASE}x = '\udc80 and further characters'\ny = 'the second line'\n")) == 64


@pytest.mark.parametrize("line", ["+", "-", "+x", "", "\\", "+" + " " * 5000, "+" + "(" * 5000])
def test_megabytes_of_anything_are_read_in_linear_time(line: str) -> None:
    file = changed("a", "b")
    times = []
    for size in (250_000, 2_000_000):
        body = "\n".join([line] * (size // (len(line) + 1)))
        started = process_time()
        patch_id([replace(file, hunks=(replace(file.hunks[0], body=body),))])
        times.append(process_time() - started)
    assert times[1] < max(24 * times[0], 1)
