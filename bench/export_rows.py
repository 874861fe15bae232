"""Rows of a database of so many fixes, for ``bench/export.py``: their sizes and shares are those of real ones.

Of a hundred fixes 85 are of commits, of which each has its own, and 15 of answers. A commit has one or two files (1.3
on average) with a hunk of 0.4 to 2.4 KB each. Each fix has nine labels, and two reasons for its first pattern. One
commit in thirty is in a fork too, one fix in twenty has a copy, one question in ten is marked as a duplicate, and one
commit in a hundred cites a question. Shas are random, so a key's order is not that of insertion.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from miner.store import schema
from miner.store.session import open_engine
from miner.store.tables import metadata

Rows = dict[str, list[tuple[Any, ...]]]

SITE = "stackoverflow.com"
RATER = "heuristic/0.1.0"
LIBRARIES = ("keras", "tensorflow", "torch", "theano", "caffe")
PATTERNS = ("unknown", "data_dimension", "layer_dimension", "versioning", "monitor", "iterations", "data_type")
COMMITS = 85
FIXES_OF_A_REPOSITORY = 50
BATCH = 5_000
SECONDS = 230
"""Between two fixes: a million of them take some seven years."""
SETTINGS = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "foreign_keys = OFF")


def build(path: Path, fixes: int) -> None:
    """Make an SQLite database with the miner's schema and so many fixes; the same each time."""
    engine = open_engine(f"sqlite:///{path}")
    schema.prepare(engine)
    engine.dispose()
    with sqlite3.connect(path, isolation_level=None) as connection:
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN")
        _insert(connection, _shared(fixes))
        for start in range(0, fixes, BATCH):
            _insert(connection, _batch(range(start, min(start + BATCH, fixes))))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _insert(connection: sqlite3.Connection, rows: Rows) -> None:
    for name, found in rows.items():
        width = len(metadata.tables[name].columns)
        connection.executemany(f"INSERT OR IGNORE INTO {name} VALUES ({', '.join('?' * width)})", found)  # noqa: S608 - ours


def _shared(fixes: int) -> Rows:
    rows: Rows = defaultdict(list)
    rows["crawl_run"].append((1, "collect", "{}", "0.1.0", RATER, _time(0), _time(1), "complete", "{}", None, 1))
    for number in range(1, _repositories(fixes) + 1):
        name, url = f"owner{number}/name{number}", f"https://github.com/owner{number}/name{number}.git"
        rows["repository"].append((number, "github.com", number, name, url, "main", "there", _time(fixes), 1))
        rows["github_repository"].append((number, "A model", "", 3, number % 10 == 0, 0, "MIT", _time(0), None, None))
    return rows


def _batch(numbers: range) -> Rows:
    rows: Rows = defaultdict(list)
    for number in numbers:
        choose = random.Random(number)  # noqa: S311 - no secret
        (_commit if number % 100 < COMMITS else _answer)(rows, number, choose)
    return rows


def _commit(rows: Rows, number: int, choose: random.Random) -> None:
    sha, parent = _sha(number), _sha(-number - 1)
    home = 1 + number // FIXES_OF_A_REPOSITORY
    message = f"Fix {_words(choose, 6)}\n\n{_words(choose, choose.randint(0, 60))}"
    person = (f"Author {number % 9973}", "a@example.org")
    rows["git_commit"].append(
        (sha, *person, _time(number), 0, *person, _time(number), 0, number * SECONDS, parent, message, None, 0.9, RATER)
    )
    rows["repository_commit"].append((sha, home))
    if number % 30 == 0:
        rows["repository_commit"].append((sha, max(1, home - 1)))
    if number % 100 == 1:
        rows["link"].append(("commit", sha, "post", f"{SITE}/{_question(number + COMMITS)}", "cites"))
    fix_id = f"git:{sha}:1"
    for file_no in range(1 + (number % 10 < 3)):
        kind, path = ("test", f"tests/test_{number % 97}.py") if file_no else ("source", f"src/model_{number % 97}.py")
        blobs = (_sha(number * 7 + 1), _sha(number * 7 + 2))
        rows["file_change"].append(
            (sha, file_no, "modify", kind, "python", path, path, "100644", "100644", *blobs, None, 6, 4)
        )
        rows["hunk"].append((sha, file_no, 0, 10, 24, 10, 26, "def build(self):", _body(choose), None))
        rows["fix_hunk"].append((fix_id, file_no, 0))
    cluster = hashlib.sha256(str(number - 20 if number % 20 == 7 else number).encode()).hexdigest()
    rows["fix_cluster"].append((fix_id, cluster))
    rows["fix"].append((fix_id, "git", sha, LIBRARIES[number % 5], _time(number), None, None, None, None))
    _labels(rows, fix_id, choose)


def _answer(rows: Rows, number: int, choose: random.Random) -> None:
    question, answer = _question(number), _question(number) + 1
    for post, kind in ((question, "question"), (answer, "answer")):
        title = f"Why {_words(choose, 8)}?" if kind == "question" else ""
        body = f"<p>{_words(choose, 60)}</p><pre><code>{_body(choose)}</code></pre>"
        row = (SITE, post, kind, question, title, body, 5, number, f"User {number}", _time(number), None)
        rest = (_time(number), None, "CC BY-SA 4.0", answer if kind == "question" else None, 1, 90, "there", "5")
        rows["post"].append((*row, *rest, _time(number), None, None, 1))
        rows["post_observation"].append((SITE, post, 5, _time(number), 5, 1, "accepted_with_code"))
    if number % 10 == 9:
        rows["post_link"].append((SITE, question, max(1, question - 20 * 10), "duplicate", _time(number)))
    fix_id = f"{SITE}:{answer}"
    before, after = _body(choose), _body(choose)
    rows["fix"].append(
        (
            fix_id,
            "stackoverflow",
            None,
            LIBRARIES[number % 5],
            _time(number),
            SITE,
            question,
            answer,
            "accepted_with_code",
        )
    )
    rows["pair"].append((fix_id, 0, 0, 0, "python", before, after, before[:600], "edit", 0.8))
    _labels(rows, fix_id, choose)


def _labels(rows: Rows, fix_id: str, choose: random.Random) -> None:
    patterns = choose.sample(PATTERNS, 3)
    values = [("library", 1, "keras"), *(("pattern", rank, value) for rank, value in enumerate(patterns, 1))]
    values += [("prior_pattern", 1, "IF-RBR"), ("prior_pattern", 2, "MC-DAP"), ("bug_type", 1, "unknown")]
    values += [("root_cause", 1, "unknown"), ("impact", 1, "crash")]
    rows["label"].extend((fix_id, scheme, RATER, rank, value, 0.5, 1) for scheme, rank, value in values)
    place = (0, 0, 12, 4, 19, "input_shape")
    rows["label_evidence"].extend(
        (fix_id, "pattern", RATER, 1, at, "shape.argument", 1.5, "new", *place) for at in range(2)
    )


def _body(choose: random.Random) -> str:
    layer = f"    x = keras.layers.Dense({choose.randint(1, 999)}, name='{_words(choose, 2)}')"
    return "\n".join(f"{choose.choice(' +-')}{layer}  # {at}" for at in range(choose.randint(6, 36)))


def _words(choose: random.Random, many: int) -> str:
    return " ".join(choose.choices(("loss", "shape", "crash", "of", "the", "layer", "model", "wrong"), k=many))


def _sha(number: int) -> str:
    return hashlib.sha1(str(number).encode()).hexdigest()  # noqa: S324 - as git's are


def _question(number: int) -> int:
    return 1_000 + 2 * number


def _repositories(fixes: int) -> int:
    return 1 + fixes // FIXES_OF_A_REPOSITORY


def _time(number: int) -> str:
    moment = datetime.fromtimestamp(1_450_000_000 + number * SECONDS, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}+00:00"
