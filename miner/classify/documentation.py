"""Writes the page of the fix patterns, ``docs/patterns.md``, from the taxonomy and the rules' own docstrings."""

from __future__ import annotations

import inspect
import textwrap
from types import ModuleType
from typing import Final

from miner.classify.rules import RULES, pattern_of
from miner.classify.schemes import bug_type, impact, prior_pattern, question, root_cause, sub_pattern
from miner.classify.taxonomies import Entry, taxonomy

MATCHES: Final = "Matches"
NEAR_MISSES: Final = "Near misses"
"""What stands before the examples of a docstring, each a small diff, with a blank line between two."""

_HEAD = """# The fix patterns

Generated from the rules with `python -m miner.classify.documentation > docs/patterns.md`; a test checks that it is
current, and another one that the examples are labelled as they say.

The patterns are those of Islam, Pan, Nguyen, Rajan, "Repairing Deep Neural Networks: Fix Patterns and Challenges" (ICSE
2020). A label's value is the pattern's id, or `unknown` where no rule has enough to go by.
"""

_SCHEMES = """# The other schemes

What a label says of a fix besides its pattern (`label.scheme`), each from what stands in `miner/classify/schemes`. They
are weaker than the patterns; `unknown` is a label of its own. Of evidence with side `message` the columns are offsets
in the commit's message, or in the words of the question: its title, its prose without code, and its errors, by line.
"""

SCHEMES: Final = (sub_pattern, prior_pattern, bug_type, root_cause, impact, question)
"""The modules of the schemes, in the order of a fix's labels."""


def render() -> str:
    """Give the page as Markdown."""
    entries = {entry.id: entry for entry in taxonomy("fix_patterns")}
    sections = [_section(entries[pattern_of(rule)], inspect.getdoc(rule) or "") for rule in RULES]
    return "\n".join([_HEAD, *sections, _SCHEMES, *map(_scheme, SCHEMES)])


def examples(docstring: str, kind: str) -> list[str]:
    """Give the examples of a kind, :data:`MATCHES` or :data:`NEAR_MISSES`, in a docstring: hunks without a header."""
    _, _, rest = inspect.cleandoc(docstring).partition(f"\n{kind}::\n\n")
    block: list[str] = []
    for line in rest.split("\n"):
        if line and not line.startswith("    "):
            break
        block.append(line)
    return [part for part in textwrap.dedent("\n".join(block)).strip("\n").split("\n\n") if part]


def _section(entry: Entry, docstring: str) -> str:
    _, _, explanation = docstring.partition("\n\n")
    explanation = explanation.partition(f"\n{MATCHES}::\n")[0].strip()
    lines = [f"## {entry.name}", "", f"`{entry.id}`: {entry.definition}", "", explanation.replace("``", "`"), ""]
    if entry.sub_patterns:
        lines[4:4] = [f"Sub-patterns in the paper: {', '.join(entry.sub_patterns)}.", ""]
    for kind in (MATCHES, NEAR_MISSES):
        fenced = "\n\n".join(f"```diff\n{example}\n```" for example in examples(docstring, kind))
        lines += [f"{kind}:", "", fenced, ""]
    return "\n".join(lines)


def _scheme(module: ModuleType) -> str:
    summary, _, explanation = (inspect.getdoc(module) or "").partition("\n\n")
    name, _, sense = summary.partition(": ")
    return "\n".join([f"## {name}", "", f"`{module.SCHEME}`: {sense}", "", explanation.replace("``", "`"), ""])


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - its output is the page
