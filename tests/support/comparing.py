"""What has to be equal in two databases that were filled from the same sources, at different times."""

from __future__ import annotations

from typing import Any

Contents = dict[str, list[tuple[Any, ...]]]


def comparable(found: Contents) -> Contents:
    """Leave out what tells of requests and of the seconds at which runs began: killed ones send more.

    :param found: what the fixture ``contents`` reads.
    """
    # An answer of the Stack Exchange API says how much of the quota is left.
    found["raw_response"] = [row for row in found["raw_response"] if row[1] != "stackoverflow"]
    found["coverage"] = [part for row in found["coverage"] for part in _comparable(row)]
    return found


def _comparable(row: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if row[0] == "stackoverflow":
        return [row[:4] + row[9:]] if "by=creation" in row[1] else []
    # Up to which second everything was asked for.
    return [row[:4] + row[5:] if "by=created" in row[1] else row]
