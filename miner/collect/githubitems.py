"""Reads the items of GitHub's REST API: each becomes a frozen value, or the reason why it could not be read.

https://docs.github.com/en/rest/repos/repos and https://docs.github.com/en/rest/search/search. Nothing is taken on
trust: an item is whatever JSON may hold. A reason never quotes a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from miner.collect import jsonfields
from miner.collect.jsonfields import Json, UnreadableError

INT32 = 2**31 - 1
INT64 = 2**63 - 1
FULL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
URL = re.compile(r"https?://[!-~]{1,2000}")
_REF = re.compile(r"(?!-)[^\x00-\x20\x7f~^:?*\[\\]{1,255}")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as GitHub showed it. ``host`` is the domain of its pages; ``parent_id`` that of a fork, if told.

    ``created_at`` and ``pushed_at`` are None where an answer leaves them out, ``licence`` (SPDX) where there is none.
    """

    github_id: int
    full_name: str
    host: str
    clone_url: str
    default_branch: str
    private: bool
    fork: bool
    parent_id: int | None
    archived: bool
    stars: int
    created_at: datetime | None
    pushed_at: datetime | None
    topics: tuple[str, ...]
    description: str
    licence: str | None


@dataclass(frozen=True, slots=True)
class FoundCommit:
    """A commit that a search found, in the repository that it was found in. A moment that no date can hold is None."""

    sha: str
    github_id: int
    full_name: str
    authored_at: datetime | None
    committed_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a search of code found, by the repository whose default branch has it."""

    github_id: int
    full_name: str
    private: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that could not be read: ``subject`` names it as far as it says who it is, ``reason`` the wrong field."""

    subject: str
    reason: str


def read_repository(raw: object) -> Repository | Unreadable:
    """Read a repository of ``/repositories/ID``, ``/repos/OWNER/NAME`` or ``/search/repositories``."""
    try:
        return _repository(jsonfields.json_object(raw, "the item"))
    except UnreadableError as error:
        return Unreadable(f"repository:{_subject(raw)}", str(error))


def read_commit(raw: object) -> FoundCommit | Unreadable:
    """Read an item of ``/search/commits``."""
    try:
        return _commit(jsonfields.json_object(raw, "the item"))
    except UnreadableError as error:
        sha = raw.get("sha") if isinstance(raw, dict) else None
        return Unreadable(f"commit:{sha if isinstance(sha, str) and SHA.fullmatch(sha) else '?'}", str(error))


def read_file(raw: object) -> FoundFile | Unreadable:
    """Read an item of ``/search/code``."""
    try:
        repository = jsonfields.json_object(jsonfields.json_object(raw, "the item").get("repository"), "repository")
        full_name = jsonfields.matching(repository, "full_name", FULL_NAME)
        return FoundFile(_inner_id(repository, "repository"), full_name, _truth(repository, "private"))
    except UnreadableError as error:
        of = raw.get("repository") if isinstance(raw, dict) else None
        return Unreadable(f"file_of:{_subject(of)}", str(error))


def _repository(item: Json) -> Repository:
    clone_url = jsonfields.matching(item, "clone_url", URL)
    return Repository(
        github_id=jsonfields.whole(item, "id", 1, INT64),
        full_name=jsonfields.matching(item, "full_name", FULL_NAME),
        host=_host(item),
        clone_url=clone_url,
        default_branch=jsonfields.optional(_branch, item, "default_branch") or "",
        private=_truth(item, "private"),
        fork=_truth(item, "fork"),
        parent_id=_parent(item),
        archived=jsonfields.optional(_truth, item, "archived") or False,
        stars=jsonfields.optional(_count, item, "stargazers_count") or 0,
        created_at=jsonfields.optional(jsonfields.moment, item, "created_at"),
        pushed_at=jsonfields.optional(jsonfields.moment, item, "pushed_at"),
        topics=_topics(item),
        description=jsonfields.optional(jsonfields.text, item, "description") or "",
        licence=_licence(item),
    )


def _commit(item: Json) -> FoundCommit:
    commit = jsonfields.json_object(item.get("commit"), "commit")
    repository = jsonfields.json_object(item.get("repository"), "repository")
    return FoundCommit(
        sha=jsonfields.matching(item, "sha", SHA),
        github_id=_inner_id(repository, "repository"),
        full_name=jsonfields.matching(repository, "full_name", FULL_NAME),
        authored_at=_signed_at(commit, "author"),
        committed_at=_signed_at(commit, "committer"),
        message=jsonfields.text(commit, "message"),
    )


def _signed_at(commit: Json, role: str) -> datetime | None:
    # Anybody can write any date into a commit; that makes the commit no less readable.
    signature = commit.get(role)
    try:
        return jsonfields.optional(jsonfields.moment, signature, "date") if isinstance(signature, dict) else None
    except UnreadableError:
        return None


def _host(item: Json) -> str:
    name = "html_url" if item.get("html_url") is not None else "clone_url"
    try:
        host = urlsplit(jsonfields.matching(item, name, URL)).hostname
    except ValueError:
        host = None
    if not host:
        raise UnreadableError(f"{name} names no host")
    return host


def _parent(item: Json) -> int | None:
    parent = item.get("parent")
    return None if parent is None else _inner_id(parent, "parent")


def _inner_id(raw: object, what: str) -> int:
    name = f"{what}.id"
    return jsonfields.whole({name: jsonfields.json_object(raw, what).get("id")}, name, 1, INT64)


def _topics(item: Json) -> tuple[str, ...]:
    topics = [] if item.get("topics") is None else item["topics"]
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise UnreadableError("topics is no list of texts")
    return tuple(dict.fromkeys(topics))


def _licence(item: Json) -> str | None:
    licence = item.get("license")
    return (
        None
        if licence is None
        else jsonfields.optional(jsonfields.text, jsonfields.json_object(licence, "license"), "spdx_id")
    )


def _subject(raw: object) -> str:
    if not isinstance(raw, dict):
        return "?"
    name, number = raw.get("full_name"), raw.get("id")
    if isinstance(name, str) and FULL_NAME.fullmatch(name):
        return name
    return str(number) if type(number) is int and 0 < number <= INT64 else "?"


def _branch(item: Json, name: str) -> str:
    return jsonfields.matching(item, name, _REF)


def _truth(item: Json, name: str) -> bool:
    value = item.get(name)
    if not isinstance(value, bool):
        raise UnreadableError(f"{name} is neither true nor false")
    return value


def _count(item: Json, name: str) -> int:
    return jsonfields.whole(item, name, 0, INT32)
