"""What became of fixes, read from the database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from support.pages import sha
from support.studies import LINE, SITE_FIX, add_commits, add_posts

from miner.collect.locators import locate
from miner.settings import load
from miner.store.session import reading
from miner.study import queries
from miner.study.aftermath import broken, followed
from miner.study.aftermath_queries import _address, aftermath
from miner.study.counts import Cell
from miner.study.material import Aftermath


def read(engine: Engine) -> Aftermath:
    with reading(engine) as connection:
        return aftermath(connection, queries.choose(connection, "heuristic"))


def test_a_later_fix_of_the_same_line_is_a_new_bug(engine: Engine) -> None:
    """With the labels of both, the line and the days between; the same line in another file is left alone."""
    add_commits(engine)
    found = read(engine)
    (bug,) = found.new_bugs
    assert (bug.fix_id, bug.later_fix_id) == (f"git:{sha(0)}:1", f"git:{sha(1)}:1")
    assert (bug.kind, bug.evidence, bug.days) == ("new_bug", LINE, 3.0)
    assert bug.old == Cell("github", "keras", "versioning", bug_type="api", impact="crash")
    assert bug.new == Cell("github", "tensorflow", "data_type", bug_type="data")
    assert followed(found, source="github") == 2
    assert followed(found, pattern="versioning") == 1


def test_commits_that_were_collected_alone_cannot_be_followed(engine: Engine) -> None:
    """A later fix of their lines would not be in the database."""
    add_commits(engine, whole=False)
    assert read(engine) == Aftermath({}, ())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Keras-team/Keras", "github"),
        ("https://github.com/keras-team/keras.git", "github"),
        ("https://gitlab.com/a/b.git", "elsewhere"),
        ("/srv/a+b", "path"),
    ],
)
def test_the_ledger_names_a_repository_as_its_locator_does(text: str, name: str) -> None:
    """Else nothing of it could be followed."""
    settings = load(environ={})
    locator = locate(text, settings.github, settings.git)
    assert _address(locator.host, locator.name, locator.public_url) == locator.key, name


def test_the_askers_comment_tells_of_a_new_bug(engine: Engine) -> None:
    """Of an old one that stays, too; what others comment says nothing."""
    add_posts(engine, {1: "Now I get a TypeError", 2: "I still get the same error", 3: "Thanks!"})
    found = read(engine)
    assert [(bug.fix_id, bug.kind, bug.new.impact) for bug in found.new_bugs] == [
        (SITE_FIX, "new_bug", "crash"),
        (SITE_FIX.replace("11", "12"), "not_repaired", "crash"),
    ]
    assert (len(broken(found)), followed(found, source="stackoverflow")) == (1, 3)


def test_where_no_comments_were_collected_nothing_is_followed(engine: Engine) -> None:
    """No complaint is then no success."""
    add_posts(engine, {})
    assert read(engine) == Aftermath({}, ())
