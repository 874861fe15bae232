"""What the asker says below an answer: that a new error came, or that the old one stays.

Only words that tell of an error count, and what is denied ("no error any more") or told of the time before ("I was
getting") is taken out first. A comment that asks, thanks or explains says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from miner.classify.engine import UNKNOWN
from miner.study.aftermath import NEW_BUG, NOT_REPAIRED

_ERROR = r"(?:errors?|exceptions?|traceback|[A-Z]\w*(?:Error|Exception)|nans?|segfaults?|segmentation faults?)\b"
_FLAGS = re.IGNORECASE | re.DOTALL
# Within a sentence: an error of the next one is another matter.
_NEAR = r"[^.!?\n]{0,80}?"
_DENIED: Final = re.compile(
    rf"\b(?:no (?:more |longer )?(?:an? |any )?|without (?:an? |any )?(?:more )?|"
    r"(?:don'?t|do not|doesn'?t|does not|didn'?t) (?:get|give|throw|raise|see|have|show)s? "
    r"(?:an? |any |the |that )?(?:more )?)"
    rf"{_ERROR}(?: any ?more)?",
    _FLAGS,
)
_BEFORE: Final = re.compile(
    rf"\b(?:was|were|been|used to) (?:get(?:ting)?|see(?:ing)?|throw(?:ing)?|giv(?:e|ing)){_NEAR}{_ERROR}", _FLAGS
)
_STAYS: Final = re.compile(
    rf"\bstill{_NEAR}(?:{_ERROR}|not work|n'?t work|fail|same|problem|issue|wrong|crash)"
    rf"|\b(?:the |exactly the )?same (?:exact )?(?:{_ERROR}|problem|issue|result)"
    r"|\b(?:did|does|do)(?:n'?t| not) (?:work|help|solve|fix|change)\b"
    r"|\bnot working\b",
    _FLAGS,
)
_COMES: Final = re.compile(
    rf"\b(?:another|different|new|other|following|this|now(?: an?)?) {_ERROR}"
    rf"|\b(?:get|got|gets|getting|gives?|gave|throws?|threw|raises?|raised|receiv\w+|encounter\w*|"
    rf"r[au]n+(?:s|ing)? into|hit|see|seeing|returns?|says?|face|facing){_NEAR}{_ERROR}"
    rf"|\b(?:now|but then|after that|this time|then){_NEAR}(?:{_ERROR}|crash\w*|fails?\b|hangs?\b|freezes?\b)"
    r"|\b(?:loss|accuracy|output|gradients?)\b[^.!?\n]{0,40}\b(?:is|are|becomes?|became|goes|turns?) (?:to )?"
    r"(?:nans?|zero|0|worse)\b"
    rf"|^\W*[A-Z]\w*(?:Error|Exception)\b",
    _FLAGS,
)
_IMPACTS: Final = (
    ("memory_out_of_bound", re.compile(r"out of memory|\boom\b|memoryerror|resourceexhausted", re.IGNORECASE)),
    ("crash", re.compile(rf"{_ERROR}|\bcrash", re.IGNORECASE)),
    ("hang", re.compile(r"\b(?:hangs?|freezes?|stuck|never (?:ends|finishes))\b", re.IGNORECASE)),
    ("bad_performance", re.compile(r"\b(?:loss|accuracy|slow|converge\w*|worse)\b", re.IGNORECASE)),
)
_NAN: Final = re.compile(r"\bnans?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a comment complains of: new_bug or not_repaired; the words that say so; the impact of it, or unknown."""

    kind: str
    words: str
    impact: str


def judge(text: str) -> Complaint | None:
    """Read a comment; None if it complains of nothing. "Still" wins over an error that is named beside it."""
    told = _BEFORE.sub(" ", _DENIED.sub(" ", text))
    stays = _STAYS.search(told)
    found = stays or _COMES.search(told)
    if found is None:
        return None
    return Complaint(NOT_REPAIRED if stays else NEW_BUG, " ".join(found[0].split()), _impact(told))


def _impact(text: str) -> str:
    if _NAN.search(text) and not re.search(r"\w+Error\b", text):
        return "bad_performance"
    return next((impact for impact, cue in _IMPACTS if cue.search(text)), UNKNOWN)
