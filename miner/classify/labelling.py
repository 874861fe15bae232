"""Everything that is said of a fix: its library and patterns, and what follows from them, from its code and from words.

::

    library labels, pattern labels ---------------------------------------------------+
    pattern labels + facts -------> sub_pattern.labels ----> Label("sub_pattern") ----+
    change + facts ---------------> prior_pattern.labels --> Label("prior_pattern") --+--> all labels of the fix
    pattern labels + Context --+--> bug_type.labels -------> Label("bug_type") -------+
                               +--> root_cause.labels -----> Label("root_cause") -----+
                               +--> impact.labels ---------> Label("impact") ---------+
                               +--> question.labels -------> Label("question") -------+  (of questions only)

Every scheme has at least one label, "unknown" where nothing speaks for a value; but sub-patterns are of some patterns
only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from miner.classify import engine
from miner.classify.facts import Facts
from miner.classify.ruleset import current
from miner.classify.schemes import bug_type, impact, prior_pattern, question, root_cause, sub_pattern
from miner.classify.signals import Place, read_hunks
from miner.model import Change, Label


@dataclass(frozen=True, slots=True)
class Context:
    """What people said of a bug: a commit's message, or a question's title, prose and errors, and its tags.

    Evidence of side "message" counts its offsets in ``text``.
    """

    text: str = ""
    tags: tuple[str, ...] = ()
    is_question: bool = False


def label(
    change: Change,
    libraries: tuple[Label, ...],
    context: Context,
    patterns: tuple[Label, ...] | None = None,
    facts: Mapping[Place, Facts] | None = None,
) -> tuple[Label, ...]:
    """Give all labels of a fix, scheme by scheme, each ranked.

    :param change: the hunks of the fix.
    :param libraries: whose code it is, the first the fix's own; they are part of the answer.
    :param patterns: the labels of the fix patterns, and ``facts`` those of the hunks, where they are known already.
    """
    if facts is None:
        facts = dict(read_hunks(change, current().triggers))
    library = libraries[0].value if libraries else ""
    if patterns is None:
        patterns = engine.judge([engine.observe(found, library) for found in facts.values()])
    by_words = (bug_type, root_cause, impact, *((question,) if context.is_question else ()))
    return (
        *libraries,
        *patterns,
        *sub_pattern.labels(patterns, tuple(facts.values()), library),
        *prior_pattern.labels(change, facts),
        *(label for scheme in by_words for label in scheme.labels(patterns, context.text, context.tags)),
    )
