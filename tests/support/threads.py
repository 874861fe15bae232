"""Questions with answers and comments, and rows of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from miner.model import Author, Comment, Post, PostKind, Thread
from miner.store.postrows import Origin

SITE = "stackoverflow.com"
ASKED = datetime(2019, 6, 1, 12, 0, 0, tzinfo=UTC)
LOOKED = datetime(2020, 1, 1, tzinfo=UTC)

BEFORE = "import keras\nmodel.compile(loss='mse', optimizer='sgd')\nmodel.fit(x, y)\n"
AFTER = "model.compile(loss='mse', optimizer='adam')\n"


def code(text: str) -> str:
    """Give a block of code as a site shows it."""
    return f"<pre><code>{text}</code></pre>\n"


def question(number: int = 1, **changed: object) -> Post:
    """Make a question with code; its accepted answer, if any, is given as ``accepted_answer_id``."""
    values: dict[str, object] = {
        "post_id": number,
        "kind": PostKind.QUESTION,
        "question_id": number,
        "title": "Why does my model not learn?",
        "body": f"<p>My loss stays the same:</p>\n{code(BEFORE)}",
        "score": 2,
        "author": Author(7, "Ada"),
        "created_at": ASKED,
        "last_edited_at": None,
        "last_activity_at": ASKED,
        "closed_at": None,
        "licence": "CC BY-SA 4.0",
        "tags": ("python", "keras"),
        "answer_count": 1,
        "view_count": 100,
    }
    return Post(**{**values, **changed})  # type: ignore[arg-type]


def answer(number: int, of: int = 1, **changed: object) -> Post:
    """Make an answer with code to a question."""
    values: dict[str, object] = {
        "post_id": number,
        "kind": PostKind.ANSWER,
        "question_id": of,
        "title": "",
        "body": f"<p>Use another optimizer:</p>\n{code(AFTER)}",
        "score": 3,
        "author": Author(8, "Ben"),
        "created_at": ASKED + timedelta(hours=1),
        "last_edited_at": None,
        "last_activity_at": ASKED + timedelta(hours=1),
        "closed_at": None,
        "licence": "CC BY-SA 4.0",
    }
    return Post(**{**values, **changed})  # type: ignore[arg-type]


def comment(number: int, on: int, text: str = "Thanks, it works", **changed: object) -> Comment:
    """Make a comment on a post."""
    values: dict[str, object] = {
        "comment_id": number,
        "post_id": on,
        "author": Author(7, "Ada"),
        "score": 1,
        "created_at": ASKED + timedelta(hours=2),
        "text": text,
        "licence": "CC BY-SA 4.0",
    }
    return Comment(**{**values, **changed})  # type: ignore[arg-type]


def thread(
    asked: Post, answers: Sequence[Post] = (), comments: Sequence[Comment] = (), at: datetime = LOOKED
) -> Thread:
    """Put a question and what came with it together."""
    return Thread(SITE, at, asked, tuple(answers), tuple(comments))


def origin(run_id: int, at: datetime = LOOKED) -> Origin:
    """Say that rows came with a response at a moment."""
    return Origin(run_id, at, "0" * 64)
