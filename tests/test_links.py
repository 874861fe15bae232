"""Commits and posts that refer to one another, and fixes that are the same change, from collect to the views."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from support.repositories import RepositoryBuilder
from support.runs import Runner

CODE = "import keras\n\nmodel = keras.Sequential()\nmodel.add(keras.layers.Dense(10, input_shape=(784,)))\n"
FIXED = CODE.replace("Dense(10", "Dense(20")


@pytest.fixture
def server() -> Iterator[StackExchange]:
    """A site with one question; a test answers it."""
    site = Site()
    body = f"<pre><code>{CODE}</code></pre>"
    site.add({"question_id": 7, "title": "It fails", "tags": ["keras"], "body": body})
    with StackExchange(site) as opened:
        yield opened


def miner(database_url: str, tmp_path: Path, server: StackExchange | None = None) -> Runner:
    flags = {"github": {"clone_url": f"file://{tmp_path}/{{owner}}+{{name}}.git"}}
    if server is not None:
        flags["stackoverflow"] = {"api_url": server.url}
    return Runner(database_url, tmp_path / "data", flags)


@pytest.mark.parametrize("cites", ["commit", "post"])
def test_fixes_that_cite_one_another_are_joined(
    database_url: str, tmp_path: Path, server: StackExchange, cites: str
) -> None:
    """A message that names the question, or an answer that links the commit, in the view linked_fixes."""
    builder = RepositoryBuilder(tmp_path / "o+n.git")
    builder.commit("Add", {"a.py": CODE})
    also = ", see https://stackoverflow.com/questions/7/it-fails" if cites == "commit" else ""
    builder.commit(f"Fix crash, fixes #3{also}", {"a.py": FIXED}, parents=[0])
    builder.build()
    link = f'<a href="https://github.com/o/n/commit/{builder.shas[1][:10]}">here</a>' if cites == "post" else ""
    site = server.sites["stackoverflow"]
    answer = site.answer(7, f"<p>Fixed {link}</p><pre><code>{FIXED}</code></pre>", score=9)
    runner = miner(database_url, tmp_path, server)
    runner.collect("o/n")
    runner.collect(sources=("stackoverflow",), libraries=("keras",))
    found = runner.rows("SELECT commit_fix_id, post_fix_id, post_id, cited_by FROM linked_fixes")
    post = answer if cites == "post" else 7
    assert found == [(f"git:{builder.shas[1]}:1", f"stackoverflow.com:{answer}", post, cites)]
    closes = "SELECT kind FROM link WHERE source_kind = 'commit' AND target_id = 'github.com/o/n#3'"
    assert runner.rows(closes) == [("closes",)]


def test_a_cherry_pick_is_counted_once(database_url: str, tmp_path: Path) -> None:
    """A fix and the same one in a fork, on an older state of the file, share a cluster in the view fix_overview."""
    for owner, above in (("o", ""), ("fork", "# Other.\n# Lines.\n\n\n\n\n")):
        builder = RepositoryBuilder(tmp_path / f"{owner}+n.git")
        builder.commit(f"Add {owner}", {"a.py": above + CODE})
        builder.commit("Fix crash of the model", {"a.py": above + FIXED}, parents=[0])
        builder.commit("Fix crash of another one", {"b.py": above + FIXED.replace("20", "30")}, parents=[1])
        builder.build()
    runner = miner(database_url, tmp_path)
    runner.collect("o/n", "fork/n")
    assert runner.one("SELECT COUNT(*) FROM fix") == 4
    counts = runner.rows(
        "SELECT fixes FROM (SELECT cluster_id, COUNT(*) AS fixes FROM fix_overview GROUP BY cluster_id) AS c ORDER BY 1"
    )
    assert counts[-1] == (2,)
    assert len(counts) < 4
