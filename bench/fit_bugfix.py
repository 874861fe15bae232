"""Fits the weights of the bug-fix cues to commits that were labelled by hand, and says how well that generalises.

    python bench/fit_bugfix.py LABELS.csv [--write] [--folds 10] [--repeats 5] [--seed 0]

LABELS.csv has the columns that ``miner evaluate bugfix`` reads. Printed are the figures of the shipped weights (on what
they were fitted to, if that is LABELS.csv) and those of cross-validation, the honest ones: each fold is judged by
weights that were fitted to the others. Repositories of one owner, or of one name (forks), are always in one fold.
``--write`` puts the weights into ``miner/classify/taxonomies/bugfix_weights.toml``.

The model is a logistic regression. The weight of a cue in a place is the sum of one of the cue, one of the cue in the
subject or below it, and one of the cue in the place; each is held near nought (:data:`PENALTY`), so that in a place
that is rarely seen a cue weighs what it weighs nearby. A cue that can only speak for a fix, or against one, has that
sign. A missed fix counts as much as :data:`MISSED` false alarms, which brings precision and recall together at the
threshold of 0.5.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from miner.classify.bugfix import cues_of
from miner.classify.cues import CUES, EVERYWHERE, NAMED_FIX, NEGATED, NOTHING, SUBJECT_PLACES, Place, Sign
from miner.evaluation.bugfix import Evaluation, Judged, compare, evaluate
from miner.evaluation.labels import LabelledMessage, read
from miner.model import BugFixVerdict

TARGET = Path(__file__).parents[1] / "miner" / "classify" / "taxonomies" / "bugfix_weights.toml"
MISSED = 2.0
PENALTY = 2.0
ALL = "everywhere"
ENOUGH = 1e-4
SWEEPS = 300

Cell = tuple[str, str]
SIGNS = {cue.name: cue.sign for cue in CUES if cue.name != NOTHING} | {
    NAMED_FIX: Sign.FOR,
    NEGATED: Sign.EITHER,
}


@dataclass
class Column:
    """A coefficient: the rows that have its feature, and what is known of it beforehand."""

    sign: Sign
    rows: list[int] = field(default_factory=list)
    penalty: float = PENALTY
    value: float = 0.0


@dataclass
class Weights:
    """What was fitted."""

    bias: float
    cells: dict[Cell, float] = field(default_factory=dict)

    def score(self, cues: dict[str, Place]) -> float:
        """Give the score of a message with these cues."""
        return logistic(self.bias + sum(self.cells.get(cell, 0.0) for cell in cues.items()))


def logistic(value: float) -> float:
    """Make a sum a score."""
    return 1 / (1 + math.exp(-value))


def fit(cues: Sequence[dict[str, Place]], truths: Sequence[bool]) -> Weights:
    """Find the weights with the least penalised loss, one coefficient at a time (each step is Newton's)."""
    columns = {
        (name, level): Column(sign if level == ALL else Sign.EITHER)
        for name, sign in SIGNS.items()
        for place in Place
        for level in levels(place)
    }
    for at, found in enumerate(cues):
        for name, place in found.items():
            for level in levels(place):
                columns[name, level].rows.append(at)
    bias = Column(Sign.EITHER, list(range(len(cues))), penalty=0.0)
    sums = [0.0] * len(cues)
    seen = [bias, *(column for column in columns.values() if column.rows)]
    for _ in range(SWEEPS):
        if max(abs(step(column, sums, truths)) for column in seen) < ENOUGH:
            break
    cells = {
        (name, place): signed(sum(columns[name, level].value for level in levels(place)), sign)
        for name, sign in SIGNS.items()
        for place in places_of(name)
    }
    return Weights(round(bias.value, 1), {cell: weight for cell, weight in cells.items() if weight})


def levels(place: Place) -> tuple[str, str, Place]:
    """Name what a place belongs to, from all places over the subject or what is below it to itself."""
    return (ALL, "in the subject" if place in SUBJECT_PLACES else "below the subject", place)


def step(column: Column, sums: list[float], truths: Sequence[bool]) -> float:
    """Improve one coefficient; give how far it moved."""
    slope, curve = column.penalty * column.value, column.penalty
    for at in column.rows:
        score = logistic(sums[at])
        weight = MISSED if truths[at] else 1.0
        slope += weight * (score - truths[at])
        curve += weight * score * (1 - score)
    # Two at most: far from the minimum, Newton's step overshoots.
    target = column.value - max(-2.0, min(2.0, slope / max(curve, 1e-6)))
    if column.sign is Sign.FOR:
        target = max(target, 0.0)
    elif column.sign is Sign.AGAINST:
        target = min(target, 0.0)
    moved = target - column.value
    column.value = target
    for at in column.rows:
        sums[at] += moved
    return moved


def signed(weight: float, sign: Sign) -> float:
    """Round a weight, and make it nought where it has the wrong sign."""
    rounded = round(weight, 1)
    return 0.0 if rounded * sign < 0 else rounded


def places_of(name: str) -> list[Place]:
    """Give the places where a cue can stand."""
    if name == NAMED_FIX:
        return [Place.SUBJECT]
    tried = [cue.places for cue in CUES if cue.name == name] or [EVERYWHERE]
    return [place for place in Place if any(place in places for places in tried)]


def groups(rows: Sequence[LabelledMessage]) -> list[str]:
    """Give each row the name of its group: repositories that share an owner or a name are in one."""
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for row in rows:
        owner, _, name = row.repository.lower().partition("/")
        leader[lead(owner)] = lead(name)
    return [lead(row.repository.lower().partition("/")[0]) for row in rows]


def cross_validate(rows: Sequence[LabelledMessage], folds: int, seed: int) -> Evaluation:
    """Judge every row by weights that were fitted without its fold."""
    cues = [cues_of(row.message) for row in rows]
    group_of = groups(rows)
    names = sorted(set(group_of))
    random.Random(seed).shuffle(names)  # noqa: S311 - folds are no secret
    fold_of = {name: at % folds for at, name in enumerate(names)}
    judged: list[Judged] = []
    for fold in range(folds):
        seen = [at for at, group in enumerate(group_of) if fold_of[group] != fold]
        weights = fit([cues[at] for at in seen], [rows[at].is_bug_fix for at in seen])
        judged += [
            Judged(rows[at], BugFixVerdict(weights.score(cues[at]), ()))
            for at, group in enumerate(group_of)
            if fold_of[group] == fold
        ]
    return compare(judged, 0.5)


def toml(weights: Weights) -> str:
    """Write the weights, the cues in the order of the module."""
    lines = [
        "# Log-odds of the cues in miner/classify/cues.py by place. Made by bench/fit_bugfix.py: do not edit.",
        "",
        f"bias = {weights.bias}",
        "",
        "[weights]",
    ]
    for name in SIGNS:
        cells = [f"{place} = {weights.cells[name, place]}" for place in Place if (name, place) in weights.cells]
        if cells:
            lines.append(f"{name} = {{ {', '.join(cells)} }}")
    return "\n".join(lines) + "\n"


def line(name: str, evaluation: Evaluation) -> str:
    """Format an evaluation's figures with their intervals."""
    confusion = evaluation.confusion
    cells = [f"{name:20}"]
    for label, figure in (("P", confusion.precision), ("R", confusion.recall), ("F1", confusion.f1)):
        cells.append(f"{label} {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})" if figure else f"{label} ?")
    return "  ".join(cells)


def main() -> None:
    """Fit, cross-validate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rows = read(asked.labels.read_bytes(), str(asked.labels))
    print(line("shipped weights", evaluate(rows, 0.5)))
    found = [cross_validate(rows, asked.folds, asked.seed + at) for at in range(asked.repeats)]
    for at, evaluation in enumerate(found):
        print(line(f"cross-validated, {at}", evaluation))
    means = [
        statistics.mean(figure.value for evaluation in found if (figure := getattr(evaluation.confusion, name)))
        for name in ("precision", "recall", "f1")
    ]
    print(f"{'mean of the repeats':20}  P {means[0]:.3f}  R {means[1]:.3f}  F1 {means[2]:.3f}")
    if asked.write:
        weights = fit([cues_of(row.message) for row in rows], [row.is_bug_fix for row in rows])
        TARGET.write_text(toml(weights), encoding="utf-8")
        print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
