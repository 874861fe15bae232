"""Which commits are reverted in the end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miner.store.reverts import standing


@pytest.mark.parametrize(
    ("by", "found"),
    [
        pytest.param({"a": {"b"}}, {"a": "b"}, id="reverted"),
        pytest.param({"a": {"c", "b"}}, {"a": "b"}, id="twice"),
        pytest.param({"a": {"b"}, "b": {"c"}}, {"b": "c"}, id="a-revert-that-is-reverted"),
        pytest.param({"a": {"b"}, "b": {"c"}, "c": {"d"}}, {"a": "b", "c": "d"}, id="and-again"),
        pytest.param({"a": {"b", "c"}, "b": {"d"}}, {"a": "c", "b": "d"}, id="one-of-two-stands"),
    ],
)
def test_a_revert_counts_unless_it_is_reverted(by: dict[str, set[str]], found: dict[str, str]) -> None:
    """Of several the first by its sha."""
    assert standing(by) == found


def test_a_long_chain_is_no_matter() -> None:
    """Two people who revert one another ten thousand times."""
    chain = {f"{number:05}": {f"{number + 1:05}"} for number in range(10_000)}
    assert len(standing(chain)) == 5_000


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3)))
def test_any_reverts_have_an_end(by: dict[str, set[str]]) -> None:
    """Also circles; whoever reverts is one of those that do, and nothing depends on the order."""
    found = standing(by)
    assert all(other in by[sha] for sha, other in found.items())
    assert standing(dict(reversed(by.items()))) == found
