"""Who gave a label: the rater's name changes with every change to a rule, so that labels tell which rules gave them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from miner import __version__


def digest(folder: Path) -> str:
    """Hash the modules and tables of the classifier, in the order of their paths."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.suffix in {".py", ".toml"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:10]


RATER: Final = f"heuristic/{__version__}+{digest(Path(__file__).parent)}"
"""The rater of every label that :mod:`miner.classify` gives; the same on every machine for the same rules."""
