"""Figure 2: the patterns by bug type on Stack Overflow."""

from __future__ import annotations

from miner.study import bug_types
from miner.study.exhibits import Exhibit
from miner.study.material import Material

ID = "figure2"


def build(material: Material) -> Exhibit:
    """Count the fixes on Stack Overflow by pattern and bug type."""
    return bug_types.build(material, "stackoverflow", ID, "Figure 2")
