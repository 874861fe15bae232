"""What a sentence says about code that it names: "replace `a` with `b`"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_TIMES: Final = 20
"""Places in which a text is substituted; what is in more of them is a name, not a mistake."""

_ONE: Final = r"`(?P<old>[^`]{2,200})`"
_OTHER: Final = r"`(?P<new>[^`]{1,200})`"
_FILL: Final = r"[^`.;]{0,40}?"
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:replac|chang|modif|swap|renam|convert|switch|turn|rewrit)\w*\b{_FILL}{_ONE}{_FILL}\b(?:with|to|by"
        rf"|into|for)\b{_FILL}{_OTHER}",
        rf"{_OTHER}{_FILL}\b(?:instead of|rather than|in place of)\b{_FILL}{_ONE}",
        rf"\b(?:instead of|rather than|in place of)\b{_FILL}{_ONE}{_FILL},?{_FILL}\b(?:use|try|do|call|write|pass"
        rf"|put|be|have)\b{_FILL}{_OTHER}",
        rf"{_ONE} (?:here |line )?(?:should|must|needs to|has to)(?: actually| rather"
        rf"| instead)? be(?: replaced (?:with|by)| changed to)? {_OTHER}",
        rf"{_ONE}\s*(?:->|=>|\u2192)\s*{_OTHER}",
    )
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_DOTTED = re.compile(r"[A-Za-z_][\w.]*")


def substitutions(sentence: str) -> Iterator[tuple[str, str]]:
    """Give the (old, new) pieces of inline code of which a sentence says that one takes the other's place."""
    seen: set[tuple[str, str]] = set()
    for pattern in _PATTERNS:
        for found in pattern.finditer(sentence):
            both = found["old"].strip(), found["new"].strip()
            if both not in seen and _is_swap(*both):
                seen.add(both)
                yield both


def _is_swap(old: str, new: str) -> bool:
    """Tell whether one can stand where the other does: a bare name is not swapped for an expression."""
    if not old or old == new or old in ("True", "False", "None"):
        return False
    return not _NAME.fullmatch(old) or _DOTTED.fullmatch(new) is not None


def substitute(text: str, old: str, new: str) -> tuple[str, int]:
    """Give a text with each ``old`` that stands by itself replaced, and how many there were; 0 for too many.

    Blanks in it do not count, and of a call that is named without arguments the name is replaced.
    """
    if old.endswith("()") and new.endswith("()"):
        old, new = old[:-2], new[:-2]
    parts = re.findall(r"\w+|[^\w\s]", old)
    if not parts:
        return text, 0
    before = r"(?<![\w.])" if parts[0][0].isalnum() or parts[0][0] == "_" else ""
    after = r"(?!\w)" if parts[-1][-1].isalnum() or parts[-1][-1] == "_" else ""
    pattern = re.compile(before + r"[ ]*".join(map(re.escape, parts)) + after)
    times = sum(1 for _ in pattern.finditer(text))
    if times == 0 or times > MAX_TIMES:
        return text, 0
    return pattern.sub(lambda _: new, text), times
