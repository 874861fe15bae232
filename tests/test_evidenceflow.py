"""The flow of evidence from beside a commit: over real HTTP to GraphQL, into tables, and back into what is mined."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import github_faults
from servers.github_data import Hub, Issue, Pull
from servers.github_limits import Allowance
from support.asking import HOME, MERGED, TOKEN, Asker, Project
from support.runs import Contents

from miner import issueflow
from miner.classify.logodds import BIAS
from miner.daemon.jobs import perform

NEAR = "Handle the error of an empty batch"
"""A message that is near the threshold, and below it."""

FIX = "Fix crash of the model"


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def project(hub: Hub, tmp_path: Path) -> Project:
    return Project(hub, tmp_path)


@pytest.fixture
def asker(hub: Hub, database_url: str, tmp_path: Path) -> Iterator[Asker]:
    made = Asker(hub, database_url, tmp_path)
    with made.server:
        yield made
    assert made.server.violations == []


def test_a_fetch_of_the_daemon_asks_about_what_it_brought(asker: Asker, project: Project) -> None:
    """With a token: as the next discovery would. Without one it only fetches."""
    project.commit("near", NEAR)
    project.push()
    asker.collect()
    project.commit("later", NEAR)
    project.push()
    jobs = {"fetch": {"run": "fetch", "every": "1d"}}
    settings = asker.runner.settings(daemon={"jobs": jobs})
    without = asker.runner.settings(daemon={"jobs": jobs}, github={"tokens": ""})
    assert perform(without, "fetch", asker.runner.recorder, asker.clock).figures["commits_asked"] == 0
    outcome = perform(settings, "fetch", asker.runner.recorder, asker.clock)
    assert (outcome.outcome, outcome.figures["commits_asked"]) == ("complete", 1)


def test_a_bug_report_makes_a_fix_of_a_commit_near_the_threshold(asker: Asker, project: Project) -> None:
    """Its pull request closes an issue that is labelled as a bug: it is mined in the same run, and says why."""
    project.commit("near", NEAR)
    project.commit("far", "Add a layer")
    project.push()
    project.issue(10, "type:bug", "keras")
    project.pull(11, "Work on batches", "near", closes=(10,))
    summary = asker.collect()
    near = project["near"]
    assert (summary.status, summary.raised, summary.commits_asked, summary.graphql_requests) == ("complete", 1, 1, 1)
    assert asker.rules(near) == {"issue.closes": 0.5, "issue.bug_label": 2.0}
    assert asker.rules(near, "message") != {}
    assert asker.fixed() == {near}
    assert asker.runner.rows("SELECT bug_fix_score > 0.5 FROM fix_overview") == [(True,)]
    issues = asker.runner.rows("SELECT github_id, number, kind, state FROM issue ORDER BY number")
    assert issues == [(HOME, 10, "issue", "closed"), (HOME, 11, "pull_request", "merged")]
    assert asker.runner.rows("SELECT label FROM issue_label ORDER BY 1") == [("keras",), ("type:bug",)]
    seen = asker.runner.rows("SELECT relation, number FROM commit_issues WHERE sha = :sha ORDER BY 2", sha=near)
    assert seen == [("closes", 10), ("merged_by", 11)]
    assert not [row for row in asker.runner.rows("SELECT url, body FROM raw_response") if TOKEN in str(row)]


def test_a_second_run_asks_nothing_and_changes_nothing(asker: Asker, project: Project, contents: Contents) -> None:
    """Also where an issue is not there, and where a commit has no pull request."""
    project.commit("near", f"{NEAR}, see #99")
    project.commit("fix", FIX)
    project.push()
    asker.collect()
    before, queries = asker.contents(contents), asker.queries()
    again = asker.collect()
    assert (again.graphql_requests, again.commits_asked, asker.queries()) == (0, 0, queries)
    assert asker.contents(contents) == before


def test_the_score_is_that_of_all_evidence(asker: Asker, project: Project) -> None:
    """The logistic of the sum of the weights, of every commit, whoever judged last."""
    project.commit("fix", FIX)
    project.commit("docs", "Fix wrong shape, fixes #3", "README.md")
    project.push()
    project.commit("revert", f"Revert it\n\nThis reverts commit {project['fix']}.")
    project.push()
    project.issue(3, "bug", "documentation")
    asker.collect()
    rows = asker.runner.rows(
        "SELECT c.sha, c.bug_fix_score, COALESCE(SUM(e.weight), 0), COUNT(DISTINCT e.side) FROM git_commit c "
        "LEFT JOIN bug_fix_evidence e ON e.sha = c.sha GROUP BY c.sha, c.bug_fix_score"
    )
    assert max(row[3] for row in rows) == 3
    for _, score, weights, _ in rows:
        assert score == pytest.approx(1 / (1 + math.exp(-BIAS - weights)), abs=1e-4)


def test_a_commit_that_falls_keeps_its_fix(asker: Asker, project: Project) -> None:
    """Labels are only added: its new score tells."""
    project.commit("weak", "Prevent it, closes #4")
    project.push()
    asker.settings["evidence"] = False
    asker.collect()
    assert asker.fixed() == {project["weak"]}
    before = asker.score(project["weak"])
    project.issue(4, "question", "documentation")
    asker.settings["evidence"] = True
    asker.collect()
    assert before >= 0.5 > asker.score(project["weak"])
    assert asker.fixed() == {project["weak"]}
    assert asker.runner.rows("SELECT bug_fix_score < 0.5 FROM fix_overview") == [(True,)]


def test_a_risen_commit_that_changes_only_documentation_is_no_fix(asker: Asker, project: Project) -> None:
    """All evidence counts together; the omission has the score."""
    project.commit("docs", f"{NEAR}, closes #4", "README.md")
    project.push()
    project.issue(4, "bug")
    asker.collect()
    assert asker.fixed() == set()
    assert asker.rules(project["docs"], "path") == {"diff.only_documentation": -12.0}
    found = asker.runner.rows("SELECT sha FROM omission WHERE reason = 'not_a_fix'")
    assert found == [(project["docs"],)]
    assert asker.score(project["docs"]) < 0.5
    assert asker.collect().raised == 0


@pytest.mark.parametrize("evidence_first", [True, False])
def test_evidence_counts_alike_whichever_comes_first(
    asker: Asker, project: Project, contents: Contents, hub: Hub, tmp_path: Path, evidence_first: bool
) -> None:
    """Asked in one run or in several, before the crawl of a list or after it: the same rows."""
    project.commit("near", f"{NEAR}, fixes #4")
    project.commit("fix", f"{FIX} (#5)")
    project.commit("docs", f"{NEAR} in the docs, closes #4", "README.md")
    project.push()
    project.issue(4, "bug")
    project.pull(5, FIX, "fix", closes=(4,), labels=("enhancement",))
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("".join(f"https://github.com/ann/keras-app/commit/{project[n]}\n" for n in ("near", "docs")))
    asker.settings["evidence"] = evidence_first
    asker.collect(until=datetime(2017, 7, 16, tzinfo=UTC))
    asker.runner.collect(seeds=str(seeds))
    asker.settings |= {"evidence": True, "evidence_commits": 1}
    asker.collect()
    asker.collect()
    other = Asker(hub, f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other")
    with other.server:
        other.collect()
        other.runner.collect(seeds=str(seeds))
        other.collect()
    ours, theirs = asker.contents(contents), other.contents(contents)
    for name in ("git_commit", "bug_fix_evidence", "issue", "issue_label", "issue_reference", "link", "fix", "label"):
        assert ours[name] == theirs[name], name
    assert ours["evidence_request"] == theirs["evidence_request"]


def test_an_issue_that_changed_is_judged_for_all_its_commits(asker: Asker, project: Project) -> None:
    """A later commit brings its new label; the earlier one is judged by it, too."""
    project.commit("one", f"{FIX}, see #4")
    project.push()
    project.issue(4)
    asker.collect()
    assert asker.rules(project["one"]) == {}
    project.hub.repositories[HOME].issues[4].labels = ("bug",)
    project.commit("two", FIX)
    project.push()
    project.pull(6, "Batches", "two", closes=(4,))
    asker.collect()
    assert asker.rules(project["one"]) == {"issue.bug_label": 1.0}
    assert asker.rules(project["two"]) == {"issue.bug_label": 2.0, "issue.closes": 0.5}


def test_new_rules_judge_what_is_stored_and_ask_nothing(
    asker: Asker, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rater of each request tells whose rules its evidence is from."""
    project.commit("fix", f"{FIX}, fixes #4")
    project.push()
    project.issue(4, "bug")
    asker.collect()
    queries = asker.queries()
    monkeypatch.setattr(issueflow, "RATER", "heuristic/new")
    monkeypatch.setattr("miner.classify.issueevidence.BUG_LABEL", 1.5)
    asker.collect()
    assert asker.queries() == queries
    assert asker.rules(project["fix"]) == {"issue.bug_label": 1.5, "issue.closes": 0.5}
    assert asker.runner.rows("SELECT DISTINCT rater FROM evidence_request") == [("heuristic/new",)]


def test_an_issue_that_nobody_can_see_is_an_omission(asker: Asker, project: Project, hub: Hub, tmp_path: Path) -> None:
    """One that is deleted, one of a private repository, one that the token must not see: none says anything."""
    hub.add_repository("bob", "secret", id=7, private=True)
    guarded = hub.add_repository("bob", "guarded", id=8)
    hub.add_issue(8, Issue(2, "Wrong", ("bug",)))
    project.commit("fix", f"{FIX}, fixes #404, bob/secret#1, fixes bob/guarded#2 and #4294967296")
    project.push()
    hub.block(guarded.id, "sso")
    summary = asker.collect()
    assert summary.status == "complete"
    assert asker.rules(project["fix"]) == {}
    references = asker.runner.rows("SELECT target_id, availability FROM issue_reference ORDER BY 1")
    assert references == [
        ("github.com/ann/keras-app#404", "gone"),
        ("github.com/bob/guarded#2", "unknown"),
        ("github.com/bob/secret#1", "gone"),
    ]
    left_out = asker.runner.rows("SELECT subject FROM omission WHERE reason = 'evidence_unknown' ORDER BY 1")
    assert left_out == [(f"issue:{target}",) for target, _ in references]
    guarded.blocked = ""
    again = asker.collect()
    assert (again.graphql_requests, again.commits_asked) == (1, 0)
    assert asker.rules(project["fix"]) == {"issue.bug_label": 2.0, "issue.closes": 0.5}
    unresolved = "SELECT COUNT(*) FROM omission WHERE reason = 'evidence_unknown' AND resolved_run_id IS NULL"
    assert asker.runner.one(unresolved) == 2
    assert asker.collect().graphql_requests == 0


def test_what_a_pull_request_closes_where_nobody_may_look_is_an_omission_of_the_commit(
    asker: Asker, project: Project, hub: Hub
) -> None:
    """The node is null, and the rest of the answer is good."""
    hub.add_repository("bob", "guarded", id=8)
    hub.add_issue(8, Issue(2, "Wrong", ("bug",)))
    project.commit("fix", FIX)
    project.push()
    hub.add_pull(HOME, Pull(5, "Batches fail", (project["fix"],), MERGED, closes=((8, 2),)))
    hub.block(8, "sso")
    asker.collect()
    found = asker.runner.rows("SELECT subject, detail FROM omission WHERE reason = 'evidence_unknown'")
    assert [row[0] for row in found] == [f"commit:{project['fix']}"]
    assert "of 1 closingIssuesReferences, 0 came" in found[0][1]
    assert asker.rules(project["fix"]) == {"issue.pull_title": 1.3}


def test_a_repository_that_is_gone_meanwhile_is_unknown_and_asked_for_again(
    asker: Asker, project: Project, hub: Hub
) -> None:
    """No evidence is not the same as not known: there is an omission, and no row that says it was asked."""
    for number in range(4):
        project.commit(f"fix{number}", f"{FIX} {number}")
    project.push()
    asker.settings["evidence_commits"] = 1
    home = hub.repositories[HOME]
    asker.server.before = lambda request: setattr(home, "private", request.resource == "graphql")
    summary = asker.collect()
    assert (summary.commits_asked, summary.graphql_requests) == (0, 1)
    assert asker.runner.one("SELECT COUNT(*) FROM evidence_request") == 0
    found = asker.runner.rows("SELECT subject, source FROM omission WHERE reason = 'evidence_unknown'")
    assert found == [("repository:ann/keras-app", "github")]
    asker.server.before = lambda _request: setattr(home, "private", False)
    assert asker.collect().commits_asked == 4
    assert asker.runner.one("SELECT COUNT(*) FROM omission WHERE resolved_run_id IS NULL AND source = 'github'") == 0


def test_a_commit_that_github_has_not_is_an_omission(asker: Asker, project: Project, hub: Hub) -> None:
    """Somebody rewrote the history meanwhile: it is asked for once, and what its message names still counts."""
    project.commit("fix", f"{FIX}, fixes #4")
    project.push()
    project.issue(4, "bug")
    asker.server.before = lambda _request: hub.repositories[HOME].commits.clear()
    asker.collect()
    assert asker.runner.rows("SELECT outcome FROM evidence_request") == [("missing",)]
    found = asker.runner.rows("SELECT sha FROM omission WHERE reason = 'evidence_unknown'")
    assert found == [(project["fix"],)]
    assert asker.rules(project["fix"]) == {"issue.bug_label": 2.0, "issue.closes": 0.5}


def test_a_name_that_another_repository_took_tells_nothing(asker: Asker, project: Project, hub: Hub) -> None:
    """The number of the answer is not the one that the commit's repository has."""
    project.commit("fix", FIX)
    project.push()
    asker.settings["evidence"] = False
    asker.collect()
    home = hub.repositories[HOME]
    hub.rename(HOME, "keras-old")
    hub.add_repository("ann", "keras-app", id=9, commits=home.commits)
    hub.add_pull(9, Pull(5, "Bug", (project["fix"],), MERGED, labels=("bug",)))
    asker.settings |= {"evidence": True, "searches": {"keras": ["nothing in:name"]}}
    asker.server.before = lambda request: setattr(home, "private", request.path.startswith("/repositories/"))
    asker.collect(sources=("github",))
    assert asker.rules(project["fix"]) == {}
    assert asker.runner.one("SELECT COUNT(*) FROM evidence_request") == 0


def test_more_than_a_page_shows_is_said(asker: Asker, project: Project) -> None:
    """A pull request that closes more issues than are asked for."""
    project.commit("fix", FIX)
    project.push()
    for number in range(1, 8):
        project.issue(number)
    project.pull(20, FIX, "fix", closes=tuple(range(1, 8)))
    asker.collect()
    (detail,) = asker.runner.rows("SELECT detail FROM omission WHERE reason = 'evidence_unknown'")
    assert "of 7 closingIssuesReferences, 5 came" in detail[0]


def test_without_a_token_it_is_said_once(asker: Asker, project: Project) -> None:
    """Nothing is asked, and the run is complete: the user may want none."""
    project.commit("fix", FIX)
    project.push()
    asker.settings["tokens"] = ""
    summary = asker.collect()
    assert (summary.status, summary.graphql_requests, asker.queries()) == ("complete", 0, 0)
    said = [text for _, text in asker.runner.recorder.warnings if "MINER_GITHUB__TOKENS, or" in text]
    assert said == [
        "pull requests and issues of 1 commits are not asked for: GitHub wants a token for that; put one into "
        "MINER_GITHUB__TOKENS, or set github.evidence = false"
    ]
    assert asker.plan().state == "wants a token"


@pytest.mark.parametrize("commits", [1, 4, 50])
def test_a_plan_tells_the_requests(asker: Asker, project: Project, commits: int) -> None:
    """Of what is stored: exactly, but for references that a pull request of another page turns out to be."""
    for number in range(9):
        named = ", ".join(f"#{100 * number + other}" for other in range(1, 30 if number == 3 else 2))
        project.commit(f"fix{number}", f"{FIX}, see {named}")
    project.push()
    asker.settings |= {"evidence": False, "evidence_commits": commits}
    asker.collect()
    asker.settings["evidence"] = True
    planned = asker.plan()
    assert asker.queries() == 0
    summary = asker.collect()
    assert planned.items == summary.commits_asked == 9
    assert planned.requests == summary.graphql_requests == math.ceil(9 / commits)
    assert summary.graphql_points == sum(r.cost for r in asker.server.requests if r.resource == "graphql") > 0
    assert asker.plan().requests == 0


def test_a_message_that_names_hundreds_of_issues_takes_more_requests(asker: Asker, project: Project) -> None:
    """No request grows beyond what GitHub answers; each issue is looked up."""
    project.commit("fix", f"{FIX}\n\n" + " ".join(f"#{number}" for number in range(1, 251)))
    project.push()
    project.issue(250, "bug")
    summary = asker.collect()
    assert summary.graphql_requests == 3
    assert asker.runner.one("SELECT COUNT(*) FROM issue_reference") == 250
    assert asker.rules(project["fix"]) == {"issue.bug_label": 1.0}


def test_only_commits_near_a_fix_of_the_window_are_asked_for(asker: Asker, project: Project) -> None:
    """The setting says how near; a date leaves out what is before it."""
    project.commit("near", NEAR)
    project.commit("far", "Add a layer")
    project.commit("fix", FIX)
    project.push()
    asker.settings["evidence_min_score"] = 0.5
    asker.collect()
    asked = "SELECT sha FROM evidence_request"
    assert asker.runner.rows(asked) == [(project["fix"],)]
    asker.settings["evidence_min_score"] = 0.0
    asker.collect(since=datetime(2017, 7, 16, tzinfo=UTC))
    assert {row[0] for row in asker.runner.rows(asked)} == {project["fix"], project["far"]}


def test_a_commit_of_a_fork_is_asked_for_where_it_came_from(asker: Asker, project: Project, hub: Hub) -> None:
    """Once, and not in the fork, whichever has the lower number."""
    project.commit("fix", FIX)
    project.push()
    hub.add_repository("bob", "keras-app", id=3, path=hub.repositories[HOME].path, fork=True)
    project.pull(5, "Batches", "fix", labels=("bug",))
    asker.settings["searches"] = {"keras": ["keras in:name fork:true"]}
    summary = asker.collect()
    assert (summary.found, summary.commits_asked) == (2, 1)
    assert asker.rules(project["fix"]) == {"issue.bug_label": 2.0}


def test_reverts_are_found_in_messages_and_by_pull_requests(asker: Asker, project: Project) -> None:
    """By a whole sha, by the beginning of one, by a pull request; one that is itself reverted does not count."""
    for name in ("whole", "part", "pulled", "back"):
        project.commit(name, f"{FIX} {name}")
    project.push()
    project.pull(5, "Batches", "pulled")
    project.commit("r1", f'Revert "x"\n\nThis reverts commit {project["whole"]}.')
    project.commit("r2", f"Reverts {project['part'][:9]}")
    project.commit("r3", "Reverts #5")
    project.commit("r4", f"This reverts commit {project['back']}.")
    project.push()
    project.commit("r5", f"This reverts commit {project['r4']}.")
    project.push()
    asker.collect()
    reverting = dict(asker.runner.rows("SELECT sha, text FROM bug_fix_evidence WHERE side = 'commit'"))
    assert reverting == {
        project["whole"]: project["r1"],
        project["part"]: project["r2"],
        project["pulled"]: project["r3"],
        project["r4"]: project["r5"],
    }
    project.commit("r6", f"This reverts commit {project['r1']}.")
    project.push()
    asker.collect()
    assert asker.rules(project["whole"], "commit") == {}
    assert asker.rules(project["r1"], "commit") == {"commit.reverted": -1.5}


def test_reverts_need_no_github(asker: Asker, project: Project, tmp_path: Path) -> None:
    """A repository that is named, and no token."""
    project.commit("fix", FIX)
    project.push()
    project.commit("revert", f"This reverts commit {project['fix']}.")
    project.push()
    asker.runner.collect(tmp_path / "keras-app.git")
    assert asker.rules(project["fix"], "commit") == {"commit.reverted": -1.5}


def many(project: Project) -> None:
    """Push commits with issues that several share."""
    for number in range(12):
        project.commit(f"c{number}", f"{(FIX, NEAR)[number % 2]} {number}, fixes #{100 + number % 5}")
    project.push()
    for number in range(100, 105):
        project.issue(number, "bug" if number % 2 else "question")
    for number in range(0, 12, 3):
        project.pull(200 + number, "Make it right", f"c{number}", closes=(100,))


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_run_that_is_broken_off_goes_on_at_the_page(
    asker: Asker, project: Project, hub: Hub, contents: Contents, tmp_path: Path, after: int
) -> None:
    """GitHub fails from the n-th page on; the next run gives the tables of one that was never stopped."""
    many(project)
    asker.settings |= {"evidence_commits": 2, "attempts": 1}
    sent = iter(range(1000))
    asker.server.faults = lambda _number: (
        "error_500" if asker.server.requests[-1].resource == "graphql" and next(sent) >= after else ""
    )
    broken = asker.collect()
    assert broken.status == "partial"
    assert 0 < broken.commits_asked < 12
    assert asker.runner.rows("SELECT DISTINCT subject FROM omission WHERE reason = 'search_failed'") == [
        ("search:issues and pull requests",)
    ]
    asker.server.faults = lambda _number: ""
    asker.collect()
    assert asker.runner.one("SELECT COUNT(*) FROM omission WHERE source = 'github' AND resolved_run_id IS NULL") == 0
    other = Asker(hub, f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other")
    with other.server:
        other.settings["evidence_commits"] = 2
        other.collect()
    ours, theirs = asker.contents(contents), other.contents(contents)
    del ours["omission"], theirs["omission"]
    assert ours == theirs


def test_one_request_that_fails_costs_itself_alone(asker: Asker, project: Project) -> None:
    """GitHub ends large queries that take too long: its parts are asked for by themselves."""
    many(project)
    asker.settings["attempts"] = 1
    sent = iter(range(1000))
    asker.server.faults = lambda _number: (
        "error_502" if asker.server.requests[-1].resource == "graphql" and next(sent) in (0, 1) else ""
    )
    summary = asker.collect()
    assert (summary.status, summary.commits_asked) == ("complete", 12)
    assert asker.runner.one("SELECT COUNT(*) FROM evidence_request") == 12


@pytest.mark.parametrize("fault", github_faults.QUICK)
def test_whatever_comes_in_place_of_an_answer_costs_a_try_at_most(
    hub: Hub, project: Project, sqlite_url: str, tmp_path: Path, fault: str
) -> None:
    """A page of HTML, half an answer, an object of another form: it is tried again, or its parts are asked for."""
    one = Asker(hub, sqlite_url, tmp_path)
    many(project)
    one.settings |= {"attempts": 2, "timeout_seconds": 5}
    sent = iter(range(1000))
    one.server.faults = lambda _number: (
        fault if one.server.requests[-1].resource == "graphql" and next(sent) == 0 else ""
    )
    with one.server:
        summary = one.collect()
    assert (summary.status, summary.commits_asked) == ("complete", 12)


def test_budgets_are_waited_for(hub: Hub, project: Project, sqlite_url: str, tmp_path: Path) -> None:
    """Two queries an hour: it takes hours of the clock, and the rows are all there."""
    one = Asker(hub, sqlite_url, tmp_path, limits={"graphql": Allowance(2, 3600)})
    many(project)
    one.settings["evidence_commits"] = 2
    with one.server:
        summary = one.collect()
    assert one.server.violations == []
    assert (summary.status, summary.commits_asked) == ("complete", 12)
    assert sum(one.clock.slept) > 3600


def test_a_budget_that_is_used_up_ends_the_run_in_order(
    hub: Hub, project: Project, sqlite_url: str, tmp_path: Path
) -> None:
    """For longer than may be waited: what came is kept, and the next run goes on."""
    one = Asker(hub, sqlite_url, tmp_path, limits={"graphql": Allowance(2, 3600)})
    many(project)
    one.settings |= {"evidence_commits": 2, "max_wait_seconds": 60}
    with one.server:
        summary = one.collect()
        assert summary.status == "partial"
        assert 0 < summary.commits_asked < 12
        assert one.runner.rows("SELECT reason FROM omission WHERE source = 'github'") == [("quota_exhausted",)]
        for _ in range(4):
            one.clock.advance(3700)
            one.collect()
    assert one.runner.one("SELECT COUNT(*) FROM evidence_request") == 12
    assert one.runner.one("SELECT COUNT(*) FROM omission WHERE source = 'github' AND resolved_run_id IS NULL") == 0


def test_it_can_be_switched_off(asker: Asker, project: Project) -> None:
    """Then neither a plan nor a run asks."""
    project.commit("fix", FIX)
    project.push()
    asker.settings["evidence"] = False
    assert asker.collect().graphql_requests == 0
    with pytest.raises(StopIteration):
        asker.plan()
