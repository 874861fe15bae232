"""Runs the command line as its users do: as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Miner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def miner(tmp_path: Path) -> Miner:
    """Give a function that runs ``miner`` in an empty folder, with nothing of this process's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MINER_")}

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "miner", *arguments],
            cwd=tmp_path,
            env=clean | {"COLUMNS": "200"} | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    return run
