"""What the paper prints, as data, and how our figures compare."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from miner.errors import StudyError
from miner.study.exhibits import Comparison, Scalar, shown

Printed = Mapping[str, Mapping[str, float | str]]


@cache
def printed() -> Printed:
    """Give what the miner knows of the paper's figures: exhibit -> key -> value."""
    return tomllib.loads(resources.files(__package__).joinpath("paper.toml").read_text(encoding="utf-8"))


def with_file(path: Path | None) -> Printed:
    """Give the known figures, with those of a file added; the file wins.

    :raises StudyError: for a file that cannot be read, is not TOML, or is not of sections with figures.
    """
    if path is None:
        return printed()
    try:
        more = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{path}: {error.strerror or error}: name a TOML file with --paper") from None
    except ValueError as error:
        raise StudyError(f"{path} is not TOML: {error}; see miner/study/paper.toml for the form") from None
    for section, values in more.items():
        if not isinstance(values, dict) or not all(isinstance(value, int | float | str) for value in values.values()):
            raise StudyError(f"{path}: [{section}] must be a section of keys with one figure each")
    return {name: {**printed().get(name, {}), **more.get(name, {})} for name in {*printed(), *more}}


def compare(what: str, ours: Scalar, paper: Scalar) -> Comparison | None:
    """Compare a figure with the paper's, to as many digits as the paper prints; None where the paper's is not known."""
    if paper is None:
        return None
    text = shown(paper)
    digits = len(text.partition(".")[2])
    if isinstance(ours, float):
        return Comparison(what, f"{ours:.{digits}f}", f"{paper:.{digits}f}" if isinstance(paper, float) else text)
    return Comparison(what, "" if ours is None else str(ours), text)
