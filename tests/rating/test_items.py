"""The ids of what is rated."""

from __future__ import annotations

import pytest
from support.labels import SITE, link
from support.pages import sha

from miner.collect.seeds import Unreadable, parse_seed
from miner.rating.items import canonical, numbered, source_of

DIGEST = "81168cca1e62fdeba3218b2b67612e7a"


@pytest.mark.parametrize(
    ("text", "expected", "source"),
    [
        pytest.param(link(0), f"git:{sha(0)}", "github", id="a commit, whatever repository is named"),
        pytest.param(f"{link(0)}#diff-{DIGEST}R218", f"git:{sha(0)}#{DIGEST}R218", "github", id="a line"),
        pytest.param(f"{link(0)}#diff-{DIGEST.upper()}L1", f"git:{sha(0)}#{DIGEST}L1", "github", id="the old side"),
        pytest.param(f"{link(0)}#diff-{DIGEST}", f"git:{sha(0)}#{DIGEST}", "github", id="a file"),
        pytest.param("https://github.com/O/n/blob/abc/d/x.py#L4", "github:o/n/abc/d/x.py#L4", "github", id="a blob"),
        pytest.param("https://github.com/O/n/blob/abc/x.py#L4-L6", "github:o/n/abc/x.py#L4-L6", "github", id="lines"),
        pytest.param("33859864", f"{SITE}:33859864", "stackoverflow", id="a number"),
        pytest.param("https://stackoverflow.com/questions/12/why", f"{SITE}:12", "stackoverflow", id="a question"),
    ],
)
def test_a_link_has_one_id(text: str, expected: str, source: str) -> None:
    seed = parse_seed(text, 1, site=SITE)
    assert not isinstance(seed, Unreadable)
    assert canonical(seed) == expected
    assert source_of(seed) == source


def test_further_rows_of_a_link_are_numbered() -> None:
    assert [numbered("s:1", no) for no in (1, 2, 3)] == ["s:1", "s:1/2", "s:1/3"]
