"""What the study is made from: read from the database once, then only looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from miner.study.basis import Basis
from miner.study.choice import Choice
from miner.study.counts import Cell, Counts


@dataclass(frozen=True, slots=True)
class NewBug:
    """A fix after which something was wrong again.

    ``kind`` is "new_bug" or "not_repaired" (the asker says that the old error stays). ``old`` has the labels of the
    fix, ``new`` those of the bug that it brought: of the later fix, or of the comment's wording. ``evidence`` is the
    comment's words or the line that was changed again; ``later_fix_id`` is None for a comment.
    """

    fix_id: str
    kind: str
    old: Cell
    new: Cell
    evidence: str
    later_fix_id: str | None = None
    days: float | None = None


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What became of the fixes: ``followed[source, library, pattern]`` could be followed at all, and what went wrong.

    The pattern is "" for a fix that has none from the chosen rater. A fix is at most once in ``new_bugs``.
    """

    followed: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    new_bugs: tuple[NewBug, ...] = ()


@dataclass(frozen=True, slots=True)
class Challenges:
    """Counts for section 7, each by (source, library).

    ``texts``: fixes with a text to look at; ``reusing``: those whose text speaks of a trained model that is used again.
    ``messages``: fixes of a question with an error message and code before and after; ``pointing``: those whose message
    names something that the fix changed. ``api_changes[library, version]``: fixes whose versioning evidence is a
    change of that version; ``known_changes`` the changes that the miner knows of it.
    """

    texts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reusing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    messages: Mapping[tuple[str, str], int] = field(default_factory=dict)
    pointing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    api_changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    known_changes: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that an exhibit may look at.

    ``bugs[source, library]``: questions and commits that the fixes repair. ``basis``: what was judged, and of how many.
    ``left_out``: questions without a fix, by reason. ``unread``: cells of label files that could not be read.
    ``seed`` and ``permutations`` are of the permutation tests.
    """

    choice: Choice
    counts: Counts = field(default_factory=lambda: Counts(()))
    bugs: Mapping[tuple[str, str], int] = field(default_factory=dict)
    basis: Basis = field(default_factory=Basis)
    aftermath: Aftermath = field(default_factory=Aftermath)
    challenges: Challenges = field(default_factory=Challenges)
    left_out: Mapping[str, int] = field(default_factory=dict)
    unread: int = 0
    paper: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    seed: int = 0
    permutations: int = 9_999

    def printed(self, exhibit: str, key: str) -> float | str | None:
        """Give what the paper prints; None where that is not known."""
        return self.paper.get(exhibit, {}).get(key)
