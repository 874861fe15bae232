"""Pages to write: a commit of every kind of text, with all that hangs on it."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha1

from miner.model import (
    BugFixVerdict,
    Commit,
    Evidence,
    FileChange,
    FileKind,
    Fix,
    Hunk,
    Label,
    Omission,
    OmissionReason,
)
from miner.store.rows import PageBuilder, PageRows

NOON = datetime(2019, 6, 1, 12, 0, 0, tzinfo=UTC)


def sha(number: int) -> str:
    return sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def commit(number: int = 0, message: str = "Fix it", **changed: object) -> Commit:
    values: dict[str, object] = {
        "sha": sha(number),
        "parents": (sha(number + 1),),
        "author_name": "Ada",
        "author_email": "ada@example.org",
        "authored_at": NOON,
        "authored_offset": 60,
        "committer_name": "Ben",
        "committer_email": "ben@example.org",
        "committed_at": NOON,
        "committed_offset": -90,
        "committed_epoch": int(NOON.timestamp()),
        "message": message,
    }
    return Commit(**{**values, **changed})  # type: ignore[arg-type]


def file_change(no: int = 0, body: str = "-a\n+b\n", body_raw: bytes | None = None, path: str = "a.py") -> FileChange:
    hunk = Hunk(0, 1, 1, 1, 1, "def f():", body, body_raw)
    return FileChange(
        no, "modify", FileKind.SOURCE, "Python", path, path, "100644", "100644", sha(7), sha(8), None, 1, 1, (hunk,)
    )


def fix(of: str, library: str = "keras", pattern: str = "add_layer", rater: str = "heuristic/1") -> Fix:
    evidence = (Evidence("call_added", 1.5, "Dropout", "new", 0, 7, 0, 0, 1),)
    confidence = None if pattern == "unknown" else 0.75
    return Fix(f"git:{of}:1", of, library, ((0, 0),), (Label("pattern", pattern, 1, confidence, rater, evidence),))


VERDICT = BugFixVerdict(0.875, (Evidence("verb", 1.0, "Fix", "message", 0, 3),))


def page(run_id: int, repository_id: int, numbers: range = range(3)) -> PageRows:
    """A page of commits with one fix each, and an omission."""
    builder = PageBuilder("git", run_id, repository_id, "bugfix/1")
    for number in numbers:
        builder.commit(commit(number), VERDICT)
        builder.files(sha(number), [file_change()])
        builder.fix(fix(sha(number)), NOON)
    builder.omissions([Omission(OmissionReason.FILE_BINARY, f"file:{sha(numbers[0])}:x.png", "2 MB", sha(numbers[0]))])
    return builder.rows
