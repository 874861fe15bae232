from __future__ import annotations

import time
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from miner.classify import engine
from miner.classify.splitting import part, split
from miner.model import Change, ChangedFile, Hunk

RENAME = "-y = tf.mul(a, b)\n+y = tf.multiply(a, b)"
EPOCHS = "-model.fit(x, epochs=1)\n+model.fit(x, epochs=9)"
LOSS = "-model.compile(loss='mse')\n+model.compile(loss='mae')"
PLAIN = "-a = 1\n+a = 2"
BODIES = st.lists(st.lists(st.sampled_from([RENAME, EPOCHS, LOSS, PLAIN, ""]), max_size=5), max_size=4)


def change(*files: list[str]) -> Change:
    """Make a change of files with these hunks."""
    return Change(
        tuple(
            ChangedFile(
                no, f"{no}.py", "python", tuple(Hunk(at, 9 * at + 1, 1, 9 * at + 1, 1, "", body) for at, body in
                                                zip(count(), bodies, strict=False))
            )
            for no, bodies in enumerate(files)
        )
    )  # fmt: skip


def found(of: Change) -> list[tuple[tuple[tuple[int, int], ...], str]]:
    """Give the hunks and the first label of each fix."""
    return [(fix.places, fix.labels[0].value) for fix in split(of, "tensorflow")]


def test_different_repairs_are_different_fixes() -> None:
    """Hunks of different patterns are fixes of their own, in the order of the change."""
    assert found(change([RENAME, EPOCHS], [LOSS])) == [
        (((0, 0),), "versioning"),
        (((0, 1),), "iterations"),
        (((1, 0),), "loss_function"),
    ]


def test_the_same_repair_is_one_fix_in_all_files() -> None:
    """Hunks of one pattern belong together wherever they are, and the fix with the most hunks comes first."""
    assert found(change([LOSS, RENAME], [RENAME])) == [(((0, 1), (1, 0)), "versioning"), (((0, 0),), "loss_function")]


def test_a_hunk_that_tells_nothing_joins_the_nearest_of_its_file() -> None:
    """Of two that are equally near, the one above."""
    assert found(change([LOSS, PLAIN, EPOCHS, PLAIN, PLAIN])) == [
        (((0, 2), (0, 3), (0, 4)), "iterations"),
        (((0, 0), (0, 1)), "loss_function"),
    ]


def test_a_file_that_tells_nothing_joins_the_largest_fix() -> None:
    """Its hunks are no fix of their own beside others."""
    assert found(change([PLAIN], [LOSS, EPOCHS, EPOCHS])) == [
        (((0, 0), (1, 1), (1, 2)), "iterations"),
        (((1, 0),), "loss_function"),
    ]


def test_what_tells_nothing_at_all_is_one_unknown_fix() -> None:
    """A change is never without a fix."""
    assert found(change([PLAIN, PLAIN], [PLAIN])) == [(((0, 0), (0, 1), (1, 0)), "unknown")]
    assert found(Change(())) == [((), "unknown")]


def test_a_change_that_is_one_fix_has_the_labels_of_the_change() -> None:
    """Splitting adds nothing where there is nothing to split."""
    of = change([RENAME, PLAIN], [RENAME])
    (fix,) = split(of, "tensorflow")
    assert fix.labels == engine.classify(of, "tensorflow")


def test_the_rest_of_the_change_has_a_share_below_the_first_rank() -> None:
    """A pattern that only other hunks speak for is named with their evidence, and is never the first."""
    first, _ = split(change([RENAME, RENAME, EPOCHS]), "tensorflow")
    assert first.labels[0].value == "versioning"
    (label,) = [label for label in first.labels if label.value == "iterations"]
    assert label.rank > 1
    assert [(row.rule, row.hunk_no) for row in label.evidence] == [("iterations.elsewhere", 2)]


def test_a_part_holds_the_hunks_asked_for() -> None:
    """Files without any of them are left out; numbers stay."""
    held = part(change([RENAME, EPOCHS], [LOSS]), [(0, 1)])
    assert [(file.no, [hunk.no for hunk in file.hunks]) for file in held.files] == [(0, [1])]


@settings(deadline=None)
@given(BODIES)
def test_every_hunk_is_in_exactly_one_fix(bodies: list[list[str]]) -> None:
    """No hunk is lost or doubled, and the labels of a fix show its own hunks only."""
    of = change(*bodies)
    fixes = split(of, "tensorflow")
    places = sorted(place for fix in fixes for place in fix.places)
    assert places == sorted((file.no, hunk.no) for file in of.files for hunk in file.hunks)
    for fix in fixes:
        for label in fix.labels:
            own = [row for row in label.evidence if not row.rule.endswith(".elsewhere")]
            assert {(row.file_no, row.hunk_no) for row in own} <= set(fix.places)


def test_ten_thousand_hunks_are_split_in_bounded_time() -> None:
    """The work grows no faster than the change."""
    started = time.process_time()
    assert split(change([RENAME, PLAIN, LOSS] * 3_000, *[[EPOCHS]] * 1_000), "tensorflow")
    assert time.process_time() - started < 5.0
