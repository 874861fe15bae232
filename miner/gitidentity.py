"""Tells whether a name on GitHub leads to another repository than before, where git alone was asked.

GitHub redirects the old name of a renamed repository until somebody takes it: then git gets the history of another one
from the same address. The numbers that GitHub's API tells say so (:mod:`miner.githubnames`); git alone sees a history
that has no commit in common with what was there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from miner.collect import formerclones
from miner.collect.gitrepo import GitRepository, Tip, read_tip
from miner.errors import RepositoryRefusedError
from miner.run import Run
from miner.store import github as githubstore
from miner.store.session import reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def is_another(run: Run, repo: GitRepository, tip: Tip, reachable: Callable[[], Collection[str]]) -> bool:
    """Tell whether nothing of what a name led to is in its history now, and GitHub did not say that it is the same.

    :param reachable: gives the commits of the history; it is called only if that has to be known.
    """
    key = repo.locator.key
    if repo.locator.host != "github.com" or run.numbered.get(key) == "known":
        return False
    with reading(run.engine) as connection:
        states = githubstore.states_of(connection, key)
    # What was mined at this state was found to be the same then.
    if not states or tip.response.body in states:
        return False
    now = reachable()
    disjoint = False
    for before in _tips(states, tip):
        if not set(before.shas).isdisjoint(now):
            return False
        commits = {commit.sha for commit in repo.reachable(before)}
        if not commits.isdisjoint(now):
            return False
        disjoint = disjoint or bool(commits)
    return disjoint


def _tips(states: Collection[bytes], tip: Tip) -> list[Tip]:
    return [read_tip(replace(tip.response, body=body), every=tip.every) for body in states]


def part(run: Run, repo: GitRepository, tip: Tip, repository_id: int) -> int | None:
    """Let a name lead to nothing, so that what it leads to now is entered anew; what it led to keeps its rows,
    and a clone that labelling anew finds.

    :returns: GitHub's number of what has the name now, if this run was told it.
    :raises RepositoryRefusedError: if what had the name has a number, so that GitHub can be asked which it is.
    :raises RepositoryError: if its clone cannot be kept.
    """
    locator = repo.locator
    with reading(run.engine) as connection:
        number = githubstore.number_of(connection, repository_id)
        states = githubstore.states_of(connection, locator.key)
    if number is not None and run.numbered.get(locator.key) != "adopted":
        raise RepositoryRefusedError(
            f"{repo.name}: it has no commit in common with what it was: another repository may have its name now; "
            "run with --source github --source git, which tells them apart by their number"
        )
    shas = sorted({sha for before in _tips(states, tip) for sha in before.shas})
    # Before its names are gone: a run that is killed between the two does it again.
    formerclones.keep(repo, shas)
    with writing(run.engine) as connection:
        names = (locator.name, locator.public_url, locator.key)
        githubstore.part(connection, run.run_id, repository_id, names)
        githubstore.rename(connection, locator.key, f"repository:{repository_id}")
        githubstore.take_name(connection, run.run_id, repository_id, formerclones.former(locator, shas).key)
    run.reporter.warn(repo.name, "another repository has its name now: what the former one had is kept, apart from it")
    return number
