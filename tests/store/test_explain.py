"""Finding the fix that a user means, and everything that is stored of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from support.pages import NOON, VERDICT, commit, file_change, fix, sha
from support.threads import AFTER, SITE, answer, origin, question, thread

from miner.errors import FixNotFoundError
from miner.model import Fix, Label, Omission, OmissionReason
from miner.questions import Judge, QuestionTask
from miner.store import repository, splits
from miner.store.explain import Explanation, explain, find
from miner.store.rows import PageBuilder
from miner.store.session import reading, writing
from miner.store.tables import label


@pytest.fixture
def stored(engine: Engine) -> Engine:
    """Commit 0 has two fixes, commit 1 one, commit 2 none and a reason, commit 3 none; and an answer has one."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        number = repository.register_repository(connection, run_id=run_id, name="o/n", host="github.com", clone_url="u")
        builder = PageBuilder("git", run_id, number, "bugfix/1")
        for no in range(4):
            builder.commit(commit(no, f"Fix {no}"), VERDICT)
            builder.files(sha(no), [file_change(0), file_change(1, path="b.py")])
        builder.fix(fix(sha(0)), NOON)
        builder.fix(Fix(f"git:{sha(0)}:2", sha(0), "torch", ((1, 0),), fix(sha(0), pattern="monitor").labels), NOON)
        builder.fix(fix(sha(1)), NOON)
        builder.omissions([Omission(OmissionReason.NO_LIBRARY_CODE, f"commit:{sha(2)}", "no code", sha(2))])
        repository.write_page(connection, builder.rows, run_id=run_id)
        asked = thread(question(10, accepted_answer_id=11), [answer(11, 10)])
        mined = QuestionTask((asked,), Judge(5), run_id, origin(run_id)).run()
        repository.write_page(connection, mined.rows, run_id=run_id)
    return engine


def found(engine: Engine, text: str) -> list[str]:
    with reading(engine) as connection:
        return find(connection, text, SITE)


def explained(engine: Engine, fix_id: str, *, every: bool = False) -> Explanation:
    with reading(engine) as connection:
        return explain(connection, fix_id, every=every)


FIRST, SECOND, POST = f"git:{sha(0)}:1", f"git:{sha(0)}:2", f"{SITE}:11"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(FIRST, [FIRST], id="id"),
        pytest.param(f" {FIRST}\n", [FIRST], id="id with space around it"),
        pytest.param(f"git:{sha(0)[:39]}:2", [SECOND], id="short sha and number"),
        pytest.param(sha(0), [FIRST, SECOND], id="sha: all fixes of the commit"),
        pytest.param(sha(0).upper(), [FIRST, SECOND], id="sha in capitals"),
        pytest.param(f"https://github.com/o/n/commit/{sha(0)}", [FIRST, SECOND], id="link to a commit"),
        pytest.param(f"https://github.com/o/n/commit/{sha(0)}#diff-0", [FIRST, SECOND], id="link with an anchor"),
        pytest.param("11", [POST], id="number of an answer"),
        pytest.param("10", [POST], id="number of a question"),
        pytest.param(POST, [POST], id="id of a post's fix"),
        pytest.param(f"https://{SITE}/a/11", [POST], id="link to an answer"),
        pytest.param(f"https://{SITE}/questions/10/why", [POST], id="link to a question"),
        pytest.param(SITE[:8], [POST], id="start of an id"),
    ],
)
def test_what_a_user_may_say_finds_the_fix(stored: Engine, text: str, expected: list[str]) -> None:
    assert found(stored, text) == expected


def test_a_number_may_be_of_another_site_than_that_of_the_settings(engine: Engine) -> None:
    """Of a dump of a small site, say; a sha that starts like it goes before."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        asked = thread(question(1234, accepted_answer_id=2345), [answer(2345, 1234)])
        repository.write_page(
            connection, QuestionTask((asked,), Judge(5), run_id, origin(run_id)).run().rows, run_id=run_id
        )
    with reading(engine) as connection:
        assert (
            find(connection, "2345", "other.example") == find(connection, "1234", "other.example") == [f"{SITE}:2345"]
        )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("git:", "is the start of several fixes", id="start of many"),
        pytest.param(sha(2), "has no such fix: no_library_code, no code", id="left out"),
        pytest.param(sha(3), "its message does not say that it repairs a bug", id="no candidate"),
        pytest.param(f"git:{sha(0)}:7", f"has no such fix: it has {FIRST}, {SECOND}", id="another number"),
        pytest.param("f" * 40, "there is no commit", id="unknown commit"),
        pytest.param(f"{SITE}:12", f"near it are {POST}", id="a digit wrong"),
        pytest.param("", "there is no fix ''", id="nothing"),
        pytest.param("99999999999999999999999", "there is no", id="more than a number holds"),
        pytest.param("12345", "there is no commit '12345', nor a post of that number", id="number of nothing"),
        pytest.param("%", "there is no fix '%'", id="a sign of SQL"),
    ],
)
def test_what_is_not_there_is_told(stored: Engine, text: str, says: str) -> None:
    with pytest.raises(FixNotFoundError) as raised:
        found(stored, text)
    assert says in str(raised.value)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_any_text_finds_something_or_is_told_in_words(stored: Engine, text: str) -> None:
    """Whatever a user types."""
    try:
        assert found(stored, text)
    except FixNotFoundError as error:
        told = str(error)
        assert "there is no" in told or "is the start of several" in told


def test_a_fix_of_a_commit_is_explained(stored: Engine) -> None:
    """Its own hunks only, the message's evidence, the labels with theirs."""
    one = explained(stored, SECOND)
    assert (one.library, one.message, one.bug_fix_score, one.repository) == ("torch", "Fix 0", 0.875, "o/n")
    assert one.urls == (f"https://github.com/o/n/commit/{sha(0)}",)
    assert [(part.no, part.path, len(part.hunks)) for part in one.parts] == [(1, "b.py", 1)]
    assert [(row.value, row.confidence, row.evidence[0].text) for row in one.labels] == [("monitor", 0.75, "Dropout")]
    assert one.bug_fix == VERDICT.evidence


def test_a_fix_of_an_answer_is_explained(stored: Engine) -> None:
    """The pairs stand in the place of files, and their diff in that of hunks."""
    one = explained(stored, POST)
    assert (one.title, one.message, one.urls) == ("Why does my model not learn?", None, (f"https://{SITE}/a/11",))
    (part,) = one.parts
    assert any(line[1:] == AFTER.strip() for hunk in part.hunks for line in hunk.body.split("\n"))
    assert {row.scheme for row in one.labels} >= {"library", "pattern", "bug_type"}


def test_labels_of_older_rules_are_shown_on_request(stored: Engine) -> None:
    """And what superseded a fix is told."""
    newer = "heuristic/2"
    with writing(stored) as connection:
        run_id = repository.start_run(connection, "classify", {}, "0", newer)
        builder = PageBuilder("git", run_id)
        builder.labels(FIRST, [Label("pattern", "iterations", 1, 0.5, newer, ())])
        repository.write_page(connection, builder.rows, run_id=run_id)
        splits.supersede(connection, [SECOND], newer, run_id)
    assert [row.rater for row in explained(stored, FIRST).labels] == [newer]
    assert [row.rater for row in explained(stored, FIRST, every=True).labels] == ["heuristic/1", newer]
    assert found(stored, sha(0)) == [FIRST]
    one = explained(stored, SECOND)
    assert (one.superseded_by, [row.value for row in one.labels]) == (newer, ["monitor"])


def test_schemes_come_in_the_order_in_which_they_are_read(stored: Engine) -> None:
    """The library and the pattern first, what nobody asked for last."""
    names = ("question", "library", "zeal", "impact", "prior_pattern", "root_cause", "sub_pattern", "bug_type")
    with writing(stored) as connection:
        for name in names:
            row = {"fix_id": FIRST, "scheme": name, "rater": "a", "rank": 1, "value": "x", "run_id": 1}
            connection.execute(label.insert().values(row))
    schemes = [one.scheme for one in explained(stored, FIRST, every=True).labels if one.rater == "a"]
    assert schemes == [
        "library", "sub_pattern", "bug_type", "root_cause", "impact", "prior_pattern", "question", "zeal"
    ]  # fmt: skip


def test_a_few_characters_alike_are_not_near(stored: Engine) -> None:
    """Six are, not counting what all ids of commits have; else the error says how to list some."""
    near = "f" if sha(0)[6] != "f" else "e"
    with pytest.raises(FixNotFoundError, match=f"near it are {FIRST}"):
        found(stored, f"git:{sha(0)[:6]}{near}{near}")
    with pytest.raises(FixNotFoundError, match='miner sql "SELECT fix_id FROM fix_overview LIMIT 5"'):
        found(stored, f"git:{sha(0)[:5]}{'0' * 9}")
