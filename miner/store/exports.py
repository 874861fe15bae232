"""Every query of the exports: what is selected, in which order, and what belongs to it. All of them stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Text,
    and_,
    column,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
)
from sqlalchemy import table as view

from miner.store.githubtables import fix_cluster, github_repository, link
from miner.store.posttables import pair, post, post_link
from miner.store.relabeltables import superseded_fix
from miner.store.tables import (
    file_change,
    fix,
    fix_hunk,
    git_commit,
    hunk,
    metadata,
    repository,
    repository_commit,
)
from miner.store.views import views

PAGE = 500
_VIEW_KEYS = {
    "current_label": ("fix_id", "scheme", "rater", "rank"),
    "fix_overview": ("fix_id", "rater"),
    "fix_pairs": ("fix_id", "pair_no"),
    "post_attribution": ("fix_id", "kind"),
}
"""The columns that tell rows of a large view apart: in their order it streams from an index, without a sort."""

_LABEL = ("fix_id", "scheme", "rater", "rank", "value", "confidence")
_current_label = view("current_label", *map(column, _LABEL))
_rating_current = view("rating_current", *map(column, ("fix_id", "scheme", "rater", "value")))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which fixes are exported. Empty tuples and None mean: all. Times are of the fix, the interval is half-open.

    ``patterns`` and ``min_confidence`` are of a rater's first choice, or of ``rater``'s alone; people are sure.
    """

    sources: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    rater: str | None = None
    min_confidence: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values; times in ISO 8601."""
        given = asdict(self)
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()}


def relations() -> list[str]:
    """Give the names of all tables and views, as docs/schema.md lists them."""
    return [*metadata.tables, *(view.name for view in views())]


def columns_of(name: str) -> list[str]:
    """Give the names of the columns of a table or a view."""
    table = metadata.tables.get(name)
    if table is not None:
        return [column.name for column in table.columns]
    return next(list(view.columns) for view in views() if view.name == name)


def rows_of(connection: Connection, name: str) -> Iterator[Sequence[Any]]:
    """Give the rows of a table or a view in an order that does not change, as they are read."""
    table = metadata.tables.get(name)
    statement: Executable
    if table is not None:
        statement = select(table).order_by(*(_binary(connection, one) for one in table.primary_key))
    else:
        statement = text(_view_query(name))
    with connection.execution_options(stream_results=True).execute(statement) as result:
        for part in result.partitions(PAGE):
            yield from part


def _view_query(name: str) -> str:
    if name in _VIEW_KEYS:
        return f"SELECT * FROM {name} ORDER BY {', '.join(_VIEW_KEYS[name])}"  # noqa: S608 - the name is one of ours
    # Apart from the view's own query: SQLite plans that for the order otherwise, and may read a table for each row.
    places = ", ".join(str(at) for at in range(1, len(columns_of(name)) + 1))
    return f"WITH viewed AS MATERIALIZED (SELECT * FROM {name}) SELECT * FROM viewed ORDER BY {places}"  # noqa: S608


def count(connection: Connection, selection: Selection) -> int:
    """Count the selected fixes."""
    return connection.scalar(select(func.count()).select_from(fix).where(*_selected(selection))) or 0


def count_commits(connection: Connection, selection: Selection) -> int:
    """Count the commits that have a selected fix."""
    return connection.scalar(select(func.count(fix.c.sha.distinct())).where(*_selected(selection))) or 0


def moment_at(connection: Connection, selection: Selection, share: float) -> datetime | None:
    """Give the time before which a share of the selected fixes was made; None if no time is known."""
    known = (*_selected(selection), fix.c.fixed_at.is_not(None))
    of_time = connection.scalar(select(func.count()).select_from(fix).where(*known)) or 0
    at = min(int(of_time * share), of_time - 1)
    moments = select(fix.c.fixed_at).where(*known).order_by(fix.c.fixed_at).offset(max(at, 0)).limit(1)
    return connection.scalar(moments)


def pages(connection: Connection, selection: Selection) -> Iterator[list[Any]]:
    """Give the selected fixes in the order of their ids, a page at a time."""
    order = _binary(connection, fix.c.fix_id)
    last = ""
    while True:
        query = select(fix).where(*_selected(selection), order > last).order_by(order).limit(PAGE)
        page = list(connection.execute(query))
        if not page:
            return
        yield page
        last = page[-1].fix_id


def commit_pages(connection: Connection, selection: Selection) -> Iterator[list[str]]:
    """Give the shas of commits that have a selected fix, in order, a page at a time."""
    order = _binary(connection, git_commit.c.sha)
    fixed = exists().where(fix.c.sha == git_commit.c.sha, *_selected(selection))
    last = ""
    while True:
        page = list(connection.scalars(select(git_commit.c.sha).where(fixed, order > last).order_by(order).limit(PAGE)))
        if not page:
            return
        yield page
        last = page[-1]


def commits(connection: Connection, shas: Collection[str]) -> dict[str, Any]:
    """Give commits with the first repository that holds each, its parents and its licence, by sha."""
    first = (
        select(repository_commit.c.sha, func.min(repository_commit.c.repository_id).label("repository_id"))
        .where(repository_commit.c.sha.in_(shas))
        .group_by(repository_commit.c.sha)
        .subquery()
    )
    found = connection.execute(
        select(
            git_commit,
            repository.c.repository_id,
            repository.c.name.label("repository"),
            repository.c.host,
            github_repository.c.licence,
        )
        .join(first, first.c.sha == git_commit.c.sha)
        .join(repository, repository.c.repository_id == first.c.repository_id)
        .outerjoin(github_repository, github_repository.c.repository_id == repository.c.repository_id)
    )
    return {row.sha: row for row in found}


def changes(connection: Connection, shas: Collection[str]) -> dict[str, dict[int, tuple[Any, list[Any]]]]:
    """Give what commits changed: by sha and number of the file its row and its hunks, in order."""
    found: dict[str, dict[int, tuple[Any, list[Any]]]] = {}
    files = select(file_change).where(file_change.c.sha.in_(shas)).order_by(file_change.c.sha, file_change.c.file_no)
    for row in connection.execute(files):
        found.setdefault(row.sha, {})[row.file_no] = (row, [])
    pieces = select(hunk).where(hunk.c.sha.in_(shas)).order_by(hunk.c.sha, hunk.c.file_no, hunk.c.hunk_no)
    for row in connection.execute(pieces):
        found[row.sha][row.file_no][1].append(row)
    return found


def by_fix(connection: Connection, name: str, fix_ids: Collection[str]) -> dict[str, list[Any]]:
    """Give the rows of a table that belong to fixes (fix_hunk, pair, fix_cluster), in order of its key."""
    table = {"fix_hunk": fix_hunk, "pair": pair, "fix_cluster": fix_cluster}[name]
    order = [_binary(connection, column) for column in table.primary_key]
    found: dict[str, list[Any]] = {}
    for row in connection.execute(select(table).where(table.c.fix_id.in_(fix_ids)).order_by(*order)):
        found.setdefault(row.fix_id, []).append(row)
    return found


def labels(connection: Connection, fix_ids: Collection[str]) -> dict[str, list[Any]]:
    """Give what people and the rules in force say of fixes now, by scheme, rater and rank; of people no confidence."""
    by_rules = select(*_current_label.c).where(_current_label.c.fix_id.in_(fix_ids))
    people = _rating_current.c
    by_people = select(
        people.fix_id, people.scheme, people.rater, literal(1).label("rank"), people.value, null().label("confidence")
    ).where(people.fix_id.in_(fix_ids))
    found: dict[str, list[Any]] = {}
    for row in (*connection.execute(by_rules), *connection.execute(by_people)):
        found.setdefault(row.fix_id, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row.scheme, row.rater, row.rank, row.value))
    return found


def posts(connection: Connection, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], Any]:
    """Give posts by site and number."""
    found: dict[tuple[str, int], Any] = {}
    # Not a pair IN pairs: SQLite would read all posts of the site.
    for site in sorted({site for site, _ in keys}):
        numbers = sorted(number for other, number in keys if other == site)
        rows = connection.execute(select(post).where(post.c.site == site, post.c.post_id.in_(numbers)))
        found |= {(row.site, row.post_id): row for row in rows}
    return found


def shared_commits(connection: Connection) -> Iterator[tuple[str, int]]:
    """Give each commit that several repositories hold, with each of them, commit by commit."""
    several = (
        select(repository_commit.c.sha)
        .group_by(repository_commit.c.sha)
        .having(func.count() > 1)
        .order_by(repository_commit.c.sha)
        .subquery()
    )
    query = (
        select(repository_commit.c.sha, repository_commit.c.repository_id)
        .join(several, several.c.sha == repository_commit.c.sha)
        .order_by(repository_commit.c.sha, repository_commit.c.repository_id)
    )
    return (tuple(row) for row in connection.execution_options(stream_results=True).execute(query))


def shared_clusters(connection: Connection) -> Iterator[tuple[str, int]]:
    """Give each cluster of several fixes, superseded ones too, with each repository that holds one of them."""
    several = select(fix_cluster.c.cluster_id).group_by(fix_cluster.c.cluster_id).having(func.count() > 1).subquery()
    query = (
        select(fix_cluster.c.cluster_id, repository_commit.c.repository_id)
        .distinct()
        .join(several, several.c.cluster_id == fix_cluster.c.cluster_id)
        .join(fix, fix.c.fix_id == fix_cluster.c.fix_id)
        .join(repository_commit, repository_commit.c.sha == fix.c.sha)
        .order_by(fix_cluster.c.cluster_id, repository_commit.c.repository_id)
    )
    return (tuple(row) for row in connection.execution_options(stream_results=True).execute(query))


def citations(connection: Connection) -> Iterator[tuple[int, str, int]]:
    """Give the repositories whose commits cite a post or are cited by one, with the site and question of the post."""
    by_commit = and_(link.c.source_kind == "commit", link.c.target_kind == "post")
    by_post = and_(link.c.source_kind == "post", link.c.target_kind == "commit")
    # A post gives a sha as it likes, mostly its start. "g" comes after every hexadecimal digit.
    started = and_(repository_commit.c.sha >= link.c.target_id, repository_commit.c.sha < link.c.target_id + "g")
    held = repository_commit.c.repository_id
    for query in (
        select(held, link.c.target_id).join(link, link.c.source_id == repository_commit.c.sha).where(by_commit),
        select(held, link.c.source_id).join(link, started).where(by_post),
    ):
        # Posts are looked up in pages: SQLite would read all of them for each link.
        with connection.execution_options(stream_results=True).execute(query) as result:
            for part in result.partitions(PAGE):
                yield from _questions(connection, [(number, *_post_key(name)) for number, name in part])


def _post_key(name: str) -> tuple[str, int]:
    site, _, number = name.rpartition("/")
    return site, int(number)


def _questions(connection: Connection, cited: Sequence[tuple[int, str, int]]) -> Iterator[tuple[int, str, int]]:
    for site in sorted({site for _, site, _ in cited}):
        numbers = sorted({number for _, other, number in cited if other == site})
        query = select(post.c.post_id, post.c.question_id).where(post.c.site == site, post.c.post_id.in_(numbers))
        questions = {row.post_id: row.question_id for row in connection.execute(query)}
        for held, other, number in cited:
            if other == site and number in questions:
                yield held, site, questions[number]


def duplicates(connection: Connection) -> Iterator[tuple[str, int, int]]:
    """Give the pairs of questions of a site of which one is a duplicate of the other."""
    query = select(post_link.c.site, post_link.c.post_id, post_link.c.related_post_id)
    found = query.where(post_link.c.kind == "duplicate").order_by(*post_link.primary_key)
    return (tuple(row) for row in connection.execution_options(stream_results=True).execute(found))


def firsts(connection: Connection) -> Iterator[tuple[int, datetime]]:
    """Give of each repository the time of its first fix, superseded or not: that change was there to be learnt from."""
    query = (
        select(repository_commit.c.repository_id, func.min(fix.c.fixed_at))
        .join(fix, fix.c.sha == repository_commit.c.sha)
        .where(fix.c.fixed_at.is_not(None))
        .group_by(repository_commit.c.repository_id)
    )
    return (tuple(row) for row in connection.execute(query))


def first_answers(connection: Connection) -> Iterator[tuple[str, int, datetime]]:
    """Give of each question that has several fixes, or is linked, the time of its first fix."""
    query = (
        select(fix.c.site, fix.c.question_id, func.min(fix.c.fixed_at))
        .where(fix.c.site.is_not(None), fix.c.fixed_at.is_not(None))
        .group_by(fix.c.site, fix.c.question_id)
    )
    return (tuple(row) for row in connection.execution_options(stream_results=True).execute(query))


def as_of(connection: Connection) -> str:
    """Name the state of the database: the newest time that a row of it tells, in ISO 8601; empty if none does."""
    moments = [
        connection.scalar(select(func.max(column)))
        for column in (repository.c.checked_at, post.c.observed_at, fix.c.fixed_at)
    ]
    return max((moment.isoformat() for moment in moments if moment is not None), default="")


def _selected(selection: Selection) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [~exists().where(superseded_fix.c.fix_id == fix.c.fix_id)]
    if selection.sources:
        found.append(fix.c.source.in_(selection.sources))
    if selection.libraries:
        found.append(_unindexed(fix.c.library).in_(selection.libraries))
    if selection.since is not None:
        found.append(fix.c.fixed_at >= selection.since)
    if selection.until is not None:
        found.append(fix.c.fixed_at < selection.until)
    judged = _judged(selection)
    return [*found, judged] if judged is not None else found


def _judged(selection: Selection) -> ColumnElement[bool] | None:
    """Say what the first choice of a pattern must be, by the rules in force or by people; None: anything."""
    if not selection.patterns and selection.rater is None and selection.min_confidence is None:
        return None
    of_rules, of_people = _current_label.c, _rating_current.c
    rules = [of_rules.fix_id == fix.c.fix_id, of_rules.scheme == "pattern", of_rules.rank == 1]
    people: list[ColumnElement[bool]] = [
        of_people.fix_id == fix.c.fix_id,
        _unindexed(of_people.scheme) == "pattern",
    ]
    if selection.patterns:
        rules.append(_unindexed(of_rules.value).in_(selection.patterns))
        people.append(of_people.value.in_(selection.patterns))
    if selection.rater is not None:
        rules.append(of_rules.rater == selection.rater)
        people.append(of_people.rater == selection.rater)
    if selection.min_confidence is not None:
        # People give none: what they say is as good as sure.
        rules.append(of_rules.confidence >= selection.min_confidence)
    return or_(exists().where(*rules), exists().where(*people))


def _unindexed(column: Any) -> ColumnElement[str]:
    """Give a text column so that no index of it is used.

    Without statistics SQLite takes an equality for rarer than it is: it would read all fixes of a library, or all
    labels with a value, for each page or even for each fix, in place of those that the fix's key leads to.
    """
    return func.coalesce(column, "")


def _binary(connection: Connection, column: Any) -> Any:
    """Order texts by their bytes, whatever the database's language is: then both databases give one order."""
    if connection.dialect.name == "postgresql" and isinstance(column.type, Text):
        return column.collate("C")
    return column
