"""Finds what lies outside the package: ``config/`` and ``migrations/``, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """Give the path of a shipped file or folder, such as ``config/miner.toml``."""
    shipped = _PACKAGE / "_shipped" / name
    return shipped if shipped.exists() else _PACKAGE.parent / name
