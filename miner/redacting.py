"""Takes out of the archive what those who opted out wrote: their names and texts, and nothing of anybody else.

An answer of an API holds many people's items. It stays an answer: in place of each text of theirs stands a mark, which
counts as an author who opted out, so that a rebuild leaves out the same posts and commits whatever the list says then.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from miner.collect.archive import Archive
from miner.optout import REDACTED, OptOut

_KEPT: Final = frozenset({"content_license", "date", "sha", "type", "user_type"})
"""Texts that say nothing of a person and that a parser needs."""

_NAMES: Final = ("display_name", "name", "email")


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was looked at, and how many answers held something of somebody on the list."""

    answers: int
    redacted: int
    dry_run: bool


def redact(archive: Archive, opt_out: OptOut, *, dry_run: bool = False) -> Redaction:
    """Replace every answer that holds something of those on the list; done again it finds nothing.

    :raises ArchiveError: if the archive cannot be read or written. What was replaced before stays replaced.
    """
    looked = replaced = 0
    for digest, sites in _answers(archive).items():
        body = archive.get(digest)
        if body is None:
            continue
        looked += 1
        told = _without(body, opt_out, sites)
        if told is not None:
            replaced += 1
            if not dry_run:
                archive.replace(digest, told)
    return Redaction(looked, replaced, dry_run)


def _answers(archive: Archive) -> dict[str, frozenset[str]]:
    """Give all that may be an answer by SHA-256, with the sites that it may be of.

    A journal does not tell of every one: of some the run was pruned, or killed before it told, or had no journal.
    """
    found: dict[str, frozenset[str]] = {}
    others: set[str] = set()
    for name in archive.journals():
        for line in archive.lines(name):
            if line["event"] == "answer":
                sites = frozenset(parse_qs(urlsplit(line["url"]).query).get("site", ()))
                found[line["sha256"]] = found.get(line["sha256"], frozenset()) | sites
            elif line["event"] == "file":
                others.add(line["sha256"])
    every = frozenset(site for sites in found.values() for site in sites)
    return {digest: found.get(digest, every) for digest in archive.objects() if digest not in others - found.keys()}


def _without(body: bytes, opt_out: OptOut, sites: frozenset[str]) -> bytes | None:
    """Give an answer without what is theirs; None if nothing is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    objects = list(_objects(value))
    found = [one for one in objects if _is_theirs(one, opt_out, sites)]
    people = [person for one in objects for person in _signed(one, opt_out)]
    for item in found:
        _blank(item)
    for person in people:
        _blank_person(person)
    return json.dumps(value, separators=(",", ":")).encode() if found or people else None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Give all objects of an answer."""
    # No recursion: how deep a stranger's JSON is, the stranger says.
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            left += one.values()
            yield one


def _is_theirs(item: dict[str, Any], opt_out: OptOut, sites: frozenset[str]) -> bool:
    """Tell whether somebody on the list wrote it, and it is not blank yet."""
    names = [name for person in _people(item) for name in _names(person)]
    if REDACTED in names:
        return False
    number = item.get("answer_id", item.get("question_id")) if "comment_id" not in item else None
    return opt_out.author(*names) or any(opt_out.post(site, number) for site in sites)


def _people(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give who wrote something: the owner of a post (that of a repository is none), or the author of a commit."""
    owner, author = item.get("owner"), item.get("author")
    if isinstance(owner, dict) and "display_name" in owner:
        yield owner
    if isinstance(author, dict) and "email" in author:
        yield author


def _signed(item: dict[str, Any], opt_out: OptOut) -> Iterator[dict[str, Any]]:
    """Give who is on the list of those who signed a commit, and of the accounts that GitHub adds beside it."""
    commit = item.get("commit")
    for role in ("author", "committer"):
        person, signed = item.get(role), commit.get(role) if isinstance(commit, dict) else None
        if not isinstance(person, dict):
            continue
        if "email" in person:
            if REDACTED not in _names(person) and opt_out.author(*_names(person)):
                yield person
        elif isinstance(signed, dict) and person.get("login", REDACTED) != REDACTED and opt_out.author(*_names(signed)):
            yield person


def _names(person: dict[str, Any]) -> Iterator[str]:
    return (html.unescape(person[name]) for name in _NAMES if isinstance(person.get(name), str))


def _blank(item: dict[str, Any]) -> None:
    people = list(_people(item))
    for person in people:
        _blank_person(person)
    if not any(REDACTED in _names(person) for person in people):
        if not isinstance(item.get("owner"), dict):
            item["owner"] = {}
        item["owner"]["display_name"] = REDACTED
    for name, text in item.items():
        if isinstance(text, str) and name not in _KEPT:
            item[name] = REDACTED


def _blank_person(person: dict[str, Any]) -> None:
    for name in [name for name in person if name not in _KEPT]:
        person[name] = REDACTED if name in (*_NAMES, "login") else None
