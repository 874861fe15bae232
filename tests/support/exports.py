"""Writes what the loopback site holds as its data dump, so that one content comes both ways."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from servers.stackexchange_data import Site

from support import dumps

Item = dict[str, Any]


def export(site: Site, folder: Path, *, piped: bool = False) -> Path:
    """Write Posts, Comments and PostHistory of a site; as in a dump, posts are in the order of their numbers."""
    questions = site.questions()
    posts = [(question["question_id"], _question(question, piped=piped)) for question in questions]
    posts += [(answer["answer_id"], _answer(answer)) for question in questions for answer in question["answers"]]
    both = [post for question in questions for post in (question, *question["answers"])]
    comments = [_comment(comment) for post in both for comment in post.get("comments", [])]
    edits = [_edit(number, post) for number, post in enumerate(both, 1) if "last_edit_date" in post]
    return dumps.write(
        folder,
        Posts=dumps.table(row for _, row in sorted(posts)),
        Comments=dumps.table(comments, "Comments"),
        PostHistory=dumps.table(edits, "PostHistory"),
    )


def _question(item: Item, *, piped: bool) -> bytes:
    tags = "|".join(["", *item["tags"], ""]) if piped else "".join(f"<{tag}>" for tag in item["tags"])
    return dumps.row({
        "Id": item["question_id"], "PostTypeId": 1, "AcceptedAnswerId": item.get("accepted_answer_id"),
        **_common(item), "ViewCount": item.get("view_count"), "ClosedDate": _date(item.get("closed_date")),
        "Title": item["title"], "Tags": tags, "AnswerCount": len(item["answers"]),
    })  # fmt: skip


def _answer(item: Item) -> bytes:
    return dumps.row({"Id": item["answer_id"], "PostTypeId": 2, "ParentId": item["question_id"], **_common(item)})


def _common(item: Item) -> Item:
    return {
        "CreationDate": _date(item["creation_date"]), "Score": item["score"], "Body": item["body"],
        **_owner(item, "OwnerUserId", "OwnerDisplayName"), "LastEditDate": _date(item.get("last_edit_date")),
        "LastActivityDate": _date(item["last_activity_date"]), "ContentLicense": item.get("content_license"),
    }  # fmt: skip


def _owner(item: Item, number: str, name: str) -> Item:
    owner = item.get("owner") or {}
    user_id = owner.get("user_id")
    return {number: user_id, name: None if user_id else owner.get("display_name")}


def _comment(item: Item) -> bytes:
    # A dump has the Markdown that the API gives as body_markdown.
    text = html.unescape(re.sub("<[^>]*>", "", item["body"]))
    return dumps.row({
        "Id": item["comment_id"], "PostId": item["post_id"], "Score": item["score"], "Text": text,
        "CreationDate": _date(item["creation_date"]), **_owner(item, "UserId", "UserDisplayName"),
        "ContentLicense": item.get("content_license"),
    })  # fmt: skip


def _edit(number: int, item: Item) -> bytes:
    post_id = item.get("answer_id", item.get("question_id"))
    date = _date(item["last_edit_date"])
    return dumps.row({"Id": number, "PostHistoryTypeId": 5, "PostId": post_id, "CreationDate": date})


def _date(epoch: int | None) -> str | None:
    return None if epoch is None else f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%S}.127"
