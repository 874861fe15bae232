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
    """Give the answers of all journals by SHA-256, with the sites that they are of."""
    found: dict[str, frozenset[str]] = {}
    for name in archive.journals():
        for line in archive.lines(name):
            if line["event"] == "answer" and line["status"] == 200:
                sites = frozenset(parse_qs(urlsplit(line["url"]).query).get("site", ()))
                found[line["sha256"]] = found.get(line["sha256"], frozenset()) | sites
    return found


def _without(body: bytes, opt_out: OptOut, sites: frozenset[str]) -> bytes | None:
    """Give an answer without what is theirs; None if nothing is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = list(_theirs(value, opt_out, sites))
    for item in found:
        _blank(item)
    return json.dumps(value, separators=(",", ":")).encode() if found else None


def _theirs(value: Any, opt_out: OptOut, sites: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Give the objects that somebody on the list wrote and that are not blank yet, wherever they are."""
    # No recursion: how deep a stranger's JSON is, the stranger says.
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            left += one.values()
            if _is_theirs(one, opt_out, sites):
                yield one


def _is_theirs(item: dict[str, Any], opt_out: OptOut, sites: frozenset[str]) -> bool:
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


def _names(person: dict[str, Any]) -> Iterator[str]:
    return (html.unescape(person[name]) for name in _NAMES if isinstance(person.get(name), str))


def _blank(item: dict[str, Any]) -> None:
    for person in _people(item):
        for name in [name for name in person if name not in _KEPT]:
            person[name] = REDACTED if name in _NAMES else None
    if "owner" in item and not isinstance(item["owner"], dict):
        item["owner"] = {"display_name": REDACTED}
    for name, text in item.items():
        if isinstance(text, str) and name not in _KEPT:
            item[name] = REDACTED
