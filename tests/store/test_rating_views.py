"""The views of people's labels."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from support.labels import collect, link, rate, read, rows, write_csv
from support.pages import sha

from miner.classify.version import RATER
from miner.rating.reconciling import agree


def test_the_current_judgement_is_the_last_round_with_its_item(engine: Engine, tmp_path: Path) -> None:
    collect(engine, [("torch", "monitor", 0.5, 0.0)])
    header = ("link", "pattern", "note", "rated_at")
    read(engine, write_csv(tmp_path / "a.csv", header, (link(0), "Monitor", "", "")), "ada", set_name="s")
    read(engine, write_csv(tmp_path / "b.csv", header, (link(0), "Data type", "now", "2020-01-02")), "ada")
    query = (
        "SELECT item_id, fix_id, source, library, link, set_name, position, scheme, rater, round, value, note, batch, "
        "row_no, run_id FROM rating_current"
    )
    assert rows(engine, query) == [
        (
            *(f"git:{sha(0)}", f"git:{sha(0)}:1", "github", "torch", link(0), "s", 1),
            *("pattern", "ada", 2, "data_type", "now", None, 1, 3),
        )
    ]


def test_the_rules_judge_the_fixes_that_are_items(engine: Engine, tmp_path: Path) -> None:
    """Their first choice; not the library, which nobody is asked for."""
    collect(engine, [("keras", "data_type", 0.5, 0.25), ("keras", "monitor", 0.5, 0.0)])
    rate(engine, tmp_path, "ada", (0, "monitor"), (5, "monitor"))
    assert rows(
        engine, "SELECT * FROM item_judgement ORDER BY item_id = :x DESC, rater".replace(":x", f"'git:{sha(0)}'")
    ) == [
        (f"git:{sha(0)}", "pattern", "ada", "monitor"),
        (f"git:{sha(0)}", "pattern", RATER, "data_type"),
        (f"git:{sha(5)}", "pattern", "ada", "monitor"),
    ]


def test_agreement_by_hand(engine: Engine, tmp_path: Path) -> None:
    """Of four items three are judged alike; by chance (3 x 2 + 1 x 2) / 16 would be."""
    rate(engine, tmp_path, "ada", (0, "monitor"), (1, "monitor"), (2, "monitor"), (3, "data_type"))
    rate(engine, tmp_path, "ben", (0, "monitor"), (1, "monitor"), (2, "data_type"), (3, "data_type"), (4, "optimizer"))
    rate(engine, tmp_path, "cleo", (5, "monitor"))
    agree(engine)
    assert rows(engine, "SELECT * FROM agreement") == [("pattern", "ada", "ben", 4, 3, 0.75, 0.5, 0.5)]


def test_where_chance_alone_would_make_all_agree_there_is_no_kappa(engine: Engine, tmp_path: Path) -> None:
    rate(engine, tmp_path, "ada", (0, "monitor"))
    rate(engine, tmp_path, "ben", (0, "monitor"))
    assert rows(engine, "SELECT observed, expected, kappa FROM agreement") == [(1.0, 1.0, None)]
