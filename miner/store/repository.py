"""Every query that writes, and those that a crawl asks. Each takes a connection and works in its caller's transaction.

One page is one transaction: its caller opens it with :func:`miner.store.session.writing` and calls :func:`write_page`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from miner.clock import wall_time
from miner.model import Omission, OmissionReason, RawResponse
from miner.secrets import without_secrets
from miner.store import bodies
from miner.store.bulk import insert_rows
from miner.store.coverage import Coverage, Interval, add
from miner.store.merge import COMMIT_LEFT_OUT, merge
from miner.store.posts import newest
from miner.store.posttables import post
from miner.store.rows import PageRows, omission_row, response_row
from miner.store.tables import (
    coverage,
    crawl_run,
    fix,
    git_commit,
    metadata,
    omission,
    raw_response,
    repository,
    repository_alias,
)
from miner.store.values import clean, key


def start_run(
    connection: Connection,
    command: str,
    arguments: Mapping[str, Any],
    miner_version: str,
    rater: str = "",
    *,
    journal: str | None = None,
    run_id: int | None = None,
) -> int:
    """Enter a run as running, and give its number.

    :param arguments: what it was asked for, without secrets.
    :param journal: the name of its record in the archive.
    :param run_id: its number, where it has one already: a rebuild gives each run its own again.
    """
    return _insert_numbered(
        connection,
        crawl_run,
        {
            **({} if run_id is None else {"run_id": run_id}),
            "journal": journal,
            "commits": None if journal is None else 0,
            "command": command,
            "arguments": _json(arguments),
            "miner_version": miner_version,
            "rater": rater,
            "started_at": wall_time(),
            "status": "running",
        },
    )


def count_commit(connection: Connection, run_id: int) -> None:
    """Count a transaction of a run, in the transaction itself."""
    same = crawl_run.c.run_id == run_id
    connection.execute(update(crawl_run).where(same).values(commits=crawl_run.c.commits + 1))


def run_before(connection: Connection, run_id: int) -> tuple[str | None, int | None]:
    """Give the record's name of the recorded run before a run, and how often that committed if it never ended."""
    columns = (crawl_run.c.journal, crawl_run.c.commits, crawl_run.c.status)
    earlier = (crawl_run.c.run_id < run_id, crawl_run.c.journal.is_not(None))
    found = connection.execute(select(*columns).where(*earlier).order_by(crawl_run.c.run_id.desc()).limit(1)).first()
    return (None, None) if found is None else (found.journal, found.commits if found.status == "running" else None)


def finish_run(connection: Connection, run_id: int, status: str, summary: Mapping[str, Any]) -> None:
    """Enter how a run ended: complete, partial, interrupted or failed."""
    connection.execute(
        update(crawl_run)
        .where(crawl_run.c.run_id == run_id)
        .values(status=status, summary=_json(summary), finished_at=wall_time())
    )


def register_repository(
    connection: Connection,
    *,
    run_id: int,
    name: str,
    host: str,
    clone_url: str,
    asked: Sequence[str] = (),
    github_id: int | None = None,
    default_branch: str | None = None,
    availability: str = "there",
) -> int:
    """Enter a repository or what is new about it, and give its number.

    It is known by GitHub's number, else by any name that it was asked by before. Names on GitHub know no case.

    :param name: its full name (owner/name), or path.
    :param host: its host, empty for a local path.
    :param asked: further names, URLs and paths that it was asked by.
    :param availability: there, gone or unknown.
    """
    full_name = name if host in ("", "github.com") else f"{host}/{name}"
    aliases = list(dict.fromkeys(key(without_secrets(alias)) for alias in (full_name, clone_url, *asked)))
    _lock(connection, repository)
    repository_id = _find_repository(connection, github_id, aliases, host)
    seen: dict[str, Any] = {
        "host": host,
        "name": clean(name),
        "clone_url": clean(without_secrets(clone_url)),
        "availability": availability,
        "checked_at": wall_time(),
        "run_id": run_id,
    }
    seen |= {k: v for k, v in (("github_id", github_id), ("default_branch", default_branch)) if v is not None}
    if repository_id is None:
        repository_id = _insert_numbered(connection, repository, seen)
    else:
        if github_id is None:
            # Only GitHub's answer tells a repository's current name; what it was asked by may be an old one.
            del seen["name"]
        connection.execute(update(repository).where(repository.c.repository_id == repository_id).values(seen))
    insert_rows(connection, repository_alias, [(alias, repository_id, run_id) for alias in aliases])
    return repository_id


def active_repositories(connection: Connection, but: Collection[str]) -> list[str]:
    """Give what to ask for each repository that is not gone, but those of some names, in the order of their numbers.

    One whose name on GitHub leads to another one now is left out: by that name the other one would be asked again.
    """
    listed = {key(name) for name in but}
    aliases = connection.execute(select(repository_alias.c.repository_id, repository_alias.c.name)).all()
    known = {row.repository_id for row in aliases if row.name in listed}
    leads = {row.name.lower(): row.repository_id for row in aliases}
    columns = (repository.c.repository_id, repository.c.host, repository.c.name, repository.c.clone_url)
    there = select(*columns).where(repository.c.availability != "gone").order_by(repository.c.repository_id)
    rows = [row for row in connection.execute(there) if row.repository_id not in known]
    own = [row for row in rows if row.host != "github.com" or leads.get(key(row.name).lower()) == row.repository_id]
    return [row.name if row.host in ("github.com", "local") else row.clone_url for row in own]


def covered(connection: Connection, source: str, query: str, tip: str = "") -> list[Interval]:
    """Give the intervals of a query that are at hand completely, in order."""
    return [row.interval for row in _ledger(connection, source, key(query), key(tip)) if row.complete]


def tips(connection: Connection, source: str, query: str) -> list[str]:
    """Give the states of a source at which a query has complete intervals, the latest first."""
    latest = func.max(coverage.c.run_id)
    found = connection.scalars(
        select(coverage.c.tip)
        .where(coverage.c.source == source, coverage.c.query == key(query), coverage.c.complete)
        .group_by(coverage.c.tip)
        .order_by(latest.desc(), coverage.c.tip)
    )
    return list(found)


def response_of(connection: Connection, source: str, query: str, tip: str) -> bytes | None:
    """Give what the source sent when a query was at this state of it; None if no single response is known."""
    found = connection.execute(
        select(raw_response.c.response_sha256, raw_response.c.body)
        .join(coverage, coverage.c.response_sha256 == raw_response.c.response_sha256)
        .where(coverage.c.source == source, coverage.c.query == key(query), coverage.c.tip == key(tip))
        .order_by(coverage.c.since_epoch)
        .limit(1)
    ).first()
    return None if found is None else bodies.body_of(connection, *found)


def response_to(connection: Connection, source: str, url: str) -> bytes | None:
    """Give the latest body that a source sent when asked for an address; None if it was never asked."""
    columns = raw_response.c
    found = connection.execute(
        select(columns.response_sha256, columns.body)
        .where(columns.source == source, columns.url == url)
        .order_by(columns.fetched_at.desc(), columns.response_sha256)
        .limit(1)
    ).first()
    return None if found is None else bodies.body_of(connection, *found)


def forget_coverage(connection: Connection, source: str, query: str, since: int) -> None:
    """Take back that a query is covered from a moment on, in seconds since 1970."""
    _lock(connection, coverage)
    before = _ledger(connection, source, key(query), "")
    for row in before:
        if row.interval.until <= since:
            continue
        same = (coverage.c.source == source, coverage.c.query == key(query), coverage.c.tip == "")
        this = (*same, coverage.c.since_epoch == row.interval.since)
        if row.interval.since >= since:
            connection.execute(delete(coverage).where(*this))
        else:
            connection.execute(update(coverage).where(*this).values(until_epoch=since))


def mark_gone(connection: Connection, run_id: int, names: Iterable[str]) -> None:
    """Enter that repositories which were there before are gone; what they brought is kept.

    :param names: names, URLs and paths that they were asked by.
    """
    known = select(repository_alias.c.repository_id).where(repository_alias.c.name.in_([key(name) for name in names]))
    connection.execute(
        update(repository)
        .where(repository.c.repository_id.in_(known))
        .values(availability="gone", checked_at=wall_time(), run_id=run_id)
    )


def lock_posts(connection: Connection) -> None:
    """Let nobody else write posts, and what is judged of them, before this transaction ends."""
    _lock(connection, post)


def lock_commits(connection: Connection) -> None:
    """Let nobody else write commits, and what is judged of them, before this transaction ends."""
    _lock(connection, git_commit)


def write_page(
    connection: Connection, rows: PageRows, proof: Coverage | None = None, run_id: int | None = None
) -> dict[str, int]:
    """Write a page's rows and the coverage that they prove. Writing the same page again changes nothing.

    A commit is the unit: of two versions of it, one is stored; see :func:`miner.store.merge.merge`. Each fix
    resolves an earlier omission of its commit for want of library code. Of a post the newest version is stored; see
    :func:`miner.store.posts.newest`.

    :param run_id: the run that resolves, for a page without a proof; without either, nothing is resolved.
    :return: how many rows of each table are new.
    """
    resolving = proof.run_id if run_id is None and proof is not None else run_id
    if rows.get("git_commit") or rows.get("file_change"):
        # Another writer that met the same commit after the look at what is there would mix its version with this one.
        lock_commits(connection)
    if rows.get("post"):
        lock_posts(connection)
    chosen = newest(connection, merge(connection, rows, resolving))
    if rows.get("raw_response"):
        chosen = {**chosen, "raw_response": bodies.kept(connection, chosen["raw_response"])}
    new = {
        table.name: insert_rows(connection, table, chosen[table.name])
        for table in metadata.sorted_tables
        if rows.get(table.name)
    }
    if resolving is not None:
        _resolve_fixed(connection, rows, resolving)
    if proof is not None:
        add_coverage(connection, proof)
    return new


def add_coverage(connection: Connection, new: Coverage) -> None:
    """Enter an interval into the ledger, in its canonical form; see :func:`miner.store.coverage.add`."""
    _lock(connection, coverage)
    query, tip = key(new.query), key(new.tip)
    before = _ledger(connection, new.source, query, tip, touching=new.interval)
    after = add(before, new)
    gone = [row.interval.since for row in before if row not in after]
    if gone:
        connection.execute(
            delete(coverage).where(
                coverage.c.source == new.source,
                coverage.c.query == query,
                coverage.c.tip == tip,
                coverage.c.since_epoch.in_(gone),
            )
        )
    rows = [_coverage_row(row, query, tip) for row in after if row not in before]
    if rows:
        connection.execute(insert(coverage), rows)


def put_response(connection: Connection, response: RawResponse) -> str:
    """Store what a source sent, once, and give its SHA-256."""
    row = response_row(response)
    insert_rows(connection, raw_response, bodies.kept(connection, [row]))
    return str(row[0])


def record_omission(
    connection: Connection, run_id: int, source: str, left_out: Omission, repository_id: int | None = None
) -> None:
    """Enter something that is left out now; if it was left out before and resolved since, it is open again."""
    row = omission_row(source, left_out, repository_id, run_id)
    values = dict(zip(omission.c.keys(), row, strict=True))
    same = [column == values.pop(column.name) for column in omission.primary_key]
    if connection.execute(update(omission).where(*same).values(values)).rowcount == 0:
        insert_rows(connection, omission, [row])


def resolve_omissions(
    connection: Connection,
    run_id: int,
    source: str,
    subjects: Iterable[str],
    reasons: Iterable[OmissionReason] = tuple(OmissionReason),
) -> int:
    """Enter that a run brought what an earlier one had left out, and give how many omissions that resolves."""
    resolved = 0
    keys = [key(subject) for subject in subjects]
    wanted = [reason.value for reason in reasons]
    for start in range(0, len(keys), 500):
        resolved += connection.execute(
            update(omission)
            .where(
                omission.c.source == source,
                omission.c.subject.in_(keys[start : start + 500]),
                omission.c.reason.in_(wanted),
                omission.c.resolved_run_id.is_(None),
            )
            .values(resolved_run_id=run_id)
        ).rowcount
    return resolved


def _resolve_fixed(connection: Connection, rows: PageRows, run_id: int) -> None:
    """Enter as brought what was left out for want of library code, by an earlier run or by this one, a narrower one.

    What the page itself leaves out is brought only if the fix was there before.
    """
    left_out = {row[1] for row in rows.get("omission", ())}
    fixed: dict[str, set[str]] = {}
    for _, source, sha, *_ in rows.get("fix", ()):
        if sha is not None:
            fixed.setdefault(source, set()).add(f"commit:{sha}")
    for source, subjects in fixed.items():
        resolve_omissions(connection, run_id, source, sorted(subjects - left_out), COMMIT_LEFT_OUT)
    reasons = {reason.value for reason in COMMIT_LEFT_OUT}
    own = {row[2] for row in rows.get("fix", ())}
    shas = [row[4] for row in rows.get("omission", ()) if row[2] in reasons and row[4] and row[4] not in own]
    for start in range(0, len(shas), 500):
        fixed_before = connection.scalars(select(fix.c.sha).where(fix.c.sha.in_(shas[start : start + 500])))
        brought = [f"commit:{sha}" for sha in fixed_before]
        resolve_omissions(connection, run_id, "git", brought, COMMIT_LEFT_OUT)


def _insert_numbered(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    # A sequence would skip numbers after a rollback, and a killed run would then not equal an unbroken one.
    _lock(connection, table)
    (number,) = table.primary_key.columns
    following: int = (connection.scalar(select(func.max(number))) or 0) + 1
    numbered = {number.name: following, **values}
    connection.execute(insert(table).values(numbered))
    return int(numbered[number.name])


def _find_repository(connection: Connection, github_id: int | None, aliases: list[str], host: str) -> int | None:
    if github_id is not None:
        found = connection.scalar(select(repository.c.repository_id).where(repository.c.github_id == github_id))
        if found is not None:
            return int(found)
    name: ColumnElement[str] = repository_alias.c.name
    if host == "github.com":
        name, aliases = func.lower(name), [alias.lower() for alias in aliases]
    known = select(repository.c.repository_id).join(repository_alias).where(name.in_(aliases))
    if github_id is not None:
        known = known.where(repository.c.github_id.is_(None))
    found = connection.scalar(known.order_by(repository.c.repository_id))
    return None if found is None else int(found)


def _ledger(
    connection: Connection, source: str, query: str, tip: str, touching: Interval | None = None
) -> list[Coverage]:
    columns = coverage.c
    statement = select(coverage).where(columns.source == source, columns.query == query, columns.tip == tip)
    if touching is not None:
        statement = statement.where(columns.since_epoch <= touching.until, columns.until_epoch >= touching.since)
    return [_coverage(row._asdict()) for row in connection.execute(statement.order_by(columns.since_epoch))]


def _coverage(row: dict[str, Any]) -> Coverage:
    return Coverage(interval=Interval(row.pop("since_epoch"), row.pop("until_epoch")), **row)


def _coverage_row(row: Coverage, query: str, tip: str) -> dict[str, Any]:
    values = {c.name: getattr(row, c.name) for c in coverage.c if not c.name.endswith("_epoch")}
    interval = {"since_epoch": row.interval.since, "until_epoch": row.interval.until}
    return {**values, **interval, "query": query, "tip": tip, "reason": clean(row.reason)}


def _lock(connection: Connection, table: Table) -> None:
    # On SQLite a writing transaction is the only one already.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE')


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, default=str)
