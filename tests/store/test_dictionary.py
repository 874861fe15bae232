"""The data dictionary."""

from pathlib import Path

import pytest
from sqlalchemy import Table

from miner.classify.bugfix import BIAS
from miner.store.dictionary import dictionary
from miner.store.tables import metadata

SCHEMA = Path(__file__).parents[2] / "docs/schema.md"


def test_the_data_dictionary_is_current() -> None:
    """If this fails: python -m miner.store.dictionary > docs/schema.md."""
    assert SCHEMA.read_text(encoding="utf-8") == dictionary()


@pytest.mark.parametrize("table", metadata.tables.values(), ids=lambda table: table.name)
def test_every_table_and_column_is_explained(table: Table) -> None:
    assert table.comment
    assert [column.name for column in table.columns if not column.comment] == []


def test_the_score_can_be_computed_from_the_evidence() -> None:
    """The bias is no row: the score's comment says what it is."""
    assert f"weights less {-BIAS}." in str(metadata.tables["git_commit"].columns["bug_fix_score"].comment)
