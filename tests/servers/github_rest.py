"""GitHub's methods: what each path answers, when no limit keeps it from answering."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from servers import github_search as search
from servers.github_data import Hub, Repository, account_id
from servers.github_graphql import Query
from servers.github_limits import Limits
from servers.github_resolvers import Budget
from servers.github_shapes import DOCS, Json, Shapes, invalid, message

MOST_RESULTS = 1000
PAGE, LARGEST_PAGE = 30, 100
RATE_DOCS = f"{DOCS}/overview/rate-limits-for-the-rest-api"
BLOCKED_STATUS = {"dmca": 451, "tos": 403, "sso": 403}


@dataclass
class Answer:
    """An answer: ``route`` is the path in GitHub's description, ``cost`` what it takes of the budget."""

    status: int
    body: Json | None
    headers: Mapping[str, str] = field(default_factory=dict)
    route: str = ""
    cost: int = 1
    violations: Sequence[str] = ()

    @cached_property
    def data(self) -> bytes:
        """The body as it is sent, not compressed."""
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()

    @classmethod
    def error(cls, status: int, text: str, docs: str = DOCS, headers: Mapping[str, str] | None = None) -> Answer:
        """Give an error."""
        return cls(status, message(status, text, docs), headers or {})


class Rest:
    """Answers from the hub; ``incomplete_next`` searches are incomplete, and those of more than ``incomplete_days``."""

    def __init__(self, hub: Hub, url: str, clone_url: str, limits: Limits) -> None:
        self.hub = hub
        self.url = url
        self.limits = limits
        self.shapes = Shapes(url, clone_url)
        self.incomplete_next = 0
        self.incomplete_days: float | None = None

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes, account: str) -> Answer:
        """Answer a request."""
        if method == "POST":
            return self._graphql(body, account) if path == "/graphql" else Answer.error(404, "Not Found")
        if path == "/search/repositories":
            return self._search(path, query, search.REPOSITORIES, self._repositories)
        if path == "/search/commits":
            return self._search(path, query, search.OF_COMMITS, self._commits)
        if path == "/search/code":
            if not account:
                return Answer.error(401, "Requires authentication")
            return self._search(path, query, search.OF_CODE, self._code)
        if path == "/rate_limit":
            return Answer(200, self.limits.overview(account), route=path)
        if path == "/user":
            return self._user(account)
        if named := re.fullmatch(r"/repos/([^/]+/[^/]+)", path):
            return self._named(named[1])
        if numbered := re.fullmatch(r"/repositories/(\d{1,18})", path):
            return self._repository(self.hub.repositories.get(int(numbered[1])))
        return Answer.error(404, "Not Found")

    def limited(self, account: str, resource: str, status: int) -> Answer:
        """Give the answer to a request whose budget is used up."""
        who = f"user ID {account_id(account)}" if account else "127.0.0.1"
        text = f"API rate limit exceeded for {who}."
        if resource == "graphql":
            return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": text}]}, route="/graphql", cost=0)
        if not account:
            text += (
                " (But here's the good news: Authenticated requests get a higher rate limit. Check out the "
                "documentation for more details.)"
            )
        return Answer.error(status, text, RATE_DOCS)

    def _user(self, account: str) -> Answer:
        if not account:
            return Answer.error(401, "Requires authentication")
        return Answer(200, self.shapes.user(account), route="/user")

    def _named(self, full_name: str) -> Answer:
        found, former = self.hub.find(full_name)
        if found is None or not former:
            return self._repository(found)
        location = f"{self.url}/repositories/{found.id}"
        body = {"message": "Moved Permanently", "url": location, "documentation_url": f"{DOCS}/guides/best-practices"}
        return Answer(301, body, {"Location": location}, "/repos/{owner}/{repo}")

    def _repository(self, found: Repository | None) -> Answer:
        if found is None or (found.private and not found.shared):
            return Answer.error(404, "Not Found")
        if found.blocked == "sso":
            return Answer.error(403, "Resource protected by organization SAML enforcement.")
        if found.blocked:
            address = f"https://github.com/github/{found.blocked}/blob/master/{found.id}.md"
            block = {"reason": found.blocked, "created_at": "2021-05-05T10:00:00Z", "html_url": address}
            return Answer(BLOCKED_STATUS[found.blocked], {"message": "Repository access blocked", "block": block})
        return Answer(200, self.shapes.full(found), route="/repos/{owner}/{repo}")

    def _search(
        self,
        path: str,
        given: Mapping[str, str],
        known: Sequence[str] | Mapping[str, object],
        find: Callable[[search.Query, Mapping[str, str]], list[Callable[[], Json]]],
    ) -> Answer:
        """Give a page of what a search finds."""
        size = min(_number(given.get("per_page"), PAGE), LARGEST_PAGE)
        page = _number(given.get("page"), 1)
        try:
            query = search.parse(given.get("q", ""), known)
            if (page - 1) * size >= MOST_RESULTS:
                text = f"Only the first {MOST_RESULTS} search results are available"
                return Answer(
                    422, message(422, text, f"{DOCS}/search"), route=path, violations=[f"{text}: page {page}"]
                )
            found = find(query, given)
        except search.SearchError as error:
            broken = [f"a search was refused: {given.get('q', '')!r}: {error.message}"] if error.avoidable else []
            return Answer(422, invalid(error.message, error.code), route=path, violations=broken)
        incomplete = self._is_incomplete(query)
        found = found[: len(found) // 2] if incomplete else found
        end = min(page * size, MOST_RESULTS)
        body = {
            "total_count": len(found),
            "incomplete_results": incomplete,
            "items": [write() for write in found[(page - 1) * size : end]],
        }
        return Answer(
            200,
            body,
            self._links(path, given, page, size, min(len(found), MOST_RESULTS)),
            path,
            violations=[f"unknown qualifier {name}: in {given['q']!r}" for name in query.unknown],
        )

    def _repositories(self, query: search.Query, given: Mapping[str, str]) -> list[Callable[[], Json]]:
        found = search.find_repositories(self.hub, query)
        keys: dict[str, Callable[[Repository], Any]] = {
            "stars": lambda one: one.stars,
            "forks": lambda one: one.forks,
            "updated": lambda one: one.updated_at,
        }
        if given.get("sort") in keys:
            found.sort(key=keys[given["sort"]], reverse=given.get("order") != "asc")
        return [partial(self.shapes.found, one) for one in found]

    def _commits(self, query: search.Query, given: Mapping[str, str]) -> list[Callable[[], Json]]:
        found = search.find_commits(self.hub, query)
        by = {"author-date": "author", "committer-date": "committer"}.get(given.get("sort", ""))
        if by:
            found.sort(key=lambda pair: getattr(pair[1], by).date, reverse=given.get("order") != "asc")
        return [partial(self.shapes.commit, *pair) for pair in found]

    def _code(self, query: search.Query, _given: Mapping[str, str]) -> list[Callable[[], Json]]:
        return [partial(self.shapes.file, *pair) for pair in search.find_code(self.hub, query)]

    def _is_incomplete(self, query: search.Query) -> bool:
        if self.incomplete_next > 0:
            self.incomplete_next -= 1
            return True
        return self.incomplete_days is not None and query.days() > self.incomplete_days

    def _links(self, path: str, given: Mapping[str, str], page: int, size: int, total: int) -> dict[str, str]:
        last = -(-total // size)
        pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        there = {"prev": page > 1, "first": page > 1, "next": page < last, "last": page < last}
        links = [
            f'<{self.url}{path}?{urlencode({**given, "page": number})}>; rel="{rel}"'
            for rel, number in pages.items()
            if there[rel]
        ]
        return {"Link": ", ".join(links)} if links else {}

    def _graphql(self, body: bytes, account: str) -> Answer:
        try:
            sent = json.loads(body)
        except ValueError:
            return Answer(400, {"message": "Problems parsing JSON"}, route="/graphql")
        query = Query(sent)
        window = self.limits.window(account, "graphql")
        cost = 0 if query.errors else query.price.cost
        reset = datetime.fromtimestamp(window.reset, UTC)
        budget = Budget(account, window.limit, max(window.remaining - cost, 0), reset)
        return Answer(200, query.run(self.hub, budget), route="/graphql", cost=cost)


def _number(text: str | None, default: int) -> int:
    """Read a page's number or size; GitHub takes the default for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 10**6 else default
