"""Every query about what was found on GitHub: discovery, what seeds led to, conditional requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from miner.model import FileChange, FileKind, Hunk, OmissionReason
from miner.store import bodies
from miner.store.bulk import insert_rows, replace_row
from miner.store.githubtables import discovery, github_repository, http_validator, seed
from miner.store.tables import (
    coverage,
    file_change,
    fix,
    git_commit,
    hunk,
    omission,
    raw_response,
    repository,
    repository_alias,
    repository_commit,
)
from miner.store.values import key

CODE = "code: "
"""How the query of a repository that a search of code found begins in the table discovery."""

_CHUNK = 500
_FINAL = [
    reason.value
    for reason in (
        OmissionReason.NO_LIBRARY_CODE,
        OmissionReason.COMMIT_MISSING,
        OmissionReason.COMMIT_TOO_LARGE,
        OmissionReason.COMMIT_FAILED,
    )
]
"""Why a commit that was looked at has no fix, and would have none the next time."""


def discovered(connection: Connection, libraries: Collection[str], *, code_min_stars: int = 0) -> list[str]:
    """Give the current names of the repositories that are mined as a whole, without those that are gone.

    :param libraries: those that the searches were for; empty: all.
    :param code_min_stars: the stars that one must have which only a search of code found.
    """
    known = discovery.c.query.not_like(f"{CODE}%") | (github_repository.c.stars >= code_min_stars)
    found = connection.execute(
        select(repository.c.repository_id, repository.c.name)
        .join(discovery)
        .outerjoin(github_repository, github_repository.c.repository_id == repository.c.repository_id)
        .where(discovery.c.strategy == "repositories", repository.c.availability != "gone", known, *_for(libraries))
        .distinct()
        .order_by(repository.c.repository_id)
    )
    return [row.name for row in found]


def discovered_commits(
    connection: Connection, libraries: Collection[str], *, classified: bool
) -> list[tuple[str, list[str]]]:
    """Give the commits that searches for commits found and that are not mined, by their repository's current name.

    :param classified: whether one is mined only if it was searched for a fix.
    """
    mined = exists().where((fix if classified else file_change).c.sha == discovery.c.sha)
    left_out = exists().where(
        omission.c.source == "git",
        omission.c.sha == discovery.c.sha,
        omission.c.reason.in_(_FINAL),
        omission.c.resolved_run_id.is_(None),
    )
    found = connection.execute(
        select(repository.c.repository_id, repository.c.name, discovery.c.sha)
        .join(discovery)
        .where(discovery.c.strategy == "commits", repository.c.availability != "gone", ~mined, ~left_out)
        .where(*_for(libraries))
        .distinct()
        .order_by(repository.c.repository_id, discovery.c.sha)
    )
    by_name: dict[str, list[str]] = {}
    for row in found:
        by_name.setdefault(row.name, []).append(row.sha)
    return list(by_name.items())


def with_files(connection: Connection, shas: Collection[str], *, classified: bool) -> set[str]:
    """Give those of some commits whose changes are stored and, if asked, that have a fix."""
    column = fix.c.sha if classified else file_change.c.sha
    return {
        sha
        for chunk in _chunks(shas)
        for sha in connection.scalars(select(column).where(column.in_(chunk)).distinct())
        if sha is not None
    }


def hold(connection: Connection, repository_id: int, shas: Collection[str]) -> None:
    """Enter that a repository holds some stored commits."""
    insert_rows(connection, repository_commit, [(sha, repository_id) for sha in sorted(shas)])


def files_of(connection: Connection, sha: str) -> tuple[FileChange, ...]:
    """Give what a stored commit changed, as far as it is stored."""
    hunks: dict[int, list[Hunk]] = {}
    for row in connection.execute(select(hunk).where(hunk.c.sha == sha).order_by(hunk.c.file_no, hunk.c.hunk_no)):
        values = row._asdict()
        del values["sha"]
        hunks.setdefault(values.pop("file_no"), []).append(Hunk(no=values.pop("hunk_no"), **values))
    files = []
    for row in connection.execute(select(file_change).where(file_change.c.sha == sha).order_by(file_change.c.file_no)):
        values = row._asdict()
        del values["sha"]
        number = values.pop("file_no")
        values["kind"] = FileKind(values["kind"])
        files.append(FileChange(no=number, hunks=tuple(hunks.get(number, ())), **values))
    return tuple(files)


def is_stored(connection: Connection, sha: str) -> bool:
    """Tell whether a commit is stored."""
    return connection.scalar(select(git_commit.c.sha).where(git_commit.c.sha == sha)) is not None


def put_seed(connection: Connection, values: Mapping[str, Any]) -> None:
    """Enter what a seed led to, in place of what it led to before; if that is nothing now, what it led to stays."""
    row = {"seed": key(str(values["seed"])), **{name: value for name, value in values.items() if name != "seed"}}
    same = seed.c.seed == row["seed"]
    led_nowhere = row.get("sha") is None and row.get("question_id") is None
    if led_nowhere and connection.scalar(select(seed.c.seed).where(same)) is not None:
        return
    replace_row(connection, seed, {column.name: row.get(column.name) for column in seed.c})


def put_discovery(connection: Connection, rows: Sequence[tuple[str, int, str, str, str, int]]) -> None:
    """Enter what searches found: query, repository_id, sha, library, strategy and run_id of each."""
    insert_rows(connection, discovery, list(rows))


def put_facts(connection: Connection, repository_id: int, facts: Mapping[str, Any]) -> None:
    """Enter what GitHub says of a repository, in place of what it said before."""
    replace_row(connection, github_repository, {"repository_id": repository_id, **facts})


def with_facts(connection: Connection, github_ids: Collection[int]) -> set[int]:
    """Give those of some repositories, by GitHub's number, of which it is stored what GitHub says of them."""
    known = select(repository.c.github_id).join(
        github_repository, github_repository.c.repository_id == repository.c.repository_id
    )
    ordered = sorted(github_ids)
    chunks = (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
    found = {
        number for chunk in chunks for number in connection.scalars(known.where(repository.c.github_id.in_(chunk)))
    }
    return {number for number in found if number is not None}


def validator(connection: Connection, url: str) -> tuple[str, bytes] | None:
    """Give the ETag and the body of the last answer to an address; None if it was never asked, or is not kept."""
    row = connection.execute(
        select(http_validator.c.etag, raw_response.c.response_sha256, raw_response.c.body)
        .join(raw_response)
        .where(http_validator.c.url == key(url))
    ).first()
    body = None if row is None else bodies.body_of(connection, row.response_sha256, row.body)
    return None if row is None or body is None else (row.etag, body)


def asked_before(connection: Connection, urls: Collection[str]) -> int:
    """Count the addresses whose answer is at hand."""
    held = select(func.count()).select_from(http_validator)
    chunks = (held.where(http_validator.c.url.in_(map(key, chunk))) for chunk in _chunks(urls))
    return sum(connection.scalar(chunk) or 0 for chunk in chunks)


def put_validator(connection: Connection, url: str, etag: str, response_sha256: str) -> None:
    """Enter the ETag of an answer that is stored."""
    replace_row(connection, http_validator, {"url": key(url), "etag": etag, "response_sha256": response_sha256})


def known_repositories(connection: Connection, libraries: Collection[str]) -> dict[int, tuple[int, str, str]]:
    """Give what searches for the libraries found: number, name and availability of each, by GitHub's own number."""
    found_by_search = select(discovery.c.repository_id).where(*_for(libraries))
    found = connection.execute(
        select(repository.c.github_id, repository.c.repository_id, repository.c.name, repository.c.availability)
        .where(repository.c.github_id.is_not(None), repository.c.repository_id.in_(found_by_search))
        .order_by(repository.c.repository_id)
    )
    return {row.github_id: (row.repository_id, row.name, row.availability) for row in found}


def set_availability(connection: Connection, run_id: int, repository_id: int, availability: str) -> None:
    """Enter whether a repository is there, gone or unknown; what it brought is kept."""
    same = repository.c.repository_id == repository_id
    connection.execute(update(repository).where(same).values(availability=availability, run_id=run_id))


def name_of(connection: Connection, github_id: int) -> str | None:
    """Give the name of the repository that has GitHub's number; None: it is not known."""
    return connection.scalar(select(repository.c.name).where(repository.c.github_id == github_id))


def number_at(connection: Connection, address: str) -> int | None:
    """Give GitHub's number of the repository that an address leads to; None: to none, or to one without a number.

    :param address: :attr:`miner.collect.locators.Locator.key`, which is an alias of each repository.
    """
    return connection.scalar(
        select(repository.c.github_id).join(repository_alias).where(repository_alias.c.name == key(address))
    )


def unnumbered_at(connection: Connection, address: str) -> int | None:
    """Give the repository that an address leads to and whose number on GitHub is not known; None: there is none.

    :param address: :attr:`miner.collect.locators.Locator.key`.
    """
    at = select(repository.c.repository_id).join(repository_alias).where(repository_alias.c.name == key(address))
    return connection.scalar(at.where(repository.c.github_id.is_(None)))


def number_of(connection: Connection, repository_id: int) -> int | None:
    """Give GitHub's number of a repository, if it is known."""
    return connection.scalar(select(repository.c.github_id).where(repository.c.repository_id == repository_id))


def states_of(connection: Connection, address: str) -> list[bytes]:
    """Give what the source said of a repository's branches whenever it was mined as a whole.

    :param address: :attr:`miner.collect.locators.Locator.key`.
    """
    found = connection.execute(
        select(raw_response.c.response_sha256, raw_response.c.body)
        .join(coverage, coverage.c.response_sha256 == raw_response.c.response_sha256)
        .where(coverage.c.source == "git", coverage.c.query.startswith(f"{address} ", autoescape=True))
        .distinct()
        .order_by(raw_response.c.response_sha256)
    )
    told = [bodies.body_of(connection, *row) for row in found.all()]
    return [body for body in told if body is not None]


def part(connection: Connection, run_id: int, repository_id: int, names: Collection[str]) -> None:
    """Take its names, and its number, from a repository: they are those of another one. Its rows stay."""
    lowered = [key(name).lower() for name in names]
    connection.execute(delete(repository_alias).where(func.lower(repository_alias.c.name).in_(lowered)))
    same = repository.c.repository_id == repository_id
    parted = {"github_id": None, "availability": "unknown", "run_id": run_id}
    connection.execute(update(repository).where(same).values(parted))


def rename(connection: Connection, old: str, new: str) -> None:
    """Let what the ledger says of a repository's old name hold for the new one.

    What it said of another repository that had the new name before is forgotten: that one has another name now.

    :param old: the key of its old address, :attr:`miner.collect.locators.Locator.key`; ``new`` likewise.
    """
    of_git = coverage.c.source == "git"
    connection.execute(delete(coverage).where(of_git, coverage.c.query.startswith(f"{new} ", autoescape=True)))
    queries = select(coverage.c.query).where(of_git, coverage.c.query.startswith(f"{old} ", autoescape=True))
    for query in connection.scalars(queries.distinct()).all():
        same = (of_git, coverage.c.query == query)
        connection.execute(update(coverage).where(*same).values(query=f"{new}{query[len(old) :]}"))


def take_name(connection: Connection, run_id: int, repository_id: int, name: str) -> None:
    """Let a name lead to a repository, whatever it led to before."""
    # Names on GitHub know no case.
    connection.execute(delete(repository_alias).where(func.lower(repository_alias.c.name) == key(name).lower()))
    insert_rows(connection, repository_alias, [(key(name), repository_id, run_id)])


def _for(libraries: Collection[str]) -> list[ColumnElement[bool]]:
    return [discovery.c.library.in_(sorted(libraries))] if libraries else []


def _chunks(values: Collection[str]) -> list[list[str]]:
    ordered = sorted(set(values))
    return [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
