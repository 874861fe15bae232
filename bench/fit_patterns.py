"""Fits the weights of the fix patterns to hunks that were labelled by hand, and says how well that generalises.

    python bench/fit_patterns.py LABELS.xlsx CLONES [--write] [--seed 0]

LABELS.xlsx has a sheet "GitHub" with the columns Bug (a link to a line of a commit or of a file), Bug Fix Pattern and
Library, as the paper's authors publish it; CLONES holds a clone OWNER+NAME, or OWNER+NAME/repo, of each repository.
openpyxl must be installed. What a row labels is the hunk at its link's anchor, or all of the commit where it has none.
Printed are the figures of the shipped weights (on what they were fitted to, if that is LABELS.xlsx) and those of
cross-validation: of the hunk by itself, of the fix that it is in, and of its commit unsplit.

The model is a multinomial logistic regression in which nothing can speak for a pattern but its own rule and the topics
that are listed here, each drawn to what it was before any label was seen, so that some two hundred rows suffice. A
commit of n rows counts as the root of n. The rules' own fixtures are fitted too, each at half a row: they are all that
is known of patterns that the labels lack. In cross-validation the repositories of an owner are never split. ``--write``
puts the weights that all rows give into ``miner/classify/taxonomies/pattern_weights.toml``.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from pattern_labels import Example, fixture_examples, read_examples

from miner.classify import engine, scoring
from miner.classify.scoring import rule_share
from miner.classify.taxonomies import PatternWeights, taxonomy
from miner.model import Label

TARGET = Path(__file__).parents[1] / "miner" / "classify" / "taxonomies" / "pattern_weights.toml"
SPEAKS = {
    "loss_function": ("loss",),
    "neural_connection": ("weights", "layer"),
    "add_layer": ("layer",),
    "layer_dimension": ("shape", "layer"),
    "data_dimension": ("shape", "slice"),
    "accuracy_metric": ("metric",),
    "data_type": ("type",),
    "activation": ("activation",),
    "iterations": ("training",),
    "versioning": ("version",),
    "api_contract": ("type",),
    "data_wrangling": ("data", "slice", "index"),
    "monitor": ("output",),
    "optimizer": ("optimizer",),
    "change_neural_architecture": ("layer", "many"),
}
"""The topics that can speak for each pattern, by its definition."""

RULE, TOPIC = 2.0, 0.7
"""What weights are before any label was seen."""

BIAS_PENALTY, RULE_PENALTY, TOPIC_PENALTY = 0.3, 1.0, 4.0
BIAS_SHARE = 0.65
"""How much of a fitted bias is kept: all of it would never give the rare patterns the first place."""

STEPS = 250
JUDGED = {"hunk": Example.hunk, "fix": Example.fix, "commit": Example.whole}
FOLDS = 20


@dataclass(frozen=True)
class Coefficient:
    """A weight of a pattern: of its bias (""), of its rule ("rule") or of a topic."""

    pattern: int
    feature: str
    prior: float
    penalty: float


PATTERNS = [entry.id for entry in taxonomy("fix_patterns")]
COEFFICIENTS = [
    coefficient
    for at, pattern in enumerate(PATTERNS)
    for coefficient in (
        Coefficient(at, "", 0.0, BIAS_PENALTY),
        Coefficient(at, "rule", RULE, RULE_PENALTY),
        *(Coefficient(at, topic, TOPIC, TOPIC_PENALTY) for topic in SPEAKS[pattern]),
    )
]


def value(coefficient: Coefficient, example: Example) -> float:
    """Give the value of a feature."""
    if not coefficient.feature:
        return 1.0
    if coefficient.feature == "rule":
        return rule_share(example.strengths.get(PATTERNS[coefficient.pattern], 0.0))
    return float(coefficient.feature in example.topics)


def fit(examples: Sequence[Example], weights: Sequence[float]) -> dict[str, PatternWeights]:
    """Find the weights with the least penalised loss, by gradient descent with momentum."""
    cells = [
        [(at, coefficient.pattern, given) for at, coefficient in enumerate(COEFFICIENTS)
         if (given := value(coefficient, example))]
        for example in examples
    ]  # fmt: skip
    truths = [PATTERNS.index(example.pattern) for example in examples]
    found = [coefficient.prior for coefficient in COEFFICIENTS]
    curves = [coefficient.penalty + 0.25 * sum(weights) for coefficient in COEFFICIENTS]
    speed = [0.0] * len(found)
    for _ in range(STEPS):
        slopes = [
            coefficient.penalty * (weight - coefficient.prior)
            for coefficient, weight in zip(COEFFICIENTS, found, strict=True)
        ]
        for row, truth, weight in zip(cells, truths, weights, strict=True):
            shares = softmax(row, found)
            for at, pattern, given in row:
                slopes[at] += weight * given * (shares[pattern] - (pattern == truth))
        for at, slope in enumerate(slopes):
            speed[at] = 0.9 * speed[at] - slope / curves[at]
            found[at] += speed[at]
            if COEFFICIENTS[at].feature and found[at] < 0:
                found[at] = speed[at] = 0.0
    return named(found)


def softmax(row: Sequence[tuple[int, int, float]], weights: Sequence[float]) -> list[float]:
    """Give the probabilities of an example's patterns."""
    scores = [0.0] * len(PATTERNS)
    for at, pattern, given in row:
        scores[pattern] += given * weights[at]
    highest = max(scores)
    shares = [math.exp(score - highest) for score in scores]
    total = sum(shares)
    return [share / total for share in shares]


def named(found: Sequence[float]) -> dict[str, PatternWeights]:
    """Name and round the weights."""
    cells = {(PATTERNS[c.pattern], c.feature): weight for c, weight in zip(COEFFICIENTS, found, strict=True)}
    return {
        pattern: PatternWeights(
            round(BIAS_SHARE * cells[pattern, ""], 2),
            round(cells[pattern, "rule"], 2),
            {topic: round(cells[pattern, topic], 2) for topic in SPEAKS[pattern]},
        )
        for pattern in PATTERNS
    }


def fit_rows(examples: Sequence[Example], fixtures: Sequence[Example]) -> dict[str, PatternWeights]:
    """Fit to labelled rows, a commit's sharing its weight, and to the rules' own fixtures, at half a row's weight."""
    sizes = Counter(example.commit for example in examples)
    shares = [sizes[example.commit] ** -0.5 for example in examples]
    mean = sum(shares) / len(shares)
    return fit([*examples, *fixtures], [*(share / mean for share in shares), *[0.5] * len(fixtures)])


def cross_validate(
    examples: Sequence[Example], fixtures: Sequence[Example], seed: int
) -> dict[str, list[tuple[Label, ...]]]:
    """Judge every example's hunk, fix and commit by weights that were fitted without the repositories of its owner."""
    owners = sorted({example.owner for example in examples})
    random.Random(seed).shuffle(owners)  # noqa: S311 - folds are no secret
    fold_of = {owner: at % FOLDS for at, owner in enumerate(owners)}
    found: dict[int, dict[str, tuple[Label, ...]]] = {}
    for fold in range(FOLDS):
        weights = fit_rows([example for example in examples if fold_of[example.owner] != fold], fixtures)
        with (
            patch.object(engine, "pattern_weights", return_value=weights),
            patch.object(scoring, "pattern_weights", return_value=weights),
        ):
            for at, example in enumerate(examples):
                if fold_of[example.owner] == fold:
                    found[at] = {what: judge(example) for what, judge in JUDGED.items()}
    return {what: [found[at][what] for at in range(len(examples))] for what in JUDGED}


def figures(examples: Sequence[Example], ranked: Sequence[Sequence[str]], weights: Sequence[float]) -> str:
    """Format top-1, top-3 and macro-F1 over the patterns that occur."""
    total = sum(weights)
    rows = list(zip(examples, ranked, weights, strict=True))
    top1 = sum(w for example, names, w in rows if names[:1] == [example.pattern]) / total
    top3 = sum(w for example, names, w in rows if example.pattern in names[:3]) / total
    scores = []
    for pattern in sorted({example.pattern for example in examples}):
        true = sum(w for example, _, w in rows if example.pattern == pattern)
        given = sum(w for _, names, w in rows if names[:1] == [pattern])
        hits = sum(w for example, names, w in rows if names[:1] == [pattern] == [example.pattern])
        scores.append(2 * hits / (true + given))
    return f"top-1 {top1:.3f}  top-3 {top3:.3f}  macro-F1 {sum(scores) / len(scores):.3f}"


def report(name: str, examples: Sequence[Example], judged: Sequence[Sequence[Label]]) -> None:
    """Print the figures with every row the same, and with every commit the same."""
    sizes = Counter(example.commit for example in examples)
    ranked = [[label.value for label in labels] for labels in judged]
    print(f"{name:24} rows     {figures(examples, ranked, [1.0] * len(examples))}")
    print(f"{'':24} commits  {figures(examples, ranked, [1 / sizes[example.commit] for example in examples])}")


def coverage(examples: Sequence[Example], judged: Sequence[Sequence[Label]]) -> None:
    """Print the precision of the surest quarters of the first labels, and how sure they are."""
    rows = [
        (labels[0].confidence, labels[0].value == example.pattern)
        for example, labels in zip(examples, judged, strict=True)
        if labels[0].confidence is not None
    ]
    rows.sort(key=lambda row: -row[0])
    print(f"{len(examples) - len(rows)} abstentions")
    for share in (0.25, 0.5, 0.75, 1.0):
        kept = rows[: round(share * len(rows))]
        right, mean = (sum(row[at] for row in kept) / len(kept) for at in (1, 0))
        print(f"coverage {share:4.0%}  precision {right:.3f}  mean confidence {mean:.3f}  least {kept[-1][0]:.3f}")


def toml(weights: Mapping[str, PatternWeights]) -> str:
    """Write the weights."""
    lines = ["# Log-odds of the fix patterns (miner/classify/scoring.py). Made by bench/fit_patterns.py: do not edit."]
    for pattern, row in weights.items():
        told = ", ".join(f"{topic} = {weight}" for topic, weight in row.topics.items() if weight)
        lines += ["", f"[{pattern}]", f"bias = {row.bias}", f"rule = {row.rule}", f"topics = {{ {told} }}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit, cross-validate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    examples, fixtures = read_examples(asked.labels, asked.clones), fixture_examples()
    print(f"{len(examples)} labelled rows whose change is at hand, {len(fixtures)} fixtures")
    for what, judge in JUDGED.items():
        report(f"shipped, {what}", examples, [judge(example) for example in examples])
    judged = cross_validate(examples, fixtures, asked.seed)
    for what, labels in judged.items():
        report(f"cross-validated, {what}", examples, labels)
    coverage(examples, judged["fix"])
    if asked.write:
        TARGET.write_text(toml(fit_rows(examples, fixtures)), encoding="utf-8")
        print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
