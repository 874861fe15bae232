"""What is stored and has no labels of the rules in force, and how their labels are written. No network, no git.

A commit is done once each of its fixes has a label of the rules, or once it was left out by a run of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, update

from miner.model import OmissionReason
from miner.store import repository as store
from miner.store import splits
from miner.store.bulk import insert_rows
from miner.store.githubtables import discovery, seed
from miner.store.relabeltables import superseded_fix
from miner.store.rows import PageRows
from miner.store.tables import (
    crawl_run,
    file_change,
    fix,
    git_commit,
    hunk,
    label,
    metadata,
    omission,
    repository,
    repository_alias,
    repository_commit,
)

_SOURCE: Final = "git"
_JUDGED: Final = (OmissionReason.NO_LIBRARY_CODE, OmissionReason.COMMIT_FAILED)
_SETTLED: Final = (*_JUDGED, OmissionReason.LIBRARY_NOT_SELECTED, OmissionReason.RULE_FAILED)
# They are of the commit, and say nothing of whether it was searched for fixes.
_BESIDE: Final = (OmissionReason.COMMIT_DATE_INVALID, OmissionReason.RULE_FAILED)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be labelled by which rules; ``libraries`` are those of stored fixes, empty: all that is stored."""

    rater: str
    libraries: tuple[str, ...] = ()


class Holder(NamedTuple):
    """A repository, and the names and the number on GitHub that its clone may be known by."""

    repository_id: int
    name: str
    host: str
    github_id: int | None
    aliases: tuple[str, ...]


class Size(NamedTuple):
    """How much of a commit is stored."""

    hunks: int
    characters: int


def holders(connection: Connection) -> list[Holder]:
    """Give the repositories that hold stored commits, in the order of their numbers."""
    aliases: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(select(repository_alias.c.repository_id, repository_alias.c.name)):
        aliases[row.repository_id].append(row.name)
    columns = (repository.c.repository_id, repository.c.name, repository.c.host, repository.c.github_id)
    rows = connection.execute(select(*columns).order_by(repository.c.repository_id))
    return [Holder(*row, tuple(sorted(aliases[row.repository_id]))) for row in rows]


def commits_left(connection: Connection, scope: Scope, of: int, there: Collection[int]) -> int:
    """Count the commits that the repository ``of`` brings; of those ``there`` the first that holds one brings it."""
    return connection.scalar(select(func.count()).select_from(_commits(scope, of, there).subquery())) or 0


def next_commits(
    connection: Connection, scope: Scope, of: int, there: Collection[int], after: str, most: int
) -> dict[str, Size]:
    """Give the next such commits behind a sha, in order, with how much of each is stored."""
    statement = _commits(scope, of, there).where(git_commit.c.sha > after).order_by(git_commit.c.sha).limit(most)
    return sizes(connection, list(connection.scalars(statement)))


def sizes(connection: Connection, shas: Sequence[str]) -> dict[str, Size]:
    """Give how much of some commits is stored, in their order."""
    found = dict.fromkeys(shas, Size(0, 0))
    for chunk in _chunks(shas):
        columns = (hunk.c.sha, func.count(), func.sum(func.length(hunk.c.body)))
        for sha, hunks, characters in connection.execute(
            select(*columns).where(hunk.c.sha.in_(chunk)).group_by(hunk.c.sha)
        ):
            found[sha] = Size(hunks, int(characters))
    return found


def without_clone(connection: Connection, scope: Scope, there: Collection[int]) -> dict[str, int]:
    """Count the commits that none of the repositories ``there`` holds, by the name of the first that does."""
    held = exists().where(repository_commit.c.sha == git_commit.c.sha, repository_commit.c.repository_id.in_(there))
    first = (
        select(func.min(repository_commit.c.repository_id))
        .where(repository_commit.c.sha == git_commit.c.sha)
        .scalar_subquery()
    )
    shas = select(first.label("repository_id")).select_from(git_commit).where(_is_left(scope), ~held).subquery()
    counted = (
        select(repository.c.name, func.count())
        .join_from(shas, repository, repository.c.repository_id == shas.c.repository_id)
        .group_by(repository.c.name)
        .order_by(repository.c.name)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def chosen(connection: Connection, shas: Sequence[str]) -> frozenset[str]:
    """Give those of some commits that somebody, or a search for commits, named."""
    return frozenset(
        sha
        for chunk in _chunks(shas)
        for column in (seed.c.sha, discovery.c.sha)
        for sha in connection.scalars(select(column).where(column.in_(chunk)).distinct())
    )


def write(connection: Connection, scope: Scope, run_id: int, rows: PageRows, page: Mapping[str, Size]) -> int:
    """Write the fixes and labels of a page of commits, which has all fixes of each, and give how many fixes are new.

    A commit of which more came meanwhile, or that a rule failed over as a whole, keeps what it has.
    """
    store.lock_commits(connection)
    same = [sha for sha, size in sizes(connection, list(page)).items() if size == page[sha]]
    kept = frozenset(same)
    own = {row[0] for row in rows.get("fix", ()) if row[2] in kept}
    told = {name: [row for row in found if row[0] in own] for name, found in rows.items() if name != "omission"}
    failed = {row[4] for row in rows.get("omission", ()) if row[2] == OmissionReason.COMMIT_FAILED.value}
    whole = [sha for sha in same if sha not in failed]
    new = insert_labels(connection, splits.fit(connection, told, whole, whole=(scope.rater, run_id)))
    settle(connection, run_id, _SOURCE, [f"commit:{sha}" for sha in same], rows.get("omission", ()), _SETTLED)
    return new


def insert_labels(connection: Connection, rows: PageRows) -> int:
    """Insert fixes and labels; a rater that labelled a fix before stays with it. Give how many fixes are new."""
    judged = _judged(connection, {row[0] for row in rows.get("label", ())})
    new = 0
    for name in (table.name for table in metadata.sorted_tables if rows.get(table.name)):
        page = rows[name]
        if name in ("label", "label_evidence"):
            page = [row for row in page if row[:3] not in judged]
        inserted = insert_rows(connection, metadata.tables[name], page)
        new += inserted if name == "fix" else 0
    return new


def settle(
    connection: Connection,
    run_id: int,
    source: str,
    subjects: Sequence[str],
    left_out: Sequence[tuple[Any, ...]],
    reasons: Collection[OmissionReason],
) -> None:
    """Let the omissions of subjects, for some reasons, be those that a page gives for them; others are resolved."""
    wanted = frozenset(subjects)
    now = {(row[1], row[2]): row for row in left_out if row[1] in wanted}
    columns = omission.c
    open_before: set[tuple[str, str]] = set()
    for chunk in _chunks(subjects):
        same = (columns.source == source, columns.subject.in_(chunk), columns.reason.in_([r.value for r in reasons]))
        open_before |= {
            (row.subject, row.reason)
            for row in connection.execute(
                select(columns.subject, columns.reason).where(*same, columns.resolved_run_id.is_(None))
            )
        }
    for subject, reason in sorted(open_before - now.keys()):
        store.resolve_omissions(connection, run_id, source, [subject], [OmissionReason(reason)])
    for row in now.values():
        again = update(omission).where(columns.source == source, columns.subject == row[1], columns.reason == row[2])
        values = {"detail": row[3], "run_id": run_id, "resolved_run_id": None}
        if connection.execute(again.values(values)).rowcount == 0:
            insert_rows(connection, omission, [row])


def newest_rater(connection: Connection) -> str | None:
    """Give who labelled last by rules: of a fix that several raters labelled, its labels are in force."""
    rater = crawl_run.c.rater
    return connection.scalar(select(rater).where(rater != "").order_by(crawl_run.c.run_id.desc()).limit(1))


def superseded_by(connection: Connection, run_id: int) -> int:
    """Count the fixes that a run superseded."""
    same = superseded_fix.c.run_id == run_id
    return connection.scalar(select(func.count()).select_from(superseded_fix).where(same)) or 0


def is_current() -> ColumnElement[bool]:
    """Tell whether a fix is not superseded."""
    return ~exists().where(superseded_fix.c.fix_id == fix.c.fix_id)


def has_label(rater: str) -> ColumnElement[bool]:
    """Tell whether a fix has a label of a rater."""
    return exists().where(label.c.fix_id == fix.c.fix_id, label.c.rater == rater)


def judged_by(rater: str) -> ColumnElement[bool]:
    """Tell whether something was left out by a run of a rater."""
    return exists().where(crawl_run.c.run_id == omission.c.run_id, crawl_run.c.rater == rater)


def _commits(scope: Scope, of: int, there: Collection[int]) -> Select[tuple[str]]:
    held, earlier = repository_commit.alias("held"), repository_commit.alias("earlier")
    before = [number for number in there if number < of]
    taken = exists().where(earlier.c.sha == git_commit.c.sha, earlier.c.repository_id.in_(before))
    return (
        select(git_commit.c.sha)
        .join(held, (held.c.sha == git_commit.c.sha) & (held.c.repository_id == of))
        .where(_is_left(scope), ~taken)
    )


def _is_left(scope: Scope) -> ColumnElement[bool]:
    of_commit = fix.c.sha == git_commit.c.sha
    unlabelled = exists().where(of_commit, is_current(), ~has_label(scope.rater))
    if scope.libraries:
        return and_(unlabelled, exists().where(of_commit, is_current(), fix.c.library.in_(scope.libraries)))
    has_fix = exists().where(of_commit, is_current())
    has_files = exists().where(file_change.c.sha == git_commit.c.sha)
    of_subject = (
        omission.c.source == _SOURCE,
        omission.c.subject == "commit:" + git_commit.c.sha,
        omission.c.resolved_run_id.is_(None),
    )
    left_out = exists().where(*of_subject, omission.c.reason.in_(_JUDGED), ~judged_by(scope.rater))
    told = exists().where(*of_subject, omission.c.reason.not_in(_BESIDE))
    return or_(unlabelled, and_(~has_fix, left_out), and_(~has_fix, has_files, ~told))


def _judged(connection: Connection, fixes: set[str]) -> set[tuple[str, str, str]]:
    columns = (label.c.fix_id, label.c.scheme, label.c.rater)
    return {
        (row.fix_id, row.scheme, row.rater)
        for chunk in _chunks(sorted(fixes))
        for row in connection.execute(select(*columns).where(label.c.fix_id.in_(chunk)).distinct())
    }


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
