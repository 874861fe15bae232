"""What can go wrong between a client and GitHub: the faults that any web service has, and GitHub's own.

A schedule says which fault, if any, the n-th request to the API meets, as in ``servers.faults``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from servers import faults

Schedule = faults.Schedule

# Of the common faults, those that have nothing of the Stack Exchange API.
COMMON = (
    *("reset", "reset_midway", "closed", "truncated", "truncated_chunks", "truncated_gzip", "mislabelled"),
    *("html_200", "html_502", "html_503", "wrong_type", "cut_json", "not_an_object", "too_many", "redirect"),
)
SLOW = ("drip", "hang")
LARGE = ("endless", "bomb")


def _empty(exchange: faults.Exchange) -> None:
    """Status 200, and no byte of a body."""
    exchange.send(200, b"")


def _no_content(exchange: faults.Exchange) -> None:
    """Status 204."""
    exchange.head(204)
    exchange.whole = True


def _error_500(exchange: faults.Exchange) -> None:
    """GitHub's own error 500, in JSON."""
    exchange.send(500, json.dumps({"message": "Server Error"}).encode())


def _error_502(exchange: faults.Exchange) -> None:
    """GitHub's own error 502, in JSON: what took too long, as large GraphQL queries do."""
    exchange.send(502, json.dumps({"message": "Server Error"}).encode())


def _no_fields(exchange: faults.Exchange) -> None:
    """An empty object."""
    exchange.send(200, b"{}")


def _odd_items(exchange: faults.Exchange) -> None:
    """A search's answer whose items are no objects."""
    exchange.send(200, b'{"total_count": 3, "incomplete_results": false, "items": [null, 7, "x"]}')


def _damaged_item(exchange: faults.Exchange) -> None:
    """The answer to a search, but the first item's id is no number."""
    document = json.loads(exchange.body)
    for item in document.get("items", [])[:1]:
        item["id"] = "none"
    exchange.send(200, json.dumps(document).encode())


OWN: dict[str, Callable[[faults.Exchange], None]] = {
    function.__name__.removeprefix("_"): function
    for function in (_empty, _no_content, _error_500, _error_502, _no_fields, _odd_items, _damaged_item)
}
QUICK = (*COMMON, *OWN)
ALL = (*QUICK, *SLOW, *LARGE)


def never(_number: int) -> str:
    """Let every request be answered."""
    return ""


def every(step: int, kinds: Sequence[str] = QUICK) -> Schedule:
    """Spoil each ``step``-th request, with all the kinds in turn."""
    _check(kinds)
    return lambda number: "" if number % step else kinds[(number // step - 1) % len(kinds)]


def sequence(*kinds: str) -> Schedule:
    """Spoil the first requests as listed, an empty one being none."""
    _check(kinds)
    return lambda number: kinds[number - 1] if number <= len(kinds) else ""


def play(kind: str, exchange: faults.Exchange) -> None:
    """Play a fault."""
    if kind not in OWN:
        faults.play(kind, exchange)
        return
    OWN[kind](exchange)


def _check(kinds: Sequence[str]) -> None:
    unknown = set(kinds) - {"", *ALL}
    if unknown:
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
