"""Which release of a library a change of its API came with, by the tables of renames that the classifier has."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from importlib import resources
from typing import Final

from miner.classify.taxonomies import renames

UNNAMED: Final = "not told"
"""The release of a change that is in no table of renames."""

Release = tuple[str, str]
"""Library and version."""

_KINDS: Final = {"renamed_symbol": "symbols", "renamed_keyword": "keywords", "removed_keyword": "keywords"}
_RELATED: Final = frozenset({"keras", "tensorflow"})


def release_of(rule: str, text: str, library: str) -> Release:
    """Give the release of the change that a span of evidence shows; its version may be not told.

    A rule's name may end with it ("renamed_symbol@torch-0.4"); else the old name is looked up in the tables.
    """
    # The version has dots as the rule has: what stands before the "@" is cut first.
    name, _, told = rule.partition("@")
    reason = name.rpartition(".")[2]
    if told:
        named, _, version = told.partition("-")
        return named, version.replace("-", " ")
    if reason.startswith("upgraded_"):
        return "tensorflow", "2.0"
    return _looked_up(_KINDS.get(reason, ""), text, library)


@cache
def known_changes() -> dict[Release, int]:
    """Count the renamed and removed symbols and keywords that the tables have, by release."""
    tables = [entry for kind in ("symbols", "keywords") for table in renames(kind).values() for entry in table]
    found = Counter((entry.library, entry.version) for entry in tables)
    for file in resources.files("miner.classify.taxonomies").iterdir():
        if file.name.endswith("_renames.toml"):
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            release = (table.get("library", "tensorflow"), table["version"])
            found[release] += len(table["symbols"]) + len(table.get("v1", "").split())
            found[release] += sum(map(len, table["keywords"].values()))
    return dict(found)


def _looked_up(kind: str, text: str, library: str) -> Release:
    parts = text.partition("=")[0].strip().split(".")
    names = [parts[-1], *(".".join(parts[at : at + 2]) for at in range(len(parts) - 1))]
    related = _RELATED if library in _RELATED else {library}
    table = renames(kind) if kind else {}
    found = (entry for name in names for entry in table.get(name, ()) if entry.library in related)
    first = next(found, None)
    return (first.library, first.version) if first else (library, UNNAMED)
