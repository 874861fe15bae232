"""Enters a file of labels: new items, each judgement that is not there as the rater's next round, and what is left out.

Reading the same file again adds nothing. A file that was read before adds only what nobody said yet: an older file does
not take back what a newer one changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from miner.errors import LabelsError
from miner.rating.judgements import Asked, Judgement, RatedRow, Rejection, judged, require_rater
from miner.rating.labelfile import RawFile, read_file
from miner.rating.linking import known_fixes, link_all
from miner.rating.running import LabelRun, label_run
from miner.store import ratings as store
from miner.store.ratings import Item, Rating
from miner.store.ratingtables import RECONCILED
from miner.store.values import clean, key

_NAMED: Final = 5

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to read. ``set_name`` None is the file's name without its ending; ``reassign`` takes what is another's."""

    path: Path
    site: str
    rater: str | None = None
    schemes: tuple[str, ...] = ()
    set_name: str | None = None
    reassign: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file brought. ``kept`` are judgements of an older reading of it that later ones replaced since."""

    run_id: int
    rows: int
    blank: int
    items_new: int
    items_linked: int
    added: int
    revised: int
    unchanged: int
    kept: int
    rejections: tuple[Rejection, ...]
    sheets_not_read: tuple[str, ...]
    batches_unknown: tuple[str, ...]
    """Batches of another database that the rows name: the labels count, but answer no batch of this one."""


@dataclass(slots=True)
class _Counts:
    added: int = 0
    revised: int = 0
    unchanged: int = 0
    kept: int = 0


def import_labels(engine: Engine, request: ImportRequest) -> Imported:
    """Enter a file of labels in one transaction.

    :raises LabelsError: if it cannot be read at all, nothing tells the rater or the scheme, or it answers a batch that
        another rater was given.
    """
    require_rater(request.rater)
    file = read_file(request.path)
    rows, rejections = judged(file, Asked(request.rater, request.schemes, request.site))
    _refuse_others(file, request)
    arguments = {
        "file": file.name,
        "rater": request.rater,
        "schemes": list(request.schemes),
        "set": request.set_name,
        "reassign": request.reassign,
        "site": request.site,
    }
    with label_run(engine, "label import", arguments, (file.name, file.content)) as run:
        return _Import(run, request, file, rejections).enter(rows)


class _Import:
    """One file on its way into the database."""

    def __init__(self, run: LabelRun, request: ImportRequest, file: RawFile, rejections: list[Rejection]) -> None:
        self._run = run
        self._connection = run.connection
        self._request = request
        self._file = file
        self._rejections = rejections
        self._set = key(request.set_name or request.path.stem)
        self._counts = _Counts()
        self._unknown: list[str] = []

    def enter(self, rows: Sequence[RatedRow]) -> Imported:
        """Write all, and give what it brought."""
        kept = self._of_their_batches(list(rows))
        known, new = self._items(kept)
        filled = [row for row in kept if row.judgements and row.item_id in known | new]
        used = {row.item_id for row in filled}
        store.add_items(self._connection, [item for item in new.values() if item.item_id in used])
        store.add_ratings(self._connection, list(self._ratings(filled)))
        linked = link_all(self._connection, self._request.site)
        self._record()
        left_out = {one.place for one in self._rejections}
        blank = sum(not row.judgements and row.place not in left_out for row in kept)
        done = self._imported(len(self._file.rows), blank, len(used & new.keys()), linked)
        self._run.summary.update(added=done.added, revised=done.revised, rejected=len(done.rejections))
        return done

    def _of_their_batches(self, rows: list[RatedRow]) -> list[RatedRow]:
        """Give the rows without those that are not in the batch that they name; refuse a batch of another rater."""
        batches = sorted({row.batch for row in rows if row.batch})
        members = {name: {item.item_id for item in store.batch_items(self._connection, name)} for name in batches}
        self._unknown = [name for name in batches if not members[name]]
        for name in batches:
            if members[name] and not self._request.reassign:
                self._refuse_other_raters(name, {row.rater for row in rows if row.batch == name})
        return list(self._members(rows, members))

    def _members(self, rows: list[RatedRow], members: dict[str, set[str]]) -> Iterator[RatedRow]:
        for row in rows:
            if row.batch and not members[row.batch]:
                yield replace(row, batch="")
            elif row.batch and row.item_id not in members[row.batch]:
                self._reject(row, "item_id", row.item_id, f"is not in the batch {row.batch}")
            else:
                yield row

    def _refuse_other_raters(self, batch: str, raters: set[str]) -> None:
        given = store.raters_given(self._connection, batch) | {RECONCILED}
        others = sorted(raters - given)
        if others:
            raise LabelsError(
                f"the batch {batch} was given to {', '.join(sorted(given - {RECONCILED})) or 'nobody'}, not to "
                f"{', '.join(others[:_NAMED])}: nothing was read; if it is right, say --reassign"
            )

    def _items(self, rows: Sequence[RatedRow]) -> tuple[dict[str, Item], dict[str, Item]]:
        """Give the items of the rows: those that are there, and those that are new."""
        ids = {row.item_id for row in rows}
        known = store.items(self._connection, ids)
        fixes = known_fixes(self._connection, ids - known.keys())
        new: dict[str, Item] = {}
        for row in rows:
            if row.item_id in known or row.item_id in new:
                continue
            source, library = fixes.get(row.item_id, (row.source, row.library))
            if row.item_id in fixes or _is_of(row):
                fix_id = row.item_id if row.item_id in fixes else None
                place = (row.set_name or self._set, row.position)
                new[row.item_id] = Item(row.item_id, source, library, row.link, *place, fix_id, self._run.run_id)
            else:
                self._reject(row, "item_id", row.item_id, "is not in the database, and not what the row's link names")
        return known, new

    def _ratings(self, rows: Sequence[RatedRow]) -> Iterator[Rating]:
        before: dict[_Key, list[Rating]] = {}
        for rating in store.ratings(self._connection, {row.item_id for row in rows}):
            before.setdefault((rating.item_id, rating.scheme, rating.rater), []).append(rating)
        read_before = store.was_read(self._connection, self._file.digest, self._request.rater or "")
        old = set(before) if read_before else set()
        for row in rows:
            for judgement in row.judgements:
                place = (row.item_id, judgement.scheme, row.rater)
                rounds = before.setdefault(place, [])
                if self._is_new(row, judgement, rounds, place in old):
                    rounds.append(self._rating(row, judgement, len(rounds) + 1))
                    yield rounds[-1]

    def _is_new(self, row: RatedRow, judgement: Judgement, rounds: Sequence[Rating], was_read: bool) -> bool:
        said = any(one.round == row.round and one.value == judgement.value for one in rounds)
        if rounds and (said or rounds[-1].value == judgement.value):
            self._counts.unchanged += 1
        elif rounds and was_read:
            self._counts.kept += 1
        else:
            self._counts.added += 1
            self._counts.revised += bool(rounds)
            return True
        return False

    def _rating(self, row: RatedRow, judgement: Judgement, number: int) -> Rating:
        return Rating(
            row.item_id,
            judgement.scheme,
            row.rater,
            number,
            judgement.value,
            judgement.said,
            row.note,
            row.rated_at,
            row.batch or None,
            self._file.digest,
            row.ordinal,
            self._run.run_id,
        )

    def _record(self) -> None:
        digest, run_id = self._file.digest, self._run.run_id
        read = (digest, self._request.rater or "", clean(self._file.name), self._set, run_id)
        store.record_import(self._connection, read)
        rejected = {(one.place, one.field): (one.text, one.reason) for one in self._rejections}
        rows = [(digest, *at, *why, run_id) for at, why in rejected.items()]
        store.record_rejections(self._connection, digest, self._request.schemes, rows)

    def _reject(self, row: RatedRow, field: str, text: str, reason: str) -> None:
        self._rejections.append(Rejection(row.place, field, text, reason))

    def _imported(self, rows: int, blank: int, items_new: int, linked: int) -> Imported:
        counts = self._counts
        return Imported(
            self._run.run_id,
            rows,
            blank,
            items_new,
            linked,
            counts.added,
            counts.revised,
            counts.unchanged,
            counts.kept,
            tuple(self._rejections),
            self._file.unread,
            tuple(self._unknown),
        )


def _is_of(row: RatedRow) -> bool:
    """Tell whether a row's id is of what its link leads to: the same, a numbered one, or a fix of the same commit."""
    base = row.base_id.partition("#")[0] if row.base_id.startswith("git:") else row.base_id
    return bool(base) and row.item_id.startswith(base)


def _refuse_others(file: RawFile, request: ImportRequest) -> None:
    """Refuse a file whose rows name another rater than the user does."""
    if request.rater is None or request.reassign:
        return
    named = sorted({said for row in file.rows if (said := row.fields.get("rater", "").strip())} - {request.rater})
    if named:
        raise LabelsError(
            f"{file.name} names the rater {', '.join(named[:_NAMED])}, not {request.rater}: nothing was read; if it is "
            "right, say --reassign"
        )
