"""Tells texts that speak of a trained model which is used again, and errors whose message points at the fix."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
_REUSE: Final = re.compile(
    r"\bpre-?\s?trained|\btransfer(?:red)? learning\b|\bfine-?\s?tun(?:e|ed|ing)\b"
    r"|\bload_(?:model|weights|state_dict)\b"
    r"|\bfrom_pretrained\b|\bmodel_from_(?:json|yaml)\b|\.caffemodel\b|\btorch\.load\b|\bsaver\.restore\b"
    r"|\bweights\s*=\s*['\"]imagenet['\"]|\b(?:saved|trained|existing) model\b"
    r"|\bload(?:ed|ing)? (?:the |a |my )?(?:trained |saved )?(?:model|weights|checkpoint)\b|\bmodel zoo\b"
    r"|\bre-?us(?:e|ed|ing) (?:the |a |of (?:the |a )?)?(?:trained )?(?:model|weights)\b",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(r'^\s*File "(?P<path>[^"]+)", line \d+|^\s*-+>\s*\d+\s(?P<arrow>.*)$')
_LIBRARY_PATH: Final = re.compile(r"site-packages|dist-packages|[/\\]lib[/\\]python|<frozen")
_QUOTED: Final = re.compile(r"['\"`]([^'\"`\n]{2,80})['\"`]")
_CODE_NAME: Final = re.compile(r"\b(?:\w+\.\w[\w.]*|\w*_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[A-Za-z]+\d\w*)\b")
_NAME: Final = re.compile(r"[^\W\d]\w+")


def speaks_of_reuse(text: str) -> bool:
    """Tell whether a text, plain or HTML, speaks of a trained model that is used again."""
    return bool(_REUSE.search(html.unescape(_TAG.sub(" ", text))))


def points_at(messages: Iterable[str], diffs: Iterable[str]) -> bool:
    """Tell whether an error message or traceback quotes a changed line, or names something that is in one."""
    changed = [line[1:].strip() for diff in diffs for line in diff.splitlines() if _is_change(line)]
    names = {name for line in changed for name in _NAME.findall(line)}
    for message in messages:
        lines = message.splitlines()
        if any(line and line in changed for line in _quoted_code(lines)):
            return True
        if not _named(lines).isdisjoint(names):
            return True
    return False


def _is_change(line: str) -> bool:
    return line.startswith(("+", "-")) and not line.startswith(("+++", "---")) and bool(line[1:].strip())


def _quoted_code(lines: Sequence[str]) -> Iterable[str]:
    """Give the lines of the asker's own code that a traceback quotes."""
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        frame = _FRAME.match(line)
        if frame is None:
            continue
        if frame["arrow"] is not None:
            yield frame["arrow"].strip()
        elif not _LIBRARY_PATH.search(frame["path"]):
            yield following.strip()


def _named(lines: Sequence[str]) -> set[str]:
    """Give the names in the message itself, the last line: what is quoted, or written like a name of code."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    said = last.partition(":")[2] or last
    quoted = [name for part in _QUOTED.findall(said) for name in _NAME.findall(part)]
    written = [part for name in _CODE_NAME.findall(said) for part in _NAME.findall(name)]
    return {name for name in (*quoted, *written) if len(name) > 2}
