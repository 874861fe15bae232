"""What other rules change: the labels that a page brings beside those in force."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from miner.model import OmissionReason
from miner.store import splits
from miner.store.relabel import is_current
from miner.store.rows import PageRows
from miner.store.tables import crawl_run, fix, label

NONE: Final = "-"
"""In the place of a label where there is none: the fix is new, or not seen any more."""

EXAMPLES: Final = 3
_CHUNK = 500

Labels = Mapping[str, str]
"""The first choice of each scheme."""


@dataclass(slots=True)
class Difference:
    """First choices before and after, by scheme, with some fixes of each; ``same`` counts the unchanged fixes."""

    changed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    same: int = 0
    new: int = 0
    superseded: int = 0

    def commits(self, connection: Connection, rows: PageRows, shas: Sequence[str]) -> None:
        """Compare a page that has all fixes of some commits with what is stored of them."""
        after = splits.splits_of(rows, frozenset(shas), {row[0] for row in rows.get("label", ())})
        before = splits.stored_splits(connection, shas)
        labels = _stored(connection, [fix_id for fixes in before.values() for fix_id in fixes])
        given = _of_page(rows)
        failed = {row[4] for row in rows.get("omission", ()) if row[2] == OmissionReason.COMMIT_FAILED.value}
        for sha in (sha for sha in shas if sha not in failed):
            current = {fix_id: one.hunks for fix_id, one in before.get(sha, {}).items() if fix_id in labels}
            self._commit(current, after.get(sha, {}), labels, given)

    def posts(self, connection: Connection, rows: PageRows, fix_ids: Sequence[str]) -> None:
        """Compare fixes from posts, those ``fix_ids`` that are stored and those that the page brings."""
        labels, given = _stored(connection, fix_ids), _of_page(rows)
        failed = not given and bool(rows.get("omission"))
        for fix_id in dict.fromkeys((*fix_ids, *given)):
            if fix_id in given or not failed:
                self.new += fix_id not in labels
                self.superseded += fix_id not in given
                self._fix(fix_id, labels.get(fix_id, {}), given.get(fix_id, {}))

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        groups = [
            {"scheme": scheme, "from": before, "to": after, "n": number, "examples": examples}
            for scheme, before, after, number, examples in self.groups()
        ]
        return {"same": self.same, "new": self.new, "superseded": self.superseded, "changed": groups}

    def groups(self) -> Iterator[tuple[str, str, str, int, list[str]]]:
        """Give the changes: of each scheme the most frequent first."""
        for group, number in sorted(self.changed.items(), key=lambda item: (item[0][0], -item[1], item[0])):
            yield (*group, number, self.examples[group])

    def _commit(
        self,
        before: Mapping[str, splits.Hunks],
        after: Mapping[str, splits.Hunks],
        labels: Mapping[str, Labels],
        given: Mapping[str, Labels],
    ) -> None:
        kept = set()
        for fix_id, hunks in after.items():
            self.new += hunks not in before.values()
            origin = _origin(before, hunks)
            kept |= {origin}
            self._fix(origin or fix_id, labels.get(origin or "", {}), given[fix_id])
        self.superseded += sum(hunks not in after.values() for hunks in before.values())
        for fix_id in before.keys() - kept:
            self._fix(fix_id, labels[fix_id], {})

    def _fix(self, fix_id: str, before: Labels, after: Labels) -> None:
        differing = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        self.same += not differing
        for name in differing:
            group = (name, before.get(name, NONE), after.get(name, NONE))
            self.changed[group] += 1
            if len(self.examples[group]) < EXAMPLES:
                self.examples[group].append(fix_id)


def _origin(before: Mapping[str, splits.Hunks], hunks: splits.Hunks) -> str | None:
    """Give the fix that had these hunks, or most of them; None if none had any."""
    same = (fix_id for fix_id, held in before.items() if held == hunks)
    most = max(before, key=lambda fix_id: len(before[fix_id] & hunks), default=None)
    return next(same, most if most and before[most] & hunks else None)


def _of_page(rows: PageRows) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for fix_id, scheme, _, rank, value, *_ in rows.get("label", ()):
        if rank == 1:
            found[fix_id][scheme] = value
    return dict(found)


def _stored(connection: Connection, fix_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give the labels in force of fixes that are not superseded: of raters that are rules, those that ran last."""
    rules = {row.rater: row.run_id for row in connection.execute(select(crawl_run).order_by(crawl_run.c.run_id))}
    found: dict[str, dict[str, str]] = {}
    last: dict[str, int] = {}
    for start in range(0, len(fix_ids), _CHUNK):
        chunk = fix_ids[start : start + _CHUNK]
        for fix_id in connection.scalars(select(fix.c.fix_id).where(fix.c.fix_id.in_(chunk), is_current())):
            found[fix_id] = {}
        first = select(label).where(label.c.fix_id.in_(chunk), label.c.rank == 1)
        for row in connection.execute(first):
            if row.fix_id in found and row.rater in rules:
                if rules[row.rater] > last.get(row.fix_id, 0):
                    last[row.fix_id] = rules[row.rater]
                    found[row.fix_id] = {}
                if rules[row.rater] == last[row.fix_id]:
                    found[row.fix_id][row.scheme] = row.value
    return found
