"""Which labels count: the rules', a person's, or the reconciled ones. Every page of the study says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEURISTIC: Final = "heuristic"
RATER: Final = "rater:"
RECONCILED: Final = "reconciled"


class LabelTable(StrEnum):
    """Where labels are: those of the rules on collected fixes, or those of people on anything."""

    LABEL = "label"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose labels count.

    ``min_confidence``: a label of the rules with less counts as unknown. ``copies``: whether each copy of one fix
    (cherry-pick, backport) counts, or the first alone. ``rules``: the rater whose evidence is read where evidence is
    counted; ``in_force``: the rater of the configured rules, "" if they are not known.
    """

    table: LabelTable
    rater: str
    min_confidence: float = 0.0
    copies: bool = True
    rules: str = ""
    in_force: str = ""

    def __str__(self) -> str:
        """Say it in one line, for every page."""
        if not self.rater:
            return "labels of the rules: there are none in this database"
        who = f"labels of {self.rater}"
        if self.table is LabelTable.RATING and self.rater == RECONCILED:
            who = "reconciled labels (agreed by all raters, or decided by a moderator)"
        sure = f"below a confidence of {self.min_confidence:g} they count as unknown" if self.min_confidence else ""
        once = "" if self.copies else "copies of one fix count once"
        return "; ".join(part for part in (who, sure, once, self._others()) if part)

    def _others(self) -> str:
        """Say that the rules which count are not those in force."""
        if self.table is not LabelTable.LABEL or not self.in_force or self.rater == self.in_force:
            return ""
        return f"not those of the rules in force, {self.in_force}"
