"""Prints what labelling anew did, or would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from miner.cli.render import print_table
from miner.console import mask_values

if TYPE_CHECKING:
    from miner.relabel import Relabelled
    from miner.store.labeldiff import Difference

Cells = tuple[str, ...]


def print_relabelled(done: Relabelled, *, as_json: bool) -> None:
    """Print the counts; of a comparison what would change, before them."""
    if as_json:
        typer.echo(json.dumps(mask_values(done.as_dict())))
        return
    if done.difference is not None and (changes := difference_rows(done.difference)):
        print_table(("scheme", "from", "to", "fixes", "such as"), changes)
    print_table(("", "", ""), relabelled_rows(done))


def difference_rows(difference: Difference) -> list[Cells]:
    """Give each group of changes: of a scheme the most frequent first."""
    return [
        (scheme, before, after, str(number), _examples(examples))
        for scheme, before, after, number, examples in difference.groups()
    ]


def relabelled_rows(done: Relabelled) -> list[Cells]:
    """Give the counts as (group, name, count)."""
    difference = done.difference
    counted = (done.new_fixes, done.superseded) if difference is None else (difference.new, difference.superseded)
    return [
        ("rules", "rater", done.rater),
        ("seen", "commits", str(done.commits)),
        ("seen", "posts", str(done.posts)),
        ("fixes", "all", str(done.fixes)),
        ("fixes", "new", str(counted[0])),
        ("fixes", "superseded", str(counted[1])),
        *([] if difference is None else [("fixes", "unchanged", str(difference.same))]),
        *(("fixes", name, str(count)) for name, count in _sorted(done.libraries)),
        *(("pattern", name, str(count)) for name, count in _sorted(done.patterns)),
        *(("omitted", name, str(count)) for name, count in _sorted(done.omissions)),
        *(("no clone", name, str(count)) for name, count in _sorted(done.lacking)),
        ("time", "seconds", f"{done.seconds:.1f}"),
    ]


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda named: (-named[1], named[0]))


def _examples(fix_ids: list[str]) -> str:
    # A sha is long: what is shown is enough for "miner explain".
    cut = (":".join(part[:10] for part in one.split(":")) if one.startswith("git:") else one for one in fix_ids)
    return " ".join(cut)
