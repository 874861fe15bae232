"""Folders of a user's own rules."""

from __future__ import annotations

from pathlib import Path

RULE = '''"""Batches: change the number of examples in a batch."""

from miner.classify.voting import Vote

TRIGGERS = {"batch"}


def vote(facts, library):
    for assignment in facts.assignments:
        if "batch" in assignment.target.lower():
            yield Vote("size", 3.0, assignment.span)
'''
FAILS = RULE.replace('            yield Vote("size", 3.0, assignment.span)', "            yield 1 / 0")
TAXONOMY = """[batches]
name = "Batches"
definition = "Change the number of examples in a batch."
"""


def own_rules(folder: Path, rule: str = RULE, taxonomy: str = TAXONOMY, name: str = "batches") -> Path:
    """Make a folder with a rule and a taxonomy, and give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(rule, encoding="utf-8")
    (folder / "taxonomy.toml").write_text(taxonomy, encoding="utf-8")
    return folder
