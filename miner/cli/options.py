"""What a command line may say, and how its words become values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from miner.settings import Settings


class Source(StrEnum):
    """A source that collect can run."""

    GITHUB = "github"
    GIT = "git"
    STACKOVERFLOW = "stackoverflow"


class ExitCode:
    """What the process says to its caller."""

    COMPLETE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    BUSY = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class RootOptions:
    """What stands before the command."""

    config: Path | None = None
    database_url: str | None = None


def moment(text: str) -> datetime:
    """Read a date or an ISO 8601 date and time. A date is its first moment; without an offset it is UTC.

    :raises typer.BadParameter: for anything else.
    """
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is not a date: write it like 2019-01-31 or 2019-01-31T12:00:00+01:00."
        ) from None


def known_libraries(names: list[str] | None, settings: Settings) -> tuple[str, ...]:
    """Give the names if the file of libraries has them all.

    :raises typer.BadParameter: for a library that it does not have.
    """
    from miner.settings import libraries_of

    known = [library.name for library in libraries_of(settings)]
    for name in names or ():
        if name not in known:
            raise typer.BadParameter(
                f"{name!r} is not a known library; known are {', '.join(known)}.", param_hint="'--library'"
            )
    return tuple(names or ())


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file. Default: config/miner.toml or miner.toml, if there is one.",
    ),
]
DatabaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME. Put a password into MINER_DATABASE__URL instead.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output.")]


def rules_in_force(settings: Settings) -> str:
    """Give the rater of the configured rules.

    :raises miner.errors.SettingsError: if the rules of a user's own cannot be read.
    """
    from miner.classify.rulesource import RuleSource, rater_of

    return rater_of(RuleSource.of(settings))


def settings_of(
    context: typer.Context, config: Path | None, database_url: str | None, site: str | None = None
) -> Settings:
    """Load the settings. What stands behind the command wins over what stands before it.

    :raises miner.errors.SettingsError: as :func:`miner.settings.load`.
    """
    from miner.settings import load

    before = context.find_root().ensure_object(RootOptions)
    flags = {"database": {"url": database_url or before.database_url}, "stackoverflow": {"site": site}}
    return load(config or before.config, flags=flags)
