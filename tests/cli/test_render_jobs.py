"""When the daemon's jobs are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from miner.cli.render_jobs import due, print_jobs
from miner.store.daemon import JobState

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def state(hours: int | None, job: str = "fetch") -> JobState:
    next_at = None if hours is None else NOW + timedelta(hours=hours)
    return JobState(job, "fetch", "complete", "", NOW, NOW, 0, next_at)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        pytest.param(state(1), "2024-05-01 13:00:00", id="to come"),
        pytest.param(state(-1), "overdue since 2024-05-01 11:00:00", id="over"),
        pytest.param(state(None), "when a daemon starts", id="never scheduled"),
        pytest.param(state(1, "gone"), "never: not in the settings", id="not in the settings"),
    ],
)
def test_a_time_that_is_over_is_not_one_to_come(one: JobState, told: str) -> None:
    """It says since when it waits."""
    assert due(one, ["fetch"], NOW) == told


def test_what_is_overdue_waits_for_a_daemon(capsys: pytest.CaptureFixture[str]) -> None:
    """Said once, and only if something is."""
    print_jobs([state(1)], ["fetch"], NOW, as_json=False)
    assert capsys.readouterr().err == ""
    print_jobs([state(-1)], ["fetch"], NOW, as_json=False)
    assert "'miner daemon' starts one" in capsys.readouterr().err
