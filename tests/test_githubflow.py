"""The flow from searches on GitHub to tables: discovery, clone and mining over real HTTP and git, as one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers import github_faults
from servers.github import GitHub
from servers.github_data import Hub
from servers.github_generator import generate
from servers.github_limits import Allowance
from support.clocks import PretendClock
from support.repositories import RepositoryBuilder, git
from support.rules import own_rules
from support.runs import Contents, Runner

from miner.classify import ruleset
from miner.classify.rulesource import SHIPPED
from miner.classify.version import RATER
from miner.collect.locators import locate
from miner.errors import SettingsError
from miner.job import CollectRequest, Summary
from miner.plan import plan
from miner.relabel import Relabelled, RelabelRequest, relabel

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
LIBRARIES = ("caffe", "keras", "tensorflow", "theano", "torch")
SEARCHES = {name: [f"{name} in:name,description"] for name in LIBRARIES}
TOKEN = "ghp_Secret123"  # noqa: S105 - the loopback server's


class Discoverer:
    """A GitHub and a miner that asks it; both go by one clock."""

    def __init__(self, hub: Hub, database_url: str, folder: Path, **server: Any) -> None:
        self.hub = hub
        self.clock = PretendClock(NOW)
        self.server = GitHub(hub, clock=self.clock, tokens={TOKEN: "someone", TOKEN + "2": "else"}, **server)
        self.runner = Runner(database_url, folder / "data", clock=self.clock)
        self.settings: dict[str, Any] = {"tokens": TOKEN, "searches": SEARCHES}

    def flags(self) -> dict[str, dict[str, Any]]:
        """Give the settings that lead to the server."""
        addresses = {"api_url": self.server.url, "clone_url": self.server.clone_url}
        return {"github": {**addresses, **self.settings}, "git": {"repositories": [str(self.nothing)]}}

    @property
    def nothing(self) -> Path:
        """An empty repository: the git source mines what was found, and nothing of config/libraries.toml."""
        path = self.runner.data_dir.parent / "nothing.git"
        if not path.exists():
            RepositoryBuilder(path).build()
        return path

    def collect(self, **request: Any) -> Summary:
        """Discover and mine."""
        self.runner.flags = self.flags()
        return self.runner.collect(**{"sources": ("github", "git"), **request})

    def contents(self, read: Contents) -> dict[str, list[tuple[Any, ...]]]:
        """Give all rows but responses and ETags, and but the addresses that hold the server's port."""
        found = self.runner.tables(read)
        for name in ("raw_response", "http_validator", "repository_alias"):
            del found[name]
        found["repository"] = [(*row[:4], *row[5:]) for row in found["repository"]]
        return {name: [tuple(v for v in row if v is not None) for row in rows] for name, rows in found.items()}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Ten repositories that use the five libraries."""
    return generate(10, tmp_path / "hub", commits=12)


@pytest.fixture
def discoverer(hub: Hub, database_url: str, tmp_path: Path) -> Iterator[Discoverer]:
    made = Discoverer(hub, database_url, tmp_path)
    with made.server:
        yield made
    assert made.server.violations == []


def test_from_an_empty_database_to_fixes(discoverer: Discoverer) -> None:
    """Every repository of the hub is found, cloned over HTTP and mined; each search is in the ledger."""
    summary = discoverer.collect()
    assert (summary.status, summary.found, summary.searches, summary.gone) == ("complete", 10, 5, 0)
    assert summary.fixes > 10
    runner = discoverer.runner
    assert runner.one("SELECT COUNT(*) FROM repository WHERE github_id IS NOT NULL AND availability = 'there'") == 10
    assert runner.one("SELECT COUNT(DISTINCT library) FROM discovery") == 5
    assert runner.rows("SELECT SUM(reported), SUM(fetched), COUNT(*) FROM coverage WHERE source = 'github'") == [
        (10, 10, 5)
    ]
    assert not [row for row in runner.rows("SELECT * FROM raw_response") if TOKEN in str(row)]


def test_a_second_run_sends_conditional_requests_alone(discoverer: Discoverer, contents: Contents) -> None:
    """Nothing is new: each answer is a 304, and each repository costs an ls-remote."""
    discoverer.collect()
    before = discoverer.contents(contents)
    discoverer.server.requests.clear()
    again = discoverer.collect()
    asked = [request for request in discoverer.server.requests if request.resource in ("core", "search")]
    assert asked
    assert all(request.conditional or request.path == "/user" for request in asked)
    assert (again.not_modified, again.github_requests) == (5, 5)
    assert again.up_to_date == 10
    assert discoverer.contents(contents) == before


def test_a_renamed_repository_keeps_its_number_its_rows_and_its_clone(discoverer: Discoverer) -> None:
    """The old name leads to it, and nothing is mined again."""
    discoverer.collect()
    fixes = discoverer.runner.one("SELECT COUNT(*) FROM fix")
    discoverer.hub.rename(10_001, "renamed-keras", owner="somebody")
    again = discoverer.collect()
    assert (again.renamed, again.seen, again.up_to_date) == (1, 0, 10)
    runner = discoverer.runner
    assert runner.rows("SELECT name FROM repository WHERE github_id = 10001") == [("somebody/renamed-keras",)]
    names = runner.rows(
        "SELECT a.name FROM repository_alias a JOIN repository r ON r.repository_id = a.repository_id "
        "WHERE r.github_id = 10001"
    )
    assert {("user1/tensorflow-project-1",), ("somebody/renamed-keras",)} <= set(names)
    assert runner.one("SELECT COUNT(*) FROM fix") == fixes


def test_a_repository_that_takes_a_former_name_is_another_one(discoverer: Discoverer, tmp_path: Path) -> None:
    """The name leads to the new one from then on; the renamed one keeps what it had."""
    discoverer.collect()
    old = discoverer.hub.repositories[10_000]
    name = old.name
    discoverer.hub.rename(10_000, "elsewhere")
    other = RepositoryBuilder(tmp_path / "other.git")
    other.commit("Add", {"a.py": "import keras\nx = 1\n"})
    other.commit("Fix crash", {"a.py": "import keras\nx = 2\n"}, parents=[0])
    made = discoverer.hub.add_repository(old.owner, name, path=other.build(), id=77, description="keras")
    summary = discoverer.collect()
    assert (summary.status, summary.renamed) == ("complete", 1)
    holders = discoverer.runner.rows(
        "SELECT r.github_id FROM repository_commit c JOIN repository r ON r.repository_id = c.repository_id "
        "WHERE c.sha = :sha",
        sha=other.shas[1],
    )
    assert holders == [(made.id,)]


def test_names_know_no_case(discoverer: Discoverer, tmp_path: Path) -> None:
    """A name that is taken again in other letters leads to the new repository, too."""
    discoverer.collect()
    old = discoverer.hub.repositories[10_000]
    name = old.name
    discoverer.hub.rename(10_000, "elsewhere")
    other = RepositoryBuilder(tmp_path / "other.git")
    other.commit("Fix crash", {"a.py": "import keras\nx = 1\n"})
    discoverer.hub.add_repository(old.owner.upper(), name.upper(), path=other.build(), id=77, description="keras")
    discoverer.collect()
    holders = "SELECT r.github_id FROM repository_commit c JOIN repository r ON r.repository_id = c.repository_id "
    assert discoverer.runner.rows(f"{holders} WHERE c.sha = :sha", sha=other.shas[0]) == [(77,)]


def test_two_repositories_that_swap_their_names_keep_what_they_had(discoverer: Discoverer, contents: Contents) -> None:
    """Nothing is mined again, no history is said to be rewritten, and the clone goes with its repository."""
    discoverer.collect()
    one, other = (discoverer.hub.repositories[number] for number in (10_000, 10_001))
    names = {one.id: other.full_name, other.id: one.full_name}
    discoverer.hub.rename(one.id, "for-a-moment")
    discoverer.hub.rename(other.id, names[other.id].partition("/")[2], owner=names[other.id].partition("/")[0])
    discoverer.hub.rename(one.id, names[one.id].partition("/")[2], owner=names[one.id].partition("/")[0])
    before = discoverer.contents(contents)
    again = discoverer.collect()
    assert (again.renamed, again.seen, again.up_to_date, again.status) == (2, 0, 10, "complete")
    found = discoverer.runner.rows("SELECT github_id, name FROM repository WHERE github_id IN (10000, 10001)")
    assert dict(found) == names
    after = discoverer.contents(contents)
    assert after["omission"] == before["omission"]
    assert after["repository_commit"] == before["repository_commit"]
    assert not [row for row in after["coverage"] if "github-number" in str(row)]


def test_a_repository_whose_name_was_taken_goes_on_where_it_was(discoverer: Discoverer, tmp_path: Path) -> None:
    """The new owner of a name is met first; the other's ledger and clone wait until its new name is known."""
    discoverer.collect()
    old = discoverer.hub.repositories[10_000]
    name = old.name
    discoverer.hub.rename(10_000, "elsewhere")
    other = RepositoryBuilder(tmp_path / "other.git")
    other.commit("Fix crash", {"a.py": "import keras\nx = 1\n"})
    stars = 10**6
    discoverer.hub.add_repository(old.owner, name, path=other.build(), id=77, description="keras", stars=stars)
    again = discoverer.collect()
    assert (again.renamed, again.seen, again.up_to_date) == (1, 1, 10)
    assert discoverer.runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'history_rewritten'") == 0


def taken(discoverer: Discoverer, tmp_path: Path) -> tuple[str, str, str]:
    """Rename a repository and give its name to another; give the name, and a commit of each."""
    old = discoverer.hub.repositories[10_000]
    name, path = old.full_name, old.path
    sha = subprocess.run(["git", "--git-dir", path, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    discoverer.hub.rename(10_000, "elsewhere")
    other = RepositoryBuilder(tmp_path / "other.git")
    other.commit("Fix crash", {"a.py": "import keras\nx = 1\n"})
    owner, _, short = name.partition("/")
    discoverer.hub.add_repository(owner, short, path=other.build(), id=77, description="keras")
    return name, sha.stdout.strip(), other.shas[0]


def by_name(discoverer: Discoverer, name: str) -> Summary:
    """Collect a repository by git alone."""
    discoverer.runner.flags = discoverer.flags()
    return discoverer.runner.collect(name, sources=("git",))


def holders(discoverer: Discoverer, sha: str) -> list[tuple[int, int | None]]:
    """Give who holds a commit: our number and GitHub's."""
    return discoverer.runner.rows(
        "SELECT r.repository_id, r.github_id FROM repository_commit c JOIN repository r "
        "ON r.repository_id = c.repository_id WHERE c.sha = :sha ORDER BY 1",
        sha=sha,
    )


@pytest.mark.parametrize("discovered", [False, True], ids=["git alone", "then by number"])
def test_a_named_repository_whose_name_was_taken_is_another_one(
    discoverer: Discoverer, tmp_path: Path, discovered: bool
) -> None:
    """Asked for with --repo, git sees no number: a history without a common commit tells; each keeps its own."""
    name = discoverer.hub.repositories[10_000].full_name
    by_name(discoverer, name)
    _, before, after = taken(discoverer, tmp_path)
    if discovered:
        discoverer.collect()
    else:
        summary = by_name(discoverer, name)
        assert summary.status == "complete"
        assert "another repository has its name now" in discoverer.runner.recorder.warnings[-1][1]
    ((old, _),) = [one for one in holders(discoverer, before) if one[1] is None]
    ((new, number),) = holders(discoverer, after)
    assert new != old
    assert number == (77 if discovered else None)
    discoverer.collect()
    assert holders(discoverer, after) == [(new, 77)]
    assert 10_000 in {one[1] for one in holders(discoverer, before)}


def test_a_name_that_git_follows_while_github_redirects_is_the_same(discoverer: Discoverer) -> None:
    """Its commits are there once, and nothing is said to be rewritten."""
    name = discoverer.hub.repositories[10_000].full_name
    by_name(discoverer, name)
    discoverer.hub.rename(10_000, "elsewhere")
    again = by_name(discoverer, name)
    assert (again.status, again.up_to_date, again.seen) == ("complete", 1, 0)


@pytest.mark.parametrize("before", [False, True], ids=["new", "collected before"])
def test_a_named_repository_is_entered_by_its_number_and_its_name_of_now(discoverer: Discoverer, before: bool) -> None:
    """No search is sent; what git collected under a former name is the same row, and nothing is mined again."""
    name = discoverer.hub.repositories[10_000].full_name
    if before:
        by_name(discoverer, name)
    discoverer.hub.rename(10_000, "elsewhere")
    discoverer.runner.flags = discoverer.flags()
    summary = discoverer.runner.collect(name, sources=("github",))
    assert (summary.status, summary.searches, summary.found, summary.repositories) == ("complete", 0, 1, 1)
    assert (summary.seen == 0) == before
    current = discoverer.hub.repositories[10_000].full_name
    assert discoverer.runner.rows("SELECT name, github_id FROM repository WHERE host = 'github.com'") == [
        (current, 10_000)
    ]
    assert summary.commits_asked > 0
    again = discoverer.runner.collect(current, sources=("github", "git"))
    assert (again.up_to_date, again.seen) == (1, 0)


def test_a_plan_for_a_named_repository_tells_what_it_takes(discoverer: Discoverer) -> None:
    """A look at it, and the questions about its commits; one that is not there says so."""
    names = discoverer.hub.repositories[10_000].full_name, "nobody/nothing"
    discoverer.runner.flags = discoverer.flags()
    request = CollectRequest(sources=("github", "git"), repositories=names)
    planned = plan(discoverer.runner.settings(), request, discoverer.runner.recorder, discoverer.clock)
    assert [row.state for row in planned] == ["look", "look", "ask", "clone", "unreachable"]
    summary = discoverer.runner.collect(*names, sources=("github", "git"))
    assert sum(row.requests or 0 for row in planned) == summary.github_requests
    assert summary.commits_asked == planned[2].items
    assert (summary.status, list(summary.failed)) == ("partial", ["nobody/nothing"])


def labelled_anew(discoverer: Discoverer, rules: Path) -> Relabelled:
    """Label everything by rules of a user."""
    settings = discoverer.runner.settings(classify={"rules_dir": str(rules)})
    try:
        return relabel(settings, RelabelRequest(), discoverer.runner.recorder)
    finally:
        ruleset.use(SHIPPED)


@pytest.mark.parametrize("later", ["git alone", "renamed later", "collected again, and packed"])
def test_what_lost_its_name_is_labelled_anew_from_its_own_clone(
    discoverer: Discoverer, tmp_path: Path, later: str
) -> None:
    """Its clone is kept apart, whatever becomes of that of the name."""
    name = discoverer.hub.repositories[10_000].full_name
    by_name(discoverer, name)
    _, before, after = taken(discoverer, tmp_path)
    by_name(discoverer, name)
    clones = discoverer.runner.data_dir / "repositories"
    if later == "renamed later":
        discoverer.runner.collect(name, sources=("github", "git"))
        discoverer.hub.rename(77, "moved-on")
        assert discoverer.runner.collect(name, sources=("github", "git")).renamed == 1
    elif later == "collected again, and packed":
        assert by_name(discoverer, name).up_to_date == 1
        for clone in clones.glob("*.git"):
            git(clone, "gc", "--quiet", "--prune=now")
    done = labelled_anew(discoverer, own_rules(tmp_path / "rules"))
    assert (done.status, done.lacking) == ("complete", {})
    left = "SELECT COUNT(*) FROM fix_overview WHERE rater = :rater AND sha IS NOT NULL"
    assert discoverer.runner.one(left, rater=RATER) == 0
    for sha in (before, after):
        assert discoverer.runner.one(f"{left.replace('= :rater', '<> :rater')} AND sha = :s", rater=RATER, s=sha)


def test_where_the_clone_of_a_former_repository_is_lost_nobody_is_sent_to_the_other(
    discoverer: Discoverer, tmp_path: Path
) -> None:
    """By its name, the clone of the other one would come."""
    name = discoverer.hub.repositories[10_000].full_name
    by_name(discoverer, name)
    _, before, _ = taken(discoverer, tmp_path)
    by_name(discoverer, name)
    (kept,) = (discoverer.runner.data_dir / "repositories").glob(f"*{before[:12]}-*.git")
    shutil.rmtree(kept)
    done = labelled_anew(discoverer, own_rules(tmp_path / "rules"))
    assert (done.status, list(done.lacking)) == ("partial", [name])
    message = discoverer.runner.recorder.warnings[-1][1]
    assert "another repository is called" in message
    assert "git clone" not in message


def test_a_numbered_repository_whose_name_was_taken_is_labelled_from_where_its_clone_waits(
    discoverer: Discoverer, tmp_path: Path
) -> None:
    """Its new name is not known yet."""
    discoverer.collect()
    name, before, _ = taken(discoverer, tmp_path)
    discoverer.hub.delete(10_000)
    discoverer.runner.collect(name, sources=("github", "git"))
    assert (discoverer.runner.data_dir / "repositories" / "github-number-10000").exists()
    done = labelled_anew(discoverer, own_rules(tmp_path / "rules"))
    assert (done.status, done.lacking) == ("complete", {})
    assert [number for _, number in holders(discoverer, before)] == [10_000]


@pytest.mark.parametrize("numbered", [False, True], ids=["without a number", "numbered"])
def test_a_seed_of_a_name_that_was_taken_is_of_the_other_repository(
    discoverer: Discoverer, tmp_path: Path, numbered: bool
) -> None:
    """A numbered one is left out, as by a collect of all of it; the former one gets nothing either way."""
    name = discoverer.hub.repositories[10_000].full_name
    if numbered:
        discoverer.collect()
    else:
        by_name(discoverer, name)
    _, before, after = taken(discoverer, tmp_path)
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(f"https://github.com/{name}/commit/{after}\n", encoding="utf-8")
    discoverer.runner.flags = discoverer.flags()
    summary = discoverer.runner.collect(seeds=str(seeds))
    if numbered:
        assert "--source github" in summary.failed[name]
        assert holders(discoverer, after) == []
        return
    ((old, _),) = holders(discoverer, before)
    ((new, _),) = holders(discoverer, after)
    assert new != old
    again = by_name(discoverer, name)
    assert (again.status, holders(discoverer, after)) == ("complete", [(new, None)])


def test_a_numbered_repository_is_not_taken_for_another_one(discoverer: Discoverer, tmp_path: Path) -> None:
    """Git alone leaves it out and says whom to ask; then GitHub's number tells."""
    discoverer.collect()
    name, before, after = taken(discoverer, tmp_path)
    alone = by_name(discoverer, name)
    assert alone.status == "failed"
    assert "--source github" in alone.failed[name]
    assert holders(discoverer, after) == []
    assert discoverer.collect().status == "complete"
    assert [number for _, number in holders(discoverer, after)] == [77]
    assert [number for _, number in holders(discoverer, before)] == [10_000]


def test_a_history_that_was_replaced_as_a_whole_is_the_same_repository(discoverer: Discoverer, tmp_path: Path) -> None:
    """GitHub says that it is: its number is the one that it had."""
    discoverer.collect()
    other = RepositoryBuilder(tmp_path / "other.git")
    other.commit("Fix crash", {"a.py": "import keras\nx = 1\n"})
    discoverer.hub.repositories[10_000].path = other.build()
    discoverer.hub.refresh(10_000)
    assert discoverer.collect().status == "complete"
    assert [number for _, number in holders(discoverer, other.shas[0])] == [10_000]


def test_an_item_that_cannot_be_read_is_left_out_until_it_can(discoverer: Discoverer) -> None:
    """It is an omission, the ledger counts it as not stored, and the run that can read it resolves it."""
    discoverer.server.faults = github_faults.sequence(*["damaged_item"] * 20)
    discoverer.collect(sources=("github",))
    runner = discoverer.runner
    left_out = runner.rows("SELECT subject, resolved_run_id FROM omission WHERE reason = 'item_unreadable'")
    assert left_out
    assert {resolved for _, resolved in left_out} == {None}
    assert runner.one("SELECT SUM(fetched - stored) FROM coverage WHERE source = 'github'") == len(left_out)
    discoverer.server.faults = github_faults.never
    # The damaged answers must not be taken for the ones at hand.
    discoverer.collect(sources=("github",))
    assert runner.one("SELECT COUNT(*) FROM repository WHERE github_id IS NOT NULL") == 10
    assert runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'item_unreadable' AND resolved_run_id IS NULL") == 0


def test_a_private_repository_is_left_out_and_said(discoverer: Discoverer) -> None:
    """A token may see what nobody else can: that is no part of a dataset."""
    hidden = discoverer.hub.repositories[10_000]
    hidden.private = hidden.shared = True
    summary = discoverer.collect(sources=("github",))
    assert (summary.found, summary.omissions["repository_refused"]) == (9, 1)
    runner = discoverer.runner
    assert runner.one("SELECT COUNT(*) FROM repository WHERE github_id = 10000") == 0
    assert runner.rows("SELECT subject FROM omission") == [(f"repository:{hidden.full_name}",)]


def test_a_clone_that_cannot_be_moved_is_made_again(discoverer: Discoverer) -> None:
    """Something else stands where a renamed repository's clone should go: no row is lost and none is added."""
    discoverer.collect(sources=("github", "git"))
    commits = discoverer.runner.one("SELECT COUNT(*) FROM repository_commit")
    discoverer.hub.rename(10_001, "renamed", owner="somebody")
    settings = discoverer.runner.settings()
    name = locate("somebody/renamed", settings.github, settings.git).folder
    (discoverer.runner.data_dir / "repositories" / name).mkdir()
    again = discoverer.collect()
    assert (again.status, again.renamed, again.seen) == ("complete", 1, 0)
    assert discoverer.runner.one("SELECT COUNT(*) FROM repository_commit") == commits


def test_a_default_branch_that_changed_is_followed(discoverer: Discoverer) -> None:
    """The row says the branch that GitHub named last, and the commits are that branch's."""
    discoverer.collect()
    repository = discoverer.hub.repositories[10_001]
    assert repository.path is not None
    git(repository.path, "branch", "-m", "main", "trunk")
    repository.default_branch = "trunk"
    again = discoverer.collect()
    assert (again.status, again.seen) == ("complete", 0)
    branch = discoverer.runner.one("SELECT default_branch FROM repository WHERE github_id = 10001")
    assert branch == "trunk"


def test_an_odd_owner_costs_nothing_else(discoverer: Discoverer) -> None:
    """Accounts that a company manages have an underscore."""
    discoverer.hub.add_repository("octo_acme", "keras-x", description="keras")
    summary = discoverer.collect(sources=("github",))
    assert (summary.status, summary.found) == ("complete", 11)
    assert discoverer.runner.one("SELECT COUNT(*) FROM repository WHERE name = 'octo_acme/keras-x'") == 1


def test_two_libraries_with_one_search_both_have_what_it_found(discoverer: Discoverer) -> None:
    """What is mined for a library does not depend on which of the two was asked first."""
    discoverer.settings["searches"] = {name: ["deep in:description"] for name in LIBRARIES}
    discoverer.collect(sources=("github",))
    counts = discoverer.runner.rows("SELECT library, COUNT(*) FROM discovery GROUP BY 1 ORDER BY 1")
    assert counts == [(name, 10) for name in LIBRARIES]


def search_code(discoverer: Discoverer, least: int = 0) -> None:
    """Let a discoverer search what files import, and nothing else."""
    discoverer.settings |= {
        "strategies": ["code"],
        "code_searches": {name: [f"import {name} language:python"] for name in LIBRARIES},
        "code_min_stars": least,
    }


def test_repositories_are_found_by_what_their_code_imports(discoverer: Discoverer, contents: Contents) -> None:
    """The search tells neither stars nor dates: each repository is looked at once, and then mined as a whole."""
    search_code(discoverer)
    expected = {
        (one.id, library)
        for one in discoverer.hub.repositories.values()
        for library in LIBRARIES
        if any(f"import {library}" in file.text and file.path.endswith(".py") for file in one.files())
    }
    summary = discoverer.collect()
    assert (summary.status, summary.found) == ("complete", len({number for number, _ in expected}))
    runner = discoverer.runner
    found = runner.rows("SELECT github_id, library FROM discovery JOIN repository USING (repository_id)")
    assert set(found) == expected
    assert runner.one("SELECT COUNT(*) FROM github_repository WHERE stars IS NOT NULL") == summary.found
    assert runner.one("SELECT COUNT(*) FROM fix") > 10
    asked = [request.path for request in discoverer.server.requests]
    assert sum(path.startswith("/repositories/") for path in asked) == summary.found
    ledger = runner.rows("SELECT reported - fetched, fetched - stored, complete FROM coverage WHERE source = 'github'")
    assert [tuple(map(int, row)) for row in ledger] == [(0, 0, 1)] * len(LIBRARIES)
    before = discoverer.contents(contents)
    again = discoverer.collect()
    assert again.not_modified == again.github_requests == len(LIBRARIES)
    assert {**discoverer.contents(contents), "coverage": []} == {**before, "coverage": []}


def test_what_only_code_found_is_mined_from_so_many_stars_on(discoverer: Discoverer) -> None:
    """The others are in the tables, and can be mined when the setting is lowered."""
    search_code(discoverer, least=10**9)
    summary = discoverer.collect()
    assert (summary.found > 0, summary.seen) == (True, 0)
    search_code(discoverer)
    assert discoverer.collect().seen > 0


def test_more_code_than_a_search_gives_is_sliced_by_size(discoverer: Discoverer, tmp_path: Path) -> None:
    """1,100 files of one repository: all come, in slices by their size."""
    many = RepositoryBuilder(tmp_path / "many.git")
    many.commit("Add", {f"f{at}.py": "import theano\n" + "#" * at + "\n" for at in range(1_100)})
    discoverer.hub.add_repository("somebody", "many", path=many.build(), id=88)
    search_code(discoverer)
    summary = discoverer.collect(sources=("github",), libraries=("theano",))
    assert summary.status == "complete"
    reported, fetched = discoverer.runner.rows("SELECT reported, fetched FROM coverage WHERE query LIKE 'code:%'")[0]
    assert reported == fetched >= 1_100


def test_code_is_not_searched_without_a_token(discoverer: Discoverer) -> None:
    """GitHub refuses it: the omission says what to do, and nothing is asked."""
    search_code(discoverer)
    discoverer.settings["tokens"] = ""
    summary = discoverer.collect(sources=("github",))
    assert summary.status == "failed"
    details = discoverer.runner.rows("SELECT DISTINCT detail FROM omission")
    assert len(details) == 1
    assert "MINER_GITHUB__TOKENS" in details[0][0]
    assert discoverer.server.requests == []


@pytest.mark.parametrize("how", ["delete", "block"])
def test_a_repository_that_is_gone_keeps_its_rows(discoverer: Discoverer, how: str) -> None:
    """It is told once, and not mined any more."""
    discoverer.collect()
    fixes = discoverer.runner.one("SELECT COUNT(*) FROM fix")
    getattr(discoverer.hub, how)(10_002)
    again = discoverer.collect()
    assert (again.status, again.gone, again.repositories) == ("complete", 1, 10)
    runner = discoverer.runner
    assert runner.rows("SELECT github_id FROM repository WHERE availability = 'gone'") == [(10_002,)]
    assert runner.one("SELECT COUNT(*) FROM fix") == fixes
    assert discoverer.collect().gone == 0


def test_a_repository_that_no_search_names_any_more_is_still_mined(discoverer: Discoverer) -> None:
    """It lost what the search asks for; it is there all the same."""
    discoverer.collect()
    discoverer.hub.repositories[10_003].description = ""
    discoverer.hub.rename(10_003, "plain")
    again = discoverer.collect()
    assert (again.status, again.gone, again.renamed, again.repositories) == ("complete", 0, 1, 11)
    request = CollectRequest(sources=("github",))
    planned = plan(discoverer.runner.settings(), request, discoverer.runner.recorder, discoverer.clock)
    once_more = discoverer.collect(sources=("github",))
    assert sum(row.requests or 0 for row in planned) == once_more.github_requests == 6


def test_more_than_a_thousand_results_come_by_slices(discoverer: Discoverer) -> None:
    """The cap of a search is no cap of the crawl; the ledger proves it, and a plan tells the requests."""
    for number in range(1200):
        day = datetime(2010 + number % 11, 1 + number % 12, 1 + number % 28, tzinfo=UTC)
        discoverer.hub.add_repository("many", f"keras-{number}", created_at=day, description="keras")
    discoverer.settings["searches"] = {name: ["keras in:name"] if name == "keras" else [] for name in LIBRARIES}
    discoverer.runner.flags = discoverer.flags()
    request = CollectRequest(sources=("github",))
    planned = plan(discoverer.runner.settings(), request, discoverer.runner.recorder, discoverer.clock)
    summary = discoverer.collect(sources=("github",))
    assert summary.found >= 1200
    counts = discoverer.runner.rows("SELECT reported, fetched, complete FROM coverage WHERE source = 'github'")
    assert counts == [(summary.found, summary.found, True)]
    expected = sum(row.requests or 0 for row in planned)
    assert abs(expected - summary.github_requests) <= 0.2 * summary.github_requests


def test_an_incomplete_search_is_never_called_complete(discoverer: Discoverer) -> None:
    """GitHub says that it did not look everywhere, again and again: an omission and a gap say so, until it did."""
    discoverer.server.incomplete(next_searches=4)
    discoverer.collect(libraries=("caffe",))
    assert discoverer.runner.rows("SELECT reason FROM omission WHERE source = 'github'") == [("search_incomplete",)]
    assert discoverer.runner.one("SELECT COUNT(*) FROM coverage_gaps WHERE source = 'github'") >= 1
    discoverer.collect(libraries=("caffe",))
    resolved = "SELECT COUNT(*) FROM omission WHERE source = 'github' AND resolved_run_id IS NULL"
    assert discoverer.runner.one(resolved) == 0
    assert discoverer.runner.one("SELECT COUNT(*) FROM coverage_gaps WHERE source = 'github'") == 0


def test_limits_are_waited_for_and_accounts_used_in_turn(hub: Hub, sqlite_url: str, tmp_path: Path) -> None:
    """Two requests a minute for each of two accounts: the tables are those of a generous server."""
    one = Discoverer(hub, sqlite_url, tmp_path, limits={"search": Allowance(2, 60)})
    one.settings["tokens"] = f"{TOKEN},{TOKEN}2"
    with one.server:
        summary = one.collect()
    assert one.server.violations == []
    assert (summary.status, summary.found) == ("complete", 10)
    accounts = {request.account for request in one.server.requests if request.resource == "search"}
    assert accounts == {"someone", "else"}


def test_found_commits_are_mined_and_no_others(discoverer: Discoverer) -> None:
    """The strategy commits brings exactly the commits that the search found."""
    discoverer.settings |= {
        "strategies": ["commits"],
        "commit_searches": {name: ["crash merge:false"] if name == "keras" else [] for name in LIBRARIES},
    }
    summary = discoverer.collect(since=datetime(2018, 6, 1, tzinfo=UTC))
    assert summary.status == "complete"
    found = {row[0] for row in discoverer.runner.rows("SELECT sha FROM discovery")}
    assert found
    assert {row[0] for row in discoverer.runner.rows("SELECT sha FROM git_commit")} == found
    again = discoverer.collect(since=datetime(2018, 6, 1, tzinfo=UTC))
    assert again.seen == 0


@pytest.mark.parametrize("text", ["a AND b OR c NOT d AND e OR f AND g", "x" * 256, "keras created:>2019-01-01"])
def test_a_search_that_github_does_not_take_is_a_mistake_of_the_settings(discoverer: Discoverer, text: str) -> None:
    """It is told before a request is sent."""
    discoverer.settings["searches"] = {"keras": [text]}
    with pytest.raises(SettingsError, match="keras"):
        discoverer.collect(libraries=("keras",))
    assert discoverer.server.requests == []


def test_a_server_that_is_down_is_an_omission_of_each_search(database_url: str, tmp_path: Path) -> None:
    """The run says so once and goes on with the other sources."""
    one = Discoverer(Hub(), database_url, tmp_path)
    one.settings |= {"api_url": "http://127.0.0.1:9", "attempts": 1}
    with one.server:
        summary = one.collect(sources=("github",))
    assert summary.status == "failed"
    assert one.runner.one("SELECT COUNT(*) FROM omission WHERE reason = 'search_failed'") == 5
    assert one.runner.one("SELECT COUNT(*) FROM coverage_gaps WHERE source = 'github'") == 5


def test_a_fetch_of_all_that_is_known_asks_a_name_once(discoverer: Discoverer, tmp_path: Path) -> None:
    """A repository that lost its name to another one is not asked for by it: that would ask the other one again."""
    name = discoverer.hub.repositories[10_000].full_name
    by_name(discoverer, name)
    taken(discoverer, tmp_path)
    by_name(discoverer, name)
    summary = discoverer.runner.collect(sources=("git",), known=True)
    # The other one is the empty repository of the settings.
    assert (summary.status, summary.repositories, summary.up_to_date) == ("complete", 2, 1)
