"""Exports commits in the form of SWE-bench's instances, one line of JSON each.

https://huggingface.co/datasets/princeton-nlp/SWE-bench: repo, instance_id, base_commit, patch, test_patch,
problem_statement, hints_text, created_at, version, FAIL_TO_PASS, PASS_TO_PASS. No test is run here, so the last two are
empty lists and whoever uses them has to find them; ``environment_setup_commit`` is the base commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine

from miner.errors import ExportError
from miner.export.files import Digest, Written, opened
from miner.export.instances import patch
from miner.export.values import plain
from miner.store import exports
from miner.store.exports import Selection
from miner.store.session import reading

_REASONS: Final = {
    "no_parent": "without a parent to apply a patch to",
    "no_diff": "whose diff is not stored",
    "part_of_diff": "with a file whose changed lines are not stored, such as a very long one",
}


@dataclass(slots=True)
class WrittenInstances(Written):
    """What was written, and how many commits with a selected fix were left out, by reason (see ``_REASONS``)."""

    left_out: dict[str, int] = field(default_factory=dict)


def told_left_out(written: WrittenInstances) -> str:
    """Say in one sentence how many commits were left out and why; "" if none was."""
    number = sum(written.left_out.values())
    if not number:
        return ""
    why = "; ".join(f"{count:,} {_REASONS[reason]}" for reason, count in sorted(written.left_out.items()))
    return f"{number:,} of {written.rows + number:,} commits with a fix are left out: {why}"


def export_swebench(
    engine: Engine, target: Path, selection: Selection, told: Callable[[int, int], None]
) -> WrittenInstances:
    """Write a line for each commit with a selected fix that has a parent and whose whole diff is stored.

    What it returns counts the other commits.

    :param told: is told how many commits were looked at, of how many.
    :raises ExportError: if nothing is selected, or the file is there or cannot be written.
    """
    if target.exists():
        raise ExportError(f"{target} is there already: remove it, or name another file")
    partial = target.with_name(f"{target.name}.partial")
    done: list[Written] = []
    left_out: Counter[str] = Counter()
    try:
        with reading(engine) as connection:
            total = exports.count_commits(connection, selection)
            if not total:
                raise ExportError("no commit with a fix is selected: collect first, or select less narrowly")
            with opened(partial.parent, partial.name, done) as digest:
                _write_all(connection, selection, digest, left_out, lambda seen: told(seen, total))
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    done[0].name = target.name
    return WrittenInstances(**asdict(done[0]), left_out=dict(sorted(left_out.items())))


def _write_all(
    connection: Connection, selection: Selection, digest: Digest, left_out: Counter[str], told: Callable[[int], None]
) -> None:
    seen = 0
    for shas in exports.commit_pages(connection, selection):
        _write(connection, shas, digest, left_out)
        seen += len(shas)
        told(seen)


def _write(connection: Connection, shas: list[str], digest: Digest, left_out: Counter[str]) -> None:
    commits = exports.commits(connection, shas)
    changes = exports.changes(connection, shas)
    for sha in shas:
        found = changes.get(sha, {})
        if reason := _why_not(commits[sha], found):
            left_out[reason] += 1
        else:
            digest.line(_instance(commits[sha], found))


def _why_not(commit: Any, found: Mapping[int, tuple[Any, list[Any]]]) -> str:
    """Give the reason why a commit cannot be an instance; "" if it can."""
    if not commit.parents:
        return "no_parent"
    if not found:
        return "no_diff"
    # A file without its lines, such as a binary one, would leave a patch that repairs something else.
    whole = all(hunks or not (file.added_lines or file.deleted_lines) for file, hunks in found.values())
    return "" if whole else "part_of_diff"


def _instance(commit: Any, found: dict[int, tuple[Any, list[Any]]]) -> dict[str, Any]:
    base = commit.parents.partition(" ")[0]
    written = [(file.kind, patch(file, hunks)) for _, (file, hunks) in sorted(found.items()) if hunks]
    return {
        "repo": commit.repository,
        "instance_id": f"{commit.repository.replace('/', '__')}-{commit.sha[:12]}",
        "base_commit": base,
        "patch": "".join(text for kind, text in written if kind != "test"),
        "test_patch": "".join(text for kind, text in written if kind == "test"),
        "problem_statement": commit.message,
        "hints_text": "",
        "created_at": plain(commit.committed_at),
        "version": "",
        "FAIL_TO_PASS": "[]",
        "PASS_TO_PASS": "[]",
        "environment_setup_commit": base,
        "fix_commit": commit.sha,
        "licence": commit.licence,
    }
