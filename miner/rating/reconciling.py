"""Where raters differ: the conflicts, a sheet for the moderator, and what was decided as rows of a rater of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from miner.rating.judgements import Asked, Judgement, RatedRow, Rejection, judged, require_rater
from miner.rating.labelfile import RawFile, read_file
from miner.rating.running import LabelRun, label_run
from miner.rating.sampling import CUT
from miner.rating.schemes import SCHEMES
from miner.rating.sheets import WIDTHS, cells_of, csv_bytes, helpers
from miner.rating.xlsx import SheetData, book
from miner.store import ratings as store
from miner.store import samples
from miner.store.ratings import Item, Rating
from miner.store.ratingtables import RECONCILED
from miner.store.samples import Shown

AGREED: Final = "all raters agree"
"""The note of a label that nobody had to decide on."""

_HEADER: Final = ("item_id", "scheme", "source", "library", "link", "judgements", "about", "change", "decision", "note")
_HELP: Final = (
    "Choose one value of the list in the column decision, or leave it empty. The note is kept with your name. "
    "Do not change the columns before them."
)

_Place = tuple[str, str]
_Last = tuple[int, int, str]
"""Round, run and value of the last decision."""
_NONE: Final[_Last] = (0, 0, "")


@dataclass(frozen=True, slots=True)
class Voice:
    """What a rater says now of an item in a scheme, with the note, and the run that entered it."""

    rater: str
    value: str
    note: str
    run_id: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """An item of which people say different things in a scheme, and nobody has decided since."""

    item: Item
    scheme: str
    voices: tuple[Voice, ...]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was decided: new rows, those that say what the last decision said, and what could not be read.

    ``alone``: judgements that one rater alone made, which cannot agree with another's.
    """

    run_id: int
    added: int
    unchanged: int
    blank: int
    rejections: tuple[Rejection, ...]
    alone: int = 0


def conflicts(connection: Connection, schemes: Sequence[str] = (), batch: str | None = None) -> list[Conflict]:
    """Give the conflicts that are open, in the order of the items' ids."""
    voices = _voices(connection, schemes, batch)
    decided = store.decisions(connection)
    found = [
        (place, said)
        for place, said in voices.items()
        if len({voice.value for voice in said}) > 1 and not _is_decided(decided.get(place), said)
    ]
    items = store.items(connection, {item_id for (item_id, _), _ in found})
    return [Conflict(items[item_id], scheme, tuple(said)) for (item_id, scheme), said in sorted(found)]


def conflict_sheet(connection: Connection, found: Sequence[Conflict], form: str) -> bytes:
    """Give the moderator's sheet as xlsx or CSV: each conflict with what everybody says."""
    seen = samples.shown(connection, {one.item.fix_id for one in found if one.item.fix_id}, CUT)
    rows = [_sheet_row(one, seen.get(one.item.fix_id or "")) for one in found]
    if form == "csv":
        return csv_bytes(_HEADER, rows, marked=True)
    schemes = [scheme for scheme in SCHEMES if any(one.scheme == scheme for one in found)] or list(SCHEMES[:1])
    chosen = {
        cells: [no for no, one in enumerate(found) if one.scheme == scheme]
        for scheme, cells in cells_of(schemes).items()
    }
    widths = WIDTHS | {"judgements": 50, "decision": 30}
    sheet = SheetData("labels", _HEADER, rows, widths, row_choices={"decision": chosen})
    return book([sheet, *helpers(schemes, _HELP)])


def agree(engine: Engine, schemes: Sequence[str] = (), batch: str | None = None) -> Reconciled:
    """Enter as reconciled what all raters of an item, two or more, say alike and nobody decided on since."""
    arguments = {"agreed": True, "schemes": list(schemes)} | ({"batch": batch} if batch else {})
    with label_run(engine, "label reconcile", arguments) as run:
        decided = store.decisions(run.connection)
        new: list[Rating] = []
        unchanged = alone = 0
        for place, said in sorted(_voices(run.connection, schemes, batch).items()):
            alone += len(said) == 1
            if len(said) < 2 or len({voice.value for voice in said}) > 1 or _is_decided(decided.get(place), said):
                continue
            last = decided.get(place, _NONE)
            if last[2] == said[0].value:
                unchanged += 1
            else:
                new.append(_decision(run, place, last[0] + 1, said[0].value, AGREED, len(new) + 1))
        store.add_ratings(run.connection, new)
        run.summary.update(added=len(new))
        return Reconciled(run.run_id, len(new), unchanged, 0, (), alone)


def decide(engine: Engine, path: Path, moderator: str, site: str, schemes: Sequence[str] = ()) -> Reconciled:
    """Enter a moderator's decisions. What the last decision says too adds nothing.

    :raises LabelsError: if the file cannot be read at all, or the moderator's name is none.
    """
    require_rater(moderator)
    file = read_file(path)
    rows, rejections = judged(file, Asked(RECONCILED, tuple(schemes), site))
    arguments = {"file": file.name, "moderator": moderator, "schemes": list(schemes), "site": site}
    with label_run(engine, "label reconcile", arguments, (file.name, file.content)) as run:
        return _Decisions(run, file, moderator, rejections).enter(rows)


class _Decisions:
    """A moderator's file on its way into the database."""

    def __init__(self, run: LabelRun, file: RawFile, moderator: str, rejections: list[Rejection]) -> None:
        self._run = run
        self._file = file
        self._moderator = moderator
        self._rejections = rejections

    def enter(self, rows: Sequence[RatedRow]) -> Reconciled:
        """Write all, and give what it brought."""
        new = list(self._new(rows))
        store.add_ratings(self._run.connection, new)
        digest, run_id = self._file.digest, self._run.run_id
        store.record_import(self._run.connection, (digest, RECONCILED, self._file.name, RECONCILED, run_id))
        rejected = {(one.place, one.field): (one.text, one.reason) for one in self._rejections}
        store.record_rejections(
            self._run.connection, digest, (), [(digest, *at, *why, run_id) for at, why in rejected.items()]
        )
        self._run.summary.update(added=len(new), rejected=len(self._rejections))
        judgements = sum(len(row.judgements) for row in rows)
        lost = sum(one.field == "item_id" for one in self._rejections)
        left_out = {one.place for one in self._rejections}
        blank = sum(not row.judgements and row.place not in left_out for row in rows)
        return Reconciled(run_id, len(new), judgements - len(new) - lost, blank, tuple(self._rejections))

    def _new(self, rows: Sequence[RatedRow]) -> Iterator[Rating]:
        connection = self._run.connection
        known = store.items(connection, {row.item_id for row in rows})
        read_before = store.was_read(connection, self._file.digest, RECONCILED)
        last, voices = store.decisions(connection), _voices(connection, (), None)
        for row in rows:
            if row.judgements and row.item_id not in known:
                reason = "is not in the database: export the conflicts anew"
                self._rejections.append(Rejection(row.place, "item_id", row.item_id, reason))
                continue
            for judgement in row.judgements:
                place = (row.item_id, judgement.scheme)
                number, _, value = last.get(place, _NONE)
                # A decision that says the same again is needed where a rater spoke since.
                closed = read_before or (
                    value == judgement.value and _is_decided(last.get(place), voices.get(place, ()))
                )
                if number == 0 or not closed:
                    last[place] = (number + 1, self._run.run_id, judgement.value)
                    yield self._rating(row, judgement, number + 1)

    def _rating(self, row: RatedRow, judgement: Judgement, number: int) -> Rating:
        note = f"{self._moderator}: {row.note}" if row.note else self._moderator
        new = _decision(self._run, (row.item_id, judgement.scheme), number, judgement.value, note, row.ordinal)
        return replace(new, said=judgement.said, file_sha256=self._file.digest, rated_at=row.rated_at)


def _voices(connection: Connection, schemes: Sequence[str], batch: str | None) -> dict[_Place, list[Voice]]:
    found: dict[_Place, list[Voice]] = {}
    for row in store.said(connection, batch=batch):
        if row.rater != RECONCILED and (not schemes or row.scheme in schemes):
            found.setdefault((row.item_id, row.scheme), []).append(Voice(row.rater, row.value, row.note, row.run_id))
    return {place: sorted(said, key=lambda voice: voice.rater) for place, said in found.items()}


def _is_decided(decision: _Last | None, said: Sequence[Voice]) -> bool:
    return decision is not None and all(decision[1] >= voice.run_id for voice in said)


def _decision(run: LabelRun, place: _Place, number: int, value: str, note: str, row_no: int) -> Rating:
    return Rating(*place, RECONCILED, number, value, value, note, None, None, None, row_no, run.run_id)


def _sheet_row(conflict: Conflict, seen: Shown | None) -> tuple[str, ...]:
    said = "\n".join(
        f"{voice.rater}: {voice.value}{f' ({voice.note})' if voice.note else ''}" for voice in conflict.voices
    )
    item = conflict.item
    about, change = (seen.about, seen.change) if seen else ("", "")
    return (item.item_id, conflict.scheme, item.source, item.library, item.link, said, about, change, "", "")
