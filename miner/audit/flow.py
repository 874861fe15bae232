"""The flow of an audit, from the ledger to the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from miner.audit import estimate
from miner.audit.model import Asked, Audit, AuditPlan, AuditRequest, Slice, SourceAudit
from miner.audit.sample import draw
from miner.audit.sources import Audited
from miner.clock import Clock, SystemClock
from miner.collect.archive import archive_of
from miner.errors import AuditError, SourceError
from miner.job import Reporter
from miner.settings import Settings
from miner.store import audit as store
from miner.store import bodies, schema
from miner.store.session import open_engine, reading

SOURCES = ("github", "git", "stackoverflow")


def audit(settings: Settings, request: AuditRequest, reporter: Reporter, clock: Clock | None = None) -> Audit:
    """Ask the sources again for a sample of what is at hand, and compare.

    :raises AuditError: if nothing is at hand that could be audited.
    :raises StoreError: if the database cannot be read.
    """
    with _opened(settings) as engine:
        audits = []
        for source in _sources(settings, request, reporter, clock or SystemClock()):
            try:
                audits.append(_audit(engine, source, request, reporter))
            finally:
                source.close()
        if not any(one.slices for one in audits):
            raise AuditError(
                "the ledger has no interval of these sources and dates that could be audited: run 'miner collect' first"
            )
        with reading(engine) as connection:
            gaps = store.all_gaps(connection, request.sources, request.window)
    return Audit(request.seed, tuple(one for one in audits if one.slices), gaps)


def plan(
    settings: Settings, request: AuditRequest, reporter: Reporter, clock: Clock | None = None
) -> tuple[AuditPlan, ...]:
    """Say what an audit would ask for and cost; ask nothing.

    :raises StoreError: if the database cannot be read.
    """
    with _opened(settings) as engine:
        return tuple(
            _plan(engine, source, request) for source in _sources(settings, request, reporter, clock or SystemClock())
        )


def _plan(engine: Engine, source: Audited, request: AuditRequest) -> AuditPlan:
    with reading(engine) as connection:
        slices = list(source.population(connection, request.window))
    source.close()
    drawn = draw(slices, request.sample, request.seed)
    cost = source.cost(drawn)
    most = "" if cost <= request.budget else f", of which {request.budget} are sent"
    stored = sum(one.stored for one in drawn)
    return AuditPlan(source.source, len(slices), len(drawn), stored, f"{cost} {source.unit}{most}", cost)


def _audit(engine: Engine, source: Audited, request: AuditRequest, reporter: Reporter) -> SourceAudit:
    with reading(engine) as connection:
        slices = list(source.population(connection, request.window))
    drawn = draw(slices, request.sample, request.seed)
    asked: list[Asked] = []
    failures: list[str] = []
    if not drawn:
        return _sum(source, slices, drawn, asked, failures)
    reporter.start("audit", source.source, len(drawn), "slices")
    try:
        for done, one in enumerate(drawn, start=1):
            if source.requests >= request.budget:
                left = len(drawn) - done + 1
                failures.append(f"{left} slices were not asked: the budget of {request.budget} {source.unit} is spent")
                break
            _ask(engine, source, one, asked, failures, reporter)
            reporter.advance("audit", source.source, done)
    finally:
        reporter.finish("audit", source.source)
    return _sum(source, slices, drawn, asked, failures)


def _ask(
    engine: Engine, source: Audited, one: Slice, asked: list[Asked], failures: list[str], reporter: Reporter
) -> None:
    try:
        with reading(engine) as connection:
            asked.append(source.ask(connection, one))
    except SourceError as error:
        if str(error) not in failures:
            failures.append(str(error))
            reporter.warn(source.source, str(error))


def _sum(
    source: Audited, slices: list[Slice], drawn: list[Slice], asked: list[Asked], failures: list[str]
) -> SourceAudit:
    figure, method = estimate.recall([(one.items, one.accounted) for one in asked], len(slices))
    return SourceAudit(
        source=source.source,
        unit=source.unit,
        slices=len(slices),
        sampled=len(drawn),
        asked=len(asked),
        requests=source.requests,
        items=sum(one.items for one in asked),
        accounted=sum(one.accounted for one in asked),
        recall=figure,
        method=method,
        differences=tuple(difference for one in asked for difference in one.differences),
        failures=tuple(failures),
    )


def _sources(settings: Settings, request: AuditRequest, reporter: Reporter, clock: Clock) -> Iterator[Audited]:
    """Make the wanted sources, each when it is its turn."""

    def github() -> Audited:
        from miner.audit.searches import GitHubAudit

        return GitHubAudit(settings, reporter, clock)

    def git() -> Audited:
        from miner.audit.gitclones import GitAudit
        from miner.collect.git import check_version

        check_version()
        return GitAudit(settings)

    def stackoverflow() -> Audited:
        from miner.audit.stackoverflow import StackOverflowAudit

        return StackOverflowAudit(settings.stackoverflow, clock)

    makers: dict[str, Callable[[], Audited]] = {"github": github, "git": git, "stackoverflow": stackoverflow}
    return (makers[name]() for name in SOURCES if not request.sources or name in request.sources)


@contextmanager
def _opened(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database.url, create=False)
    try:
        schema.require(engine)
        bodies.attach(engine, archive_of(settings))
        yield engine
    finally:
        engine.dispose()
