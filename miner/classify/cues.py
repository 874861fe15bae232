"""The words that speak for or against a bug fix in a commit message, with their weights.

A *cue* is a trigger word in a context: the cues of :data:`CUES` are tried in order at every word that is one of their
triggers, and the first whose pattern matches from there on is the evidence. Weights are log-odds: a logistic regression
over the cues, fitted on commits that were labelled by hand, then rounded.

Protocol, from Amit and Feitelson, "The Corrective Commit Probability Code Quality Metric" (2020): a fix of the build or
of a test is a bug fix; typos, documentation, style and warnings are not; an improvement with no specific known problem
is not; a commit that mixes is one, if one part is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Place(IntEnum):
    """Where in a message a word stands; ``HEAD``: first in the subject or in a body line, after tags and bullets."""

    HEAD = 0
    SUBJECT = 1
    BODY = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """Evidence that a trigger word gives in a context; ``weights`` by place, in log-odds (0: counts for nothing there).

    ``asserts``: the cue says that something is wrong or repaired, which a negation before it takes back.
    """

    name: str
    weights: tuple[float, float, float]
    triggers: frozenset[str]
    pattern: re.Pattern[str] | None = None
    asserts: bool = False


# Over a few words that do not end the clause: "fix some minor typos", but not "fix crash when docs are missing".
_GAP = r"(?:[ \t]+(?!(?:and|when|that|for|by|in|with|to|from|if|on|where)\b)[\w'\"`.#()/-]+){0,3}?[ \t]+"
_COSMETIC = (
    r"(?:typos?|spell?ings?|misspell\w*|grammar|wording|docs?|docblocks?|docstrings?|documentation|readme(?:\.\w+)?|"
    r"javadocs?|comments?|copyrights?|changelogs?|white ?spaces?|indent\w*|formatting|(?:code ?)?styl(?:e|es|ing)|"
    r"lint\w*|pep-?8|flake8|pylint|rubocop|eslint|checkstyle|warnings?|nits?|nitpicks?|cosmetics?|naming|"
    r"(?:test|variable|method|function|class) names?|capitali[sz]ation|punctuation|dead links?)\b"
    r"(?: (?:mistakes?|errors?|issues?|problems?)\b)?"
)
_ISSUE = r"(?:[\w./-]*#\d+|(?:issues?|bugs?|tickets?|gh)[ :#-]*\d+|[a-z][a-z0-9]+-\d+|https?://|debbugs)"
_FIX_WORDS = "fix fixed fixes fixing fixup fixups hotfix hotfixes bugfix bugfixes bugfixing"
_COSMETIC_WORDS = (
    "typo typos spelling doc docs docstring docstrings documentation readme comment comments whitespace indentation "
    "formatting style styling lint linting linter pep warning warnings cosmetic cosmetics wording grammar changelog"
)


def _cue(
    name: str, weights: tuple[float, float, float], triggers: str, pattern: str = "", *, asserts: bool = False
) -> Cue:
    return Cue(name, weights, frozenset(triggers.split()), re.compile(pattern) if pattern else None, asserts)


BIAS: Final = -1.5
NAMED_FIX_WEIGHT: Final = 2.7
NEGATED_WEIGHT: Final = 0.5

CUES: Final = (
    _cue("no_change", (-0.5, -0.5, -0.5), "no nfc", r"no (?:functional|behaviou?r(?:al)?|visible) changes?|nfc\b"),
    _cue(
        "cosmetic_fix",
        (0.8, 0.3, 0.3),
        _FIX_WORDS + " correct corrected corrects correcting",
        r"[\w-]+" + _GAP + _COSMETIC,
    ),
    _cue("cosmetic_fix", (0.8, 0.3, 0.3), _COSMETIC_WORDS, _COSMETIC + r"[ -](?:fix\w*|corrections?|cleanups?)"),
    _cue(
        "issue_fix",
        (2.9, 2.3, 2),
        _FIX_WORDS,
        r"[\w-]+:?(?: for)?:?\s+(?:(?:issue|bug|ticket)s?:? ?)?" + _ISSUE,
        asserts=True,
    ),
    _cue("fix", (4.7, 4, 3.2), _FIX_WORDS, asserts=True),
    _cue("conflict", (0, 0, 0), "resolve resolved resolves resolving", r"\w+ (?:\w+ ){0,3}conflicts?"),
    _cue("issue_close", (0.3, 0.1, 0.1), "close closes closed resolve resolves resolved", r"\w+:? " + _ISSUE),
    _cue(
        "correction",
        (1.7, 1.7, 0.9),
        "correct corrects corrected correcting correction corrections repair repairs repaired "
        "repairing resolve resolved resolves resolving solve solves solved solving rectify remedy",
        asserts=True,
    ),
    _cue(
        "guard",
        (0.7, 0.7, 0.4),
        "prevent prevents prevented preventing avoid avoids avoided avoiding ensure ensures "
        "ensuring guard guards protect protects safety",
    ),
    _cue("dont", (0, 0, 0.2), "don't dont do never", r"(?:don't|dont|do not|never)\b"),
    _cue(
        "error_text",
        (-0.6, -0.6, 0),
        "error errors exception exceptions failure failures crash warning warnings bug",
        r"\w+[ -](?:messages?|msgs?|handl\w+|log\w*|report\w*|pages?|codes?|output|text|check\w*|class\w*|strings?|"
        r"track\w*|types?)\b",
    ),
    _cue("issue_reference", (0.2, 0, 0), "bug bugs issue issues ticket", r"\w+[ :#-]*\d+"),
    _cue("bug", (1.6, 1.1, 0.8), "bug bugs defect defects bugged buggy glitch", asserts=True),
    _cue(
        "defect",
        (0.9, 0.9, 0.3),
        "crash crashes crashed crashing leak leaks leaked leaking deadlock deadlocks segfault "
        "segfaults segv npe npes nullpointer nullpointerexception regression regressions overflow corruption hang "
        "hangs hanging freeze freezes stuck assertion typeerror keyerror attributeerror valueerror indexerror",
        asserts=True,
    ),
    _cue("race", (0.8, 0.8, 0.3), "race races", r"races?(?: condition)?\b", asserts=True),
    _cue("error", (0.5, 1, 0.1), "error errors exception exceptions failure failures", asserts=True),
    _cue("problem", (0.5, 0.2, -0.2), "problem problems issue issues trouble", asserts=True),
    _cue(
        "symptom",
        (1.1, 1.4, 1.4),
        "broken breaks breakage broke wrong wrongly incorrect incorrectly fails fail failing "
        "failed invalid bogus unexpected unexpectedly erroneous erroneously faulty inconsistent buggy bad stale",
        asserts=True,
    ),
    _cue("missing", (2.2, 2.8, 1.3), "missing missed lacking lacks", asserts=True),
    _cue(
        "malfunction",
        (1, 1, 1.4),
        "doesn't didn't don't isn't wasn't aren't weren't does did is was are were do can "
        "can't cannot couldn't could won't not",
        r"(?:(?:does|did|do|is|was|are|were|could|can|wo)(?:n't| ?not)|can't|not) (?:\w+ly )?"
        r"(?:work\w*|compile|build|run|correct|be found|respect\w*|honou?r\w*|displayed|shown|set|called)\b",
        asserts=True,
    ),
    _cue(
        "slip",
        (0.9, 0.8, 0.3),
        "oops mistake mistakes mistaken mistakenly accidentally accidental accident forgot "
        "forgotten inadvertently overlooked stray messed idiot stupid",
        asserts=True,
    ),
    _cue("proper", (1.2, 1.1, 0.9), "properly correctly", asserts=False),
    _cue(
        "work_again",
        (0.9, 1.1, 1.1),
        "works work working",
        r"work(?:s|ing)? (?:properly|correctly|again|around|as expected)",
    ),
    _cue("expected", (1, 1.5, 1), "should shouldn't", r"should(?:n't| not)? (?:be|have|not|never|only)\b"),
    _cue("workaround", (1, 0.8, 1), "workaround workarounds"),
    _cue("revert", (2.4, 1.8, 1), "revert reverts reverted reverting undo undone rollback"),
    _cue("restore", (0.6, 0.3, 0.3), "restore restores restored"),
    _cue("reported", (0.6, 0.3, 0.3), "reported", r"reported(?:-by| by)"),
    _cue(
        "failing_test",
        (0.6, 0.3, 0.3),
        "test tests build compile compilation travis ci",
        r"\w+ (?:fail\w*|break\w*|errors?)",
    ),
    _cue(
        "conventional",
        (-0.6, -0.4, -0.3),
        "feat feature docs doc chore style refactor perf test tests ci build",
        r"\w+(?:\([^)\n]{0,60}\))?!?:",
    ),
    _cue(
        "add",
        (-1, -0.5, -0.9),
        "add added adds adding implement implements implemented implementing introduce introduces "
        "introduced new create creates created creating allow allows support supports supporting enable enables "
        "initial start feature features",
    ),
    _cue(
        "update",
        (-1.3, -0.1, 0),
        "update updates updated updating upgrade upgraded upgrades bump bumps bumped release "
        "released version prepare sync",
    ),
    _cue(
        "refactor",
        (-1.3, -0.6, 0),
        "refactor refactored refactors refactoring refactorings rename renamed renames move "
        "moved moves moving clean cleaned cleaning cleanup cleanups simplify simplified simplifies reorganize "
        "restructure rewrite rework extract split convert replace replaced switch",
    ),
    _cue("remove", (-0.6, 0.2, 0), "remove removed removes removing delete deleted deletes deleting drop dropped kill"),
    _cue(
        "improve",
        (-0.3, 0, 0),
        "improve improved improves improving improvement improvements enhance enhanced "
        "optimize optimized optimise better tweak tweaks polish speed faster performance",
    ),
    _cue("merge", (-0.5, -0.4, -0.1), "merge merged merges merging"),
    _cue("cosmetic", (-0.7, -0.9, 0), _COSMETIC_WORDS),
)
