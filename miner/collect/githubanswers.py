"""Tells what an exchange with GitHub means: an answer, a failure that may be over soon, or one to be told the user.

An answer's status and content type are looked at before its body. What a server says is quoted short, on one line, and
without the token that it was sent. https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api and
https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-large-queries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from miner.collect.githubwire import Exchange
from miner.collect.http import Transient, retry_after_seconds
from miner.console import printable
from miner.errors import GitHubGoneError, HttpError
from miner.model import RawResponse
from miner.secrets import MASK, without_secrets

SOURCE = "github"
MOVED = (301, 302, 307, 308)

_GONE = (404, 410, 451)
_KEPT_HEADERS = ("date", "etag", "last-modified", "link", "x-github-request-id", "x-ratelimit-resource")
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?next\b')
_MOST_QUOTED = 200
_LIMIT_KINDS = ("RATE_LIMIT", "RATE_LIMITED")
_PASSING = re.compile(r"(?i)something went wrong|timed? ?out|try again|temporar")


@dataclass(frozen=True, slots=True)
class QueryError:
    """An error of a GraphQL query: ``alias`` is the part that failed, "" for the whole; ``kind`` is GitHub's type."""

    alias: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub answered. ``data`` is the body's JSON; None where ``not_modified``: what is at hand is still right.

    Of GraphQL ``data`` is the object of that name, whose parts are null where ``errors`` says why. ``moved`` tells that
    a redirect was followed. ``next_url`` is the next page's address, which ``GitHubClient.get`` takes.
    """

    response: RawResponse
    data: Any
    etag: str | None = None
    not_modified: bool = False
    next_url: str | None = None
    moved: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[QueryError, ...] = ()


def resource_of(path: str) -> str:
    """Tell whose budget a path costs: https://docs.github.com/en/rest/rate-limit/rate-limit."""
    if "/search/code" in path:
        return "code_search"
    return "search" if "/search/" in path else "core"


def is_json(exchange: Exchange) -> bool:
    """Tell whether the body is declared as JSON."""
    kind = exchange.content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def read(exchange: Exchange, token: str | None) -> Any:
    """Give the JSON of a good answer; None for one that is not modified or has moved.

    :param token: what is not to be quoted.
    :raises Transient: for a failure that may be over soon, and a page that is no answer of the API.
    :raises GitHubGoneError: for what is not there.
    :raises HttpError: for any other refusal.
    """
    status = exchange.status
    quoted = said(exchange, token) if status >= 400 else ""
    if status == 304 or status in MOVED:
        return None
    if status >= 500 or status in (202, 408):
        raise Transient(f"status {status}{quoted and ', ' + quoted}", _retry_after(exchange))
    if not is_json(exchange):
        kind = ascii(exchange.content_type[:60])
        raise Transient(
            f"no answer of the API came, but status {status} with content type {kind}", _retry_after(exchange)
        )
    payload = _parsed(exchange)
    if status == 200:
        if payload is None:
            raise Transient("the body is no JSON")
        return payload
    blocked = status == 403 and isinstance(payload, dict) and "block" in payload
    if status in _GONE or blocked:
        raise GitHubGoneError(f"{exchange.url}: {quoted} ({status})", f"{status} blocked" if blocked else str(status))
    raise HttpError(f"{exchange.url}: GitHub refuses with status {status}: {quoted or 'it does not say why'}")


def answer(exchange: Exchange, payload: Any, *, moved: bool = False) -> Answer:
    """Make an answer of a good exchange."""
    kept = {name: exchange.headers[name] for name in _KEPT_HEADERS if name in exchange.headers}
    response = RawResponse(
        SOURCE, exchange.url, exchange.status, exchange.content_type, exchange.fetched_at, exchange.body
    )
    following = _NEXT.search(kept.get("link", ""))
    return Answer(
        response=response,
        data=payload,
        etag=kept.get("etag"),
        not_modified=exchange.status == 304,
        next_url=urljoin(exchange.url, following[1]) if following else None,
        moved=moved,
        headers=kept,
    )


def said(exchange: Exchange, token: str | None) -> str:
    """Quote what a refusal, or a query that failed, says: its message and those of its errors."""
    if not is_json(exchange):
        return ""
    payload = _parsed(exchange)
    if not isinstance(payload, dict):
        return ""
    errors = payload.get("errors")
    parts = [payload, *(errors if isinstance(errors, list) else [])]
    messages = [part.get("message") or part.get("code") if isinstance(part, dict) else part for part in parts]
    text = "; ".join(message for message in messages if isinstance(message, str))
    if token:
        text = text.replace(token, MASK)
    return printable(without_secrets(text))[:_MOST_QUOTED]


def query_errors(payload: Any, token: str | None) -> tuple[QueryError, ...]:
    """Read the errors of a GraphQL answer: https://spec.graphql.org/October2021/#sec-Errors."""
    errors = payload.get("errors") if isinstance(payload, dict) else None
    return tuple(_query_error(error, token) for error in (errors if isinstance(errors, list) else []))


def is_query_limit(errors: tuple[QueryError, ...]) -> bool:
    """Tell whether a query was refused because the budget is used up."""
    return any(error.kind in _LIMIT_KINDS for error in errors)


def query_data(url: str, payload: Any, errors: tuple[QueryError, ...]) -> dict[str, Any]:
    """Give the data of a GraphQL answer, where errors cost parts of it at most.

    :raises Transient: when the whole query failed for a reason that may be over soon.
    :raises HttpError: when it failed for another.
    """
    data = payload.get("data") if isinstance(payload, dict) else None
    whole = [error for error in errors if not error.alias]
    if isinstance(data, dict) and not whole:
        return data
    message = "; ".join(error.message for error in whole or errors)[:_MOST_QUOTED] or "no data came"
    if not errors or any(_PASSING.search(error.message) for error in errors):
        raise Transient(f"the query failed: {message}")
    raise HttpError(f"{url}: GitHub refuses the query: {message}")


def followed(exchange: Exchange, api_url: str) -> str:
    """Give the address that a redirect leads to.

    :raises HttpError: when that is none of the same API: the token would go there.
    """
    try:
        target = urljoin(exchange.url, exchange.headers.get("location", ""))
        host = urlsplit(target).hostname or "no address"
    except ValueError:
        target, host = "", "no address"
    if not is_of(target, api_url):
        raise HttpError(
            f"{exchange.url}: the server redirects ({exchange.status}) to {host!a}; that is not followed, because "
            "the token would go there: check github.api_url"
        )
    return target.partition("#")[0]


def is_of(url: str, api_url: str) -> bool:
    """Tell whether an address is one of the API, on the same host, port and scheme."""
    base = urlsplit(api_url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    same_place = (parts.scheme.lower(), parts.netloc.lower()) == (base.scheme.lower(), base.netloc.lower())
    return same_place and parts.path.startswith(base.path.rstrip("/") + "/")


def _query_error(error: object, token: str | None) -> QueryError:
    fields = error if isinstance(error, dict) else {}
    path, kind, message = fields.get("path"), fields.get("type"), fields.get("message")
    alias = path[0] if isinstance(path, list) and path and isinstance(path[0], str) else ""
    text = message if isinstance(message, str) else "no message"
    text = without_secrets(text.replace(token, MASK) if token else text)
    return QueryError(alias, kind if isinstance(kind, str) else "", printable(text)[:_MOST_QUOTED])


def _retry_after(exchange: Exchange) -> float | None:
    return retry_after_seconds(exchange.headers.get("retry-after", ""), exchange.fetched_at)


def _parsed(exchange: Exchange) -> Any:
    """Give the JSON of a body; None if it is none, or nests more deeply than can be followed."""
    try:
        return json.loads(exchange.body)
    except (ValueError, RecursionError):
        return None
