"""The data card of a benchmark: what is in it, how it was made, what it must not be used for.

After Gebru et al., Datasheets for Datasets (2021), https://arxiv.org/abs/1803.09010.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from miner import __version__
from miner.export.values import plain
from miner.store.exports import Selection


def text(selection: Selection, cut: datetime, counts: Mapping[str, Mapping[str, int]], as_of: str) -> str:
    """Write the card as Markdown."""
    chosen = {name: value for name, value in selection.as_dict().items() if value not in (None, ())}
    asked = ", ".join(f"{name} = {value}" for name, value in chosen.items()) or "everything in the database"
    parts = [_TOP.format(version=__version__, as_of=as_of or "unknown", asked=asked, cut=plain(cut))]
    for name, numbers in counts.items():
        rows = "".join(f"| {value} | {number:,} |\n" for value, number in numbers.items())
        parts.append(f"### {name.capitalize()}\n\n| | instances |\n|---|---|\n{rows}{_NOTES.get(name, '')}")
    if not counts["splits"].get("test"):
        parts.append(_NO_TEST)
    return "\n".join([*parts, _END])


_TOP = """\
# Bugs and repairs of deep-learning programs

Instances of bugs and their repairs, mined by bug-fix miner {version} from git repositories and Stack Exchange.
State of the data: {as_of}. Selected: {asked}.

## Composition

One line of JSON an instance. `changes` holds the code before and after with a unified diff; `labels` every judgement
with its rater, rank and confidence; `attribution` whom to name and under which licence; `selection_rule` why it counts.
An instance of a commit names `base_commit`, at which the bug is there; its files can be had from the repository.

`train.jsonl` was made before {cut}, `test.jsonl` since. A family is what shares commits (forks,
mirrors), the same change, a citation or a duplicate mark; `test.jsonl` holds only families of which nothing was made
before the cut. What is left is in `held_back.jsonl`: neither train on it nor test with it.

## Counts
"""

_NO_TEST = """\
### No test part

`test.jsonl` is empty: every family with a repair after the cut has one before it, too. All fixes of one repository are
one family, so a benchmark of a single repository has none.
"""

_NOTES = {
    "licences": """
An instance counts for each licence that its `attribution` states: those of a question and its answer may differ.
"""
}
_END = """\
## How it was made

Commits count as bug fixes by the evidence of their message and change, answers by the rules of Islam et al. (ICSE
2020): accepted, or a score of at least 5 where none is accepted. Labels of a rater named `heuristic/...` were given by
rules, not by people: they are hypotheses, with evidence in the database.

## Use and limits

- Code of commits is under the licence of its repository; where `attribution` states none, this gives no right to pass
  it on.
- Text of Stack Exchange is under CC BY-SA in the version that `attribution` states: name the author, link, and share
  alike.
- Authors are named because the licences ask for it; do not use the names for anything else.
- What only looks like a bug fix, and labels that are wrong, are in here. Report shares with intervals, and say whose
  labels count.
"""
