"""Where the rules in force come from; light, since a run with nothing new does without the rules themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from miner.classify.version import RATER
from miner.settings import Settings


@dataclass(frozen=True, slots=True)
class RuleSource:
    """Where rules and libraries come from: a user's folder and file; None: only what ships with the package."""

    rules_dir: Path | None = None
    libraries_file: Path | None = None

    @classmethod
    def of(cls, chosen: Settings) -> RuleSource:
        """Give what the settings name."""
        rules, libraries = chosen.classify.rules_dir, chosen.collect.libraries_file
        return cls(Path(rules).absolute() if rules else None, Path(libraries).absolute() if libraries else None)


SHIPPED: Final = RuleSource()
"""What comes with the package, and nothing of the user's own."""


def rater_of(source: RuleSource) -> str:
    """Give the name with which the rules of a source sign their labels.

    :raises SettingsError: as :func:`miner.classify.ruleset.ruleset`.
    """
    if source == SHIPPED:
        return RATER
    from miner.classify.ruleset import ruleset

    return ruleset(source).rater
