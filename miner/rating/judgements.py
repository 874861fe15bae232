"""Turns the rows of a file of labels into judgements of items, and says what of them cannot be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from miner.collect.seeds import PostSeed, Seed, Unreadable, parse_seed
from miner.errors import LabelsError
from miner.rating.items import canonical, numbered, source_of
from miner.rating.labelfile import RawFile, RawRow
from miner.rating.schemes import SCHEMES, library_id, nearest, nearest_library, value_id
from miner.store.ratingtables import RECONCILED
from miner.store.values import clean, key

MAX_RATER: Final = 100
"""Characters of a rater's name."""

_SHOWN: Final = 200
_DIGITS: Final = 10
_NO_LINK: Final = Unreadable("", 0, "is not there")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rater says of an item in a scheme: the value's id, and how it was written."""

    scheme: str
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class RatedRow:
    """A row that can be read: the item, who rated it, and the judgements, none where it was left blank.

    ``item_id`` is the row's own, or made of its link. ``base_id`` is made of the link alone, and ``source`` told by it;
    both are "" without one. ``round`` (else 0) and ``set_name`` (else "") are what an
    export says.
    """

    place: str
    ordinal: int
    item_id: str
    base_id: str
    source: str
    link: str
    library: str
    rater: str
    judgements: tuple[Judgement, ...]
    note: str
    rated_at: datetime | None
    batch: str
    round: int
    set_name: str
    position: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """What stands at a place of a file and was left out: a value of a scheme, a link, a rater, or a row."""

    place: str
    field: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said of a file: whose labels it holds (None: its rows say), and which schemes to read."""

    rater: str | None
    schemes: tuple[str, ...]
    site: str


def judged(file: RawFile, asked: Asked) -> tuple[list[RatedRow], list[Rejection]]:
    """Read the rows of a file.

    :raises LabelsError: if nothing tells the rater or the scheme.
    """
    scheme = _scheme_of_values(file, asked)
    if asked.rater is None and "rater" not in file.fields:
        raise LabelsError(f"{file.name} has no column rater: say with --rater whose labels these are")
    reader = _Reader(asked, scheme)
    rows = [row for raw in file.rows for row in reader.read(raw)]
    return rows, reader.rejections


def require_rater(name: str | None) -> None:
    """Let a name of a rater pass that can be one.

    :raises LabelsError: for one that is empty, too long, or another's.
    """
    problem = name is not None and _rater_problem(name)
    if problem:
        raise LabelsError(f"the rater {str(name)[:_SHOWN]!r} {problem}: name a person with --rater")
    if name == RECONCILED:
        raise LabelsError(f"{RECONCILED} is no rater: a moderator's decisions come by 'miner label reconcile'")


def _rater_problem(name: str) -> str:
    if not name.strip():
        return "has no name"
    if len(name) > MAX_RATER:
        return f"has a name over {MAX_RATER} characters"
    if name.startswith("heuristic"):
        return "is the rules, whose labels the database has by itself"
    if "\ufffd" in name or not name.isprintable():
        return "has a name that is not printable text in UTF-8"
    return ""


def _scheme_of_values(file: RawFile, asked: Asked) -> str | None:
    """Give the scheme of the column "value", where the file has no column that says it."""
    if "value" in file.fields and "scheme" not in file.fields:
        if len(asked.schemes) != 1:
            raise LabelsError(f"{file.name} has a column value and none that says of which scheme: name it by --scheme")
        return asked.schemes[0]
    if not file.fields & {"value", *SCHEMES}:
        raise LabelsError(
            f"{file.name} has no column of labels: call one Bug Fix Pattern, {', '.join(SCHEMES[1:])}, or value"
        )
    return None


class _Reader:
    """Reads row by row, and counts how often a rater's rows name the same link."""

    def __init__(self, asked: Asked, scheme: str | None) -> None:
        self._asked = asked
        self._scheme = scheme
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self.rejections: list[Rejection] = []

    def read(self, raw: RawRow) -> Iterator[RatedRow]:
        """Give the row, unless it names nothing that can be rated, or nobody who rated it."""
        fields = raw.fields
        rater = clean(self._asked.rater or " ".join(fields.get("rater", "").split()))
        seed = self._seed(raw)
        named = bool(raw.fields.get("item_id"))
        problem = raw.problem or _rater_problem(rater)
        library = library_id(fields.get("library", ""))
        if problem:
            self._reject(raw, "row" if raw.problem else "rater", rater, problem)
        elif isinstance(seed, Unreadable) and not named:
            self._reject(raw, "link", seed.text, seed.reason)
        elif library is None:
            meant = nearest_library(fields["library"])
            reason = f"is no library{f'; {meant} is near' if meant else ''}"
            self._reject(raw, "library", fields["library"], reason)
        else:
            yield self._row(raw, seed, rater, library)

    def _seed(self, raw: RawRow) -> Seed | Unreadable:
        link = raw.fields.get("link", "")
        return parse_seed(link, raw.ordinal, site=self._asked.site) if link else _NO_LINK

    def _row(self, raw: RawRow, seed: Seed | Unreadable, rater: str, library: str) -> RatedRow:
        # A row that names its item may have no link that can be read: that of a commit of a local repository.
        readable = None if isinstance(seed, Unreadable) else seed
        base = canonical(readable) if readable else ""
        item_id = key(raw.fields.get("item_id", ""))
        judgements = tuple(self._judgements(raw))
        if not item_id:
            place = (rater, raw.fields.get("scheme", ""), base)
            self._seen[place] += 1
            item_id = numbered(base, self._seen[place])
        return RatedRow(
            raw.place,
            raw.ordinal,
            item_id,
            base,
            source_of(readable) if readable else "",
            _link(seed),
            library,
            rater,
            judgements,
            clean(raw.fields.get("note", "")),
            self._moment(raw),
            clean(raw.fields.get("batch", "")),
            _number(raw.fields.get("round", "")),
            key(raw.fields.get("set", "")),
            _number(raw.fields.get("position", "")) or raw.ordinal,
        )

    def _judgements(self, raw: RawRow) -> Iterator[Judgement]:
        for scheme, said in self._said(raw):
            if not said or (self._asked.schemes and scheme not in self._asked.schemes):
                continue
            if scheme not in SCHEMES:
                self._reject(raw, "scheme", scheme, f"is no scheme; there are {', '.join(SCHEMES)}")
                continue
            value = value_id(scheme, said)
            if value is None:
                self._reject(raw, scheme, said, _not_known(scheme, said))
            else:
                yield Judgement(scheme, value, clean(raw.fields.get("said") or said))

    def _said(self, raw: RawRow) -> Iterator[tuple[str, str]]:
        value = raw.fields.get("value", "")
        if value:
            yield (self._scheme or raw.fields.get("scheme", "").strip()), value
        yield from ((scheme, raw.fields.get(scheme, "")) for scheme in SCHEMES)

    def _moment(self, raw: RawRow) -> datetime | None:
        said = raw.fields.get("rated_at", "")
        try:
            moment = datetime.fromisoformat(said) if said else None
            return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
        except (ValueError, OverflowError):
            self._reject(raw, "rated_at", said, "is no date: write it like 2019-01-31T12:00:00+01:00")
            return None

    def _reject(self, raw: RawRow, field: str, text: str, reason: str) -> None:
        self.rejections.append(Rejection(raw.place, field, clean(text)[:_SHOWN], reason))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0


def _link(seed: Seed | Unreadable) -> str:
    # Not the cell: the seed's text is without what a link may hold of secrets. A bare number would mean another post
    # where another site is asked.
    if isinstance(seed, PostSeed) and seed.text.strip().replace(".", "").isdigit():
        return f"https://{seed.site}/q/{seed.post_id}"
    return clean(seed.text.strip())


def _not_known(scheme: str, said: str) -> str:
    meant = nearest(scheme, said)
    name = scheme.replace("_", " ")
    return f"is no known {name}, or could mean several{f'; {meant} is near' if meant else ''}"


def places(rejections: Sequence[Rejection]) -> int:
    """Count the rows that something was left out of."""
    return len({rejection.place for rejection in rejections})
