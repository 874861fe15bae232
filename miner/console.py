"""The terminal: what strangers wrote is made harmless here before it is printed, and secrets are masked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from miner.secrets import masked

if TYPE_CHECKING:
    from rich.console import Console

# ECMA-48: control sequences (CSI), and strings (OSC, DCS, SOS, PM, APC) up to their terminator.
_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
# Controls, invisible format characters (these can reorder a line), lone surrogates, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: object) -> str:
    """Give the text on one line, without terminal escape sequences and unprintable characters."""
    harmless = _ESCAPE_SEQUENCE.sub("", str(text))
    kept = (c for c in harmless if c.isspace() or unicodedata.category(c) not in _UNPRINTABLE)
    return " ".join("".join(kept).split())


def in_place(text: str) -> list[str]:
    """Give each character of a line as it may be shown in its place: code keeps its columns, and nothing acts."""
    return ["    " if c == "\t" else c if unicodedata.category(c) not in _UNPRINTABLE else "\ufffd" for c in text]


def mask_secrets(text: str) -> str:
    """Put ``***`` in place of the passwords and tokens of every URL in the text."""
    return masked(text)


def mask_values(value: Any) -> Any:
    """Do the same to every text in a structure of dictionaries and sequences."""
    if isinstance(value, Mapping):
        return {key: mask_values(kept) for key, kept in value.items()}
    if isinstance(value, list | tuple):
        return [mask_values(kept) for kept in value]
    return mask_secrets(value) if isinstance(value, str) else value


@cache
def stdout() -> Console:
    """Give the console for results. Markup is off: what is printed is data."""
    return _console(stderr=False)


@cache
def stderr() -> Console:
    """Give the console for progress, warnings and errors."""
    return _console(stderr=True)


def print_error(message: object) -> None:
    """Print one line about what went wrong."""
    _print_notice("error", "bold red", message)


def print_warning(item: str, message: str) -> None:
    """Print one line about something that was left out."""
    _print_notice("warning", "yellow", f"{item}: {message}" if item else message)


def print_hint(message: str) -> None:
    """Print one line about what to do next; nothing for an empty one."""
    if message:
        _print_notice("next", "cyan", message)


def _print_notice(word: str, style: str, message: object) -> None:
    from rich.text import Text

    line = Text.assemble((f"{word}:", style), " ", mask_secrets(printable(message)))
    stderr().print(line, soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
