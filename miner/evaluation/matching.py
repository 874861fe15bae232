"""Finds the fixes that the rows of a label set mean, and how a rater labelled them.

A link was followed when it was collected: the table ``seed`` says to what. Else it is followed here, as far as its sha
and its anchor lead. A row means the fix that holds the hunk at its anchor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, select

from miner.classify.engine import UNKNOWN
from miner.collect.anchors import Place, resolve
from miner.collect.seeds import CommitSeed, LineSeed, PostSeed, Seed, Unreadable, parse_seed
from miner.evaluation.patternlabels import LabelledFix, UnreadableRow
from miner.evaluation.patterns import Apart, Case, Guess
from miner.evaluation.raters import SCHEME
from miner.model import Evidence
from miner.store.github import files_of, is_stored
from miner.store.githubtables import seed as seed_table
from miner.store.posttables import post
from miner.store.relabeltables import superseded_fix
from miner.store.tables import fix, fix_hunk, git_commit, label, label_evidence
from miner.store.values import key

_SHA_LENGTH: Final = 40


class Missing(Enum):
    """Why a row has no fix: nothing was stored of what it links to, or that holds no fix."""

    NOT_IN_DATABASE = auto()
    NO_FIX = auto()


@dataclass(frozen=True, slots=True)
class Matches:
    """The rows that have a fix, those told apart, and the rows whose link cannot be read."""

    cases: tuple[Case, ...]
    apart: Apart
    unreadable: tuple[UnreadableRow, ...]


class StoredFix(NamedTuple):
    """A fix and the (file_no, hunk_no) of its commit that it is made of."""

    fix_id: str
    hunks: frozenset[tuple[int, int]]


class _Found(NamedTuple):
    fix_id: str
    group: str
    hunk_in_fix: bool


def match(connection: Connection, rows: Iterable[LabelledFix], *, site: str, rater: str) -> Matches:
    """Find the fix of each row.

    :param site: the domain of the site that bare numbers are posts of.
    :param rater: whose labels are compared; see :func:`miner.evaluation.raters.counted_rater`.
    """
    database = _Database(connection, rater)
    cases: list[Case] = []
    unreadable: list[UnreadableRow] = []
    lost: list[Missing] = []
    elsewhere = 0
    for row in rows:
        seed = parse_seed(row.link, row.row, site=site)
        if isinstance(seed, Unreadable):
            unreadable.append(UnreadableRow(row.sheet, row.row, seed.text, seed.reason))
            continue
        found = database.find(seed)
        if isinstance(found, Missing):
            lost.append(found)
        else:
            cases.append(Case(row.link, row.pattern, row.library, found.group, *database.labels(found.fix_id)))
            elsewhere += not found.hunk_in_fix
    apart = Apart(lost.count(Missing.NOT_IN_DATABASE), lost.count(Missing.NO_FIX), elsewhere, len(unreadable))
    return Matches(tuple(cases), apart, tuple(unreadable))


def fixes_meant(connection: Connection, seeds: Iterable[Seed]) -> Iterator[str | Missing | None]:
    """Give the fix that each link means; None where the line that it names is in no fix of its commit."""
    database = _Database(connection, "")
    for seed in seeds:
        found = database.find(seed)
        yield found if isinstance(found, Missing) else (found.fix_id if found.hunk_in_fix else None)


def choose(fixes: Sequence[StoredFix], place: Place | None) -> tuple[StoredFix, bool]:
    """Give the fix at a place of a commit, and whether it holds the place's hunk.

    Without one that does it is the first fix in the place's file, or else the first of all.
    """
    if place is not None:
        held = [one for one in fixes if (place.file_no, place.hunk_no) in one.hunks]
        beside = [one for one in fixes if any(file_no == place.file_no for file_no, _ in one.hunks)]
        return [*held, *beside, *fixes][0], bool(held)
    return fixes[0], False


class _Database:
    """What the database knows of links, each commit and fix read once."""

    def __init__(self, connection: Connection, rater: str) -> None:
        self._connection = connection
        self._rater = rater
        self._fixes: dict[str, list[StoredFix]] = {}
        self._files: dict[str, Any] = {}
        self._labels: dict[str, tuple[tuple[Guess, ...], tuple[Evidence, ...]]] = {}

    def find(self, seed: Seed) -> _Found | Missing:
        """Give the fix that a link means."""
        return self._of_post(seed) if isinstance(seed, PostSeed) else self._of_commit(seed)

    def labels(self, fix_id: str) -> tuple[tuple[Guess, ...], tuple[Evidence, ...]]:
        """Give the rater's ranking of a fix, empty for an abstention, and the evidence of its first rank."""
        if fix_id not in self._labels:
            self._labels[fix_id] = (self._ranking(fix_id), self._evidence(fix_id))
        return self._labels[fix_id]

    def _of_post(self, seed: PostSeed) -> _Found | Missing:
        question = self._connection.scalar(
            select(post.c.question_id).where(post.c.site == seed.site, post.c.post_id == seed.post_id)
        )
        if question is None:
            return Missing.NOT_IN_DATABASE
        of_question = select(fix.c.fix_id, fix.c.answer_id).where(
            fix.c.site == seed.site, fix.c.question_id == question
        )
        answers = {row.fix_id: row.answer_id for row in self._connection.execute(of_question.order_by(fix.c.answer_id))}
        fixes = self._comparable(answers, {fix_id: (answer, "") for fix_id, answer in answers.items()})
        if not fixes:
            return Missing.NO_FIX
        linked = next((fix_id for fix_id in fixes if answers[fix_id] == seed.post_id), fixes[0])
        return _Found(linked, f"{seed.site}/{question}", True)

    def _of_commit(self, seed: CommitSeed | LineSeed) -> _Found | Missing:
        followed = self._connection.execute(select(seed_table).where(seed_table.c.seed == key(seed.text))).first()
        sha = followed.sha if followed else None
        if sha is None and isinstance(seed, CommitSeed):
            sha = self._sha(seed.sha)
        if sha is None or not is_stored(self._connection, sha):
            return Missing.NOT_IN_DATABASE
        fixes = self._fixes_of(sha)
        if not fixes:
            return Missing.NO_FIX
        found, held = choose(fixes, self._place(seed, followed, sha))
        names_line = isinstance(seed, LineSeed) or (seed.anchor is not None and seed.anchor.line is not None)
        return _Found(found.fix_id, sha, held or not names_line)

    def _place(self, seed: CommitSeed | LineSeed, followed: Row[Any] | None, sha: str) -> Place | None:
        if followed is not None and followed.file_no is not None:
            return Place(followed.file_no, followed.hunk_no)
        if isinstance(seed, LineSeed) or seed.anchor is None:
            return None
        if sha not in self._files:
            self._files[sha] = files_of(self._connection, sha)
        return resolve(seed.anchor, self._files[sha])

    def _sha(self, start: str) -> str | None:
        """Give the one stored commit whose sha starts so; None if there is none, or several."""
        if len(start) == _SHA_LENGTH:
            return start
        # Not LIKE: this uses the index on either database. "g" comes after every hexadecimal digit.
        between = (git_commit.c.sha >= start) & (git_commit.c.sha < f"{start}g")
        shas = self._connection.scalars(select(git_commit.c.sha).where(between).limit(2)).all()
        return shas[0] if len(shas) == 1 else None

    def _fixes_of(self, sha: str) -> list[StoredFix]:
        if sha not in self._fixes:
            hunks: dict[str, set[tuple[int, int]]] = {}
            columns = (fix.c.fix_id, fix_hunk.c.file_no, fix_hunk.c.hunk_no)
            for row in self._connection.execute(select(*columns).outerjoin_from(fix, fix_hunk).where(fix.c.sha == sha)):
                held = hunks.setdefault(row.fix_id, set())
                if row.file_no is not None:
                    held.add((row.file_no, row.hunk_no))
            ordered = self._comparable(hunks, {fix_id: _number(fix_id) for fix_id in hunks})
            self._fixes[sha] = [StoredFix(name, frozenset(hunks[name])) for name in ordered]
        return self._fixes[sha]

    def _comparable(self, fix_ids: Collection[str], order: Mapping[str, tuple[int, str]]) -> list[str]:
        """Give the fixes of one commit or question that may be compared: those that the rater labelled come first.

        A superseded one is none of them, but where other rules came after the rater's: what a rater saw is compared.
        """
        same = (label.c.fix_id.in_(fix_ids), label.c.scheme == SCHEME, label.c.rater == self._rater)
        labelled = set(self._connection.scalars(select(label.c.fix_id).where(*same)))
        of = superseded_fix.c
        gone = {
            row.fix_id: row.rater
            for row in self._connection.execute(select(of.fix_id, of.rater).where(of.fix_id.in_(fix_ids)))
        }
        current = [fix_id for fix_id in fix_ids if fix_id not in gone]
        seen = [fix_id for fix_id, by in gone.items() if fix_id in labelled and by != self._rater]
        return sorted((*current, *seen), key=lambda one: (one not in labelled, one in gone, order[one]))

    def _ranking(self, fix_id: str) -> tuple[Guess, ...]:
        same = (label.c.fix_id == fix_id, label.c.scheme == SCHEME, label.c.rater == self._rater)
        rows = self._connection.execute(select(label.c.value, label.c.confidence).where(*same).order_by(label.c.rank))
        return tuple(Guess(row.value, row.confidence or 0.0) for row in rows if row.value != UNKNOWN)

    def _evidence(self, fix_id: str) -> tuple[Evidence, ...]:
        of = label_evidence.c
        same = (of.fix_id == fix_id, of.scheme == SCHEME, of.rater == self._rater, of.rank == 1)
        columns = (
            of.rule,
            of.weight,
            of.text,
            of.side,
            of.start_column,
            of.end_column,
            of.file_no,
            of.hunk_no,
            of.line,
        )
        rows = self._connection.execute(select(*columns).where(*same).order_by(of.evidence_no))
        return tuple(Evidence(*row) for row in rows)


def _number(fix_id: str) -> tuple[int, str]:
    """Order the fixes of a commit: ``git:SHA:NO``, by number."""
    last = fix_id.rpartition(":")[2]
    return (int(last) if last.isdecimal() else 0, fix_id)
