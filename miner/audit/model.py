"""The frozen types of an audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from miner.evaluation.figures import Figure
from miner.store.coverage import MAX_EPOCH, MIN_EPOCH, Interval
from miner.store.status import Gap

Kind = Literal["missing", "gone", "later"]


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit: ``sample`` slices a source, drawn by ``seed``, with at most ``budget`` requests to each API."""

    sample: int = 20
    seed: int = 0
    sources: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    budget: int = 200

    @property
    def window(self) -> Interval:
        """The half-open interval of dates that is audited."""
        since = MIN_EPOCH if self.since is None else int(self.since.timestamp())
        until = MAX_EPOCH if self.until is None else int(self.until.timestamp())
        return Interval(since, until)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a covered interval with about so many stored items; ``run_id`` is the last run that covered it."""

    source: str
    query: str
    tip: str
    interval: Interval
    stored: int
    run_id: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the source and the database differ.

    ``missing``: the source has it, and neither a row nor an omission says so. ``gone``: a row that the source does not
    give any more. ``later``: the source changed it after the last run, which the next run brings.
    """

    kind: Kind
    source: str
    query: str
    item: str
    detail: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking for a slice showed: how many items the source has, and how many of them are accounted for."""

    slice: Slice
    items: int
    accounted: int
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceAudit:
    """The audit of a source. ``slices`` is the population; ``recall`` is None where the asked slices were empty.

    ``failures`` say which slices could not be asked, and why: the estimate leaves them out.
    """

    source: str
    unit: str
    slices: int
    sampled: int
    asked: int
    requests: int
    items: int
    accounted: int
    recall: Figure | None
    method: str
    differences: tuple[Difference, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of all sources, and every gap of the ledger."""

    seed: int
    sources: tuple[SourceAudit, ...]
    gaps: tuple[Gap, ...]
    others: tuple[str, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, as far as the sample tells, and the ledger has no gap."""
        whole = all(one.accounted == one.items and not one.failures for one in self.sources)
        return whole and not self.gaps and any(one.asked for one in self.sources)


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """What an audit of a source would cost."""

    source: str
    slices: int
    sampled: int
    stored: int
    cost: str
    requests: int
