"""Reads what section 7 and table 6 count: texts, error messages, and the evidence of versioning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from miner.store.posttables import pair, post, snippet
from miner.store.tables import fix, git_commit, label, label_evidence
from miner.study.choice import Choice
from miner.study.counts import Cell
from miner.study.material import Challenges
from miner.study.queries import judged_cells
from miner.study.releases import UNNAMED, known_changes, release_of
from miner.study.reuse import points_at, speaks_of_reuse

_ROWS = 500
_VERSIONING = "versioning"
Key = tuple[str, str]


def challenges(connection: Connection, choice: Choice) -> Challenges:
    """Look at the texts, messages and versioning evidence of the judged fixes."""
    cells = judged_cells(connection, choice)
    texts: Counter[Key] = Counter()
    reusing: Counter[Key] = Counter()
    for fix_id, text in _texts(connection):
        if fix_id in cells:
            texts[_key(cells[fix_id])] += 1
            reusing[_key(cells[fix_id])] += speaks_of_reuse(text)
    messages, pointing = _messages(connection, cells)
    changes = _api_changes(connection, choice, cells)
    return Challenges(texts, reusing, messages, pointing, changes, known_changes())


def _key(cell: Cell) -> Key:
    return cell.source, cell.library


def _texts(connection: Connection) -> Iterator[tuple[str, str]]:
    of_question = and_(post.c.site == fix.c.site, post.c.post_id == fix.c.question_id)
    asked = select(fix.c.fix_id, post.c.title + " " + post.c.body).join_from(fix, post, of_question)
    committed = select(fix.c.fix_id, git_commit.c.message).join_from(fix, git_commit, git_commit.c.sha == fix.c.sha)
    for statement in (asked, committed):
        for row in _rows(connection, statement.order_by(fix.c.fix_id)):
            yield row[0], row[1]


def _messages(connection: Connection, cells: dict[str, Cell]) -> tuple[Counter[Key], Counter[Key]]:
    messages: Counter[Key] = Counter()
    pointing: Counter[Key] = Counter()
    for fix_id, said in _tracebacks(connection):
        if fix_id not in cells:
            continue
        of_fix = and_(pair.c.fix_id == fix_id, pair.c.before != "", pair.c.diff != "")
        diffs = connection.scalars(select(pair.c.diff).where(of_fix)).all()
        if diffs:
            messages[_key(cells[fix_id])] += 1
            pointing[_key(cells[fix_id])] += points_at(said, diffs)
    return messages, pointing


def _tracebacks(connection: Connection) -> list[tuple[str, list[str]]]:
    wanted = and_(snippet.c.kind == "traceback", snippet.c.side == "question")
    columns = select(snippet.c.fix_id, snippet.c.text).where(wanted)
    found = _rows(connection, columns.order_by(snippet.c.fix_id, snippet.c.snippet_no))
    return [(fix_id, [row[1] for row in rows]) for fix_id, rows in groupby(found, key=lambda row: row[0])]


def _api_changes(connection: Connection, choice: Choice, cells: dict[str, Cell]) -> Counter[Key]:
    """Count, by library and version, the fixes that the chosen labels call versioning."""
    found: dict[Key, set[str]] = {}
    told: set[str] = set()
    for fix_id, rule, text in _evidence(connection, choice.rules):
        cell = cells.get(fix_id)
        if cell is not None and cell.pattern == _VERSIONING:
            key = release_of(rule, text, cell.library)
            if key[1] != UNNAMED:
                told.add(fix_id)
                found.setdefault(key, set()).add(fix_id)
    for fix_id, cell in cells.items():
        if cell.pattern == _VERSIONING and fix_id not in told:
            found.setdefault((cell.library, UNNAMED), set()).add(fix_id)
    return Counter({key: len(fixes) for key, fixes in found.items()})


def _evidence(connection: Connection, rules: str) -> Iterator[Sequence[Any]]:
    same = [label.c[name] == label_evidence.c[name] for name in ("fix_id", "scheme", "rater", "rank")]
    return _rows(
        connection,
        select(label_evidence.c.fix_id, label_evidence.c.rule, label_evidence.c.text)
        .join_from(label_evidence, label, and_(*same))
        .where(
            label.c.scheme == "pattern",
            label.c.value == _VERSIONING,
            label.c.rater == rules,
            label_evidence.c.weight > 0,
        )
        .order_by(label_evidence.c.fix_id, label_evidence.c.evidence_no),
    )


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Any]]:
    return iter(connection.execute(statement, execution_options={"yield_per": _ROWS}))
