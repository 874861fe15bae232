"""What newer rules split otherwise: it is in no count, or the count says that it holds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, select
from support.labels import link
from support.resplit import EARLIER, GONE, GONE_POST, OLD, PARTS, POST, add_resplit
from support.studies import add_rating
from support.threads import SITE

from miner.classify.version import RATER
from miner.export.families import Families
from miner.export.instances import instances
from miner.rating.agreement import AgreementRequest, agreement
from miner.rating.linking import link_all
from miner.store import exports, readings
from miner.store.exports import Selection
from miner.store.ratings import items_to_link
from miner.store.ratingtables import rating_item
from miner.store.samples import candidate_fixes, candidate_items
from miner.store.session import reading, writing
from miner.store.tables import fix
from miner.store.views import View, views
from miner.study import queries
from miner.study.aftermath_queries import aftermath
from miner.study.basis import Basis, sentences

IN_FORCE = {*PARTS, EARLIER, POST}


@pytest.fixture
def resplit(engine: Engine) -> Engine:
    """Four fixes in force, two superseded."""
    add_resplit(engine)
    return engine


@pytest.fixture
def connection(resplit: Engine) -> Iterator[Connection]:
    """A connection that reads it."""
    with reading(resplit) as connection:
        yield connection


def test_the_database_holds_what_is_superseded(connection: Connection) -> None:
    """Nothing is taken away: the other tests would show nothing else."""
    assert set(connection.scalars(select(fix.c.fix_id))) == IN_FORCE | {GONE, GONE_POST}


@pytest.mark.parametrize("view", [view for view in views() if "fix_id" in " ".join(view.columns)], ids=lambda v: v.name)
def test_a_view_has_no_superseded_fix_or_says_so(connection: Connection, view: View) -> None:
    """In its comment or in that of the column."""
    columns = [name for name in view.columns if name.endswith("fix_id")]
    query = f"SELECT {', '.join(columns)} FROM {view.name}"  # noqa: S608
    found = {value for row in connection.exec_driver_sql(query) for value in row if value is not None}
    told = f"{view.comment} {[view.columns[name] for name in columns]}"
    assert found
    assert found & {GONE, GONE_POST} == set() or "uperseded" in told


def test_shares_are_of_fixes_in_force(connection: Connection) -> None:
    """The labels of the older rules are in force on none, since newer ones labelled what is left."""
    query = "SELECT rater, SUM(fixes) FROM {} GROUP BY rater"
    for view in ("pattern_share", "pattern_by_library"):
        assert [tuple(row) for row in connection.exec_driver_sql(query.format(view))] == [(RATER, 4)]


def test_the_rules_are_compared_on_fixes_in_force(connection: Connection) -> None:
    """The older rules said of GONE what Ada says of it, and that is not counted; so says the view."""
    query = "SELECT rater_a, rater_b, items FROM agreement"
    found = {frozenset(row[:2]): row[2] for row in connection.exec_driver_sql(query)}
    assert found[frozenset(("ada", RATER))] == found[frozenset(("ada", OLD))] == found[frozenset(("ada", "ben"))] == 1
    for rules in (RATER, OLD):
        told = agreement(connection, AgreementRequest(in_force=rules))
        assert {(one.first, one.second): one.items for one in told.pairs}["ada", rules] == 1
        assert told.superseded == 1


@pytest.mark.parametrize(
    ("labels", "basis"),
    [
        pytest.param("heuristic", Basis(judged=4, collected=4, superseded=1), id="rules-in-force"),
        pytest.param(f"rater:{OLD}", Basis(judged=1, collected=4, superseded=1), id="older-rules"),
        pytest.param(
            "rater:ada", Basis(judged=2, collected=4, superseded=1, items=2, linked=1), id="a-persons-items-all-count"
        ),
    ],
)
def test_the_study_counts_fixes_in_force(connection: Connection, labels: str, basis: Basis) -> None:
    """In what was judged, in what there is, and as bugs; what is left out is told."""
    choice = queries.choose(connection, labels)
    assert queries.basis(connection, choice) == basis
    assert queries.counts(connection, choice).total("library") == basis.judged
    assert sum(queries.bugs(connection, choice).values()) == {4: 3, 1: 1, 2: 2}[basis.judged]
    assert set(queries.judged_cells(connection, choice)) <= IN_FORCE
    assert queries.labels_of(connection, choice, [GONE, GONE_POST]) == {}
    assert any(sentence.startswith("Superseded") and "1 (" in sentence for sentence in sentences(basis, choice))


def test_a_cluster_whose_first_fix_is_superseded_counts_once(connection: Connection) -> None:
    """By the first of those in force."""
    choice = queries.choose(connection, "heuristic", copies=False)
    assert queries.basis(connection, choice) == Basis(judged=4, collected=4, superseded=1)


def test_a_line_was_changed_by_the_fix_in_force(connection: Connection) -> None:
    """Two fixes hold the later hunk; a complaint below an answer is of a fix in force, too."""
    found = aftermath(connection, queries.choose(connection, "heuristic"))
    assert {(bug.fix_id, bug.later_fix_id) for bug in found.new_bugs} == {(EARLIER, PARTS[0]), (POST, None)}
    assert sum(found.followed.values()) == 4
    assert sum(aftermath(connection, queries.choose(connection, "rater:ada")).followed.values()) == 1


def test_samples_and_exports_are_of_fixes_in_force(connection: Connection) -> None:
    """Whatever they are made for."""
    assert {one.item_id for one in candidate_fixes(connection, RATER)} == IN_FORCE
    assert {one.item_id: one.pattern for one in candidate_items(connection, ["s"], OLD)} == {
        GONE: "",
        EARLIER: "monitor",
    }
    made = instances(connection, Selection(), Families(connection))
    assert {instance["instance_id"] for instance, _ in made} == IN_FORCE
    assert exports.count(connection, Selection(rater=OLD)) == 0


def test_the_daemons_metrics_are_of_fixes_in_force(resplit: Engine) -> None:
    """By source and library."""
    with reading(resplit) as connection:
        assert readings.read(connection).fixes == {("git", "keras"): 3, ("stackoverflow", "keras"): 1}


def test_an_item_that_is_a_fix_stays_that_fix(connection: Connection) -> None:
    """Its hunks are what was judged, and they are in no other."""
    assert items_to_link(connection) == []


def test_an_item_that_a_link_names_goes_to_the_fix_in_force(resplit: Engine) -> None:
    """At the hunk of its anchor; where no fix in force holds that, it stays at what was judged."""
    with writing(resplit) as connection:
        for number, line in ((1, 1), (2, 99)):
            add_rating(connection, f"i{number}", "ada", {"pattern": "monitor"}, link=link(0, line), fix_id=GONE)
        assert link_all(connection, SITE) == 1
        held = connection.execute(select(rating_item.c.item_id, rating_item.c.fix_id)).all()
    assert dict(tuple(row) for row in held)["i1"] == PARTS[0]
    assert dict(tuple(row) for row in held)["i2"] == GONE
