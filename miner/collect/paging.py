"""Cuts a history into pages, newest first, so that each page proves an interval of committer dates.

Dates tie and are out of order in real histories. The commits are therefore sorted by (date, sha), and a page that ends
in the middle of a second claims only down to the next one: the page that ends that second claims it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from miner.collect.gitcommits import ListedCommit
from miner.collect.interface import Claim
from miner.store.coverage import Interval


@dataclass(frozen=True, slots=True)
class Slice:
    """The commits of a page that are still to be mined, and the interval that it proves (None: not yet any)."""

    shas: tuple[str, ...]
    claim: Claim | None


def cut(
    commits: Iterable[ListedCommit],
    gaps: Iterable[Interval],
    *,
    known: Collection[str] = (),
    page_commits: int,
    limit: int | None = None,
) -> list[Slice]:
    """Cut the commits that lie in ``gaps`` into slices, in the order in which they have to be committed.

    :param known: commits that are at hand; they count in a claim but are not mined again.
    :param page_commits: the most commits of a slice.
    :param limit: the most commits in all; what is beyond it is neither mined nor claimed.
    """
    ordered = sorted(commits, key=lambda commit: (commit.epoch, commit.sha), reverse=True)
    slices: list[Slice] = []
    for gap in sorted(gaps, key=lambda gap: gap.since, reverse=True):
        left = None if limit is None else limit - sum(len(piece.shas) for piece in slices)
        inside = [commit for commit in ordered if gap.since <= commit.epoch < gap.until]
        slices += _cut_gap(inside, gap, known, page_commits, left)
    return slices


def _cut_gap(
    inside: Sequence[ListedCommit], gap: Interval, known: Collection[str], page_commits: int, limit: int | None
) -> list[Slice]:
    slices: list[Slice] = []
    shas: list[str] = []
    top, claimed, left = gap.until, 0, limit
    for at, commit in enumerate(inside):
        if commit.parents > 1 or commit.sha in known:
            continue
        if left == 0 or len(shas) == page_commits:
            floor, end = commit.epoch + 1, at
            while end > claimed and inside[end - 1].epoch < floor:
                end -= 1
            slices.append(Slice(tuple(shas), _claim(inside[claimed:end], floor, top)))
            shas, top, claimed = [], floor, end
            if left == 0:
                return [piece for piece in slices if piece.shas or piece.claim]
        shas.append(commit.sha)
        left = None if left is None else left - 1
    slices.append(Slice(tuple(shas), _claim(inside[claimed:], gap.since, top)))
    return slices


def _claim(claimed: Sequence[ListedCommit], since: int, until: int) -> Claim | None:
    if since >= until:
        return None
    return Claim(since, until, len(claimed), sum(commit.parents > 1 for commit in claimed))
