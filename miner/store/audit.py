"""Every query of an audit: what is covered, what is stored there, and what is left out with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from miner.store.coverage import Coverage, Interval, overlaps
from miner.store.githubtables import discovery, github_repository
from miner.store.posttables import post, post_tag
from miner.store.status import GAPS, Gap
from miner.store.tables import (
    coverage,
    crawl_run,
    git_commit,
    omission,
    repository,
    repository_alias,
    repository_commit,
)
from miner.store.values import key

_CHUNK = 500


def covered_rows(connection: Connection, source: str) -> list[Coverage]:
    """Give the complete rows of a source's ledger: of each query those of the state that was read last."""
    found = connection.execute(
        select(coverage)
        .where(coverage.c.source == source, coverage.c.complete)
        .order_by(coverage.c.query, coverage.c.run_id, coverage.c.tip, coverage.c.since_epoch)
    )
    rows: dict[str, list[Coverage]] = {}
    for row in found:
        values = row._asdict()
        one = Coverage(interval=Interval(values.pop("since_epoch"), values.pop("until_epoch")), **values)
        kept = rows.setdefault(one.query, [])
        if kept and kept[-1].tip != one.tip:
            kept.clear()
        kept.append(one)
    return [one for kept in rows.values() for one in kept]


def all_gaps(connection: Connection, sources: Collection[str], window: Interval) -> tuple[Gap, ...]:
    """Give every gap of the ledger that reaches into a window; no sources: of all."""
    found = [Gap(*row) for row in connection.execute(select(GAPS).order_by(*GAPS.c))]
    return tuple(
        gap
        for gap in found
        if (not sources or gap.source in sources) and overlaps(Interval(gap.since_epoch, gap.until_epoch), window)
    )


def started(connection: Connection, run_id: int) -> datetime:
    """Give when a run started."""
    moment: datetime = connection.scalars(select(crawl_run.c.started_at).where(crawl_run.c.run_id == run_id)).one()
    return moment


def question_dates(connection: Connection, site: str, tag: str) -> Iterator[int]:
    """Give when the stored questions of a tag were asked, in order."""
    statement = select(post.c.created_at).join(post_tag, _tagged()).where(*_of_tag(site, tag))
    return (int(moment.timestamp()) for moment in connection.scalars(statement.order_by(post.c.created_at)))


def questions(connection: Connection, site: str, tag: str, interval: Interval) -> dict[int, str]:
    """Give the stored questions of a tag that were asked in an interval, with their availability."""
    statement = select(post.c.post_id, post.c.created_at, post.c.availability).join(post_tag, _tagged())
    found = connection.execute(statement.where(*_of_tag(site, tag), *_between(post.c.created_at, interval)))
    return {row.post_id: row.availability for row in found if _holds(interval, row.created_at)}


def posts(connection: Connection, site: str, numbers: Collection[int]) -> set[int]:
    """Give those of some posts that are stored, or left out with a reason."""
    found: set[int] = set()
    for chunk in _chunks(sorted(numbers)):
        stored = select(post.c.post_id).where(post.c.site == site, post.c.post_id.in_(chunk))
        found.update(connection.scalars(stored))
        subjects = {f"{kind}:{site}:{number}": number for number in chunk for kind in ("post", "question")}
        left_out = select(omission.c.subject).where(omission.c.subject.in_(sorted(subjects)))
        found.update(subjects[subject] for subject in connection.scalars(left_out))
    return found


def repository_of(connection: Connection, locator_key: str) -> tuple[int, str, str] | None:
    """Give the number, name and host of the repository that was asked by an address."""
    row = connection.execute(
        select(repository.c.repository_id, repository.c.name, repository.c.host)
        .join(repository_alias)
        .where(repository_alias.c.name == key(locator_key))
    ).first()
    return None if row is None else (row.repository_id, row.name, row.host)


def commit_dates(connection: Connection, repository_id: int) -> Iterator[int]:
    """Give the committer dates of a repository's stored commits, in order, in epoch seconds."""
    of = repository_commit.c.repository_id == repository_id
    statement = select(git_commit.c.committed_epoch).join(repository_commit).where(of)
    return iter(connection.scalars(statement.order_by(git_commit.c.committed_epoch)))


def commits(connection: Connection, repository_id: int, interval: Interval) -> set[str]:
    """Give a repository's stored commits of an interval of committer dates."""
    epochs = git_commit.c.committed_epoch
    statement = select(git_commit.c.sha).join(repository_commit).where(
        repository_commit.c.repository_id == repository_id, epochs >= interval.since, epochs < interval.until
    )  # fmt: skip
    return set(connection.scalars(statement))


def left_out_commits(connection: Connection, shas: Iterable[str]) -> set[str]:
    """Give those of some commits that are left out with a reason that is not resolved."""
    found: set[str] = set()
    for chunk in _chunks(sorted(shas)):
        subjects = {f"commit:{sha}": sha for sha in chunk}
        statement = select(omission.c.subject).where(
            omission.c.subject.in_(sorted(subjects)), omission.c.resolved_run_id.is_(None)
        )
        found.update(subjects[subject] for subject in connection.scalars(statement))
    return found


def found_dates(connection: Connection, search: str) -> Iterator[int]:
    """Give when the repositories that a search found were created, in order, in epoch seconds."""
    statement = (
        select(github_repository.c.created_at)
        .join(discovery, discovery.c.repository_id == github_repository.c.repository_id)
        .where(discovery.c.query == search, github_repository.c.created_at.is_not(None))
        .distinct()
        .order_by(github_repository.c.created_at)
    )
    return (int(moment.timestamp()) for moment in connection.scalars(statement))


def found(connection: Connection, search: str) -> set[tuple[int, str]]:
    """Give what a search found: repositories by GitHub's number, and the commit, "" for a search of repositories."""
    statement = select(repository.c.github_id, discovery.c.sha).join(discovery).where(discovery.c.query == search)
    return {(row.github_id, row.sha) for row in connection.execute(statement)}


def refused(connection: Connection, names: Iterable[str]) -> set[str]:
    """Give those of some repositories that are left out with a reason."""
    subjects = {f"repository:{name}": name for name in names}
    statement = select(omission.c.subject).where(omission.c.subject.in_(sorted(subjects)))
    return {subjects[subject] for subject in connection.scalars(statement)}


def _tagged() -> ColumnElement[bool]:
    return (post.c.site == post_tag.c.site) & (post.c.post_id == post_tag.c.post_id)


def _of_tag(site: str, tag: str) -> tuple[ColumnElement[bool], ...]:
    return post_tag.c.site == site, post_tag.c.tag == key(tag), post.c.kind == "question"


def _between(column: ColumnElement[datetime], interval: Interval) -> list[ColumnElement[bool]]:
    """Narrow down by the bounds that are dates; whoever asks compares the seconds."""
    bounds = []
    with_since, with_until = (-(10**10) < bound < 10**11 for bound in (interval.since, interval.until))
    if with_since:
        bounds.append(column >= datetime.fromtimestamp(interval.since, UTC))
    if with_until:
        bounds.append(column <= datetime.fromtimestamp(interval.until, UTC))
    return bounds


def _holds(interval: Interval, moment: datetime) -> bool:
    return interval.since <= moment.timestamp() < interval.until


def _chunks(values: list[Any]) -> Iterator[list[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
