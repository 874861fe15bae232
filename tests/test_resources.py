"""What lies outside the package is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from miner import resources


@pytest.mark.parametrize("name", ["config/miner.toml", "config/libraries.toml", "migrations"])
def test_a_shipped_file_is_found_in_a_checkout(name: str) -> None:
    """The top-level folders count where the package has no copy."""
    assert resources.resource(name).exists()


def test_a_wheels_copy_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package never reads what happens to lie beside it."""
    package = tmp_path / "site-packages" / "miner"
    for folder in (package / "_shipped" / "config", package.parent / "config"):
        folder.mkdir(parents=True)
        (folder / "miner.toml").touch()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.resource("config/miner.toml") == package / "_shipped" / "config" / "miner.toml"
