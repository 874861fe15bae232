"""Is a commit a bug fix? The evidence of its issues and pull requests, and of later commits that revert it.

Each rule gives one piece of evidence at most: that of the issue for which it is strongest. The weights are reasoned,
not fitted, in the log-odds of the message's ("fix" first in the subject is worth 5.4, with a bias of -1.9):

- to close an issue at all speaks weakly for a fix: +0.5, since issues ask for features, too;
- a label that says bug, crash, regression or the like: +2, so that a commit near the threshold rises over it. Labels
  are set before anybody knows the cause, and a good part of what is called a bug is none: so no more;
- a label that says enhancement, feature or question: -1.5; documentation, typo or style, which the protocol of
  :mod:`miner.classify.cues` excludes: -2. A message that says "fix" outweighs them, since commits mix;
- an issue that is only mentioned counts half: the commit may be one step towards it, or an aside;
- the title of the pull request that brought the commit: half of what the same words in the message are worth, from -1
  to +2, since it speaks for all its commits. One that the message repeats, as a squash merge does, counts once;
- a later commit that reverts it: -1.5. It was meant as a repair, and was none, or broke something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from miner.classify import bugfix
from miner.model import Evidence

CLOSES: Final = 0.5
BUG_LABEL: Final = 2.0
OTHER_LABEL: Final = -1.5
COSMETIC_LABEL: Final = -2.0
REVERTED: Final = -1.5
MENTIONED: Final = 0.5
"""The share of a label's weight on an issue that is mentioned only."""

_TITLE_SHARE = 0.5
_TITLE_BOUNDS = (-1.0, 2.0)
_MAX_TEXT = 200
_BUG = frozenset(
    {"bug", "bugs", "bugfix", "defect", "defects", "crash", "crashes", "regression", "regressions", "fault"}
)
_OTHER = frozenset({"enhancement", "enhancements", "feature", "features", "improvement", "question", "questions"})
_COSMETIC = frozenset({"documentation", "docs", "doc", "typo", "typos", "style", "cosmetic", "spelling"})
_NO_BUG = re.compile(r"\b(?:not|no|non)[ -]*(?:an?[ -]+)?(?:bug|defect|regression|crash)", re.IGNORECASE)
_LABEL_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"\(?(?:gh-|pr ?)?#\d+\)?", re.IGNORECASE)
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class IssueFact:
    """An issue or a pull request, and what a commit has to do with it; ``name`` is what people call it by."""

    name: str
    kind: Literal["issue", "pull_request"]
    relation: Literal["closes", "merged_by", "mentions"]
    title: str
    labels: tuple[str, ...]


def judge(message: str, facts: Iterable[IssueFact]) -> tuple[Evidence, ...]:
    """Give what issues and pull requests say of a commit, strongest first; the order of the facts does not matter."""
    strongest: dict[str, Evidence] = {}
    for fact in sorted(set(facts), key=lambda fact: (fact.name, fact.relation, fact.title, fact.labels)):
        for found in _evidence(message, fact):
            known = strongest.get(found.rule)
            if known is None or abs(found.weight) > abs(known.weight):
                strongest[found.rule] = found
    return tuple(sorted(strongest.values(), key=lambda row: (-abs(row.weight), row.rule)))


def reverted(by: str) -> Evidence:
    """Give the evidence that a later commit, by its sha, reverts a commit."""
    return Evidence("commit.reverted", REVERTED, by, "commit", 0, len(by))


def _evidence(message: str, fact: IssueFact) -> Iterator[Evidence]:
    if fact.relation == "closes" and fact.kind == "issue":
        yield _found("closes", CLOSES, fact, "")
    for label in fact.labels:
        yield from _label(fact, label)
    # "Closes #12" closes a pull request where a tool lands it: the commit is what it brought.
    if fact.kind == "pull_request" and fact.relation != "mentions" and not _repeats(message, fact.title):
        weight = _TITLE_SHARE * sum(row.weight for row in bugfix.judge(fact.title).evidence)
        weight = round(min(max(weight, _TITLE_BOUNDS[0]), _TITLE_BOUNDS[1]), 2)
        if weight:
            yield _found("pull_title", weight, fact, fact.title)


def _label(fact: IssueFact, label: str) -> Iterator[Evidence]:
    words = set(_LABEL_WORD.findall(label.lower()))
    share = MENTIONED if fact.relation == "mentions" else 1.0
    if words & _BUG:
        denied = _NO_BUG.search(label) is not None
        yield _found(
            "no_bug_label" if denied else "bug_label", share * (OTHER_LABEL if denied else BUG_LABEL), fact, label
        )
    elif words & _COSMETIC:
        yield _found("cosmetic_label", share * COSMETIC_LABEL, fact, label)
    elif words & _OTHER:
        yield _found("other_label", share * OTHER_LABEL, fact, label)


def _found(rule: str, weight: float, fact: IssueFact, what: str) -> Evidence:
    text = (f"{fact.name}: {what}" if what else fact.name)[:_MAX_TEXT]
    start = min(len(fact.name) + 2, len(text)) if what else 0
    return Evidence(f"issue.{rule}", weight, text, "issue", start, len(text))


def _repeats(message: str, title: str) -> bool:
    """Tell whether the message says all words of a title, in their order and nothing between."""
    said = f" {' '.join(_words(message[: bugfix.MAX_MESSAGE]))} "
    return f" {' '.join(_words(title))} " in said


def _words(text: str) -> list[str]:
    return _WORDS.findall(_NUMBER.sub(" ", text).lower())
