"""Asks for the pages of a search, each with the ETag of the answer at hand: what did not change costs no budget."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from miner.collect.github import GitHubClient
from miner.githubsearches import SOURCE, Search
from miner.model import RawResponse
from miner.run import Run
from miner.store import github as githubstore
from miner.store.session import reading


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that the database has: GitHub said that it is still right."""

    response: RawResponse
    data: Any


class Asked:
    """Sends a search's requests, each with the ETag of the answer at hand. ``fresh`` are answers to store, by URL."""

    def __init__(self, run: Run, client: GitHubClient, search: Search) -> None:
        self._run = run
        self._client = client
        self._search = search
        self._again: set[str] = set()
        self.fresh: dict[str, tuple[str, RawResponse]] = {}

    def ask(self, query: str, page: int) -> Any:
        """Ask for a page of a query, or take it from the database where GitHub says that it did not change."""
        parameters = self._search.parameters(query, page)
        url = self._client.url(self._search.path, parameters)
        with reading(self._run.engine) as connection:
            known = None if url in self._again else githubstore.validator(connection, url)
        # Asked for a second time in one run, an answer was not what it should be.
        self._again.add(url)
        answer = self._client.get(self._search.path, parameters, etag=known[0] if known else None)
        if answer.not_modified and known is not None:
            response = answer.response
            stored = RawResponse(SOURCE, url, 200, "application/json", response.fetched_at, known[1])
            return Stored(stored, json.loads(known[1]))
        if answer.etag and isinstance(answer.data, dict) and answer.data.get("incomplete_results") is False:
            self.fresh[url] = answer.etag, answer.response
        return answer
