"""Reads fields of JSON that strangers sent: each reader says which field is wrong, and never quotes its value."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


class UnreadableError(Exception):
    """Says which field is wrong."""


def json_object(raw: object, what: str) -> Json:
    """Give ``raw`` if it is an object; ``what`` names it.

    :raises UnreadableError: if it is none.
    """
    if not isinstance(raw, dict):
        raise UnreadableError(f"{what} is no object")
    return raw


def text(item: Json, name: str) -> str:
    """Give a field that is a text.

    :raises UnreadableError: if it is none.
    """
    value = item.get(name)
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is no text")
    return value


def whole(item: Json, name: str, low: int, high: int) -> int:
    """Give a field that is a whole number within bounds, both included.

    :raises UnreadableError: if it is none.
    """
    value = item.get(name)
    if type(value) is not int or not low <= value <= high:
        raise UnreadableError(f"{name} is no number from {low} to {high}")
    return value


def matching(item: Json, name: str, form: re.Pattern[str]) -> str:
    """Give a field that is a text of a form.

    :raises UnreadableError: if it is none.
    """
    value = text(item, name)
    if not form.fullmatch(value):
        raise UnreadableError(f"{name} is not of its form")
    return value


def moment(item: Json, name: str) -> datetime:
    """Give a field that is a date and a time, in UTC.

    :raises UnreadableError: if it is none.
    """
    try:
        found = datetime.fromisoformat(text(item, name))
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnreadableError(f"{name} is no date") from None


def optional(read: Callable[[Json, str], T], item: Json, name: str) -> T | None:
    """Give a field as ``read`` gives it; None where it is null or not there."""
    return None if item.get(name) is None else read(item, name)
