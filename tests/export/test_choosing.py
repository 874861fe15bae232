"""Which patterns and raters an export may be chosen by."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.labels import collect, rate

from miner.errors import LabelsError
from miner.export.choosing import require_rater, strange_patterns
from miner.store.session import reading


def test_a_pattern_that_no_rule_gives_and_no_label_has_is_strange(engine: Engine) -> None:
    """One of rules that are not in force any more is in the database still."""
    collect(engine, [("keras", "of_old_rules", 0.5, 0.0)])
    with reading(engine) as connection:
        asked = ("monitor", "unknown", "of_old_rules", "foo")
        assert strange_patterns(connection, asked, ["monitor"]) == ["foo"]


def test_a_rater_without_patterns_is_refused_by_name(engine: Engine, tmp_path: Path) -> None:
    """Those who have some are named; people and rules may choose."""
    with reading(engine) as connection, pytest.raises(LabelsError, match=r"'ada': the database has none at all;"):
        require_rater(connection, "ada")
    rate(engine, tmp_path, "ada", (0, "monitor"))
    with reading(engine) as connection:
        require_rater(connection, "ada")
        with pytest.raises(LabelsError, match=r"no item has a pattern from 'ben': the database has those of ada;"):
            require_rater(connection, "ben")
