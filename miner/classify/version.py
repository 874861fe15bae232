"""Who gave a label: the rater's name changes with every change to a rule, so that labels tell which rules gave them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from miner import __version__
from miner.settings import Library
from miner.settings import libraries as shipped_libraries


def digest(folder: Path, more: str = "") -> str:
    """Hash the modules and tables of a folder, in the order of their paths; ``more`` is hashed before them."""
    digest = hashlib.sha256(more.encode())
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.suffix in {".py", ".toml"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:10]


def told_by(libraries: tuple[Library, ...]) -> str:
    """Give what of the libraries decides labels: a search for repositories, for example, does not."""
    named = ("name", "modules", "aliases", "distributions", "extensions", "tags")
    return repr([[getattr(library, name) for name in named] for library in libraries])


RATER: Final = f"heuristic/{__version__}+{digest(Path(__file__).parent, told_by(shipped_libraries()))}"
"""The rater of every label that :mod:`miner.classify` gives; the same on every machine for the same rules."""
