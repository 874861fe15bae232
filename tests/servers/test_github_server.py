"""The server that stands for GitHub finds, pages, moves and refuses as GitHub does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import PretendClock

from servers import github_schema
from servers import github_search as search
from servers.github import GitHub
from servers.github_client import Client
from servers.github_data import Commit, Hub, commit

TOKENS = {"one": "ada", "two": "ada", "three": "bob"}


def day(number: int) -> datetime:
    """Give noon of a day of January 2020."""
    return datetime(2020, 1, number, 12, tzinfo=UTC)


def by_hand(letter: str, message: str, date: datetime, parents: int = 1) -> Commit:
    return commit(letter * 40, message, date, parents=["0" * 40] * parents)


@pytest.fixture
def hub() -> Hub:
    """Five repositories, made on the days of their numbers; the fourth is a fork, the fifth archived."""
    hub = Hub()
    for number, name in enumerate(("keras-tools", "vision", "plots", "copy", "old"), 1):
        hub.add_repository(
            "ada" if number < 3 else "bob",
            name,
            id=number,
            created_at=day(number),
            pushed_at=day(number + 10),
            updated_at=day(number + 10),
            stars=number * 10,
            fork=number == 4,
            archived=number == 5,
            topics=("keras", "deep-learning") if number != 3 else (),
            language="Python" if number < 3 else "C++",
            description=f"Example {number}. Trains deep nets",
            license="mit" if number == 1 else None,
        )
    hub.repositories[1].commits = [
        by_hand("a", "Fix keras shape", day(1)),
        by_hand("b", "Merge: fix keras loss", day(2), parents=2),
        by_hand("c", "Add keras example", datetime(2020, 1, 3, 1, tzinfo=timezone(timedelta(hours=2)))),
    ]
    hub.repositories[2].commits = [by_hand("d", "Fix keras shape", day(4))]
    return hub


@pytest.fixture
def clock() -> PretendClock:
    return PretendClock()


@pytest.fixture
def server(hub: Hub, clock: PretendClock) -> Iterator[GitHub]:
    with GitHub(hub, clock=clock, tokens=TOKENS, validate=True) as server:
        yield server


@pytest.fixture
def client(server: GitHub) -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(server, session, "one")


def many(count: int) -> Hub:
    hub = Hub()
    for number in range(count):
        hub.add_repository("ada", f"keras-{number}", created_at=day(1) + timedelta(hours=number))
    return hub


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("keras", ["keras-tools", "vision", "old"]),
        ("keras in:name", ["keras-tools"]),
        ("keras in:name,description", ["keras-tools"]),
        ("ker", []),
        ('"deep nets" in:description', ["keras-tools", "vision", "plots", "old"]),
        ('"nets deep" in:description', []),
        ("tools OR vision in:name", ["keras-tools", "vision"]),
        ("keras NOT tools in:name,topics", ["vision", "old"]),
        ("topic:deep-learning language:python", ["keras-tools", "vision"]),
        ("topic:keras -language:python", ["old"]),
        ("stars:>=20 stars:<50", ["vision", "plots"]),
        ("stars:10..30", ["keras-tools", "vision", "plots"]),
        ("stars:>30 fork:true", ["copy", "old"]),
        ("fork:only", ["copy"]),
        ("archived:false", ["keras-tools", "vision", "plots"]),
        ("archived:true", ["old"]),
        ("license:mit", ["keras-tools"]),
        ("user:ada", ["keras-tools", "vision"]),
        ("repo:ada/vision repo:bob/plots", ["vision", "plots"]),
        ("created:2020-01-02..2020-01-03", ["vision", "plots"]),
        ("created:>=2020-01-03", ["plots", "old"]),
        ("created:>2020-01-03", ["old"]),
        ("created:<2020-01-02", ["keras-tools"]),
        ("created:2020-01-02", ["vision"]),
        ("created:<=2020-01-02T12:00:00Z", ["keras-tools", "vision"]),
        ("created:<2020-01-02T12:00:00Z", ["keras-tools"]),
        ("created:2020-01-02T13:00:00+01:00..2020-01-03T11:59:59+00:00", ["vision"]),
        ("created:*..2020-01-02", ["keras-tools", "vision"]),
        ("pushed:2020-01-13..*", ["plots", "old"]),
    ],
)
def test_a_search_of_repositories_reads_words_and_qualifiers(client: Client, query: str, found: list[str]) -> None:
    """All qualifiers hold, a day is a whole day, both ends count, and forks are left out unless asked for."""
    assert client.names(query) == found
    assert client.server.violations == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("keras fix", "abd"),
        ("keras fix merge:false", "ad"),
        ("keras repo:ada/vision", "d"),
        ("keras author-date:2020-01-01..2020-01-02", "abc"),
        ("keras committer-date:>2020-01-02", "d"),
        (f"hash:{'c' * 40}", "c"),
        ("author-name:nobody keras", ""),
    ],
)
def test_a_search_of_commits_reads_words_and_qualifiers(client: Client, query: str, found: str) -> None:
    """Words are those of the message, and dates are compared with their offsets."""
    assert "".join(client.shas(query)) == found


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "-", "NOT ", "OR "]),
            st.sampled_from(["", *(f"{name}:" for name in search.REPOSITORIES)]),
            st.sampled_from(["*", "..", ">=", "2020-01-01", "9999-12-31", "0001-01-01T00:00:00+10:00", '"'])
            | st.text(),
        ),
        max_size=8,
    )
)
def test_any_query_is_answered_or_refused(parts: list[tuple[str, str, str]]) -> None:
    """Whatever a client sends, the search finds something, nothing, or says what is wrong."""
    hub = Hub()
    hub.add_repository("ada", "keras-tools")
    with suppress(search.SearchError):
        query = search.parse(" ".join(map("".join, parts)), search.REPOSITORIES)
        assert len(search.find_repositories(hub, query)) <= 1


def test_results_are_sorted_as_asked_for(client: Client) -> None:
    """The best match has no documented order, stars go down unless asked to go up."""
    assert client.names("archived:false", sort="stars") == ["plots", "vision", "keras-tools"]
    assert client.names("archived:false", sort="updated", order="asc") == ["keras-tools", "vision", "plots"]
    assert client.shas("keras", sort="committer-date") == ["d", "c", "b", "a"]


def test_a_query_is_refused_as_github_does(client: Client) -> None:
    """The status is 422, the body says why, and the violation names the query."""
    assert client.refused("") == "missing"
    assert client.refused("k" * 257) == "The search is longer than 256 characters."
    assert client.names("k" * 256) == []
    assert client.refused("a OR b OR c OR d OR e OR f OR g").startswith("More than five")
    assert client.refused("created:yesterday").startswith('"yesterday" is not a recognized date')
    assert client.refused("repo:no/where").startswith("The listed users and repositories cannot be searched")
    assert len(client.server.violations) == 4


def test_a_plus_that_is_not_encoded_is_a_space_and_a_violation(client: Client) -> None:
    """An offset written as +00:00 in the address splits the query, and nothing is found."""
    assert client.get("/search/repositories?q=created:>=2020-01-01T00:00:00+00:00")["total_count"] == 0
    assert "not encoded" in client.server.violations[0]


def test_an_unknown_qualifier_finds_nothing_and_is_a_violation(client: Client) -> None:
    """A qualifier of another search is a word here."""
    assert client.names("keras author-date:>2020-01-01") == []
    assert "unknown qualifier author-date" in client.server.violations[0]


def test_pages_have_links_and_end_after_a_thousand(clock: PretendClock) -> None:
    """The total is the real one, the last page is the tenth of 100, and the next one is refused."""
    with GitHub(many(1_203), clock=clock, tokens=TOKENS) as server, requests.Session() as session:
        client = Client(server, session, "one")
        response = client.send("/search/repositories", q="keras", per_page=100)
        assert response.json()["total_count"] == 1_203
        assert response.links["next"]["url"].endswith("/search/repositories?q=keras&per_page=100&page=2")
        assert response.links["last"]["url"].endswith("page=10")
        last = client.send("/search/repositories", q="keras", per_page=100, page=10)
        assert sorted(last.links) == ["first", "prev"]
        assert client.refused("keras", per_page=100, page=11).startswith("Only the first 1000 search results")
        assert len(client.names("keras")) == 30
        assert len(client.names("keras", page=34)) == 10
        assert len(client.names("keras", per_page=500)) == 100
        sliced = "keras created:2020-01-01T12:00:00Z..2020-01-02T11:59:59Z"
        assert client.get("/search/repositories", q=sliced)["total_count"] == 24


def test_a_search_may_be_incomplete(client: Client) -> None:
    """The next search, or one over many days, gives a part of its results and says so."""
    client.server.incomplete(next_searches=1, longer_than_days=2)
    whole = client.get("/search/repositories", q="created:2020-01-02..2020-01-03")
    assert (whole["incomplete_results"], whole["total_count"]) == (True, 1)
    whole = client.get("/search/repositories", q="created:2020-01-02..2020-01-03")
    assert (whole["incomplete_results"], whole["total_count"]) == (False, 2)
    assert client.get("/search/repositories", q="created:2020-01-01..2020-01-03")["incomplete_results"]
    assert client.get("/search/repositories", q="topic:keras")["incomplete_results"]


def test_a_former_name_redirects_to_the_number(client: Client, hub: Hub) -> None:
    """A renamed repository is found by its old name, until another one takes that."""
    hub.rename(2, "sight", owner="eve")
    moved = client.send("/repos/Ada/Vision")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"{client.server.url}/repositories/2")
    assert moved.json()["url"] == moved.headers["Location"]
    assert client.get("/repositories/2")["full_name"] == "eve/sight"
    hub.recreate("ada/vision", id=77)
    assert client.get("/repos/ada/vision")["id"] == 77
    assert client.get("/repositories/2")["full_name"] == "eve/sight"


def test_what_is_gone_private_or_blocked_says_so(client: Client, hub: Hub) -> None:
    """Gone and private are both 404, blocked is 451 or 403 with the reason; no search finds any."""
    hub.delete(1)
    hub.repositories[2].private = True
    hub.block(3)
    hub.block(5, "tos")
    answers = {
        name: client.send(f"/repos/{name}") for name in ("ada/keras-tools", "ada/vision", "bob/plots", "bob/old")
    }
    assert [answer.status_code for answer in answers.values()] == [404, 404, 451, 403]
    assert answers["bob/plots"].json()["block"]["reason"] == "dmca"
    assert client.send("/repositories/1").status_code == 404
    assert client.names("fork:true stars:>0") == ["copy"]
    hub.recreate("bob/old", id=9)
    assert client.get("/repos/bob/old")["id"] == 9


def test_a_token_says_who_asks(client: Client) -> None:
    """Both forms of the header are understood, and a bad token is refused everywhere."""
    assert client.get("/user")["login"] == "ada"
    assert client.send("/user", headers={"Authorization": "token three"}).json()["login"] == "bob"
    assert client.send("/user", headers={"Authorization": None}).status_code == 401
    bad = client.send("/repos/ada/vision", headers={"Authorization": "token wrong"})
    assert (bad.status_code, bad.json()["message"]) == (401, "Bad credentials")


def test_a_conditional_request_is_free_to_who_has_a_token(client: Client, hub: Hub) -> None:
    """304 has no body and costs nothing, but to nobody in particular; a change gives 200 again."""
    first = client.send("/repos/ada/vision")
    assert first.headers["ETag"].startswith('W/"')
    same = client.send("/repos/ada/vision", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content, client.left()) == (304, b"", 4_999)
    hub.repositories[2].stars += 1
    assert client.send("/repos/ada/vision", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    nobody = Client(client.server, client.session)
    tag = nobody.send("/repos/ada/vision").headers["ETag"]
    assert nobody.send("/repos/ada/vision", headers={"If-None-Match": tag}).status_code == 304
    assert nobody.left() == 58
    assert [request.conditional for request in client.server.requests if request.status == 304] == [True, True]


def test_an_etag_holds_for_one_token(client: Client) -> None:
    """Authorization is in Vary: with another token the same address is another answer."""
    tag = client.send("/repos/ada/vision").headers["ETag"]
    other = client.send("/repos/ada/vision", headers={"If-None-Match": tag, "Authorization": "Bearer three"})
    assert other.status_code == 200


def test_answers_are_those_that_github_describes(client: Client, hub: Hub) -> None:
    """Each answer fits GitHub's OpenAPI description, and one that lacks a field is seen not to."""
    hub.rename(2, "sight")
    for path in ("/repos/ada/keras-tools", "/repos/ada/vision", "/repos/no/where", "/rate_limit", "/user"):
        assert client.send(path).status_code in (200, 301, 404)
    assert client.names("keras")
    assert client.shas("keras")
    assert client.server.violations == []
    body = client.get("/repos/ada/keras-tools")
    del body["pushed_at"]
    body["topics"] = "keras"
    assert len(github_schema.errors("/repos/{owner}/{repo}", 200, body)) == 2


def test_the_slice_is_what_the_script_cuts(tmp_path: Path) -> None:
    """Null becomes a type, prose goes, a property named like prose stays, and what is not used is left out."""
    name = {"type": "string", "nullable": True, "description": "prose", "example": "x"}
    whole: dict[str, Any] = {
        "info": {"version": "1"},
        "paths": {},
        "components": {
            "schemas": {"used": {"properties": {"description": name}}, "unused": {}},
            "responses": {"gone": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/used"}}}}},
        },
    }
    slice_ = github_schema.described()
    for common in slice_["common"]:
        whole["components"]["schemas"][common] = {"type": "object"}
    for path in slice_["paths"]:
        whole["paths"][path] = {"get": {"responses": {"404": {"$ref": "#/components/responses/gone"}}}}
    script = tmp_path / "cut.py"
    script.write_bytes((github_schema.SLICE.parent / "cut.py").read_bytes())
    (tmp_path / "whole.json").write_text(json.dumps(whole))
    subprocess.run([sys.executable, str(script), str(tmp_path / "whole.json")], check=True)
    cut = json.loads((tmp_path / github_schema.SLICE.name).read_text())
    assert cut["$defs"]["used"] == {"properties": {"description": {"type": ["string", "null"]}}}
    assert "unused" not in cut["$defs"]
    assert cut["paths"]["/user"] == {"404": {"$ref": "#/$defs/used"}}


def test_a_person_has_a_date_with_its_offset(client: Client) -> None:
    """A commit's date is the author's local one."""
    item = client.get("/search/commits", q=f"hash:{'c' * 40}")["items"][0]
    assert item["commit"]["author"]["date"] == "2020-01-03T01:00:00+02:00"
    assert item["repository"]["full_name"] == "ada/keras-tools"
