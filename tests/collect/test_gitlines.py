"""The fix of a linked line is the first later commit that changes or deletes it, wherever the line has gone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.repositories import Entry, RepositoryBuilder, git

from miner.collect.gitlines import LineChange, first_change
from miner.errors import LineNotFoundError, RepositoryCorruptError

TEXT = "".join(f"line {number}\n" for number in range(1, 11))


def changed(text: str, number: int, line: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: number - 1], line, *lines[number:]])


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    """A history that begins with a file of ten lines."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("start", {"a.py": TEXT, "other.py": "1\n"})
    return builder


def found(
    builder: RepositoryBuilder, line: int, *, revision: int | str = 0, path: str = "a.py", last_line: int | None = None
) -> int | None:
    """Give the number of the commit that first changes the line; None: there is none."""
    builder.build()
    start = builder.shas[revision] if isinstance(revision, int) else revision
    change = first_change(builder.path, start, path, line, "main", item="o/r", timeout=30, last_line=last_line)
    return None if change is None else builder.shas.index(change.sha)


def test_the_change_says_where_its_parent_has_the_line(builder: RepositoryBuilder) -> None:
    """Two lines were inserted above, and the file renamed, before the line changed."""
    moved = "new 1\nnew 2\n" + TEXT
    builder.commit("above", {"a.py": None, "b.py": moved}, parents=[0])
    builder.commit("fix", {"b.py": changed(moved, 8, "x\n")}, parents=[1])
    builder.build()
    change = first_change(builder.path, builder.shas[0], "a.py", 6, "main", item="o/r", timeout=30)
    assert change == LineChange(builder.shas[2], "b.py", 8)


def test_the_line_is_followed_past_insertions_and_other_changes(builder: RepositoryBuilder) -> None:
    """What is inserted above and below, and changes of the neighbours, are not its fix."""
    moved = "new 1\nnew 2\n" + TEXT
    builder.commit("above", {"a.py": moved}, parents=[0])
    builder.commit("elsewhere", {"other.py": "2\n"}, parents=[1])
    builder.commit("neighbours", {"a.py": changed(changed(moved, 6, "x\n"), 8, "y\n")}, parents=[2])
    builder.commit("the fix", {"a.py": changed(moved, 7, "fixed\n")}, parents=[3])
    builder.commit("again", {"a.py": changed(moved, 7, "fixed twice\n")}, parents=[4])
    assert found(builder, 5) == 4


def test_a_deleted_line_has_the_deleting_commit(builder: RepositoryBuilder) -> None:
    builder.commit("deletes line 5", {"a.py": changed(TEXT, 5, "")}, parents=[0])
    assert found(builder, 5) == 1
    assert first_change(builder.path, builder.shas[0], "a.py", 6, "main", item="o/r", timeout=30) is None


def test_a_deleted_file_has_the_deleting_commit(builder: RepositoryBuilder) -> None:
    builder.commit("elsewhere", {"other.py": "2\n"}, parents=[0])
    builder.commit("deletes", {"a.py": None}, parents=[1])
    assert found(builder, 5) == 2


def test_a_renamed_file_is_followed(builder: RepositoryBuilder) -> None:
    """Renamed twice, once with a change of another line; names need not be ASCII."""
    builder.commit("renames", {"a.py": None, "pkg/b c.py": TEXT}, parents=[0])
    builder.commit("renames and edits", {"pkg/b c.py": None, "pkg/\u00e9.py": changed(TEXT, 9, "x\n")}, parents=[1])
    builder.commit("the fix", {"pkg/\u00e9.py": changed(TEXT, 5, "x\n")}, parents=[2])
    assert found(builder, 5) == 3


def test_a_change_within_a_rename_is_the_fix(builder: RepositoryBuilder) -> None:
    builder.commit("renames", {"a.py": None, "b.py": changed(TEXT, 5, "x\n")}, parents=[0])
    assert found(builder, 5) == 1


def test_a_file_whose_new_name_holds_a_line_end_counts_as_deleted(builder: RepositoryBuilder) -> None:
    builder.commit("renames", {"a.py": None, "b\n.py": TEXT}, parents=[0])
    assert found(builder, 5) == 1


def test_a_file_replaced_by_a_submodule_is_gone(builder: RepositoryBuilder) -> None:
    builder.commit("submodule", {"a.py": Entry("160000", b"1" * 40)}, parents=[0])
    assert found(builder, 5) == 1


def test_a_fix_on_a_merged_branch_is_it_and_not_the_merge(builder: RepositoryBuilder) -> None:
    fixed = changed(TEXT, 5, "fixed\n")
    builder.commit("main", {"other.py": "2\n"}, parents=[0])
    builder.commit("the fix on a branch", {"a.py": fixed}, parents=[0], branch="topic")
    builder.commit("main again", {"other.py": "3\n"}, parents=[1])
    builder.commit("merge", {"a.py": fixed}, parents=[3, 2])
    assert found(builder, 5) == 2


def test_a_merge_of_two_that_keep_the_line_is_passed(builder: RepositoryBuilder) -> None:
    """Each side moves the line by another number of lines."""
    builder.commit("above", {"a.py": "x\n" + TEXT}, parents=[0])
    builder.commit("below", {"a.py": TEXT + "y\n"}, parents=[0], branch="topic")
    merged = "x\n" + TEXT + "y\n"
    builder.commit("merge", {"a.py": merged}, parents=[1, 2])
    builder.commit("the fix", {"a.py": changed(merged, 6, "fixed\n")}, parents=[3])
    assert found(builder, 5) == 4


def test_a_merge_that_changes_the_line_itself_is_the_fix(builder: RepositoryBuilder) -> None:
    builder.commit("main", {"other.py": "2\n"}, parents=[0])
    builder.commit("topic", {"third.py": "2\n"}, parents=[0], branch="topic")
    builder.commit("merge", {"a.py": changed(TEXT, 5, "fixed\n"), "third.py": "2\n"}, parents=[1, 2])
    assert found(builder, 5) == 3


def test_a_merge_that_brings_the_change_from_an_older_branch_is_the_fix(builder: RepositoryBuilder) -> None:
    """The commit on that branch is no descendant of the linked revision."""
    builder.commit("linked", {"other.py": "2\n"}, parents=[0])
    builder.commit("on a branch from before", {"a.py": changed(TEXT, 5, "x\n")}, parents=[0], branch="topic")
    builder.commit("merge", {"a.py": changed(TEXT, 5, "x\n")}, parents=[1, 2])
    assert found(builder, 5, revision=1) == 3


def test_no_later_commit_gives_none(builder: RepositoryBuilder) -> None:
    """The revision is the tip itself, or on a branch that the tip does not reach."""
    builder.commit("tip", {"a.py": changed(TEXT, 5, "x\n")}, parents=[0])
    builder.commit("topic", {"a.py": "1\n"}, parents=[0], branch="topic")
    assert found(builder, 5, revision=1) is None
    assert found_again(builder, "main") is None
    assert found_again(builder, "topic", line=1) is None


def found_again(builder: RepositoryBuilder, revision: str, line: int = 5, path: str = "a.py") -> str | None:
    change = first_change(builder.path, revision, path, line, "main", item="o/r", timeout=30)
    return change and change.sha


def test_a_branch_of_a_clone_of_the_miner_is_a_revision(builder: RepositoryBuilder) -> None:
    builder.commit("the fix", {"a.py": changed(TEXT, 5, "x\n")}, parents=[0])
    builder.build()
    git(builder.path, "update-ref", "refs/miner/heads/v1/old", builder.shas[0])
    assert found_again(builder, "v1/old") == builder.shas[1]
    assert found_again(builder, builder.shas[0][:8]) == builder.shas[1]


def test_any_line_of_a_range_counts(builder: RepositoryBuilder) -> None:
    """An insertion between them changes none of them, but they are followed past it."""
    wider = changed(TEXT, 4, "line 4\ninserted\n")
    builder.commit("inserts", {"a.py": wider}, parents=[0])
    builder.commit("changes what was inserted", {"a.py": changed(wider, 5, "x\n")}, parents=[1])
    builder.commit("changes the last", {"a.py": changed(changed(wider, 5, "x\n"), 7, "y\n")}, parents=[2])
    assert found(builder, 3, last_line=6) == 3


def test_binary_and_crlf_files_are_lines_too(builder: RepositoryBuilder) -> None:
    builder.commit("bytes", {"b": b"\0\r\n\xff\r\nx\r\n"}, parents=[0])
    builder.commit("more", {"b": b"new\r\n\0\r\n\xff\r\nx\r\n"}, parents=[1])
    builder.commit("the fix", {"b": b"new\r\n\0\r\n\xfe\r\nx\r\n"}, parents=[2])
    assert found(builder, 2, revision=1, path="b") == 3


@pytest.mark.parametrize(
    ("revision", "path", "line", "said"),
    [
        pytest.param("f" * 40, "a.py", 1, "no commit", id="revision that is not there"),
        pytest.param("--output=x", "a.py", 1, "no revision", id="revision that looks like an option"),
        pytest.param("main:a.py", "a.py", 1, "no revision", id="revision that is an expression"),
        pytest.param("", "a.py", 1, "no revision", id="empty revision"),
        pytest.param("main", "b.py", 1, "no file", id="path that is not there"),
        pytest.param("main", "--help", 1, "no file", id="path that looks like an option"),
        pytest.param("main", "a.py\nb", 1, "no file", id="path with a line end"),
        pytest.param("main", "../a.py", 1, "no file", id="path that leaves the repository"),
        pytest.param("main", "..", 1, "no file", id="path of the folder above"),
        pytest.param("main", "pkg", 1, "no file", id="folder"),
        pytest.param("main", "", 1, "no file", id="empty path"),
        pytest.param("main", "a.py", 11, "10 lines", id="line after the last"),
        pytest.param("main", "a.py", 0, "10 lines", id="line before the first"),
    ],
)
def test_what_is_not_there_is_named(builder: RepositoryBuilder, revision: str, path: str, line: int, said: str) -> None:
    builder.commit("folder", {"pkg/x": "1\n"}, parents=[0])
    builder.build()
    with pytest.raises(LineNotFoundError, match=said) as raised:
        found_again(builder, revision, line, path)
    assert str(raised.value).startswith("o/r: ")


def test_a_blob_that_the_clone_lacks_is_not_taken_for_a_deletion(builder: RepositoryBuilder) -> None:
    builder.commit("lost", {"a.py": changed(TEXT, 1, "x\n")}, parents=[0])
    builder.build()
    builder.loosen()
    builder.object_file(f"{builder.shas[1]}:a.py").unlink()
    with pytest.raises(RepositoryCorruptError, match="git fsck"):
        found_again(builder, builder.shas[0])


class History:
    """A random history of one file whose lines are all different: a line lives where its text is, and nowhere else."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a history, not a secret
        self.builder = RepositoryBuilder(path)
        self.files: list[tuple[str, list[str]]] = []
        self.parents: list[list[int]] = []
        self._next_line = 0
        self._add("a.py", [self._line() for _ in range(40)], [])
        for _ in range(14):
            self._grow()
        heads = [no for no in range(len(self.files)) if not any(no in parents for parents in self.parents)]
        while len(heads) > 1:
            self._merge(*heads[:2])
            heads = [*heads[2:], len(self.files) - 1]
        self.builder.build()

    def lives(self, no: int, line: str) -> bool:
        """Whether a commit's file has the line."""
        return line in self.files[no][1]

    def expected(self, start: int, line: str) -> str | None:
        """Give the first commit that has the line no longer though its parents had it, by brute force."""
        order = git(
            self.builder.path,
            *("rev-list", "--reverse", "--date-order", "--ancestry-path", f"{self.builder.shas[start]}..main"),
        )
        alive = {start}
        for sha in order.split():
            no = self.builder.shas.index(sha)
            assert any(parent in alive for parent in self.parents[no])
            if not self.lives(no, line):
                return sha
            alive.add(no)
        return None

    def _line(self) -> str:
        # Long and unlike the others, so that a renamed file is known by what it kept.
        self._next_line += 1
        return f"{self._next_line:04d} " + "".join(self.chance.choices("abcdefgh", k=30)) + "\n"

    def _add(self, name: str, lines: list[str], parents: Sequence[int]) -> None:
        before = {self.files[parent][0] for parent in parents[:1]}
        files = dict.fromkeys(before - {name}) | {name: "".join(lines)}
        at = self.chance.randint(0, 5) * 1000
        self.builder.commit("c", files, epoch=1_500_000_000 + at, parents=parents)
        self.files.append((name, lines))
        self.parents.append(list(parents))

    def _grow(self) -> None:
        parent = max(0, len(self.files) - self.chance.choice((1, 1, 1, 2, 4)))
        name, lines = self.files[parent][0], list(self.files[parent][1])
        for _ in range(self.chance.randint(0, 2)):
            self._edit(lines)
        if self.chance.random() < 0.2:
            name = f"f{len(self.files)}.py"
        self._add(name, lines, [parent])

    def _edit(self, lines: list[str]) -> None:
        at = self.chance.randrange(len(lines))
        kind = self.chance.choice(("insert", "insert", "change", "delete"))
        if kind == "insert":
            lines.insert(at, self._line())
        elif kind == "change":
            lines[at] = self._line()
        elif len(lines) > 30:
            del lines[at]

    def _merge(self, one: int, two: int) -> None:
        """Keep what both sides have, in the order of the first; now and then a line is lost to neither's doing."""
        kept = [line for line in self.files[one][1] if line in self.files[two][1] or self._is_new(line, two)]
        if self.chance.random() < 0.3 and len(kept) > 30:
            del kept[self.chance.randrange(len(kept))]
        self._add(self.files[one][0], kept, [one, two])

    def _is_new(self, line: str, other: int) -> bool:
        seen, waiting = set[int](), [other]
        while waiting:
            no = waiting.pop()
            if no not in seen:
                seen.add(no)
                waiting.extend(self.parents[no])
        return not any(self.lives(no, line) for no in seen)


@pytest.mark.parametrize("seed", range(12))
def test_random_histories_agree_with_a_walk_by_hand(tmp_path: Path, seed: int) -> None:
    """Branches, merges, renames and dates out of order; every fourth line of three revisions."""
    history = History(tmp_path / "r.git", seed)
    wrong = []
    for start in (0, 3, 6):
        name, lines = history.files[start]
        for number, line in enumerate(lines[::4]):
            change = first_change(
                history.builder.path, history.builder.shas[start], name, number * 4 + 1, "main", item="o/r", timeout=30
            )
            sha = change and change.sha
            if sha != history.expected(start, line):
                wrong.append((start, number * 4 + 1, sha))
    assert not wrong
