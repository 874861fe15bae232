"""Whatever the network does, and whenever: the run ends in order, and a rerun gives an undisturbed run's tables."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator

import pytest
from servers import github_faults
from support.comparing import by_name, differences
from support.cutting import CuttingProxy
from support.jobs import ROUNDS, Job

OUTAGES = ("repository_unreachable", "site_unreachable", "search_failed", "search_incomplete", "quota_exhausted")
OUTAGES += ("evidence_unknown",)


def settled(job: Job, url: str) -> None:
    """See that a rerun gives an undisturbed run's tables, and that each outage is over."""
    code, said = job.run(url)
    assert code == 0, said
    found = job.tables(url)
    reason = 2
    outages = [row for row in found["omission"] if row[reason] in OUTAGES]
    found["omission"] = [row for row in found["omission"] if row not in outages]
    assert differences(by_name(found), by_name(job.expected)) == {}
    missing = job.ask(url, "SELECT reason FROM omission WHERE resolved_run_id IS NULL")
    assert missing == sorted((row[reason],) for row in job.expected["omission"])
    assert job.ask(url, "SELECT * FROM coverage_gaps") == []


@pytest.mark.parametrize("source", ["stackoverflow", "github", "seeds"])
def test_an_api_that_fails_at_any_request_leaves_no_trace(job: Job, source: str, sqlite_url: str) -> None:
    """Each request may meet a reset, a cut answer, another page than asked for: and is not tried a second time."""
    chance = random.Random(source)  # noqa: S311 - moments, not a secret
    job.settings |= {f"MINER_{name}__ATTEMPTS": "1" for name in ("GITHUB", "STACKOVERFLOW")}
    job.settings |= {f"MINER_{name}__MAX_WAIT_SECONDS": "1" for name in ("GITHUB", "STACKOVERFLOW")}
    server = next(iter(job.servers.values()))
    kinds = [kind for kind in github_faults.COMMON if kind != "too_many"]
    failed = 0
    for _ in range(ROUNDS):
        server.requests.clear()
        server.faults = lambda _number: chance.choice(kinds) if chance.random() < 0.5 else ""
        failed += job.disturb(sqlite_url, {}, (1, 3)) != 0
    assert failed
    server.requests.clear()
    server.faults = lambda _number: ""
    settled(job, sqlite_url)


@pytest.fixture
def proxy(job: Job) -> Iterator[CuttingProxy]:
    """What stands between git and the server that it clones from."""
    with CuttingProxy(job.servers["github"].url) as made:
        job.settings["MINER_GITHUB__CLONE_URL"] = made.through(job.settings["MINER_GITHUB__CLONE_URL"])
        job.whole()
        yield made


@pytest.mark.parametrize("source", ["github"])
def test_a_clone_that_is_cut_off_anywhere_leaves_no_trace(job: Job, proxy: CuttingProxy, sqlite_url: str) -> None:
    """In the refs, in the pack; again and again."""
    chance = random.Random(3)  # noqa: S311 - moments, not a secret
    failed = 0
    for _ in range(ROUNDS):
        proxy.passed, proxy.at = 0, chance.randint(1, 3000)
        failed += job.disturb(sqlite_url, {}, (1, 3)) != 0
    assert failed
    settled(job, sqlite_url)


@pytest.mark.parametrize("source", ["github"])
def test_a_kill_while_git_fetches_leaves_no_trace(job: Job, proxy: CuttingProxy, sqlite_url: str) -> None:
    """Git may live on for a while when the miner is dead; the next run must not meet it in the clone."""
    chance = random.Random(4)  # noqa: S311 - moments, not a secret
    killed = 0
    for _ in range(ROUNDS):
        process = job.start(sqlite_url)
        proxy.passed, proxy.at, proxy.act = 0, chance.randint(1, 8000), process.kill
        process.communicate(timeout=60)
        killed += process.returncode == -signal.SIGKILL
    assert killed
    job.finish(sqlite_url)
