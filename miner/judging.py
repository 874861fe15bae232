"""Writes what questions gave, and judges those again that are in the database and were judged with other settings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import Connection

from miner.classify.rulesource import RuleSource
from miner.collect.interface import MinedPage, Page
from miner.job import tags
from miner.model import OmissionReason
from miner.questions import JUDGED_REASONS, Judge, QuestionTask
from miner.run import Run
from miner.store import posts
from miner.store import repository as store
from miner.store.postrows import question_subject
from miner.store.session import reading, writing
from miner.store.threads import threads

_THERE = (*JUDGED_REASONS, OmissionReason.QUESTION_DELETED)
"""What ends for a question that is in the database and there."""


def judge_of(run: Run) -> Judge:
    """Give what counts as a fix in a run."""
    return Judge(
        run.settings.stackoverflow.min_score, run.request.libraries, run.request.classify, RuleSource.of(run.settings)
    )


def write_judged(
    connection: Connection,
    run_id: int,
    site: str,
    questions: Collection[int],
    mined: MinedPage,
    reasons: Iterable[OmissionReason] = JUDGED_REASONS,
) -> None:
    """Write a page of judged questions. One that has a fix, from this page or before, is not left out.

    :param reasons: for which reasons an omission of such a question ends, unless the page leaves it out again.
    """
    store.lock_posts(connection)
    repaired = {question_subject(site, number) for number in posts.with_fix(connection, site, questions)}
    # A rule of the user that failed is told of a fix, too.
    failed = OmissionReason.RULE_FAILED.value
    kept = [row for row in mined.rows.get("omission", ()) if row[1] not in repaired or row[2] == failed]
    for row in mined.rows.get("omission", ()):
        mined.omissions[str(row[2])] -= row[1] in repaired and row[2] != failed
    mined.rows["omission"] = kept
    store.write_page(connection, mined.rows, run_id=run_id)
    left_out = {(str(row[1]), str(row[2])) for row in kept}
    posts.settle(connection, run_id, site, questions, left_out, reasons)


def judge_stored(run: Run, site: str) -> None:
    """Search the stored questions of the wanted tags that were not judged with these settings, in worker processes."""
    judge = judge_of(run)
    with reading(run.engine) as connection:
        total = posts.unjudged(connection, site, tags(run.request, run.settings), str(judge))
    if not total:
        return
    run.reporter.start("judge", site, total, "questions")
    done = 0
    try:
        for page, mined in run.workers.run(_pages(run, site, judge), run.stopped):
            judged = page.task.threads  # type: ignore[attr-defined]
            numbers = [thread.question.post_id for thread in judged]
            with writing(run.engine) as connection:
                store.lock_posts(connection)
                found = threads(connection, site, numbers)
                if found != judged:
                    # Somebody else brought a newer version meanwhile.
                    mined = QuestionTask(found, judge, run.run_id).run()
                write_judged(connection, run.run_id, site, numbers, mined, _THERE)
                posts.mark_judged(connection, site, numbers, str(judge))
            run.summary.count_questions(mined)
            done += page.items
            run.reporter.advance("judge", site, done)
    finally:
        run.reporter.finish("judge", site)


def _pages(run: Run, site: str, judge: Judge) -> Iterator[Page]:
    after = -1
    while True:
        with reading(run.engine) as connection:
            most = run.settings.dump.page_questions
            numbers = posts.unjudged_ids(connection, site, tags(run.request, run.settings), str(judge), after, most)
            found = threads(connection, site, numbers)
        if not numbers:
            return
        after = numbers[-1]
        yield Page(QuestionTask(found, judge, run.run_id), None, len(numbers))
