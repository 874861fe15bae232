"""Figure 3: the patterns by bug type on GitHub."""

from __future__ import annotations

from miner.study import bug_types
from miner.study.exhibits import Exhibit
from miner.study.material import Material

ID = "figure3"


def build(material: Material) -> Exhibit:
    """Count the fixes on GitHub by pattern and bug type."""
    return bug_types.build(material, "github", ID, "Figure 3")
