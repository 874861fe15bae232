"""A client that breaks any rule that it is told to."""

from __future__ import annotations

from typing import Any

import requests

from servers.stackexchange import StackExchange


class Client:
    """Asks the server, and keeps nothing to itself."""

    def __init__(self, server: StackExchange, session: requests.Session) -> None:
        self.server = server
        self.session = session

    def send(self, path: str, **query: Any) -> requests.Response:
        """Give the response, whatever it is."""
        query = {"site": "stackoverflow", **query}
        query = {name: value for name, value in query.items() if value is not None}
        return self.session.get(self.server.url + path, params=query, timeout=5, allow_redirects=False)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Give the wrapper of an answer."""
        response = self.send(path, **query)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def ids(self, path: str = "/questions", **query: Any) -> list[int]:
        """Give the ids of the questions found."""
        return [item["question_id"] for item in self.get(path, **{"pagesize": 100, **query})["items"]]

    def error(self, path: str, **query: Any) -> tuple[int, str]:
        """Give the id and the message of an error."""
        response = self.send(path, **query)
        assert response.status_code == 400
        return response.json()["error_id"], response.json()["error_message"]

    def filter(self, include: str, base: str = "none", unsafe: bool = False) -> str:
        """Have a filter made, and give its name."""
        query = {"site": None, "include": include, "base": base, "unsafe": "true" if unsafe else "false"}
        return str(self.get("/filters/create", **query)["items"][0]["filter"])
