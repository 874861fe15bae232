"""Every query about issues and pull requests: what came of them, for which commits, and what their judge sees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from miner.classify.issueevidence import IssueFact
from miner.collect.githubissues import CommitAnswer, Issue, ReferenceAnswer
from miner.store.bulk import insert_rows, replace_rows
from miner.store.githubtables import link
from miner.store.issuetables import evidence_request, issue, issue_label, issue_reference
from miner.store.issuework import DueCommit
from miner.store.tables import git_commit
from miner.store.values import clean, key, stamp

_CHUNK = 500
_STRENGTH = {"mentions": 0, "merged_by": 1, "closes": 2}
_RELATIONS: Final[dict[str, Literal["closes", "merged_by", "mentions"]]] = {
    "closes": "closes",
    "merged_by": "merged_by",
    "mentions": "mentions",
}


def put_issues(connection: Connection, issues: Iterable[Issue], response_sha256: str) -> None:
    """Enter issues as GitHub showed them, in place of what was there before, and the names that lead to them."""
    found = {(one.github_id, one.number): one for one in issues}
    rows = [
        (
            *(*identity, one.kind, clean(one.title), one.state, stamp(one.created_at)),
            *(None if one.closed_at is None else stamp(one.closed_at), clean(one.url), response_sha256),
        )
        for identity, one in sorted(found.items())
    ]
    replace_rows(connection, issue, rows)
    for github_id, number in sorted(found):
        same = (issue_label.c.github_id == github_id, issue_label.c.number == number)
        connection.execute(delete(issue_label).where(*same))
    labels = {(*identity, key(label)) for identity, one in found.items() for label in one.labels}
    insert_rows(connection, issue_label, sorted(labels))
    references = {one.target_id: one for one in found.values()}
    put_references(
        connection, [ReferenceAnswer(name, "there", one) for name, one in references.items()], response_sha256
    )


def put_references(connection: Connection, references: Iterable[ReferenceAnswer], response_sha256: str | None) -> None:
    """Enter what references lead to. The issues themselves are there already."""
    rows = [
        (
            *(one.target_id, one.issue.github_id if one.issue else None, one.issue.number if one.issue else None),
            *(one.availability, response_sha256),
        )
        for one in sorted(references, key=lambda one: one.target_id)
    ]
    replace_rows(connection, issue_reference, rows)


def put_links(connection: Connection, answers: Iterable[CommitAnswer]) -> None:
    """Enter by which pull request a commit came and what that closes; a message that says more of it stays."""
    wanted: dict[tuple[str, str], str] = {}
    for answer in answers:
        relations = [(one, "merged_by") for one in answer.pulls] + [(one, "closes") for one in answer.closed]
        for one, kind in relations:
            wanted[answer.sha, key(one.target_id)] = kind
    before = {(row.source_id, row.target_id): row.kind for row in _links(connection, {sha for sha, _ in wanted})}
    new = [("commit", sha, "issue", target, kind) for (sha, target), kind in sorted(wanted.items())]
    insert_rows(connection, link, [row for row in new if (row[1], row[3]) not in before])
    for (sha, target), kind in sorted(wanted.items()):
        if _STRENGTH.get(before.get((sha, target), ""), 9) < _STRENGTH[kind]:
            same = (link.c.source_kind == "commit", link.c.source_id == sha, link.c.target_id == target)
            connection.execute(update(link).where(*same, link.c.target_kind == "issue").values(kind=kind))


def put_requests(
    connection: Connection,
    answers: Sequence[tuple[CommitAnswer, DueCommit]],
    rater: str,
    response_sha256: str,
    run_id: int,
) -> None:
    """Enter for which commits GitHub answered. One whose answer is unknown is asked for again the next time."""
    rows = [
        (answer.sha, due.repository_id, answer.outcome, rater, response_sha256, run_id)
        for answer, due in answers
        if answer.outcome != "unknown"
    ]
    replace_rows(connection, evidence_request, rows)


def asked_about(connection: Connection, issues: Collection[Issue]) -> set[str]:
    """Give the commits that refer to issues, by whatever name, and for which GitHub was asked."""
    numbers: dict[int, set[int]] = {}
    for one in issues:
        numbers.setdefault(one.github_id, set()).add(one.number)
    asked, columns = select(evidence_request.c.sha), issue_reference.c
    return {
        sha
        for github_id, some in sorted(numbers.items())
        for sha in connection.scalars(
            select(link.c.source_id)
            .join(issue_reference, and_(link.c.target_kind == "issue", columns.target_id == link.c.target_id))
            .where(columns.github_id == github_id, columns.number.in_(sorted(some)))
            .where(link.c.source_kind == "commit", link.c.source_id.in_(asked))
        )
    }


def judged_otherwise(connection: Connection, rater: str) -> list[str]:
    """Give the commits whose issues were judged by another rater than this."""
    statement = select(evidence_request.c.sha).where(evidence_request.c.rater != rater).distinct()
    return list(connection.scalars(statement.order_by(evidence_request.c.sha)))


def put_rater(connection: Connection, shas: Collection[str], rater: str) -> None:
    """Enter who judged the issues of commits."""
    for chunk in _chunks(shas):
        connection.execute(update(evidence_request).where(evidence_request.c.sha.in_(chunk)).values(rater=rater))


def messages_and_facts(connection: Connection, shas: Collection[str]) -> dict[str, tuple[str, tuple[IssueFact, ...]]]:
    """Give what the judge of issues sees of commits: the message, and each issue once, by its strongest relation."""
    labels = _labels(connection, shas)
    facts: dict[str, dict[tuple[int, int], IssueFact]] = {}
    for chunk in _chunks(shas):
        rows = connection.execute(
            select(link.c.source_id, link.c.kind.label("relation"), issue)
            .join(issue_reference, issue_reference.c.target_id == link.c.target_id)
            .join(issue, and_(issue.c.github_id == issue_reference.c.github_id, _same_number()))
            .where(link.c.source_kind == "commit", link.c.target_kind == "issue", link.c.source_id.in_(chunk))
            .order_by(link.c.source_id, link.c.target_id)
        )
        for row in rows:
            relation, identity = _RELATIONS.get(row.relation), (row.github_id, row.number)
            known = facts.setdefault(row.source_id, {})
            if relation is None:
                continue
            if identity in known and _STRENGTH[known[identity].relation] >= _STRENGTH[relation]:
                continue
            known[identity] = IssueFact(row.url, row.kind, relation, row.title, tuple(labels.get(identity, ())))
    messages = _messages(connection, shas)
    return {sha: (message, tuple(facts.get(sha, {}).values())) for sha, message in messages.items()}


def _links(connection: Connection, shas: Collection[str]) -> list[Any]:
    columns = link.c
    statement = select(columns.source_id, columns.target_id, columns.kind).where(
        columns.source_kind == "commit", columns.target_kind == "issue"
    )
    return [row for chunk in _chunks(shas) for row in connection.execute(statement.where(columns.source_id.in_(chunk)))]


def _labels(connection: Connection, shas: Collection[str]) -> Mapping[tuple[int, int], list[str]]:
    found: dict[tuple[int, int], set[str]] = {}
    for chunk in _chunks(shas):
        rows = connection.execute(
            select(issue_label)
            .join(issue_reference, _of_label())
            .join(link, and_(link.c.target_kind == "issue", link.c.target_id == issue_reference.c.target_id))
            .where(link.c.source_kind == "commit", link.c.source_id.in_(chunk))
            .distinct()
        )
        for row in rows:
            found.setdefault((row.github_id, row.number), set()).add(row.label)
    return {identity: sorted(labels) for identity, labels in found.items()}


def _of_label() -> ColumnElement[bool]:
    return and_(
        issue_reference.c.github_id == issue_label.c.github_id, issue_reference.c.number == issue_label.c.number
    )


def _same_number() -> ColumnElement[bool]:
    return issue.c.number == issue_reference.c.number


def _messages(connection: Connection, shas: Collection[str]) -> dict[str, str]:
    columns = git_commit.c
    return {
        row.sha: row.message
        for chunk in _chunks(shas)
        for row in connection.execute(select(columns.sha, columns.message).where(columns.sha.in_(chunk)))
    }


def _chunks(values: Collection[str]) -> list[list[str]]:
    ordered = sorted(set(values))
    return [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
