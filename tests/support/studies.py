"""Databases of a few fixes: commits that change one another's lines, answers with comments, and people's labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, Engine, insert

from miner.classify.version import RATER
from miner.model import Author, Label
from miner.questions import Judge, QuestionTask
from miner.store import repository
from miner.store.coverage import Coverage, Interval
from miner.store.ratingtables import rating, rating_item
from miner.store.rows import PageBuilder
from miner.store.session import writing
from support.pages import NOON, VERDICT, commit, file_change, fix, sha
from support.threads import SITE, answer, code, comment, origin, question, thread

LINE = "loss = mean_squared_error(y, p)"
DAY = 86_400
TRACEBACK = (
    "<pre><code>Traceback (most recent call last):\n"
    '  File "a.py", line 2, in &lt;module&gt;\n'
    "    model.compile(loss='mse', optimizer='sgd')\n"
    "ValueError: something is wrong</code></pre>\n"
)


def add_commits(engine: Engine, *, whole: bool = True) -> None:
    """Fix 0 brings a line, fix 1 (three days later) replaces it; fix 2 is a copy of fix 0 in another file.

    The first two are in a stretch of history that was mined whole, if any is.
    Fix 0 is versioning (an API bug, a crash), fix 1 data type at a confidence of .2, fix 2 versioning.
    """
    bodies = {0: f"-x = old(y, p)\n+{LINE}\n", 1: f"-{LINE}\n+loss = other(y, p)\n", 2: f"+{LINE}\n"}
    patterns = {0: ("versioning", 0.9), 1: ("data_type", 0.2), 2: ("versioning", 0.9)}
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", RATER)
        number = repository.register_repository(connection, run_id=run_id, name="o/n", host="github.com", clone_url="u")
        builder = PageBuilder("git", run_id, number, "bugfix/1")
        for no, body in bodies.items():
            at = int(NOON.timestamp()) + 3 * DAY * no
            message = "Fix load_weights" if no == 0 else "Fix it"
            builder.commit(commit(no, message, committed_epoch=at), VERDICT)
            builder.files(sha(no), [file_change(body=body, path="b.py" if no == 2 else "a.py")])
            one = fix(sha(no), "tensorflow" if no == 1 else "keras", patterns[no][0], RATER)
            labels = (replace(one.labels[0], confidence=patterns[no][1]), *_more(no))
            builder.fix(replace(one, labels=labels), NOON + timedelta(days=3 * no))
            builder.cluster(one.fix_id, "one" if no != 1 else "other")
        repository.write_page(connection, builder.rows, run_id=run_id)
        query = "github.com/o/n branches=default libraries=* threshold=0.5"
        if whole:
            # Up to the last commit: it cannot be followed.
            end = int(NOON.timestamp()) + 6 * DAY
            repository.add_coverage(connection, Coverage("git", query, "tip", Interval(0, end), run_id))


def _more(no: int) -> tuple[Label, ...]:
    values = {"bug_type": "api", "impact": "crash"} if no == 0 else {"bug_type": "data"} if no == 1 else {}
    return tuple(Label(scheme, value, 1, 0.8, RATER, ()) for scheme, value in values.items())


def add_posts(engine: Engine, comments: Mapping[int, str]) -> None:
    """Add questions 1, 2, 3, each with an accepted answer and, where there is one, a comment of the asker below it.

    The answers change the optimizer, in a line that the question's traceback quotes.
    """
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", RATER)
        threads = []
        for number in (1, 2, 3):
            body = f"<p>It fails:</p>\n{TRACEBACK}{code(_before())}"
            asked = question(number, accepted_answer_id=10 + number, body=body)
            said = comments.get(number)
            below = [] if said is None else [comment(20 + number, 10 + number, said)]
            # Somebody else's error is no bug of this fix.
            other = comment(30 + number, 10 + number, "now I get a ValueError", author=Author(99, "Eve"))
            threads.append(thread(asked, [answer(10 + number, number)], [*below, other] if comments else []))
        mined = QuestionTask(tuple(threads), Judge(5), run_id, origin(run_id)).run()
        repository.write_page(connection, mined.rows, run_id=run_id)


def _before() -> str:
    return "import keras\nmodel.compile(loss='mse', optimizer='sgd')\nmodel.fit(x, y)\n"


def add_rating(
    connection: Connection, item: str, rater: str, values: Mapping[str, str], round_: int = 1, **of: object
) -> None:
    """Enter what a rater says of an item, which is entered too in the first round of its first rater."""
    columns = {"source": "github", "library": "keras", "link": item, "set_name": "s", "position": 1, "run_id": 1}
    if of.pop("new", True):
        connection.execute(insert(rating_item).values(item_id=item, **{**columns, **of}))
    for scheme, value in values.items():
        row = {"item_id": item, "scheme": scheme, "rater": rater, "round": round_, "value": value}
        connection.execute(insert(rating).values(**row, said=value, note="", row_no=1, run_id=1))


SITE_FIX = f"{SITE}:11"
