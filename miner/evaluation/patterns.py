"""Counts how often the fix patterns that a rater ranks are those that people gave, and by how much."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from miner.classify.engine import UNKNOWN
from miner.evaluation.figures import Confusion, Figure, wilson
from miner.model import Evidence

COVERAGES: Final = (0.25, 0.5, 0.75, 1.0)
"""Shares of the rows at which the precision of the surest labels is told."""

_TOP: Final = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """A pattern that the rater gave, with how sure it is, 0 to 1."""

    pattern: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled fix with the rater's ranking, best first; empty: it abstained.

    ``library`` is what the label set says. Cases of one commit or question share their ``group``. ``evidence`` is that
    of the first guess.
    """

    link: str
    label: str
    library: str
    group: str
    ranking: tuple[Guess, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def prediction(self) -> str:
        """The first guess; "unknown" for an abstention."""
        return self.ranking[0].pattern if self.ranking else UNKNOWN

    @property
    def confidence(self) -> float | None:
        """How sure the rater is of its first guess; None for an abstention."""
        return self.ranking[0].confidence if self.ranking else None

    def is_within(self, top: int) -> bool:
        """Tell whether the label is among the first guesses."""
        return self.label in {guess.pattern for guess in self.ranking[:top]}


@dataclass(frozen=True, slots=True)
class Apart:
    """Rows of the label set that are told apart.

    Of ``not_in_database`` (no such commit or question), ``no_fix`` (it is there, and holds no fix) and ``unreadable``
    (no known pattern, or no link that can be followed) there are no cases. Of ``hunk_not_in_fix`` there are: the line
    that the link names is in no fix, so another fix of the commit was compared.
    """

    not_in_database: int = 0
    no_fix: int = 0
    hunk_not_in_fix: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Means:
    """Figures in which cases weigh differently; None where not defined (no cases; kappa: only one category)."""

    n: int
    top1: float | None
    top3: float | None
    macro_f1: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """Figures of the cases of one library."""

    n: int
    top1: Figure | None
    top3: Figure | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The ``n`` surest cases, a share of all, and how many of their labels are right.

    ``confidence`` is the lowest among them; None where abstentions are among them, which count as wrong.
    """

    coverage: float
    n: int
    confidence: float | None
    precision: Figure | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What always guessing the same is worth: the most frequent labels, the most frequent first."""

    patterns: tuple[str, ...]
    top1: float
    top3: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class PatternEvaluation:
    """Everything that is told about a ranking of patterns beside labels.

    The intervals take the rows for independent. Rows of one commit are not quite, so ``by_commit`` lets the rows of a
    commit (or question) weigh one together. ``top1_all_rows`` counts every row that has no case as wrong.
    ``confusion`` has the label first. ``errors`` are the wrong cases, the most confident first.
    """

    n: int
    abstained: int
    top1: Figure | None
    top3: Figure | None
    top1_all_rows: Figure | None
    rows: Means
    by_commit: Means
    baseline: Baseline | None
    per_pattern: Mapping[str, Confusion]
    per_library: Mapping[str, Share]
    coverage: tuple[Kept, ...]
    confusion: Mapping[tuple[str, str], int]
    apart: Apart
    errors: tuple[Case, ...]


def evaluate(cases: Sequence[Case], apart: Apart) -> PatternEvaluation:
    """Compare the rankings with the labels; an abstention is wrong."""
    everything = _share(cases)
    surest = sorted(cases, key=_doubt)
    right = sum(case.is_within(1) for case in cases)
    return PatternEvaluation(
        n=len(cases),
        abstained=sum(not case.ranking for case in cases),
        top1=everything.top1,
        top3=everything.top3,
        top1_all_rows=wilson(right, len(cases) + apart.not_in_database + apart.no_fix + apart.unreadable),
        rows=_means(cases, [1.0] * len(cases), len(cases)),
        by_commit=_by_commit(cases),
        baseline=_baseline(cases),
        per_pattern=_per_pattern(cases),
        per_library={name: _share(found) for name, found in sorted(_by_library(cases).items())},
        coverage=tuple(_kept(surest, share) for share in COVERAGES),
        confusion=Counter((case.label, case.prediction) for case in cases),
        apart=apart,
        errors=tuple(case for case in surest if not case.is_within(1)),
    )


def _doubt(case: Case) -> float:
    # Stable: of equally sure cases the order of the label set holds. Abstentions come last.
    return math.inf if case.confidence is None else -case.confidence


def _share(cases: Sequence[Case]) -> Share:
    top1, top3 = (wilson(sum(case.is_within(top) for case in cases), len(cases)) for top in (1, _TOP))
    return Share(len(cases), top1, top3)


def _by_library(cases: Sequence[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        found[case.library].append(case)
    return found


def _kept(surest: Sequence[Case], share: float) -> Kept:
    kept = surest[: math.ceil(len(surest) * share)]
    right = sum(case.is_within(1) for case in kept)
    return Kept(share, len(kept), kept[-1].confidence if kept else None, wilson(right, len(kept)))


def _per_pattern(cases: Sequence[Case]) -> dict[str, Confusion]:
    """Count each pattern that occurs, as a label or as a first guess, against all others; frequent labels first."""
    labels, guesses = Counter(case.label for case in cases), Counter(case.prediction for case in cases)
    hits = Counter(case.label for case in cases if case.is_within(1))
    counts = {}
    for pattern in sorted((labels.keys() | guesses.keys()) - {UNKNOWN}, key=lambda name: (-labels[name], name)):
        hit, false_alarms, missed = hits[pattern], guesses[pattern] - hits[pattern], labels[pattern] - hits[pattern]
        counts[pattern] = Confusion(hit, false_alarms, missed, len(cases) - hit - false_alarms - missed)
    return counts


def _by_commit(cases: Sequence[Case]) -> Means:
    sizes = Counter(case.group for case in cases)
    return _means(cases, [1 / sizes[case.group] for case in cases], len(sizes))


def _means(cases: Sequence[Case], weights: Sequence[float], n: int) -> Means:
    if not cases:
        return Means(0, None, None, None, None)
    total = math.fsum(weights)
    top1, top3 = (
        math.fsum(weight for case, weight in zip(cases, weights, strict=True) if case.is_within(top)) / total
        for top in (1, _TOP)
    )
    labels, guesses, hits = _sums(cases, weights)
    # F1 is 2 hits / (labels + guesses): the harmonic mean of hits / labels and hits / guesses.
    macro = math.fsum(2 * hits[name] / (labels[name] + guesses[name]) for name in labels) / len(labels)
    return Means(n, top1, top3, macro, _kappa(labels, guesses, total, top1))


def _sums(
    cases: Sequence[Case], weights: Sequence[float]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Sum the weights by label, by first guess, and by label where the two agree."""
    labels: dict[str, float] = defaultdict(float)
    guesses: dict[str, float] = defaultdict(float)
    hits: dict[str, float] = defaultdict(float)
    for case, weight in zip(cases, weights, strict=True):
        labels[case.label] += weight
        guesses[case.prediction] += weight
        if case.is_within(1):
            hits[case.label] += weight
    return labels, guesses, hits


def _kappa(labels: Mapping[str, float], guesses: Mapping[str, float], total: float, agreement: float) -> float | None:
    """Cohen's kappa of labels and first guesses, "unknown" being a category; None if both know one category only."""
    chance = math.fsum(weight * guesses.get(name, 0.0) for name, weight in labels.items()) / total**2
    return None if math.isclose(chance, 1) else (agreement - chance) / (1 - chance)


def _baseline(cases: Sequence[Case]) -> Baseline | None:
    labels = Counter(case.label for case in cases)
    if not labels:
        return None
    ordered = sorted(labels, key=lambda name: (-labels[name], name))[:_TOP]
    shares = [labels[name] / len(cases) for name in ordered]
    return Baseline(tuple(ordered), shares[0], math.fsum(shares), 2 * shares[0] / (1 + shares[0]) / len(labels))
