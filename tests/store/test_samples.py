"""What may be drawn for raters, and what they are shown."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import Engine
from support.labels import collect, link
from support.pages import NOON, VERDICT, commit, file_change, fix, sha
from support.threads import SITE, answer, origin, question, thread

from miner.classify.version import RATER
from miner.questions import Judge, QuestionTask
from miner.store import repository
from miner.store.rows import PageBuilder
from miner.store.samples import Candidate, Shown, candidate_fixes, shown
from miner.store.session import reading, writing

POST = f"{SITE}:2"


@pytest.fixture
def collected(engine: Engine) -> Engine:
    """A sure, a doubtful and an unknown fix of commits, one of a repository without a site, and one of an answer."""
    fixes = [("keras", "data_type", 0.75, 0.0), ("torch", "optimizer", 0.5, 0.25), ("keras", "unknown", None, 0.0)]
    collect(engine, fixes)
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", RATER)
        place = repository.register_repository(connection, run_id=run_id, name="/srv/n", host="", clone_url="/srv/n")
        builder = PageBuilder("git", run_id, place, "bugfix/1")
        builder.commit(commit(9, "Fix 9"), VERDICT)
        builder.files(sha(9), [file_change()])
        builder.fix(fix(sha(9), rater="heuristic/old"), NOON)
        repository.write_page(connection, builder.rows, run_id=run_id)
        one = thread(question(1, accepted_answer_id=2), [answer(2)])
        mined = QuestionTask((one,), Judge(5), run_id, origin(run_id)).run()
        repository.write_page(connection, mined.rows, run_id=run_id)
    return engine


def test_a_candidate_has_what_this_version_of_the_rules_says(collected: Engine) -> None:
    """How sure they are, and by how much surer than of their second choice."""
    with reading(collected) as connection:
        found = {one.item_id: one for one in candidate_fixes(connection, RATER)}
    assert list(found) == sorted(found)
    expected = [
        Candidate(f"git:{sha(0)}:1", "github", "keras", "data_type", 0.75, 0.75),
        Candidate(f"git:{sha(1)}:1", "github", "torch", "optimizer", 0.5, 0.25),
        Candidate(f"git:{sha(2)}:1", "github", "keras", "unknown", 0.0, 0.0),
        Candidate(f"git:{sha(9)}:1", "github", "keras", "", None, None),
    ]
    assert [found[one.item_id] for one in expected] == expected
    assert (found[POST].source, found[POST].library) == ("stackoverflow", "keras")


def test_a_commit_is_shown_with_its_hunk(collected: Engine) -> None:
    """A commit without a page on a site is named by its repository."""
    with reading(collected) as connection:
        found = shown(connection, [f"git:{sha(0)}:1", f"git:{sha(9)}:1"], 4_000)
    digest = sha256(b"a.py").hexdigest()
    change = "--- a.py\n+++ a.py\n@@ -1,1 +1,1 @@ def f():\n-a\n+b\n"
    assert found == {
        f"git:{sha(0)}:1": Shown(f"{link(0)}#diff-{digest}R1", "Fix 0", change),
        f"git:{sha(9)}:1": Shown(f"/srv/n {sha(9)}", "Fix 9", change),
    }


def test_an_answer_is_shown_with_the_change_that_it_describes(collected: Engine) -> None:
    with reading(collected) as connection:
        found = shown(connection, [POST], 4_000)[POST]
    assert (found.link, found.about) == (f"https://{SITE}/a/2", "Why does my model not learn?")
    assert "-model.compile(loss='mse', optimizer='sgd')\n+model.compile(loss='mse', optimizer='adam')" in found.change


def test_what_is_long_is_cut(collected: Engine) -> None:
    with reading(collected) as connection:
        found = shown(connection, [POST], 10)[POST]
    assert (found.about, len(found.change), found.change[-1]) == ("Why does …", 10, "…")
