"""Reads the items of the Stack Exchange API: each becomes a thread, or an omission that says why it could not be read.

https://api.stackexchange.com/docs/types/question, /answer, /comment and /shallow_user. Nothing is taken on trust: an
item is whatever JSON may hold. The filter that is asked for is a safe one, so titles, names and Markdown come escaped
for HTML (https://api.stackexchange.com/docs/filters).
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from miner.collect import jsonfields
from miner.collect.jsonfields import Json, UnreadableError
from miner.collect.licences import licence_at
from miner.model import Author, Comment, Omission, OmissionReason, Post, PostKind, Thread

FIELDS = (
    ".backoff;.error_id;.error_message;.error_name;.has_more;.items;.quota_max;.quota_remaining;.total;"
    "question.accepted_answer_id;question.answer_count;question.answers;question.body;question.closed_date;"
    "question.comments;question.content_license;question.creation_date;question.last_activity_date;"
    "question.last_edit_date;question.owner;question.question_id;question.score;question.tags;question.title;"
    "question.view_count;"
    "answer.answer_id;answer.body;answer.comments;answer.content_license;answer.creation_date;"
    "answer.last_activity_date;answer.last_edit_date;answer.owner;answer.question_id;answer.score;"
    "comment.body_markdown;comment.comment_id;comment.content_license;comment.creation_date;comment.owner;"
    "comment.post_id;comment.score;"
    "shallow_user.display_name;shallow_user.user_id;shallow_user.user_type"
)
"""What the filter includes: the wrapper's fields, and of each type what a thread is made of."""

_LAST_DATE = 253_402_300_799
_INT32 = 2**31 - 1
_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A question as it came: its thread, if it could be read. ``created`` and ``active`` are epoch seconds.

    Two that are alike are still two: of an unreadable one nothing else tells it apart.
    """

    question_id: int | None
    created: int | None
    active: int | None
    thread: Thread | None
    omissions: tuple[Omission, ...]


def read_item(raw: object, site: str, observed_at: datetime) -> Item:
    """Read a question with its answers and comments; an answer or a comment that is wrong costs itself alone."""
    question_id = _if_readable(_id, raw, "question_id")
    omissions = _Omissions(site)
    thread = None
    try:
        thread = _thread(raw, site, observed_at, omissions)
    except UnreadableError as error:
        omissions.add("question" if question_id else "post", question_id, str(error))
    created = _if_readable(_epoch, raw, "creation_date")
    active = _if_readable(_epoch, raw, "last_activity_date")
    return Item(question_id, created, active, thread, tuple(omissions.found))


class _Omissions:
    """Collects what could not be read: one omission a subject, which is what a table of them has room for."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._by_subject: dict[str, Omission] = {}

    @property
    def found(self) -> Iterable[Omission]:
        return self._by_subject.values()

    def add(self, kind: str, item_id: int | None, detail: str) -> None:
        subject = f"{kind}:{self._site}:{item_id or '?'}"
        self._by_subject.setdefault(subject, Omission(OmissionReason.POST_UNREADABLE, subject, detail))


def _thread(raw: object, site: str, observed_at: datetime, omissions: _Omissions) -> Thread:
    item = jsonfields.json_object(raw, "question")
    question = _question(item)
    answers: dict[int, Post] = {}
    comments = _comments(item, question.post_id, omissions)
    for raw_answer in _answers(item, question):
        try:
            answer = _answer(raw_answer, question.post_id)
        except UnreadableError as error:
            omissions.add("post", _if_readable(_id, raw_answer, "answer_id"), str(error))
            continue
        if answer.post_id not in answers:
            answers[answer.post_id] = answer
            comments |= _comments(jsonfields.json_object(raw_answer, "answer"), answer.post_id, omissions)
    return Thread(
        site,
        observed_at,
        question,
        tuple(answers[number] for number in sorted(answers)),
        tuple(comments[number] for number in sorted(comments)),
    )


def _question(item: Json) -> Post:
    question_id = _id(item, "question_id")
    return Post(
        post_id=question_id,
        kind=PostKind.QUESTION,
        question_id=question_id,
        title=html.unescape(jsonfields.text(item, "title")),
        **_common(item),
        closed_at=jsonfields.optional(_moment, item, "closed_date"),
        tags=_tags(item),
        accepted_answer_id=jsonfields.optional(_id, item, "accepted_answer_id"),
        answer_count=jsonfields.whole(item, "answer_count", 0, _INT32),
        view_count=jsonfields.optional(_count, item, "view_count"),
    )


def _answer(raw: object, question_id: int) -> Post:
    item = jsonfields.json_object(raw, "answer")
    if _id(item, "question_id") != question_id:
        raise UnreadableError("it answers another question")
    return Post(
        post_id=_id(item, "answer_id"),
        kind=PostKind.ANSWER,
        question_id=question_id,
        title="",
        **_common(item),
        closed_at=None,
    )


def _common(item: Json) -> Json:
    created_at = _moment(item, "creation_date")
    edited_at = jsonfields.optional(_moment, item, "last_edit_date")
    return {
        "body": jsonfields.text(item, "body"),
        "score": jsonfields.whole(item, "score", -_INT32, _INT32),
        "author": _author(item),
        "created_at": created_at,
        "last_edited_at": edited_at,
        "last_activity_at": _moment(item, "last_activity_date"),
        "licence": jsonfields.optional(jsonfields.text, item, "content_license") or licence_at(edited_at or created_at),
    }


def _answers(item: Json, question: Post) -> list[object]:
    # The API leaves an empty list out; but a question whose answers were left out must not look like one without any.
    if item.get("answers") is None and question.answer_count:
        raise UnreadableError("its answers did not come")
    return _list(item, "answers")


def _comments(post: Json, post_id: int, omissions: _Omissions) -> dict[int, Comment]:
    found: dict[int, Comment] = {}
    try:
        listed = _list(post, "comments")
    except UnreadableError as error:
        omissions.add("post", post_id, str(error))
        listed = []
    for raw in listed:
        try:
            comment = _comment(raw, post_id)
        except UnreadableError as error:
            omissions.add("post", post_id, f"a comment: {error}")
        else:
            found.setdefault(comment.comment_id, comment)
    return found


def _comment(raw: object, post_id: int) -> Comment:
    item = jsonfields.json_object(raw, "comment")
    if _id(item, "post_id") != post_id:
        raise UnreadableError("it is on another post")
    created_at = _moment(item, "creation_date")
    return Comment(
        comment_id=_id(item, "comment_id"),
        post_id=post_id,
        author=_author(item),
        score=jsonfields.whole(item, "score", -_INT32, _INT32),
        created_at=created_at,
        text=html.unescape(jsonfields.text(item, "body_markdown")),
        licence=jsonfields.optional(jsonfields.text, item, "content_license") or licence_at(created_at),
    )


def _author(item: Json) -> Author:
    if item.get("owner") is None:
        return Author(None, "")
    owner = jsonfields.json_object(item["owner"], "owner")
    name = html.unescape(jsonfields.optional(jsonfields.text, owner, "display_name") or "")
    if jsonfields.optional(jsonfields.text, owner, "user_type") == "does_not_exist":
        return Author(None, name)
    # The site's own user, Community, has the number -1.
    return Author(jsonfields.optional(_user, owner, "user_id"), name)


def _tags(item: Json) -> tuple[str, ...]:
    tags = _list(item, "tags")
    if not tags or not all(isinstance(tag, str) for tag in tags):
        raise UnreadableError("tags is no list of texts")
    return tuple(dict.fromkeys(str(tag) for tag in tags))


def _if_readable(read: Callable[[Json, str], int], raw: object, name: str) -> int | None:
    try:
        return read(jsonfields.json_object(raw, "item"), name)
    except UnreadableError:
        return None


def _list(item: Json, name: str) -> list[object]:
    value = [] if item.get(name) is None else item[name]
    if not isinstance(value, list):
        raise UnreadableError(f"{name} is no list")
    return value


def _id(item: Json, name: str) -> int:
    return jsonfields.whole(item, name, 1, _INT64)


def _user(item: Json, name: str) -> int:
    return jsonfields.whole(item, name, -_INT64, _INT64)


def _count(item: Json, name: str) -> int:
    return jsonfields.whole(item, name, 0, _INT32)


def _epoch(item: Json, name: str) -> int:
    return jsonfields.whole(item, name, 0, _LAST_DATE)


def _moment(item: Json, name: str) -> datetime:
    return datetime.fromtimestamp(_epoch(item, name), UTC)
