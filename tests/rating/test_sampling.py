"""What is drawn for raters."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from support.labels import collect, rate, rows
from support.pages import sha

from miner.classify.version import RATER
from miner.errors import LabelsError
from miner.rating.sampling import Draw, SampleRequest, allocated, batch_named, draw, known_batch, sample
from miner.store.bulk import insert_rows
from miner.store.githubtables import fix_cluster
from miner.store.samples import Candidate
from miner.store.session import reading, writing

DIGEST = sha256(b"a.py").hexdigest()
FIXES = (
    [("keras", "monitor", 0.9, 0.1)] * 6
    + [("keras", "data_type", 0.5, 0.4)]
    + [("torch", "optimizer", 0.6, 0.1)] * 2
    + [("torch", "unknown", None, 0.0)]
)


def fix_id(number: int) -> str:
    return f"git:{sha(number)}:1"


def candidates(*sizes: tuple[str, int]) -> list[Candidate]:
    return [Candidate(f"{name}{no}", "github", name, "", None, None) for name, size in sizes for no in range(size)]


@pytest.fixture
def collected(engine: Engine) -> Engine:
    """Seven fixes of Keras, one of them doubtful; three of Torch, one of them unknown."""
    collect(engine, FIXES)
    return engine


def drawn(engine: Engine, **asked: object) -> list[str]:
    return [item.item_id for item in sample(engine, SampleRequest("b", **asked)).items]  # type: ignore[arg-type]


def test_a_seed_draws_the_same_whatever_the_order_of_rows() -> None:
    """And in every version: a published sample can be drawn again."""
    some = candidates(("keras", 50))
    first = draw(some, "random", None, 5, 7)
    assert draw(list(reversed(some)), "random", None, 5, 7) == first
    assert [item_id for item_id, _ in first] == ["keras8", "keras0", "keras5", "keras34", "keras41"]
    assert draw(some, "random", None, 5, 8) != first


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    """So that a batch can go on where another ended."""
    some = candidates(("keras", 50))
    assert draw(some, "random", None, 20, 7)[:5] == draw(some, "random", None, 5, 7)


@pytest.mark.parametrize(
    ("size", "equal", "expected"),
    [
        pytest.param(10, False, {"a": 8, "b": 1, "c": 1}, id="by size, but one of each"),
        pytest.param(20, False, {"a": 16, "b": 3, "c": 1}, id="by size"),
        pytest.param(9, True, {"a": 3, "b": 3, "c": 3}, id="as many of each"),
        pytest.param(20, True, {"a": 8, "b": 8, "c": 4}, id="what one lacks goes to the others"),
        pytest.param(2, False, {"a": 2, "b": 0, "c": 0}, id="fewer than strata: the largest"),
        pytest.param(999, False, {"a": 80, "b": 16, "c": 4}, id="all"),
    ],
)
def test_how_many_are_drawn_of_each_stratum(size: int, equal: bool, expected: dict[str, int]) -> None:
    assert allocated({"c": 4, "a": 80, "b": 16}, size, equal=equal) == expected


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 300), st.booleans()
)
def test_parts_add_up_and_no_stratum_gives_more_than_it_has(sizes: dict[str, int], size: int, equal: bool) -> None:
    parts = allocated(sizes, size, equal=equal)
    assert sum(parts.values()) == min(size, sum(sizes.values()))
    assert all(0 <= parts[name] <= sizes[name] for name in sizes)
    assert size < len(sizes) or all(parts.values())


def test_strata_are_mixed() -> None:
    """The place in a batch must not tell a rater which stratum, such as a pattern of the rules, an item is of."""
    order = [name for _, name in draw(candidates(("a", 50), ("b", 50)), "stratified", "library", 40, 1)]
    assert Counter(order) == {"a": 20, "b": 20}
    assert order not in (sorted(order), sorted(order, reverse=True))


def test_a_stratified_batch_has_its_strata(collected: Engine) -> None:
    drawn(collected, method="stratified", stratum="library", size=4)
    strata = rows(collected, "SELECT stratum, COUNT(*) FROM rating_batch_item GROUP BY stratum ORDER BY stratum")
    assert strata == [("keras", 3), ("torch", 1)]
    drawn_by_pattern = sample(collected, SampleRequest("p", "stratified", "pattern", size=4))
    patterns = rows(collected, "SELECT stratum FROM rating_batch_item WHERE batch = 'p' ORDER BY stratum")
    assert patterns == [("data_type",), ("monitor",), ("optimizer",), ("unknown",)]
    assert len(drawn_by_pattern.items) == 4


def test_where_the_rules_are_least_sure(collected: Engine) -> None:
    """By the margin to the second choice: what they call unknown first, unless it is left out."""
    assert set(drawn(collected, method="least_sure", size=2)) == {fix_id(9), fix_id(6)}
    known = sample(collected, SampleRequest("k", "least_sure", size=1, known=True))
    assert [item.item_id for item in known.items] == [fix_id(6)]


def test_a_batch_is_kept_with_how_it_was_drawn(collected: Engine) -> None:
    order = drawn(collected, size=3, seed=5, schemes=("pattern", "impact"), libraries=("torch",))
    assert rows(
        collected, "SELECT batch, method, stratum, schemes, seed, size, population, query FROM rating_batch"
    ) == [("b", "random", None, "pattern impact", 5, 3, 3, f'{{"libraries": ["torch"], "rules": "{RATER}"}}')]
    assert rows(collected, "SELECT * FROM rating_batch_item ORDER BY position") == [
        ("b", no, item_id, "") for no, item_id in enumerate(order, 1)
    ]
    items = rows(collected, "SELECT item_id, source, library, link, set_name, position, fix_id FROM rating_item")
    assert sorted(items) == sorted(
        (one, "github", "torch", f"https://github.com/o/n/commit/{one[4:44]}#diff-{DIGEST}R1", "b", no, one)
        for no, one in enumerate(order, 1)
    )


def test_asking_again_gives_the_same_batch(collected: Engine) -> None:
    """With the same words, or with its name alone; with others it is refused."""
    first = sample(collected, SampleRequest("b", size=3, seed=5))
    again = sample(collected, SampleRequest("b", size=3, seed=5))
    named = batch_named(collected, "b", None)
    assert first.new
    assert not again.new
    assert first.items == again.items == named.items
    for other in (SampleRequest("b", size=4, seed=5), SampleRequest("b", size=3), SampleRequest("b", known=True)):
        with pytest.raises(LabelsError, match="the batch b was drawn otherwise"):
            sample(collected, other)


def test_what_was_drawn_once_is_taken_again_less_what_is_gone(collected: Engine) -> None:
    """A rebuild would else give raters' labels to other items; who opted out since has none."""
    chosen = tuple((one, "", "github", "keras") for one in (fix_id(3), f"git:{'0' * 40}:1", fix_id(1)))
    before = Draw.read(Draw("heuristic/old", 900, chosen).as_json())
    drawn_again = sample(collected, SampleRequest("b", size=3, seed=5), before)
    assert [item.item_id for item in drawn_again.items] == [fix_id(3), fix_id(1)]
    assert drawn_again.batch.population == 900
    assert rows(collected, "SELECT item_id, position FROM rating_batch_item ORDER BY position") == [
        (fix_id(3), 1), (fix_id(1), 2),
    ]  # fmt: skip


def test_a_name_alone_draws_with_the_defaults(collected: Engine) -> None:
    assert len(batch_named(collected, "new", None).items) == 10


def test_what_was_rated_can_be_left_out(collected: Engine, tmp_path: Path) -> None:
    """Also where the item that was rated is a link that leads to the fix."""
    rate(collected, tmp_path, "ada", *((no, "monitor") for no in range(6)))
    assert set(drawn(collected, unrated=True)) == {fix_id(no) for no in range(6, 10)}


def test_items_of_a_label_set_are_drawn_as_they_are(collected: Engine, tmp_path: Path) -> None:
    """They keep their set and position: a batch of them is to be rated again."""
    rate(collected, tmp_path, "ada", (0, "monitor"), (1, "monitor"))
    (name,) = {row[0] for row in rows(collected, "SELECT set_name FROM rating_item")}
    before = rows(collected, "SELECT * FROM rating_item ORDER BY item_id")
    assert set(drawn(collected, sets=(name,))) == {f"git:{sha(0)}", f"git:{sha(1)}"}
    assert rows(collected, "SELECT * FROM rating_item ORDER BY item_id") == before


def test_of_copies_of_one_fix_the_first_is_drawn(engine: Engine) -> None:
    collect(engine, [("keras", "monitor", 0.5, 0.0)] * 3)
    with writing(engine) as connection:
        insert_rows(connection, fix_cluster, [(fix_id(no), "c") for no in range(2)])
    assert set(drawn(engine)) == {min(fix_id(0), fix_id(1)), fix_id(2)}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (SampleRequest("a b"), "no name of a batch"),
        (SampleRequest("b", "stratified"), "stratified needs one of library, source, pattern"),
        (SampleRequest("b", "random", "library"), "no other method takes one"),
        (SampleRequest("b", schemes=("colour",)), "raters can be asked for pattern"),
        (SampleRequest("b", seed=2**63), "the seed 9223372036854775808 is too large"),
        (SampleRequest("b", libraries=("caffe",)), "nothing to draw from"),
        (SampleRequest("b", sets=("nowhere",)), "there is no label set nowhere: there are none"),
    ],
)
def test_what_cannot_be_drawn_is_told(collected: Engine, asked: SampleRequest, message: str) -> None:
    with pytest.raises(LabelsError, match=message):
        sample(collected, asked)
    assert rows(collected, "SELECT COUNT(*) FROM rating_batch") == [(0,)]


def test_a_batch_that_is_not_there_is_told_with_those_that_are(collected: Engine) -> None:
    sample(collected, SampleRequest("b1"))
    with reading(collected) as connection, pytest.raises(LabelsError, match="no batch 'b2': the database has b1"):
        known_batch(connection, "b2")
