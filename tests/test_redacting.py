"""What those who opted out wrote is taken out of the archive, and a rebuild honours the list of today."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.stackexchange import StackExchange
from servers.stackexchange_data import Site
from servers.stackexchange_generator import generate
from support.rebuilding import rebuilt
from support.repositories import RepositoryBuilder
from support.runs import Runner
from typer.testing import CliRunner

from miner.archiving import verify
from miner.cli import app
from miner.collect.archive import Archive, archive_of
from miner.optout import REDACTED, OptOut, read_opt_out
from miner.redacting import _without, redact

CODE = "import keras\nmodel.add(keras.layers.Dense({}))\n"
TABLES = ("post", "comment", "fix", "git_commit", "label")


def counts(runner: Runner) -> dict[str, int]:
    return {name: runner.one(f"SELECT COUNT(*) FROM {name}") for name in TABLES}  # noqa: S608


def everything(archive: Archive) -> str:
    return "\n".join((archive.get(digest) or b"").decode() for digest in archive.objects())


def test_the_way_out_and_back(sqlite_url: str, tmp_path: Path) -> None:
    """Listed: removed, and no rebuild brings it back. Off the list: a rebuild does, until the archive was redacted."""
    built = RepositoryBuilder(tmp_path / "r.git")
    built.commit("Add", {"m.py": CODE.format(1)})
    built.commit("Fix crash", {"m.py": CODE.format(2)}, parents=[0], author=b"Ada Lace <ada@example.org>")
    built.commit("Fix bug", {"m.py": CODE.format(3)}, parents=[1], author=b"Ben Other <ben@example.org>")
    built.build()
    site = Site(generate(60))
    question = next(one for one in site.questions() if one.get("answers") and one.get("owner"))
    author = question["answers"][0]["owner"]["display_name"]
    site.edit(question["question_id"], at=1, title="A title that tells")
    listed = tmp_path / "optout.txt"
    listed.write_text("", encoding="utf-8")
    with StackExchange(site) as server:
        flags = {"stackoverflow": {"api_url": server.url}, "collect": {"opt_out_file": str(listed)}}
        runner = Runner(sqlite_url, tmp_path / "data", flags)
        asked = {"sources": ("git", "stackoverflow")}
        runner.collect(built.path, **asked)
        before = counts(runner)
        number = question["question_id"]
        listed.write_text(f"author: Ada Lace\nauthor: {author}\npost: stackoverflow.com/{number}\n", encoding="utf-8")
        runner.collect(built.path, **asked)
        without = counts(runner)
        assert without["git_commit"] == before["git_commit"] - 1
        assert without["post"] < before["post"]
        listed.write_text("", encoding="utf-8")
        runner.collect(built.path, **asked)
        assert counts(runner) == without
    targets = [replace(runner, database_url=f"sqlite:///{tmp_path / name}.db") for name in ("back", "out", "redacted")]
    assert rebuilt(runner, targets[0].database_url).is_whole
    assert counts(targets[0]) == before
    listed.write_text(f"author: Ada Lace\nauthor: {author}\npost: stackoverflow.com/{number}\n", encoding="utf-8")
    assert rebuilt(runner, targets[1].database_url).is_whole
    assert counts(targets[1]) == without
    archive = archive_of(runner.settings())
    assert "A title that tells" in everything(archive)
    opt_out = read_opt_out(listed)
    assert redact(archive, opt_out, dry_run=True).redacted > 0
    assert redact(archive, opt_out).redacted > 0
    assert redact(archive, opt_out).redacted == 0
    assert verify(archive).problems == ()
    assert "A title that tells" not in everything(archive)
    assert json.dumps(author)[1:-1] not in everything(archive)
    listed.write_text("author: Ada Lace\n", encoding="utf-8")
    assert rebuilt(runner, targets[2].database_url).is_whole
    assert counts(targets[2]) == without


NESTED = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "owner",
                    "author",
                    "committer",
                    "commit",
                    "login",
                    "display_name",
                    "email",
                    "name",
                    "question_id",
                    "items",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(value=NESTED)
def test_any_json_is_redacted_once(value: Any) -> None:
    """Whatever strangers send: nothing is raised, and what was redacted has nothing left to redact."""
    opt_out = OptOut(frozenset({"ada"}), frozenset(), frozenset({"x/7"}))
    sites = frozenset({"x"})
    told = _without(json.dumps(value).encode(), opt_out, sites)
    assert told is None or _without(told, opt_out, sites) is None


@pytest.mark.parametrize("name", ["ada", "ADA ", "ada&amp;co"])
def test_only_their_own_texts_go(name: str) -> None:
    """Their comment goes, the question of somebody else and its numbers stay."""
    comment = {"comment_id": 3, "post_id": 1, "owner": {"display_name": name, "user_id": 9}, "body_markdown": "mine"}
    question = {"question_id": 1, "owner": {"display_name": "Ben"}, "title": "His", "comments": [comment]}
    opt_out = OptOut(frozenset({"ada", "ada&co"}))
    found = json.loads(_without(json.dumps({"items": [question]}).encode(), opt_out, frozenset()) or b"")
    (item,) = found["items"]
    assert (item["title"], item["owner"]) == ("His", {"display_name": "Ben"})
    owner = {"display_name": REDACTED, "user_id": None}
    assert item["comments"] == [{"comment_id": 3, "post_id": 1, "owner": owner, "body_markdown": REDACTED}]


def commit_item(committer: str, login: str) -> dict[str, Any]:
    """An item of a search for commits, as GitHub gives it."""
    date = {"date": "2020-01-01T00:00:00Z"}
    signed = {
        "author": {"name": "Ada Lace", "email": "ada@example.org", **date},
        "committer": {"name": committer, "email": f"{committer}@example.org", **date},
        "message": "Fix\n\nSigned-off-by: Ada Lace",
    }
    accounts = {"author": {"login": "ada-lace", "id": 5}, "committer": {"login": login, "id": 6}}
    return {"sha": "a" * 40, "commit": signed, **accounts}


def test_a_commit_loses_all_that_says_who_made_it() -> None:
    """The signature of whoever committed it, if that is on the list, and the accounts beside them; no one else's."""
    opt_out = OptOut(frozenset({"ada lace"}))
    sent = {"items": [commit_item("Ada Lace", "ada-lace"), commit_item("Ben", "ben")]}
    told = _without(json.dumps(sent).encode(), opt_out, frozenset()) or b""
    assert b"ada" not in told.lower()
    own, bens = json.loads(told)["items"]
    assert own["commit"]["committer"] == {"name": REDACTED, "email": REDACTED, "date": "2020-01-01T00:00:00Z"}
    assert (bens["commit"]["committer"]["name"], bens["committer"]["login"]) == ("Ben", "ben")
    assert _without(told, opt_out, frozenset()) is None


@pytest.mark.parametrize("owner", [None, {"user_type": "does_not_exist"}])
def test_a_post_without_an_author_stays_away(owner: dict[str, Any] | None) -> None:
    """It has the mark, by which it is left out when the list has it no more; and it is redacted once."""
    item = {"question_id": 7, "title": "A title that tells", **({"owner": owner} if owner else {})}
    opt_out, sites = OptOut(posts=frozenset({"x/7"})), frozenset({"x"})
    told = _without(json.dumps(item).encode(), opt_out, sites) or b""
    assert json.loads(told)["owner"]["display_name"] == REDACTED
    assert _without(told, opt_out, sites) is None


def test_what_no_journal_tells_of_is_redacted_too(tmp_path: Path) -> None:
    """Its run was pruned or killed, or an older version kept it in the database; what is no JSON stays."""
    archive = Archive(str(tmp_path))
    digest = archive.put(json.dumps({"owner": {"display_name": "Ada"}, "title": "A title that tells"}).encode())
    other = archive.put(b"def vote(facts, library): ...")
    assert redact(archive, OptOut(frozenset({"ada"}))).redacted == 1
    assert b"tells" not in (archive.get(digest) or b"")
    assert archive.get(other) == b"def vote(facts, library): ..."


def test_repositories_on_the_list_change_nothing_in_the_archive(tmp_path: Path) -> None:
    """The help of the command says so: it is for authors and posts."""
    archive = Archive(str(tmp_path))
    digest = archive.put(json.dumps({"full_name": "a/b", "owner": {"login": "a"}, "description": "It tells"}).encode())
    assert redact(archive, OptOut(repositories=frozenset({"a/b"}))).redacted == 0
    assert b"It tells" in (archive.get(digest) or b"")
    told = CliRunner().invoke(app, ["archive", "redact", "--help"]).output
    assert "authors and posts" in " ".join(told.split())
