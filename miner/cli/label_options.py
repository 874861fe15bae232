"""What the commands of ``miner label`` may say."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Method(StrEnum):
    """How a sample is drawn."""

    RANDOM = "random"
    STRATIFIED = "stratified"
    LEAST_SURE = "least-sure"


class Stratum(StrEnum):
    """What a sample is stratified by."""

    LIBRARY = "library"
    SOURCE = "source"
    PATTERN = "pattern"


class ItemSource(StrEnum):
    """Where what is rated comes from."""

    GITHUB = "github"
    STACKOVERFLOW = "stackoverflow"


class Layout(StrEnum):
    """How an export is laid out."""

    LONG = "long"
    PAPER = "paper"


class SheetFormat(StrEnum):
    """The format of a sheet that somebody fills."""

    XLSX = "xlsx"
    CSV = "csv"


def known_schemes(names: list[str] | None) -> list[str] | None:
    """Give the names back if each is a scheme.

    :raises typer.BadParameter: for one that is not.
    """
    if names:
        from miner.store.ratingtables import SCHEMES

        for name in names:
            if name not in SCHEMES:
                raise typer.BadParameter(f"{name!r} is no scheme; there are {', '.join(SCHEMES)}.")
    return names


SchemeOption = Annotated[
    list[str] | None,
    typer.Option("--scheme", metavar="NAME", callback=known_schemes, help="This scheme only; repeatable."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME", help="Items of this label set only; repeatable.")
]
BatchOption = Annotated[str | None, typer.Option("--batch", metavar="NAME", help="Items of this batch only.")]
