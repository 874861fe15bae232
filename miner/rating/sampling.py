"""Draws items for raters: at random, by strata, or where the rules are least sure; with a seed, the same again.

What is drawn follows from the seed and the items' ids alone, not from the order of a database's rows nor from a
generator of random numbers: each item has its place by the SHA-256 of seed and id, and the first ones are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine

from miner.classify.engine import UNKNOWN
from miner.collect.tape import current
from miner.errors import LabelsError
from miner.evaluation.raters import counted_rater
from miner.rating.running import LabelRun, label_run
from miner.rating.schemes import SCHEMES
from miner.store import ratings as store
from miner.store import samples
from miner.store.ratings import Batch, Item
from miner.store.samples import Candidate
from miner.store.session import reading

STRATA: Final = ("library", "source", "pattern")
CUT: Final = 4_000
"""Characters that a rater is shown of a message or of a change."""

_NAME: Final = re.compile(r"[\w.-]{1,100}")
_RULES: Final = "rules"
"""What a batch calls the version of the rules that said the patterns."""
_SHOWN: Final = 100
_MAX_SEED: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """What to draw: items of label sets, or fixes without sets. An empty choice of libraries or sources is all.

    ``equal`` gives each stratum the same part instead of its own; ``unrated`` leaves out what anybody judged, and
    ``known`` what the rules called unknown or did not label. ``in_force`` is the rater of the configured rules; see
    :func:`miner.evaluation.raters.counted_rater`.
    """

    batch: str
    method: str = "random"
    stratum: str | None = None
    size: int = 100
    seed: int = 0
    schemes: tuple[str, ...] = ("pattern",)
    libraries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    equal: bool = False
    unrated: bool = False
    known: bool = False
    in_force: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a draw gave: of how many, by which version of the rules, and each item's id, stratum, source and library."""

    rules: str
    population: int
    chosen: tuple[tuple[str, str, str, str], ...]

    def as_json(self) -> bytes:
        """Give it as it is archived."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> Draw:
        """Read what :meth:`as_json` gave."""
        told = json.loads(text)
        return cls(told["rules"], told["population"], tuple((a, b, c, d) for a, b, c, d in told["chosen"]))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A batch: how it was drawn, and its items in order; ``new`` False if it was there."""

    batch: Batch
    items: tuple[Item, ...]
    new: bool


def draw(
    candidates: Sequence[Candidate], method: str, stratum: str | None, size: int, seed: int, *, equal: bool = False
) -> list[tuple[str, str]]:
    """Give the items that are drawn as (item, stratum), in the order in which they are to be rated."""
    placed = sorted(candidates, key=lambda one: (_place(seed, one.item_id), one.item_id))
    if method == "least_sure":
        chosen = sorted(placed, key=lambda one: (one.margin or 0.0, one.confidence or 0.0))[:size]
        return _in_order([(one.item_id, "") for one in chosen], seed)
    if method == "random" or stratum is None:
        return [(one.item_id, "") for one in placed[:size]]
    groups: dict[str, list[Candidate]] = {}
    for one in placed:
        groups.setdefault(getattr(one, stratum) or "none", []).append(one)
    parts = allocated({name: len(group) for name, group in groups.items()}, size, equal=equal)
    return _in_order([(one.item_id, name) for name, group in groups.items() for one in group[: parts[name]]], seed)


def allocated(sizes: Mapping[str, int], size: int, *, equal: bool) -> dict[str, int]:
    """Give how many items to draw of each stratum: by its size, or of each as many; of each at least one if it can be.

    What a stratum lacks goes to the others. Webster's method decides on what cannot be divided, then the name.
    """
    size = min(size, sum(sizes.values()))
    names = sorted(sizes)
    parts = dict.fromkeys(names, 0)
    if size >= len(names):
        parts = dict.fromkeys(names, 1)
    weights = {name: 1.0 if equal else float(sizes[name]) for name in names}
    while (left := size - sum(parts.values())) > 0:
        open_names = [name for name in names if parts[name] < sizes[name]]
        for _ in range(left):
            name = max(open_names, key=lambda one: (weights[one] / (2 * parts[one] + 1), -names.index(one)))
            parts[name] += 1
            if parts[name] == sizes[name]:
                break
    return parts


def sample(engine: Engine, request: SampleRequest, before: Draw | None = None) -> Drawn:
    """Draw a batch and keep it; a batch of that name that was asked for in the same words is given as it is.

    :param before: what was drawn, for a rebuild: other rules, or who opted out since, would draw other items, to which
        the labels that people gave do not belong.
    :raises LabelsError: if a batch of that name was drawn otherwise, or there is nothing to draw from.
    """
    _require(request)
    with label_run(engine, "label sample", asdict(request)) as run:
        batch = store.batch_of(run.connection, request.batch)
        if batch is not None:
            _require_same(batch, request)
        else:
            batch = _enter(run, request, before or _draw(run.connection, request))
        items = tuple(store.batch_items(run.connection, request.batch))
        # Which ones they are decides what a rebuild can do with their labels.
        told = sha256("\n".join(one.item_id for one in items).encode()).hexdigest()
        run.summary.update(items=len(items), items_sha256=told)
        return Drawn(batch, items, batch.run_id == run.run_id)


def batch_named(engine: Engine, name: str, request: SampleRequest | None) -> Drawn:
    """Give the batch that is asked for, or the one that is there where nothing but its name is said.

    :raises LabelsError: as :func:`sample`.
    """
    if request is None:
        with reading(engine) as connection:
            if store.batch_of(connection, name) is not None:
                return known_batch(connection, name)
    return sample(engine, request or SampleRequest(name))


def known_batch(connection: Connection, name: str) -> Drawn:
    """Give a batch that was drawn.

    :raises LabelsError: if there is none of that name.
    """
    batch = store.batch_of(connection, name)
    if batch is None:
        known = ", ".join(store.batch_names(connection)[:5]) or "none at all"
        raise LabelsError(f"there is no batch {name[:_SHOWN]!r}: the database has {known}; draw one with --size")
    return Drawn(batch, tuple(store.batch_items(connection, name)), new=False)


def _require(request: SampleRequest) -> None:
    if not _NAME.fullmatch(request.batch):
        raise LabelsError(f"{request.batch[:_SHOWN]!r} is no name of a batch: letters, digits, dot, dash, underscore")
    if (request.method == "stratified") != (request.stratum is not None):
        raise LabelsError(f"the method stratified needs one of {', '.join(STRATA)}, and no other method takes one")
    if not -_MAX_SEED <= request.seed <= _MAX_SEED:
        raise LabelsError(f"the seed {request.seed} is too large: at most {_MAX_SEED}")
    if not request.schemes or set(request.schemes) - set(SCHEMES):
        raise LabelsError(f"raters can be asked for {', '.join(SCHEMES)}")


def _require_same(batch: Batch, request: SampleRequest) -> None:
    asked = (request.method, request.stratum, request.seed, request.size, " ".join(request.schemes))
    limits = {name: value for name, value in json.loads(batch.query).items() if name != _RULES}
    same = asked == (batch.method, batch.stratum, batch.seed, batch.size, batch.schemes) and limits == _limits(request)
    if not same:
        raise LabelsError(
            f"the batch {batch.batch} was drawn otherwise ({batch.method}, {batch.size} items, seed {batch.seed}): "
            "name another, or ask for its sheets without any flag of drawing"
        )


def _draw(connection: Connection, request: SampleRequest) -> Draw:
    rules = counted_rater(connection, in_force=request.in_force)
    candidates = _candidates(connection, request, rules)
    if not candidates:
        raise LabelsError("there is nothing to draw from: collect first, or ask for less with the flags of drawing")
    drawn = draw(candidates, request.method, request.stratum, request.size, request.seed, equal=request.equal)
    known = {one.item_id: one for one in candidates}
    chosen = tuple((item_id, stratum, known[item_id].source, known[item_id].library) for item_id, stratum in drawn)
    return Draw(rules, len(candidates), chosen)


def _enter(run: LabelRun, request: SampleRequest, drawn: Draw) -> Batch:
    current().keep(Path(f"{request.batch}.json"), drawn.as_json())
    batch = Batch(
        request.batch,
        request.method,
        request.stratum,
        " ".join(request.schemes),
        request.seed,
        request.size,
        drawn.population,
        json.dumps({**_limits(request), _RULES: drawn.rules}, sort_keys=True),
        run.run_id,
    )
    there = _add_items(run, batch.batch, drawn)
    store.add_batch(run.connection, batch, [one[:2] for one in drawn.chosen if one[0] in there])
    return batch


def _candidates(connection: Connection, request: SampleRequest, rules: str) -> list[Candidate]:
    if request.sets:
        known = store.sets(connection)
        unknown = sorted(set(request.sets) - set(known))
        if unknown:
            raise LabelsError(f"there is no label set {', '.join(unknown)}: there are {', '.join(known) or 'none'}")
        found = samples.candidate_items(connection, request.sets, rules)
    else:
        found = samples.candidate_fixes(connection, rules)
    out = samples.rated(connection) if request.unrated else set()
    return [
        one
        for one in found
        if one.item_id not in out
        and (not request.libraries or one.library in request.libraries)
        and (not request.sources or one.source in request.sources)
        and (not request.known or one.pattern not in ("", UNKNOWN))
    ]


def _add_items(run: LabelRun, batch: str, drawn: Draw) -> set[str]:
    """Enter the items that are not known, and give all that there are: of what is done again, some may be gone."""
    ids = [one[0] for one in drawn.chosen]
    known = store.items(run.connection, ids)
    shown = samples.shown(run.connection, [item_id for item_id in ids if item_id not in known], CUT)
    rows = [
        Item(item_id, source, library, shown[item_id].link, batch, position, item_id, run.run_id)
        for position, (item_id, _, source, library) in enumerate(drawn.chosen, 1)
        if item_id in shown
    ]
    store.add_items(run.connection, rows)
    return {*known, *shown}


def _limits(request: SampleRequest) -> dict[str, Any]:
    limits = {
        "libraries": sorted(request.libraries),
        "sources": sorted(request.sources),
        "sets": sorted(request.sets),
        "equal": request.equal,
        "unrated": request.unrated,
        "known": request.known,
    }
    return {name: value for name, value in limits.items() if value}


def _in_order(drawn: list[tuple[str, str]], seed: int) -> list[tuple[str, str]]:
    # Another order than that of the draw: neighbours of a stratum, or the least sure first, would tell the rater.
    return sorted(drawn, key=lambda one: (_place(seed, f"order {one[0]}"), one[0]))


def _place(seed: int, item_id: str) -> bytes:
    return sha256(f"{seed} {item_id}".encode()).digest()
