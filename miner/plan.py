"""Says what a collect would do and what it costs, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from miner.clock import Clock, SystemClock
from miner.collect import git
from miner.collect.gitrepo import GitRepository
from miner.collect.locators import locate
from miner.errors import DumpError, RepositoryError
from miner.job import SOURCE, CollectRequest, PlanRow, Reporter, flows, query, targets
from miner.settings import Settings
from miner.store import repository as store
from miner.store import schema
from miner.store.coverage import Interval, gaps
from miner.store.session import open_engine, parse_url, reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

Covered = Callable[[str, str, str], list[Interval]]
"""Gives the intervals that are at hand of a source, a query and a tip."""


def plan(
    settings: Settings, request: CollectRequest, reporter: Reporter, clock: Clock | None = None
) -> tuple[PlanRow, ...]:
    """Say what :func:`miner.pipeline.collect` would do and cost. It asks each source a little, and writes nothing.

    :raises MinerError: if there is no git where it is needed, or the database cannot be read.
    """
    wanted = flows(settings, request)
    rows: list[PlanRow] = []
    with _database(settings) as engine:
        covered = partial(_covered, engine)
        if "github" in wanted:
            rows += _plan_github(settings, request, reporter, clock or SystemClock(), engine, mined="git" in wanted)
        if "git" in wanted:
            git.check_version()
            rows += _plan_git(settings, request, reporter, covered)
        if "dump" in wanted:
            rows += _plan_dump(settings, request, reporter)
        if "stackoverflow" in wanted:
            from miner.apiplan import plan_api

            rows += plan_api(settings, request, reporter, clock or SystemClock(), covered)
    return tuple(rows)


def _plan_github(
    settings: Settings, request: CollectRequest, reporter: Reporter, clock: Clock, engine: Engine | None, *, mined: bool
) -> Iterator[PlanRow]:
    from miner import evidenceplan, githubplan

    frame = evidenceplan.frame_of(settings) if mined else None
    found = list(githubplan.plan_github(settings, request, reporter, clock, engine, frame))
    yield from found
    if found and all(row.state == "unreachable" for row in found) and settings.github.evidence:
        yield PlanRow("github", evidenceplan.ITEM, "unreachable", None, "")
        return
    yield from evidenceplan.plan_evidence(settings, request, reporter, clock, engine, frame)


def _plan_git(settings: Settings, request: CollectRequest, reporter: Reporter, covered: Covered) -> Iterator[PlanRow]:
    for text in targets(settings, request):
        name = git.without_secrets(text)
        try:
            locator = locate(text, settings.github, settings.git)
            name = locator.name
            yield _plan_repository(settings, request, GitRepository(locator, settings), covered)
        except RepositoryError as error:
            reporter.warn(name, str(error).removeprefix(f"{name}: "))
            yield PlanRow(SOURCE, name, "unreachable", None, "1 ls-remote")


def _plan_repository(settings: Settings, request: CollectRequest, repo: GitRepository, covered: Covered) -> PlanRow:
    tip = repo.probe()
    left = gaps(request.window, covered(SOURCE, query(repo.locator, settings, request), tip.identity))
    if not tip.shas or not left:
        return PlanRow(SOURCE, repo.name, "nothing new", 0, "1 ls-remote")
    if not repo.has(tip):
        state = "update" if repo.git_dir.exists() else "clone"
        return PlanRow(SOURCE, repo.name, state, None, f"1 ls-remote, 1 {'fetch' if state == 'update' else 'clone'}")
    commits = repo.history(tip)
    inside = sum(
        commit.parents < 2 and any(gap.since <= commit.epoch < gap.until for gap in left) for commit in commits
    )
    commits_now = inside if request.limit is None else min(inside, request.limit)
    return PlanRow(SOURCE, repo.name, "mine", commits_now, "1 ls-remote, no transfer")


def _plan_dump(settings: Settings, request: CollectRequest, reporter: Reporter) -> Iterator[PlanRow]:
    from miner.collect.dump import open_dump

    path = Path(request.dump or "")
    try:
        dump = open_dump(path, settings.dump, site=request.site, as_of=request.dump_date)
    except DumpError as error:
        reporter.warn(path.name, str(error))
        yield PlanRow("dump", path.name, "unreachable", None, "")
        return
    for table in dump.tables.values():
        day = f"{dump.as_of:%Y-%m-%d}"
        size = "size not known" if table.size is None else f"{table.size:,} bytes"
        yield PlanRow("dump", f"{dump.name} {table.name}", "read", None, f"{size}, {dump.site} as of {day}")


@contextmanager
def _database(settings: Settings) -> Iterator[Engine | None]:
    """Give the database; where there is none yet, None."""
    engine = _opened(settings)
    try:
        yield engine
    finally:
        if engine is not None:
            engine.dispose()


def _opened(settings: Settings) -> Engine | None:
    url = parse_url(settings.database.url)
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        return None
    engine = open_engine(settings.database.url, create=False)
    if schema.current(engine) is None:
        engine.dispose()
        return None
    schema.require(engine)
    return engine


def _covered(engine: Engine | None, source: str, query: str, tip: str) -> list[Interval]:
    if engine is None:
        return []
    with reading(engine) as connection:
        return store.covered(connection, source, query, tip)
