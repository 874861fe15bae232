"""Whether Stack Overflow and GitHub have the same distribution over the patterns: over all libraries, and in each."""

from __future__ import annotations

from collections.abc import Iterable

from miner.study.counts import vector
from miner.study.exhibits import Comparison, Exhibit, Scalar, Value, grid, records, shown
from miner.study.material import Material
from miner.study.names import SOURCES, name
from miner.study.paper import compare
from miner.study.statistics import difference, holm
from miner.study.table4 import p_text

ID = "sources"
_ALL = "all"
_KEY = "/".join(SOURCES)


def build(material: Material) -> Exhibit:
    """Compare the two sources."""
    rows = _rows(material)
    compared = compare("p, Stack Overflow and GitHub", rows[0][3], material.printed(ID, _KEY)) if rows else None
    return Exhibit(
        ID,
        "Do Stack Overflow and GitHub differ?",
        "p-values of the two sources' distributions over the patterns: below 0.05 they differ at 95 %.",
        records(
            (
                "library",
                "fixes_stackoverflow",
                "fixes_github",
                "p_t_test_independent",
                "p_t_test_paired",
                "p_permutation",
                "p_permutation_holm",
                "cramers_v",
                "paper",
            ),
            rows,
        ),
        (grid("", ("Library", "t-test", "Permutation test"), map(_line, rows)),),
        notes=_notes(rows),
        comparisons=(compared,) if isinstance(compared, Comparison) else (),
    )


def _rows(material: Material) -> list[tuple[Scalar, ...]]:
    found = []
    for library in (_ALL, *material.counts.libraries()):
        counts = material.counts if library == _ALL else material.counts.of(library=library)
        a, b = (vector(counts.of(source=source)) for source in SOURCES)
        if any(a) and any(b):
            found.append((library, sum(a), sum(b), difference(a, b, material.seed, material.permutations)))
    # The test over all is the paper's question; those of the libraries are several.
    adjusted = [one[3].homogeneity for one in found[:1]] + holm([one[3].homogeneity for one in found[1:]])
    printed = material.printed(ID, _KEY)
    return [
        (library, a_, b_, d.independent, d.paired, d.homogeneity, p, d.v, printed if library == _ALL else None)
        for (library, a_, b_, d), p in zip(found, adjusted, strict=True)
    ]


def _line(row: tuple[Scalar, ...]) -> Iterable[Value | str]:
    _, _, _, independent, paired, permutation, adjusted, v, paper = row
    yield "All" if row[0] == _ALL else name("library", str(row[0]))
    yield Value(_p(independent), f"paired: {_p(paired)}", shown(paper))
    yield Value(_p(permutation), f"Holm: {_p(adjusted)}" + (f", V {v:.2f}" if isinstance(v, float) else ""))


def _p(value: Scalar) -> str:
    return p_text(value if isinstance(value, float) else None)


def _notes(rows: list[tuple[Scalar, ...]]) -> tuple[str, ...]:
    if not rows:
        return ("Only one source has fixes with a known pattern: there is nothing to compare.",)
    return (
        "Unknown is left out. A t-test on the counts asks whether both sources have as many fixes a pattern; on "
        "shares its p-value would be 1 always, since both add up to 1. The permutation test asks whether they have "
        "them of the same patterns; see table 4.",
    )
