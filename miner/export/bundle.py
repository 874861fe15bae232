"""Exports a benchmark: instances of bugs and repairs, split so that nothing of the test part is known from training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from miner.errors import ExportError
from miner.export import card, croissant
from miner.export.families import Families, Node
from miner.export.files import Written, opened
from miner.export.folder import finished, new_folder, write_text
from miner.export.instances import Instance, instances
from miner.export.values import plain
from miner.store import exports
from miner.store.exports import Selection
from miner.store.session import reading

SPLITS = ("train", "test", "held_back")
TRAINING_SHARE = 0.8
"""Where no date is given to cut at, the share of the instances that was made before it."""


@dataclass(slots=True)
class Counts:
    """How many instances there are, by split, library, source and first label."""

    splits: Counter[str] = field(default_factory=Counter)
    libraries: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)

    def add(self, instance: Instance) -> None:
        """Count an instance."""
        self.splits[instance["split"]] += 1
        self.libraries[instance["library"]] += 1
        self.sources[instance["source"]] += 1
        for one in instance["labels"]:
            if one["scheme"] == "pattern" and one["rank"] == 1:
                self.patterns[f"{one['rater']}: {one['value']}"] += 1
        # Each once an instance: a question and its answer mostly have the same.
        self.licences.update({one["licence"] or "not stated" for one in instance["attribution"]})

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Give the counts in a fixed order."""
        names = ("splits", "libraries", "sources", "patterns", "licences")
        return {name: dict(sorted(getattr(self, name).items())) for name in names}


def split_of(moment: datetime | None, began: datetime | None, cut: datetime) -> str:
    """Say on which side of a split an instance is.

    Training is what was made before ``cut``. The test part is what was made since, of a family that had nothing before
    it: a fork, a copy or the same project would give it away. The rest, and what has no time, is held back.
    """
    if moment is None or began is None:
        return "held_back"
    if moment < cut:
        return "train"
    return "test" if began >= cut else "held_back"


def lacking(written: Sequence[Written]) -> str | None:
    """Say what a benchmark lacks that its users would expect; None: nothing."""
    rows = {one.name: one.rows for one in written}
    if not rows["test.jsonl"]:
        return (
            f"test.jsonl is empty and {rows['held_back.jsonl']:,} fixes are held back: what was made after the cut is "
            "of families that have a fix before it, as all of a single repository are; select more, or another --cut"
        )
    return None if rows["train.jsonl"] else "train.jsonl is empty: no fix was made before the cut; choose a later one"


def export_bundle(
    engine: Engine, target: Path, selection: Selection, cut: datetime | None, told: Callable[[int, int], None]
) -> list[Written]:
    """Write the benchmark into a new folder, in one state of the database; twice, it is the same byte for byte.

    :param cut: the time at which training ends; None: that before which 80 per cent of the instances were made.
    :param told: is told how many instances are written, of how many.
    :raises ExportError: if nothing is selected, the folder is not empty, or something cannot be written.
    """
    done: list[Written] = []
    with new_folder(target) as folder, reading(engine) as connection:
        total = exports.count(connection, selection)
        at = cut or exports.moment_at(connection, selection, TRAINING_SHARE)
        if not total or at is None:
            raise ExportError("no fix with a known time is selected: collect first, or select less narrowly")
        counts = Counts()
        _write(connection, folder, selection, at, counts, done, lambda number: told(number, total))
        state = exports.as_of(connection)
        about: dict[str, Any] = {"cut": plain(at), "counts": counts.as_dict()}
        write_text(folder, "README.md", card.text(selection, at, counts.as_dict(), state), done)
        write_text(folder, "croissant.json", croissant.text(done, state), done)
        finished(folder, done, selection.as_dict(), state, **about)
    return done


def _write(
    connection: Connection,
    folder: Path,
    selection: Selection,
    cut: datetime,
    counts: Counts,
    done: list[Written],
    told: Callable[[int], None],
) -> None:
    families = Families(connection)
    with ExitStack() as stack:
        files = {name: stack.enter_context(opened(folder, f"{name}.jsonl", done)) for name in SPLITS}
        for number, (made, node) in enumerate(instances(connection, selection, families), 1):
            whole = {**made, "split": _split(made, node, families, cut)}
            counts.add(whole)
            files[whole["split"]].line(whole)
            if number % exports.PAGE == 0:
                told(number)
        told(sum(counts.splits.values()))


def _split(made: Instance, node: Node, families: Families, cut: datetime) -> str:
    text = made["fixed_at"]
    moment = None if text is None else datetime.fromisoformat(text)
    return split_of(moment, families.began(node, moment), cut)
