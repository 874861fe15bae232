"""Reads fields of JSON that strangers sent: each reader says which field is wrong, and never quotes its value."""

from __future__ import annotations

from collections.abc import Callable
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


def optional(read: Callable[[Json, str], T], item: Json, name: str) -> T | None:
    """Give a field as ``read`` gives it; None where it is null or not there."""
    return None if item.get(name) is None else read(item, name)
