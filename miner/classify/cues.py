"""The words that speak for or against a bug fix in a commit message.

A *cue* is a trigger word in a context: the cues of :data:`CUES` are tried in order at every word that is one of their
triggers, and the first whose pattern matches from there on is the evidence. Their weights, by place, are in
``taxonomies/bugfix_weights.toml``, which ``bench/fit_bugfix.py`` fits on commits that were labelled by hand.

Protocol, from Amit and Feitelson, "The Corrective Commit Probability Code Quality Metric" (2020): a fix of the build or
of a test is a bug fix; typos, documentation, style and warnings are not; an improvement with no specific known problem
is not; a commit that mixes is one, if one part is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Place(StrEnum):
    """Where in a message a word stands.

    ``HEAD``: first in the subject, after tags; ``SUBJECT``: elsewhere in it; ``BODY``: below it; ``BULLET``: in the
    list of a squash merge, whose items are the steps of one branch.
    """

    HEAD = "head"
    SUBJECT = "subject"
    BODY = "body"
    BULLET = "bullet"


EVERYWHERE: Final = frozenset(Place)
SUBJECT_PLACES: Final = frozenset({Place.HEAD, Place.SUBJECT})


class Sign(IntEnum):
    """What a cue can only be evidence for, whatever a small sample says: its weights have this sign, or are nought."""

    AGAINST = -1
    EITHER = 0
    FOR = 1


@dataclass(frozen=True, slots=True)
class Cue:
    """Evidence that a trigger word gives in a context; ``places``: where it is tried.

    ``Sign.FOR``: it says that something is wrong or repaired, which a negation before it takes back.
    """

    name: str
    triggers: frozenset[str]
    pattern: re.Pattern[str] | None
    places: frozenset[Place]
    sign: Sign


NOTHING: Final = ""
"""The name of a cue that is no evidence."""

NAMED_FIX: Final = "named_fix"
"""A word for fixing in a name in the subject: the branch of a merge, mostly."""

NEGATED: Final = "negated"
"""A fault or a repair of which the message says that it is not there, or not yet."""


def _says(name: str, triggers: str, pattern: str = "") -> Cue:
    """Make a cue of a fault or a repair, which counts wherever it stands."""
    return Cue(name, frozenset(triggers.split()), _compiled(pattern), EVERYWHERE, Sign.FOR)


def _kind(name: str, triggers: str, pattern: str = "", sign: Sign = Sign.AGAINST) -> Cue:
    """Make a cue of another kind of work. Only the subject says what kind of work a commit is.

    A body that lists an addition beside a fix is that of a mixed commit, which counts as a fix.
    """
    return Cue(name, frozenset(triggers.split()), _compiled(pattern), SUBJECT_PLACES, sign)


def _nothing(triggers: str, pattern: str, places: frozenset[Place] | None = None) -> Cue:
    """Make a cue that keeps words from counting as what they look like."""
    return Cue(NOTHING, frozenset(triggers.split()), _compiled(pattern), places or EVERYWHERE, Sign.EITHER)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None


# Over a few words that do not end the clause: "fix some minor typos", but not "fix crash when docs are missing".
_GAP = r"(?:[ \t]+(?!(?:and|when|that|for|by|in|with|to|from|if|on|where)\b)[\w'\"`.#()/-]+){0,3}?[ \t]+"
_COSMETIC = (
    r"(?:typos?|spell?ings?|misspell\w*|grammar|wording|docs?|docblocks?|docstrings?|documentation|readme(?:\.\w+)?|"
    r"javadocs?|comments?|copyrights?|changelogs?|(?:white ?)?spac(?:es?|ing)|indent\w*|formatting|"
    r"format(?! ?(?:str|spec))|(?:code ?)?styl(?:e|es|ing)|"
    r"lint\w*|pep-?8|flake8|pylint|rubocop|eslint|checkstyle|warnings?|nits?|nitpicks?|cosmetics?|naming|"
    r"(?:test|variable|method|function|class) names?|capitali[sz]ation|punctuation|dead links?|(?:merge )?conflicts?)\b"
    r"(?: (?:mistakes?|errors?|issues?|problems?)\b)?"
)
_ISSUE = r"(?:[\w./-]*#\d+|(?:issues?|bugs?|tickets?|gh)[ :#-]*\d+|[a-z][a-z0-9]+-\d+|https?://|rdar:|debbugs)"
_FIX_WORDS = "fix fixed fixes fixing fixup fixups hotfix hotfixes bugfix bugfixes bugfixing"
_COSMETIC_WORDS = (
    "typo typos spelling doc docs docstring docstrings documentation readme comment comments whitespace indentation "
    "format formatting spacing style styling lint linting linter pep warning warnings cosmetic cosmetics wording "
    "grammar changelog"
)
_COSMETIC_FIX_WORDS = _FIX_WORDS + " correct corrected corrects correcting"
_FIXES = r"[\w-]++(?:\([^)\n]{0,60}\))?:?"
_FIXES_COSMETIC = rf"(?:{_FIXES}{_GAP}|[\w-]++\(){_COSMETIC}"
_COSMETIC_FIXED = _COSMETIC + r"[ -](?:fix\w*|corrections?|cleanups?)"
# What a branch repairs of itself on its way: its tests, its build, what the reviewer found.
_STEP_WORDS = "test tests unittest unittests build ci travis import imports review reviews merge rebase suggestions"
_STEP = (
    r"(?:(?:unit ?)?tests?|build|ci|travis|imports?|(?:code )?reviews?|merge|rebase|suggest\w+|feedback|pre-?commit|"
    r"ruff|black|isort|mypy|yapf|code format)\b(?![\w./-]*\()"
)
# A fix that does not say of what.
_BARE = r"(?<=[*-] )\w+[.!]?[ \t\r]*(?:\n|$)"
_SMALL_WORDS = "small minor tiny quick more some few further another other various"
_SMALL_FIX = r"\w+ (?:\w+ )?fix(?:es)?[.!]?[ \t\r]*(?:\n|$)"
_BELOW = frozenset({Place.BODY, Place.BULLET})
_IN_BULLETS = frozenset({Place.BULLET})

CUES: Final = (
    # What only looks like a fault or a repair.
    _nothing(
        "fixed",
        r"fixed[ -](?:size|width|height|length|point|price|rate|number|position|header|footer|version|seed|values?|"
        r"amount|set|time|interval|order|costs?|income)\b",
    ),
    # With what the message is about: "for a wrong shape" is the user's mistake.
    _nothing(
        "error exception warning",
        r"\w+ (?:messages?|msgs?|text)(?: (?:for|when|if|about|on|in case)\b[^\n.;,]{0,60})?",
    ),
    _nothing(
        "bug bugs issue issues error errors exception exceptions failure failures crash problem problems",
        r"\w+[ -](?:track\w*|reports?|reporting|reporters?|templates?|bounty|lists?|labels?|messages?|msgs?|handl\w+|"
        r"log\w*|pages?|codes?|output|text|check\w*|class\w*|strings?|types?|number)\b",
    ),
    _nothing("resolve resolved resolves resolving", r"\w+ (?:\w+ ){0,3}(?:conflicts?|dependenc\w+|paths?|comments?)\b"),
    _nothing("missing", r"missing (?:tests?|docs?|documentation|comments?|docstrings?|translations?)\b"),
    _nothing("wrong incorrect bad", r"\w+ (?:spell\w*|docs?|documentation|comments?|indent\w*)\b"),
    # Repairs.
    _nothing(_COSMETIC_FIX_WORDS, _FIXES_COSMETIC, _BELOW),
    _nothing(_FIX_WORDS, _FIXES + _GAP + _STEP, _IN_BULLETS),
    _nothing(_FIX_WORDS, _BARE, _IN_BULLETS),
    _nothing(_SMALL_WORDS, _SMALL_FIX, _IN_BULLETS),
    _nothing(_STEP_WORDS, _STEP + r"[ -]fix\w*", _IN_BULLETS),
    _nothing(_COSMETIC_WORDS, _COSMETIC_FIXED, _BELOW),
    # Of either sign: it is no fix, but "fix" is in it, and what else the message says decides.
    _kind("cosmetic_fix", _COSMETIC_FIX_WORDS, _FIXES_COSMETIC, Sign.EITHER),
    _kind("cosmetic_fix", _COSMETIC_WORDS, _COSMETIC_FIXED, Sign.EITHER),
    _says("issue_fix", _FIX_WORDS, r"[\w-]++:?(?: for)?:?\s+(?:(?:issue|bug|ticket)s?:? ?)?" + _ISSUE),
    _says("fix", _FIX_WORDS),
    _says("issue_close", "close closes closed resolve resolves resolved", r"\w+:? " + _ISSUE),
    _says(
        "correction",
        "correct corrects corrected correcting correctly correction corrections repair repairs repaired repairing "
        "resolve resolved resolves resolving solve solves solved solving rectify rectifies rectified remedy "
        "proper properly",
    ),
    _says("guard", "prevent prevents prevented preventing avoid avoids avoided avoiding protect protects"),
    _says(
        "revert",
        "revert reverts reverted reverting undo undone rollback roll rolled back backed",
        r"(?:revert\w*|undo\w*|rollback|roll(?:ed|s|ing)? back|back(?:ed)? out)\b",
    ),
    _says("restore", "restore restores restored"),
    _says("workaround", "workaround workarounds hack work", r"(?:workarounds?|hack|work around)\b"),
    _says("silenced_test", "disable disabled disables skip skipped skips", r"\w+ (?:[\w.'-]+ ){0,5}tests?\b"),
    # Faults.
    _says("bug", "bug bugs defect defects bugged buggy glitch glitches"),
    _says(
        "symptom",
        "crash crashes crashed crashing leak leaks leaked leaking deadlock deadlocks segfault segfaults segv npe npes "
        "nullpointer nullpointerexception regression regressions overflow overflows underflow corruption corrupt "
        "corrupted hang hangs hanging freeze freezes stuck panic panics vulnerability vulnerabilities nan nans",
    ),
    _says("symptom", "race races", r"race(?:s| conditions?| (?:in|between|with|on|when))\b"),
    _says(
        "symptom",
        "infinite endless off out use double memory",
        r"(?:(?:infinite|endless) (?:loops?|recursions?)|off[ -]by[ -]one|out[ -]of[ -](?:bounds|memory)|"
        r"use[ -]after[ -]free|double[ -]free|memory leaks?)\b",
    ),
    _says(
        "error",
        "error errors exception exceptions failure failures typeerror keyerror attributeerror valueerror indexerror "
        "runtimeerror importerror",
    ),
    _says("problem", "problem problems issue issues trouble troubles"),
    _says(
        "symptom",
        "broken breaks breakage broke wrong wrongly incorrect incorrectly fails fail failing failed bogus invalid "
        "unexpected unexpectedly erroneous erroneously faulty inconsistent bad stale misbehaving clash clashes "
        "complains flaky unreliable prematurely nonexistent nonexisting spurious unintended "
        "improper improperly garbled",
    ),
    _says("missing", "missing missed lacking lacks"),
    _says(
        "working",
        "doesn't didn't don't isn't wasn't aren't weren't does did is was are were do can can't cannot couldn't could "
        "won't not",
        r"(?:(?:does|did|do|is|was|are|were|could|can|wo)(?:n't| ?not)|can't|not) (?:\w+ly )?"
        r"(?:work\w*|compile|build|run|correct|be found|respect\w*|honou?r\w*|displayed|shown|set|called)\b",
    ),
    _says("working", "works work working", r"work(?:s|ing)? (?:properly|correctly|again|now|as expected)\b"),
    _says("working", "now actually", r"(?:now|actually) (?:\w+ly )?works?\b"),
    _says(
        "slip",
        "oops whoops mistake mistakes mistaken mistakenly accidentally accidental accident forgot forgotten "
        "inadvertently overlooked oversight stray messed idiot stupid",
    ),
    _says("expected", "should shouldn't", r"should(?:n't| not)? (?:\w+ )?(?:be|have|not|never|only|now)\b"),
    _says(
        "cause",
        "because due caused causes causing leads results",
        r"(?:because|due to|caus\w+|leads to|results in)\b",
    ),
    _says(
        "past_trouble",
        "didn't wasn't weren't couldn't wouldn't did was were could would",
        r"(?:did|was|were|could|would)(?:n't| not)\b",
    ),
    _says("reported", "reported noticed found pointed", r"(?:reported(?:-by| by)|noticed by|found by|pointed out)\b"),
    # Other kinds of work.
    _kind(
        "conventional",
        "feat feature docs doc chore style refactor perf test tests ci build",
        r"\w+(?:\([^)\n]{0,60}\))?!?:",
    ),
    _kind(
        "add",
        "add added adds adding implement implements implemented implementing introduce introduces introduced new "
        "create creates created creating allow allows support supports supporting enable enables initial start "
        "feature features",
    ),
    _kind(
        "update",
        "update updates updated updating upgrade upgraded upgrades bump bumps bumped release released version prepare "
        "sync",
    ),
    _kind(
        "refactor",
        "refactor refactored refactors refactoring refactorings rename renamed renames move moved moves moving clean "
        "cleaned cleaning cleanup cleanups simplify simplified simplifies reorganize restructure rewrite rework "
        "extract split convert replace replaced switch",
    ),
    _kind("remove", "remove removed removes removing delete deleted deletes deleting drop dropped kill"),
    _kind("merge", "merge merged merges merging"),
    _kind("cosmetic", _COSMETIC_WORDS),
)
