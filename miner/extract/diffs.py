"""From what git printed for a commit to file changes, through PyDriller's own ``ModifiedFile``.

PyDriller's traversal starts several git processes a commit. Its ``ModifiedFile`` only reads eight attributes of a diff
object, so it is given one (:class:`GitDiff`) that was cut out of a single stream: the same objects, at git's speed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Protocol

from pydriller.domain.commit import ModificationType, ModifiedFile

from miner.collect.gitcommits import decode
from miner.collect.gitdiffs import RawDiff
from miner.extract.filekinds import kind_of, language_of
from miner.model import FileChange, FileKind, Hunk, Omission, OmissionReason

_NO_BLOB = "0" * 40
_SUBMODULE_MODE = "160000"
_CHANGE_TYPES = {
    ModificationType.ADD: "add",
    ModificationType.COPY: "copy",
    ModificationType.RENAME: "rename",
    ModificationType.DELETE: "delete",
    ModificationType.MODIFY: "modify",
    # PyDriller has no word for a change of the mode alone.
    ModificationType.UNKNOWN: "modify",
}
_HUNK_HEADER = re.compile(r"(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?")
_GENERATED_MARK = re.compile(
    rb"@generated|(?:auto-?generated|generated (?:by|from|automatically))[^\n]{0,80}|do not edit", re.IGNORECASE
)


class Blobs(Protocol):
    """Reads a clone's blobs."""

    def size(self, name: str) -> int | None:
        """Give a blob's size in bytes, or None if it is not there."""

    def read(self, name: str) -> bytes | None:
        """Give a blob's bytes, or None if it is not there or too large."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One side of a change, in the form in which PyDriller reads it; equal if its id is."""

    blob_id: str
    blobs: Blobs = field(compare=False)

    @property
    def data_stream(self) -> io.BytesIO:
        """Give the content as a stream; an empty one where it cannot be read."""
        return io.BytesIO(self.blobs.read(self.blob_id) or b"")


@dataclass(frozen=True, slots=True)
class GitDiff:
    """The eight attributes that ``ModifiedFile`` reads of a diff, and what git's raw record says besides."""

    a_path: str | None
    b_path: str | None
    a_blob: Blob | None
    b_blob: Blob | None
    new_file: bool
    deleted_file: bool
    renamed_file: bool
    diff: str | bytes
    a_mode: str
    b_mode: str
    similarity: int | None
    readable: bool = True


class LeanFile(ModifiedFile):  # type: ignore[misc]
    """PyDriller's file of a commit, with four of its properties read at a third of the cost and to the same result.

    PyDriller copies and splits the whole diff to count added lines and again for deleted ones, and takes each path
    through ``pathlib``, where git's paths are in normal form already.
    """

    @property
    def added_lines(self) -> int:
        """Number of added lines."""
        return _starting_with("+", self.diff)

    @property
    def deleted_lines(self) -> int:
        """Number of deleted lines."""
        return _starting_with("-", self.diff)

    @property
    def old_path(self) -> str | None:
        """Path before; None for an added file."""
        return self._c_diff.a_path or None

    @property
    def new_path(self) -> str | None:
        """Path after; None for a deleted file."""
        return self._c_diff.b_path or None


def _starting_with(sign: str, diff: str) -> int:
    return diff.count(f"\n{sign}") + diff.startswith(sign)


@dataclass(frozen=True, slots=True)
class Extraction:
    """A commit's file changes, and what was left out."""

    files: tuple[FileChange, ...]
    omissions: tuple[Omission, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what is kept; see [git] in the config."""

    max_file_bytes: int
    max_diff_bytes: int
    max_commit_files: int


def extract(raw: RawDiff, blobs: Blobs, limits: Limits) -> Extraction:
    """Give what a commit changed. What is over a limit, binary, vendored, generated or not text is an omission."""
    if raw.problem:
        reason = OmissionReason.COMMIT_TOO_LARGE if raw.too_large else OmissionReason.COMMIT_UNREADABLE
        return Extraction((), (Omission(reason, f"commit:{raw.sha}", raw.problem, raw.sha),))
    diffs = _diffs(raw, blobs)
    if len(diffs) > limits.max_commit_files:
        detail = f"it changes {len(diffs):,} files, more than git.max_commit_files"
        return Extraction((), (Omission(OmissionReason.COMMIT_TOO_LARGE, f"commit:{raw.sha}", detail, raw.sha),))
    files, omissions = [], []
    for no, diff in enumerate(diffs):
        change, omission = _file_change(no, diff, raw.sha, limits)
        files.append(change)
        if omission:
            omissions.append(omission)
    return Extraction(tuple(files), tuple(omissions))


def modified_files(raw: RawDiff, blobs: Blobs) -> list[ModifiedFile]:
    """Give a commit's files as PyDriller's own objects, for whoever wants its metrics."""
    return [LeanFile(diff) for diff in _diffs(raw, blobs)]


def _diffs(raw: RawDiff, blobs: Blobs) -> list[GitDiff]:
    """Give the files of a commit in git's order, those that it could not read in their places."""
    head, _, patch = raw.data.partition(b"\0\0diff --git ")
    found = list(_records(head.split(b"\0")[1:], iter(patch.split(b"\ndiff --git ")), blobs)) if patch else []
    if not raw.unreadable:
        return found
    lost = [replace(diff, readable=False) for diff in _records(raw.unreadable, repeat(b""), blobs)]
    return sorted(found + lost, key=lambda diff: (diff.b_path or diff.a_path or "").encode())


def _records(flat: Sequence[bytes], patches: Iterator[bytes], blobs: Blobs) -> Iterator[GitDiff]:
    """Pair git's raw records with their patches: the same order, two patches where a file's type changed."""
    fields = iter(flat)
    for record in fields:
        a_mode, b_mode, a_id, b_id, status = record[1:].decode("ascii").split(" ")
        letter, score = status[0], int(status[1:]) if len(status) > 1 else None
        a_path = _path(next(fields))
        b_path = _path(next(fields)) if letter in "RC" else a_path
        old = Blob(a_id, blobs) if a_id != _NO_BLOB else None
        new = Blob(b_id, blobs) if b_id != _NO_BLOB else None
        if letter == "T":
            yield GitDiff(a_path, None, old, None, False, True, False, _text(next(patches)), a_mode, "000000", None)
            yield GitDiff(None, a_path, None, new, True, False, False, _text(next(patches)), "000000", b_mode, None)
            continue
        yield GitDiff(
            a_path=None if letter == "A" else a_path,
            b_path=None if letter == "D" else b_path,
            a_blob=old,
            b_blob=new,
            new_file=letter == "A",
            deleted_file=letter == "D",
            renamed_file=letter == "R",
            diff=_text(next(patches)),
            a_mode=a_mode,
            b_mode=b_mode,
            similarity=score,
        )


def _path(data: bytes) -> str:
    # Two paths that are not UTF-8 must not become one.
    return data.decode("utf-8", "backslashreplace")


def _text(patch: bytes) -> str | bytes:
    """Cut the headers off a file's patch. Bytes that are not UTF-8 stay bytes, which PyDriller reads in its own way."""
    start = patch.find(b"\n@@ -")
    if start < 0:
        start = patch.find(b"\nBinary files ")
    body = patch[start + 1 :] + b"\n" if start >= 0 else b""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body


def _file_change(no: int, diff: GitDiff, sha: str, limits: Limits) -> tuple[FileChange, Omission | None]:
    modified = LeanFile(diff)
    path = modified.new_path or modified.old_path or ""
    kind = kind_of(path)
    left_out = _left_out(diff, kind, limits)
    if left_out and left_out[0] is OmissionReason.FILE_GENERATED:
        kind = FileKind.GENERATED
    kept = left_out is None or left_out[0] is OmissionReason.FILE_NOT_TEXT
    change = FileChange(
        no=no,
        change_type=_CHANGE_TYPES[modified.change_type],
        kind=kind,
        language=language_of(path),
        old_path=modified.old_path,
        new_path=modified.new_path,
        old_mode=diff.a_mode,
        new_mode=diff.b_mode,
        old_blob=diff.a_blob.blob_id if diff.a_blob else None,
        new_blob=diff.b_blob.blob_id if diff.b_blob else None,
        similarity=diff.similarity,
        added_lines=modified.added_lines,
        deleted_lines=modified.deleted_lines,
        hunks=_hunks(diff.diff) if kept else (),
    )
    return change, Omission(left_out[0], f"file:{sha}:{path}", left_out[1], sha) if left_out else None


def _left_out(diff: GitDiff, kind: FileKind, limits: Limits) -> tuple[OmissionReason, str] | None:
    """Tell why a file's diff is not kept, if it is not (or, for bytes that are not UTF-8, not classified)."""
    if not diff.readable:
        return OmissionReason.FILE_UNREADABLE, "git could not read it: a damaged or missing object"
    if _SUBMODULE_MODE in (diff.a_mode, diff.b_mode):
        return OmissionReason.SUBMODULE, "a submodule's commit, not a file"
    if kind is FileKind.VENDORED:
        return OmissionReason.FILE_VENDORED, "its path is that of a copy of somebody else's code"
    if kind is FileKind.GENERATED:
        return OmissionReason.FILE_GENERATED, "its path is that of generated code"
    text = diff.diff
    binary = text.startswith(b"Binary files ") if isinstance(text, bytes) else text.startswith("Binary files ")
    if binary:
        return _binary(diff, limits)
    if len(text) > limits.max_diff_bytes:
        return OmissionReason.DIFF_TOO_LARGE, f"its diff has {len(text):,} bytes, more than git.max_diff_bytes"
    start = text[:600] if isinstance(text, bytes) else text[:600].encode()
    if start.startswith((b"@@ -1,", b"@@ -1 ", b"@@ -0,0 ")) and (mark := _GENERATED_MARK.search(start)):
        return OmissionReason.FILE_GENERATED, f"it says so: {mark[0].decode('utf-8', 'replace')}"
    if isinstance(text, bytes):
        return OmissionReason.FILE_NOT_TEXT, "not UTF-8: the bytes are kept, and it is not classified"
    return None


def _binary(diff: GitDiff, limits: Limits) -> tuple[OmissionReason, str]:
    sizes = [side.blobs.size(side.blob_id) or 0 for side in (diff.a_blob, diff.b_blob) if side]
    largest = max(sizes, default=0)
    if largest > limits.max_file_bytes:
        return OmissionReason.FILE_TOO_LARGE, f"{largest:,} bytes, more than git.max_file_bytes"
    return OmissionReason.FILE_BINARY, f"{largest:,} bytes"


def _hunks(text: str | bytes) -> tuple[Hunk, ...]:
    r"""Cut a patch at its hunk headers. No line inside a hunk starts with ``@``, so ``\n@@ -`` is always a header."""
    if isinstance(text, str):
        return tuple(_hunk(no, part, None) for no, part in enumerate(_split(text))) if text else ()
    return tuple(_hunk(no, decode(part)[0], part) for no, part in enumerate(_split_bytes(text)))


def _split(text: str) -> list[str]:
    return text.removeprefix("@@ -").split("\n@@ -")


def _split_bytes(text: bytes) -> list[bytes]:
    return text.removeprefix(b"@@ -").split(b"\n@@ -")


def _hunk(no: int, part: str, raw: bytes | None) -> Hunk:
    header, _, body = part.partition("\n")
    found = _HUNK_HEADER.match(header)
    if not found:
        raise ValueError(f"not a hunk header: {header[:80]!r}")
    body = body.removesuffix("\n")
    if raw is not None:
        raw = raw.partition(b"\n")[2].removesuffix(b"\n")
    elif "\0" in body:
        raw = body.encode("utf-8")
    return Hunk(
        no=no,
        old_start=int(found[1]),
        old_lines=int(found[2] or 1),
        new_start=int(found[3]),
        new_lines=int(found[4] or 1),
        heading=header[found.end() :],
        body=body,
        body_raw=raw,
    )
