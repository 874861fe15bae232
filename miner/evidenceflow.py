"""The flow of evidence from beside a commit: issues, pull requests, and later commits that revert it.

::

    issueflow      what GitHub says of the stored commits that are near a fix
        |
    reverts        what all stored messages say of one another
        |
    gitflow        mines the commits that count as a fix now
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from miner.classify import issueevidence
from miner.errors import Interrupted
from miner.gitflow import Mining, on_repository
from miner.run import Run
from miner.store import issuework
from miner.store import repository as store
from miner.store.issuework import Scope
from miner.store.judgements import put_evidence
from miner.store.reverts import reverts, with_evidence_of
from miner.store.session import reading, writing

_PAGE_COMMITS = 500


def collect(run: Run, wanted: Collection[str]) -> None:
    """Bring what is due, and judge with it. What cannot be asked for is an omission, and asked for by the next run.

    :param wanted: the flows of the run: without github nothing is asked, without git nothing is mined.
    """
    if "github" in wanted and run.settings.github.evidence:
        # It brings libraries that other runs do without.
        from miner import issueflow

        try:
            issueflow.ask(run)
        except Interrupted:
            return
    judge_reverts(run)
    if "git" in wanted and "github" in wanted:
        _mine_raised(run)


def judge_reverts(run: Run) -> None:
    """Enter which commits later commits revert, as all stored messages and pull requests say."""
    with reading(run.engine) as connection:
        found = {sha: (issueevidence.reverted(by),) for sha, by in reverts(connection).items()}
        before = with_evidence_of(connection, "commit")
    shas = sorted({*found, *before})
    for start in range(0, len(shas), _PAGE_COMMITS):
        part = {sha: found.get(sha, ()) for sha in shas[start : start + _PAGE_COMMITS]}
        with writing(run.engine) as connection:
            store.lock_commits(connection)
            put_evidence(connection, "commit", part)


def _mine_raised(run: Run) -> None:
    with reading(run.engine) as connection:
        threshold = run.settings.classify.bug_fix_threshold
        found = issuework.raised(
            connection, Scope(run.request.libraries, run.request.window), threshold, classified=run.request.classify
        )
    for name, others in found:
        if run.stopped():
            return
        on_repository(run, name, partial(_mine, others=others), again=True)
        run.summary.raised += len(others)


def _mine(mining: Mining, others: dict[str, float]) -> None:
    repository_id, tip = mining.open()
    there = [sha for sha in sorted(others) if mining.repo.find_commit(sha, tip) is not None]
    mining.lose(repository_id, sorted({*others} - {*there}), "its issues make it a fix")
    mining.mine_exactly(repository_id, there, others)
