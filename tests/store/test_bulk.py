"""Inserting many rows, on PostgreSQL by COPY where there are enough of them."""

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from support.pages import sha

from miner.store.bulk import COPY_FROM_ROWS, insert_rows
from miner.store.session import reading, writing
from miner.store.tables import repository_alias, repository_commit

Row = tuple[str, int, int]


def aliases(*numbers: int) -> list[Row]:
    return [(f"name-{number}", 1, 1) for number in numbers]


@pytest.fixture
def known(engine: Engine) -> Engine:
    """A database with one repository, for aliases to refer to."""
    from miner.store import repository

    with writing(engine) as connection:
        run_id = repository.start_run(connection, "collect", {}, "0")
        repository.register_repository(connection, run_id=run_id, name="o/n", host="", clone_url="o/n")
    return engine


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS - 1, COPY_FROM_ROWS, 500])
def test_it_counts_the_rows_that_are_new(known: Engine, size: int) -> None:
    with writing(known) as connection:
        assert insert_rows(connection, repository_alias, aliases(*range(size))) == size
        assert insert_rows(connection, repository_alias, aliases(*range(size))) == 0
        assert insert_rows(connection, repository_alias, aliases(*range(size // 2, size + 5))) == 5


def test_no_rows_are_no_work(known: Engine) -> None:
    with writing(known) as connection:
        assert insert_rows(connection, repository_alias, []) == 0


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS])
def test_a_row_that_comes_twice_is_stored_once(known: Engine, size: int) -> None:
    with writing(known) as connection:
        assert insert_rows(connection, repository_alias, aliases(*range(size)) * 2) == size


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS])
def test_a_row_that_refers_to_nothing_is_a_defect_that_is_raised(known: Engine, size: int) -> None:
    rows = [(sha(number), 1) for number in range(size)]
    with pytest.raises(IntegrityError), writing(known) as connection:
        insert_rows(connection, repository_commit, rows)
    with reading(known) as connection:
        assert connection.scalar(select(func.count()).select_from(repository_commit)) == 0
