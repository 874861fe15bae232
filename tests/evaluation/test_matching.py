from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import md5, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert
from support.pages import NOON, VERDICT, commit, file_change, sha
from support.threads import SITE, answer, question

from miner.collect.anchors import Place
from miner.evaluation.matching import Matches, StoredFix, choose, match
from miner.evaluation.patternlabels import LabelledFix, Sheet
from miner.evaluation.patterns import Apart, Guess
from miner.model import Evidence, Fix, Hunk, Label
from miner.store import relabel, repository, splits
from miner.store.github import put_seed
from miner.store.rows import PageBuilder
from miner.store.session import reading, writing
from miner.store.tables import fix as fix_table
from miner.store.tables import label as label_table

PATHS = ("a.py", "b.py", "tests/test_a.py")
BASE = f"https://github.com/o/n/commit/{sha(0)}"
SEEN = Evidence("versioning.renamed", 2.0, "tf.concat", "new", 0, 9, 0, 0, 1)


def anchor(path: str, line: int | None = None, side: str = "R", digest: Callable[[bytes], object] = md5) -> str:
    place = "" if line is None else f"{side}{line}"
    return f"{BASE}#diff-{digest(path.encode()).hexdigest()}{place}"  # type: ignore[attr-defined]


def ranked(no: int, place: tuple[int, int], *patterns: str) -> Fix:
    """Fix ``no`` of commit 0, made of one hunk, with patterns ranked."""
    labels = tuple(
        Label("pattern", pattern, rank, None if pattern == "unknown" else 1 / rank, "heuristic/1", (SEEN,))
        for rank, pattern in enumerate(patterns, start=1)
    )
    return Fix(f"git:{sha(0)}:{no}", sha(0), "keras", (place,), labels)


@pytest.fixture
def stored(engine: Engine) -> Engine:
    """Commit 0 holds fixes in a.py (lines 1 and 50) and b.py, and a change in a test; commit 1 has no fix."""
    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0", rater="heuristic/1")
        number = repository.register_repository(connection, run_id=run_id, name="o/n", host="github.com", clone_url="u")
        builder = PageBuilder("git", run_id, number, "heuristic/1")
        for no in range(2):
            builder.commit(commit(no), VERDICT)
            files = [file_change(file_no, path=path) for file_no, path in enumerate(PATHS)]
            files[0] = replace(files[0], hunks=(*files[0].hunks, Hunk(1, 50, 1, 50, 1, "", "-a\n+b\n", None)))
            builder.files(sha(no), files)
        builder.fix(ranked(1, (0, 0), "versioning", "data_type"), NOON)
        builder.fix(ranked(2, (0, 1), "unknown"), NOON)
        builder.fix(ranked(10, (1, 0), "monitor"), NOON)
        repository.write_page(connection, builder.rows, run_id=run_id)
    return engine


def matched(engine: Engine, *links: str) -> Matches:
    rows = [LabelledFix(Sheet.GITHUB, no, link, "monitor", "keras") for no, link in enumerate(links, start=2)]
    with reading(engine) as connection:
        return match(connection, rows, site=SITE, rater="heuristic/1")


@pytest.mark.parametrize(
    ("link", "expected", "elsewhere"),
    [
        pytest.param(anchor("a.py", 1), "versioning", 0, id="a line of a hunk"),
        pytest.param(anchor("a.py", 50), "unknown", 0, id="another hunk of the file"),
        pytest.param(anchor("b.py", 1, "L"), "monitor", 0, id="the old side"),
        pytest.param(anchor("b.py", 1, digest=sha256), "monitor", 0, id="a newer anchor"),
        pytest.param(anchor("b.py"), "monitor", 0, id="a file: its first fix"),
        pytest.param(anchor("b.py", 30), "monitor", 1, id="no hunk at the line: the file's first fix"),
        pytest.param(BASE, "versioning", 0, id="the commit: its first fix"),
        pytest.param(anchor(PATHS[2], 1), "versioning", 1, id="a hunk in no fix: the first fix, and told"),
        pytest.param(anchor("gone.py", 1), "versioning", 1, id="no such file: the first fix, and told"),
        pytest.param(BASE.replace(sha(0), sha(0)[:10]), "versioning", 0, id="a short sha"),
    ],
)
def test_the_anchor_names_the_fix(stored: Engine, link: str, expected: str, elsewhere: int) -> None:
    """The fix that holds the hunk at the anchor; else the nearest that can be told."""
    found = matched(stored, link)
    assert [(case.prediction, case.group, case.link) for case in found.cases] == [(expected, sha(0), link)]
    assert found.apart == Apart(hunk_not_in_fix=elsewhere)


def test_the_ranking_comes_with_its_confidences_and_evidence(stored: Engine) -> None:
    """Unknown is an empty ranking; the evidence is that of the first rank."""
    first, abstained = matched(stored, anchor("a.py", 1), anchor("a.py", 50)).cases
    assert first.ranking == (Guess("versioning", 1.0), Guess("data_type", 0.5))
    assert first.evidence == (SEEN,)
    assert abstained.ranking == ()


def test_what_has_no_fix_is_counted_apart(stored: Engine) -> None:
    """A commit that is not stored, one without a fix, a link to a line that was not followed, text that is no link."""
    found = matched(
        stored,
        BASE.replace(sha(0), sha(5)),
        BASE.replace(sha(0), sha(1)),
        "https://github.com/o/n/blob/master/a.py#L3",
        "see the wiki",
    )
    assert found.cases == ()
    assert found.apart == Apart(not_in_database=2, no_fix=1, unreadable=1)
    assert [(row.row, row.text) for row in found.unreadable] == [(5, "see the wiki")]


def test_what_a_seed_led_to_wins(stored: Engine) -> None:
    """A link to a line leads to the commit that repaired it; a link that led nowhere is still followed by its sha."""
    line = "https://github.com/o/n/blob/master/b.py#L3"
    with writing(stored) as connection:
        led = {"kind": "line", "sha": sha(0), "file_no": 1, "hunk_no": 0, "run_id": 1}
        put_seed(connection, {"seed": line, **led})
        put_seed(connection, {"seed": BASE, "kind": "commit", "run_id": 1})
    assert [case.prediction for case in matched(stored, line, BASE).cases] == ["monitor", "versioning"]


def test_rows_of_one_fix_are_rows_of_their_own(stored: Engine) -> None:
    """A link that is listed with several labels is compared with each."""
    rows = [LabelledFix(Sheet.GITHUB, 2, BASE, name, "keras") for name in ("versioning", "monitor")]
    with reading(stored) as connection:
        cases = match(connection, rows, site=SITE, rater="heuristic/1").cases
    assert [case.is_within(1) for case in cases] == [True, False]


def test_a_rater_that_did_not_label_a_fix_abstains(stored: Engine) -> None:
    """Labels of another rater are not taken for its own."""
    rows = [LabelledFix(Sheet.GITHUB, 2, BASE, "versioning", "keras")]
    with reading(stored) as connection:
        (case,) = match(connection, rows, site=SITE, rater="ada").cases
    assert (case.prediction, case.evidence) == ("unknown", ())


@pytest.fixture
def posts(engine: Engine) -> Engine:
    """Question 1 with fixes by the answers 12 and 11, question 2 without."""
    from miner.store.posttables import post

    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0")
        for one in (question(1), answer(11), answer(12), question(2)):
            put_post(connection, post, one, run_id)
        for number in (12, 11):
            name = f"{SITE}:{number}"
            values = {"source": "stackoverflow", "library": "keras", "selection_rule": "score"}
            connection.execute(
                insert(fix_table).values(fix_id=name, site=SITE, question_id=1, answer_id=number, **values)
            )
            same = {"fix_id": name, "scheme": "pattern", "rater": "heuristic/1", "run_id": run_id}
            value = "optimizer" if number == 11 else "monitor"
            connection.execute(insert(label_table).values(rank=1, value=value, confidence=0.5, **same))
    return engine


def put_post(connection: Connection, table: object, one: object, run_id: int) -> None:
    """Enter a post with what the columns need."""
    columns = {column.name for column in table.columns}  # type: ignore[attr-defined]
    held = {name: getattr(one, name) for name in columns if hasattr(one, name)}
    more = {"site": SITE, "author_name": "", "availability": "there", "judged_as": "", "observed_at": NOON}
    connection.execute(insert(table).values(**{**held, **more, "run_id": run_id}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param("1", "optimizer", id="a question: its first fix"),
        pytest.param("12", "monitor", id="an answer: its own fix"),
        pytest.param(f"https://{SITE}/questions/1/title", "optimizer", id="a link"),
    ],
)
def test_a_post_leads_to_the_fix_of_its_question(posts: Engine, link: str, expected: str) -> None:
    """Rows of a question are one group."""
    (case,) = matched(posts, link).cases
    assert (case.prediction, case.group) == (expected, f"{SITE}/1")


def test_posts_without_a_fix_are_counted_apart(posts: Engine) -> None:
    """One that is not stored, and one that holds no fix."""
    assert matched(posts, "3", "2").apart == Apart(not_in_database=1, no_fix=1)


def test_the_fix_that_the_rater_saw_is_compared(stored: Engine) -> None:
    """Whatever other rules split since: each rater is compared by its own fixes."""
    newer = "heuristic/2"
    with writing(stored) as connection:
        run_id = repository.start_run(connection, "classify", {}, "0", rater=newer)
        builder = PageBuilder("git", run_id)
        labels = (Label("pattern", "iterations", 1, 0.5, newer, ()),)
        builder.fix(Fix(f"git:{sha(0)}:1", sha(0), "keras", ((0, 0), (0, 1), (1, 0)), labels), NOON)
        splits_fitted = splits.fit(connection, builder.rows, [sha(0)], whole=(newer, run_id))
        relabel.insert_labels(connection, splits_fitted)
    rows = [LabelledFix(Sheet.GITHUB, 2, anchor("a.py", 1), "monitor", "keras")]
    with reading(stored) as connection:
        found = {rater: match(connection, rows, site=SITE, rater=rater).cases[0] for rater in ("heuristic/1", newer)}
    assert found["heuristic/1"].prediction == "versioning"
    assert found[newer].prediction == "iterations"


def test_a_fix_that_the_rater_itself_sees_no_more_is_not_compared(stored: Engine) -> None:
    """It has a label of that rater and the hunk that is meant; the fix in its place is the one."""
    with writing(stored) as connection:
        run_id = repository.start_run(connection, "classify", {}, "0", rater="heuristic/1")
        builder = PageBuilder("git", run_id)
        labels = (Label("pattern", "iterations", 1, 0.5, "heuristic/1", ()),)
        builder.fix(Fix(f"git:{sha(0)}:1", sha(0), "keras", ((0, 0), (0, 1), (1, 0)), labels), NOON)
        relabel.insert_labels(connection, splits.fit(connection, builder.rows, [sha(0)], whole=("heuristic/1", run_id)))
    assert matched(stored, anchor("a.py", 1)).cases[0].prediction == "iterations"
    assert [case.prediction for case in matched(stored, BASE, anchor("b.py", 1)).cases] == ["iterations"] * 2


def test_a_question_whose_fix_is_superseded_leads_to_its_other_fix(posts: Engine) -> None:
    """And where all are, it holds no fix."""
    supersede(posts, f"{SITE}:11")
    assert matched(posts, "1").cases[0].prediction == "monitor"
    assert matched(posts, "11").cases[0].prediction == "monitor"
    supersede(posts, f"{SITE}:12")
    assert matched(posts, "1", "12").apart == Apart(no_fix=2)


def supersede(engine: Engine, *fix_ids: str, rater: str = "heuristic/1") -> None:
    with writing(engine) as connection:
        splits.supersede(connection, fix_ids, rater, 1)


PLACES = st.tuples(st.integers(0, 3), st.integers(0, 3))


@given(
    st.lists(st.frozensets(PLACES), min_size=1),
    st.none() | st.builds(Place, st.integers(0, 3), st.none() | st.integers(0, 3)),
)
def test_a_fix_is_always_chosen(hunks: list[frozenset[tuple[int, int]]], place: Place | None) -> None:
    """Whatever the anchor: the fix that holds its hunk if any does, else another, and that is told."""
    fixes = [StoredFix(str(no), held) for no, held in enumerate(hunks)]
    found, held = choose(fixes, place)
    holders = [one for one in fixes if place and (place.file_no, place.hunk_no) in one.hunks]
    assert held == bool(holders)
    assert found == holders[0] if holders else found in fixes
