"""Section 7, challenges: models that are used again, and errors whose message does not point at the fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from miner.study.exhibits import Exhibit, Grid, Scalar, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import SOURCES, name
from miner.study.shares import comparisons

ID = "section7"
_ALL = "all"
_REUSE = "model_reuse"
_MESSAGES = "message_elsewhere"
_TITLES = {
    _REUSE: "Fixes that speak of a trained model that is used again",
    _MESSAGES: "Errors whose message does not point at the fix (Stack Overflow)",
}
_NOTES = (
    "Model reuse: the question or the commit message names pre-trained or loaded weights, a saved model, fine-tuning "
    "or transfer learning. Words decide.",
    "Errors: of the fixes of a question with an error message or traceback and with code before and after, those "
    "where no changed line is quoted in the traceback, and no name that the message quotes is in a changed line.",
)


def build(material: Material) -> Exhibit:
    """Count both challenges by source and library."""
    rows = [row for challenge in _TITLES for row in _rows(material, challenge)]
    compared = ((f"{_TITLES[str(r[0])]}, {r[1]}, {r[2]}", r[3], r[5], r[8]) for r in rows)
    return Exhibit(
        ID,
        "Section 7: challenges",
        "How often a trained model is used again, and how often an error's message does not point at the fix.",
        records(
            ("challenge", "source", "library", "fixes", "of", "share", "share_low", "share_high", "paper"),
            rows,
        ),
        tuple(_grid(title, [row for row in rows if row[0] == challenge]) for challenge, title in _TITLES.items()),
        notes=_NOTES,
        comparisons=comparisons(compared),
    )


def _rows(material: Material, challenge: str) -> Iterable[tuple[Scalar, ...]]:
    found = material.challenges
    for source in SOURCES if challenge == _REUSE else ("stackoverflow",):
        for library in (*material.counts.libraries(), _ALL):
            if challenge == _REUSE:
                number, of = _sum(found.reusing, source, library), _sum(found.texts, source, library)
            else:
                of = _sum(found.messages, source, library)
                number = of - _sum(found.pointing, source, library)
            printed = material.printed(ID, f"{challenge}/{source}/{library}")
            yield challenge, source, library, number, of, *share_of(number, of), printed


def _sum(counts: Mapping[tuple[str, str], int], source: str, library: str) -> int:
    return sum(number for key, number in counts.items() if key[0] == source and library in (key[1], _ALL))


def _grid(title: str, rows: Iterable[tuple[Scalar, ...]]) -> Grid:
    body = (
        (
            SOURCES[str(row[1])],
            "All" if row[2] == _ALL else name("library", str(row[2])),
            f"{row[4]:,}",
            counted(int(row[3] or 0), int(row[4] or 0), row[8]),
        )
        for row in rows
    )
    return grid(title, ("Source", "Library", "Looked at", "Fixes"), body)
