"""Reads labelled fix patterns, and the changes that they are of out of clones, for ``fit_patterns.py``."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openpyxl import load_workbook  # type: ignore[import-untyped,import-not-found,unused-ignore]

from miner import settings
from miner.classify import engine, libraries
from miner.classify.rules import TRIGGERS
from miner.classify.signals import read
from miner.classify.splitting import part, split
from miner.classify.taxonomies import taxonomy
from miner.collect.gitblobs import BlobReader
from miner.collect.gitdiffs import DiffReader
from miner.extract.diffs import Limits, extract
from miner.model import Change, ChangedFile, FileChange, FileKind, Label

MOST_BYTES = 20_000_000
MOST_FILES = 2_000
SECONDS = 60.0
_LINK = re.compile(r"https://github\.com/([^/]+)/([^/]+)/(commit|blob)/([0-9a-f]+)(?:/([^#]+))?(?:#(.*))?$")
_ANCHOR = re.compile(r"(?:diff-([0-9a-f]{32}))?([LR])(\d+)")
_RANGE = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_SPELLINGS = {"change neural arch": "change_neural_architecture"}

Place = tuple[int, int]


@dataclass(frozen=True)
class Example:
    """A labelled hunk (``place``; None: all of a commit), what was seen in it, and the change that it is of."""

    owner: str
    commit: str
    pattern: str
    library: str
    change: Change
    place: Place | None
    strengths: Mapping[str, float]
    topics: frozenset[str]

    def hunk(self) -> tuple[Label, ...]:
        """Give the labels of the hunk by itself."""
        return engine.classify(part(self.change, [self.place]) if self.place else self.change, self.library)

    def fix(self) -> tuple[Label, ...]:
        """Give the labels of the fix that holds the hunk, or of the commit's first."""
        fixes = split(self.change, self.library)
        return next((fix for fix in fixes if self.place in fix.places), fixes[0]).labels

    def whole(self) -> tuple[Label, ...]:
        """Give the labels of the commit as a whole."""
        return engine.classify(self.change, self.library)


@dataclass(frozen=True)
class Row:
    """A row of the workbook: a commit, and the side, line and path (or its MD5) that the link names, if any."""

    owner: str
    repository: str
    sha: str
    pattern: str
    library: str
    path: str
    side: str
    line: int
    is_file: bool


def read_rows(workbook: Path) -> Iterator[Row]:
    """Give the rows of the sheet "GitHub"."""
    known = {entry.name.lower(): entry.id for entry in taxonomy("fix_patterns")} | _SPELLINGS
    head, *rows = load_workbook(workbook, read_only=True)["GitHub"].values
    at = {str(name): column for column, name in enumerate(head)}
    for cells in rows:
        link = _LINK.match(str(cells[at["Bug"]]))
        if link is None:
            continue
        owner, repository, kind, sha, path, fragment = link.groups("")
        pattern = known[str(cells[at["Bug Fix Pattern"]]).strip().lower()]
        library = str(cells[at["Library"]]).lower()
        if kind == "blob":
            yield Row(owner, repository, sha, pattern, library, path, "L", int(fragment[1:]), True)
            continue
        anchor = _ANCHOR.search(fragment)
        digest, side, line = anchor.groups("") if anchor else ("", "", "0")
        yield Row(owner, repository, sha, pattern, library, digest, side, int(line), False)


def read_examples(workbook: Path, clones: Path) -> list[Example]:
    """Give an example for each row whose change is in a clone."""
    return [
        example
        for row in read_rows(workbook)
        if (git_dir := _git_dir(clones / f"{row.owner}+{row.repository}")) and (example := _example(row, git_dir))
    ]


def fixture_examples() -> list[Example]:
    """Give the diffs that the rules' own tests must find."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.changes import fixtures  # type: ignore[import-not-found,unused-ignore]

    return [
        _seen("", fixture.name, fixture.pattern, fixture.library, fixture.change, None) for fixture in fixtures("match")
    ]


def _git_dir(folder: Path) -> Path | None:
    for git_dir in (folder, folder / ".git", folder / "repo", folder / "repo" / ".git"):
        if (git_dir / "HEAD").is_file():
            return git_dir
    return None


def _git(git_dir: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", git_dir, *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def _example(row: Row, git_dir: Path) -> Example | None:
    sha, line = _repair(row, git_dir) if row.is_file else (row.sha, row.line)
    files, change = _change(git_dir, sha)
    if not files:
        return None
    anchored = _anchored(row, line, files)
    if anchored is not None:
        file = anchored[0]
        if anchored[1] not in _places(change):
            shown = ChangedFile(file.no, file.path, file.language, file.hunks)
            change = Change((*change.files, shown))
    place = anchored[1] if anchored else None
    return _seen(row.owner.lower(), sha, row.pattern, _library(change) or row.library, change, place)


def _seen(owner: str, commit: str, pattern: str, library: str, change: Change, place: Place | None) -> Example:
    seen = engine.observe(read(part(change, [place]) if place else change, TRIGGERS), library)
    return Example(owner, commit, pattern, library, change, place, seen.strengths, frozenset(seen.topics))


def _repair(row: Row, git_dir: Path) -> tuple[str, int]:
    """Give the first later commit that changes the line of a file that a link shows, and the line before it."""
    later = _git(git_dir, "log", "--reverse", "--topo-order", "--format=%H", "--all", f"^{row.sha}", "--", row.path)
    for sha in later.split():
        if any(_touches(found, row.line) for found in _ranges(git_dir, row.sha, sha, row.path)):
            line = row.line
            for start, lines, _, new_lines in _ranges(git_dir, row.sha, f"{sha}^", row.path):
                if start + max(lines - 1, 0) < row.line:
                    line += new_lines - lines
            return sha, line
    return "", 0


def _ranges(git_dir: Path, old: str, new: str, path: str) -> list[tuple[int, int, int, int]]:
    found = _RANGE.findall(_git(git_dir, "diff", "-U0", old, new, "--", path))
    return [(int(a), int(b or 1), int(c), int(d or 1)) for a, b, c, d in found]


def _touches(found: tuple[int, int, int, int], line: int) -> bool:
    start, lines, _, _ = found
    return start <= line < start + lines if lines else line in (start, start + 1)


@cache
def _readers(git_dir: Path) -> tuple[DiffReader, BlobReader]:
    diffs = DiffReader(git_dir, timeout=SECONDS, max_file_bytes=MOST_BYTES, max_commit_bytes=MOST_BYTES)
    return diffs, BlobReader(git_dir, timeout=SECONDS, max_bytes=MOST_BYTES)


@cache
def _change(git_dir: Path, sha: str) -> tuple[tuple[FileChange, ...], Change]:
    """Give a commit's files, and what the classifier sees of it."""
    if not sha:
        return (), Change(())
    diffs, blobs = _readers(git_dir)
    files = extract(next(iter(diffs.diffs([sha]))), blobs, Limits(MOST_BYTES, MOST_BYTES, MOST_FILES)).files
    text = [file for file in files if file.hunks]
    chosen = [file for file in text if file.kind is FileKind.SOURCE] or [
        file for file in text if file.kind is FileKind.TEST
    ]
    sources = blobs.read_all([file.new_blob or file.old_blob or "" for file in chosen])
    return files, Change(
        tuple(
            ChangedFile(file.no, file.path, file.language, file.hunks, _text(source))
            for file, source in zip(chosen, sources, strict=True)
        )
    )


def _text(source: bytes | None) -> str | None:
    return None if source is None else source.decode("utf-8", "replace")


def _anchored(row: Row, line: int, files: Sequence[FileChange]) -> tuple[FileChange, Place] | None:
    """Give the file and the hunk that a row's link names: the hunk with the changed line that is nearest."""
    if not row.side:
        return None
    for file in files:
        paths = [path for path in (file.old_path, file.new_path) if path]
        named = row.path in paths if row.is_file else row.path in map(_digest, paths)
        if named and file.hunks:
            nearest = min(file.hunks, key=lambda hunk: _distance(hunk.body, hunk.old_start, hunk.new_start, row, line))
            return file, (file.no, nearest.no)
    return None


def _digest(path: str) -> str:
    return hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()


def _distance(body: str, old: int, new: int, row: Row, line: int) -> tuple[int, bool]:
    best = (1 << 30, True)
    for text in body.split("\n"):
        sign = text[:1]
        if sign != ("+" if row.side == "L" else "-"):
            best = min(best, (abs((old if row.side == "L" else new) - line), sign in (" ", "")))
        old += sign in (" ", "-", "")
        new += sign in (" ", "+", "")
    return best


def _places(change: Change) -> set[Place]:
    return {(file.no, hunk.no) for file in change.files for hunk in file.hunks}


@cache
def _catalogue() -> libraries.Catalogue:
    return libraries.Catalogue(settings.libraries())


def _library(change: Change) -> str:
    found = libraries.detect(_catalogue(), change) if change.files else ()
    return found[0].value if found else ""
