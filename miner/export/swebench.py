"""Exports commits in the form of SWE-bench's instances, one line of JSON each.

https://huggingface.co/datasets/princeton-nlp/SWE-bench: repo, instance_id, base_commit, patch, test_patch,
problem_statement, hints_text, created_at, version, FAIL_TO_PASS, PASS_TO_PASS. No test is run here, so the last two are
empty lists and whoever uses them has to find them; ``environment_setup_commit`` is the base commit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from miner.errors import ExportError
from miner.export.files import Digest, Written, opened
from miner.export.instances import patch
from miner.export.values import plain
from miner.store import exports
from miner.store.exports import Selection
from miner.store.session import reading


def export_swebench(engine: Engine, target: Path, selection: Selection, told: Callable[[int, int], None]) -> Written:
    """Write a line for each commit with a selected fix that has a parent and whose whole diff is stored.

    :param told: is told how many commits were looked at, of how many.
    :raises ExportError: if nothing is selected, or the file is there or cannot be written.
    """
    if target.exists():
        raise ExportError(f"{target} is there already: remove it, or name another file")
    partial = target.with_name(f"{target.name}.partial")
    done: list[Written] = []
    try:
        with reading(engine) as connection:
            total = exports.count_commits(connection, selection)
            if not total:
                raise ExportError("no commit with a fix is selected: collect first, or select less narrowly")
            with opened(partial.parent, partial.name, done) as digest:
                _write_all(connection, selection, digest, lambda seen: told(seen, total))
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    done[0].name = target.name
    return done[0]


def _write_all(connection: Connection, selection: Selection, digest: Digest, told: Callable[[int], None]) -> None:
    seen = 0
    for shas in exports.commit_pages(connection, selection):
        _write(connection, shas, digest)
        seen += len(shas)
        told(seen)


def _write(connection: Connection, shas: list[str], digest: Digest) -> None:
    commits = exports.commits(connection, shas)
    changes = exports.changes(connection, shas)
    for sha in shas:
        found = changes.get(sha, {})
        # A file without its lines, such as a binary one, would leave a patch that repairs something else.
        whole = all(hunks or not (file.added_lines or file.deleted_lines) for file, hunks in found.values())
        if commits[sha].parents and found and whole:
            digest.line(_instance(commits[sha], found))


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
