"""How a value of the database is written into a file: the same from SQLite and from PostgreSQL."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from miner.export.safe import safe_cell


def plain(value: Any) -> Any:
    """Give a value as JSON knows it: a time as ISO 8601 in UTC, bytes as Base64."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def cell(value: Any) -> Any:
    """Give a value for a CSV file, where no text is a formula: see :func:`miner.export.safe.safe_cell`."""
    known = plain(value)
    if isinstance(known, bool):
        return int(known)
    return safe_cell(known) if isinstance(known, str) else known
