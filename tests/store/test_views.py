"""The views for analysts, and the totals of ``miner status``."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from support.pages import NOON, VERDICT, commit, fix, sha
from support.threads import answer, comment, origin, question, thread

from miner.model import Author, Omission, OmissionReason
from miner.questions import Judge, QuestionTask
from miner.store import repository
from miner.store.bulk import insert_rows
from miner.store.coverage import Coverage, Interval
from miner.store.rows import PageBuilder
from miner.store.session import reading, writing
from miner.store.status import Gap, status
from miner.store.tables import fix as fix_table
from miner.store.views import views

# number of the commit, library, pattern
FIXES = ((0, "keras", "add_layer"), (1, "keras", "add_layer"), (2, "keras", "unknown"), (3, "torch", "optimizer"))


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Four fixes of two libraries, the first of them in two repositories; one labelled by a person too."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        ids = [
            repository.register_repository(connection, run_id=run_id, name=name, host=host, clone_url=name)
            for name, host in (("o/n", "github.com"), ("/srv/n", ""))
        ]
        first = PageBuilder("git", run_id, ids[0], "bugfix/1")
        for number, library, pattern in FIXES:
            first.commit(commit(number, f"Fix {number}"), VERDICT)
            first.fix(fix(sha(number), library, pattern), NOON)
        first.labels(f"git:{sha(0)}:1", fix(sha(0), pattern="monitor", rater="ada").labels)
        second = PageBuilder("git", run_id, ids[1], "bugfix/1")
        second.commit(commit(0), VERDICT)
        second.commit(commit(9, "Tidy"), VERDICT)
        for builder in (first, second):
            repository.write_page(connection, builder.rows)
        repository.finish_run(connection, run_id, "complete", {})
    return engine


@pytest.mark.parametrize("view", [view.name for view in views()])
def test_every_column_of_a_view_is_explained_in_its_order(engine: Engine, view: str) -> None:
    with reading(engine) as connection:
        columns = list(connection.exec_driver_sql(f"SELECT * FROM {view}").keys())  # noqa: S608
    (found,) = [known for known in views() if known.name == view]
    assert list(found.columns) == columns
    assert found.comment


def test_the_overview_has_a_row_for_each_fix_and_rater(filled: Engine) -> None:
    found = rows(
        filled,
        "SELECT sha, library, repository, repositories, message, hunks, pattern, confidence, rater "
        "FROM fix_overview ORDER BY message, rater",
    )
    assert found == [
        (sha(0), "keras", "o/n", 2, "Fix 0", 1, "monitor", 0.75, "ada"),
        (sha(0), "keras", "o/n", 2, "Fix 0", 1, "add_layer", 0.75, "heuristic/1"),
        (sha(1), "keras", "o/n", 1, "Fix 1", 1, "add_layer", 0.75, "heuristic/1"),
        (sha(2), "keras", "o/n", 1, "Fix 2", 1, "unknown", None, "heuristic/1"),
        (sha(3), "torch", "o/n", 1, "Fix 3", 1, "optimizer", 0.75, "heuristic/1"),
    ]


def test_a_fix_leads_to_its_commit_on_github(filled: Engine) -> None:
    found = rows(filled, "SELECT DISTINCT commit_url FROM fix_overview WHERE message = 'Fix 3'")
    assert found == [(f"https://github.com/o/n/commit/{sha(3)}",)]


def test_a_fix_of_a_local_repository_has_no_url(filled: Engine) -> None:
    with writing(filled) as connection:
        builder = PageBuilder("git", 1, 2)
        builder.fix(fix(sha(9)), NOON)
        repository.write_page(connection, builder.rows)
    found = rows(filled, "SELECT repository, commit_url FROM fix_overview WHERE message = 'Tidy'")
    assert found == [("/srv/n", None)]


def test_a_fix_that_nobody_judged_is_in_the_overview(filled: Engine) -> None:
    with writing(filled) as connection:
        insert_rows(connection, fix_table, [("git:x:1", "git", sha(9), "keras", None, *[None] * 4)])
    assert rows(filled, "SELECT pattern, rater FROM fix_overview WHERE fix_id = 'git:x:1'") == [(None, None)]


def test_shares_of_patterns_add_up_for_each_rater(filled: Engine) -> None:
    assert rows(filled, "SELECT * FROM pattern_share ORDER BY rater, pattern") == [
        ("ada", "monitor", 1, 1.0),
        ("heuristic/1", "add_layer", 2, 0.5),
        ("heuristic/1", "optimizer", 1, 0.25),
        ("heuristic/1", "unknown", 1, 0.25),
    ]


def test_shares_of_patterns_add_up_for_each_library(filled: Engine) -> None:
    found = rows(filled, "SELECT * FROM pattern_by_library WHERE rater = 'heuristic/1' ORDER BY library, pattern")
    assert found == [
        ("heuristic/1", "keras", "add_layer", 2, 2 / 3),
        ("heuristic/1", "keras", "unknown", 1, 1 / 3),
        ("heuristic/1", "torch", "optimizer", 1, 1.0),
    ]


def test_times_can_be_compared_as_text_in_both_databases(filled: Engine) -> None:
    found = rows(filled, "SELECT COUNT(*) FROM fix_overview WHERE fixed_at >= '2019-06-01' AND fixed_at < '2019-06-02'")
    assert found == [(5,)]


def leave_out(engine: Engine) -> None:
    with writing(engine) as connection:
        for subject in ("commit:a", "commit:b"):
            repository.record_omission(connection, 1, "git", Omission(OmissionReason.COMMIT_TOO_LARGE, subject))
        repository.resolve_omissions(connection, 1, "git", ["commit:a"])


def test_omissions_are_counted_by_reason(filled: Engine) -> None:
    leave_out(filled)
    assert rows(filled, "SELECT * FROM omission_reasons") == [("git", "commit_too_large", 2, 1)]


@pytest.mark.parametrize(
    ("later", "gaps"),
    [
        pytest.param(None, 1, id="never-tried-again"),
        pytest.param(Coverage("git", "q", "other tip", Interval(0, 9), 2), 0, id="complete-at-a-later-tip"),
        pytest.param(Coverage("git", "q", "other tip", Interval(0, 8), 2), 1, id="not-all-of-it"),
        pytest.param(Coverage("git", "p", "tip", Interval(0, 9), 2), 1, id="another-query"),
        pytest.param(Coverage("git", "q", "tip", Interval(3, 9), 2), 1, id="the-rest-of-it"),
    ],
)
def test_a_gap_stays_until_a_later_run_brings_all_of_it(filled: Engine, later: Coverage | None, gaps: int) -> None:
    with writing(filled) as connection:
        repository.start_run(connection, "collect", {}, "0")
        failed = Coverage("git", "q", "tip", Interval(2, 9), 1, complete=False, reason="stopped")
        repository.add_coverage(connection, failed)
        if later is not None:
            repository.add_coverage(connection, later)
    assert len(rows(filled, "SELECT * FROM coverage_gaps")) == gaps


def test_the_status_gives_the_totals(filled: Engine) -> None:
    leave_out(filled)
    with writing(filled) as connection:
        failed = Coverage("git", "q", "tip", Interval(2, 9), 1, complete=False, reason="stopped")
        repository.add_coverage(connection, failed)
        found = status(connection)
    assert (found.commits, found.fixes) == (5, 4)
    assert found.repositories == {"there": 2}
    assert list(found.libraries.items()) == [("keras", 3), ("torch", 1)]
    assert (found.rater, list(found.patterns.items())) == (
        "heuristic/1",
        [("add_layer", 2), ("optimizer", 1), ("unknown", 1)],
    )
    assert found.omissions == {"commit_too_large": 1}
    assert found.gaps == (Gap("git", "q", 2, 9, "stopped"),)
    (run,) = found.runs
    assert (run.run_id, run.command, run.status) == (1, "collect", "complete")
    assert run.started_at <= datetime.now(UTC)


def test_the_status_of_an_empty_database_is_all_noughts(engine: Engine) -> None:
    with reading(engine) as connection:
        found = status(connection)
    assert (found.commits, found.fixes, found.patterns, found.gaps, found.runs) == (0, 0, {}, (), ())


@pytest.fixture
def answered(engine: Engine) -> Engine:
    """A question with a fix, by an author who is gone, and what the site's page shows of it."""
    asked = question(accepted_answer_id=2, author=Author(None, "user9"))
    one = thread(asked, [answer(2, licence="CC BY-SA 3.0")], [comment(3, 2)])
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", "heuristic/1")
        mined = QuestionTask((one,), Judge(5), run_id, origin(run_id)).run()
        repository.write_page(connection, mined.rows, run_id=run_id)
    return engine


def test_a_fix_of_posts_is_in_the_overview_beside_those_of_commits(answered: Engine) -> None:
    columns = "source, library, sha, commit_url, message, hunks, pairs, title, answer_url, selection_rule, pattern"
    assert rows(answered, f"SELECT {columns} FROM fix_overview") == [  # noqa: S608
        (
            "stackoverflow",
            "keras",
            None,
            None,
            None,
            0,
            1,
            "Why does my model not learn?",
            "https://stackoverflow.com/a/2",
            "accepted_with_code",
            "optimizer",
        )
    ]


def test_pairs_lead_to_both_posts(answered: Engine) -> None:
    (pair,) = rows(answered, "SELECT before, after, diff, question_url, answer_url FROM fix_pairs")
    assert "sgd" in str(pair[0])
    assert "adam" in str(pair[1])
    assert str(pair[2]).startswith("@@ -")
    assert pair[3:] == ("https://stackoverflow.com/q/1", "https://stackoverflow.com/a/2")


def test_both_authors_of_a_fix_can_be_named(answered: Engine) -> None:
    """With the licence of each text; a deleted user has no page."""
    columns = "kind, url, author_name, author_url, licence"
    assert rows(answered, f"SELECT {columns} FROM post_attribution ORDER BY kind") == [  # noqa: S608
        ("answer", "https://stackoverflow.com/a/2", "Ben", "https://stackoverflow.com/users/8", "CC BY-SA 3.0"),
        ("question", "https://stackoverflow.com/q/1", "user9", None, "CC BY-SA 4.0"),
    ]


def test_the_status_counts_posts(answered: Engine) -> None:
    with reading(answered) as connection:
        found = status(connection)
    assert (found.questions, found.answers, found.comments, found.fixes) == (1, 1, 1, 1)
