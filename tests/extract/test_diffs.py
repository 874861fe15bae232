"""Extraction gives what PyDriller's own traversal gives, and leaves out by a reason what it does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydriller import Repository
from pydriller.domain.commit import ModificationType, ModifiedFile
from support.repositories import Entry, RepositoryBuilder, keras_history

from miner.collect.gitblobs import BlobReader
from miner.collect.gitdiffs import DiffReader, RawDiff
from miner.extract.diffs import Extraction, Limits, extract, modified_files
from miner.model import FileKind, OmissionReason

LIMITS = Limits(max_file_bytes=100_000, max_diff_bytes=50_000, max_commit_files=100)


class Readers:
    """The readers of one repository."""

    def __init__(self, path: Path) -> None:
        self.diffs = DiffReader(path, timeout=60, max_file_bytes=100_000, max_commit_bytes=10**7)
        self.blobs = BlobReader(path, timeout=60, max_bytes=100_000)

    def close(self) -> None:
        """End their commands."""
        self.diffs.close()
        self.blobs.close()


def extractions(builder: RepositoryBuilder, limits: Limits = LIMITS) -> list[Extraction]:
    readers = Readers(builder.path)
    found = [extract(raw, readers.blobs, limits) for raw in readers.diffs.diffs(builder.shas)]
    readers.close()
    return found


def only(files: dict[str, str | bytes | Entry | None], path: Path, limits: Limits = LIMITS) -> Extraction:
    """Extract a commit with these files behind a first one with an unchanging file."""
    builder = RepositoryBuilder(path)
    builder.commit("first", {"keep.py": "1\n"})
    builder.commit("second", files, parents=[0])
    builder.build()
    return extractions(builder, limits)[1]


def facts(modified: ModifiedFile) -> dict[str, object]:
    return {
        "type": modified.change_type,
        "old": modified.old_path,
        "new": modified.new_path,
        "added": modified.added_lines,
        "deleted": modified.deleted_lines,
        "diff": modified.diff,
        "lines": modified.diff_parsed,
        "source": modified.source_code,
        "before": modified.source_code_before,
        "methods": sorted(method.long_name for method in modified.changed_methods),
    }


def compare(builder: RepositoryBuilder) -> int:
    """Compare each non-merge commit with PyDriller's traversal, file by file; give how many files there were."""
    readers = Readers(builder.path)
    expected = {commit.hash: commit for commit in Repository(str(builder.path)).traverse_commits() if not commit.merge}
    compared = 0
    for raw in readers.diffs.diffs(expected):
        ours = [facts(modified) for modified in modified_files(raw, readers.blobs)]
        theirs = [facts(modified) for modified in expected[raw.sha].modified_files]
        for found, wanted in zip(ours, theirs, strict=True):
            if wanted["type"] is ModificationType.RENAME and not wanted["diff"]:
                # Of a file that only moved PyDriller has no sources; that they are there is no difference that matters.
                wanted["source"], wanted["before"] = found["source"], found["before"]
        assert ours == theirs
        compared += len(ours)
    readers.close()
    return compared


def test_files_lines_and_sources_equal_pydrillers_on_a_history(tmp_path: Path) -> None:
    assert compare(keras_history(tmp_path / "r.git", 25)) > 40


def test_files_lines_and_sources_equal_pydrillers_on_odd_changes(tmp_path: Path) -> None:
    """Renames, deletions, quotes and tabs in names, no line end, CR LF, Latin-1, lines that look like headers."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    body = "".join(f"line {number}\n" for number in range(40))
    builder.commit(
        "one", {"a.py": body, "b c.py": "x = 1\n", 'q"t\t.py': "y\n", "crlf.py": "a\r\nb\r\n", "gone.py": "z\n"}
    )
    builder.commit(
        "two",
        {
            "a.py": None,
            "moved/a.py": body.replace("line 7\n", "line seven\n"),
            "b c.py": "x = 1",
            'q"t\t.py': "y\n++ plus\n-- minus\n@@ -1 +1 @@\ndiff --git a/x b/x\n",
            "crlf.py": "a\r\nc\r\n",
            "gone.py": None,
            "latin.py": "s = 'Größe'\n".encode("latin-1"),
            "ünï.py": "def f(a):\n    return a\n",
        },
        parents=[0],
    )
    builder.commit("three", {"ünï.py": "def f(a, b):\n    return b\n", 'q"t\t.py': "y\n-- minus\n"}, parents=[1])
    builder.build()
    assert compare(builder) == 14


LINES = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\n\x00\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=8
    ),
    max_size=12,
)
CONTENTS = st.one_of(
    st.none(), LINES.map(lambda lines: "\n".join(lines)), LINES.map(lambda lines: "\n".join([*lines, ""]))
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(st.tuples(CONTENTS, CONTENTS), min_size=1, max_size=4))
@example(versions=[(None, "\n\n\n"), ("\n\n\n", None)])
def test_any_two_versions_of_files_give_what_pydriller_gives(
    versions: list[tuple[str | None, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the files hold: the same files and lines. Empty files, where PyDriller differs, are left out."""
    builder = RepositoryBuilder(tmp_path_factory.mktemp("r") / "r.git")
    olds = {f"f{no}.txt": old for no, (old, _) in enumerate(versions) if old}
    builder.commit("one", {"keep": "k\n", **olds})
    news = {f"f{no}.txt": new or None for no, (old, new) in enumerate(versions) if old or new}
    builder.commit("two", news, parents=[0])
    builder.build()
    compare(builder)


def test_hunks_carry_their_lines_and_places(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    text = "".join(f"    line {number}\n" for number in range(1, 41))
    builder.commit("one", {"a.py": "def f():\n" + text})
    changed = text.replace("    line 3\n", "").replace("line 30\n", "line 30\n    more\n")
    builder.commit("two", {"a.py": "def f():\n" + changed}, parents=[0])
    builder.build()
    (file,) = extractions(builder)[1].files
    first, second = file.hunks
    assert (first.old_start, first.old_lines, first.new_start, first.new_lines) == (1, 7, 1, 6)
    assert first.body == " def f():\n     line 1\n     line 2\n-    line 3\n     line 4\n     line 5\n     line 6"
    assert (second.old_start, second.new_start, second.heading) == (29, 28, "def f():")
    assert (file.added_lines, file.deleted_lines, file.change_type, file.language) == (1, 1, "modify", "python")
    assert (first.body_raw, second.no) == (None, 1)


def test_a_root_commit_adds_its_files(tmp_path: Path) -> None:
    (extraction,) = extractions(keras_history(tmp_path / "r.git", 1))
    assert [(file.change_type, file.path) for file in extraction.files] == [
        ("add", "README.md"),
        ("add", "pkg/model0.py"),
    ]


def test_a_rename_keeps_its_similarity_and_both_paths(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"old.py": "x = 1\n" * 30})
    builder.commit("two", {"old.py": None, "new.py": "x = 1\n" * 30}, parents=[0])
    builder.build()
    (file,) = extractions(builder)[1].files
    assert (file.change_type, file.old_path, file.new_path, file.similarity) == ("rename", "old.py", "new.py", 100)
    assert file.hunks == ()


def test_a_file_that_becomes_a_link_is_deleted_and_added(tmp_path: Path) -> None:
    """Two changes, as PyDriller has it; the link's target is text and is not followed."""
    found = only({"keep.py": Entry("120000", b"/etc/passwd")}, tmp_path / "r.git")
    assert [(file.change_type, file.old_mode, file.new_mode) for file in found.files] == [
        ("delete", "100644", "000000"),
        ("add", "000000", "120000"),
    ]
    assert found.files[1].hunks[0].body == "+/etc/passwd\n\\ No newline at end of file"


def test_a_change_of_the_mode_alone_and_an_empty_file_have_no_hunks(tmp_path: Path) -> None:
    found = only({"keep.py": Entry("100755", b"1\n"), "__init__.py": ""}, tmp_path / "r.git")
    assert [(file.path, file.change_type, file.new_mode, file.hunks) for file in found.files] == [
        ("__init__.py", "add", "100644", ()),
        ("keep.py", "modify", "100755", ()),
    ]
    assert found.omissions == ()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("model.bin", b"\x00\x01\x02" * 10, OmissionReason.FILE_BINARY),
        ("utf16.py", "import keras\n".encode("utf-16"), OmissionReason.FILE_BINARY),
        ("large.csv", "1,2,3\n" * 20_000, OmissionReason.FILE_TOO_LARGE),
        ("long.py", "x = 1\n" * 10_000, OmissionReason.DIFF_TOO_LARGE),
        ("latin.py", "s = 'Größe'\n".encode("latin-1"), OmissionReason.FILE_NOT_TEXT),
        ("third_party/a.py", "x = 1\n", OmissionReason.FILE_VENDORED),
        ("app/node_modules/x/i.js", "x\n", OmissionReason.FILE_VENDORED),
        ("proto/x_pb2.py", "x = 1\n", OmissionReason.FILE_GENERATED),
        ("api.py", "# This file was autogenerated by tool\nx = 1\n", OmissionReason.FILE_GENERATED),
        ("sub", Entry("160000", b"1" * 40), OmissionReason.SUBMODULE),
    ],
)
def test_what_is_left_out_has_a_reason(
    name: str, content: str | bytes | Entry, reason: OmissionReason, tmp_path: Path
) -> None:
    """The file's row stays; only bytes that are not UTF-8 keep their hunks, as they came."""
    found = only({name: content}, tmp_path / "r.git")
    (file,), (omission,) = found.files, found.omissions
    assert (omission.reason, omission.sha is not None) == (reason, True)
    assert omission.subject.endswith(f":{name}")
    assert bool(file.hunks) == (reason is OmissionReason.FILE_NOT_TEXT)


def test_bytes_that_are_no_text_are_kept_beside_it(tmp_path: Path) -> None:
    data = "s = 'Größe'\n".encode("latin-1")
    (file,) = only({"latin.py": data}, tmp_path / "r.git").files
    (hunk,) = file.hunks
    assert hunk.body == "+s = 'Größe'"
    assert hunk.body_raw == b"+" + data[:-1]


def test_a_nul_byte_far_into_a_file_is_kept_as_bytes(tmp_path: Path) -> None:
    """Git takes a file for text if its first 8,000 bytes hold no NUL."""
    (file,) = only({"a.py": "x = 1\n" * 2000 + "nul = '\0'\n"}, tmp_path / "r.git").files
    (hunk,) = file.hunks
    assert hunk.body_raw == hunk.body.encode()
    assert "\0" in hunk.body


def test_a_commit_with_too_many_files_is_left_out_whole(tmp_path: Path) -> None:
    files: dict[str, str | bytes | Entry | None] = {f"d/f{number}.py": "1\n" for number in range(101)}
    found = only(files, tmp_path / "r.git")
    assert found.files == ()
    assert [(o.reason, o.detail) for o in found.omissions] == [
        (OmissionReason.COMMIT_TOO_LARGE, "it changes 101 files, more than git.max_commit_files")
    ]


def test_a_diff_that_could_not_be_read_is_an_omission() -> None:
    class NoBlobs:
        def size(self, name: str) -> int | None:
            raise AssertionError(name)

        read = size

    damaged = extract(RawDiff("1" * 40, b"", "git could not read it"), NoBlobs(), LIMITS)
    assert [omission.reason for omission in damaged.omissions] == [OmissionReason.COMMIT_UNREADABLE]
    empty = extract(RawDiff("1" * 40, b""), NoBlobs(), LIMITS)
    assert empty == Extraction((), ())


def hunk_lines(body: str) -> Iterator[str]:
    yield from (line[:1] for line in body.split("\n"))


@given(old=LINES, new=LINES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hunks_count_their_lines(old: list[str], new: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """For any two texts the header's numbers are those of the body's lines."""
    builder = RepositoryBuilder(tmp_path_factory.mktemp("r") / "r.git")
    builder.commit("one", {"a.txt": "\n".join(["-", *old, ""])})
    builder.commit("two", {"a.txt": "\n".join(["+", *new, ""])}, parents=[0])
    builder.build()
    for hunk in extractions(builder)[1].files[0].hunks:
        signs = list(hunk_lines(hunk.body))
        assert hunk.old_lines == sum(sign in " -" for sign in signs)
        assert hunk.new_lines == sum(sign in " +" for sign in signs)


def test_paths_tell_the_kind(tmp_path: Path) -> None:
    files: dict[str, str | bytes | Entry | None] = dict.fromkeys(
        ["src/net.py", "tests/net_test.py", "docs/a.py", "setup.cfg", "data.csv", "net.lua"], "1\n"
    )
    found = only(files, tmp_path / "r.git")
    assert {file.path: file.kind for file in found.files} == {
        "src/net.py": FileKind.SOURCE,
        "net.lua": FileKind.SOURCE,
        "tests/net_test.py": FileKind.TEST,
        "docs/a.py": FileKind.DOCUMENTATION,
        "setup.cfg": FileKind.CONFIGURATION,
        "data.csv": FileKind.DATA,
    }
