"""How far raters agree, scheme by scheme: each two of them, all together, and after every so many labels.

The rules are one more rater of the items that were collected. What was reconciled is compared with the rules alone: it
is made of what the people said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlalchemy import Connection

from miner.classify.engine import UNKNOWN
from miner.evaluation.figures import Figure, wilson
from miner.evaluation.raters import counted_rater
from miner.rating.coefficients import cohen_kappa, fleiss_kappa, krippendorff_alpha
from miner.store import ratings as store
from miner.store.ratingtables import RECONCILED, SCHEMES

EVERY: Final = 100
"""After so many labels agreement is told anew, as the paper did."""


@dataclass(frozen=True, slots=True)
class AgreementRequest:
    """What to compare; an empty choice is all.

    ``first`` takes what each rater said first, before any discussion, ``without_unknown`` takes "unknown" for a label
    that is missing, ``rules`` False leaves the rules out. ``in_force`` is the rater of the configured rules; see
    :func:`miner.evaluation.raters.counted_rater`.
    """

    schemes: Collection[str] = ()
    raters: Collection[str] = ()
    sets: Collection[str] = ()
    batch: str | None = None
    every: int = EVERY
    first: bool = False
    without_unknown: bool = False
    rules: bool = True
    in_force: str = ""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two raters: the items that both judged, the part on which they say the same, and Cohen's kappa."""

    scheme: str
    first: str
    second: str
    items: int
    observed: Figure | None
    kappa: Figure | None


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """Three raters or more: Fleiss' kappa on the items that all judged, Krippendorff's alpha on all that two judged."""

    scheme: str
    raters: tuple[str, ...]
    complete: int
    fleiss: Figure | None
    items: int
    alpha: Figure | None


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """Agreement when so many items were judged by both: of all until then, and of those since the point before."""

    scheme: str
    first: str
    second: str
    items: int
    kappa: Figure | None
    block: int
    block_kappa: Figure | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """All figures; ``rules`` is the version of the rules that was compared, "" if none was.

    ``superseded``: items of fixes that newer rules split otherwise: people are compared on them, the rules are not.
    """

    rules: str
    pairs: tuple[PairAgreement, ...]
    groups: tuple[GroupAgreement, ...]
    series: tuple[SeriesPoint, ...]
    group_series: tuple[GroupAgreement, ...]
    """The figures of groups of all items until then, after so many that two of them had judged."""
    superseded: int = 0


_Said = Mapping[str, Mapping[str, tuple[int, str]]]
"""Values by rater and item, each with the ordinal of its judgement."""


def agreement(connection: Connection, request: AgreementRequest) -> Agreement:
    """Compare the raters of a database."""
    rules = counted_rater(connection, in_force=request.in_force) if request.rules else ""
    pairs: list[PairAgreement] = []
    groups: list[GroupAgreement] = []
    series: list[SeriesPoint] = []
    group_series: list[GroupAgreement] = []
    items: set[str] = set()
    for scheme, said in _by_scheme(connection, request, rules):
        items.update(item for values in said.values() for item in values)
        people = [rater for rater in sorted(said) if rater not in (RECONCILED, rules)]
        pairs += [_pair(scheme, said, *two) for two in _pairs(said, rules)]
        for raters in _groups(said, people, rules):
            *before, last = _group(scheme, said, raters, request.every)
            groups.append(last)
            group_series += [*before, last]
        for two in _pairs(said, rules):
            series += _series(scheme, said, *two, every=request.every)
    used = rules if any(rules in (pair.first, pair.second) for pair in pairs) else ""
    gone = store.superseded_items(connection, items) if used else set()
    return Agreement(used, tuple(pairs), tuple(groups), tuple(series), tuple(group_series), len(gone))


def _by_scheme(connection: Connection, request: AgreementRequest, rules: str) -> Iterator[tuple[str, _Said]]:
    rows = [
        row
        for row in store.said(connection, first=request.first, batch=request.batch)
        if (not request.raters or row.rater in request.raters) and (not request.sets or row.set_name in request.sets)
    ]
    judged_by_rules = store.first_choices(connection, rules) if rules else {}
    for scheme in [scheme for scheme in SCHEMES if not request.schemes or scheme in request.schemes]:
        said: dict[str, dict[str, tuple[int, str]]] = {}
        for order, row in enumerate(rows, 1):
            if row.scheme != scheme:
                continue
            by_rules = judged_by_rules.get(scheme, {}).get(row.fix_id)
            for rater, no, value in ((row.rater, order, row.value), (rules, 0, by_rules)):
                if value is not None and not (request.without_unknown and value == UNKNOWN):
                    said.setdefault(rater, {})[row.item_id] = (no, value)
        yield scheme, said


def _pairs(said: _Said, rules: str) -> Iterator[tuple[str, str]]:
    for first, second in combinations(sorted(said), 2):
        if RECONCILED not in (first, second) or rules in (first, second):
            yield first, second


def _common(said: _Said, first: str, second: str) -> list[tuple[str, str]]:
    """Give what two say of the items that both judged, in the order in which both had."""
    items = said[first].keys() & said[second].keys()
    ordered = sorted(items, key=lambda item: (max(said[first][item][0], said[second][item][0]), item))
    return [(said[first][item][1], said[second][item][1]) for item in ordered]


def _pair(scheme: str, said: _Said, first: str, second: str) -> PairAgreement:
    pairs = _common(said, first, second)
    share = wilson(sum(a == b for a, b in pairs), len(pairs))
    return PairAgreement(scheme, first, second, len(pairs), share, cohen_kappa(pairs))


def _groups(said: _Said, people: Sequence[str], rules: str) -> Iterator[list[str]]:
    """Give the people who judged common items, without and with the rules, where they are more than two."""
    for circle in _circles(said, people):
        for raters in (circle, [*circle, rules] if rules in said and len(circle) > 1 else []):
            if len(raters) > 2:
                yield raters


def _circles(said: _Said, people: Sequence[str]) -> list[list[str]]:
    """Give who is connected by common items: figures of others together would be of no item."""
    circles: list[list[str]] = []
    for rater in people:
        near = [one for one in circles if any(said[rater].keys() & said[other].keys() for other in one)]
        circles = [one for one in circles if one not in near]
        circles.append(sorted([rater, *(other for one in near for other in one)]))
    return sorted(circles)


def _group(scheme: str, said: _Said, raters: Sequence[str], every: int) -> Iterator[GroupAgreement]:
    """Give the figures of a group after each so many items that two of it had judged; last those of all."""
    items = {item for rater in raters for item in said[rater]}
    voices = {item: [said[rater][item] for rater in raters if item in said[rater]] for item in items}
    several = [(max(no for no, _ in spoken), item) for item, spoken in voices.items() if len(spoken) > 1]
    rows = [[value for _, value in voices[item]] for _, item in sorted(several)]
    for end in [*range(every, len(rows), every), len(rows)]:
        complete = [row for row in rows[:end] if len(row) == len(raters)]
        fleiss, alpha = fleiss_kappa(complete), krippendorff_alpha(rows[:end])
        yield GroupAgreement(scheme, tuple(raters), len(complete), fleiss, end, alpha)


def _series(scheme: str, said: _Said, first: str, second: str, *, every: int) -> Iterator[SeriesPoint]:
    pairs = _common(said, first, second)
    for start in range(0, len(pairs), every):
        end = min(start + every, len(pairs))
        block = pairs[start:end]
        yield SeriesPoint(scheme, first, second, end, cohen_kappa(pairs[:end]), len(block), cohen_kappa(block))
