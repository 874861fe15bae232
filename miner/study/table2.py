"""Table 2: the scheme of fix patterns, and how often each was found."""

from __future__ import annotations

from miner.classify.taxonomies import taxonomy
from miner.study.exhibits import Exhibit, counted, grid, records, share_of
from miner.study.material import Material
from miner.study.names import name

ID = "table2"


def build(material: Material) -> Exhibit:
    """List every pattern with its definition."""
    values = material.counts.values("pattern")
    total = values.total()
    about = {entry.id: entry.definition for entry in taxonomy("fix_patterns")}
    patterns = material.counts.patterns()
    return Exhibit(
        ID,
        "Table 2: the fix patterns",
        "The paper's scheme, with the fixes that each pattern has in this database.",
        records(
            ("pattern", "definition", "fixes", "share", "share_low", "share_high"),
            ((one, about.get(one, ""), values[one], *share_of(values[one], total)) for one in patterns),
        ),
        (
            grid(
                "",
                ("Pattern", "Definition", "Fixes"),
                ((name("pattern", one), about.get(one, ""), counted(values[one], total)) for one in patterns),
            ),
        ),
    )
