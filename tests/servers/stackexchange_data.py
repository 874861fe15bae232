"""The content of a question-and-answer site, as the API sees it, and what may happen to it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from threading import RLock
from typing import Any

Item = dict[str, Any]

_URL = "https://stackoverflow.com"


class Site:
    """Questions with their answers and comments.

    Titles and names are given and held as people wrote them: it is the filter that escapes them. What changes something
    takes the time ``at`` which it happened; without it, a second after everything else.
    """

    def __init__(self, questions: Iterable[Item] = (), synonyms: dict[str, str] | None = None) -> None:
        self.lock = RLock()
        self.synonyms = dict(synonyms or {})
        # Copies: what happens here happens to nobody else's questions.
        self._questions: dict[int, Item] = {each["question_id"]: deepcopy(each) for each in questions}

    @classmethod
    def from_jsonl(cls, path: Path) -> Site:
        """Load questions in the shape in which a safe filter gives them, one a line."""
        with path.open(encoding="utf-8") as lines:
            return cls(_unescaped(json.loads(line)) for line in lines)

    def questions(self) -> list[Item]:
        """Give all questions, as they are held."""
        return list(self._questions.values())

    def answers(self) -> list[Item]:
        """Give all answers, as they are held."""
        return [answer for question in self._questions.values() for answer in question["answers"]]

    def tag(self, name: str) -> str:
        """Give the tag that a name stands for."""
        return self.synonyms.get(name.lower(), name.lower())

    def full(self, post: Item) -> Item:
        """Give a question or an answer with every field that a filter may ask for."""
        question = self._questions[post["question_id"]]
        return _full_question(post) if post is question else _full_answer(question, post)

    def question(self, question_id: int) -> Item:
        """Give the question itself, to look at."""
        return self._questions[question_id]

    def vote(self, post_id: int, score: int) -> None:
        """Set a score. Votes are no activity."""
        with self.lock:
            question, post = self._post(post_id)
            post["score"] = score
            _refresh(question)

    def accept(self, question_id: int, answer_id: int | None) -> None:
        """Accept an answer, or take acceptance back. That is no activity."""
        with self.lock:
            question = self._questions[question_id]
            for answer in question["answers"]:
                answer["is_accepted"] = answer["answer_id"] == answer_id
            _refresh(question)

    def close(self, question_id: int, reason: str = "Duplicate", at: int | None = None) -> None:
        """Close a question. That is no activity."""
        with self.lock:
            self._questions[question_id].update(closed_date=self._time(at), closed_reason=reason)

    def edit(self, post_id: int, at: int | None = None, **changed: Any) -> int:
        """Change title, body or tags of a question or an answer, and give the time of it."""
        with self.lock:
            question, post = self._post(post_id)
            time = self._time(at)
            post.update(changed, last_edit_date=time, last_activity_date=time)
            question["last_activity_date"] = time
            return time

    def answer(self, question_id: int, body: str, score: int = 0, at: int | None = None) -> int:
        """Answer a question, and give the answer's id."""
        with self.lock:
            question, time = self._questions[question_id], self._time(at)
            answer: Item = {
                "answer_id": self._new_id(),
                "question_id": question_id,
                "body": body,
                "score": score,
                "is_accepted": False,
                "creation_date": time,
                "last_activity_date": time,
                "content_license": "CC BY-SA 4.0",
                "owner": user(77, "Late Helper"),
                "comments": [],
            }
            question["answers"].append(answer)
            question["last_activity_date"] = time
            _refresh(question)
            return int(answer["answer_id"])

    def comment(self, post_id: int, body: str, at: int | None = None) -> int:
        """Comment on a question or an answer, and give the comment's id. Comments are no activity."""
        with self.lock:
            _, post = self._post(post_id)
            comment: Item = {
                "comment_id": self._new_id(),
                "post_id": post_id,
                "body": body,
                "score": 0,
                "edited": False,
                "creation_date": self._time(at),
                "content_license": "CC BY-SA 4.0",
                "owner": user(78, "Passer-by"),
            }
            post.setdefault("comments", []).append(comment)
            return int(comment["comment_id"])

    def delete(self, post_id: int, at: int | None = None) -> None:
        """Delete a question with all its answers, or an answer: its question is then active."""
        with self.lock:
            question, post = self._post(post_id)
            if post is question:
                del self._questions[post_id]
                return
            question["answers"].remove(post)
            question["last_activity_date"] = self._time(at)
            _refresh(question)

    def add(self, question: Item) -> int:
        """Take a question in; what it lacks but its title and tags is made up. Gives its id."""
        with self.lock:
            time = self._time(question.get("creation_date"))
            made_up: Item = {
                "question_id": question.get("question_id") or self._new_id(),
                "body": "<p>Why?</p>\n",
                "score": 0,
                "view_count": 1,
                "creation_date": time,
                "last_activity_date": time,
                "content_license": "CC BY-SA 4.0",
                "owner": user(79, "Newcomer"),
                "answers": [],
                "comments": [],
            }
            added = {**made_up, **question}
            added.setdefault("link", f"{_URL}/questions/{added['question_id']}/slug")
            _refresh(added)
            self._questions[added["question_id"]] = added
            return int(added["question_id"])

    def _post(self, post_id: int) -> tuple[Item, Item]:
        if post_id in self._questions:
            return self._questions[post_id], self._questions[post_id]
        for question in self._questions.values():
            for answer in question["answers"]:
                if answer["answer_id"] == post_id:
                    return question, answer
        raise KeyError(post_id)

    def _time(self, at: int | None) -> int:
        latest = (question["last_activity_date"] for question in self._questions.values())
        return max(latest, default=1_500_000_000) + 1 if at is None else at

    def _new_id(self) -> int:
        highest = 0
        for question in self._questions.values():
            posts = [question, *question["answers"]]
            comments = [comment["comment_id"] for post in posts for comment in post.get("comments", ())]
            highest = max(highest, question["question_id"], *(post.get("answer_id", 0) for post in posts), *comments, 0)
        return highest + 1


def user(user_id: int, name: str, reputation: int = 1) -> Item:
    """Give a registered user."""
    link = f"{_URL}/users/{user_id}/{user_id}"
    return {
        "account_id": user_id + 5_000,
        "reputation": reputation,
        "user_id": user_id,
        "user_type": "registered",
        "display_name": name,
        "link": link,
    }


def _refresh(question: Item) -> None:
    """Bring what follows from the answers up to date."""
    accepted = [answer["answer_id"] for answer in question["answers"] if answer["is_accepted"]]
    question.pop("accepted_answer_id", None)
    if accepted:
        question["accepted_answer_id"] = accepted[0]
    question["answer_count"] = len(question["answers"])
    question["is_answered"] = bool(accepted) or any(answer["score"] > 0 for answer in question["answers"])


def _full_question(question: Item) -> Item:
    full = _full_post(question, question["question_id"], "question")
    full["answers"] = [_full_answer(question, answer) for answer in question["answers"]]
    full["share_link"] = f"{_URL}/q/{question['question_id']}"
    return full


def _full_answer(question: Item, answer: Item) -> Item:
    full = _full_post(answer, answer["answer_id"], "answer")
    number = answer["answer_id"]
    return {
        **full,
        "title": question["title"],
        "tags": list(question["tags"]),
        "link": f"{question['link']}/{number}#{number}",
        "share_link": f"{_URL}/a/{number}",
    }


def _full_post(post: Item, post_id: int, post_type: str) -> Item:
    comments = post.get("comments", [])
    return {
        **post,
        "body_markdown": _markdown(post["body"]),
        "comment_count": len(comments),
        "up_vote_count": max(post["score"], 0),
        "down_vote_count": max(-post["score"], 0),
        "comments": [
            {
                **comment,
                "post_type": post_type,
                "body_markdown": _markdown(comment["body"]),
                "link": f"{_URL}/q/{post_id}#comment{comment['comment_id']}",
            }
            for comment in comments
        ],
    }


def _markdown(body: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", body))


def _unescaped(item: Any) -> Any:
    if isinstance(item, list):
        return [_unescaped(each) for each in item]
    if not isinstance(item, dict):
        return item
    plain = ("title", "display_name")
    return {name: html.unescape(value) if name in plain else _unescaped(value) for name, value in item.items()}
