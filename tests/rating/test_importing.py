"""Files of labels on their way into the database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from support.labels import SITE, collect, link, rate, read, rows, write_csv, write_jsonl, write_paper
from support.pages import sha

from miner.errors import LabelsError, StoreFullError
from miner.rating.sampling import SampleRequest, sample
from miner.rating.sheets import hand_out
from miner.store import ratings as store
from miner.store.session import writing

LONG = "\u00e9" * 5_000
COMMITS = [
    (link(0, 1), "Loss Function", "keras", "API Bug"),
    (link(0, 1), "Data type", "keras", "SB.CSB"),
    (link(1), "Monitor", "Tensorflow", "Logic Bug"),
]
POSTS = [(7, "Optimizer", "torch", "Data Bug")]


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return write_paper(tmp_path / "labels.xlsx", COMMITS, POSTS)


def test_a_label_set_becomes_items_and_judgements(engine: Engine, paper: Path) -> None:
    """Two rows of one link are two items; a value that could mean several is left out, the row's others are not."""
    done = read(engine, paper, "paper")
    assert (done.rows, done.items_new, done.added, done.revised, done.unchanged) == (4, 4, 11, 0, 0)
    assert [(one.place, one.field, one.text) for one in done.rejections] == [("GitHub:4", "bug_type", "Logic Bug")]
    first = rows(engine, "SELECT item_id FROM rating_item WHERE position = 1")[0][0]
    assert rows(engine, "SELECT * FROM rating_item ORDER BY position") == [
        (first, "github", "keras", link(0, 1), "labels", 1, None, 1),
        (f"{first}/2", "github", "keras", link(0, 1), "labels", 2, None, 1),
        (f"git:{sha(1)}", "github", "tensorflow", link(1), "labels", 3, None, 1),
        (f"{SITE}:7", "stackoverflow", "torch", f"https://{SITE}/q/7", "labels", 4, None, 1),
    ]
    assert rows(engine, "SELECT item_id, scheme, value, said FROM rating WHERE scheme = 'pattern' ORDER BY row_no") == [
        (first, "pattern", "loss_function", "Loss Function"),
        (f"{first}/2", "pattern", "data_type", "Data type"),
        (f"git:{sha(1)}", "pattern", "monitor", "Monitor"),
        (f"{SITE}:7", "pattern", "optimizer", "Optimizer"),
    ]
    assert rows(engine, "SELECT place, field, text FROM rating_rejection") == [("GitHub:4", "bug_type", "Logic Bug")]


def test_reading_a_file_again_changes_nothing(
    engine: Engine, paper: Path, contents: Callable[[Engine], object]
) -> None:
    read(engine, paper, "paper")
    before = contents(engine)
    again = read(engine, paper, "paper")
    assert (again.added, again.items_new, again.unchanged) == (0, 0, 11)
    assert contents(engine) == before


def test_another_rater_judges_the_same_items(engine: Engine, paper: Path) -> None:
    read(engine, paper, "paper")
    done = read(engine, paper, "ada")
    assert (done.items_new, done.added) == (0, 11)


def test_a_change_of_mind_is_a_new_round(engine: Engine, tmp_path: Path) -> None:
    """The current judgement is the last; the first stays."""
    for value in ("monitor", "data_type"):
        rate(engine, tmp_path, "ada", (0, value))
    assert rows(engine, "SELECT round, value FROM rating ORDER BY round") == [(1, "monitor"), (2, "data_type")]
    assert rows(engine, "SELECT round, value FROM rating_current") == [(2, "data_type")]


def test_an_older_file_does_not_take_back_what_a_newer_one_changed(engine: Engine, tmp_path: Path) -> None:
    """It adds what nobody said yet, such as what could not be read by an older version."""
    old = write_csv(tmp_path / "old.csv", ("link", "pattern", "impact"), (link(0), "Monitor", "Crash"))
    read(engine, old, "ada", schemes=("pattern",))
    rate(engine, tmp_path, "ada", (0, "data_type"))
    again = read(engine, old, "ada")
    assert (again.added, again.kept) == (1, 1)
    assert rows(engine, "SELECT scheme, value FROM rating_current ORDER BY scheme") == [
        ("impact", "crash"),
        ("pattern", "data_type"),
    ]


def test_a_correction_is_a_new_file(engine: Engine, tmp_path: Path) -> None:
    header = ("link", "pattern", "note")
    read(engine, write_csv(tmp_path / "a.csv", header, (link(0), "Monitor", "")), "ada")
    read(engine, write_csv(tmp_path / "b.csv", header, (link(0), "Data type", "")), "ada")
    done = read(engine, write_csv(tmp_path / "c.csv", header, (link(0), "Monitor", "after all")), "ada")
    assert (done.added, done.revised) == (1, 1)
    assert rows(engine, "SELECT round, value, note FROM rating_current") == [(3, "monitor", "after all")]


def test_a_rejection_goes_when_the_value_can_be_read(engine: Engine, tmp_path: Path) -> None:
    """What is left is what the last reading of the file left out; a reading of other schemes says nothing of it."""
    path = write_csv(tmp_path / "a.csv", ("link", "pattern", "impact"), (link(0), "?", "Crash"))
    read(engine, path, "ada")
    with writing(engine) as connection:
        connection.execute(text("UPDATE rating_rejection SET reason = 'an old reason'"))
    read(engine, path, "ada", schemes=("impact",))
    assert rows(engine, "SELECT reason FROM rating_rejection") == [("an old reason",)]
    read(engine, path, "ada")
    assert rows(engine, "SELECT reason FROM rating_rejection") == [("is no known pattern, or could mean several",)]


def test_items_are_linked_to_fixes_at_the_hunk_of_the_anchor(engine: Engine, tmp_path: Path) -> None:
    """A line that is in no fix of its commit leaves the item without one; reading again finds what came later."""
    path = write_csv(
        tmp_path / "a.csv",
        ("link", "pattern"),
        *((link(0, 1), "Monitor"), (link(0, 99), "Monitor"), (link(1), "Monitor"), (link(5), "Monitor")),
    )
    assert read(engine, path, "ada").items_linked == 0
    collect(engine, [("keras", "monitor", 0.5, 0), ("torch", "unknown", None, 0)])
    assert read(engine, path, "ada").items_linked == 2
    assert rows(engine, "SELECT fix_id, library FROM rating_item ORDER BY position") == [
        (f"git:{sha(0)}:1", "keras"),
        (None, ""),
        (f"git:{sha(1)}:1", "torch"),
        (None, ""),
    ]


def test_an_id_that_is_neither_known_nor_of_the_link_is_left_out(engine: Engine, tmp_path: Path) -> None:
    collect(engine, [("keras", "monitor", 0.5, 0)])
    path = write_csv(
        tmp_path / "a.csv",
        ("item_id", "link", "pattern"),
        (f"git:{sha(0)}:1", "", "Monitor"),
        (f"git:{sha(3)}:2", link(3), "Monitor"),
        (f"git:{sha(3)}:2", "", "Monitor"),
        (f"git:{sha(4)}", link(5), "Monitor"),
        ("anything", "", "Monitor"),
    )
    done = read(engine, path, "ada")
    assert [(one.place, one.field) for one in done.rejections] == [("5", "item_id"), ("6", "item_id")]
    assert rows(engine, "SELECT item_id, fix_id FROM rating_item ORDER BY fix_id") in (
        [(f"git:{sha(0)}:1", f"git:{sha(0)}:1"), (f"git:{sha(3)}:2", None)],
        [(f"git:{sha(3)}:2", None), (f"git:{sha(0)}:1", f"git:{sha(0)}:1")],
    )


def test_a_file_that_names_another_rater_is_refused(engine: Engine, tmp_path: Path) -> None:
    """Unless the user says that it is right."""
    path = write_csv(tmp_path / "a.csv", ("link", "rater", "pattern"), (link(0), "ada", "Monitor"))
    with pytest.raises(LabelsError, match="names the rater ada, not ben: nothing was read"):
        read(engine, path, "ben")
    assert rows(engine, "SELECT COUNT(*) FROM rating") == [(0,)]
    read(engine, path, "ben", reassign=True)
    assert rows(engine, "SELECT rater FROM rating") == [("ben",)]


def test_a_batch_takes_labels_of_its_raters_only(engine: Engine, tmp_path: Path) -> None:
    """Nothing of the file is kept where one of its raters was not given the batch."""
    collect(engine, [("keras", "monitor", 0.5, 0)])
    hand_out(engine, sample(engine, SampleRequest("b")), ["ada"], tmp_path, "csv")
    row = {"item_id": f"git:{sha(0)}:1", "batch": "b", "pattern": "Monitor"}
    sheet = write_jsonl(tmp_path / "s.jsonl", row, {"item_id": f"git:{sha(1)}", "link": link(1), **row} | {"batch": ""})
    with pytest.raises(LabelsError, match="the batch b was given to ada, not to ben"):
        read(engine, sheet, "ben")
    assert rows(engine, "SELECT COUNT(*) FROM rating") == [(0,)]
    assert read(engine, sheet, "ada").added == 1
    assert read(engine, sheet, "ben", reassign=True).added == 1
    assert rows(engine, "SELECT rater, batch FROM rating ORDER BY rater") == [("ada", "b"), ("ben", "b")]


def test_what_is_not_in_the_batch_is_left_out(engine: Engine, tmp_path: Path) -> None:
    collect(engine, [("keras", "monitor", 0.5, 0)])
    hand_out(engine, sample(engine, SampleRequest("b")), ["ada"], tmp_path, "csv")
    path = write_csv(tmp_path / "s.csv", ("link", "batch", "pattern"), (link(3), "b", "Monitor"))
    done = read(engine, path, "ada")
    assert (done.added, [(one.field, one.reason) for one in done.rejections]) == (
        0,
        [("item_id", "is not in the batch b")],
    )


def test_a_batch_of_another_database_is_told(engine: Engine, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "s.csv", ("link", "batch", "pattern"), (link(3), "elsewhere", "Monitor"))
    done = read(engine, path, "ada")
    assert (done.added, done.batches_unknown) == (1, ("elsewhere",))
    assert rows(engine, "SELECT batch FROM rating") == [(None,)]


@pytest.mark.parametrize("rater", ["", "reconciled", "heuristic/1", "x" * 200])
def test_names_that_are_no_raters(engine: Engine, paper: Path, rater: str) -> None:
    with pytest.raises(LabelsError, match="rater"):
        read(engine, paper, rater)
    assert rows(engine, "SELECT COUNT(*) FROM crawl_run") == [(0,)]


def test_texts_that_a_database_cannot_hold_are_cleaned(engine: Engine, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", {"link": link(0), "pattern": "Monitor", "note": "a\x00b\ud800"})
    read(engine, path, "ada")
    assert rows(engine, "SELECT note FROM rating") == [("a\ufffdb\ufffd",)]


def test_two_who_read_one_file_at_once_bring_it_once(engine: Engine, paper: Path) -> None:
    """Rounds count on from what is there: the second waits for the first."""
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: read(engine, paper, "paper"), range(2)))
    assert sorted((one.added, one.unchanged) for one in done) == [(0, 11), (11, 0)]
    assert rows(engine, "SELECT COUNT(*), MAX(round) FROM rating") == [(11, 1)]


def test_a_file_that_fails_half_way_leaves_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But that it failed: items without their judgements would look like a complete label set."""

    def full(*_: object) -> None:
        raise StoreFullError

    monkeypatch.setattr(store, "record_import", full)
    with pytest.raises(StoreFullError):
        rate(engine, tmp_path, "ada", (0, "monitor"))
    assert rows(engine, "SELECT (SELECT COUNT(*) FROM rating_item), (SELECT COUNT(*) FROM rating)") == [(0, 0)]
    assert rows(engine, "SELECT command, status FROM crawl_run") == [("label import", "failed")]


def test_keys_that_are_too_long_for_an_index_are_cut(engine: Engine, tmp_path: Path) -> None:
    """The id of a path and the name of a set may be as long as people like; the same is the same item again."""
    where = f"https://github.com/o/n/blob/{sha(0)}/{LONG[:1500]}.py#L1"
    path = write_csv(tmp_path / "a.csv", ("link", "pattern", "set"), (where, "Monitor", LONG[:1900]))
    assert read(engine, path, "ada", set_name=LONG).added == 1
    assert read(engine, path, "ben").items_new == 0
