"""Pages prove no more than what was mined before them, and all of it together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miner.collect.gitcommits import ListedCommit
from miner.collect.paging import Slice, cut
from miner.store.coverage import Interval

COMMITS = st.lists(st.tuples(st.integers(-3, 12), st.integers(0, 2)), max_size=40).map(
    lambda rows: [ListedCommit(f"{no:040x}", epoch, parents) for no, (epoch, parents) in enumerate(rows)]
)
GAPS = st.lists(st.integers(-5, 15), unique=True, max_size=6).map(
    lambda ends: [Interval(since, until) for since, until in zip(*[iter(sorted(ends))] * 2, strict=False)]
)


def inside(commits: list[ListedCommit], gaps: list[Interval]) -> list[ListedCommit]:
    return [commit for commit in commits if any(gap.since <= commit.epoch < gap.until for gap in gaps)]


def claimed(slices: list[Slice], commit: ListedCommit) -> bool:
    claims = [piece.claim for piece in slices if piece.claim]
    return any(claim.since <= commit.epoch < claim.until for claim in claims)


@given(COMMITS, GAPS, st.integers(1, 5), st.one_of(st.none(), st.integers(1, 10)), st.sets(st.integers(0, 39)))
def test_a_claim_holds_once_its_page_and_those_before_it_are_there(
    commits: list[ListedCommit], gaps: list[Interval], size: int, limit: int | None, known_numbers: set[int]
) -> None:
    """Whatever page a crawl is killed after, no claimed second holds a commit that was not mined."""
    known = {commit.sha for no, commit in enumerate(commits) if no in known_numbers}
    slices = cut(commits, gaps, known=known, page_commits=size, limit=limit)
    for end in range(len(slices) + 1):
        mined = known.union(*(piece.shas for piece in slices[:end]))
        missing = [c for c in commits if c.parents < 2 and c.sha not in mined and claimed(slices[:end], c)]
        assert missing == []


@given(COMMITS, GAPS, st.integers(1, 5), st.sets(st.integers(0, 39)))
def test_all_pages_together_mine_and_claim_the_gaps_exactly(
    commits: list[ListedCommit], gaps: list[Interval], size: int, known_numbers: set[int]
) -> None:
    """Each commit that is no merge and not known is mined once; the claims add up to the gaps and their commits."""
    known = {commit.sha for no, commit in enumerate(commits) if no in known_numbers}
    slices = cut(commits, gaps, known=known, page_commits=size)
    shas = [sha for piece in slices for sha in piece.shas]
    wanted = inside(commits, gaps)
    assert sorted(shas) == sorted(c.sha for c in wanted if c.parents < 2 and c.sha not in known)
    assert all(len(piece.shas) <= size for piece in slices)
    claims = [piece.claim for piece in slices if piece.claim]
    assert sum(claim.reported for claim in claims) == len(wanted)
    assert sum(claim.skipped for claim in claims) == sum(c.parents > 1 for c in wanted)
    assert sum(claim.until - claim.since for claim in claims) == sum(gap.until - gap.since for gap in gaps)


@given(COMMITS, st.integers(1, 5), st.integers(1, 10))
def test_a_limit_takes_the_newest_commits(commits: list[ListedCommit], size: int, limit: int) -> None:
    """With a limit the newest commits are mined, and no more of them than the limit."""
    slices = cut(commits, [Interval(-100, 100)], page_commits=size, limit=limit)
    shas = [sha for piece in slices for sha in piece.shas]
    ordered = sorted((c for c in commits if c.parents < 2), key=lambda c: (c.epoch, c.sha), reverse=True)
    assert shas == [c.sha for c in ordered[:limit]]
