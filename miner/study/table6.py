"""Table 6: changes of the libraries' APIs between releases, as the fixes that follow them show."""

from __future__ import annotations

from miner.study.exhibits import Exhibit, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import name
from miner.study.releases import UNNAMED
from miner.study.shares import comparisons

ID = "table6"


def build(material: Material) -> Exhibit:
    """Count, for each release that renamed or removed something, the fixes that follow it."""
    changes, known = material.challenges.api_changes, material.challenges.known_changes
    keys = sorted(
        {*changes, *known},
        key=lambda key: (
            material.counts.libraries().index(key[0]) if key[0] in material.counts.libraries() else 99,
            key[1] == UNNAMED,
            _number(key[1]),
        ),
    )
    total = sum(changes.values())
    rows = [
        (
            library,
            version,
            known.get((library, version)),
            changes.get((library, version), 0),
            *share_of(changes.get((library, version), 0), total),
            material.printed(ID, f"{library}/{version}"),
        )
        for library, version in keys
    ]
    compared = ((f"{name('library', r[0])} {r[1]}", r[3], r[4], r[7]) for r in rows)
    body = (
        (name("library", r[0]), r[1], "" if r[2] is None else f"{r[2]:,}", counted(r[3], total, r[7])) for r in rows
    )
    return Exhibit(
        ID,
        "Table 6: API changes between releases",
        "For each release: the symbols and keywords that the miner knows it renamed or removed, and the versioning "
        "fixes that follow such a change.",
        records(
            (
                "library",
                "version",
                "known_changes",
                "fixes",
                "share",
                "share_low",
                "share_high",
                "paper",
            ),
            rows,
        ),
        (grid("", ("Library", "Version", "Known changes", "Fixes"), body),),
        notes=(
            "A versioning fix is one that the chosen labels call so. Which release it follows comes from the evidence "
            f"of the miner's rules; '{UNNAMED}' is a change that none of its tables of renames has, such as a moved "
            "import. A fix that follows changes of two releases counts for both.",
        ),
        comparisons=comparisons(compared),
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
