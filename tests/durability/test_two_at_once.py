"""Two collects into one database, started by mistake: nothing is doubled and nothing is lost."""

from __future__ import annotations

import pytest
from support.jobs import SOURCES, Job


@pytest.mark.parametrize("source", SOURCES)
def test_two_collects_of_the_same_give_the_tables_of_one(job: Job, source: str, database_url: str) -> None:
    """They share the clones, too; whichever cannot go on says why in one line, and a rerun brings what is missing."""
    both = [job.start(database_url), job.start(database_url)]
    said = [process.communicate(timeout=120)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes[0] == 0, said
    assert codes[1] in (0, 1, 3, 4), said
    assert "Traceback" not in "".join(said)
    job.finish(database_url)
