"""Says what a collect would do and what it costs, without doing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from miner.collect import git
from miner.collect.gitrepo import GitRepository
from miner.collect.locators import locate
from miner.errors import RepositoryError
from miner.job import SOURCE, CollectRequest, PlanRow, Reporter, query, targets
from miner.settings import Settings
from miner.store import repository as store
from miner.store import schema
from miner.store.coverage import Interval, gaps
from miner.store.session import open_engine, parse_url, reading


def plan(settings: Settings, request: CollectRequest, reporter: Reporter) -> tuple[PlanRow, ...]:
    """Say what :func:`miner.pipeline.collect` would do and cost. It asks each repository once, and writes nothing.

    :raises MinerError: if there is no git, or the database cannot be read.
    """
    git.check_version()
    return tuple(_plan(settings, request, reporter))


def _plan(settings: Settings, request: CollectRequest, reporter: Reporter) -> Iterator[PlanRow]:
    for text in targets(settings, request):
        name = git.without_secrets(text)
        try:
            locator = locate(text, settings.github, settings.git)
            name = locator.name
            yield _plan_repository(settings, request, GitRepository(locator, settings))
        except RepositoryError as error:
            reporter.warn(name, str(error).removeprefix(f"{name}: "))
            yield PlanRow(SOURCE, name, "unreachable", None, "1 ls-remote")


def _plan_repository(settings: Settings, request: CollectRequest, repo: GitRepository) -> PlanRow:
    tip = repo.probe()
    left = gaps(request.window, _covered(settings, query(repo.locator, settings, request), tip.identity))
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


def _covered(settings: Settings, query: str, tip: str) -> list[Interval]:
    url = parse_url(settings.database.url)
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        return []
    engine = open_engine(settings.database.url, create=False)
    try:
        if schema.current(engine) is None:
            return []
        schema.require(engine)
        with reading(engine) as connection:
            return store.covered(connection, SOURCE, query, tip)
    finally:
        engine.dispose()
