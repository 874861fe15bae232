"""Label files, and a database with fixes to label."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import Connection, Engine, text

from miner.classify.version import RATER
from miner.model import Label
from miner.rating.importing import Imported, ImportRequest, import_labels
from miner.store import repository
from miner.store.rows import PageBuilder
from miner.store.session import reading, writing
from support.pages import NOON, VERDICT, commit, file_change, fix, sha

SITE = "stackoverflow.com"
PAPER = ("Bug", "Bug Fix Pattern from Prior Study", "Bug Fix Pattern", "Library", "Bug Type")
PRIOR = "Method Call (MC) -Method Call with Different Actual Parameter Values (MC-DAP)"


def link(number: int, line: int | None = None) -> str:
    """Give the link of a commit, or of a line of its file a.py."""
    anchor = "" if line is None else f"#diff-{md5(b'a.py', usedforsecurity=False).hexdigest()}R{line}"
    return f"https://github.com/o/n/commit/{sha(number)}{anchor}"


def collect(engine: Engine, fixes: Sequence[tuple[str, str, float | None, float]]) -> None:
    """Store commits with a fix each: library, pattern, confidence, and that of the second choice."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", RATER)
        number = repository.register_repository(connection, run_id=run_id, name="o/n", host="github.com", clone_url="u")
        builder = PageBuilder("git", run_id, number, "bugfix/1")
        for no, (library, pattern, confidence, second) in enumerate(fixes):
            builder.commit(commit(no, f"Fix {no}"), VERDICT)
            builder.files(sha(no), [file_change()])
            labels = [Label("pattern", pattern, 1, confidence, RATER, ())]
            labels += [Label("pattern", "monitor", 2, second, RATER, ())] if second else []
            one = fix(sha(no), library)
            builder.fix(type(one)(one.fix_id, one.sha, library, one.hunks, tuple(labels)), NOON)
        repository.write_page(connection, builder.rows, run_id=run_id)


def write_csv(path: Path, header: Sequence[str], *rows: Sequence[object]) -> Path:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_jsonl(path: Path, *rows: Mapping[str, object]) -> Path:
    """Write a file of JSON lines."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def write_paper(path: Path, commits: Sequence[Sequence[object]], posts: Sequence[Sequence[object]] = ()) -> Path:
    """Write a file in the layout of the paper's: a row is link, pattern, library and bug type."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, first, rows in (("GitHub", "Bug", commits), ("StackOverflow", "Post#", posts)):
        sheet = made.create_sheet(name)
        sheet.append((first, *PAPER[1:]))
        for where, pattern, library, bug_type in rows:
            sheet.append((where, PRIOR, pattern, library, bug_type))
    made.save(path)
    return path


def read(engine: Engine, path: Path, rater: str | None = None, **more: Any) -> Imported:
    """Import a file of labels."""
    return import_labels(engine, ImportRequest(path, SITE, rater, **more))


def rate(engine: Engine, folder: Path, rater: str, *values: tuple[int, str], scheme: str = "pattern") -> Imported:
    """Let a rater judge commits, by number, in a file of its own."""
    path = folder / f"{rater}-{'-'.join(f'{no}{value}' for no, value in values)[:80]}.csv"
    rows = [(link(no), "keras", value) for no, value in values]
    return read(engine, write_csv(path, ("link", "library", scheme), *rows), rater)


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    """Ask the database."""
    with reading(engine) as connection:
        return _rows(connection, query)


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]
