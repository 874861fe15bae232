"""Questions and answers about deep-learning libraries that nobody asked, with what makes real ones hard to collect.

Dates come in ties, accepted answers need not be the best, users are gone, titles have entities, and not every answer
holds code. The same numbers give the same site.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import count
from random import Random
from typing import Any

from servers.stackexchange_data import Item, user

TAGS = ("keras", "tensorflow", "pytorch", "theano", "caffe")
FIRST = 1_420_070_400  # 2015
LAST = 1_640_995_199  # 2021
LICENSE = "CC BY-SA 4.0"
# A question has the numbers from its own to the next one's for its answers.
ID_STEP = 20
FIRST_COMMENT = 500_000_000
MOST_ANSWERS = 6
TIES = 0.1
CLOSED_REASONS = ("Duplicate", "Needs details or clarity", "Not suitable for this site")
NAMES = ("Ada", "Ben O'Hara", "Chloé", "Dee & Sons", "<eve>", 'Finn "F" Foss', "Gül", "山田", "Ivo", "Jo")
TITLES = (
    "Why is my {tag} loss NaN after the first epoch?",
    '{tag}: "ValueError: shapes (3,) & (4,)" when I call fit()',
    "How do I get a Tensor<float> of the right type in {tag}?",
    "What's the difference between 'same' and 'valid' padding in {tag}?",
    "{tag} model doesn't learn: accuracy > 0.5 never happens",
    "Input 0 is incompatible with layer dense_1 (déjà vu) in {tag}",
)
QUESTION_CODE = (
    "model.add(Dense(10, input_shape=(784,)))\nmodel.compile(loss='mse', optimizer='sgd')\nmodel.fit(x, y)",
    "x = np.array(rows)\nif x.shape[0] < 3 and x.dtype != 'float32':\n    y = net(x)",
    "layer = Conv2D(32, (3, 3))\nout = layer(images)  # error here",
)
ANSWER_CODE = (
    "model.add(Dense(10, input_shape=(784,)))\nmodel.compile(loss='categorical_crossentropy', optimizer='adam')",
    "x = np.array(rows, dtype='float32').reshape(-1, 3)\ny = net(x)",
    "layer = Conv2D(32, (3, 3), activation='relu', padding='same')\nout = layer(images[..., None])",
)
REMARKS = ("Which version is it?", "Thanks, that <i>did</i> it!", "Use <code>a &lt; b</code> there.", "Same here :-(")


def generate(questions: int, seed: int = 1, tags: Sequence[str] = TAGS, bursts: Sequence[int] = ()) -> list[Item]:
    """Make questions, the oldest first. A burst is a number of them that are asked within one second."""
    chance = Random(seed)  # noqa: S311 - content, not a secret
    maker = _Maker(chance, tags)
    dates = _dates(chance, questions, bursts)
    return [maker.question(ID_STEP * number, date) for number, date in enumerate(dates, 1)]


def _dates(chance: Random, questions: int, bursts: Sequence[int]) -> list[int]:
    dates = [(chance.randint(FIRST, LAST), size) for size in bursts]
    found = [date for date, size in dates for _ in range(size)][:questions]
    while len(found) < questions:
        tie = found and chance.random() < TIES
        found.append(chance.choice(found[-50:]) if tie else chance.randint(FIRST, LAST))
    return sorted(found)


class _Maker:
    def __init__(self, chance: Random, tags: Sequence[str]) -> None:
        self._chance = chance
        self._tags = tags
        self._comment_ids = count(FIRST_COMMENT)

    def question(self, question_id: int, date: int) -> Item:
        tags = self._pick_tags()
        title = self._chance.choice(TITLES).format(tag=tags[0])
        question: Item = {
            "question_id": question_id,
            "title": title,
            "tags": tags,
            "view_count": self._chance.randint(5, 9_000),
            "link": f"https://stackoverflow.com/questions/{question_id}/slug-{question_id}",
            **self._post(date, self._question_body(tags[0])),
        }
        question["comments"] = self._comments(question_id, date)
        question["answers"] = self._answers(question_id, date)
        self._settle(question)
        return question

    def _pick_tags(self) -> list[str]:
        libraries = min(len(self._tags), 2 if self._chance.random() < 0.25 else 1)
        extra = self._chance.sample(("python", "numpy", "conv-neural-network", "c++"), self._chance.randint(0, 2))
        return self._chance.sample(list(self._tags), libraries) + extra

    def _post(self, date: int, body: str) -> dict[str, Any]:
        """Give what questions and answers have in common."""
        post = {
            "body": body,
            "score": self._chance.choice((-2, 0, 0, 0, 1, 1, 2, 3, 5, 8, 21)),
            "creation_date": date,
            "last_activity_date": date,
            "content_license": LICENSE,
            "owner": self._owner(),
        }
        if self._chance.random() < 0.2:
            post["last_edit_date"] = post["last_activity_date"] = date + self._chance.randint(60, 900_000)
        if post["owner"] is None:
            del post["owner"]
        return post

    def _owner(self) -> Item | None:
        luck = self._chance.random()
        number = self._chance.randint(1, 400)
        if luck < 0.01:
            return None
        if luck < 0.06:
            return {"user_type": "does_not_exist", "display_name": f"user{number}"}
        return user(number, self._chance.choice(NAMES), reputation=number * 7 + 1)

    def _question_body(self, tag: str) -> str:
        intro = f"<p>I train a small network with {tag} and it fails &mdash; what is wrong?</p>\n"
        if self._chance.random() < 0.15:
            return intro
        return intro + _code(self._chance.choice(QUESTION_CODE)) + "<p>I use version <code>1.2</code>.</p>\n"

    def _answer_body(self) -> str:
        if self._chance.random() < 0.25:
            return '<p>You forgot to scale the input; read <a href="https://example.org/?a=1&amp;b=2">this</a>.</p>\n'
        return "<p>Change it like this:</p>\n" + _code(self._chance.choice(ANSWER_CODE))

    def _answers(self, question_id: int, date: int) -> list[Item]:
        answers = []
        for number in range(1, self._chance.choice((0, 0, 1, 1, 1, 2, 2, 3, 4, MOST_ANSWERS)) + 1):
            later = date + self._chance.randint(0, 5_000_000)
            answer: Item = {"answer_id": question_id + number, "question_id": question_id, "is_accepted": False}
            answer.update(self._post(later, self._answer_body()))
            answer["comments"] = self._comments(question_id + number, later)
            answers.append(answer)
        if answers and self._chance.random() < 0.5:
            self._chance.choice(answers)["is_accepted"] = True
        return answers

    def _comments(self, post_id: int, date: int) -> list[Item]:
        comments = []
        for _ in range(self._chance.choice((0, 0, 0, 1, 2))):
            comment = {
                "comment_id": next(self._comment_ids),
                "post_id": post_id,
                "body": self._chance.choice(REMARKS),
                "score": self._chance.randint(0, 4),
                "edited": self._chance.random() < 0.1,
                "creation_date": date + self._chance.randint(0, 9_000_000),
                "content_license": LICENSE,
                "owner": self._owner(),
            }
            comments.append({name: value for name, value in comment.items() if value is not None})
        return comments

    def _settle(self, question: Item) -> None:
        """Fill in what follows from the answers, and close some."""
        answers = question["answers"]
        accepted = [answer["answer_id"] for answer in answers if answer["is_accepted"]]
        if accepted:
            question["accepted_answer_id"] = accepted[0]
        question["answer_count"] = len(answers)
        question["is_answered"] = bool(accepted) or any(answer["score"] > 0 for answer in answers)
        question["last_activity_date"] = max(post["last_activity_date"] for post in (question, *answers))
        if self._chance.random() < 0.05:
            question["closed_date"] = question["creation_date"] + self._chance.randint(600, 90_000)
            question["closed_reason"] = self._chance.choice(CLOSED_REASONS)


def _code(text: str) -> str:
    return f"<pre><code>{html.escape(text, quote=False)}\n</code></pre>\n"
