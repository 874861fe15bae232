"""A database in which newer rules split a commit otherwise, and see a question's fix no more."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from miner.classify.version import RATER
from miner.model import Fix, Label, Thread
from miner.questions import Judge, QuestionTask
from miner.store import relabel, repository, splits
from miner.store.coverage import Coverage, Interval
from miner.store.githubtables import link
from miner.store.rows import PageBuilder
from miner.store.session import writing
from support.pages import NOON, VERDICT, commit, file_change, sha
from support.studies import DAY, LINE, add_rating
from support.threads import SITE, answer, comment, origin, question, thread

OLD = "heuristic/0+old"
GONE = f"git:{sha(0)}:1"
"""The fix of both files of commit 0, which the rules in force see as two: PARTS."""
PARTS = (f"git:{sha(0)}:2", f"git:{sha(0)}:3")
EARLIER = f"git:{sha(1)}:1"
"""The fix of commit 1, which both see: it brings a line in a.py that commit 0 changes a day later."""
GONE_POST, POST = f"{SITE}:11", f"{SITE}:12"

_SPLITS = {
    OLD: {0: [((0, 0), (1, 0))], 1: [((0, 0),)]},
    RATER: {0: [((1, 0),), ((0, 0),)], 1: [((0, 0),)]},
}
_PATTERNS = {OLD: "monitor", RATER: "data_type"}


def add_resplit(engine: Engine) -> None:
    """Enter all of it: four fixes in force, three of commits and one of an answer, and two that are superseded.

    The commits are a day apart, in a stretch of history that was mined whole. Older rules labelled GONE and EARLIER,
    those in force all but GONE. GONE and PARTS[1] are in one cluster. Ada judged an item that is GONE, and both she and
    Ben one that is EARLIER. Commit 0 cites both answers.
    """
    run_id = _collect(engine)
    with writing(engine) as connection:
        newer = repository.start_run(connection, "classify", {}, "0", RATER)
        page = splits.fit(connection, _page(newer, RATER).rows, [sha(0), sha(1)], whole=(RATER, newer))
        relabel.insert_labels(connection, page)
        builder = PageBuilder("git", newer)
        for one in (GONE, PARTS[1]):
            builder.cluster(one, "one")
        relabel.insert_labels(connection, builder.rows)
        splits.supersede(connection, [GONE_POST], RATER, newer)
        add_rating(connection, GONE, "ada", {"pattern": "monitor"}, fix_id=GONE)
        add_rating(connection, EARLIER, "ada", {"pattern": "data_type"}, fix_id=EARLIER, position=2)
        add_rating(connection, EARLIER, "ben", {"pattern": "monitor"}, new=False)
        repository.finish_run(connection, run_id, "complete", {})


def _collect(engine: Engine) -> int:
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", OLD)
        number = repository.register_repository(connection, run_id=run_id, name="o/n", host="github.com", clone_url="u")
        builder = _page(run_id, OLD, number)
        bodies = ({0: f"-{LINE}\n+loss = other(y, p)\n", 1: "-a\n+b\n"}, {0: f"-x = old(y, p)\n+{LINE}\n"})
        for no, files in enumerate(bodies):
            epoch = int(NOON.timestamp()) + DAY * (1 - no)
            builder.commit(commit(no, f"Fix {no}", committed_epoch=epoch), VERDICT)
            builder.files(sha(no), [file_change(at, body, path="ab"[at] + ".py") for at, body in files.items()])
        repository.write_page(connection, builder.rows, run_id=run_id)
        end = int(NOON.timestamp()) + 2 * DAY
        query = "github.com/o/n branches=default libraries=* threshold=0.5"
        repository.add_coverage(connection, Coverage("git", query, "tip", Interval(0, end), run_id))
        threads = [_thread(1, 11), _thread(2, 12)]
        mined = QuestionTask(tuple(threads), Judge(5), run_id, origin(run_id)).run()
        repository.write_page(connection, mined.rows, run_id=run_id)
        cited = {"source_kind": "commit", "source_id": sha(0), "target_kind": "post", "kind": "mentions"}
        for target in (11, 12):
            connection.execute(insert(link).values(target_id=f"{SITE}/{target}", **cited))
    return run_id


def _thread(number: int, answered: int) -> Thread:
    said = [comment(20 + number, answered, "Now I get a TypeError")]
    return thread(question(number, accepted_answer_id=answered), [answer(answered, number)], said)


def _page(run_id: int, rater: str, number: int | None = None) -> PageBuilder:
    builder = PageBuilder("git", run_id, number, "bugfix/1")
    for no, fixes in _SPLITS[rater].items():
        for at, hunks in enumerate(fixes, 1):
            builder.fix(Fix(f"git:{sha(no)}:{at}", sha(no), "keras", hunks, _labels(rater)), NOON)
    return builder


def _labels(rater: str) -> tuple[Label, ...]:
    return (Label("library", "keras", 1, 1.0, rater, ()), Label("pattern", _PATTERNS[rater], 1, 0.5, rater, ()))
