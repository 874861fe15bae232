"""The GraphQL of the server that stands for GitHub gives what a commit leads to, at GitHub's price."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from support.clocks import PretendClock

from servers.github import GitHub
from servers.github_client import Client
from servers.github_data import Hub, Issue, Pull, commit

SHA = "a" * 40
MERGED = datetime(2020, 5, 1, tzinfo=UTC)
EVIDENCE = """
query($first: Int!) {
  rateLimit { cost remaining resetAt }
  one: repository(owner: "ada", name: "vision") { ...fix }
  two: repository(owner: "ada", name: "gone") { ...fix }
}
fragment fix on Repository {
  object(oid: "SHA") {
    ... on Commit {
      oid
      associatedPullRequests(first: $first) {
        nodes {
          number title url mergedAt state
          baseRepository { databaseId }
          labels(first: 10) { nodes { name } }
          closingIssuesReferences(first: 10) { nodes { number title url state labels(first: 10) { nodes { name } } } }
        }
      }
    }
  }
}
""".replace("SHA", SHA)


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    vision = hub.add_repository("ada", "vision", id=1, commits=[commit(SHA, "Fix it\n\nFixes #7", MERGED)])
    core = hub.add_repository("bob", "core", id=2)
    hub.add_issue(core.id, Issue(7, "It is broken", ("bug", "keras")))
    hub.add_pull(vision.id, Pull(8, "Fix", (SHA,), MERGED, ("ready",), ((core.id, 7),)))
    return hub


@pytest.fixture
def client(hub: Hub) -> Iterator[Client]:
    with GitHub(hub, clock=PretendClock(), tokens={"one": "ada"}) as server, requests.Session() as session:
        yield Client(server, session, "one")


def test_a_commit_leads_to_its_pull_request_and_the_issues_it_closes(client: Client) -> None:
    """What is there is given, what is not is an error of type NOT_FOUND beside it, with status 200."""
    answer = client.graphql(EVIDENCE, first=5)
    data, errors = answer.json()["data"], answer.json()["errors"]
    (pull,) = data["one"]["object"]["associatedPullRequests"]["nodes"]
    assert (pull["number"], pull["mergedAt"], pull["baseRepository"]) == (8, "2020-05-01T00:00:00Z", {"databaseId": 1})
    assert pull["labels"] == {"nodes": [{"name": "ready"}]}
    (issue,) = pull["closingIssuesReferences"]["nodes"]
    assert issue["url"] == "https://github.com/bob/core/issues/7"
    assert issue["labels"]["nodes"] == [{"name": "bug"}, {"name": "keras"}]
    assert (answer.status_code, data["two"]) == (200, None)
    assert [(error["type"], error["path"]) for error in errors] == [("NOT_FOUND", ["two"])]


def test_issues_and_pull_requests_have_their_dates(client: Client, hub: Hub) -> None:
    """What is open was not closed; a merged pull request was closed then."""
    hub.add_issue(1, Issue(3, "Open", state="OPEN"))
    dates = "createdAt closedAt"
    query = f"""{{ repository(owner: "ada", name: "vision") {{ issue(number: 3) {{ {dates} }}
      pullRequest(number: 8) {{ {dates} mergedAt repository {{ databaseId }} }} }} }}"""
    found = client.graphql(query).json()["data"]["repository"]
    assert found["issue"] == {"createdAt": "2019-01-01T00:00:00Z", "closedAt": None}
    merged = {"closedAt": "2020-05-01T00:00:00Z", "mergedAt": "2020-05-01T00:00:00Z"}
    assert found["pullRequest"] == {"createdAt": "2019-01-01T00:00:00Z", "repository": {"databaseId": 1}, **merged}


def test_what_nobody_may_see_is_null_in_a_list(client: Client, hub: Hub) -> None:
    """With an error that says why and where; the rest of the answer is there."""
    hub.block(2, "sso")
    answer = client.graphql(EVIDENCE, first=5).json()
    (pull,) = answer["data"]["one"]["object"]["associatedPullRequests"]["nodes"]
    assert pull["closingIssuesReferences"]["nodes"] == [None]
    assert [error["type"] for error in answer["errors"] if error["path"][0] == "one"] == ["FORBIDDEN"]


def test_a_query_costs_a_hundredth_of_its_requests(client: Client) -> None:
    """Two commits of 5 pull requests: 2 + 10 + 10 + 100 requests are one point, of 20 they are 5."""
    assert client.graphql(EVIDENCE, first=5).json()["data"]["rateLimit"]["cost"] == 1
    dear = client.graphql(EVIDENCE, first=20)
    assert dear.json()["data"]["rateLimit"] == {"cost": 5, "remaining": 4_994, "resetAt": "2024-03-01T13:00:00Z"}
    assert dear.headers["X-RateLimit-Remaining"] == "4994"
    assert [request.cost for request in client.server.requests] == [1, 5]


def test_a_used_up_budget_is_an_error_with_status_200(client: Client) -> None:
    """The type says RATE_LIMITED, and the headers say that nothing remains."""
    client.server.set_remaining("ada", "graphql", 0)
    refused = client.graphql("{ viewer { login } }")
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert refused.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert "data" not in refused.json()


def test_a_token_is_needed(client: Client) -> None:
    """Without one the status is 401."""
    assert Client(client.server, client.session).graphql("{ viewer { login } }").status_code == 401


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ nonsense }", "Cannot query field 'nonsense'"),
        ("{ viewer {", "Syntax Error"),
        ('{ repository(owner: "ada", name: "vision") { issue(number: 1) { labels { nodes { name } } } } }', "paginate"),
        (
            '{ repository(owner: "ada", name: "vision") { issue(number: 1) { labels(first: 101) { totalCount } } } }',
            "exceeds the `first` limit",
        ),
        (EVIDENCE.replace("first: 10", "first: 100"), "exceeds the maximum limit of 500,000"),
        ('{ repository(owner: "ada", name: "vision") { issue(number: 1) { title } } }', "number of 1."),
    ],
)
def test_a_query_that_github_refuses_is_refused(client: Client, query: str, said: str) -> None:
    """With status 200 and the reason."""
    answer = client.graphql(query, first=100)
    assert answer.status_code == 200
    assert said in answer.json()["errors"][0]["message"]


def test_what_is_no_query_is_refused(client: Client) -> None:
    """No JSON has status 400; no query at all is an error."""
    head = {"Authorization": "Bearer one", "Accept": "application/json"}
    url = f"{client.server.url}/graphql"
    assert client.session.post(url, data="{", headers=head, timeout=5).status_code == 400
    assert "errors" in client.session.post(url, json=[1], headers=head, timeout=5).json()


def test_a_former_name_leads_to_the_repository_and_a_forbidden_one_says_so(client: Client, hub: Hub) -> None:
    """Renames are followed unless asked not to; forbidden is a type of its own."""
    hub.rename(1, "sight")
    query = '{ repository(owner: "ada", name: "vision", followRenames: %s) { nameWithOwner } }'
    assert client.graphql(query % "true").json()["data"]["repository"] == {"nameWithOwner": "ada/sight"}
    assert client.graphql(query % "false").json()["errors"][0]["type"] == "NOT_FOUND"
    hub.block(1, "sso")
    assert client.graphql(query % "true").json()["errors"][0]["type"] == "FORBIDDEN"


def test_a_number_leads_to_an_issue_or_a_pull_request(client: Client) -> None:
    """Links in messages name numbers; which kind it is the type says."""
    query = """{ repository(owner: "bob", name: "core") {
      issueOrPullRequest(number: 7) { __typename ... on Issue { title state repository { nameWithOwner } } } } }"""
    found = client.graphql(query).json()["data"]["repository"]["issueOrPullRequest"]
    assert found == {
        "__typename": "Issue",
        "title": "It is broken",
        "state": "CLOSED",
        "repository": {"nameWithOwner": "bob/core"},
    }


def test_pages_follow_each_other(client: Client, hub: Hub) -> None:
    """The cursor of a page leads to the next."""
    for number in (9, 10):
        hub.add_pull(1, Pull(number, "Backport", (SHA,)))
    query = """query($after: String) { repository(owner: "ada", name: "vision") { object(oid: "SHA") { ... on Commit {
      associatedPullRequests(first: 2, after: $after) { totalCount nodes { number state }
        pageInfo { hasNextPage endCursor } } } } } }""".replace("SHA", SHA)

    def page(after: str | None) -> dict[str, object]:
        found = client.graphql(query, after=after).json()["data"]["repository"]["object"]
        return dict(found["associatedPullRequests"])

    assert page(None)["pageInfo"] == {"hasNextPage": True, "endCursor": "2"}
    last = page("2")
    assert last["nodes"] == [{"number": 10, "state": "OPEN"}]
    assert (last["totalCount"], last["pageInfo"]) == (3, {"hasNextPage": False, "endCursor": "3"})
