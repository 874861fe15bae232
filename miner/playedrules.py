"""Which rules a run is played again with: those that it had, if they are at hand or are no code, else those of today.

The archive keeps the text of a user's rules. It is code: from an archive that somebody else wrote it runs only where
the user says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from miner.collect.archive import Archive
from miner.errors import RebuildError
from miner.recording import rule_files
from miner.settings import Settings


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the rules and libraries for a run are; ``others`` if the rules are not those that it had."""

    rules_dir: str
    libraries_file: str
    others: bool = False


class PlayedRules:
    """Gives each run its rules.

    :param now: the settings of today.
    :param folder: where files may be written.
    :param archived: whether rules out of the archive may be run.
    """

    def __init__(self, archive: Archive, now: Settings, folder: Path, *, archived: bool) -> None:
        self._archive = archive
        self._now = now
        self._folder = folder
        self._archived = archived
        self._mine = {name: sha256(path.read_bytes()).hexdigest() for name, path in self._files()}

    def of(self, told: Mapping[str, Any]) -> Rules:
        """Give the rules for a run, by the first line of its journal.

        :raises RebuildError: if the archive has them no more.
        """
        mine, kept = self._now.classify.rules_dir, told.get("rules")
        if kept is None:
            return Rules(mine, self._now.collect.libraries_file)
        listed = self._written({"libraries.toml": kept["libraries_file"]}) if kept["libraries_file"] else None
        libraries, files = "" if listed is None else str(listed / "libraries.toml"), kept["rules_dir"]
        if not files:
            return Rules("", libraries)
        if files == self._mine:
            return Rules(mine, libraries)
        if self._archived or not any(name.endswith(".py") for name in files):
            return Rules(str(self._written(files)), libraries)
        return Rules(mine, libraries, others=True)

    def _files(self) -> list[tuple[str, Path]]:
        return list(rule_files(self._now.classify.rules_dir).items())

    def _written(self, files: Mapping[str, str]) -> Path:
        name = sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
        root = self._folder / f"rules-{name}"
        for relative, digest in files.items():
            path = root / relative
            if not path.resolve().is_relative_to(root.resolve()):
                raise RebuildError(f"the archive {self._archive.name} names a file of rules outside of its folder")
            body = self._archive.get(digest)
            if body is None:
                raise RebuildError(
                    f"the archive {self._archive.name} has no object {digest} any more, which holds {relative} of the "
                    "rules of a run: bring it back from a copy"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return root
