"""A client of the loopback GitHub that breaks any rule that it is told to."""

from __future__ import annotations

from typing import Any

import requests

from servers.github import GitHub

ACCEPT = "application/vnd.github+json"


class Client:
    """Asks the server as an account, or as nobody."""

    def __init__(self, server: GitHub, session: requests.Session, token: str | None = None) -> None:
        self.server = server
        self.session = session
        self.token = token

    def send(self, path: str, *, headers: dict[str, str | None] | None = None, **query: Any) -> requests.Response:
        """Give the response to a GET, whatever it is; a header of None is left out."""
        return self.session.get(
            self.server.url + path, params=query, headers=self._headers(headers), timeout=5, allow_redirects=False
        )

    def get(self, path: str, **query: Any) -> Any:
        """Give the JSON of an answer."""
        response = self.send(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def names(self, query: str, **more: Any) -> list[str]:
        """Give the names of the repositories found."""
        return [item["name"] for item in self.get("/search/repositories", q=query, **more)["items"]]

    def shas(self, query: str, **more: Any) -> list[str]:
        """Give the commits found, by the first letter of each."""
        return [item["sha"][0] for item in self.get("/search/commits", q=query, **more)["items"]]

    def refused(self, query: str, **more: Any) -> str:
        """Give what a search of repositories says about a query that it refuses."""
        response = self.send("/search/repositories", q=query, **more)
        assert response.status_code == 422
        body = response.json()
        return str(body.get("errors", [{}])[0].get("message", body.get("errors", [{}])[0].get("code", body["message"])))

    def graphql(self, query: str, **variables: Any) -> requests.Response:
        """Give the response to a query."""
        return self.session.post(
            self.server.url + "/graphql",
            json={"query": query, "variables": variables},
            headers=self._headers({}),
            timeout=5,
        )

    def left(self, resource: str = "core") -> int:
        """Give what is left of a budget."""
        return int(self.get("/rate_limit")["resources"][resource]["remaining"])

    def _headers(self, more: dict[str, str | None] | None) -> dict[str, str | None]:
        # A header of None keeps requests from setting its own.
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept": ACCEPT, **token, **(more or {})}
