"""Several judges of one commit: each has its own evidence, and the score is that of all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from support.pages import commit, file_change, sha

from miner.classify.logodds import BIAS, score_of, sum_at
from miner.model import BugFixVerdict, Evidence
from miner.store import repository
from miner.store.judgements import put_evidence
from miner.store.rows import PageBuilder, PageRows
from miner.store.session import reading, writing
from miner.store.tables import bug_fix_evidence, git_commit

SAID = Evidence("message.fix", 5.4, "Fix", "message", 0, 3)
TOUCHED = Evidence("diff.only_tests", -0.3, "test_a.py", "path", 0, 9)
ISSUES = (
    Evidence("issue.bug_label", 2.0, "#7: bug", "issue", 4, 7),
    Evidence("issue.closes", 0.5, "#7", "issue", 0, 2),
)
REVERTED = Evidence("commit.reverted", -1.5, sha(9), "commit", 0, 40)


def page(*evidence: Evidence, files: bool = True, rater: str = "rules/1") -> PageRows:
    builder = PageBuilder("git", 1, None, rater)
    builder.commit(commit(), BugFixVerdict(score_of(e.weight for e in evidence), evidence))
    if files:
        builder.files(sha(0), [file_change()])
    return builder.rows


@pytest.fixture
def stored(engine: Engine) -> Engine:
    """A database with the run and the commit, of which only the message was judged."""
    with writing(engine) as connection:
        repository.start_run(connection, "collect", {}, "0")
        repository.write_page(connection, page(SAID, files=False), run_id=1)
    return engine


def rows(engine: Engine) -> list[tuple[int, str]]:
    with reading(engine) as connection:
        columns = bug_fix_evidence.c.evidence_no, bug_fix_evidence.c.rule
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[0]))]


def judgement(engine: Engine) -> tuple[float, str]:
    with reading(engine) as connection:
        row = connection.execute(select(git_commit.c.bug_fix_score, git_commit.c.bug_fix_rater)).one()
        return row.bug_fix_score, row.bug_fix_rater


def put(engine: Engine, side: str, *evidence: Evidence) -> list[str]:
    with writing(engine) as connection:
        return put_evidence(connection, side, {sha(0): evidence})


def write(engine: Engine, rows: PageRows) -> None:
    with writing(engine) as connection:
        repository.write_page(connection, rows, run_id=1)


EVERYTHING = [
    (0, "message.fix"),
    (1000, "diff.only_tests"),
    (2000, "issue.bug_label"),
    (2001, "issue.closes"),
    (3000, "commit.reverted"),
]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_the_order_of_the_judges_does_not_show(stored: Engine, order: tuple[int, ...]) -> None:
    """Issues, reverts, and a miner that saw the change: none takes the numbers of another."""
    steps = (
        lambda: put(stored, "issue", *ISSUES),
        lambda: put(stored, "commit", REVERTED),
        lambda: write(stored, page(SAID, TOUCHED, rater="rules/2")),
    )
    for step in order:
        steps[step]()
    assert rows(stored) == EVERYTHING
    assert judgement(stored) == (score_of((5.4, -0.3, 2.0, 0.5, -1.5)), "rules/2")


def test_a_judge_replaces_its_own_evidence_only(stored: Engine) -> None:
    """Saying the same again changes nothing; saying nothing takes all of it back."""
    put(stored, "issue", *ISSUES)
    put(stored, "commit", REVERTED)
    assert put(stored, "issue", *ISSUES) == []
    assert put(stored, "issue", replace(ISSUES[0], weight=1.0)) == [sha(0)]
    assert rows(stored) == [(0, "message.fix"), (2000, "issue.bug_label"), (3000, "commit.reverted")]
    assert judgement(stored)[0] == score_of((5.4, 1.0, -1.5))
    assert put(stored, "issue") == [sha(0)]
    assert judgement(stored)[0] == score_of((5.4, -1.5))


def test_a_second_look_at_the_same_change_leaves_the_first_judgement(stored: Engine) -> None:
    """A newer classifier does not relabel what is stored on its way."""
    write(stored, page(SAID, TOUCHED))
    write(stored, page(replace(SAID, weight=1.0), rater="rules/2"))
    assert rows(stored) == EVERYTHING[:2]
    assert judgement(stored) == (score_of((5.4, -0.3)), "rules/1")


def test_a_score_and_its_sum_are_inverse() -> None:
    """Without evidence it is the bias alone."""
    assert sum_at(score_of(())) == pytest.approx(0, abs=1e-3)
    assert sum_at(0.5) == -BIAS
    assert score_of([sum_at(0.25)]) == 0.25
    assert sum_at(0.0) < -1e9 < 1e9 < sum_at(1.0)
