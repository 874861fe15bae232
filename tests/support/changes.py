"""Changes for the tests of the classifier, and the fixture diffs.

A fixture is a preamble of ``key: value`` lines (library; evidence: side, line, text), then a unified diff.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from miner.model import Change, ChangedFile, Hunk

FOLDER = Path(__file__).parent.parent / "classify" / "fixtures"
LANGUAGES = {".py": "python", ".lua": "lua", ".prototxt": "prototxt", ".ipynb": "notebook", ".cc": "c++"}
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Fixture:
    """A diff, the library it is of, and the evidence it must give: (side, line, text), or None for a near miss."""

    name: str
    pattern: str
    library: str
    evidence: tuple[str, int, str] | None
    change: Change


def fixtures(kind: str) -> list[Fixture]:
    """Give all fixtures of a kind, "match" or "near_miss"."""
    return [_read(path) for path in sorted(FOLDER.glob(f"*/{kind}_*.diff"))]


def _read(path: Path) -> Fixture:
    preamble, *files = re.split(r"^diff --git ", path.read_text(), flags=re.MULTILINE)
    keys = dict(line.split(": ", 1) for line in preamble.splitlines())
    evidence = None
    if "evidence" in keys:
        side, line, text = keys["evidence"].split(" ", 2)
        evidence = (side, int(line), text)
    change = Change(tuple(changed_file(no, file) for no, file in enumerate(files)))
    return Fixture(f"{path.parent.name}/{path.stem}", path.parent.name, keys["library"], evidence, change)


def changed_file(no: int, text: str) -> ChangedFile:
    """Make a file's part of a diff what the classifier sees."""
    found = re.match(r"a/\S+ b/(\S+)", text)
    assert found is not None
    path = found[1]
    starts = list(_HUNK.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    hunks = tuple(
        hunk(number, start, text[start.end() + 1 : end])
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    return ChangedFile(no, path, LANGUAGES.get(Path(path).suffix, "other"), hunks)


def hunk(number: int, header: re.Match[str], body: str) -> Hunk:
    """Make one hunk; a count that a header leaves out is 1."""
    old_start, old_lines, new_start, new_lines = (int(value or 1) for value in header.groups()[:4])
    return Hunk(number, old_start, old_lines, new_start, new_lines, header[5], body.removesuffix("\n"))


def change_of(body: str, *, path: str = "a.py", language: str = "python", source: str | None = None) -> Change:
    """Make a change of one hunk, which starts at line 10, from its body."""
    lines = body.split("\n")
    old = sum(line[:1] in ("-", " ") for line in lines)
    new = sum(line[:1] in ("+", " ") for line in lines)
    return Change((ChangedFile(0, path, language, (Hunk(0, 10, old, 10, new, "", body),), source),))
