"""A client of the Stack Exchange API, and sites for it to ask."""

from __future__ import annotations

from typing import Any

from servers.stackexchange import Site, StackExchange

from miner.collect.stackoverflow import ApiPage
from miner.settings import StackOverflowSettings, load

# What has to be encoded in a URL is part of it: a secret is to be found in any form.
KEY = "S3CRET+key/("
FIRST = 1_600_000_000


def settings_for(url: str, **changed: Any) -> StackOverflowSettings:
    return load(environ={}, flags={"stackoverflow": {"api_url": url, "key": KEY, **changed}}).stackoverflow


def fill(server: StackExchange, site: Site) -> Site:
    """Have the server serve a site."""
    server.sites["stackoverflow"] = site
    return site


def asked_at(*dates: int, **more: Any) -> Site:
    """A site with a question at each of the dates."""
    site = Site()
    for number, date in enumerate(dates, 1):
        site.add({"question_id": number, "title": f"Q{number}", "tags": ["keras"], "creation_date": date, **more})
    return site


def numbers(pages: list[ApiPage]) -> list[int]:
    return [thread.question.post_id for page in pages for thread in page.threads]


def tagged(site: Site, tag: str = "keras") -> set[int]:
    return {question["question_id"] for question in site.questions() if tag in question["tags"]}
