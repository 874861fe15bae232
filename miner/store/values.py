"""How a Python value becomes one that both databases hold alike. Imports no database code: workers use it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256

MIN_EPOCH = -(2**62)
"""Stands for "since ever" as the start of an interval, in seconds since 1970-01-01."""

MAX_EPOCH = 2**62
"""Stands for "without end" as the end of an interval, in seconds since 1970-01-01."""

KEY_BYTES = 1_000
"""A text that is part of a key is at most so long in UTF-8: PostgreSQL indexes no row over 2,704 bytes."""

_INT32 = 2**31
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what a database cannot hold as text, NUL and lone surrogates, by U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def key(text: str) -> str:
    """Clean a text that is part of a key; one over :data:`KEY_BYTES` is cut and ends with a digest of the whole."""
    text = clean(text)
    if len(text) * 4 <= KEY_BYTES or len(encoded := text.encode()) <= KEY_BYTES:
        return text
    digest = sha256(encoded).hexdigest()[:32]
    return encoded[: KEY_BYTES - len(digest) - 3].decode(errors="ignore") + "…" + digest


def stamp(moment: datetime) -> str:
    """Write a time as ``YYYY-MM-DD HH:MM:SS+00:00``: in UTC, whole seconds; the order of texts is that of times."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "seconds")


def epoch(seconds: int) -> int:
    """Bound a time that a source gave to what an interval of the coverage can hold."""
    return min(max(seconds, MIN_EPOCH), MAX_EPOCH - 1)


def small(number: int | None) -> int | None:
    """Give a number that fits 32 bits; None for one that does not, which no source means."""
    return number if number is not None and -_INT32 <= number < _INT32 else None
