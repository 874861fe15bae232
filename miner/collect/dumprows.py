"""Turns a row of a dump into the miner's types. Pure: bytes and attributes in, frozen values out.

The schema is https://meta.stackexchange.com/questions/2677. Attributes that are null in the site's database are left
out of a row; their order differs between dumps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple
from xml.parsers import expat

from miner.collect.licences import licence_at
from miner.model import Author, Comment, Post, PostKind

Row = Mapping[str, str]

QUESTION = "1"
ANSWER = "2"
# Edits of title, body and tags, rollbacks of these, and a suggested edit that was applied.
EDITS = frozenset({4, 5, 6, 7, 8, 9, 24})

# Names of attributes, so that the parser need not make them again for each row; a hostile file has ever new ones.
_NAMES: dict[str, str] = {}
_MOST_NAMES = 500
_NUMBER = re.compile(r"-?[0-9]{1,10}")
# All numbers of the site's database are 32 bits wide.
_LARGEST = 2**31 - 1


class DumpRowError(ValueError):
    """A row of a dump is not well-formed, lacks an attribute, or holds a value of the wrong form."""


class Edit(NamedTuple):
    """A change of a post's title, body or tags. ``kind`` is its PostHistoryTypeId; a deleted user has no id."""

    post_id: int
    created_at: datetime
    kind: int
    user_id: int | None
    comment: str


class Vote(NamedTuple):
    """A vote on a post; the site tells the day only. ``kind`` is its VoteTypeId: 1 accepted, 2 up, 3 down, ..."""

    post_id: int
    day: date
    kind: int


class Link(NamedTuple):
    """A link from a post to another. ``kind`` is its LinkTypeId: 1 it mentions the other, 3 it is a duplicate of it."""

    post_id: int
    related_post_id: int
    kind: int
    created_at: datetime


def parse_row(line: bytes | bytearray) -> dict[str, str]:
    """Give the attributes of a ``<row .../>``, entities decoded.

    The line begins with the element, so there is no document type and nothing declares an entity that could expand.

    :raises DumpRowError: if it is not well-formed, not UTF-8, or something else than one row.
    """
    elements: list[tuple[str, dict[str, str]]] = []
    if len(_NAMES) > _MOST_NAMES:
        _NAMES.clear()
    parser = expat.ParserCreate("utf-8", None, _NAMES)
    parser.StartElementHandler = lambda name, attributes: elements.append((name, attributes))
    try:
        parser.Parse(line, True)
    except expat.ExpatError as error:
        raise DumpRowError(f"{expat.ErrorString(error.code)} at its byte {parser.ErrorByteIndex:,}") from None
    if len(elements) != 1 or elements[0][0] != "row":
        raise DumpRowError(f"it holds {', '.join(f'<{name[:40]}>' for name, _ in elements[:3])}, not one <row>")
    return elements[0][1]


def number(row: Row, name: str) -> int:
    """Give a number that the row must have.

    :raises DumpRowError: if it is missing or not a number of 32 bits.
    """
    text = _needed(row, name)
    value = int(text) if _NUMBER.fullmatch(text) else _LARGEST + 1
    if abs(value) > _LARGEST:
        raise DumpRowError(f"{name} is not a number: {text[:40]!r}")
    return value


def moment(row: Row, name: str) -> datetime:
    """Give a time that the row must have, in UTC, cut to whole seconds.

    :raises DumpRowError: if it is missing or no time.
    """
    text = _needed(row, name)
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise DumpRowError(f"{name} is not a time: {text[:40]!r}") from None
    return found.replace(microsecond=0)


def tags(row: Row) -> tuple[str, ...]:
    """Give the tags of a question in their order, from either form: ``<a><b>`` or, since 2024, ``|a|b|``.

    :raises DumpRowError: for any other form.
    """
    text = row.get("Tags", "")
    if not text:
        return ()
    if text[0] == "<" and text[-1] == ">":
        return tuple(text[1:-1].split("><"))
    if text[0] == text[-1] == "|" and len(text) > 1:
        return tuple(text[1:-1].split("|"))
    raise DumpRowError(f"Tags has neither of the forms <a><b> and |a|b|: {text[:40]!r}")


def question_or_answer(row: Row) -> Post:
    """Give the question or answer that a row of Posts is. A dump without users has names of deleted ones only.

    :raises DumpRowError: if the row lacks something, holds a value of the wrong form, or is another kind of post.
    """
    kind = _needed(row, "PostTypeId")
    if kind not in (QUESTION, ANSWER):
        raise DumpRowError(f"PostTypeId is neither that of a question nor of an answer: {kind[:40]!r}")
    asks = kind == QUESTION
    created_at, edited_at = moment(row, "CreationDate"), _moment_or_none(row, "LastEditDate")
    return Post(
        post_id=number(row, "Id"),
        kind=PostKind.QUESTION if asks else PostKind.ANSWER,
        question_id=number(row, "Id" if asks else "ParentId"),
        title=_needed(row, "Title") if asks else "",
        body=_needed(row, "Body"),
        score=number(row, "Score"),
        author=_author(row, "OwnerUserId", "OwnerDisplayName"),
        created_at=created_at,
        last_edited_at=edited_at,
        last_activity_at=_moment_or_none(row, "LastActivityDate") or edited_at or created_at,
        closed_at=_moment_or_none(row, "ClosedDate") if asks else None,
        licence=row.get("ContentLicense") or licence_at(edited_at or created_at),
        tags=tags(row) if asks else (),
        accepted_answer_id=_number_or_none(row, "AcceptedAnswerId") if asks else None,
        answer_count=_number_or_none(row, "AnswerCount") if asks else None,
        view_count=_number_or_none(row, "ViewCount") if asks else None,
    )


def comment(row: Row) -> Comment:
    """Give the comment that a row of Comments is. Early dumps leave out a score of 0.

    :raises DumpRowError: if the row lacks something or holds a value of the wrong form.
    """
    created_at = moment(row, "CreationDate")
    return Comment(
        comment_id=number(row, "Id"),
        post_id=number(row, "PostId"),
        author=_author(row, "UserId", "UserDisplayName"),
        score=_number_or_none(row, "Score") or 0,
        created_at=created_at,
        text=_needed(row, "Text"),
        licence=row.get("ContentLicense") or licence_at(created_at),
    )


def edit(row: Row) -> Edit | None:
    """Give the edit that a row of PostHistory is; None if it is something else that happened to a post.

    :raises DumpRowError: if the row lacks something or holds a value of the wrong form.
    """
    kind = number(row, "PostHistoryTypeId")
    if kind not in EDITS:
        return None
    user_id = _number_or_none(row, "UserId")
    return Edit(number(row, "PostId"), moment(row, "CreationDate"), kind, user_id, row.get("Comment", ""))


def vote(row: Row) -> Vote:
    """Give the vote that a row of Votes is.

    :raises DumpRowError: if the row lacks something or holds a value of the wrong form.
    """
    return Vote(number(row, "PostId"), moment(row, "CreationDate").date(), number(row, "VoteTypeId"))


def link(row: Row) -> Link:
    """Give the link that a row of PostLinks is.

    :raises DumpRowError: if the row lacks something or holds a value of the wrong form.
    """
    ends = number(row, "PostId"), number(row, "RelatedPostId")
    return Link(*ends, number(row, "LinkTypeId"), moment(row, "CreationDate"))


def _needed(row: Row, name: str) -> str:
    try:
        return row[name]
    except KeyError:
        raise DumpRowError(f"{name} is missing") from None


def _number_or_none(row: Row, name: str) -> int | None:
    return number(row, name) if name in row else None


def _moment_or_none(row: Row, name: str) -> datetime | None:
    return moment(row, name) if name in row else None


def _author(row: Row, user_id: str, name: str) -> Author:
    return Author(_number_or_none(row, user_id), row.get(name, ""))
