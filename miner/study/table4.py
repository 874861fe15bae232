"""Table 4: whether the libraries' distributions over the patterns differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations

from miner.study.counts import vector
from miner.study.exhibits import Comparison, Exhibit, Grid, Scalar, Value, grid, records, shown
from miner.study.material import Material
from miner.study.names import name
from miner.study.paper import compare
from miner.study.statistics import Difference, difference, groups, holm

ID = "table4"
_GROUPS = "groups"
Pair = tuple[str, str]
_COLUMNS = (
    "library_a",
    "library_b",
    "fixes_a",
    "fixes_b",
    "p_t_test_independent",
    "p_t_test_paired",
    "p_permutation",
    "p_permutation_holm",
    "cramers_v",
    "paper",
)
_FACTS = (
    "The t-tests are the paper's choice, on the counts of the 15 patterns, unknown left out. They ask whether two "
    "libraries have as many fixes a pattern, not whether they have them of the same patterns: a library with few "
    "fixes differs from one with many whatever it repairs. The permutation test asks the latter.",
    "The p-values that the paper prints do not follow to the digit from its published labels: for Keras and "
    "TensorFlow it prints 0.84, where an independent t-test on the counts gives 0.28. The groups that it finds "
    "(Caffe, Theano and Torch; Keras and TensorFlow) do follow.",
    "p_permutation is of Pearson's chi-square with both margins fixed, from random tables of a fixed seed; Cramer's V, "
    "corrected for bias, is its size from 0 to 1. Holm's method allows for the number of pairs.",
)


def build(material: Material) -> Exhibit:
    """Compare each pair of libraries that have fixes with a known pattern."""
    vectors = {one: vector(material.counts.of(library=one)) for one in material.counts.libraries()}
    there = [one for one, counts in vectors.items() if any(counts)]
    pairs = list(combinations(there, 2))
    found = {(a, b): difference(vectors[a], vectors[b], material.seed, material.permutations) for a, b in pairs}
    adjusted = dict(zip(pairs, holm([found[pair].homogeneity for pair in pairs]), strict=True))
    rows = [_row(material, pair, vectors, found[pair], adjusted[pair]) for pair in pairs]
    return Exhibit(
        ID,
        "Table 4: do the libraries differ?",
        "p-values for each pair of libraries: below 0.05 they differ at 95 %.",
        records(_COLUMNS, rows),
        tuple(_grids(material, there, found, adjusted)),
        notes=tuple(_notes(material, there, found, adjusted)),
        comparisons=tuple(_comparisons(material, rows, found, there)),
    )


def _row(
    material: Material, pair: Pair, vectors: Mapping[str, tuple[int, ...]], found: Difference, adjusted: float | None
) -> tuple[Scalar, ...]:
    a, b = pair
    figures = (found.independent, found.paired, found.homogeneity, adjusted, found.v)
    return a, b, sum(vectors[a]), sum(vectors[b]), *figures, material.printed(ID, f"{a}/{b}")


def _grids(
    material: Material, there: list[str], found: Mapping[Pair, Difference], adjusted: Mapping[Pair, float | None]
) -> Iterable[Grid]:
    def t_test(pair: Pair) -> Value:
        paper = shown(material.printed(ID, "/".join(pair)))
        return Value(p_text(found[pair].independent), f"paired: {p_text(found[pair].paired)}", paper)

    def permutation(pair: Pair) -> Value:
        v = "" if found[pair].v is None else f", V {found[pair].v:.2f}"
        return Value(p_text(found[pair].homogeneity), f"Holm: {p_text(adjusted[pair])}{v}")

    yield _matrix("t-tests on the counts (the paper's choice)", there, t_test)
    yield _matrix("Permutation test of the same distribution", there, permutation)


def _matrix(title: str, there: list[str], cell: Callable[[Pair], Value]) -> Grid:
    names = [name("library", one) for one in there]
    body = (
        (names[row], *("" if column >= row else cell((there[column], there[row])) for column in range(len(there) - 1)))
        for row in range(1, len(there))
    )
    return grid(title, ("", *names[:-1]), body)


def _notes(
    material: Material, there: list[str], found: Mapping[Pair, Difference], adjusted: Mapping[Pair, float | None]
) -> Iterable[str]:
    if len(there) < 2:
        yield "Fewer than two libraries have fixes with a known pattern: there is nothing to compare."
        return
    yield f"Groups in which no two libraries differ by the independent t-test: {_alike(there, found)}."
    yield f"The same by the permutation test, after Holm: {_groups(groups(there, adjusted))}."
    yield from _FACTS
    yield f"Seed {material.seed}, {material.permutations:,} random tables a pair."


def _groups(found: list[tuple[str, ...]]) -> str:
    return "; ".join(", ".join(name("library", one) for one in group) for group in found)


def _alike(there: list[str], found: Mapping[Pair, Difference]) -> str:
    return _groups(groups(there, {pair: one.independent for pair, one in found.items()}))


def _comparisons(
    material: Material, rows: Iterable[tuple[Scalar, ...]], found: Mapping[Pair, Difference], there: list[str]
) -> Iterable[Comparison]:
    alike = compare(
        "groups that do not differ (independent t-test)", _alike(there, found), material.printed(ID, _GROUPS)
    )
    if alike and len(there) > 1:
        yield alike
    for row in rows:
        compared = compare(f"p (independent t-test), {row[0]} and {row[1]}", row[4], row[9])
        if compared:
            yield compared


def p_text(p: float | None) -> str:
    """Give a p-value as papers print it; "?" where it is not defined."""
    if p is None:
        return "?"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
