"""What the fields of the loopback GitHub's GraphQL give. Assumed: what is blocked is FORBIDDEN, and null in a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import GraphQLError

from servers.github_data import Commit, Hub, Issue, Pull, Repository, account_id
from servers.github_shapes import WEB, stamp

Json = dict[str, Any]


@dataclass(frozen=True)
class Price:
    """What a query costs, and how many nodes it may give."""

    cost: int
    nodes: int


@dataclass(frozen=True)
class Budget:
    """What is left when a query has been paid."""

    account: str
    limit: int
    remaining: int
    reset: datetime


class Root:
    """Gives the values that a query asks for: dictionaries whose functions are called when their field is asked for."""

    def __init__(self, hub: Hub, budget: Budget, price: Price) -> None:
        self._hub = hub
        self._budget = budget
        self._price = price

    def value(self) -> Json:
        """Give the root of all."""
        budget = self._budget
        limits = {
            "cost": self._price.cost,
            "nodeCount": self._price.nodes,
            "limit": budget.limit,
            "remaining": budget.remaining,
            "used": budget.limit - budget.remaining,
            "resetAt": stamp(budget.reset),
        }
        viewer = {"login": budget.account, "databaseId": account_id(budget.account) % 2**31}
        return {"rateLimit": lambda _info, **_: limits, "viewer": viewer, "repository": self._find}

    def _find(self, _info: object, owner: str, name: str, **more: bool) -> Json:
        found, renamed = self._hub.find(f"{owner}/{name}")
        if found is None or found.private or (renamed and not more.get("followRenames", True)):
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.", extensions={"type": "NOT_FOUND"}
            )
        if found.blocked:
            raise _forbidden(found)
        return self._repository(found)

    def _repository(self, repository: Repository) -> Json:
        return {
            "__typename": "Repository",
            "databaseId": repository.id,
            "nameWithOwner": repository.full_name,
            "url": f"{WEB}/{repository.full_name}",
            "isArchived": repository.archived,
            "isFork": repository.fork,
            "stargazerCount": repository.stars,
            "pushedAt": stamp(repository.pushed_at),
            "object": lambda _info, oid=None, expression=None: self._object(repository, oid or expression),
            "issue": lambda _info, number: self._numbered(repository, number, "Issue"),
            "pullRequest": lambda _info, number: self._numbered(repository, number, "PullRequest"),
            "issueOrPullRequest": lambda _info, number: self._numbered(repository, number, "issue or pull request"),
        }

    def _object(self, repository: Repository, oid: str) -> Json | None:
        found = next((commit for commit in repository.commits if commit.sha == oid), None)
        return self._commit(repository, found) if found else None

    def _commit(self, repository: Repository, commit: Commit) -> Json:
        return {
            "__typename": "Commit",
            "oid": commit.sha,
            "message": commit.message,
            "messageHeadline": commit.message.partition("\n")[0],
            "committedDate": stamp(commit.committer.date),
            "authoredDate": stamp(commit.author.date),
            "associatedPullRequests": _connection(
                lambda: [
                    self._pull(repository, pull) for pull in repository.pulls.values() if commit.sha in pull.commits
                ]
            ),
        }

    def _numbered(self, repository: Repository, number: int, kind: str) -> Json:
        if number in repository.issues and kind != "PullRequest":
            return self._issue(repository, repository.issues[number])
        if number in repository.pulls and kind != "Issue":
            return self._pull(repository, repository.pulls[number])
        text = f"Could not resolve to an {kind} with the number of {number}."
        raise GraphQLError(text.replace("an Pull", "a Pull"), extensions={"type": "NOT_FOUND"})

    def _pull(self, repository: Repository, pull: Pull) -> Json:
        return {
            "__typename": "PullRequest",
            "number": pull.number,
            "title": pull.title,
            "body": pull.body,
            "url": f"{WEB}/{repository.full_name}/pull/{pull.number}",
            "state": pull.state,
            "createdAt": stamp(pull.created_at),
            "closedAt": stamp(pull.merged_at) if pull.merged_at else None,
            "mergedAt": stamp(pull.merged_at) if pull.merged_at else None,
            "repository": lambda _info: self._repository(repository),
            "baseRepository": lambda _info: self._repository(repository),
            "labels": _connection(lambda: [{"name": name} for name in pull.labels]),
            "closingIssuesReferences": _connection(lambda: self._closed(pull)),
        }

    def _closed(self, pull: Pull) -> list[Json | GraphQLError]:
        """Give the issues that a pull request closes, but for those of repositories that nobody can see."""
        closed = [(self._hub.repositories.get(number), issue) for number, issue in pull.closes]
        return [
            _forbidden(home) if home.blocked else self._issue(home, home.issues[issue])
            for home, issue in closed
            if home is not None and not home.private
        ]

    def _issue(self, repository: Repository, issue: Issue) -> Json:
        return {
            "__typename": "Issue",
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "url": f"{WEB}/{repository.full_name}/issues/{issue.number}",
            "state": issue.state,
            "createdAt": stamp(issue.created_at),
            "closedAt": None if issue.state == "OPEN" else stamp(issue.closed_at or issue.created_at),
            "repository": lambda _info: self._repository(repository),
            "labels": _connection(lambda: [{"name": name} for name in issue.labels]),
        }


def _forbidden(repository: Repository) -> GraphQLError:
    text = "Resource protected by organization SAML enforcement. You must grant your OAuth token access."
    return GraphQLError(
        text if repository.blocked == "sso" else "Repository access blocked", extensions={"type": "FORBIDDEN"}
    )


def _connection(all_of: Callable[[], Sequence[Json | GraphQLError]]) -> Callable[..., Json]:
    """Give a field that has a page of things; a cursor is the place of the last one."""

    def page(_info: object, first: int | None = None, last: int | None = None, after: str | None = None) -> Json:
        found = all_of()
        begin = int(after) if after else 0
        nodes = found[begin : begin + first] if first else found[-(last or 1) :]
        end = begin + len(nodes)
        info = {"hasNextPage": bool(first) and end < len(found), "endCursor": str(end) if nodes else None}
        return {"nodes": nodes, "totalCount": len(found), "pageInfo": info}

    return page
